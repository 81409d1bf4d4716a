"""The doctor finds each fault and says what to do; on a sound machine it finds none."""

import importlib.metadata
import os
import subprocess
import sys

import pytest

from course import chapters, doctor, environment
from course.environment import ROOT


@pytest.fixture
def heard(monkeypatch, tmp_path):
    """Run one check; what it said comes back with the number of problems."""
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("COURSE_DATA", "drawn")

    def hear(check, *args):
        lines = []
        report = doctor.Report(lines.append)
        check(report, *args)
        return "\n".join(lines), report.problems

    return hear


def test_a_sound_machine_has_no_problem_but_perhaps_missing_chapters(heard, monkeypatch):
    monkeypatch.setattr(doctor, "CHAPTERS", ())
    lines = []
    assert doctor.examine(measure=False, say=lines.append) == 0, "\n".join(lines)
    text = "\n".join(lines)
    for what in ("Python", "Packages", "Cores", "Disk", "Jupyter kernel", "Digits", "Cache"):
        assert f"{what}: " in text
    assert "keras 3" in text and "drawn" in text and "Nothing is broken." in text


def test_it_answers_on_a_python_without_packages():
    # -S: no site-packages. The environment of the clone must not be entered.
    code = (
        "from course import doctor, environment; environment.enter_if_ready = lambda: None\n"
        "from course.cli import main; raise SystemExit(main(['doctor']))"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", code], cwd=ROOT, capture_output=True, text=True, env=os.environ
    )
    assert done.returncode == 1 and done.stderr == ""
    assert "BAD   Packages: missing: all packages" in done.stdout
    assert "python -m course run" in done.stdout and "problem" in done.stdout.splitlines()[-1]


def test_a_wrong_python_is_a_problem(heard, monkeypatch):
    monkeypatch.setattr(environment, "running_version", lambda: "3.14")
    monkeypatch.setattr(sys, "version_info", (3, 14, 0))
    text, problems = heard(doctor.check_python)
    assert problems == 1 and "3.11, 3.12 or 3.13" in text


def test_a_machine_without_tensorflow_is_a_problem(heard, monkeypatch):
    monkeypatch.setattr(environment, "machine_problem", lambda: "no wheels here")
    text, problems = heard(doctor.check_python)
    assert problems == 1 and "no wheels here" in text


def test_versions_that_differ_from_the_lock_are_named(tmp_path):
    numpy = importlib.metadata.version("numpy")
    lock = tmp_path / "lock.txt"
    lock.write_text(
        f"numpy==0.1 ; python_version < '3'\nnumpy=={numpy} ; python_version >= '3'\n"
        "keras==1.0.0\n    # via nothing\nno-such-thing==2\nappnope==1 ; sys_platform == 'plan9'\n"
    )
    keras = importlib.metadata.version("keras")
    assert doctor.differences(lock) == [
        f"keras {keras} (lock: 1.0.0)", "no-such-thing missing (lock: 2)",
    ]  # fmt: skip


def test_little_memory_is_a_note_and_a_full_disk_a_problem(heard, monkeypatch):
    monkeypatch.setattr(doctor, "memory_gib", lambda: 1.0)
    text, problems = heard(doctor.check_machine)
    assert problems == 0 and "--jobs 1" in text
    usage = type("usage", (), {"free": 2**20})
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda path: usage)
    text, problems = heard(doctor.check_machine)
    assert problems == 1 and "Free at least" in text


def test_a_foreign_kernelspec_is_noted(heard, tmp_path, monkeypatch):
    other = tmp_path / "python"
    other.write_text("")
    spec = tmp_path / "kernels" / "python3"
    spec.mkdir(parents=True)
    (spec / "kernel.json").write_text(
        f'{{"argv": ["{other.as_posix()}", "-m", "ipykernel_launcher", "-f", '
        '"{connection_file}"], "display_name": "x", "language": "python"}'
    )
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    text, problems = heard(doctor.check_kernel)
    assert problems == 0 and "another Python" in text and "ipykernel install" in text


def test_a_missing_kernel_is_a_problem(heard, monkeypatch):
    from course import running

    find = running.importlib.util.find_spec
    monkeypatch.setattr(
        running.importlib.util, "find_spec", lambda n: None if n == "ipykernel" else find(n)
    )
    text, problems = heard(doctor.check_kernel)
    assert problems == 1 and "pip install" in text


@pytest.mark.parametrize("value", ["cifar", "mnist"])
def test_digits_that_cannot_be_had_are_a_problem(value, heard, monkeypatch, tmp_path):
    from course.data import keras_cache

    monkeypatch.setenv("COURSE_DATA", value)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(keras_cache, "obstacle", lambda published, faults: "no network")
    text, problems = heard(doctor.check_data)
    assert problems == 1 and f"BAD   Digits: COURSE_DATA={value}" in text


def test_a_cache_that_cannot_be_written_is_a_note(heard, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "file"))
    text, problems = heard(doctor.check_data)
    assert problems == 0 and "Set COURSE_CACHE" in text


def test_missing_chapters_are_a_problem(heard, tmp_path, monkeypatch):
    monkeypatch.setattr(doctor, "ROOT", tmp_path)
    text, problems = heard(doctor.check_chapters)
    assert problems == 1 and "ch00_start_here" in text and "course release" in text


def test_times_are_scaled_or_taken_from_the_last_run(heard, monkeypatch):
    slug = chapters.CHAPTERS[1].slug
    monkeypatch.setattr(doctor, "REFERENCE_GFLOPS", 100.0)
    monkeypatch.setattr(doctor, "measure_speed", lambda report: 50.0)
    monkeypatch.setattr(
        doctor, "last_run", lambda: {slug: {"budget": "quick", "seconds": 33.3, "error": None}}
    )
    text, _ = heard(doctor.tell_times, True)
    row = next(line for line in text.splitlines() if line.startswith(slug))
    assert (
        "33 s (measured)" in row and f"about {2 * chapters.CHAPTERS[1].full_seconds:.0f} s" in row
    )


def test_a_tensorflow_that_crashes_is_found(heard, monkeypatch):
    monkeypatch.setattr(doctor, "SPEED", "import os; os.abort()")
    text, problems = heard(doctor.measure_speed)
    assert problems == 1 and "does not start" in text and "AVX" in text


@pytest.mark.parametrize("text", ["", "[]", "{"])
def test_a_damaged_record_is_no_record(text, tmp_path, monkeypatch):
    (tmp_path / "build").mkdir()
    (tmp_path / "build" / "results.json").write_text(text)
    monkeypatch.setattr(doctor, "ROOT", tmp_path)
    assert doctor.last_run() == {}
