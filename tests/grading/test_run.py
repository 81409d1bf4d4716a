"""course.grading.run: from a folder to marks and pages; what is done is not done again."""

import contextlib
import csv
import dataclasses
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from school import pupil, school

from course.environment import ROOT
from course.exercises.exercise import of_chapter
from course.grading import marking, run, scheduler
from course.grading.gradebook import GradebookError, open_gradebook
from course.grading.names import file_names
from course.grading.sandbox import WorkerError, why_not

SLUG = "ch01_smallest_autoencoder"
locked = pytest.mark.skipif(why_not() is not None, reason=f"NOT RUN: no sandbox. {why_not()}")


@pytest.fixture(scope="module")
def pupils():
    made = school(4, [SLUG], seed=1)
    made[1].content = made[1].content.replace(b"*Write your answer here.*", b"Because.")
    return made


@pytest.fixture
def folder(tmp_path, pupils):
    path = tmp_path / "handed in"
    for one in pupils:
        (path / one.name).mkdir(parents=True)
        (path / one.name / f"{SLUG}.ipynb").write_bytes(one.content)
    return path


@pytest.fixture(scope="module")
def seed_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("secret") / "seed.txt"
    path.write_text("the secret of the tests", encoding="utf-8")
    return path


@pytest.fixture
def settings(tmp_path, seed_file):
    return run.Settings(tmp_path / "out", seed_file=seed_file)


class Seen(list):
    """The students in the order in which they were marked; `faults` says what goes wrong."""

    def __init__(self):
        super().__init__()
        self.faults = {}


@pytest.fixture
def marked(monkeypatch):
    """Marks in this process, without Dask."""
    seen = Seen()

    def map_unordered(client, function, tasks):
        for key, (task,) in tasks:
            seen.append(task.student)
            errors = seen.faults.get(task.student)
            yield key, errors.pop() if errors else function(task)

    monkeypatch.setattr(scheduler, "connect", lambda *_: contextlib.nullcontext())
    monkeypatch.setattr(scheduler, "workers", lambda _: 1)
    monkeypatch.setattr(scheduler, "map_unordered", map_unordered)
    return seen


def points(out):
    """(student, exercise) -> points, from the gradebook."""
    with open_gradebook(out / run.GRADEBOOK, write=False) as book:
        return {(m.student, m.exercise): m.points for m in book.marks()}


def expected(pupils):
    return {(p.name, i): worth for p in pupils for i, (_, worth) in p.worth.items()}


@locked
def test_every_mark_is_the_right_one_and_every_page_is_there(folder, settings, pupils, marked):
    lines = []
    assert run.grade(folder, settings, lines.append) == 0
    assert points(settings.out) == expected(pupils)
    made = {p.name for p in settings.out.iterdir()}
    assert {"gradebook.sqlite", "grades.csv", "summary.html", "feedback"} <= made
    pages = {p.stem for p in (settings.out / "feedback").iterdir()}
    assert pages == set(file_names(p.name for p in pupils).values())
    with open(settings.out / "grades.csv", encoding="utf-8", newline="") as file:
        rows = {row["student"]: row for row in csv.DictReader(file)}
    for one in pupils:
        for number, (_, worth) in one.worth.items():
            assert float(rows[one.name][f"exercise {number}"]) == worth
    assert sum(line.startswith("[") for line in lines) == len(pupils)


@locked
def test_a_second_run_marks_only_what_changed(folder, settings, pupils, marked):
    run.grade(folder, settings, lambda _: None)
    assert sorted(marked) == [p.name for p in pupils]
    marked.clear()
    run.grade(folder, settings, lambda _: None)
    assert marked == []
    better = pupil(pupils[2].name, SLUG, {e.id: "right" for e in of_chapter(1)})
    (folder / better.name / f"{SLUG}.ipynb").write_bytes(better.content)
    run.grade(folder, settings, lambda _: None)
    assert marked == [better.name]
    now = expected(pupils) | expected([better])
    assert points(settings.out) == now


@locked
@locked
def test_what_it_wrote_among_the_submissions_is_no_student(folder, settings, pupils, marked):
    settings = dataclasses.replace(settings, out=folder)
    for _ in range(2):
        run.grade(folder, settings, lambda _: None)
    with open_gradebook(folder / run.GRADEBOOK, write=False) as book:
        assert {e.student for e in book.entries()} == {one.name for one in pupils}


def test_another_secret_marks_everybody_again(folder, settings, pupils, marked, tmp_path):
    run.grade(folder, settings, lambda _: None)
    other = tmp_path / "other.txt"
    other.write_text("another secret", encoding="utf-8")
    marked.clear()
    run.grade(folder, run.Settings(settings.out, seed_file=other), lambda _: None)
    assert len(marked) == len(pupils) and points(settings.out) == expected(pupils)


@locked
def test_who_is_lost_is_tried_alone_and_then_said(folder, settings, pupils, marked):
    once, always = pupils[0].name, pupils[1].name
    marked.faults = {
        once: [scheduler.Lost("gone")],
        always: [scheduler.Lost("gone"), scheduler.Lost("gone")],
    }
    lines = []
    assert run.grade(folder, settings, lines.append) == 1
    assert any(always in line and "Run the command again" in line for line in lines)
    assert {s for s, _ in points(settings.out)} == {p.name for p in pupils} - {always}
    marked.clear()
    assert run.grade(folder, settings, lines.append) == 0
    assert marked == [always] and points(settings.out) == expected(pupils)


@locked
def test_a_machine_that_cannot_run_anything_gives_nobody_a_zero(folder, settings, pupils, marked):
    marked.faults = {p.name: [WorkerError("no room")] for p in pupils}
    with pytest.raises(run.GradingError, match="no room"):
        run.grade(folder, settings, lambda _: None)
    assert points(settings.out) == {}


@locked
def test_a_worker_that_did_not_start_once_does_not_end_the_run(folder, settings, pupils, marked):
    marked.faults = {pupils[2].name: [WorkerError("no room")]}
    assert run.grade(folder, settings, lambda _: None) == 0
    assert points(settings.out) == expected(pupils)
    other = run.Settings(settings.out.with_name("other"), seed_file=settings.seed_file)
    marked.faults = {pupils[2].name: [WorkerError("no room"), WorkerError("no room")]}
    with pytest.raises(run.GradingError, match="no room"):
        run.grade(folder, other, lambda _: None)
    assert {s for s, _ in points(other.out)} == {p.name for p in pupils} - {pupils[2].name}


def test_without_a_sandbox_nothing_is_run(folder, settings, monkeypatch):
    monkeypatch.setattr(run, "why_not", lambda: "bubblewrap is not installed.")
    with pytest.raises(run.GradingError, match=r"not installed(.|\n)*--trust-submissions"):
        run.grade(folder, settings, lambda _: None)
    assert not settings.out.exists()


@pytest.mark.skipif(os.name == "nt", reason="answers are not run on Windows")
def test_who_trusts_everybody_is_told_what_that_means(folder, settings, pupils, marked):
    lines = []
    trusting = run.Settings(settings.out, seed_file=settings.seed_file, trust=True)
    run.grade(folder, trusting, lines.append)
    assert "with all your rights" in lines[0]
    assert points(settings.out) == expected(pupils)


@locked
def test_nothing_to_grade_is_said(tmp_path, settings):
    (tmp_path / "empty").mkdir()
    with pytest.raises((run.GradingError, ValueError), match=r"(?i)no notebook|nothing|empty"):
        run.grade(tmp_path / "empty", settings, lambda _: None)


@locked
def test_explain_says_what_happened_and_changes_nothing(folder, settings, pupils, marked):
    run.grade(folder, settings, lambda _: None)
    before = (settings.out / run.GRADEBOOK).read_bytes()
    lines = []
    run.explain("pupil 002", "1", run.Settings(settings.out), lines.append)
    text = "\n".join(lines)
    for number, (kind, worth) in pupils[2].worth.items():
        assert re.search(rf"^  {number}: .*, {worth} of ", text, re.MULTILINE), (number, kind)
        assert f"{number} case 1: " in text
    assert "in the gradebook!" not in text
    assert (settings.out / run.GRADEBOOK).read_bytes() == before


@locked
@pytest.mark.parametrize(("name", "told"), [("Pupil", "4 students"), ("Zoe", "0 students")])
def test_explain_wants_one_student(folder, settings, marked, name, told):
    run.grade(folder, settings, lambda _: None)
    with pytest.raises(run.GradingError, match=f"{told}.*Pupil 000"):
        run.explain(name, "1", settings, lambda _: None)


@locked
@pytest.mark.parametrize("content", ["", "[]", "{}", '{"1": []}', '{"1": {"a": 1}}'])
def test_explain_without_a_record_of_the_run_says_so(folder, settings, marked, content):
    run.grade(folder, settings, lambda _: None)
    (settings.out / run.LAST_RUN).write_text(content, encoding="utf-8")
    with pytest.raises(run.GradingError, match="Grade it again first"):
        run.explain("Pupil 000", "1", settings, lambda _: None)


@locked
def test_explain_knows_where_each_chapter_was_graded(folder, settings, tmp_path, marked):
    run.grade(folder, settings, lambda _: None)
    later = tmp_path / "next week"
    one = pupil("Pupil 000", "ch03_transposed_convolution", {e.id: "stub" for e in of_chapter(3)})
    (later / one.name).mkdir(parents=True)
    (later / one.name / "ch03_transposed_convolution.ipynb").write_bytes(one.content)
    run.grade(later, settings, lambda _: None)
    for chapter in ("1", "3"):
        lines = []
        run.explain("Pupil 000", chapter, settings, lines.append)
        assert any(line.startswith(f"  {chapter}.1") for line in lines)
    folder.rename(tmp_path / "moved")
    with pytest.raises(run.GradingError, match="handed in, which is not there any more"):
        run.explain("Pupil 000", "1", settings, lambda _: None)


@locked
def test_a_marking_sheet_comes_back(folder, settings, pupils, marked):
    run.grade(folder, settings, lambda _: None)
    sheet = settings.out / "marking_sheet.csv"
    with open(sheet, encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    row = next(r for r in rows if r["question"].endswith("1.6") and r["student"] == "Pupil 001")
    row["mark"], row["comment"] = "2", "well argued"
    with open(sheet, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    assert run.merge(sheet, settings, lambda _: None) == 0
    with open_gradebook(settings.out / run.GRADEBOOK, write=False) as book:
        assert [(w.mark, w.comment) for w in book.written() if w.mark is not None] == [
            (2, "well argued")
        ]
    (page,) = (settings.out / "feedback").glob("Pupil?001*.html")
    assert "well argued" in page.read_text(encoding="utf-8")


def test_merge_and_explain_need_a_gradebook(tmp_path, monkeypatch):
    monkeypatch.setattr(run, "why_not", lambda: None)
    for call in (
        lambda: run.merge("sheet.csv", run.Settings(tmp_path), print),
        lambda: run.explain("a", "1", run.Settings(tmp_path), print),
    ):
        with pytest.raises(run.GradingError, match="no gradebook"):
            call()


@locked
@pytest.mark.skipif(os.name == "nt", reason="no SIGKILL")
def test_a_run_that_is_killed_goes_on_where_it_stopped(folder, settings, pupils):
    """The real command with its Dask workers: killed in the middle, run again, nothing doubled."""
    for i, one in enumerate(school(8, [SLUG], seed=2)):  # more of them, so that there is a middle
        path = folder / f"More {i}"
        path.mkdir()
        (path / f"{SLUG}.ipynb").write_bytes(one.content)
    command = [
        *(sys.executable, "-m", "course", "grade", str(folder), "--jobs", "2"),
        *("--out", str(settings.out), "--seed-file", str(settings.seed_file)),
    ]
    env = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
    first = subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True)
    for line in first.stdout:
        if line.startswith("["):  # the first mark is in the book
            below = psutil.Process(first.pid).children(recursive=True)
            os.kill(first.pid, signal.SIGKILL)
            break
    first.stdout.close()
    first.wait()
    with sqlite3.connect(settings.out / run.GRADEBOOK) as book:
        (had,) = book.execute("SELECT count(*) FROM grading").fetchone()
    assert 1 <= had < 12

    second = subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True)
    for line in second.stdout:
        if line.startswith("Marking"):
            assert line.startswith(f"Marking {12 - had} ")
            break
    second.stdout.read()
    second.stdout.close()
    assert second.wait() == 0
    with sqlite3.connect(settings.out / run.GRADEBOOK) as book:
        assert book.execute("SELECT count(*) FROM grading").fetchone() == (12,)
    mine = {key: value for key, value in points(settings.out).items() if "Pupil" in key[0]}
    assert mine == expected(pupils)
    assert below
    _nobody_left(below)


def _nobody_left(processes):
    """The workers of a run that was killed end too; Dask notices within some seconds."""
    until = time.monotonic() + 60
    while any(p.is_running() and p.status() != "zombie" for p in processes):
        assert time.monotonic() < until, processes
        time.sleep(0.3)


@locked
@pytest.mark.skipif(os.name == "nt", reason="a console sends it another way")
def test_after_ctrl_c_it_says_stopped_and_no_more(folder, settings):
    sleeper = pupil("Sleeper", SLUG, {e.id: "raises" for e in of_chapter(1)})
    waits = sleeper.content.replace(b"raise ValueError", b"import time; time.sleep(60); print")
    assert waits != sleeper.content  # so the run cannot end before it is told to
    (folder / "Sleeper.ipynb").write_bytes(waits)
    code = (
        # Where the tests themselves run in the background, Python would go on to ignore Ctrl-C.
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from course.cli import main; raise SystemExit(main())"
    )
    command = [
        *(sys.executable, "-c", code, "grade", str(folder), "--jobs", "2"),
        *("--out", str(settings.out), "--seed-file", str(settings.seed_file)),
    ]
    env = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
    with subprocess.Popen(
        command, cwd=ROOT, env=env, text=True, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        for line in process.stdout:
            if line.startswith("["):
                os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to all of them
                break
        _, said = process.communicate(timeout=120)
    assert process.returncode == 130 and said.strip() == "Stopped."
    assert points(settings.out)


@locked
def test_of_two_runs_at_once_the_second_refuses(folder, settings, marked):
    settings.out.mkdir()
    with (
        open_gradebook(settings.out / run.GRADEBOOK),
        pytest.raises(GradebookError, match=f"process {os.getpid()}"),
    ):
        run.grade(folder, settings, lambda _: None)
    assert marked == []


def test_a_task_can_be_sent_to_another_machine(pupils):
    import pickle

    from course.grading import notebooks

    task = marking.Task("a", 1, b"{}", notebooks.Template(), b"", {})
    assert pickle.loads(pickle.dumps(task)) == task


def test_paths_of_the_run_are_kept_from_answers(folder, settings, monkeypatch, marked):
    """Submissions, gradebook and secret are among the hidden folders of each task."""
    tasks = []
    monkeypatch.setattr(run, "why_not", lambda: None)
    monkeypatch.setattr(
        marking, "mark", lambda task: tasks.append(task) or marking.Marked((), (), ())
    )
    run.grade(folder, settings, lambda _: None)
    for path in (folder, settings.out, settings.seed_file):
        assert all(str(Path(path).resolve()) in task.hidden for task in tasks)


@locked
def test_settings_reach_the_files(folder, settings, marked, tmp_path):
    (folder / "Zoe").mkdir()
    (folder / "Zoe" / "ch02_how_many_latents.ipynb").write_bytes(b"{}")
    (folder / "Zoe 2").mkdir()
    (folder / "Zoe 2" / f"{SLUG}.ipynb").write_bytes(b"{}")
    lines = []
    run.grade(
        folder,
        dataclasses.replace(
            settings, chapters=("1",), layouts=("own", "canvas", "moodle"), excel=True
        ),
        lines.append,
    )
    out = settings.out
    for name in ("grades.csv", "marking_sheet.csv"):
        assert (out / name).read_bytes().startswith(b"\xef\xbb\xbf"), name
    assert "Chapter 1: " in (out / "grades-canvas.csv").read_text(encoding="utf-8")
    assert (out / "grades-moodle-ch01.csv").is_file()
    summary = (out / "summary.html").read_text(encoding="utf-8")
    assert 'href="feedback/Pupil%20000.html"' in summary and "What was recognised" in summary
    assert any(line.startswith("Recognised") for line in lines)
    lines.clear()
    run.grade(folder, dataclasses.replace(settings, chapters=("1",)), lines.append)
    assert "4 submissions have their marks already." in lines


@locked
def test_explain_tells_of_a_difference(folder, settings, pupils, marked):
    (folder / "Pupil").mkdir()  # whose name is a part of the others'
    (folder / "Pupil" / f"{SLUG}.ipynb").write_bytes(pupils[0].content)
    run.grade(folder, settings, lambda _: None)
    with contextlib.closing(sqlite3.connect(settings.out / run.GRADEBOOK)) as db, db:
        db.execute("UPDATE mark SET points = 0, status = 'not yet'")
    lines = []
    run.explain("pupil", "1", settings, lines.append)
    right = [n for n, (kind, _) in pupils[0].worth.items() if kind == "right"]
    for number in right:
        assert f"  {number} is not yet with 0 points in the gradebook!" in lines
        assert any(line.startswith(f"  {number} case 1: right") for line in lines)
    wrong = [n for n, (kind, _) in pupils[0].worth.items() if "mistake" in kind]
    for number in wrong:
        assert any(re.match(rf"  {number} case \d+: wrong", line) for line in lines)


def test_explain_of_a_chapter_without_exercises(settings, monkeypatch):
    monkeypatch.setattr(run, "why_not", lambda: None)
    settings.out.mkdir()
    with open_gradebook(settings.out / run.GRADEBOOK):
        pass
    with pytest.raises(run.GradingError, match="Chapter 0 has no exercises"):
        run.explain("Jane", "0", settings, print)


@locked
def test_explain_of_what_cannot_be_read(folder, settings, marked):
    (folder / "Zoe").mkdir()
    (folder / "Zoe" / f"{SLUG}.ipynb").write_bytes(b"")
    run.grade(folder, settings, lambda _: None)
    lines = []
    run.explain("Zoe", "1", settings, lines.append)
    assert "empty" in lines[-1]


@locked
def test_a_merge_brings_every_table_up_to_date(folder, settings, marked):
    layouts = ("own", "canvas", "moodle")
    run.grade(folder, dataclasses.replace(settings, layouts=layouts), lambda _: None)
    sheet = settings.out / "marking_sheet.csv"
    content = sheet.read_text(encoding="utf-8-sig")
    assert content.count(",2,Because.,,,") == 1
    sheet.write_text(content.replace(",2,Because.,,,", ",2,Because.,1.75,,"), encoding="utf-8")
    before = {p.name: p.read_bytes() for p in settings.out.glob("grades*.csv")}
    assert len(before) == 3
    run.merge(sheet, settings, lambda _: None)
    for name, content in before.items():
        assert (settings.out / name).read_bytes() != content, name


@locked
def test_a_sheet_with_a_mistake_is_a_failure(folder, settings, marked):
    run.grade(folder, settings, lambda _: None)
    sheet = settings.out / "marking_sheet.csv"
    with open(sheet, encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    rows[0]["mark"] = "99"
    with open(sheet, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    lines = []
    assert run.merge(sheet, settings, lines.append) == 1
    assert any("99" in line for line in lines)


def test_the_scheduler_of_the_settings_is_used(folder, settings, monkeypatch, marked):
    asked = []
    monkeypatch.setattr(run, "why_not", lambda: None)
    monkeypatch.setattr(marking, "mark", lambda task: marking.Marked((), (), ()))
    monkeypatch.setattr(
        scheduler, "connect", lambda *words: asked.append(words) or contextlib.nullcontext()
    )
    run.grade(folder, dataclasses.replace(settings, scheduler="tcp://a:1", jobs=3), lambda _: None)
    assert asked == [("tcp://a:1", 3)]


def test_a_secret_of_its_own_lies_beside_the_gradebook(folder, settings, monkeypatch, marked):
    monkeypatch.setattr(run, "why_not", lambda: None)
    monkeypatch.setattr(marking, "mark", lambda task: marking.Marked((), (), ()))
    run.grade(folder, run.Settings(settings.out), lambda _: None)
    assert (settings.out / run.SEED).is_file()


def test_what_the_answers_must_not_see_reaches_the_worker(monkeypatch):
    from course.authoring import notebook_path
    from course.exercises.public import pack
    from course.grading import notebooks

    seen = []

    def open_worker(*words):
        seen.append(words)
        raise WorkerError("enough")

    monkeypatch.setattr(marking, "open_worker", open_worker)
    content = notebook_path(SLUG, for_student=True).read_bytes()
    limits = marking.Limits(memory=1)
    task = marking.Task(
        "a", 1, content, notebooks.template(content), pack({}), {}, limits, True, ("/secret",)
    )
    with pytest.raises(WorkerError, match="enough"):
        marking.mark(task)
    assert seen == [(limits, True, ("/secret",))]
