"""A site that runs nbgrader can take the solution notebooks as its source, as they are."""

import csv
import json
import os
import subprocess
import sys

import pytest

from course.authoring import notebook_path
from course.exercises.exercise import of_chapter

pytest.importorskip("nbgrader", reason="the instructor extra brings nbgrader")
SLUG = "ch03_transposed_convolution"  # the chapter that runs quickest
CONFIG = """
c = get_config()
c.CourseDirectory.course_id = "autoencoders"
c.Exchange.root = "exchange"
c.ClearSolutions.code_stub = {"python": "raise NotImplementedError()"}
c.ExecutePreprocessor.timeout = 300
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A course of nbgrader: generate, two submissions, autograde, export."""
    root = tmp_path_factory.mktemp("site")
    (root / "nbgrader_config.py").write_text(CONFIG, encoding="utf-8")
    source = root / "source" / "week3"
    source.mkdir(parents=True)
    (source / f"{SLUG}.ipynb").write_bytes(notebook_path(SLUG, for_student=False).read_bytes())
    _nbgrader(root, "generate_assignment", "week3")
    released = root / "release" / "week3" / f"{SLUG}.ipynb"
    for student in ("right", "wrong"):
        folder = root / "submitted" / student / "week3"
        folder.mkdir(parents=True)
        document = json.loads(released.read_bytes())
        answers = {
            cell["metadata"]["nbgrader"]["grade_id"]: cell["source"]
            for cell in json.loads((source / f"{SLUG}.ipynb").read_bytes())["cells"]
            if cell["metadata"].get("nbgrader", {}).get("solution")
        }
        for cell in document["cells"]:
            grade_id = cell["metadata"].get("nbgrader", {}).get("grade_id")
            if grade_id in answers and (student == "right" or grade_id == "exercise-3-3"):
                cell["source"] = answers[grade_id]
        (folder / f"{SLUG}.ipynb").write_text(json.dumps(document), encoding="utf-8")
    _nbgrader(root, "autograde", "week3")
    _nbgrader(root, "export")
    return root


def _nbgrader(root, *words):
    programs = os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]])  # alembic
    env = os.environ | {"PATH": programs, "COURSE_BUDGET": "quick", "JUPYTER_PREFER_ENV_PATH": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *words],
        cwd=root,
        env=env,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]


def test_what_it_releases_holds_no_answer(site):
    text = (site / "release" / "week3" / f"{SLUG}.ipynb").read_text(encoding="utf-8")
    assert "BEGIN SOLUTION" not in text
    stubs = 0
    for cell in json.loads(text)["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id", "").startswith("exercise-"):
            assert "raise NotImplementedError" in "".join(cell["source"]), cell["metadata"]
            stubs += 1
    assert stubs == len(of_chapter(3))


def test_the_reference_answers_get_full_marks_and_stubs_none(site):
    with open(site / "grades.csv", encoding="utf-8", newline="") as file:
        scores = {row["student_id"]: float(row["raw_score"]) for row in csv.DictReader(file)}
    points = {e.id: e.points for e in of_chapter(3)}
    assert scores == {"right": sum(points.values()), "wrong": points["3.3"]}
