"""The chapters as files: what is in them, what must not be, and the net that catches a break."""

import ast
import copy
import itertools
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import pytest

from course import authoring, release, running
from course.chapters import CHAPTERS
from course.data import load_digits
from course.environment import ROOT
from course.exercises.exercise import of_chapter
from course.judge import load_judge

SLUGS = authoring.chapter_slugs()
PAIRS = [(slug, for_student) for slug in SLUGS for for_student in (False, True)]


@pytest.fixture(scope="module")
def chapters():
    return {slug: authoring.read_chapter(slug) for slug in SLUGS}


def load(slug, for_student):
    return nbformat.read(authoring.notebook_path(slug, for_student=for_student), as_version=4)


def outputs(nb):
    return [output for cell in nb.cells for output in cell.get("outputs", [])]


def test_every_chapter_is_listed_and_there():
    assert [chapter.slug for chapter in CHAPTERS] == SLUGS


@pytest.mark.parametrize("slug", SLUGS)
def test_the_text_keeps_the_house_rules(chapters, slug):
    for cell in chapters[slug].cells:
        if cell.cell_type != "code" or "mistakes" in cell.metadata:
            continue
        lines = cell.source.splitlines()
        assert len(lines) <= 30, f"{len(lines)} lines: {lines[0]}"
        long = [line for line in lines if len(line) > 80]
        assert not long
        assert not re.search(r"^\s*[%!]|TODO", cell.source, re.M)


@pytest.mark.parametrize("slug", SLUGS)
def test_every_figure_is_read_in_words(chapters, slug):
    cells = chapters[slug].cells
    for cell, following in itertools.pairwise(cells):
        if "plt.show()" in cell.source:
            assert following.cell_type == "markdown", cell.source


def test_a_name_is_defined_once_in_the_whole_course(chapters):
    seen = {}
    for path in sorted((ROOT / "course").rglob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
                seen.setdefault(node.name, []).append(str(path.relative_to(ROOT)))
    course = set(seen)
    mine = {}
    for slug, chapter in chapters.items():
        code = [
            cell.source
            for cell in chapter.cells
            if cell.cell_type == "code" and "mistakes" not in cell.metadata
        ]
        for node in ast.parse("\n\n".join(code)).body:
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                assert node.name not in mine, f"{node.name} is in {slug} and {mine[node.name]}"
                mine[node.name] = slug
    assert not course & set(mine)


@pytest.mark.parametrize(("slug", "for_student"), PAIRS)
def test_a_stored_notebook_is_clean_and_small(slug, for_student):
    path = authoring.notebook_path(slug, for_student=for_student)
    assert path.stat().st_size < release.LIMIT
    nb = load(slug, for_student)
    nbformat.validate(nb)
    for output in outputs(nb):
        assert output.output_type != "error"
        assert output.get("name") != "stderr", output.text
        assert not set(output.get("data", {})) & set(release.SCREEN_ONLY)
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"/(home|root|tmp|Users)/", text)


@pytest.mark.parametrize(("slug", "for_student"), PAIRS)
def test_what_is_compared_has_an_output(slug, for_student):
    exact = [
        c
        for c in load(slug, for_student).cells
        if "nbval-check-output" in c.metadata.get("tags", [])
    ]
    assert exact
    assert all(cell.outputs and cell.execution_count for cell in exact)


@pytest.mark.parametrize("slug", SLUGS)
def test_the_student_gets_no_answer(chapters, slug):
    text = authoring.notebook_path(slug, for_student=True).read_text(encoding="utf-8")
    student = load(slug, True)
    sources = "\n".join(cell.source for cell in student.cells)
    assert "SOLUTION" not in text
    for kind in ("exercise", "homework"):
        for number, cell in chapters[slug].of_kind(kind).items():
            answer = cell.source.split(authoring.BEGIN)[1].split(authoring.END)[0]
            lines = {line.strip() for line in answer.splitlines() if len(line.strip()) > 12}
            shown = {line.strip() for line in sources.splitlines()}
            # A line that the chapter itself shows elsewhere gives nothing away.
            own = "\n".join(
                c.source for c in chapters[slug].cells if not set(c.metadata) & {kind, "mistakes"}
            )
            assert not {line for line in lines & shown if line not in own}, number
    for number, cell in chapters[slug].of_kind("mistakes").items():
        for line in cell.source.splitlines():
            assert not line.startswith("def ") or line not in sources, number


@pytest.mark.parametrize("slug", SLUGS)
def test_the_student_sees_not_attempted_and_the_instructor_sees_right(slug):
    for for_student, word in ((True, "not attempted yet"), (False, ": right")):
        nb = load(slug, for_student)
        for exercise in of_chapter(int(slug[2:4])):
            cell = next(c for c in nb.cells if c.id == f"check-{exercise.id.replace('.', '-')}")
            assert word in cell.outputs[0].data["text/plain"]


@pytest.mark.parametrize("slug", [chapter.slug for chapter in CHAPTERS if chapter.number])
def test_a_chapter_checks_its_claims(slug):
    nb = load(slug, True)
    assert len(running.printed_gates(nb)) >= 4


@pytest.mark.parametrize(("slug", "for_student"), PAIRS)
def test_nbgrader_accepts_the_metadata(slug, for_student):
    from nbgrader.nbgraderformat import MetadataValidator

    MetadataValidator().validate_nb(load(slug, for_student))


def test_nbgrader_refuses_what_is_broken():
    from nbgrader.nbgraderformat import MetadataValidator, ValidationError

    nb = load(next(s for s in SLUGS if of_chapter(int(s[2:4]))), True)
    cell = next(c for c in nb.cells if "nbgrader" in c.metadata)
    cell.metadata.nbgrader.pop("grade_id")
    with pytest.raises(ValidationError):
        MetadataValidator().validate_nb(nb)


def net_notebook(slug, for_student):
    """A chapter without its training: imports, exercises, checks, exact cells, and a gate."""
    nb = load(slug, for_student)
    keep = [
        cell
        for cell in nb.cells
        if cell.cell_type == "code"
        and (
            "imports" in cell.metadata.get("tags", [])
            or cell.id.startswith(("exercise-", "check-"))
            or cell.source.startswith("pixel =")
        )
    ]
    source = 'gate("one is at most two", 1, at_most=2)'
    stored = nbformat.v4.new_output("stream", name="stdout", text="gate passed\n")
    keep.append(
        nbformat.v4.new_code_cell(source, id="a-gate", outputs=[stored], execution_count=99)
    )
    nb.cells = keep
    return nb


def change(nb, cell_start, old, new, *, output=False):
    cell = next(
        c for c in nb.cells if c.id.startswith(cell_start) or c.source.startswith(cell_start)
    )
    if output:
        assert old in cell.outputs[0].text
        cell.outputs[0].text = cell.outputs[0].text.replace(old, new)
    else:
        assert old in cell.source
        cell.source = cell.source.replace(old, new)


def test_the_net_catches_a_broken_gate_output_answer_and_stub(tmp_path):
    slug = next(s for s in SLUGS if s.startswith("ch01"))
    teacher, student = net_notebook(slug, False), net_notebook(slug, True)
    cases = {"teacher": teacher, "student": student}
    for name in ("gate", "output", "answer"):
        cases[name] = copy.deepcopy(teacher)
    cases["stub"] = copy.deepcopy(student)
    change(cases["gate"], "a-gate", "at_most=2", "at_most=0.5")
    change(cases["output"], "pixel =", "0.6931", "0.6932", output=True)
    change(cases["answer"], "exercise-1-1", "latent * inputs + inputs", "latent * inputs")
    change(cases["stub"], "exercise-1-1", "raise NotImplementedError", "return str")

    def nbval(name):
        path = tmp_path / f"{name}.ipynb"
        nbformat.write(cases[name], path)
        command = [sys.executable, "-m", "pytest", "-q", "--rootdir", str(tmp_path)]
        done = subprocess.run(
            [*command, *release.NBVAL, str(path)], capture_output=True, text=True, cwd=tmp_path
        )
        return done.returncode, done.stdout

    with ThreadPoolExecutor(2) as pool:
        results = dict(zip(cases, pool.map(nbval, cases), strict=True))
    for name, (code, text) in results.items():
        assert code == (0 if name in ("teacher", "student") else 1), f"{name}:\n{text[-3000:]}"
    assert "gate failed: one is at most two: measured 1" in results["gate"][1]
    assert "1 failed" in results["output"][1]


def text_of(nb):
    """Everything a run printed or showed as text, but for the seconds."""
    parts = []
    for output in outputs(nb):
        parts.append(output.get("text", "") or output.get("data", {}).get("text/plain", ""))
    return re.sub(r"\d+\.\d+ s\b", "_ s", "\n".join(parts))


def test_a_chapter_run_twice_prints_the_same_numbers(tmp_path):
    # Fill the cache first: who makes the digits and the judge says so, who waits says that.
    (x_train, y_train), _ = load_digits("drawn", say=lambda line: None)
    load_judge(x_train, y_train)

    def run_once(_):
        nb = load("ch01_smallest_autoencoder", True)
        env = {"COURSE_BUDGET": "quick", "COURSE_DATA": "drawn"}
        outcome = running.execute(nb, env=env, cwd=tmp_path)
        assert outcome.ok, outcome.error
        return text_of(nb)

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(run_once, range(2))
    assert len(re.findall(r"\d\.\d+", first)) > 20
    assert first == second


def test_the_readme_lists_every_chapter():
    readme = Path(ROOT, "README.md").read_text(encoding="utf-8")
    for chapter in CHAPTERS:
        assert f"notebooks/{chapter.slug}.ipynb" in readme
        assert chapter.title in readme
