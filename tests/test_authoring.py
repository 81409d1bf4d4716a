"""From text to notebooks: the stub, the metadata, what is refused, and drift that is found."""

import argparse

import nbformat
import pytest

from course import answers, authoring, release
from course.authoring import AuthoringError, make_notebook, read_chapter, stub
from course.exercises import public
from course.exercises.exercise import of_chapter

TEXT = '''# %% [markdown]
# # 97 A trial chapter

# %% tags=["imports"]
import math

# %% tags=["nbval-check-output"]
print(1 + 1)

# %% homework="97" points=3 title="write a sum"
def total(a, b):
    """The sum."""
    ### BEGIN SOLUTION
    secret = a
    return secret + b
    ### END SOLUTION

# %% [markdown] written="97.2" points=2
# The secret model answer.
'''


@pytest.fixture
def root(tmp_path):
    (tmp_path / "solutions").mkdir()
    (tmp_path / "solutions" / "ch97_trial.py").write_text(TEXT)
    return tmp_path


def made(root, for_student):
    return nbformat.read(
        authoring.notebook_path("ch97_trial", for_student=for_student, root=root), as_version=4
    )


def rewrite(root, old, new):
    path = root / "solutions" / "ch97_trial.py"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_a_stub_keeps_the_signature_and_names_its_task():
    source = 'def f(x):\n    """Doc."""\n    ### BEGIN SOLUTION\n    y = 1\n    ### END SOLUTION\n'
    text = stub(source, "6.1", "one line")
    assert text == (
        'def f(x):\n    """Doc."""\n    raise NotImplementedError("Exercise 6.1: one line")'
    )
    compile(text, "stub", "exec")


def test_the_student_gets_no_answer_and_the_instructor_gets_all(root):
    chapter = read_chapter("ch97_trial", root)
    student = nbformat.writes(make_notebook(chapter, for_student=True))
    teacher = nbformat.writes(make_notebook(chapter, for_student=False))
    assert "secret" not in student and "SOLUTION" not in student
    assert "Homework 97: write a sum" in student and authoring.EMPTY_ANSWER in student
    assert teacher.count("secret") == 3


def test_ids_and_metadata(root):
    nb = make_notebook(read_chapter("ch97_trial", root), for_student=True)
    nbformat.validate(nb)
    assert [cell.id for cell in nb.cells] == [
        "cell-001", "cell-002", "cell-003", "homework-97", "written-97-2",
    ]  # fmt: skip
    assert nb.cells[3].metadata.nbgrader == {
        "grade": True, "grade_id": "homework-97", "locked": False, "points": 3,
        "schema_version": 3, "solution": True, "task": False,
    }  # fmt: skip
    assert nb.cells[2].metadata.tags == ["nbval-check-output"]


def test_making_twice_gives_the_same_bytes(root):
    one, two = (
        nbformat.writes(make_notebook(read_chapter("ch97_trial", root), for_student=True))
        for _ in range(2)
    )
    assert one == two


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("    ### END SOLUTION\n", "", "in pairs"),
        ('homework="97" points=3 title="write a sum"', "", "only they"),
        ("points=3 ", "", "points="),
        (' title="write a sum"', "", "title="),
        ('homework="97"', 'homework="97" exercise="97.1"', "at once"),
        ('homework="97"', 'homwork="97"', "unknown words"),
        ('written="97.2"', 'exercise="97.2"', "in pairs"),
        ("print(1 + 1)\n", "\n", "empty"),
    ],
)
def test_a_fault_in_the_text_names_the_cell(root, old, new, words):
    rewrite(root, old, new)
    with pytest.raises(AuthoringError, match=words) as caught:
        read_chapter("ch97_trial", root)
    assert "ch97_trial.py" in str(caught.value)


def test_an_exercise_without_a_description_is_refused(root):
    rewrite(root, 'homework="97" points=3 title="write a sum"', 'exercise="97.1"')
    with pytest.raises(AuthoringError, match=r"ch97\.py describes"):
        read_chapter("ch97_trial", root)


def test_release_is_idempotent_and_carries_outputs_over_new_prose(root):
    lines = []
    assert release.release(root=root, say=lines.append) == 0
    paths = [authoring.notebook_path("ch97_trial", for_student=f, root=root) for f in (False, True)]
    before = [path.read_bytes() for path in paths]
    assert made(root, True).cells[2].outputs[0].text == "2\n"

    lines.clear()
    release.release(root=root, say=lines.append)
    assert [path.read_bytes() for path in paths] == before
    assert all(line.startswith("up to date") for line in lines)

    lines.clear()
    rewrite(root, "A trial chapter", "Another title")
    release.release(root=root, say=lines.append)
    assert all(line.startswith("new prose") for line in lines)
    nb = made(root, True)
    assert "Another title" in nb.cells[0].source
    assert nb.cells[2].outputs[0].text == "2\n"
    assert release.drift(root=root) == []
    assert not list(root.rglob("*.partial"))


def test_drift_is_found(root):
    release.release(root=root, say=lambda line: None)

    rewrite(root, "print(1 + 1)", "print(1 + 2)")
    assert release.drift(root=root) == [
        "solutions/ch97_trial.ipynb differs in cell cell-003",
        "notebooks/ch97_trial.ipynb differs in cell cell-003",
    ]
    rewrite(root, "print(1 + 2)", "print(1 + 1)")

    path = authoring.notebook_path("ch97_trial", for_student=True, root=root)
    nb = made(root, True)
    nb.cells[3].metadata.nbgrader.points = 30
    nbformat.write(nb, path)
    assert release.drift(root=root) == ["notebooks/ch97_trial.ipynb differs in cell homework-97"]

    nb.cells[2].execution_count = None
    nb.cells[3].metadata.nbgrader.points = 3
    nbformat.write(nb, path)
    assert release.drift(root=root) == [
        "notebooks/ch97_trial.ipynb was never executed: cell cell-003"
    ]

    path.rename(path.with_name("ch98_gone.ipynb"))
    assert release.drift(root=root) == [
        "notebooks/ch97_trial.ipynb is missing",
        "notebooks/ch98_gone.ipynb has no text in solutions/: delete it",
    ]


@pytest.mark.parametrize("number", [1, 6])  # a mistake of chapter 6 gives NaN
def test_drift_of_the_public_cases_is_found(monkeypatch, tmp_path, number):
    monkeypatch.setattr(public, "FOLDER", tmp_path)
    name, words = f"ch{number:02d}.npz", [str(number)]
    assert f"course/exercises/{name} is not what" in release.drift(words)[0]
    chapter = read_chapter(authoring.chapter_slugs(words)[0])
    release._write_cases(chapter, lambda line: None)
    assert not any("npz" in line for line in release.drift(words))
    public.path_of(number).write_bytes(b"damaged")
    assert name in release.drift(words)[0]


def test_a_failing_chapter_is_not_written(root):
    rewrite(root, "print(1 + 1)", "print(1 / 0)")
    lines = []
    assert release.release(root=root, say=lines.append) == 2
    assert any("FAILED" in line and "ZeroDivisionError" in line for line in lines)
    assert not authoring.notebook_path("ch97_trial", for_student=True, root=root).exists()


def test_a_chapter_that_is_too_heavy_is_not_written(root, monkeypatch):
    monkeypatch.setattr(release, "LIMIT", 500)
    lines = []
    assert release.release(root=root, say=lines.append) == 2
    assert any("more than 500" in line for line in lines)


def test_a_damaged_notebook_says_what_to_do(root):
    release.release(root=root, say=lambda line: None)
    authoring.notebook_path("ch97_trial", for_student=True, root=root).write_text("{")
    with pytest.raises(AuthoringError, match="Delete it and run"):
        release.drift(root=root)


def test_no_chapters_is_an_error(tmp_path):
    with pytest.raises(AuthoringError, match="No chapter"):
        authoring.chapter_slugs((), tmp_path)


def test_stored_outputs_hold_no_path_of_this_machine():
    nb = nbformat.v4.new_notebook()
    home, repo = str(release.Path.home()), str(release.ROOT)
    text = f"{repo}/x and {home}/.keras/y"
    output = nbformat.v4.new_output("stream", name="stdout", text=text)
    nb.cells = [nbformat.v4.new_code_cell("x", outputs=[output])]
    release.tidy_outputs(nb)
    assert nb.cells[0].outputs[0].text == "autoencoder-course/x and ~/.keras/y"


def test_text_that_is_not_utf8_names_its_line(root):
    path = root / "solutions" / "ch97_trial.py"
    path.write_bytes(TEXT.encode().replace(b"import math", b"import math  # \xe4"))
    with pytest.raises(AuthoringError, match=r"ch97_trial\.py, line 5, is not UTF-8"):
        read_chapter("ch97_trial", root)


def test_text_from_windows_makes_the_same_notebook(root):
    path = root / "solutions" / "ch97_trial.py"
    one = make_notebook(read_chapter("ch97_trial", root), for_student=True)
    path.write_bytes(b"\xef\xbb\xbf" + TEXT.replace("\n", "\r\n").encode())
    assert make_notebook(read_chapter("ch97_trial", root), for_student=True) == one


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("ch97_other.py", "two chapters of one number"),
        ("ch3_short.py", "Expected names like"),
        ("ch98_two words.py", "Expected names like"),
    ],
)
def test_a_chapter_file_with_a_bad_name_is_refused(root, name, words):
    (root / "solutions" / name).write_text(TEXT)
    with pytest.raises(AuthoringError, match=words):
        authoring.chapter_slugs((), root)


def test_a_write_that_fails_keeps_the_old_file_and_leaves_no_other(tmp_path, monkeypatch):
    path = tmp_path / "a.ipynb"
    path.write_bytes(b"old")

    def full(self, content):
        with self.open("wb") as file:
            file.write(content[:1])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_bytes", full)
    with pytest.raises(OSError, match="No space"):
        release._replace(path, b"new")
    assert [p.name for p in tmp_path.iterdir()] == ["a.ipynb"]
    assert path.read_bytes() == b"old"


def test_the_command_reports_a_disk_fault_in_one_line(monkeypatch, capsys):
    def fault(*args, **settings):
        raise PermissionError(13, "Permission denied", "notebooks")

    monkeypatch.setattr(release, "release", fault)
    args = argparse.Namespace(chapters=[], check=False, static=False, force=False)
    assert release.main(args) == 1
    assert capsys.readouterr().err.startswith("course release: [Errno 13] Permission denied")


@pytest.fixture(scope="module")
def first_chapter():
    return read_chapter(authoring.chapter_slugs(["1"])[0])


@pytest.mark.parametrize("for_student", [False, True])
def test_checks_are_compared_and_mistakes_are_in_no_notebook(first_chapter, for_student):
    nb = make_notebook(first_chapter, for_student=for_student)
    checks = [cell for cell in nb.cells if cell.id.startswith("check-")]
    assert len(checks) == len(of_chapter(1))
    assert all("nbval-check-output" in cell.metadata.tags for cell in checks)
    sources = [cell.source for cell in nb.cells]
    mistakes = first_chapter.of_kind("mistakes").values()
    assert mistakes and not any(cell.source in sources for cell in mistakes)


def test_a_mistake_is_stored_with_what_it_gives_itself(first_chapter):
    cases = answers.make_cases(first_chapter, of_chapter(1)[0], seed=0)
    hint = next(hint for hint in cases[0].mistakes if "weights alone" in hint)
    assert cases[0].arguments == {"inputs": 4, "latent": 2}
    assert (cases[0].expected, cases[0].mistakes[hint]) == (22, 16)
