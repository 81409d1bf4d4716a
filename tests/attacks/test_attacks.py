"""Hostile answers. Each file in answers/ is the source of one cell, with a docstring like this:

    What it tries, and what must happen, in words.

    worth: nothing                    (or: the point, if its answer is right all the same)
    reply: crashed | timeout          (kinds that the grader may report; "value" is a wrong one)
    says: ended Python                (a part of the report, where it has one)

It stands as exercise 1.2 between two honest exercises of the same student; then comes another
student. The honest ones must get their points, whatever the attack does. In a source, @OUTSIDE@ is
a folder that everybody may write to, with a gradebook and a solution; @PORT@ listens on this
machine; @PID@ is the grader's process.

Attacks that are no answer but a notebook, an archive or a name are in test_intake.py.
"""

import os
import re
import socket
import sqlite3
import time
from pathlib import Path

import numpy as np
import pytest

from course.exercises.comparing import close
from course.exercises.exercise import find
from course.grading.limits import MB, Limits
from course.grading.sandbox import open_worker

HERE = Path(__file__).parent
ANSWERS = {path.stem: path.read_text(encoding="utf-8") for path in HERE.glob("answers/*.py")}
SECRET = "the-secret-of-the-grader"
LIMITS = Limits(
    prepare=4, case=1, patience=6, submission=60, memory=300 * MB, disk=8 * MB, files=1_000,
    processes=32, output=200_000, reply=4 * MB,
)  # fmt: skip
LONGEST = 40  # seconds for an attack and what stands beside it, on a busy machine

IMPORTS = "import numpy as np"
COUNT = "def parameter_count(inputs, latent):\n    return 2 * inputs * latent + latent + inputs"
MSE = "def mean_squared_error(x, x_hat):\n    return np.mean((x_hat - x) ** 2)"
WORST = (
    "def worst_images(x, x_hat, k):\n"
    "    return np.argsort(-((x_hat - x) ** 2).mean(axis=(1, 2)), kind='stable')[:k]"
)
_RNG = np.random.default_rng(5)
_X, _Y = _RNG.random((2, 6, 4, 4))
CASES = {
    "1.1": [({"inputs": 784, "latent": 32}, 784 * 32 * 2 + 784 + 32)],
    "1.2": [
        ({"x": x, "x_hat": y}, sum((a - b) ** 2 for a, b in zip(x, y, strict=True)) / len(x))
        for x, y in _RNG.random((3, 2, 5))
    ],
    "1.5": [
        (
            {"x": _X, "x_hat": _Y, "k": 3},
            sorted(range(6), key=lambda i: -float(((_X[i] - _Y[i]) ** 2).sum()))[:3],
        )
    ],
}


def submission(attack):
    return [IMPORTS, COUNT, attack, WORST]


def grade(worker, cells):
    """The exercises that are right, the last replies, and the worker's namespaces."""
    right, last, spaces = set(), {}, set()
    worker.load(cells)
    for cell, (exercise_id, cases) in enumerate(CASES.items(), start=1):
        passed = True
        for arguments, expected in cases:
            reply = worker.call(cell, exercise_id, arguments)
            if worker._process is not None:
                spaces.add(os.stat(f"/proc/{worker._process._inner}/ns/pid").st_ino)
            last[exercise_id] = reply
            passed &= reply.kind == "value" and close(find(exercise_id), reply.value, expected)
            if reply.kind != "value":
                break
            for name, before in arguments.items():
                passed &= np.array_equal(before, reply.after.get(name))
        if passed:
            right.add(exercise_id)
    return right, last, spaces


def expectations(source):
    text = source.split('"""')[1]  # some are no Python
    return {key: re.search(rf"^{key}: (.*)$", text, re.M) for key in ("worth", "reply", "says")}


@pytest.fixture
def outside(tmp_path):
    """A folder that only the sandbox protects."""
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "solution.py").write_text(f"### BEGIN SOLUTION {SECRET}\n")
    with sqlite3.connect(folder / "gradebook.sqlite") as book:
        book.execute("create table marks (student, points)")
        book.execute("insert into marks values ('attacker', 0)")
    book.close()
    for path in (folder, *folder.iterdir()):
        path.chmod(0o777)
    for parent in folder.parents:  # pytest's own folders are closed to other users
        if parent.stat().st_uid == os.geteuid() and not parent.stat().st_mode & 0o001:
            parent.chmod(parent.stat().st_mode | 0o011)
    return folder


def snapshot(folder):
    return {
        path.name: (path.read_bytes(), path.stat().st_mode, path.stat().st_mtime_ns)
        for path in sorted(folder.iterdir())
    }


@pytest.fixture
def listener():
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server


def assert_gone(spaces):
    """No process of these process namespaces is left."""
    until = time.monotonic() + 2
    while True:
        left = []
        for folder in Path("/proc").iterdir():
            try:
                if folder.name.isdecimal() and (folder / "ns/pid").stat().st_ino in spaces:
                    left.append(folder.name)
            except OSError:
                continue
        if not left or time.monotonic() > until:
            break
        time.sleep(0.02)
    assert not left


@pytest.mark.parametrize("name", sorted(ANSWERS))
def test_an_attack_earns_what_it_is_worth(name, outside, listener, monkeypatch):
    source, wanted = ANSWERS[name], expectations(ANSWERS[name])
    monkeypatch.setenv("COURSE_SECRET", SECRET)
    for word, value in {
        "@OUTSIDE@": outside,
        "@PORT@": listener.getsockname()[1],
        "@PID@": os.getpid(),
        "@DEEP@": "(" * 5_000 + ")" * 5_000,
    }.items():
        source = source.replace(word, str(value))
    before, begin = snapshot(outside), time.monotonic()
    with open_worker(LIMITS) as worker:
        right, replies, spaces = grade(worker, submission(source))
    seconds = time.monotonic() - begin
    reply = replies["1.2"]
    said = f"{reply.kind}: {reply.text} {reply.code} {reply.value}"

    assert ("1.2" in right) == (wanted["worth"][1] == "the point"), said
    assert {"1.1", "1.5"} <= right, f"{said}\n{replies}"
    assert reply.kind in wanted["reply"][1].split(" | "), said
    assert wanted["says"] is None or wanted["says"][1] in reply.text, said
    assert SECRET not in said
    assert all(
        character.isprintable() or character == "\n" for character in reply.text + reply.code
    )
    assert len(reply.text) <= 500 and len(reply.code) <= 1300
    assert (reply.kind == "value") == (reply.text == "")
    assert snapshot(outside) == before
    with pytest.raises(BlockingIOError):
        listener.accept()
    assert_gone(spaces)
    assert seconds < LONGEST

    with open_worker(LIMITS) as worker:
        right, replies, _ = grade(worker, submission(MSE))
    assert right == set(CASES), replies


def test_there_are_enough_attacks_and_each_says_what_must_happen():
    assert len(ANSWERS) >= 40
    for name, source in ANSWERS.items():
        wanted = expectations(source)
        assert wanted["worth"][1] in ("nothing", "the point"), name
        assert wanted["reply"], name


def test_a_wrong_answer_is_wrong_and_a_right_one_right():
    """The harness itself: it must be able to fail."""
    with open_worker(LIMITS) as worker:
        right, _, spaces = grade(worker, submission(MSE.replace("** 2", "** 4")))
        assert right == {"1.1", "1.5"}
        with pytest.raises(AssertionError):
            assert_gone(spaces)
        right, _, _ = grade(worker, submission(MSE.replace("np.mean(", "np.sum(x) + np.mean(")))
        assert right == {"1.1", "1.5"}
        spoils = MSE.replace("return", "x += 1; return").replace("x_hat - x", "x_hat - x + 1")
        right, replies, _ = grade(worker, submission(spoils))
        assert right == {"1.1", "1.5"}
        assert replies["1.2"].kind == "value"
    assert worker._process is None
