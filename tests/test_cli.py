"""The command line: fast, readable when something is wrong, and wired to the right calls."""

import json
import os
import subprocess
import sys
import time
import types

import pytest

from course import chapters, cli, environment
from course.chapters import UnknownChapter, find_chapters

SLUGS = ["ch01_smallest_autoencoder", "ch00_start_here", "ch10_far"]


@pytest.fixture
def ready(monkeypatch):
    """Commands run where they are: nothing is set up, and the log of calls comes back."""
    calls = []
    monkeypatch.setattr(environment, "ensure", lambda instructor=False: calls.append(instructor))
    return calls


def python(*words, **env):
    return subprocess.run(
        [sys.executable, *words],
        cwd=environment.ROOT,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
    )


def test_help_names_every_command_in_well_under_a_second():
    start = time.perf_counter()
    done = python("-m", "course", "--help")
    assert time.perf_counter() - start < 1.5  # 0.1 s on an idle machine
    assert done.returncode == 0
    for command in ["run", "lab", "test", "doctor", "release", "bench", "lock"]:
        assert f"    {command} " in done.stdout


def test_the_command_line_needs_nothing_but_the_standard_library():
    code = (
        "import sys; from course import cli, environment, installing, doctor, progress; "
        "cli.build_parser(); heavy = {m.split('.')[0] for m in sys.modules} - "
        "set(sys.stdlib_module_names) - {'course', '__main__'}; print(sorted(heavy))"
    )
    # -S: no site-packages at all, as with a bare Python.
    done = python("-S", "-c", code)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "words, text",
    [
        ([], "COMMAND"),
        (["dance"], "dance"),
        (["run", "--budget", "tiny"], "tiny"),
        (["run", "--jobs", "0"], "--jobs"),
        (["run", "--frobnicate"], "--frobnicate"),
    ],
)
def test_wrong_words_are_named(words, text, capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(words)
    assert stop.value.code == 2
    assert text in capsys.readouterr().err


@pytest.mark.parametrize(
    "error", [environment.SetupError("say this"), UnknownChapter("say this")], ids=repr
)
def test_known_troubles_end_with_one_line_and_status_1(error, monkeypatch, capsys):
    def fail(**_):
        raise error

    monkeypatch.setattr(environment, "ensure", lambda instructor=False: fail())
    assert cli.main(["run"]) == 1
    assert capsys.readouterr().err == "course run: say this\n"


def test_a_fault_of_ours_keeps_its_traceback(monkeypatch):
    monkeypatch.setattr(environment, "ensure", lambda instructor=False: int("x"))
    with pytest.raises(ValueError):
        cli.main(["run"])


def test_control_c_is_130(monkeypatch, capsys):
    def interrupt(instructor=False):
        raise KeyboardInterrupt

    monkeypatch.setattr(environment, "ensure", interrupt)
    assert cli.main(["run"]) == 130
    assert "Stopped" in capsys.readouterr().err


def test_run_passes_its_options_on(ready, monkeypatch):
    from course import building

    seen = {}
    monkeypatch.setattr(building, "build", lambda names, **more: seen.update(more, n=names) or 0)
    assert (
        cli.main(
            [
                "run",
                "1",
                "ch02",
                "--budget",
                "quick",
                "--jobs",
                "3",
                "--out",
                "there",
                "--timeout",
                "9",
            ]
        )
        == 0
    )
    assert seen == {
        "n": ["1", "ch02"], "budget": "quick", "jobs": 3, "out": "there", "timeout": 9.0,
    }  # fmt: skip
    assert ready == [False]


def test_release_and_test_ask_for_the_instructors_packages(ready, monkeypatch):
    from course import suite

    seen = []
    fake = types.ModuleType("course.release")
    fake.main = lambda args: seen.append((args.chapters, args.check, args.static, args.force)) or 3
    monkeypatch.setitem(sys.modules, "course.release", fake)
    monkeypatch.setattr("course.release", fake, raising=False)
    monkeypatch.setattr(suite, "run", lambda jobs: 4)
    assert cli.main(["release", "1", "--check", "--static"]) == 3
    assert cli.main(["test"]) == 4
    assert seen == [(["1"], True, True, False)]
    assert ready == [True, True]


def test_lab_hands_its_words_to_jupyterlab(ready, monkeypatch):
    from course import lab

    seen = []
    monkeypatch.setattr(lab, "open_lab", lambda words: seen.extend(words) or 0)
    assert cli.main(["lab", "--no-browser", "--port=9999"]) == 0
    assert seen == ["--no-browser", "--port=9999"]


def test_lab_asks_for_no_news_and_keeps_settings_that_are_there(tmp_path):
    from course import lab

    lab.ask_for_no_news(tmp_path)
    path = tmp_path / "share/jupyter/lab/settings/overrides.json"
    assert json.loads(path.read_text(encoding="utf-8")) == lab.NEWS
    path.write_text("{}", encoding="utf-8")
    lab.ask_for_no_news(tmp_path)
    assert path.read_text(encoding="utf-8") == "{}"
    lab.ask_for_no_news(path)  # a folder that cannot be made: no error


def test_lab_command_opens_the_start_page_of_this_clone():
    from course import lab

    command = lab.lab_command(["--no-browser"])
    assert command[:3] == [sys.executable, "-m", "jupyterlab"]
    assert command[-2:] == [f"--ServerApp.root_dir={environment.ROOT}", "--no-browser"]
    first = environment.ROOT / "notebooks" / "ch00_start_here.ipynb"
    assert (str(first) in command) == first.is_file()


@pytest.mark.parametrize(
    "words, found",
    [
        ([], [0, 1, 10]),
        (["1"], [1]),
        (["01"], [1]),
        (["ch01"], [1]),
        (["10", "0"], [0, 10]),
        (["notebooks/ch10_far.ipynb"], [10]),
        (["solutions\\ch10_far.py", "10"], [10]),
    ],
)
def test_chapters_by_number_name_or_file(words, found):
    order = {0: "ch00_start_here", 1: "ch01_smallest_autoencoder", 10: "ch10_far"}
    assert find_chapters(words, SLUGS) == [order[n] for n in found]


@pytest.mark.parametrize("word", ["2", "ch1x", "", "ch", "ch01_smallest"])
def test_an_unknown_chapter_is_named_with_the_choice(word):
    with pytest.raises(UnknownChapter, match="ch10_far") as error:
        find_chapters([word], SLUGS)
    assert repr(word) in str(error.value)


def test_the_list_of_chapters_is_in_order():
    assert [c.number for c in chapters.CHAPTERS] == sorted(c.number for c in chapters.CHAPTERS)
    for chapter in chapters.CHAPTERS:
        assert chapter.slug.startswith(f"ch{chapter.number:02d}_")
        assert 0 < chapter.seconds("quick") <= chapter.seconds("full")
