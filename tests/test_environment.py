"""Set-up: the locks hold what they must, and every broken state is seen and named."""

import json
import os
import re
import subprocess
import sys

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from course import environment, installing, lock, pythons
from course.environment import INSTRUCTOR, ROOT, STUDENT, SetupError
from course.installer_errors import explain

HERE = environment.running_version()
INSTALL_PACKAGES = installing.install_packages


def name_of(text):
    return re.sub(r"[-_.]+", "-", text).lower()


@pytest.fixture
def clone(tmp_path, monkeypatch):
    """A clone in an empty folder, with locks; nothing is really installed."""
    root = tmp_path / "a päth with spaces"
    (root / "tests").mkdir(parents=True)
    (root / STUDENT).write_text("a==1\n")
    (root / INSTRUCTOR).write_text("a==1\nb==2\n")
    venv = root / ".venv"
    monkeypatch.setattr(environment, "ROOT", root)
    monkeypatch.setattr(environment, "VENV", venv)
    monkeypatch.setattr(environment, "STAMP", venv / "course-setup.json")
    monkeypatch.setattr(installing, "VENV", venv)
    monkeypatch.setattr(installing, "LOG", venv / "course-setup.log")
    monkeypatch.setattr(installing, "install_packages", lambda lock: None)
    monkeypatch.setattr(installing, "VENV_OPTIONS", ["--without-pip"])  # 4 s less
    monkeypatch.setattr(environment, "machine_problem", lambda: None)
    monkeypatch.delenv("COURSE_ENTERED_VENV", raising=False)
    return root


@pytest.fixture
def made(clone):
    """A clone with a ready `.venv` (a real, empty one)."""
    installing.install()
    return clone


# The locks


def test_every_requirement_is_locked_at_a_version_that_it_allows():
    student, instructor = lock.read_lock(ROOT / STUDENT), lock.read_lock(ROOT / INSTRUCTOR)
    for text in environment.short_list():
        need = Requirement(text)
        assert name_of(need.name) in student, f"run `{lock.COMMAND}`: {need.name} is not locked"
        for version, _ in student[name_of(need.name)]:
            assert need.specifier.contains(version), f"run `{lock.COMMAND}`: {text} != {version}"
    for text in environment.short_list(instructor=True):
        need = Requirement(text)
        assert name_of(need.name) in instructor
        assert all(need.specifier.contains(v) for v, _ in instructor[name_of(need.name)])


def test_the_instructors_lock_holds_all_of_the_students():
    student, instructor = lock.read_lock(ROOT / STUDENT), lock.read_lock(ROOT / INSTRUCTOR)
    for name, pins in student.items():
        assert {v for v, _ in pins} == {v for v, _ in instructor.get(name, [])}, name
    assert not {"nbgrader", "jupytext", "ruff"} & set(student)


@pytest.mark.parametrize("name", [STUDENT, INSTRUCTOR])
def test_locks_hold_no_cuda_no_registry_and_only_exact_versions(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    assert not re.search(r"nvidia|cuda|cupy|triton|https?://|--index|--find-links|@ file", text)
    for line in text.splitlines():
        if line and not line.lstrip().startswith("#"):
            pin = Requirement(line)
            assert len(pin.specifier) == 1 and "==" in str(pin.specifier), line


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
@pytest.mark.parametrize(
    "system, machine, tensorflow",
    [
        ("linux", "x86_64", "tensorflow-cpu"),
        ("linux", "aarch64", "tensorflow"),
        ("darwin", "arm64", "tensorflow"),
        ("win32", "AMD64", "tensorflow"),
    ],
)
def test_each_platform_gets_one_tensorflow_and_one_version_of_each(
    python, system, machine, tensorflow
):
    place = {
        "python_version": python, "python_full_version": f"{python}.9",
        "sys_platform": system, "platform_machine": machine,
        "os_name": "nt" if system == "win32" else "posix",
        "platform_system": {"linux": "Linux", "darwin": "Darwin", "win32": "Windows"}[system],
    }  # fmt: skip
    taken = []
    for line in (ROOT / STUDENT).read_text(encoding="utf-8").splitlines():
        if line and not line.lstrip().startswith("#"):
            need = Requirement(line)
            if not need.marker or need.marker.evaluate(place):
                taken.append(need.name)
    assert len(taken) == len(set(taken))
    assert [n for n in taken if n in ("tensorflow", "tensorflow-cpu")] == [tensorflow]
    assert {"keras", "numpy", "jupyterlab", "ipykernel", "nbclient"} <= set(taken)


def test_locks_bring_a_setuptools_that_can_build_the_course():
    need = Requirement("setuptools>=77")  # as in [build-system]; the build is not isolated
    assert need.specifier.contains(lock.read_lock(ROOT / STUDENT)["setuptools"][0][0])


def test_conda_uses_the_same_file():
    text = (ROOT / "environment.yml").read_text(encoding="utf-8")
    assert f"-r {STUDENT}" in text and "-e ." in text
    python = Version(re.search(r"python=([\d.]+)", text)[1])
    assert Version("3.11") <= python <= Version("3.13")


def test_lock_without_uv_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr(lock.shutil, "which", lambda name: None)
    with pytest.raises(SetupError, match="pip install uv"):
        lock.write_locks()


# What is there


def test_this_interpreter_has_what_the_short_list_asks_for():
    assert environment.missing() == []


def test_missing_names_package_and_version(clone, monkeypatch):
    (clone / "pyproject.toml").write_text(
        '[project]\ndependencies = ["numpy>=999", "no-such-thing>=1", "packaging"]\n'
        '[project.optional-dependencies]\ninstructor = ["other-thing"]\n'
    )
    numpy = environment.installed_version("numpy")
    assert environment.missing() == [f"numpy>=999 (found {numpy})", "no-such-thing>=1"]
    assert environment.missing(instructor=True)[-1] == "other-thing"
    monkeypatch.setattr(sys, "version_info", (3, 14, 0))
    assert environment.missing() == ["Python 3.11-3.13 (this is 3.14)"]


def test_the_gpu_wheel_stands_in_for_the_cpu_wheel(clone, monkeypatch):
    (clone / "pyproject.toml").write_text(
        '[project]\ndependencies = ["tensorflow-cpu>=2.21,<2.22"]\n'
    )
    have = {"tensorflow": "2.21.3"}
    monkeypatch.setattr(environment, "installed_version", have.get)
    assert environment.missing() == []
    have["tensorflow"] = "2.18.0"
    assert environment.missing() == ["tensorflow-cpu<2.22,>=2.21 (found 2.18.0)"]


@pytest.mark.parametrize(
    "system, machine, word",
    [("darwin", "x86_64", "Intel"), ("win32", "ARM64", "ARM"), ("linux", "x86_64", None)],
)
def test_machines_without_tensorflow_are_named(system, machine, word, monkeypatch):
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(environment.platform, "machine", lambda: machine)
    problem = environment.machine_problem()
    assert (problem is None) if word is None else (word in problem)


# The states of .venv


def test_set_up_leaves_a_ready_environment(made, capsys):
    assert environment.is_ready() and not environment.is_ready(instructor=True)
    assert environment.read_stamp()["folder"] == str(made)
    assert environment.venv_python().exists()
    assert installing.leftover() is None


def test_the_instructors_set_up_is_enough_for_students(clone):
    installing.install(instructor=True)
    assert environment.is_ready() and environment.is_ready(instructor=True)


def test_a_changed_lock_is_seen_and_line_endings_are_not(made):
    (made / STUDENT).write_bytes(b"a==1\r\n")
    assert environment.is_ready()
    (made / STUDENT).write_text("a==2\n")
    assert not environment.is_ready()
    assert installing.leftover() is None  # brought up to date, not made again
    installing.install()
    assert environment.is_ready()


@pytest.mark.parametrize(
    "change, reason",
    [
        ({"state": "installing"}, "cut short"),
        ({"folder": "/elsewhere"}, "moved"),
        ({"python": "3.10"}, "changed from 3.10"),
    ],
)
def test_what_cannot_be_trusted_is_made_again(made, change, reason, capsys):
    (environment.VENV / "rubble").write_text("x")
    environment.write_stamp(**{**environment.read_stamp(), **change})
    assert not environment.is_ready() or "python" in change
    assert reason in installing.leftover()
    installing._install(pythons.find_python(), STUDENT)
    assert environment.is_ready() and not (environment.VENV / "rubble").exists()
    said = capsys.readouterr().err
    assert "starting again" in said and reason in said


def test_a_dead_base_python_is_seen(made):
    for link in environment.venv_python().parent.glob("python*"):
        link.unlink()
    assert not environment.is_ready()
    assert "no longer there" in installing.leftover()


@pytest.mark.parametrize("text", ["", "{", "[]", "\x00", '"x"'])
def test_a_damaged_stamp_counts_as_cut_short(made, text):
    environment.STAMP.write_text(text)
    assert environment.read_stamp() == {} and not environment.is_ready()
    assert "cut short" in installing.leftover()


def test_an_interrupted_set_up_is_not_half_used(clone, monkeypatch):
    def stop(lock):
        raise KeyboardInterrupt

    monkeypatch.setattr(installing, "install_packages", stop)
    with pytest.raises(KeyboardInterrupt):
        installing.install()
    assert not environment.is_ready()
    assert "cut short" in installing.leftover()


def test_a_set_up_that_stops_while_it_makes_venv_is_ours_to_repeat(clone, monkeypatch):
    def stop(command, **_):
        if "venv" in command:
            raise KeyboardInterrupt
        return run(command, **_)

    run = subprocess.run
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(installing.subprocess, "run", stop)
        installing.install()
    (environment.VENV / "half").write_text("x")
    installing.install()
    assert environment.is_ready() and not (environment.VENV / "half").exists()


def test_an_update_that_fails_is_not_taken_for_ready(made, monkeypatch):
    def fail(lock):
        raise SetupError("no")

    (made / STUDENT).write_text("a==2\n")
    monkeypatch.setattr(installing, "install_packages", fail)
    with pytest.raises(SetupError):
        installing.install()
    (made / STUDENT).write_text("a==1\n")  # even when the lock goes back
    assert not environment.is_ready()


def test_somebody_elses_venv_is_not_deleted(clone):
    environment.VENV.mkdir()
    (environment.VENV / "mine").write_text("x")
    with pytest.raises(SetupError, match="not made by the course"):
        installing.install()
    assert (environment.VENV / "mine").exists()


def test_a_full_disk_is_told_before_anything_is_written(clone, monkeypatch):
    small = type("usage", (), {"free": 2**30})
    monkeypatch.setattr(installing.shutil, "disk_usage", lambda path: small)
    with pytest.raises(SetupError, match=r"1\.0 GiB free"):
        installing.install()
    assert not environment.VENV.exists()


def test_a_missing_lock_says_so(made):
    (made / STUDENT).unlink()
    with pytest.raises(SetupError, match="git checkout"):
        environment.is_ready()


# Which Python


def test_no_python_that_fits_names_the_versions_and_the_way(monkeypatch):
    monkeypatch.setattr(pythons, "ask_version", lambda python: "3.14")
    with pytest.raises(SetupError, match=r"3\.11, 3\.12 or 3\.13.*make run PYTHON="):
        pythons.find_python()


def test_another_python_on_the_path_is_taken(monkeypatch, capsys):
    versions = {"/old": "3.10", "/good": "3.12"}
    monkeypatch.setattr(sys, "_base_executable", "/old")
    monkeypatch.setattr(
        pythons.shutil, "which", lambda name: "/good" if name == "python3.12" else None
    )
    monkeypatch.setattr(pythons, "ask_version", versions.get)
    monkeypatch.setattr(pythons, "_answer", lambda python, code: "yes")
    assert pythons.find_python() == "/good"
    assert "using /good" in capsys.readouterr().err


def test_debian_without_venv_says_what_to_install(monkeypatch):
    monkeypatch.setattr(pythons, "ask_version", lambda python: "3.12")
    monkeypatch.setattr(pythons, "_answer", lambda python, code: "")
    with pytest.raises(SetupError, match=r"apt install python3\.12-venv"):
        pythons.find_python()


def test_a_python_that_does_not_run_has_no_version(tmp_path):
    assert pythons.ask_version(tmp_path / "nothing") == ""
    assert pythons.ask_version(sys.executable) == HERE


@pytest.mark.parametrize(
    "text, word",
    [
        ("ERROR: [Errno 28] No space left on device", "disk is full"),
        ("NewConnectionError(...) Temporary failure in name resolution", "could not be reached"),
        ("x CERTIFICATE_VERIFY_FAILED Max retries; Connection refused", "certificate"),
        ("ERROR: No matching distribution found for tensorflow-cpu==9", "no ready-made package"),
        ("PermissionError: [Errno 13] Permission denied", "cannot be written"),
        ("something new", "last lines"),
    ],
)
def test_causes_are_told_in_words(text, word):
    assert word in explain(text)


def test_a_failing_installer_is_told_with_its_last_lines(clone, monkeypatch):
    monkeypatch.setattr(installing, "VENV_OPTIONS", [])
    monkeypatch.setattr(installing, "install_packages", INSTALL_PACKAGES)
    monkeypatch.setattr(installing.shutil, "which", lambda name: None)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    (clone / STUDENT).write_text("no-such-package-of-ours==1\n")
    with pytest.raises(SetupError, match="no-such-package-of-ours") as error:
        installing.install()
    assert "no ready-made package" in str(error.value)
    assert "no-such-package" in installing.LOG.read_text()


# ensure: stay, enter, or install


class Entered(Exception):
    pass


@pytest.fixture
def roads(clone, monkeypatch):
    taken = []

    def enter():
        raise Entered

    def install(instructor):
        taken.append(instructor)
        environment.VENV.mkdir(exist_ok=True)

    monkeypatch.setattr(environment, "enter", enter)
    monkeypatch.setattr(installing, "install", install)
    monkeypatch.setattr(environment, "in_venv", lambda: False)
    return taken


def test_an_environment_that_has_everything_is_used_as_it_is(roads, monkeypatch):
    monkeypatch.setattr(environment, "missing", lambda instructor=False: [])
    environment.ensure()
    assert roads == []


def test_a_bare_python_installs_once_and_enters(roads, monkeypatch):
    monkeypatch.setattr(environment, "missing", lambda instructor=False: ["all"])
    with pytest.raises(Entered):
        environment.ensure(instructor=True)
    assert roads == [True]


def test_a_ready_environment_is_entered_without_installing(roads, monkeypatch):
    monkeypatch.setattr(environment, "missing", lambda instructor=False: ["all"])
    monkeypatch.setattr(environment, "is_ready", lambda instructor=False: True)
    with pytest.raises(Entered):
        environment.ensure()
    assert roads == []


def test_it_does_not_run_in_circles(roads, monkeypatch):
    monkeypatch.setenv("COURSE_ENTERED_VENV", "1")
    monkeypatch.setattr(environment, "missing", lambda instructor=False: ["keras>=3"])
    with pytest.raises(SetupError, match="keras>=3"):
        environment.ensure()


def test_outside_a_clone_it_installs_nothing(roads, clone, monkeypatch):
    (clone / STUDENT).unlink()
    monkeypatch.setattr(environment, "is_ready", lambda instructor=False: False)
    monkeypatch.setattr(environment, "missing", lambda instructor=False: ["keras"])
    with pytest.raises(SetupError, match="not a clone"):
        environment.ensure()
    assert roads == []


def test_two_set_ups_wait_for_each_other(clone):
    code = (
        "import sys; from pathlib import Path; from course import environment, installing\n"
        f"environment.ROOT = Path({str(clone)!r})\n"
        "with installing.only_one(): print('in', flush=True); sys.stdin.readline()"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, "PYTHONUTF8": "1"},
    )  # fmt: skip
    with other:
        assert other.stdout.readline() == "in\n"
        path = installing.lock_path()
        with open(path, "a+b") as handle:
            assert not installing._try_lock(handle)
            other.kill()  # its lock must not outlive it
            other.wait()
            assert installing._try_lock(handle)


def test_the_stamp_is_readable_json(made):
    stamp = json.loads(environment.STAMP.read_text(encoding="utf-8"))
    assert stamp["state"] == "ready" and stamp["python"] == HERE
