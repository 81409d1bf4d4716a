"""How many submissions a minute: this grader with 1, 2 and 4 workers, and nbgrader.

The same class for both: the import cell, the exercises and the checks of chapter 1, nothing that
trains. Answers are right, typical mistakes and stubs, mixed. Prints students a minute after the
start, and the ratios; the start is told apart.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from course.authoring import make_notebook, read_chapter
from course.environment import ROOT
from course.grading import cases, marking, notebooks, scheduler
from course.grading.sandbox import why_not

sys.path.insert(0, str(ROOT / "tests" / "grading"))
from school import school  # the class of the tests

SLUG = "ch01_smallest_autoencoder"
OURS, THEIRS, TURNS = 48, 6, 3


def small(content):
    """A notebook's bytes with nothing in it but imports, exercises and checks."""
    document = json.loads(content)
    document["cells"] = [c for c in document["cells"] if _counts(c)]
    return json.dumps(document).encode()


def _counts(cell):
    grade_id = cell["metadata"].get("nbgrader", {}).get("grade_id", "")
    return "imports" in cell["metadata"].get("tags", []) or grade_id.startswith(
        ("exercise", "check")
    )


def students_a_minute(jobs, tasks):
    """Start-up in seconds, and students a minute after it: the median of some turns."""
    start = time.monotonic()
    with scheduler.connect(jobs=jobs) as client:
        list(scheduler.map_unordered(client, marking.mark, tasks[:jobs]))
        up, rates = time.monotonic() - start, []
        for _ in range(TURNS):
            start = time.monotonic()
            done = sum(1 for _ in scheduler.map_unordered(client, marking.mark, tasks))
            rates.append(60 * done / (time.monotonic() - start))
    return up, statistics.median(rates)


def nbgrader(pupils):
    """The same, by nbgrader: generating is the start, autograding is counted."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "nbgrader_config.py").write_text(
            'c = get_config()\nc.CourseDirectory.course_id = "autoencoders"\n', encoding="utf-8"
        )
        source = root / "source" / "week1"
        source.mkdir(parents=True)
        document = make_notebook(read_chapter(SLUG), for_student=False)
        (source / f"{SLUG}.ipynb").write_bytes(small(json.dumps(document)))
        for one in pupils:
            handed_in = root / "submitted" / one.name.replace(" ", "_") / "week1"
            handed_in.mkdir(parents=True)
            (handed_in / f"{SLUG}.ipynb").write_bytes(small(one.content))
        up = _timed(root, "generate_assignment", "week1")
        return up, 60 * len(pupils) / _timed(root, "autograde", "week1")


def _timed(root, *words):
    programs = os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]])
    start = time.monotonic()
    subprocess.run(
        [sys.executable, "-m", "nbgrader", *words],
        cwd=root, env=os.environ | {"PATH": programs}, check=True, capture_output=True,
    )  # fmt: skip
    return time.monotonic() - start


def main():
    if why_not():
        sys.exit(why_not())
    pupils = school(OURS, [SLUG], ends=False)
    packed = cases.hidden_cases(SLUG, "a secret for measuring")
    released = notebooks.template((ROOT / "notebooks" / f"{SLUG}.ipynb").read_bytes())
    tasks = [
        (p.name, (marking.Task(p.name, 1, small(p.content), released, packed, {}),)) for p in pupils
    ]
    rates = {}
    for jobs in (1, 2, 4):
        up, rates[jobs] = students_a_minute(jobs, tasks)
        print(f"{jobs} workers: start {up:4.1f} s, then {rates[jobs]:6.1f} students a minute")
    up, theirs = nbgrader(pupils[:THEIRS])
    print(f"nbgrader:  start {up:4.1f} s, then {theirs:6.1f} students a minute")
    print(f"one worker against nbgrader: {rates[1] / theirs:.0f} times as many")
    print(f"four workers against one: {rates[4] / rates[1]:.1f} ({os.cpu_count()} cores here)")


if __name__ == "__main__":
    main()
