"""course.grading.command: which words lead where, and what a failure looks like."""

import errno
import os
import subprocess
import sys

import pytest

from course import cli
from course.environment import ROOT
from course.grading import command, run
from course.grading.gradebook import GradebookError


@pytest.fixture
def called(monkeypatch):
    """Replaces the work; -> what was called, with which arguments."""
    seen = []

    def record(name, result=0):
        def call(*words, say):
            seen.append((name, *words))
            return result

        return call

    for name in ("grade", "explain", "merge"):
        monkeypatch.setattr(run, name, record(name))
    return seen


def main(*words):
    return command.main(cli.build_parser().parse_args(["grade", *words]))


def test_words_lead_to_the_work(called, tmp_path):
    assert main("folder") == main("explain", "Zoë", "3") == main("merge", "sheet.csv") == 0
    plain = run.Settings(command.Path("grades"))
    assert called == [
        ("grade", "folder", plain),
        ("explain", "Zoë", "3", plain),
        ("merge", "sheet.csv", plain),
    ]


def test_options_reach_it(called):
    words = "--out o --chapters 1 3 --jobs 2 --seed-file s --layout canvas moodle --excel"
    main("./merge", *words.split(), "--scheduler", "tcp://a:1", "--trust-submissions")
    ((name, path, settings),) = called
    assert (name, path) == ("grade", "./merge")
    assert settings == run.Settings(
        command.Path("o"), ("1", "3"), "tcp://a:1", 2, command.Path("s"), True,
        ("own", "canvas", "moodle"), True,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["a", "b"], "Received: 2: a b"),
        (["explain", "Zoë"], "explain STUDENT CHAPTER"),
        (["merge"], "merge MARKING_SHEET.csv"),
    ],
)
def test_wrong_words_are_told(called, capsys, words, told):
    assert main(*words) == 1 and not called
    said = capsys.readouterr().err
    assert said.startswith("course grade: ") and told in said


@pytest.mark.parametrize("error", [run.GradingError, GradebookError, OSError])
def test_what_can_happen_is_one_line_and_no_traceback(monkeypatch, capsys, error):
    def fail(*_, **__):
        raise error("what to do")

    monkeypatch.setattr(run, "grade", fail)
    assert main("folder") == 1
    assert capsys.readouterr().err == "course grade: what to do\n"


def test_a_fault_of_ours_is_not_hidden(monkeypatch):
    def fail(*_, **__):
        raise TypeError("a fault")

    monkeypatch.setattr(run, "grade", fail)
    with pytest.raises(TypeError):
        main("folder")


def test_submissions_that_were_lost_are_a_failure(monkeypatch):
    monkeypatch.setattr(run, "grade", lambda *_, **__: 2)
    assert main("folder") == 1


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (errno.ENOSPC, "/out/x cannot be written: the disk is full. Free some space"),
        (errno.EROFS, "/out/x: Read-only file system. Choose another folder with --out"),
        (errno.EISDIR, "/out/x: Is a directory. Choose another"),
    ],
)
def test_what_the_system_says_comes_with_a_next_step(monkeypatch, capsys, number, told):
    def fail(*_, **__):
        raise OSError(number, os.strerror(number), "/out/x")

    monkeypatch.setattr(run, "grade", fail)
    assert main("folder") == 1
    said = capsys.readouterr().err
    assert told in said and "is kept" in said


@pytest.mark.parametrize(
    "name",
    [
        "AuthoringError", "ExportError", "NotThere", "SchedulerError", "SeedError", "SheetError",
        "WorkerError",
    ],
)  # fmt: skip
def test_each_refusal_is_one_line(monkeypatch, capsys, name):
    def fail(*_, **__):
        raise getattr(command, name)("what to do")

    monkeypatch.setattr(run, "grade", fail)
    assert main("folder") == 1
    assert capsys.readouterr().err == "course grade: what to do\n"


@pytest.mark.skipif(os.name == "nt", reason="POSIX pipes")
def test_a_reader_that_leaves_ends_the_command_without_a_word(tmp_path):
    """As in `course grade … | head`."""
    code = (
        "import sys; from course import cli; from course.grading import run\n"
        "run.grade = lambda *_, say: [say('x' * 999) for _ in range(999)]\n"
        "sys.exit(cli.main(['grade', 'folder']))"
    )
    env = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, env=env,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == "" and process.wait(60) == 1
