"""Grade a folder of submissions: take in, mark what is new, write what people read."""

import json
import time
from dataclasses import dataclass
from pathlib import Path

from course.chapters import CHAPTERS
from course.data.cache import write_whole
from course.grading import cases, marking, scheduler
from course.grading.exports import write_grades, written_layouts
from course.grading.feedback import write_feedback
from course.grading.gradebook import open_gradebook
from course.grading.kits import make_kits
from course.grading.marking_sheet import merge_sheet, write_sheet
from course.grading.names import look_alike, shown
from course.grading.sandbox import WorkerError, why_not
from course.grading.submissions import read_submissions
from course.grading.summary import write_summary

GRADEBOOK, SEED, LAST_RUN = "gradebook.sqlite", "seed.txt", "last_run.json"


class GradingError(RuntimeError):
    """Nothing can be graded. The message says why and what to do."""


@dataclass(frozen=True)
class Settings:
    """How to grade.

    Args:
        out: folder for the gradebook and all that is made of it.
        chapters: words such as "3"; none means all with exercises.
        scheduler: address of a Dask scheduler; None uses this machine.
        jobs: submissions at a time on this machine; None means one a core.
        seed_file: holds the secret; None means `seed.txt` in `out`.
        trust: run answers without a sandbox.
        layouts: of the grades, see `exports.LAYOUTS`.
        excel: begin CSV files with the mark by which Excel knows UTF-8.
    """

    out: Path
    chapters: tuple = ()
    scheduler: str | None = None
    jobs: int | None = None
    seed_file: Path | None = None
    trust: bool = False
    layouts: tuple = ("own",)
    excel: bool = False

    @property
    def seed_path(self):
        return Path(self.seed_file or Path(self.out) / SEED)


def grade(path, settings, say=print):
    """Grade submissions and write gradebook, grades, summary, feedback and marking sheet.

    Args:
        path: what a learning system exported: a folder or a zip.
        settings: `Settings`.
        say: takes one line of text.

    Returns:
        how many submissions could not be marked for a reason that is not theirs.

    Raises:
        GradingError: if there is no sandbox, or nothing to grade.
    """
    _require_sandbox(settings.trust, say)
    out = Path(settings.out)
    slugs = cases.chapters_with_exercises(settings.chapters)
    chapters = {int(slug[2:4]): slug for slug in slugs}
    with read_submissions(path, chapters=sorted(chapters), leave_out=[out]) as intake:
        for line in intake.lines:
            say(line)
        if not intake.submissions:
            raise GradingError(f"There is no notebook of these chapters in {shown(str(path))}.")
        with open_gradebook(out / GRADEBOOK) as book:
            wanted = {s.chapter for s in intake.submissions} & set(chapters)
            kits = make_kits({c: chapters[c] for c in wanted}, settings.seed_path, say)
            _write_last_runs(out, wanted, path, settings)
            lines = [*intake.lines, *book.take_in(intake.submissions)]
            for line in lines[len(intake.lines) :]:
                say(line)
            book.use({c: kit.key for c, kit in kits.items()})
            todo = book.ungraded(intake.submissions, {c: kit.key for c, kit in kits.items()})
            done = sum(not s.problem for s in intake.submissions) - len(todo)
            if done:
                say(f"{done} submissions have their marks already.")
            lost = _mark_all(book, todo, kits, settings, [path, out, settings.seed_path], say)
            for submission, why in lost:
                lines.append(f"{shown(submission.student)}, chapter {submission.chapter}: {why}")
                say(lines[-1])
            write_all(out, book, settings, lines, say)
    return len(lost)


def merge(sheet, settings, say=print):
    """Read a marking sheet back and write everything anew.

    Returns:
        how many of its rows have a problem.
    """
    out = Path(settings.out)
    _require_gradebook(out)
    with open_gradebook(out / GRADEBOOK) as book:
        merged = merge_sheet(sheet, book)
        for problem in merged.problems:
            say(problem)
        say(f"{len(merged.given)} marks read, {merged.changed} of them new or changed.")
        write_all(out, book, settings, (), say)
    return len(merged.problems)


def explain(student, chapter, settings, say=print):
    """Mark one submission again, and say what happened case by case. Nothing is written.

    Args:
        student: the name, or a part of it that only one student has.
        chapter: a word such as "3".
        settings: `Settings`; `out` is where it was graded.
        say: takes one line of text.
    """
    _require_sandbox(settings.trust, say)
    out = Path(settings.out)
    _require_gradebook(out)
    slugs = cases.chapters_with_exercises((chapter,))
    if not slugs:
        raise GradingError(f"Chapter {shown(chapter)} has no exercises.")
    slug, number = slugs[0], int(slugs[0][2:4])
    try:
        last = _last_runs(out)[str(number)]
        handed_in, seed_path = last["submissions"], Path(settings.seed_file or last["seed_file"])
    except (KeyError, TypeError):
        raise GradingError(
            f"Chapter {number} was not graded in {out}, or {LAST_RUN} there is damaged. "
            "Grade it again first."
        ) from None
    if not Path(handed_in).exists():
        raise GradingError(
            f"Chapter {number} was graded from {shown(handed_in)}, which is not there any more. "
            "Put it back there, or grade again from where it is now."
        )
    with read_submissions(handed_in, chapters=[number], leave_out=[out]) as intake:
        submission = _the_one(student, intake.submissions)
        say(f"{shown(submission.student)}: {shown(submission.source)}")
        if submission.problem:
            say(f"  {submission.problem}")
            return
        kit = make_kits({number: slug}, seed_path, say)[number]
        task = kit.task(submission, settings.trust, [handed_in, out, seed_path])

        def watch(exercise, place, case, reply, wrong):
            verdict = "right" if not wrong and reply.kind == "value" else reply.kind
            if wrong and reply.kind == "value":
                verdict = "wrong"
            say(f"  {exercise.id} case {place + 1}: {verdict}, {reply.seconds:.2f} s")
            for line in (*wrong, *reply.code.splitlines()):
                say(f"      {line}")

        marked = marking.mark(task, watch)
    for flag in marked.flags:
        say(f"  note: {flag}")
    for mark in marked.marks:
        say(f"  {mark.exercise}: {mark.status}, {mark.points:g} of {mark.possible:g}")
    with open_gradebook(out / GRADEBOOK, write=False) as book:
        before = {
            m.exercise: m
            for m in book.marks()
            if (m.student, m.chapter) == (submission.student, number)
        }
    for mark in marked.marks:
        old = before.get(mark.exercise)
        if old is not None and (old.points, old.status) != (mark.points, mark.status):
            say(f"  {mark.exercise} is {old.status} with {old.points:g} points in the gradebook!")


def write_all(out, book, settings, lines, say):
    """Everything that is made of a gradebook."""
    out = Path(out)
    layouts = {*settings.layouts, *written_layouts(out)}  # none is left behind the others
    write_grades(out, book, layouts=layouts, excel=settings.excel, titles=_titles())
    pages = write_feedback(out / "feedback", book)
    write_summary(out / "summary.html", book, lines=lines, feedback=pages)
    # Always with the mark for Excel: without it Excel garbles names, and rows come back as others.
    sheet = write_sheet(out / "marking_sheet.csv", book, excel=True)
    say(f"Look at {out / 'summary.html'}; grades.csv, {sheet.name} and feedback/ lie beside it.")


def _mark_all(book, todo, kits, settings, hidden, say):
    """Mark submissions and store each as soon as it is done; -> those that were lost, with why."""
    if not todo:
        return []
    begin, lost, done, alone = time.monotonic(), [], 0, False

    def tasks(submissions):
        for s in submissions:
            yield s, (kits[s.chapter].task(s, settings.trust, hidden),)

    def store(submission, result):
        nonlocal done
        if isinstance(result, WorkerError) and (alone or not done):
            raise GradingError(str(result)) from result
        if isinstance(result, Exception):
            return False
        kit = kits[submission.chapter]
        book.store(submission, kit.key, result.marks, written=result.written, flags=result.flags)
        done += 1
        say(_progress(done, len(todo), begin, submission, result))
        return True

    with scheduler.connect(settings.scheduler, settings.jobs) as client:
        say(f"Marking {len(todo)} submissions, {scheduler.workers(client)} at a time.")
        again = []
        for submission, result in scheduler.map_unordered(client, marking.mark, tasks(todo)):
            if not store(submission, result):
                again.append(submission)
        # Alone, so that nobody is held to account for what ran beside it.
        alone = True
        for submission in again:
            ((_, result),) = scheduler.map_unordered(client, marking.mark, tasks([submission]))
            if not store(submission, result):
                lost.append((submission, f"could not be marked ({result}). Run the command again."))
    return lost


def _progress(done, total, begin, submission, result):
    earned = sum(mark.points for mark in result.marks)
    possible = sum(mark.possible for mark in result.marks)
    left = (time.monotonic() - begin) / done * (total - done)
    # The first ones waited for the workers to start.
    rest = f", about {left:.0f} s left" if 5 <= done < total else ""
    width = len(str(total))
    return (
        f"[{done:{width}}/{total}{rest}] {shown(submission.student, 40)}, "
        f"chapter {submission.chapter}: {earned:g} of {possible:g} points"
    )


def _require_sandbox(trust, say):
    if trust:
        say("Answers run without a sandbox, with all your rights: you said that you trust them.")
        return
    words = why_not()
    if words:
        raise GradingError(
            f"{words}\nSubmissions are programs of strangers and are not run without a sandbox. "
            "If you trust every one of them as yourself, say --trust-submissions."
        )


def _require_gradebook(out):
    if not (out / GRADEBOOK).is_file():
        raise GradingError(
            f"There is no gradebook in {out}. Say with --out where the submissions were graded."
        )


def _the_one(student, submissions):
    """The submission of a student whose name, or a part of it, is given."""
    wanted = look_alike(student)
    exact = [s for s in submissions if look_alike(s.student) == wanted]
    found = exact or [s for s in submissions if wanted in look_alike(s.student)]
    if len(found) != 1:
        names = ", ".join(shown(s.student, 40) for s in (found or submissions)[:10])
        raise GradingError(
            f"{len(found)} students of this chapter are called {student!r}. "
            f"{'They are' if found else 'There are'}: {names or 'nobody'}."
        )
    return found[0]


def _last_runs(out):
    """Chapter -> where its submissions and its seed lay when it was graded last."""
    try:
        found = json.loads((out / LAST_RUN).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        found = None
    return found if isinstance(found, dict) else {}


def _write_last_runs(out, chapters, path, settings):
    this = {
        "submissions": str(Path(path).resolve()),
        "seed_file": str(settings.seed_path.resolve()),
    }
    runs = _last_runs(out) | {str(number): this for number in sorted(chapters)}
    write_whole(out / LAST_RUN, json.dumps(runs, indent=1).encode())


def _titles():
    return {chapter.number: f"Chapter {chapter.number}: {chapter.title}" for chapter in CHAPTERS}
