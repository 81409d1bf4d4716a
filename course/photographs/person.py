"""One person: a folder or a short video becomes aligned faces and a report."""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from course.data.cache import shown
from course.photographs import aligning, video
from course.photographs.detecting import detector, find_face
from course.photographs.pictures import Unusable, read_picture
from course.photographs.quality import Twins, check_place, check_sharp
from course.photographs.report import USED, Report, Row, printable
from course.photographs.sources import count_pictures, list_files, pictures_of
from course.photographs.waiting import Waiting

SECONDS = 0.3  # to read a picture and to find its face, on two CPU cores


class TooFewFaces(ValueError):
    """Not enough usable pictures. The message holds the report, which is also `.report`."""


@dataclass(frozen=True)
class Photograph:
    """Where a face came from, so that another one can be put there.

    Args:
        path: the file.
        stamp: of a frame in a video; None for a picture.
        name: the file's name, with the number of the frame.
        a, b: the placement of the crop in the picture, see `aligning`.
        state: size and time of the file when it was read.
    """

    path: Path
    stamp: video.Stamp | None
    name: str
    a: complex
    b: complex
    state: tuple

    def picture(self):
        """The whole picture, read again. (h, w, 3) uint8.

        Raises:
            ValueError: if the file is gone or not the same any more.
        """
        try:
            if _state(self.path) != self.state:
                raise Unusable("it has changed")
            if self.stamp is None:
                return read_picture(self.path)
            return video.read_frame(self.path, self.stamp)
        except (OSError, Unusable) as error:
            raise ValueError(
                f"{printable(self.name)} cannot be read as it was before ({printable(error)}). "
                "Run load_person again."
            ) from error


@dataclass(frozen=True, repr=False)
class Person:
    """One person's faces.

    Args:
        name: of the folder or video.
        faces: (n, size, size, 3) float32 in [0, 1], upright, eyes and mouth at fixed places.
        photographs: n Photographs, one a face.
        report: a Report, one row a file or frame.
    """

    name: str
    faces: np.ndarray
    photographs: tuple
    report: Report

    def __len__(self):
        return len(self.faces)

    def __repr__(self):
        n, size = self.faces.shape[:2]
        return f"{printable(self.name)}: {n} faces of {size} x {size} pixels"


def load_person(path, *, size=64, at_least=20, most=300):
    """Read a folder of pictures, or a short video, of one person who has agreed to it.

    A file that cannot be used gets a row in the report, and the rest goes on. Not used are: files
    that are no pictures, damaged or too large; no face, or several of similar size; a face that is
    too small, blurred or turned away; a picture (nearly) equal to one before; and pictures that are
    marked as generated. Subfolders and hidden files are left alone.

    Args:
        path: a folder, or a video of seconds to a few minutes.
        size: pixels of a side of a face.
        at_least: usable faces that are needed. Twenty show how it works; a swap that pleases needs
            some hundreds, in many poses and lights.
        most: files that are read, or frames of each video; they are chosen evenly.

    Returns:
        a Person.

    Raises:
        FileNotFoundError: if there is nothing at the path.
        TooFewFaces: if fewer than `at_least` faces can be used; with the report.
        ImportError: if the face detector is not installed; the message says what to run.
    """
    path = Path(path).expanduser()
    if not 1 <= at_least <= most:
        raise ValueError(f"at_least must be from 1 to most ({most}). Received: {at_least}.")
    if not path.exists():
        raise FileNotFoundError(
            f"There is nothing at {shown(path)}. Give a folder with pictures, or a video. Relative "
            f"paths start at {shown(Path.cwd())}."
        )
    files, rows = list_files(path, most)
    name, report, twins = path.resolve().name, Report(rows), Twins()
    faces, photographs = [], []
    waiting = Waiting("reading", name, count_pictures(files, most), SECONDS, loads=True)
    if files:
        detector()  # a missing library is one error, not a row a file
    for file in files:
        try:
            for stamp, label, picture in pictures_of(file, most):
                try:
                    face, a, b, note = _face_of(picture, size)
                    twins.add(label, face)
                    faces.append(face)
                    photographs.append(Photograph(file, stamp, label, a, b, _state(file)))
                    report.append(Row(label, USED, note))
                except Unusable as problem:
                    report.append(Row(label, str(problem)))
                waiting.step()
        except (Unusable, OSError) as problem:
            report.append(Row(file.name, str(problem)))
            waiting.step()
    waiting.end()
    if len(faces) < at_least:
        error = TooFewFaces(
            f"{len(faces)} usable faces found in {printable(name)}, {at_least} needed. Add pictures"
            f" in which one face is large, sharp and seen from the front. The files:\n{report}"
        )
        error.report = report
        raise error
    return Person(name, np.stack(faces), tuple(photographs), report)


def _face_of(picture, size):
    """The face in a picture, its placement and a note.

    Raises:
        Unusable: if there is none that is good enough.
    """
    found = find_face(picture)
    a, b, error = aligning.place(found.points)
    check_place(found, a, error, size)
    face = aligning.crop(picture, a, b, size)
    check_sharp(face)
    notes = [f"turned by {found.turned} degrees"] if found.turned else []
    notes += [f"largest of {found.others + 1} faces"] if found.others else []
    return face, a, b, ", ".join(notes)


def _state(path):
    found = os.stat(path)
    return found.st_size, found.st_mtime_ns
