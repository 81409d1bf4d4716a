"""Which Python runs the course, and how to get there. Standard library only.

A command that needs packages calls `ensure()`. It stays where it is if this interpreter has the
packages, continues inside `.venv` if that is ready, and makes `.venv` first if it is not.
This file must parse on old Pythons, so that they get a message and not a SyntaxError.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import platform
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
STAMP = VENV / "course-setup.json"
OLDEST, NEWEST = (3, 11), (3, 13)
STUDENT, INSTRUCTOR = "requirements.txt", "tests/requirements.txt"
_ENTERED = "COURSE_ENTERED_VENV"  # stops a circle, should a fresh .venv not be good enough


class SetupError(RuntimeError):
    """The course cannot be set up here; the message says what to do."""


def ensure(instructor: bool = False) -> None:
    """Return inside an interpreter that has the packages, or do not return.

    Args:
        instructor: also need the packages of `make test` and `make release`.

    Raises:
        SetupError: with the reason and the next step.
    """
    if instructor and (ROOT / STUDENT).is_file() and not (ROOT / INSTRUCTOR).is_file():
        raise SetupError(
            "This copy of the course is for students: it can run the chapters, and neither test, "
            "release nor grade. For that, use a clone of the course."
        )
    entered = os.environ.pop(_ENTERED, None)
    inside = in_venv()
    if inside and STAMP.exists():
        if is_ready(instructor) and read_stamp().get("python") == running_version():
            return
    elif not missing(instructor):
        return
    if entered:
        raise SetupError(
            f"{VENV} was set up, but its Python lacks: {', '.join(missing(instructor))}. "
            "Delete the folder .venv and run the command again."
        )
    if inside or not (is_ready(instructor) or is_made_by_hand(instructor)):
        if not (ROOT / STUDENT).is_file():
            raise SetupError(
                f"Packages are missing ({', '.join(missing(instructor))}), and {ROOT} is not a "
                "clone of the course: run `python -m course` in the folder with requirements.txt."
            )
        from course.installing import install  # needed once

        install(instructor)
    enter()


def enter_if_ready() -> None:
    """Continue inside `.venv` where it is ready; otherwise stay. Never installs."""
    if os.environ.pop(_ENTERED, None) or in_venv() or not missing():
        return
    if is_ready() or is_made_by_hand():
        enter()


def enter() -> None:
    """Run the same command with the Python of `.venv`, in place of this process."""
    command = [str(venv_python()), "-m", "course", *sys.argv[1:]]
    env = {**os.environ, _ENTERED: "1"}
    sys.stdout.flush()
    sys.stderr.flush()
    if os.name != "nt":
        os.execve(command[0], command, env)
    # Windows has no exec: the shell would come back at once. Ctrl-C reaches the child too.
    child = subprocess.Popen(command, env=env)
    while True:
        try:
            raise SystemExit(child.wait())
        except KeyboardInterrupt:
            continue


def in_venv() -> bool:
    """Whether this interpreter is the clone's own `.venv`."""
    return Path(sys.prefix).resolve() == VENV.resolve()


def venv_python() -> Path:
    return VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def running_version() -> str:
    return f"{sys.version_info[0]}.{sys.version_info[1]}"


def lock_digest(name: str) -> str:
    """Digest of a lock file, the same whatever the line endings of the checkout."""
    try:
        text = (ROOT / name).read_text(encoding="utf-8")  # makes all line endings \n
    except FileNotFoundError:
        raise SetupError(f"{ROOT / name} is missing: get it back with `git checkout`.") from None
    return hashlib.sha256(text.encode()).hexdigest()


def read_stamp() -> dict:
    """What the last set-up wrote into `.venv`; empty if there was none or it is damaged."""
    try:
        stamp = json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def write_stamp(**fields) -> None:
    partial = STAMP.with_name(STAMP.name + ".part")
    partial.write_text(json.dumps(fields, indent=1) + "\n", encoding="utf-8")
    os.replace(partial, STAMP)


def is_ready(instructor: bool = False) -> bool:
    """Whether `.venv` is complete, lies where it was made, and holds the current lock."""
    lock = INSTRUCTOR if instructor else STUDENT
    stamp = read_stamp()
    return (
        stamp.get("state") == "ready"
        and stamp.get("folder") == str(ROOT)
        and venv_python().exists()  # follows the link: false when the base Python has gone
        and stamp.get("locks", {}).get(lock) == lock_digest(lock)
    )


def is_made_by_hand(instructor: bool = False) -> bool:
    """Whether `.venv` is not our work but has what is needed: it is then used as it is."""
    if STAMP.exists() or not venv_python().exists():
        return False
    code = f"from course import environment as e; raise SystemExit(bool(e.missing({instructor})))"
    asked = subprocess.run([str(venv_python()), "-c", code], cwd=ROOT, capture_output=True)
    return asked.returncode == 0


def missing(instructor: bool = False) -> list[str]:
    """What pyproject.toml asks for and the running interpreter lacks, as readable words."""
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        return [f"Python 3.11-3.13 (this is {running_version()})"]
    try:
        from packaging.requirements import Requirement  # JupyterLab brings it
    except ImportError:
        return ["all packages"]
    lacking = []
    for text in short_list(instructor):
        need = Requirement(text)
        if need.marker and not need.marker.evaluate():
            continue
        # A machine with an NVIDIA card has the full wheel in place of the CPU one.
        names = [need.name, "tensorflow"] if need.name == "tensorflow-cpu" else [need.name]
        found = [v for v in map(installed_version, names) if v]
        if not found:
            lacking.append(f"{need.name}{need.specifier}")
        elif not any(need.specifier.contains(v, prereleases=True) for v in found):
            lacking.append(f"{need.name}{need.specifier} (found {found[0]})")
    return lacking


def short_list(instructor: bool = False) -> list[str]:
    """The requirements as written in pyproject.toml, or in the installed package's metadata."""
    import tomllib  # not in Python 3.10

    try:
        project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    except FileNotFoundError:
        try:
            lines = importlib.metadata.requires("autoencoder-course") or []
        except importlib.metadata.PackageNotFoundError:
            return []
        return [line for line in lines if "extra ==" not in line]
    extras = project["optional-dependencies"].values() if instructor else []
    return [*project["dependencies"], *(line for extra in extras for line in extra)]


def installed_version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def machine_problem() -> str | None:
    """Why no TensorFlow wheel fits this machine, or None."""
    machine = platform.machine().lower()
    if sys.maxsize < 2**32:
        return "This is a 32-bit Python; TensorFlow needs a 64-bit one."
    if sys.platform == "darwin" and machine == "x86_64":
        return (
            "There is no TensorFlow 2.21 for Intel Macs. On a Mac with Apple silicon, use an arm64 "
            "Python (this one runs under Rosetta); otherwise a Linux machine or a hosted notebook."
        )
    if sys.platform == "win32" and machine == "arm64":
        return "There is no TensorFlow for Windows on ARM: use an x86-64 Python or WSL 2."
    return None
