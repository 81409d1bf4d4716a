"""The test command: all steps run, a failing one is seen, and the data is told."""

import sys

import pytest

from course import suite
from course.environment import SetupError


@pytest.fixture
def plan(monkeypatch):
    """Replace the steps by tiny programs with these exit statuses."""

    def steps(*codes):
        made = [
            (f"step {i}", [sys.executable, "-c", f"raise SystemExit({c})"], {})
            for i, c in enumerate(codes)
        ]
        monkeypatch.setattr(suite, "steps", lambda real, jobs: made)

    monkeypatch.setattr(suite, "real_digits", lambda digits_source: "drawn")
    return steps


def test_all_steps_run_even_if_one_fails(plan, capfd):
    plan(0, 3, 0)
    assert suite.run(jobs=1) == 1
    said = capfd.readouterr().out
    rows = [line.split() for line in said.splitlines() if line.startswith("step ")][1:]
    assert [row[3:] for row in rows] == [["ok"], ["FAILED", "(3)"], ["ok"]]


def test_it_passes_if_all_pass_and_says_that_mnist_was_not_there(plan, capfd):
    plan(0, 0)
    assert suite.run(jobs=1) == 0
    said = capfd.readouterr().out
    assert "NOT TESTED ON REAL MNIST" in said and said.splitlines()[-1].startswith("Not tested on")


def test_the_steps_are_those_of_the_readme():
    names = [name for name, *_ in suite.steps("mnist", 2)]
    assert names == [
        "lint", "format", "drift", "unit tests", "solutions on mnist", "notebooks on drawn",
    ]  # fmt: skip
    for name, command, env in suite.steps("mnist", 2)[-2:]:
        assert "--nbval-lax" in command and "--nbval-current-env" in command
        assert command[command.index("--dist") + 1] == "loadfile"
        assert env["COURSE_DATA"] == name.split()[-1] and env["COURSE_BUDGET"] == "quick"


def test_real_digits_are_used_only_if_they_are_there():
    from course.data import DataError, DigitsSource

    def nothing(source):
        raise DataError("no network")

    assert suite.real_digits(nothing) == "drawn"
    assert suite.real_digits(lambda s: DigitsSource(s, "found in ~/.keras")) == "mnist"
    assert suite.real_digits(lambda s: DigitsSource(s, "11 MB would be downloaded")) == "drawn"


def test_found_is_the_word_of_the_data_layer(tmp_path, monkeypatch):
    from course.data import digits, keras_cache

    monkeypatch.setattr(keras_cache, "read", lambda published: ({}, []))
    assert digits.digits_source("mnist").why.startswith("found")


def test_benchmarks_run_by_name(tmp_path, monkeypatch, capfd):
    monkeypatch.setattr(suite, "ROOT", tmp_path)
    (tmp_path / "benchmarks").mkdir()
    with pytest.raises(SetupError, match="benchmarks/"):
        suite.bench()
    (tmp_path / "benchmarks" / "good.py").write_text("print('fast')")
    (tmp_path / "benchmarks" / "worse.py").write_text("raise SystemExit(2)")
    assert suite.bench(["good.py"]) == 0 and "fast" in capfd.readouterr().out
    assert suite.bench() == 1
    with pytest.raises(SetupError, match=r"'?fast'?.*good, worse"):
        suite.bench(["fast"])


@pytest.mark.parametrize(("memory", "jobs"), [(64, 6), (9, 2), (1, 1)])
def test_it_takes_one_process_a_core_as_far_as_the_memory_goes(plan, monkeypatch, memory, jobs):
    asked = []
    plan(0)
    steps = suite.steps
    monkeypatch.setattr(suite, "steps", lambda real, jobs: asked.append(jobs) or steps(real, jobs))
    monkeypatch.setattr(suite, "cores", lambda: 6)
    monkeypatch.setattr(suite, "memory_gib", lambda: memory)
    assert suite.run() == 0
    assert asked == [jobs]


def test_skipped_tests_are_named():
    commands = {name: command for name, command, _ in suite.steps("drawn", 1)}
    assert "-rs" in commands["unit tests"]
