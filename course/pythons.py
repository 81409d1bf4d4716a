"""Find a Python on this machine that can make the course's environment. Standard library only."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

from course.environment import SetupError, running_version

VERSIONS = ("3.13", "3.12", "3.11")


def find_python() -> str:
    """A Python that can make the environment: this one if it fits, else one on the PATH."""
    here = getattr(sys, "_base_executable", None) or sys.executable
    others = [shutil.which(f"python{version}") for version in VERSIONS]
    if os.name == "nt" and shutil.which("py"):
        for version in VERSIONS:
            ask = ["py", f"-{version}", "-c", "import sys; print(sys.executable)"]
            others.append(subprocess.run(ask, capture_output=True, text=True).stdout.strip())
    fits = [p for p in [here, *others] if p and ask_version(p) in VERSIONS]
    for candidate in fits:
        if _answer(candidate, "import ensurepip, venv; print('yes')") == "yes":
            if candidate != here:
                say(f"Python {running_version()} does not fit; using {candidate}")
            return candidate
    if fits:
        version = ask_version(fits[0])
        raise SetupError(
            "This Python cannot make virtual environments (no ensurepip). "
            f"On Debian and Ubuntu: sudo apt install python{version}-venv"
        )
    raise SetupError(
        f"The course needs Python 3.11, 3.12 or 3.13; this is {running_version()} "
        f"({sys.executable}). Install one (python.org, your system's packages, conda or "
        "`uv python install 3.12`), then say which: `make run PYTHON=python3.12`, or on Windows "
        "`py -3.12 -m course run`."
    )


def ask_version(python) -> str:
    """ "3.12" for a Python that runs, "" for one that does not (a shim, a dead link)."""
    return _answer(python, "import sys; print('%d.%d' % sys.version_info[:2])")


def _answer(python, code: str) -> str:
    try:
        done = subprocess.run(
            [str(python), "-I", "-c", code], capture_output=True, text=True, timeout=60
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
