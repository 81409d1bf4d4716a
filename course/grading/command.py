"""`python -m course grade …`: words in, one call out."""

import contextlib
import errno
import os
import sys
from pathlib import Path

from course.authoring import AuthoringError
from course.grading import run
from course.grading.cases import SeedError
from course.grading.exports import ExportError
from course.grading.gradebook import GradebookError
from course.grading.marking_sheet import SheetError
from course.grading.names import shown
from course.grading.sandbox import WorkerError
from course.grading.scheduler import SchedulerError
from course.grading.submissions import NotThere

EXPECTED = (
    run.GradingError,
    AuthoringError,
    ExportError,
    GradebookError,
    NotThere,
    SchedulerError,
    SeedError,
    SheetError,
    WorkerError,
    OSError,  # a full disk, a folder that is read-only
)


def main(args):
    """Run the command; -> its exit status.

    Args:
        args: of `cli.build_parser`.
    """
    settings = run.Settings(
        out=Path(args.out),
        chapters=tuple(args.chapters),
        scheduler=args.scheduler,
        jobs=args.jobs,
        seed_file=Path(args.seed_file) if args.seed_file else None,
        trust=args.trust_submissions,
        layouts=("own", *args.layout),
        excel=args.excel,
    )
    try:
        return 1 if _go(args.words, settings) else 0
    except BrokenPipeError:  # whoever read the lines has left, as `head` does
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except EXPECTED as error:
        print(f"course grade: {_in_words(error)}", file=sys.stderr)
        return 1


def _in_words(error):
    """An error for the instructor; the system's own, which know no next step, with one."""
    if not isinstance(error, OSError) or error.errno is None:
        return str(error)
    where = shown(str(error.filename or "A file"))
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return (
            f"{where} cannot be written: the disk is full. Free some space and run the command "
            "again, or choose another folder with --out (and another TMPDIR for what is unpacked). "
            "What is marked so far is kept."
        )
    return (
        f"{where}: {error.strerror}. Choose another folder with --out, or mend this one, and run "
        "the command again. What is marked so far is kept."
    )


def _go(words, settings):
    if words[0] == "explain":
        if len(words) != 3:
            raise run.GradingError("Say whose submission of which chapter: explain STUDENT CHAPTER")
        return run.explain(*words[1:], settings, say=_say)
    if words[0] == "merge":
        if len(words) != 2:
            raise run.GradingError("Say which marking sheet: merge MARKING_SHEET.csv")
        return run.merge(words[1], settings, say=_say)
    if len(words) != 1:
        raise run.GradingError(
            f"Give one folder or zip of submissions. Received: {len(words)}: {' '.join(words)}"
        )
    return run.grade(words[0], settings, say=_say)


def _say(line):
    print(line, flush=True)
