"""Make `.venv` from the lock, once, in sight of the user. Standard library only."""

from __future__ import annotations

import contextlib
import hashlib
import os
import queue
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time

from course import environment
from course.environment import INSTRUCTOR, STUDENT, VENV, SetupError
from course.installer_errors import explain, tail
from course.pythons import VERSIONS, ask_version, find_python, say

NEED_GIB = 3.0
LOG = VENV / "course-setup.log"
VENV_OPTIONS = []  # of `python -m venv`


def install(instructor: bool = False) -> None:
    """Leave a complete `.venv` with the locked versions and the course itself.

    A set-up that was cut short starts again. A `.venv` made by hand is added to, not deleted.

    Raises:
        SetupError: with the reason and the next step.
    """
    lock = INSTRUCTOR if instructor else STUDENT
    with only_one():
        if environment.is_ready(instructor) and not environment.in_venv():
            return  # the other one made it while we waited
        python = find_python()
        try:
            _install(python, lock)
        except OSError as error:
            raise SetupError(f"{explain(str(error))}. ({error})") from error


def _install(python: str, lock: str) -> None:
    if problem := environment.machine_problem():
        raise SetupError(problem)
    folder, reason = environment.ROOT, leftover()
    free = shutil.disk_usage(folder).free / 2**30
    fresh = bool(reason) or not environment.venv_python().exists()
    if fresh and free < NEED_GIB:
        raise SetupError(
            f"The disk of {folder} has {free:.1f} GiB free; the packages need {NEED_GIB:.0f} GiB. "
            "Free some space and run the command again."
        )
    started = time.monotonic()
    if fresh:
        check_ours(reason)
        say(f"Setting up {VENV} (once; a few minutes, about 2 GB) …")
        if reason:
            say(f"  starting again: {reason}")
        make_venv(python)
    else:
        say(f"Bringing {VENV} up to date with {lock} …")
    version = ask_version(environment.venv_python())
    stamp = {"folder": str(folder), "python": version}
    locks = {} if fresh else environment.read_stamp().get("locks", {})
    environment.write_stamp(state="installing", locks={}, **stamp)
    install_packages(folder / lock)
    locks[lock] = environment.lock_digest(lock)
    if lock == INSTRUCTOR:  # holds everything of the other
        locks[STUDENT] = environment.lock_digest(STUDENT)
    environment.write_stamp(state="ready", locks=locks, **stamp)
    say(f"  ready after {time.monotonic() - started:.0f} s")


def leftover() -> str | None:
    """Why the `.venv` that lies here must be made again, or None."""
    stamp = environment.read_stamp()
    if not VENV.exists():
        return None
    if not environment.venv_python().exists():
        return "its Python is no longer there"
    version = ask_version(environment.venv_python())
    if version not in VERSIONS:
        return f"its Python does not fit (3.11-3.13 does; this is {version or 'broken'})"
    if environment.STAMP.exists():
        if stamp.get("state") != "ready":
            return "the last set-up was cut short"
        if stamp.get("folder") != str(environment.ROOT):
            return "the folder has moved"
        if stamp.get("python") != version:
            return f"its Python changed from {stamp.get('python')} to {version}"
    return None


def check_ours(reason: str | None) -> None:
    """Refuse to clear a `.venv` that somebody made by hand."""
    if VENV.exists() and not environment.STAMP.exists() and any(VENV.iterdir()):
        raise SetupError(
            f"{VENV} was not made by the course and cannot be used: {reason}. "
            "Delete or rename that folder and run the command again."
        )


def make_venv(python: str) -> None:
    """A new, empty `.venv` in place of what is there."""
    if environment.in_venv() and os.name == "nt":
        raise SetupError("Leave the environment first (`deactivate`), then run the command again.")
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(VENV)
    VENV.mkdir()
    environment.write_stamp(state="installing")  # first, so that any interruption is seen
    made = subprocess.run(
        [python, "-m", "venv", *VENV_OPTIONS, str(VENV)], capture_output=True, text=True
    )
    if made.returncode:
        text = made.stdout + made.stderr
        raise SetupError(f"`{python} -m venv` failed. {explain(text)}.\n{tail(text)}")


def install_packages(lock) -> None:
    """The locked packages, then the course itself, into `.venv`; with uv if it is there."""
    python = str(environment.venv_python())
    # The lock is complete, so nothing needs resolving.
    packages = ["install", "--no-deps", "-r", str(lock)]
    itself = ["install", "--no-deps", "--no-build-isolation", "-e", str(environment.ROOT)]
    pip = [python, "-m", "pip", "--disable-pip-version-check", "--no-input", "--retries", "2"]
    uv = shutil.which("uv")
    if uv and _uv_runs(uv):
        uv_pip = [uv, "pip", packages[0], "--python", python, "--compile-bytecode"]
        code, _ = _watch([*uv_pip, *packages[1:]], lock)
        if code:
            say("  uv could not install the packages; trying pip")
        else:
            packages = None
    for arguments in filter(None, (packages, itself)):
        code, text = _watch([*pip, *arguments], lock)
        if code:
            raise SetupError(
                f"pip could not install the packages. {explain(text)} and run the command again; "
                f"it picks up what was downloaded. The whole log: {LOG}\n{tail(text)}"
            )


def _uv_runs(uv: str) -> bool:
    try:
        return subprocess.run([uv, "--version"], capture_output=True, timeout=30).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _watch(command: list[str], lock) -> tuple[int, str]:
    """Run an installer and keep one short line of progress moving.

    Returns:
        its exit status, and everything it printed (also appended to the log in `.venv`).
    """
    env = {k: v for k, v in os.environ.items() if k not in {"PIP_USER", "PIP_TARGET", "PYTHONHOME"}}
    env.update(PYTHONUNBUFFERED="1", PYTHONUTF8="1", UV_NO_PROGRESS="1")
    total = sum("==" in line for line in lock.read_text(encoding="utf-8").splitlines())
    process = subprocess.Popen(
        command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, encoding="utf-8", errors="replace",
    )  # fmt: skip
    lines: queue.Queue = queue.Queue()
    threading.Thread(target=_forward, args=(process.stdout, lines), daemon=True).start()
    seen, started, what = [], time.monotonic(), "starting"
    progress = Progress()
    try:
        with LOG.open("a", encoding="utf-8") as log:
            while True:
                try:
                    line = lines.get(timeout=0.5)
                except queue.Empty:
                    progress.show(f"{what} · {time.monotonic() - started:.0f} s")
                    continue
                if line is None:
                    break
                log.write(line)
                seen.append(line)
                what = _what(line, seen, total) or what
        return process.wait(), "".join(seen)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        process.stdout.close()
        progress.clear()


def _forward(stream, lines) -> None:
    with contextlib.suppress(ValueError):  # closed, because we stopped watching
        for line in stream:
            lines.put(line)
    lines.put(None)


def _what(line: str, seen: list[str], total: int) -> str | None:
    verbs = "Collecting|Downloading|Building|Preparing"
    if match := re.match(rf"(?:{verbs}) +([\w.\-]+)", line.strip()):
        count = sum(s.startswith("Collecting") for s in seen)
        return f"fetching {f'{count} of {total}' if count else ''} · {match[1][:40]}"
    if line.startswith(("Installing collected", "Resolved", "Prepared")):
        return f"installing {total} packages"
    return None


class Progress:
    """One line that is redrawn on a terminal, and a line every 15 s in a log."""

    def __init__(self):
        self.live = sys.stderr.isatty()
        self.next = time.monotonic() + 15

    def show(self, text: str) -> None:
        if self.live:
            width = shutil.get_terminal_size().columns - 3
            sys.stderr.write("\r\x1b[K  " + text[:width])
            sys.stderr.flush()
        elif time.monotonic() >= self.next:
            self.next = time.monotonic() + 15
            say("  " + text)

    def clear(self) -> None:
        if self.live:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


@contextlib.contextmanager
def only_one():
    """Hold the set-up of this clone; a second one waits. The system frees it if we die."""
    try:
        handle = open(lock_path(), "a+b")  # noqa: SIM115 (held until the set-up ends)
    except OSError:  # no temporary folder, or the file is another user's: go on alone
        yield
        return
    with handle:
        waiting = False
        while not _try_lock(handle):
            if not waiting:
                say("Another set-up of this clone is running; waiting for it …")
            waiting = True
            time.sleep(0.5)
        yield


def lock_path() -> str:
    """A file outside the clone, so that it also serves before `.venv` exists."""
    name = hashlib.sha256(str(environment.ROOT).encode()).hexdigest()[:16]
    return os.path.join(tempfile.gettempdir(), f"autoencoder-course-{name}.lock")


def _try_lock(handle) -> bool:
    try:
        if os.name == "nt":
            import msvcrt

            handle.seek(0)
            msvcrt.locking(handle.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
