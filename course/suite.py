"""`python -m course test`: every check that CI makes, in order; all of them run."""

import os
import subprocess
import sys
import time

from course.building import kernel_env
from course.environment import ROOT, SetupError
from course.machine import cores, memory_gib
from course.progress import table

CODE = ("course", "tests", "solutions", "benchmarks")


def run(jobs=None):
    """Run lint, drift, unit tests and all notebooks; print a table.

    Args:
        jobs: processes at a time; None takes one a core.

    Returns:
        0 if every step passed, else 1.
    """
    from course.data import digits_source
    from course.grading.jail import why_not

    jobs = jobs or max(1, min(cores(), int(memory_gib() // 4)))
    real = real_digits(digits_source)
    tested = f"The solutions run on {'real MNIST' if real == 'mnist' else 'drawn digits'}"
    print(f"{tested} and the students' notebooks on drawn digits, both on the quick budget.")
    if real != "mnist":
        print("NOT TESTED ON REAL MNIST: it is not in the Keras cache, and tests download nothing.")
    rows = []
    for name, command, env in steps(real, jobs):
        print(f"\n== {name}: {' '.join(command[1:])}", flush=True)
        start = time.monotonic()
        code = subprocess.run(command, cwd=ROOT, env={**os.environ, **env}).returncode
        state = "ok" if code == 0 else f"FAILED ({code})"
        rows.append((name, f"{time.monotonic() - start:.0f}", state))
        if code in (130, -2):
            raise KeyboardInterrupt
    print("\n" + table(("step", "seconds", ""), rows))
    if unsafe := why_not():
        print(f"THE ATTACKS ON THE GRADER WERE NOT RUN: there is no sandbox here. {unsafe}")
    print(f"{tested}." if real == "mnist" else "Not tested on real MNIST.")
    return int(any(row[-1] != "ok" for row in rows))


def real_digits(digits_source):
    """ "mnist" if the Keras cache holds it, else "drawn": tests download nothing."""
    from course.data import DataError

    try:
        found = digits_source("mnist")
    except DataError:
        return "drawn"
    return "mnist" if found.why.startswith("found") else "drawn"


def steps(real, jobs):
    """The steps of a test run.

    Args:
        real: the digits for the solutions, "mnist" or "drawn".
        jobs: processes at a time.

    Returns:
        a list of (name, command, variables for its environment).
    """
    python = [sys.executable, "-m"]
    code = [folder for folder in CODE if (ROOT / folder).is_dir()]
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "JUPYTER_PREFER_ENV_PATH": "1"}
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    plan = [
        ("lint", [*python, "ruff", "check", *code], {}),
        ("format", [*python, "ruff", "format", "--check", *code], {}),
        ("drift", [*python, "course", "release", "--check", "--static"], {}),
        (
            "unit tests",
            [*python, "pytest", "-q", "-rs", "tests", "-n", str(jobs), "--dist", "loadfile"],
            kernel_env("quick", "auto", jobs) | quiet,
        ),
    ]
    for folder, digits in (("solutions", real), ("notebooks", "drawn")):
        count = max(1, len(list((ROOT / folder).glob("ch*.ipynb"))))
        workers = min(jobs, count)
        nbval = [
            *python, "pytest", "-q", "--nbval-lax", "--nbval-current-env",
            "--nbval-cell-timeout=600", "-p", "no:cacheprovider",
            # A notebook's cells must stay in one process, hence loadfile.
            "-n", str(workers), "--dist", "loadfile", folder,
        ]  # fmt: skip
        env = kernel_env("quick", digits, workers) | quiet | {"PYTHONPATH": path}
        plan.append((f"{folder} on {digits}", nbval, env))
    return plan


def bench(names=()):
    """Run programs of benchmarks/ one after the other; the exit status is 1 if one failed."""
    there = {p.stem: p for p in sorted((ROOT / "benchmarks").glob("[!_]*.py"))}
    unknown = [name for name in names if name.removesuffix(".py") not in there]
    if unknown or not there:
        raise SetupError(
            f"No such benchmark. Received: {', '.join(unknown) or 'nothing'}. "
            f"Expected: {', '.join(there) or 'a program in benchmarks/'}."
        )
    failed = 0
    for name in names or there:
        name = name.removesuffix(".py")
        print(f"== {name}", flush=True)
        failed |= subprocess.run([sys.executable, str(there[name])], cwd=ROOT).returncode
    return int(bool(failed))
