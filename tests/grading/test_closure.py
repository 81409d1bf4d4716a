"""An answer gets what it needs from other cells, and nothing else is run."""

import ast
import contextlib
import io
import json
from pathlib import Path
from types import FunctionType

import pytest

from course.chapters import CHAPTERS
from course.exercises import public
from course.exercises.calling import as_array, call
from course.exercises.comparing import faults
from course.exercises.exercise import find, of_chapter
from course.exercises.personal import case_for
from course.grading.closure import MOST_MAGICS, needed, without_magics


def texts(cells, answer):
    return [ast.unparse(s.node) for s in needed(cells, answer)]


def ran(cells, answer):
    """Run what is needed, then the answer's cell: the names that this binds, and all names."""
    namespace = {}
    for statement in needed(cells, answer):
        exec(compile(ast.Module([statement.node], []), "<needed>", "exec"), namespace)
    before = dict(namespace)
    exec(without_magics(cells[answer]), namespace)
    return {k: v for k, v in namespace.items() if before.get(k) is not v}, namespace


def value(cells, answer, call):
    """The same, then a call."""
    return eval(call, ran(cells, answer)[1])


def test_nothing_is_needed_by_whoever_uses_nothing():
    assert texts(["import os\nx = 1", "def f(x):\n    y = x\n    return len(y)"], 1) == []


def test_only_what_is_used_is_taken_also_from_a_cell_that_imports_more():
    cells = ["import numpy as np\nimport tensorflow\nfrom course.quiet import keras\nprint('hi')",
             "def f(x):\n    return np.sum(x)"]  # fmt: skip
    assert texts(cells, 1) == ["import numpy as np"]


def test_one_import_of_several_names_is_taken_whole():
    cells = ["from itertools import pairwise, chain", "def f(x):\n    return list(pairwise(x))"]
    assert texts(cells, 1) == ["from itertools import pairwise, chain"]


def test_helpers_of_helpers_are_taken_in_order():
    cells = ["def half(x):\n    return x / TWO", "TWO = 2", "def other():\n    pass",
             "def f(x):\n    return half(x)"]  # fmt: skip
    assert texts(cells, 3) == ["def half(x):\n    return x / TWO", "TWO = 2"]
    assert value(cells, 3, "f(4)") == 2


def test_the_last_binding_before_the_answer_counts():
    cells = ["k = 1", "k = 2", "def f():\n    return k", "k = 3"]
    assert texts(cells, 2) == ["k = 2"]


def test_a_binding_after_the_answer_counts_if_there_is_no_other():
    cells = [
        "def f():\n    return helper()",
        "def helper():\n    return 1",
        "def helper():\n    return 2",
    ]
    assert texts(cells, 0) == ["def helper():\n    return 1"]


def test_a_value_is_what_it_was_when_it_was_read():
    cells = ["a = 1\nb = a + 1\na = 10", "def f():\n    return a, b"]
    assert texts(cells, 1) == ["a = 1", "b = a + 1", "a = 10"]
    assert value(cells, 1, "f()") == (10, 2)


def test_steps_of_one_name_are_all_taken():
    cells = ["a = 1", "a += 1", "a = a * 3", "def f():\n    return a"]
    assert value(cells, 3, "f()") == 6


@pytest.mark.parametrize(
    "answer",
    [
        "def f(x=K):\n    return x",
        "@K\ndef f(x):\n    return x",
        "class f(K):\n    pass",
        "class f:\n    x = K",
        "f = lambda: K",
        "def f():\n    return [K for _ in range(2)]",
        "def f():\n    def g():\n        return K\n    return g()",
        "def f():\n    class A:\n        def m(self):\n            return K\n    return A",
        "def f() -> K:\n    pass",
        "def f():\n    global K\n    K = K + 1",
        "def f():\n    return f'{K}'",
        "def f():\n    return (y := K)",
        "async def f():\n    return K",
    ],
)
def test_a_name_is_found_wherever_it_is_used(answer):
    assert texts(["K = 1\nL = 2", answer], 1) == ["K = 1"]


@pytest.mark.parametrize(
    "answer",
    [
        "def f(K):\n    return K",
        "def f():\n    K = 1\n    return K",
        "def f():\n    for K in range(3):\n        pass\n    return K",
        "def f():\n    return [K for K in range(3)]",
        "def f():\n    import K\n    return K",
        "K = 3\ndef f():\n    return K",
        "def f():\n    return K\nK = 5",
        "for K in range(3):\n    print(K)\ndef f():\n    return K",
        "def f(x):\n    return x.K",
        "def f(x):\n    return x(K=1)",
        "def f():\n    try:\n        pass\n    except Exception as K:\n        print(K)",
        "def f():\n    return 'K'",
    ],
)
def test_a_name_of_ones_own_is_not_looked_for(answer):
    assert texts(["K = 1", answer], 1) == []


def test_a_name_that_was_bound_first_is_not_looked_for():
    assert texts(["K = 1", "K = 3\nL = K\ndef f():\n    return L"], 1) == []


def test_a_cell_that_reads_a_name_before_it_binds_it_needs_it():
    assert texts(["K = 1", "K = K + 1\ndef f():\n    return K"], 1) == ["K = 1"]


def test_imports_and_functions_in_an_if_or_a_try_are_taken():
    cells = ["try:\n    import nowhere as m\nexcept ImportError:\n    m = None",
             "if True:\n    def g():\n        return 7", "def f():\n    return g(), m"]  # fmt: skip
    assert len(texts(cells, 2)) == 2
    assert value(cells, 2, "f()") == (7, None)


def test_training_is_not_run():
    cells = ["import numpy as np", "model = build()\nmodel.fit(np.zeros(9))\nprint('trained')",
             "for epoch in range(9):\n    loss = train()", "with open('x') as file:\n    K = 1",
             "def f(x):\n    return np.sum(x)"]  # fmt: skip
    assert texts(cells, 4) == ["import numpy as np"]


def test_whoever_looks_names_up_gets_all_imports_and_functions():
    helper = "def g():\n    return os.name + str(y)"
    cells = ["import os", "x = 1", helper, "y = 2", "from math import *"]
    cells.append("def f():\n    return eval('g')()")
    assert texts(cells, 5) == ["import os", "def g():\n    return os.name + str(y)", "y = 2",
                               "from math import *"]  # fmt: skip


@pytest.mark.parametrize(
    "name", ["eval", "exec", "globals", "locals", "vars", "compile", "__import__", "importlib"]
)
def test_every_way_to_look_names_up_counts(name):
    cells = [
        "import os",
        "class A:\n    pass",
        "async def g():\n    pass",
        f"def f():\n    return {name}",
    ]
    assert len(texts(cells, 3)) == 3


def test_classes_of_other_cells_are_taken():
    cells = ["class A:\n    pass", "async def g():\n    pass", "def f():\n    return A, g"]
    assert len(texts(cells, 2)) == 2


def test_star_imports_are_taken_for_names_that_nobody_binds():
    cells = ["from math import *", "import os", "def f():\n    return floor(2.5)"]
    assert texts(cells, 2) == ["from math import *"]
    assert texts([*cells[:2], "def f():\n    return len([])"], 2) == []


def test_a_builtin_that_was_replaced_is_replaced():
    cells = ["def sum(x):\n    return 42", "def f():\n    return sum([])", "max = 3"]
    assert value(cells, 1, "f()") == 42
    assert texts(["max = 3", "pass", "def f():\n    return min([1])", "min = 3"], 2) == []


@pytest.mark.parametrize(
    "broken", ["def f(:", "x = 1\n  y", "a\0b", "(" * 5000, "'" * 3, "%%bash\nls"]
)
def test_another_cell_that_is_no_python_is_passed_over(broken):
    assert texts([broken, "k = 1", "def f():\n    return k"], 2) == ["k = 1"]


def test_an_answer_that_is_no_python_says_so():
    with pytest.raises(SyntaxError):
        needed(["k = 1", "def f(:"], 1)


def test_magics_are_left_out_and_lines_keep_their_numbers():
    source = (
        "%matplotlib inline\n!pip install x\nif True:\n    %time f()\nx?\ny = 'a?'\n"
        "z = a % b  # why?"
    )
    clean = without_magics(source)
    assert clean.splitlines()[5] == "y = 'a?'"
    assert len(clean.splitlines()) == 7
    ast.parse(clean)
    assert without_magics("%%html\n<b>") == ""
    assert without_magics("files = !ls\nn = 2") == "pass\nn = 2"


@pytest.mark.parametrize(
    "source",
    [
        'def f(x):\n    """Is it even?\n\n    Say so."""\n    return x % 2',
        "def f(x):\n    return (\n        x\n        % 2\n    )",
        "def f(x):\n    return len('a\u2028?')",
        'x = """\n!a\n"""',
        "z = a % b  # why?",
    ],
)
def test_python_that_looks_like_a_magic_stays(source):
    assert without_magics(source) == source


def test_a_cell_of_nothing_but_magics_ends():
    assert without_magics("%a\n" * 500).count("pass") == MOST_MAGICS


def test_recursion_and_circles_end():
    cells = [
        "def a():\n    return b()",
        "def b():\n    return a()",
        "def f():\n    return a() + f()",
    ]
    assert len(texts(cells, 2)) == 2


def test_it_is_quick_on_a_long_notebook():
    cells = [
        f"x{i} = x{i - 1} + 1\ndef g{i}():\n    return g{i - 1}() + x{i}" for i in range(1, 300)
    ]
    found = needed([*cells, "def f():\n    return g299()"], 299)
    assert len(found) == 598


def test_the_reference_answers_run_on_what_is_found():
    """With nothing but the notebook, as it is given out to instructors."""
    notebooks = sorted(Path(__file__).parents[2].glob("solutions/ch*.ipynb"))
    answered = []
    for path in notebooks:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        code = [c for c in notebook["cells"] if c["cell_type"] == "code"]
        cells = ["".join(c["source"]) for c in code]
        for i, cell in enumerate(code):
            grade_id = cell["metadata"].get("nbgrader", {}).get("grade_id", "")
            if grade_id.startswith("exercise"):
                found = texts(cells, i)
                assert not [t for t in found if not t.startswith(("import", "from"))], path.stem
                exercise = find(grade_id.removeprefix("exercise-").replace("-", "."))
                case = case_for(exercise, "") if exercise.personal else public.load(exercise.id)[0]
                with contextlib.redirect_stdout(io.StringIO()):
                    bound, _ = ran(cells, i)
                    answer = [v for v in bound.values() if isinstance(v, FunctionType)][-1]
                    given = as_array(call(answer, case.arguments))
                assert not faults(exercise, case, given), exercise.id
                answered.append(exercise.id)
    assert sorted(answered) == sorted(e.id for c in CHAPTERS for e in of_chapter(c.number))
