"""`python -m course doctor`: what is there, and what to do about each problem.

Standard library only at import, so that it also answers where nothing is installed.
"""

import importlib.metadata
import json
import os
import shutil
import subprocess
import sys

from course import environment
from course.chapters import CHAPTERS, REFERENCE_GFLOPS
from course.environment import INSTRUCTOR, ROOT, STUDENT
from course.machine import cores, memory_gib
from course.progress import table

NEED_MEMORY, NEED_DISK = 3.0, 1.0  # GiB: one notebook at work, beside everything installed


class Report:
    """Lines for the user, and the problems among them.

    A problem stops the course or a part of it; a note is only worth knowing.
    """

    def __init__(self, say=print):
        self.say = say
        self.problems = 0

    def good(self, what, text):
        self.say(f"  ok    {what}: {text}")

    def note(self, what, text, todo):
        self.say(f"  note  {what}: {text}\n        -> {todo}")

    def bad(self, what, text, todo):
        self.problems += 1
        self.say(f"  BAD   {what}: {text}\n        -> {todo}")


def examine(measure=True, say=print):
    """Look at everything that the course needs, and print it.

    Args:
        measure: also measure this machine's speed (about 2 s).
        say: takes a line.

    Returns:
        0 if nothing is broken, else 1.
    """
    report = Report(say)
    check_python(report)
    installed = check_packages(report)
    check_machine(report)
    if installed:
        check_kernel(report)
        check_data(report)
    check_chapters(report)
    if installed:
        tell_times(report, measure)
    count = report.problems
    say("Nothing is broken." if not count else f"{count} problem{'s' if count > 1 else ''}.")
    return int(bool(count))


def check_python(report):
    text = f"{environment.running_version()} ({sys.executable})"
    if not environment.OLDEST <= sys.version_info[:2] <= environment.NEWEST:
        report.bad("Python", text, "Install Python 3.11, 3.12 or 3.13; `make run` then finds it.")
    elif problem := environment.machine_problem():
        report.bad("Python", text, problem)
    else:
        report.good("Python", text)


def check_packages(report):
    """Compare what is installed with the short list and with the lock; True if it will do."""
    lacking = environment.missing()
    if lacking:
        report.bad(
            "Packages", f"missing: {', '.join(lacking)}",
            "`make run` (or `python -m course run`) sets up .venv by itself; "
            f"for this Python: {sys.executable} -m pip install -r {STUDENT}",
        )  # fmt: skip
        return False
    lock = INSTRUCTOR if not environment.missing(instructor=True) else STUDENT
    try:
        other = differences(ROOT / lock)
    except FileNotFoundError:
        report.bad("Packages", f"{lock} is missing", f"git checkout {lock}")
        return True
    key = ", ".join(f"{n} {environment.installed_version(n)}" for n in ("keras", "numpy"))
    found = [(n, environment.installed_version(n)) for n in ("tensorflow-cpu", "tensorflow")]
    tensorflow = next(f"{name} {version}" for name, version in found if version)
    if other:
        report.note(
            "Packages", f"{tensorflow}, {key}; not as in {lock}: {', '.join(other[:6])}"
            + (f" and {len(other) - 6} more" if len(other) > 6 else ""),
            f"This may well work. To get the tested versions: pip install -r {lock}",
        )  # fmt: skip
    else:
        report.good("Packages", f"{tensorflow}, {key}; all as in {lock}")
    if environment.missing(instructor=True):
        report.good("Packages for instructors", "not installed; `make test` adds them")
    return True


def differences(lock):
    """Packages whose version is not the locked one, as words like "numpy 2.1 (lock: 2.4)"."""
    from packaging.markers import Marker

    from course.lock import read_lock

    found = []
    for name, pins in read_lock(lock).items():
        fits = [v for v, marker in pins if not marker or Marker(marker).evaluate()]
        try:
            version = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            version = None
        if fits and version not in fits:
            found.append(f"{name} {version or 'missing'} (lock: {fits[0]})")
    return found


def check_machine(report):
    memory, free = memory_gib(), shutil.disk_usage(ROOT).free / 2**30
    report.good("Cores", str(cores()))
    if memory < NEED_MEMORY:
        report.note("Memory", f"{memory:.1f} GiB free", "Close other programs; use `--jobs 1`.")
    else:
        report.good("Memory", f"{memory:.1f} GiB free")
    if free < NEED_DISK:
        report.bad("Disk", f"{free:.1f} GiB free at {ROOT}", f"Free at least {NEED_DISK:.0f} GiB.")
    else:
        report.good("Disk", f"{free:.0f} GiB free")


def check_kernel(report):
    """Notebooks need a kernel; JupyterLab takes the one named python3."""
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    from course.running import require_kernel

    try:
        require_kernel()
    except environment.SetupError as error:
        report.bad("Jupyter kernel", "missing", str(error))
        return
    os.environ.setdefault("JUPYTER_PREFER_ENV_PATH", "1")
    try:
        spec = KernelSpecManager().get_kernel_spec("python3")
    except NoSuchKernel:
        report.note(
            "Jupyter kernel", "ipykernel is there, but no kernelspec python3",
            f"{sys.executable} -m ipykernel install --sys-prefix",
        )  # fmt: skip
        return
    command = shutil.which(spec.argv[0]) or spec.argv[0]
    if os.path.isabs(spec.argv[0]) and not os.path.samefile(command, sys.executable):
        report.note(
            "Jupyter kernel", f"JupyterLab's python3 is another Python: {command}",
            f"{sys.executable} -m ipykernel install --sys-prefix (`make run` is not affected)",
        )  # fmt: skip
    else:
        report.good("Jupyter kernel", "python3 is this Python")


def check_data(report):
    """Which digits a chapter would get now, and whether they can be kept."""
    from course.data import DataError, digits_source
    from course.data.cache import cache_dir

    try:
        name, why = digits_source()
        report.good("Digits", f"{name}: {why}")
    except (DataError, ValueError) as error:
        report.bad("Digits", f"COURSE_DATA={os.environ.get('COURSE_DATA')}", str(error))
    folder = cache_dir()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".probe-{os.getpid()}"
        probe.write_bytes(b"x" * 4096)
        probe.unlink()
    except OSError as error:
        report.note(
            "Cache", f"{folder} cannot be written ({error.strerror or error})",
            "Set COURSE_CACHE to a folder of your own, or the digits are drawn again each time.",
        )  # fmt: skip
    else:
        report.good("Cache", str(folder))


def check_chapters(report):
    here = [c for c in CHAPTERS if (ROOT / "notebooks" / f"{c.slug}.ipynb").is_file()]
    if len(here) < len(CHAPTERS):
        gone = [c.slug for c in CHAPTERS if c not in here]
        report.bad(
            "Chapters", f"missing in notebooks/: {', '.join(gone)}",
            "git checkout notebooks, or for authors: python -m course release",
        )  # fmt: skip
    else:
        report.good("Chapters", f"{len(here)} in notebooks/")


def tell_times(report, measure):
    """How long the chapters take here: as in the last run, else estimated."""
    known = last_run()
    factor = None
    if measure and (speed := measure_speed(report)):
        factor = REFERENCE_GFLOPS / speed
        than = f"the reference machine has {REFERENCE_GFLOPS:.0f}"
        report.good("Speed", f"{speed:.0f} GFLOP/s on two threads; {than}")
    rows = []
    for chapter in CHAPTERS:
        seen = known.get(chapter.slug, {})
        cells = []
        for budget in ("quick", "full"):
            if seen.get("budget") == budget and not seen.get("error"):
                cells.append(f"{seen['seconds']:.0f} s (measured)")
            elif factor:
                cells.append(f"about {chapter.seconds(budget) * factor:.0f} s")
            else:
                cells.append(f"{chapter.seconds(budget):.0f} s on the reference machine")
        rows.append((chapter.slug, *cells))
    report.say(table(("chapter", "quick", "full"), rows))


def last_run():
    """What `python -m course run` recorded in build/, or nothing."""
    try:
        known = json.loads((ROOT / "build" / "results.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


# Run in a process of its own, so that a TensorFlow that crashes is found and not suffered.
SPEED = """
import time, tensorflow as tf
tf.config.threading.set_intra_op_parallelism_threads(2)
a = tf.random.normal((1024, 1024))
(a @ a).numpy()
rounds, start = 0, time.perf_counter()
while (passed := time.perf_counter() - start) < 1.5:
    for _ in range(4):
        b = a @ a
    b.numpy()
    rounds += 4
print(rounds * 2 * 1024**3 / passed / 1e9)
"""


def measure_speed(report):
    """GFLOP/s of float32 matrix products in TensorFlow; None, and a problem, if it fails."""
    done = subprocess.run(
        [sys.executable, "-c", SPEED], capture_output=True, text=True,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
    )  # fmt: skip
    if done.returncode == 0:
        return float(done.stdout.split()[-1])
    last = (done.stderr.strip().splitlines() or ["it was killed"])[-1]
    report.bad(
        "TensorFlow", f"does not start (status {done.returncode}): {last}",
        "A processor without AVX cannot run it; on Windows install the Microsoft Visual C++ "
        "runtime. Otherwise delete .venv and run `make run` again.",
    )  # fmt: skip
    return None
