"""The command that starts a worker inside bubblewrap, and what to say where that cannot be."""

import itertools
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

from course.grading import system_calls

COURSE = Path(__file__).resolve().parents[1]
KIT = "/kit"  # where `course` lies inside
TMP = "/scratch"  # the only place inside that can be written; not /tmp, where a .venv may lie
HOME = f"{TMP}/home"
FIRST_USER, USERS = 60_000, 4_000
_TURN = itertools.count()

ENVIRONMENT = {
    "PATH": "/nowhere",
    "HOME": HOME,
    "USER": "student",
    "LOGNAME": "student",
    "TMPDIR": TMP,
    "LANG": "C.UTF-8",
    "TZ": "UTC",
    "MPLBACKEND": "Agg",
    "MPLCONFIGDIR": f"{HOME}/matplotlib",
    "KERAS_HOME": f"{HOME}/keras",
    "KERAS_BACKEND": "tensorflow",
    "CUDA_VISIBLE_DEVICES": "-1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "COURSE_BUDGET": "quick",
    "COURSE_CACHE": f"{HOME}/course",
    # One core each: many workers run side by side, and a pool of threads would count as processes.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
}


def python_command(course_at, words):
    """The command of a worker: this Python, none of its start-up files, nothing of a user's."""
    path = [course_at, *packages()]
    boot = f"import sys; sys.path += {path!r}; from course.grading.worker import main; main()"
    return [python(), "-I", "-S", "-B", "-X", "utf8", "-c", boot, *words]


def python():
    """The interpreter itself, not the one of a virtual environment."""
    return os.path.realpath(getattr(sys, "_base_executable", "") or sys.executable)


def packages():
    """The folders where this Python's packages lie."""
    return [p for p in sys.path if Path(p).name in ("site-packages", "dist-packages")]


def visible():
    """The folders of this machine that a worker may read: Python, its packages, C libraries."""
    libraries = [p for p in ("/usr/lib", "/usr/lib64", "/usr/lib32") if os.path.isdir(p)]
    prefixes = [os.path.realpath(p) for p in (sys.base_prefix, sys.base_exec_prefix)]
    return list(dict.fromkeys([*libraries, *prefixes, *packages()]))


def options(disk, hidden=()):
    """bubblewrap's options, a list of words.

    Args:
        disk: bytes that a worker may write.
        hidden: files and folders that shall stay out of sight even if they lie in a visible one.
    """
    words = ["--unshare-all", "--unshare-user", "--disable-userns", "--as-pid-1"]
    words += ["--die-with-parent", "--new-session", "--clearenv", "--cap-drop", "ALL"]
    words += ["--hostname", "worker"]
    for name, value in ENVIRONMENT.items():
        words += ["--setenv", name, value]
    shown = visible()
    for folder in shown:
        words += ["--ro-bind", folder, folder]
    for folder in ("/lib", "/lib64", "/lib32"):
        if os.path.islink(folder):
            words += ["--symlink", os.readlink(folder), folder]
        elif os.path.isdir(folder):
            words += ["--ro-bind", folder, folder]
    words += ["--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache"]
    for path in (COURSE.parent, *map(Path, hidden)):
        words += _covered(path.resolve(), shown)
    words += ["--ro-bind", str(COURSE), f"{KIT}/course"]
    words += ["--proc", "/proc", "--tmpfs", "/dev"]
    # No /dev/zero: a shared mapping of it is memory that belongs to nobody's account. No terminals.
    for device in ("null", "random", "urandom", "full"):
        words += ["--dev-bind", f"/dev/{device}", f"/dev/{device}"]
    words += ["--symlink", "/proc/self/fd", "/dev/fd", "--symlink", TMP, "/dev/shm"]
    if not any(folder.startswith("/tmp/") for folder in shown):
        words += ["--symlink", TMP, "/tmp"]
    words += ["--remount-ro", "/dev", "--perms", "0700", "--size", str(disk), "--tmpfs", TMP]
    words += ["--perms", "0700", "--dir", HOME, "--chdir", TMP, "--remount-ro", "/"]
    return words


def _covered(path, shown):
    """Options that hide a file or a folder which lies in a folder that is shown."""
    if str(path) in shown or not any(path.is_relative_to(one) for one in shown):
        return []
    if not path.is_dir():
        return ["--ro-bind", "/dev/null", str(path)] if path.exists() else []
    words = ["--tmpfs", str(path)]
    for inside in shown:  # a .venv inside the repository
        if Path(inside).is_relative_to(path):
            words += ["--ro-bind", inside, inside]
    return [*words, "--remount-ro", str(path)]


def command(options_at, filter_at, status_at, words):
    """The whole command, for `subprocess`; its options come from a file descriptor.

    Args:
        options_at: a descriptor with `options`, each ended by a zero byte.
        filter_at: a descriptor with `system_calls.program`.
        status_at: a descriptor that bubblewrap writes the worker's process id to.
        words: what the worker gets to read.
    """
    bwrap = ["bwrap", "--args", options_at, "--seccomp", filter_at, "--info-fd", status_at, "--"]
    bwrap[0] = shutil.which("bwrap")
    start = [str(word) for word in bwrap] + python_command(KIT, words)
    if os.geteuid() != 0:
        return start
    user = FIRST_USER + (os.getpid() + 37 * next(_TURN)) % USERS
    return _dropping_root(user, [str(COURSE), *visible()]) + start


def _dropping_root(user, needed):
    """The words before a command that a root shall start as another user."""
    drop = Path(__file__).with_name("drop_root.py")
    return [python(), "-I", "-S", "-B", str(drop), str(user), *needed, "--"]


def processes_beside():
    """Processes of this user that count against a worker's limit: on old kernels, all."""
    release = tuple(int(part) for part in platform.release().split("-")[0].split(".")[:2])
    if release >= (5, 14) or os.geteuid() == 0:
        return 0
    mine = (p for p in Path("/proc").iterdir() if p.name.isdecimal())
    return sum(len(list((p / "task").iterdir())) for p in mine if _is_mine(p))


def _is_mine(folder):
    try:
        return folder.stat().st_uid == os.geteuid()
    except OSError:
        return False


def missing():
    """None, or lines that say what a worker needs and this machine does not have."""
    if not sys.platform.startswith("linux"):
        return (
            f"Answers are run inside bubblewrap, which needs Linux; this is {platform.system()}. "
            "Grade on a Linux machine, in a Linux container or, on Windows, in WSL 2."
        )
    if system_calls.machine() is None:
        return f"There is no filter of system calls for this processor, {platform.machine()}."
    if shutil.which("bwrap") is None:
        return (
            "bubblewrap is not installed. Get it with `sudo apt install bubblewrap` (Debian, "
            "Ubuntu), `sudo dnf install bubblewrap` (Fedora, RHEL) or "
            "`sudo pacman -S bubblewrap` (Arch)."
        )
    return None


def why_not():
    """None, or a few lines that say why no worker can be locked in here, and what to do.

    Starts bubblewrap once, to see.
    """
    words = missing()
    if words is not None:
        return words
    probe = ["bwrap", "--unshare-all", "--unshare-user", "--disable-userns", "--as-pid-1"]
    probe += ["--ro-bind", "/", "/", "--proc", "/proc", "--tmpfs", "/tmp", "--", "/bin/true"]
    if os.geteuid() == 0:
        probe[0] = shutil.which("bwrap")
        probe = _dropping_root(FIRST_USER, []) + probe
    try:
        done = subprocess.run(probe, capture_output=True, text=True, timeout=30, errors="replace")
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"bubblewrap cannot be started: {error}."
    return None if done.returncode == 0 else advice(done.stderr)


def advice(said):
    """What to do about what bubblewrap said when it failed."""
    said = " ".join(said.split())[-300:]
    lines = [f"bubblewrap cannot lock a worker in here. It says: {said or 'nothing'}"]
    if "nknown option" in said:
        lines.append("It is too old: version 0.8 or newer is needed.")
    elif _setting("kernel/apparmor_restrict_unprivileged_userns") == "1":
        lines.append(
            "AppArmor keeps programs from making user namespaces (Ubuntu 24.04 does). Allow it "
            "for bubblewrap: `sudo apt install apparmor-profiles` and `sudo ln -s "
            "/usr/share/apparmor/extra-profiles/bwrap-userns-restrict /etc/apparmor.d/ && "
            "sudo apparmor_parser /etc/apparmor.d/bwrap-userns-restrict`. Or for all programs, "
            "as on a machine of a CI service: "
            "`sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0`."
        )
    elif _setting("kernel/unprivileged_userns_clone") == "0":
        lines.append("Allow it with `sudo sysctl kernel.unprivileged_userns_clone=1`.")
    elif _setting("user/max_user_namespaces") == "0":
        lines.append("Allow it with `sudo sysctl user.max_user_namespaces=10000`.")
    elif any(os.path.exists(p) for p in ("/.dockerenv", "/run/.containerenv")):
        lines.append(
            "This is a container. Start it with `--security-opt seccomp=unconfined "
            "--security-opt apparmor=unconfined --security-opt systempaths=unconfined`, "
            "or grade outside of it."
        )
    else:
        lines.append("User namespaces seem to be forbidden here. Ask who runs this machine.")
    return "\n".join(lines)


def _setting(name):
    try:
        return Path("/proc/sys", name).read_text().strip()
    except OSError:
        return None
