"""`python -m course lock`: pyproject.toml's short list becomes the two locked lists."""

import shutil
import subprocess
import sys

from course.environment import INSTRUCTOR, ROOT, STUDENT, SetupError

COMMAND = "python -m course lock"  # what the files' first lines say


def write_locks(upgrade=False, say=print):
    """Write requirements.txt and tests/requirements.txt for every platform and Python.

    Args:
        upgrade: take the newest versions instead of keeping those that still fit.

    Raises:
        SetupError: if uv is missing or finds no solution.
    """
    uv = find_uv()
    base = [
        *uv, "pip", "compile", "pyproject.toml", "--quiet",
        "--universal", "--python-version", "3.11",
        "--custom-compile-command", COMMAND,
    ]  # fmt: skip
    if upgrade:
        base.append("--upgrade")
    # The second list may only add to the first.
    for name, more in (
        (STUDENT, []),
        (INSTRUCTOR, ["--all-extras", "--constraints", STUDENT]),
    ):
        done = subprocess.run(
            [*base, *more, "--output-file", name], cwd=ROOT, capture_output=True, text=True
        )
        if done.returncode:
            raise SetupError(f"uv could not write {name}:\n{done.stderr.strip()}")
        say(f"{name}: {len(read_lock(ROOT / name))} packages")


def find_uv():
    """The command that runs uv here, as a list of words."""
    for words in (["uv"], [sys.executable, "-m", "uv"], ["uvx", "uv"]):
        if shutil.which(words[0]) is None:
            continue
        if subprocess.run([*words, "--version"], capture_output=True).returncode == 0:
            return words
    raise SetupError(
        "The locks are made with uv, which is not here. Get it with `pip install uv`, "
        f"then run `{COMMAND}` again."
    )


def read_lock(path):
    """The pins of a locked list.

    Returns:
        a dict of package name -> list of (version, marker or None); a package has several where
        platforms differ.
    """
    pins = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        pin, _, marker = line.partition(";")
        name, equals, version = pin.strip().partition("==")
        if equals and not name.startswith("#"):
            pins.setdefault(name, []).append((version, marker.strip() or None))
    return pins
