"""What the tests of the paper side share: notebooks, zips and a small class."""

import io
import json
import zipfile
from pathlib import Path

from course.environment import ROOT
from course.grading.gradebook import Mark
from course.grading.submissions import Submission

SLUGS = {
    1: "ch01_smallest_autoencoder",
    2: "ch02_how_many_latents",
    3: "ch03_transposed_convolution",
}


def released(chapter=1):
    """The bytes of a released notebook."""
    return Path(ROOT, "notebooks", f"{SLUGS[chapter]}.ipynb").read_bytes()


def notebook(chapter=1):
    """The same as a dict, without outputs, to be changed."""
    document = json.loads(released(chapter))
    for cell in document["cells"]:
        cell.pop("outputs", None)
    return document


def cell_of(document, grade_id):
    """The cell with this grade id."""
    return next(
        c
        for c in document["cells"]
        if c["metadata"].get("nbgrader", {}).get("grade_id") == grade_id
    )


def dumped(document):
    return json.dumps(document).encode()


def small(chapter=1, text=""):
    """A small notebook that belongs to a chapter, different for each text."""
    made_from = f"solutions/{SLUGS[chapter]}.py"
    cell = {"cell_type": "code", "source": text, "metadata": {}, "outputs": []}
    metadata = {"course": {"generated_from": made_from}}
    return dumped({"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": [cell]})


def zipped(files, compression=zipfile.ZIP_DEFLATED):
    """The bytes of a zip: a list of (name or ZipInfo, content), or a dict."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in files.items() if isinstance(files, dict) else files:
            archive.writestr(name, content)
    return buffer.getvalue()


def spread(folder, files):
    """Write a dict of path -> bytes below a folder; returns the folder."""
    for name, content in files.items():
        path = Path(folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return Path(folder)


def submission(student, chapter=1, key=None, problem=None, **more):
    key = f"key of {student}" if key is None else key
    return Submission(student, chapter, f"{student}/ch{chapter}.ipynb", key, problem, **more)


def marks_of(student, chapter=1, points=(1, 0), **more):
    """Two marks of two points each."""
    return [
        Mark(student, chapter, f"{chapter}.{i}", p, 2, "passed" if p == 2 else "not yet", **more)
        for i, p in enumerate(points, 1)
    ]


def graded(book, student, rows, chapter=1, **more):
    """Store marks of a student: rows of exercise, points, possible, status and what else."""
    one = submission(student, chapter)
    book.take_in([one])
    book.store(one, "c", [Mark(student, chapter, *row) for row in rows], **more)


NASTY = (
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "=cmd|' /C calc'!A0", "+1", "-1",
    "@SUM(A1)", "\t=1", "\r=1", "＝1+1", "Eve\nMallory,100", "a\x00b", "x\u202egpj.exe", "محمد",
    "n" * 300, "Zo\u00eb", "Zoe\u0308", "jane", "Jane", "CON", "../../etc/passwd", "..", "", "a/b",
    "Points Possible", "007", "'007", "1E5", "'=1", "''=1", "a;=1", "\\x0a", "👩\u200d🔬", "\ufeff",
)  # fmt: skip
