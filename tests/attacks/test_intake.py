"""Hostile notebooks, archives and names, handed in beside honest students, in one run.

The honest ones get their marks, the hostile ones no more than they are worth, and the run ends.
What an answer can try while it runs is in test_attacks.py.
"""

import contextlib
import copy
import csv
import io
import json
import os
import re
import socket
import sys
import time
import zipfile
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "grading"))
from paper import cell_of, dumped, notebook, zipped
from school import pupil

from course.exercises.exercise import of_chapter
from course.grading import run, scheduler
from course.grading.gradebook import open_gradebook

SLUG = "ch01_smallest_autoencoder"
FILE = f"{SLUG}.ipynb"
LONGEST = 300  # seconds for all of them together, on a busy machine
SCRIPT = "<script>document.title='owned'</script><img src=x onerror=alert(1)>"


def right():
    """A submission with full marks, as a dict."""
    chosen = {e.id: "right" for e in of_chapter(1)}
    return json.loads(pupil("honest", SLUG, chosen).content)


def changed(change):
    """A right submission after a change, as bytes."""
    document = copy.deepcopy(right())
    change(document)
    return dumped(document)


def twice(document):
    """A second answer of 1.1 that is wrong, and a second cell with its id."""
    cell = copy.deepcopy(cell_of(document, "exercise-1-1"))
    cell["source"] = "def parameter_count(inputs, latent):\n    return 0"
    document["cells"].append(cell)


def no_cell(document):
    document["cells"] = [c for c in document["cells"] if "1-2" not in str(c["metadata"])]


def own_points(document):
    for cell in document["cells"]:
        if "nbgrader" in cell["metadata"]:
            cell["metadata"]["nbgrader"]["points"] = 1000


def own_checks(document):
    for number in range(1, 6):
        cell_of(document, f"check-1-{number}")["source"] = "passed = 10 ** 6"
        cell_of(document, f"exercise-1-{number}")["source"] = "passed = True"


def script_everywhere(document):
    document["metadata"]["title"] = SCRIPT
    cell_of(document, "written-1-6")["source"] = SCRIPT
    cell_of(document, "exercise-1-1")["source"] = (
        f"def parameter_count(inputs, latent):\n    raise ValueError({SCRIPT!r})"
    )
    cell_of(document, "exercise-1-2")["source"] = f"def f(x, x_hat):\n    return {SCRIPT!r}"
    document["cells"][2]["outputs"] = [
        {"output_type": "display_data", "data": {"text/html": SCRIPT}, "metadata": {}}
    ]


def formula_as_text(document):
    cell_of(document, "written-1-6")["source"] = '=HYPERLINK("http://x.invalid","click")'


def deep(levels):
    return b'{"cells":' + b"[" * levels + b"]" * levels + b"}"


# name of the student -> (content of the notebook, points that it is worth)
FULL = 8
NOTEBOOKS = {
    "empty file": (b"", 0),
    "torn": (dumped(right())[:2000], 0),
    "no json": (b"\x89PNG\r\n\x1a\n" * 50, 0),
    "utf-16": (json.dumps(right()).encode("utf-16"), 0),
    "latin-1": (dumped(right()).replace(b"autoencoder", b"auto\xe9ncoder"), 0),
    "with a mark": (b"\xef\xbb\xbf" + dumped(right()), FULL),
    "deep": (deep(200_000), 0),
    "a list": (b"[1, 2, 3]", 0),
    "cells of text": (b'{"nbformat": 4, "metadata": {}, "cells": ["a", 1, null]}', 0),
    "version 99": (changed(lambda d: d.update(nbformat=99)), 0),
    "other kernel": (changed(lambda d: d["metadata"].update(kernelspec={"name": "ir"})), FULL),
    "two answers": (changed(twice), FULL - 1),  # the last one that was changed counts
    "missing cell": (changed(no_cell), FULL - 1),
    "own points": (changed(own_points), FULL),
    "own checks": (changed(own_checks), 0),
    "scripts": (changed(script_everywhere), FULL - 2),
    "formula": (changed(formula_as_text), FULL),
    "huge": (dumped({**right(), "padding": "x" * 25_000_000}), 0),
}

NAMES = (
    "=cmd|' C calc'!A0", "+SUM(A1)", "@x", "-2+3", "a<script>alert(1)<script>", "Zoë", "Zoe\u0308",
    "x\u202egpj.exe", "CON", "n" * 120, "two\nlines,100", "tab\there", '"quoted"', "\u200bhidden",
)  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    """The class: two honest students, and everybody above."""
    root = tmp_path / "handed in"
    for name in ("Anna Honest", "Zacharias Honest"):
        (root / name).mkdir(parents=True)
        (root / name / FILE).write_bytes(dumped(right()))
    for name, (content, _) in NOTEBOOKS.items():
        (root / name).mkdir()
        (root / name / FILE).write_bytes(content)
    for name in NAMES:
        with contextlib.suppress(OSError):  # a file system that has no such names
            (root / name).mkdir()
            (root / name / FILE).write_bytes(dumped(right()))
    return root


@pytest.fixture
def secret(tmp_path):
    """What lies outside and must stay as it is."""
    path = tmp_path / "outside" / "secret.ipynb"
    path.parent.mkdir()
    path.write_bytes(dumped(right()))
    return path


@pytest.fixture
def grade(tmp_path, monkeypatch):
    """Grade in this process; -> a function of the folder, which returns what was said."""

    def here(client, function, tasks):
        for key, (task,) in tasks:
            yield key, function(task)

    monkeypatch.setattr(scheduler, "connect", lambda *_: contextlib.nullcontext())
    monkeypatch.setattr(scheduler, "workers", lambda _: 1)
    monkeypatch.setattr(scheduler, "map_unordered", here)

    def call(path):
        lines, begin = [], time.monotonic()
        run.grade(path, run.Settings(tmp_path / "out"), lines.append)
        assert time.monotonic() - begin < LONGEST
        return lines

    return call


def sums(out):
    """student -> points."""
    found = {}
    with open_gradebook(out / run.GRADEBOOK, write=False) as book:
        for mark in book.marks():
            found[mark.student] = found.get(mark.student, 0) + mark.points
    return found


def test_notebooks_and_names(folder, grade, tmp_path):
    grade(folder)
    out, found = tmp_path / "out", sums(tmp_path / "out")
    assert found["Anna Honest"] == found["Zacharias Honest"] == FULL
    for name, (_, worth) in NOTEBOOKS.items():
        assert found.get(name, 0) == worth, name
    honest = [name for name in found if name not in NOTEBOOKS]
    assert all(found[name] == FULL for name in honest)
    assert len(honest) >= 2 + len(NAMES) - 2  # a few file systems lack some of these names

    pages = [out / "summary.html", *(out / "feedback").iterdir()]
    assert len(pages) >= len(list(folder.iterdir()))  # two names that differ in nothing are one
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert page.resolve().is_relative_to(out.resolve())
        assert "Content-Security-Policy" in text
        assert not re.search(r"<script|<img|onerror=(?!alert)|javascript:", text.lower()), page
    for path in (out / "grades.csv", out / "marking_sheet.csv"):
        with open(path, encoding="utf-8-sig", newline="") as file:
            for row in csv.reader(file):
                assert not any(re.match(r"[=+@\t\r]|-\D", cell) for cell in row), row


def test_links_and_devices(folder, grade, secret, tmp_path):
    """A link to a right solution earns nothing, and nothing that is no file is opened."""
    tricks = folder / "Tricks"
    tricks.mkdir()
    os.symlink(secret, tricks / FILE)
    os.symlink(secret.parent, folder / "linked folder")
    os.link(secret, folder / "hard.ipynb")
    fifo = folder / "Fifo"
    fifo.mkdir()
    os.mkfifo(fifo / FILE)
    device = folder / "Device"
    device.mkdir()
    os.symlink("/dev/zero", device / FILE)
    plug = folder / "Plug"
    plug.mkdir()
    monkey = socket.socket(socket.AF_UNIX)
    here = os.getcwd()
    os.chdir(plug)  # the path of a socket must be short
    try:
        monkey.bind(FILE)
    finally:
        os.chdir(here)
    grade(folder)
    monkey.close()
    found = sums(tmp_path / "out")
    told = (tmp_path / "out" / "summary.html").read_text(encoding="utf-8")
    assert found["Anna Honest"] == FULL
    for name in ("Tricks", "linked folder", "Fifo", "Device", "Plug"):
        assert not found.get(name) and name in told, name


def bad_archives(secret):
    """name -> the bytes of an archive that must be refused, each for itself."""
    good = dumped(right())
    link = zipfile.ZipInfo(f"Linker/{FILE}")
    link.external_attr = 0o120777 << 16
    locked = bytearray(zipped({f"Locked/{FILE}": good}))
    for at in (m.start() for m in re.finditer(b"PK\x03\x04", bytes(locked))):
        locked[at + 6] |= 1
    for at in (m.start() for m in re.finditer(b"PK\x01\x02", bytes(locked))):
        locked[at + 8] |= 1
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr(f"Bomber/{FILE}", b"\0" * 300_000_000)
    return {
        "slip.zip": zipped({f"../../outside/{secret.name}": b"gone", f"a/../../{FILE}": good}),
        "absolute.zip": zipped({str(secret): b"gone"}),
        "backslash.zip": zipped({f"..\\..\\outside\\{secret.name}": b"gone"}),
        "link.zip": zipped([(link, str(secret))]),
        "locked.zip": bytes(locked),
        "cut off.zip": zipped({f"Torn/{FILE}": good})[:-400],
        "bomb.zip": buffer.getvalue(),
        "no.zip": b"this is no archive",
    }


# name of the archive, which is its student's -> why it could not be graded
BAD_ARCHIVES = {
    "absolute": "The file names a place outside the archive (an absolute path).",
    "backslash": "The file has a backslash in its name.",
    "bomb": "The file is larger than 20 MB.",
    "cut off": "The file is no zip, or was cut off.",
    "link": "The file is a link; links are not followed.",
    "locked": "The file is locked with a password.",
    "no": "The file is no zip, or was cut off.",
    "slip": 'The file names a place outside the archive ("..").',
}


def test_archives(folder, grade, secret, tmp_path):
    before = secret.read_bytes()
    honest = {path.name for path in folder.iterdir()}
    for name, content in bad_archives(secret).items():
        (folder / name).write_bytes(content)
    (folder / "Good.zip").write_bytes(zipped({f"Good/{FILE}": dumped(right())}))
    grade(folder)
    found = sums(tmp_path / "out")
    with open_gradebook(tmp_path / "out" / run.GRADEBOOK, write=False) as book:
        added = [(e.student, e.problem) for e in book.entries() if e.student not in honest]
    assert sorted(added) == sorted([("Good", None), *BAD_ARCHIVES.items()])
    assert found["Anna Honest"] == found["Zacharias Honest"] == found["Good"] == FULL
    assert not set(found) & set(BAD_ARCHIVES)
    assert secret.read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["handed in", "out", "outside"]


def test_one_cannot_hand_in_for_another(folder, grade, tmp_path):
    """The outermost name decides, whatever a student calls the files inside."""
    thief = folder / "Thief" / "Anna Honest"
    thief.mkdir(parents=True)
    wrong = notebook(1)
    (thief / FILE).write_bytes(dumped(wrong))
    grade(folder)
    found = sums(tmp_path / "out")
    assert found["Anna Honest"] == FULL and found["Thief"] == 0
