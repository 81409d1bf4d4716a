"""course.bundle: everything that a student needs, and no answer."""

import ast
import io
import json
import re
import subprocess
import sys
import zipfile
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from course import bundle
from course.authoring import BEGIN, END, chapter_slugs, read_chapter
from course.environment import ROOT
from course.exercises import public
from course.exercises.exercise import of_chapter


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    path = tmp_path_factory.mktemp("bundle") / "out" / "course.zip"
    bundle.write_bundle(path, say=lambda _: None)
    with zipfile.ZipFile(path) as file:
        yield file


def squeezed(text):
    """The text with every run of white space as one blank."""
    return " ".join(text.split())


@cache
def answers():
    """(chapter, kind, number) -> the text that a student must find by himself."""
    found = {}
    for slug in chapter_slugs():
        chapter = read_chapter(slug)
        for kind in ("exercise", "homework"):
            for number, cell in chapter.of_kind(kind).items():
                blocks = re.findall(f"{BEGIN}(.*?){END}", cell.source, re.DOTALL)
                found[slug, kind, number] = squeezed(" ".join(blocks))
        for number, cell in chapter.of_kind("written").items():
            found[slug, "written", number] = squeezed(cell.source)
        for number, cell in chapter.of_kind("mistakes").items():
            found[slug, "mistakes", number] = squeezed(cell.source)
    return found


def texts(archive):
    """name -> all text in a file of the archive; of a notebook, what its cells say and show."""
    for name in archive.namelist():
        if name.endswith(".ipynb"):
            document = json.loads(archive.read(name))
            parts = []
            for cell in document["cells"]:
                parts.append("".join(cell["source"]))
                for output in cell.get("outputs", []):
                    parts.append("".join(output.get("text", "")))
                    parts += ["".join(v) for k, v in output.get("data", {}).items() if "text" in k]
            yield name, "\n".join(parts)
        elif not name.endswith((".png", ".npz")):
            yield name, archive.read(name).decode("utf-8")


def test_no_text_of_an_answer_is_in_it(archive):
    assert len(answers()) > 40
    for name, text in texts(archive):
        haystack = squeezed(text)
        for where, needle in answers().items():
            assert needle and needle not in haystack, (name, where)


def test_no_line_that_only_an_answer_has_is_in_it(archive):
    """Not even a longer line of an answer, unless the chapter shows that line elsewhere."""
    shown = {}
    for slug in chapter_slugs():
        chapter = read_chapter(slug)
        open_cells = [
            re.sub(f"{BEGIN}.*?{END}", "", c.source, flags=re.DOTALL)
            for c in chapter.cells
            if not {"written", "mistakes"} & set(c.metadata)
        ]
        shown[slug] = squeezed("\n".join(open_cells))
    code = " ".join(squeezed(text) for name, text in texts(archive) if name.endswith(".py"))
    notebooks = {n.split("/")[-1][:-6]: squeezed(t) for n, t in texts(archive) if ".ipynb" in n}
    lines = 0
    for slug in chapter_slugs():
        chapter = read_chapter(slug)
        for cell in chapter.of_kind("exercise").values():
            for block in re.findall(f"{BEGIN}(.*?){END}", cell.source, re.DOTALL):
                for line in map(squeezed, block.splitlines()):
                    if len(line) < 30 or line in shown[slug] or line in code:
                        continue
                    lines += 1
                    assert line not in notebooks[slug], (slug, line)
    assert lines > 30


def test_no_function_of_the_package_is_an_answer(archive):
    """The same code under another name: compared as trees, without names and docstrings."""

    def shape(function):
        body = [s for s in function.body if not (isinstance(s, ast.Expr) and _is_text(s.value))]
        return " ".join(type(node).__name__ for s in body for node in ast.walk(s))

    mine = {}
    for slug in chapter_slugs():
        for number, cell in read_chapter(slug).of_kind("exercise").items():
            function = [n for n in ast.parse(cell.source).body if isinstance(n, ast.FunctionDef)][
                -1
            ]
            if len(shape(function).split()) > 25:  # shorter ones look alike by chance
                mine[shape(function)] = slug, number
    assert len(mine) > 20
    for name, text in texts(archive):
        if name.endswith(".py"):
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.FunctionDef):
                    assert shape(node) not in mine, (name, node.name, mine.get(shape(node)))


def _is_text(node):
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def test_the_only_cases_in_it_are_the_public_ones(archive):
    files = [n for n in archive.namelist() if n.endswith(".npz")]
    wanted = {
        f"ch{int(s[2:4]):02d}.npz" for s in chapter_slugs() if public.path_of(int(s[2:4])).exists()
    }
    assert {n.rsplit("/", 1)[1] for n in files} == wanted
    for name in files:
        number = int(name[-6:-4])
        with np.load(io.BytesIO(archive.read(name)), allow_pickle=False) as stored:
            known = {e.id for e in of_chapter(number)}
            for key in stored.files:
                exercise_id, case, kind = key.split("/")[:3]
                assert exercise_id in known and case.isdecimal()
                assert kind in ("argument", "expected", "hint", "mistake")


def test_what_is_in_it_and_what_is_not(archive):
    names = set(archive.namelist())
    assert all(n.startswith(f"{bundle.NAME}/") and ".." not in n for n in names)
    inside = {n.removeprefix(f"{bundle.NAME}/") for n in names}
    assert {
        "README.md",
        "Makefile",
        "requirements.txt",
        "course/cli.py",
        "course/page.css",
    } <= inside
    assert {f"notebooks/{slug}.ipynb" for slug in chapter_slugs()} <= inside
    for part in ("solutions", "tests", "grading", ".git", "__pycache__", "seed", ".partial"):
        assert not any(part in Path(n).parts or n.endswith(part) for n in inside), part
    listed = subprocess.run(
        ["git", "ls-files", "course", "notebooks"], cwd=ROOT, capture_output=True, text=True
    )
    if listed.returncode == 0 and listed.stdout:  # a clone: every tracked file is there
        tracked = {n for n in listed.stdout.split() if not n.startswith("course/grading/")}
        assert tracked <= inside, tracked - inside


def test_it_works_where_it_is_unpacked(archive, tmp_path):
    archive.extractall(tmp_path)
    root = tmp_path / bundle.NAME

    def course(*words):
        command = [sys.executable, "-m", "course", *words]
        return subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=120)

    assert "usage:" in course("--help").stdout
    for words in (("grade", "x"), ("release",), ("test",)):
        asked = course(*words)
        assert asked.returncode == 1 and "copy of the course is for students" in asked.stderr
    assert not (root / ".venv").exists()
    code = (
        "import course, pathlib; from course.exercises.checking import evaluate; "
        "from course.exercises.exercise import find; "
        f"assert pathlib.Path(course.__file__).is_relative_to({str(root)!r}); "
        "print(evaluate(find('1.1'), lambda inputs, latent: 0).status)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True)
    assert done.stdout.strip() == "not yet", done.stderr


def test_the_same_files_make_the_same_archive(tmp_path):
    for name in ("a.zip", "b.zip"):
        bundle.write_bundle(tmp_path / name, say=lambda _: None)
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


def test_notebooks_that_are_not_what_the_text_makes_are_not_handed_out(tmp_path, monkeypatch):
    monkeypatch.setattr(bundle, "drift", lambda root: ["notebooks/ch01.ipynb differs"])
    with pytest.raises(bundle.BundleError, match=r"ch01\.ipynb differs\nFirst run: .*release"):
        bundle.write_bundle(tmp_path / "x.zip")
    assert not list(tmp_path.iterdir())


def test_a_bundle_of_before_survives_a_failure(tmp_path, monkeypatch):
    path = tmp_path / "x.zip"
    path.write_bytes(b"before")

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(zipfile.ZipFile, "writestr", full)
    assert bundle.main(str(path)) == 1
    assert path.read_bytes() == b"before" and [p.name for p in tmp_path.iterdir()] == ["x.zip"]


def test_a_folder_that_is_no_clone_is_named(tmp_path):
    with pytest.raises(bundle.BundleError, match=r"lacks README\.md"):
        bundle.bundle_files(tmp_path)


def test_what_lies_about_in_a_clone_is_not_handed_out(tmp_path):
    wanted = [*bundle.SINGLE, "notebooks/ch01.ipynb", "course/a.py", "docs/a.md", "docs/a.png"]
    for name in (
        *wanted, "notebooks/.ipynb_checkpoints/ch01-checkpoint.ipynb", "notebooks/grades.csv",
        "course/grading/run.py", "course/__pycache__/a.py", "course/seed.txt",
    ):  # fmt: skip
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert [p.as_posix() for p in bundle.bundle_files(tmp_path)] == wanted


def test_a_refusal_is_one_line(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(bundle, "drift", lambda root: ["ch01.ipynb differs"])
    assert bundle.main(str(tmp_path / "x.zip")) == 1
    assert capsys.readouterr().err.startswith("course release: ch01.ipynb differs\n")
