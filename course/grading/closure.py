"""Which statements of a notebook an answer needs, so that nothing else of it has to be run.

An answer may use imports, and functions, classes and values of the student's own from other cells.
Running the notebook for them would train its networks. So this follows names: from those that the
answer uses to the statements that bind them, to the names that those use, and so on. The last
binding before the answer counts, as in a notebook run from top to bottom; without one, the first
after it.

This parses what a student wrote: it belongs to the untrusted side.
"""

import ast
import builtins
import re
import symtable
from dataclasses import dataclass

# Whoever uses one of these may mean any name.
LOOKS_UP_NAMES = {"eval", "exec", "globals", "locals", "vars", "compile", "__import__", "importlib"}
MOST_MAGICS = 100  # lines of a cell
_MAGIC = re.compile(r"(\s*)(?:[%!?].*|[\w, ]+=\s*[%!].*|.*\?\s*)")
_PLAIN = (
    ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef,
    ast.Assign, ast.AnnAssign, ast.AugAssign, ast.If, ast.Try,
)  # fmt: skip
_DEFINES = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(frozen=True)
class Statement:
    """A top-level statement that binds names.

    Args:
        cell: the index of its cell.
        node: the ast.
        binds: the names that it binds.
        uses: the global names that it reads when it is run.
        uses_later: those that its functions read when they are called.
        star: whether it is `from … import *`.
    """

    cell: int
    node: ast.stmt
    binds: frozenset
    uses: frozenset
    uses_later: frozenset
    star: bool = False


def without_magics(source):
    """Source in which the lines that only Jupyter understands are left empty.

    They are lines at which Python stumbles: one that begins with % may also go on with a formula,
    and one that ends with a question mark may begin a docstring.
    """
    if source.startswith("%%"):
        return ""
    for _ in range(MOST_MAGICS):
        try:
            ast.parse(source)
            return source
        except SyntaxError as error:
            lines = source.split("\n")
            at = (error.lineno or 0) - 1
            if not 0 <= at < len(lines) or not _MAGIC.fullmatch(lines[at]):
                return source
            lines[at] = _MAGIC.sub(r"\1pass", lines[at])
            source = "\n".join(lines)
        except (ValueError, RecursionError, MemoryError):
            return source
    return source


def needed(cells, answer):
    """The statements that an answer needs from other cells, in the order in which to run them.

    Args:
        cells: the sources of all code cells, in order. One that is no Python is passed over.
        answer: the index of the answer's cell.

    Returns:
        a list of `Statement`.

    Raises:
        SyntaxError: if the answer's own cell is no Python.
    """
    uses, later = _missing(without_magics(cells[answer]))
    statements = []
    for number, source in enumerate(cells):
        if number != answer:
            statements += _statements(number, source)
    before = sum(statement.cell < answer for statement in statements)
    chosen = set()
    # A name, and the place of the statement that needs it; its own functions may need it later.
    waiting = [(name, before) for name in uses | later]
    if (uses | later) & LOOKS_UP_NAMES:
        chosen = {i for i, s in enumerate(statements) if isinstance(s.node, _DEFINES)}
        waiting += [(name, i) for i in chosen for name in statements[i].uses]
        waiting += [(name, before) for i in chosen for name in statements[i].uses_later]
    asked = set()
    while waiting:
        name, place = wanted = waiting.pop()
        if wanted in asked:
            continue
        asked.add(wanted)
        for found in _binding(statements, name, place):
            chosen.add(found)
            waiting += [(other, found) for other in statements[found].uses]
            waiting += [(other, before) for other in statements[found].uses_later]
    return [statements[i] for i in sorted(chosen)]


def names_of(source):
    """What a piece of source binds at its top level, reads when run, and reads in its functions.

    Raises:
        SyntaxError: if it is no Python.
    """
    top = symtable.symtable(source, "<cell>", "exec")
    symbols = top.get_symbols()
    binds = {s.get_name() for s in symbols if s.is_assigned() or s.is_imported()}
    uses = {s.get_name() for s in symbols if s.is_referenced()}
    later, tables = set(), list(top.get_children())
    while tables:
        table = tables.pop()
        free = {s.get_name() for s in table.get_symbols() if s.is_global()}
        # The body of a class runs at once; so may that of a comprehension.
        (uses if table.get_type() == "class" else later).update(free)
        tables += table.get_children()
    return frozenset(binds), frozenset(uses), frozenset(later)


def _missing(source):
    """The names that a cell reads and does not bind: when run, and in its functions.

    Raises:
        SyntaxError: if it is no Python.
    """
    bound, uses, later = set(), set(), set()
    for node in ast.parse(source).body:
        binds, reads, reads_later = _names_of_statement(node)
        uses |= reads - bound
        later |= reads_later
        bound |= binds
    return uses, later - bound


def _statements(number, source):
    found = []
    try:
        tree = ast.parse(without_magics(source))
        for node in tree.body:
            if isinstance(node, ast.ImportFrom) and any(a.name == "*" for a in node.names):
                found.append(Statement(number, node, *(frozenset(),) * 3, star=True))
            elif isinstance(node, _PLAIN):
                found.append(Statement(number, node, *_names_of_statement(node)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    return found


def _names_of_statement(node):
    binds, uses, later = names_of(ast.unparse(node))
    if isinstance(node, ast.AugAssign):
        uses |= binds  # it reads the name that it binds
    elif not isinstance(node, ast.Assign | ast.AnnAssign):
        uses -= binds  # a loop reads its own variable
    return binds, uses, later


def _binding(statements, name, place):
    """Where a name gets the value that a statement at a place sees, as a list of indexes."""
    before = [i for i, s in enumerate(statements[:place]) if name in s.binds]
    if before:
        return before[-1:]
    if hasattr(builtins, name):
        return []
    after = [i for i, s in enumerate(statements) if i >= place and name in s.binds]
    if after:
        return after[:1]
    return [i for i, s in enumerate(statements) if s.star]
