"""`python -m course …`: arguments in, one call out. Standard library only until a command runs."""

from __future__ import annotations

import argparse
import os
import sys

from course import environment
from course.chapters import UnknownChapter


def main(argv: list[str] | None = None) -> int:
    """Run one command of the course.

    Args:
        argv: the words after `python -m course`; None takes them from the command line.

    Returns:
        the exit status: 0 when all is well, 1 when something failed, 130 after Ctrl-C.
    """
    parser = build_parser()
    args, rest = parser.parse_known_args(argv)
    if rest and args.command != "lab":
        parser.error(f"unknown argument: {' '.join(rest)}")
    args.rest = [word for word in rest if word != "--"]
    for stream in (sys.stdout, sys.stderr):  # a console that cannot show "·" must not end a run
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        return args.go(args)
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130
    except (environment.SetupError, UnknownChapter) as error:
        print(f"course {args.command}: {error}", file=sys.stderr)
        return 1


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m course",
        description="Autoencoders in Keras. The first command sets up .venv by itself.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name, go, text, **settings):
        sub = commands.add_parser(name, help=text, description=text, **settings)
        sub.set_defaults(go=go)
        return sub

    sub = command("run", run, "execute the chapters and write their pages to build/")
    sub.add_argument("chapters", nargs="*", metavar="CHAPTER", help="for example: 1 ch02")
    sub.add_argument(
        "--budget", choices=["quick", "full"], help="default: COURSE_BUDGET, else full"
    )
    sub.add_argument(
        "--jobs", type=positive(int), metavar="N",
        help="chapters at a time (default: half the cores)",
    )  # fmt: skip
    sub.add_argument("--out", default="build", help="folder for the pages (default: build)")
    sub.add_argument(
        "--timeout", type=positive(float), default=1800, metavar="SECONDS",
        help="limit for one chapter (default: 1800)",
    )  # fmt: skip

    command("lab", lab, "open JupyterLab on the first chapter; more words go to JupyterLab")

    sub = command("test", test, "everything that CI checks")
    sub.add_argument(
        "--jobs", type=positive(int), metavar="N",
        help="processes at a time (default: one a core)",
    )  # fmt: skip

    sub = command("doctor", doctor, "say what is installed, and what to do about each problem")
    sub.add_argument("--fast", action="store_true", help="do not measure this machine's speed")

    sub = command("release", release, "make notebooks/ from solutions/")
    sub.add_argument("chapters", nargs="*", metavar="CHAPTER", help="default: all")
    sub.add_argument("--check", action="store_true", help="change nothing; fail on a difference")
    sub.add_argument("--static", action="store_true", help="do not execute anything")
    sub.add_argument("--force", action="store_true", help="make again what looks up to date")
    sub.add_argument(
        "--bundle", metavar="OUT.zip", help="write what students get into one file, and stop"
    )

    sub = command(
        "grade",
        grade,
        "mark a folder of submissions",
        usage="%(prog)s SUBMISSIONS [options]\n"
        "       %(prog)s explain STUDENT CHAPTER [options]\n"
        "       %(prog)s merge MARKING_SHEET.csv [options]",
        epilog="`explain` marks one submission again and says what happened; `merge` reads a "
        "marking sheet back. A folder that is called so itself is given as ./merge.",
    )
    sub.add_argument("words", nargs="+", metavar="SUBMISSIONS", help="a folder, a zip, a notebook")
    sub.add_argument("--out", default="grades", metavar="DIR", help="default: grades")
    sub.add_argument(
        "--chapters", nargs="+", default=[], metavar="N", help="default: all that are handed in"
    )
    sub.add_argument("--scheduler", metavar="ADDRESS", help="of Dask, for more than one machine")
    sub.add_argument(
        "--jobs",
        type=positive(int),
        metavar="N",
        help="submissions at a time (default: one a core)",
    )
    sub.add_argument(
        "--seed-file", metavar="F", help="holds the secret of the hidden cases (default: in DIR)"
    )
    sub.add_argument(
        "--layout", nargs="+", default=[], choices=["canvas", "moodle"],
        help="write the grades for these systems too",
    )  # fmt: skip
    sub.add_argument("--excel", action="store_true", help="CSV that Excel opens by a double click")
    sub.add_argument(
        "--trust-submissions", action="store_true",
        help="run answers without a sandbox, with all your rights",
    )  # fmt: skip

    sub = command("bench", bench, "run the programs in benchmarks/")
    sub.add_argument("names", nargs="*", metavar="NAME", help="default: all")

    sub = command("lock", lock, "write requirements.txt from pyproject.toml (needs uv)")
    sub.add_argument("--upgrade", action="store_true", help="take the newest versions")
    return parser


def positive(kind):
    """A number above 0, for argparse."""

    def read(text):
        number = kind(text)
        if not number > 0:
            raise ValueError
        return number

    read.__name__ = "positive"  # argparse puts it before the word "value"
    return read


def run(args) -> int:
    environment.ensure()
    from course import building

    return building.build(
        args.chapters, budget=args.budget, jobs=args.jobs, out=args.out, timeout=args.timeout
    )


def lab(args) -> int:
    environment.ensure()
    from course import lab

    return lab.open_lab(args.rest)


def test(args) -> int:
    environment.ensure(instructor=True)
    from course import suite

    return suite.run(jobs=args.jobs)


def doctor(args) -> int:
    environment.enter_if_ready()
    from course import doctor

    return doctor.examine(measure=not args.fast)


def release(args) -> int:
    environment.ensure(instructor=True)
    if args.bundle:
        from course import bundle

        return bundle.main(args.bundle)
    from course import release

    return release.main(args)


def grade(args) -> int:
    environment.ensure(instructor=True)
    from course.grading import command

    return command.main(args)


def bench(args) -> int:
    environment.ensure()
    from course import suite

    return suite.bench(args.names)


def lock(args) -> int:
    from course.lock import write_locks

    write_locks(upgrade=args.upgrade)
    return 0
