"""Find a student's function, call it, and say what came of it. Runs in a worker, behind limits.

The words for a student are those of the notebook's own check, so that both say the same.
"""

import ast
import builtins
import linecache
import sys
import types

import numpy as np

from course.exercises.calling import Wrong, as_array, call, explain, is_stub
from course.grading import protocol
from course.grading.closure import needed, without_magics


class NotReady(Exception):
    """There is no function to call; `fields` is the reply."""

    def __init__(self, kind, text, code=""):
        super().__init__(text)
        self.fields = {"kind": kind, "text": text, "code": code}


def prepare(cells, index, exercise_id, name=""):
    """Run an answer's cell on top of what it needs from the others, and find the function.

    Args:
        cells: the sources of all code cells.
        index: which of them is the answer's.
        exercise_id: such as "1.2".
        name: what the function is called in the notebook, if one knows.

    Returns:
        the function, and lines about statements of other cells that failed.

    Raises:
        NotReady: if there is none.
    """
    module = types.ModuleType("__main__")
    module.__builtins__ = builtins
    sys.modules["__main__"] = module  # where pickle and dataclasses look
    try:
        tree = ast.parse(without_magics(cells[index]), "<answer>")
        statements = needed(cells, index)
        code = compile(tree, "<answer>", "exec")
    except SyntaxError as error:
        line = f", line {error.lineno}" if error.lineno else ""
        raise NotReady("error", f"The cell is no Python{line}: {error.msg}.") from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise NotReady("error", f"The cell cannot be read: {type(error).__name__}.") from None
    failures = []
    for statement in statements:
        where = f"<cell {statement.cell + 1}>"
        _remember(where, cells[statement.cell])
        try:
            exec(compile(ast.Module([statement.node], []), where, "exec"), module.__dict__)
        except BaseException as error:
            line, _ = _explained(error)
            failures.append(f"Line {statement.node.lineno} of another cell failed. {line}")
    _remember("<answer>", cells[index])
    failed = None
    try:
        with np.errstate(all="ignore"):
            exec(code, module.__dict__)
    except BaseException as error:  # what stands below the function need not work
        failed = error
    function = _function(tree, module.__dict__, name)
    if function is not None:
        return function, failures
    if failed is None:
        raise NotReady("not found", f"The cell of exercise {exercise_id} defines no function.")
    raise NotReady(*_what_was_raised(failed, exercise_id, failures))


def answer(function, arguments, exercise_id, failures=(), largest=protocol.LARGEST):
    """Call a student's function.

    Args:
        function: it.
        arguments: a dict of name -> value; arrays may be changed by the call.
        exercise_id: such as "1.2".
        failures: lines of `prepare`, told if the function raises.
        largest: bytes that may be sent.

    Returns:
        the fields and the arrays of a message.
    """
    try:
        with np.errstate(all="ignore"):
            value = as_array(call(function, arguments))
    except Wrong as wrong:
        return {"kind": "error", "text": " ".join(wrong.lines), "code": wrong.code}, {}
    except BaseException as error:  # SystemExit and KeyboardInterrupt too
        kind, text, code = _what_was_raised(error, exercise_id, failures)
        return {"kind": kind, "text": text, "code": code}, {}
    if value.nbytes > largest // 2:
        text = f"Your answer returned {value.size:,} values: far too many."
        return {"kind": "error", "text": text, "code": ""}, {}
    try:
        arrays = {"value": protocol.sendable(value)}
    except ValueError as error:
        text = f"Your answer returned what cannot be taken. {error}"
        return {"kind": "error", "text": text, "code": ""}, {}
    for name, after in arguments.items():
        try:
            arrays[f"after/{name}"] = protocol.sendable(after)
        except (TypeError, ValueError):
            continue
    return {"kind": "value", "text": "", "code": ""}, arrays


def _what_was_raised(error, exercise_id, failures):
    if isinstance(error, NotImplementedError) and is_stub(error, exercise_id):
        return "stub", "Not attempted.", ""
    if isinstance(error, MemoryError):
        return "memory", "Your answer ran out of memory.", ""
    line, code = _explained(error)
    return "error", " ".join([line, *failures]), code


def _explained(error):
    """A line that names an error, and the student's own lines where it came up."""
    try:
        return explain(error)
    except BaseException:  # an answer that spoilt what this needs, such as the current folder
        return f"Your answer raised {type(error).__name__}", ""


def _function(tree, namespace, name):
    """The named function, else the last one that the cell itself defines."""
    names = [name]
    for node in reversed(tree.body):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            names.append(node.name)
        elif isinstance(node, ast.Assign):
            names += [target.id for target in node.targets if isinstance(target, ast.Name)]
    for one in names:
        if callable(namespace.get(one)):
            return namespace[one]
    return None


def _remember(where, source):
    """Let a traceback show the lines."""
    source = source[:1_000_000]
    linecache.cache[where] = (len(source), None, source.splitlines(keepends=True), where)
