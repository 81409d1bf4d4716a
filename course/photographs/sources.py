"""The files of a folder, in an order that people expect, and the pictures in each."""

import re
import warnings

import numpy as np

from course.photographs import video
from course.photographs.pictures import Unusable, read_picture
from course.photographs.report import Row
from course.provenance import is_generated


def list_files(path, most):
    """The files to read, and rows for what is left out.

    Hidden files are passed over without a word: systems put them there. Subfolders are not read.

    Args:
        path: a file, or a folder.
        most: files that are taken, evenly chosen.

    Returns:
        a list of paths in natural order (2 before 10), and a list of Rows.
    """
    if not path.is_dir():
        return [path], []
    files, rows = [], []
    for entry in sorted(path.iterdir(), key=_natural):
        if entry.name.startswith("."):
            continue
        if entry.is_file():
            files.append(entry)
        elif entry.is_dir():
            rows.append(Row(entry.name, "a folder: move its pictures up"))
        else:
            rows.append(Row(entry.name, "not a file"))  # a link to nowhere, a pipe
    taken = set(np.linspace(0, len(files) - 1, min(most, len(files))).round().astype(int))
    for i, file in enumerate(files):
        if i not in taken:
            rows.append(Row(file.name, f"left out: more than {most} files"))
    return [file for i, file in enumerate(files) if i in taken], rows


def count_pictures(files, most):
    """How many pictures the files hold, roughly, frames of videos included."""
    total = 0
    for file in files:
        try:
            total += video.count_frames(file, most) if _is_video(file) else 1
        except (Unusable, OSError):
            total += 1
    return total


def pictures_of(file, most):
    """Yield triples (stamp, name, picture): one of a picture, up to `most` of a video.

    The stamp of a picture is None.

    Raises:
        Unusable: with the problem in a few words.
    """
    if _is_video(file):
        for i, (stamp, picture) in enumerate(video.read_frames(file, most), start=1):
            yield stamp, f"{file.name}, frame {i}", picture
    else:
        picture = read_picture(file)  # first, since it notices pictures that are far too large
        if _is_marked(file):
            raise Unusable("marked as generated: not a photograph")
        yield None, file.name, picture


def _is_video(file):
    return file.suffix.lower() in video.SUFFIXES


def _is_marked(file):
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd metadata
            return is_generated(file)
    except Exception:  # odd metadata make Pillow raise nearly anything; the picture was read
        return False


def _natural(path):
    words = re.split(r"(\d+)", path.name.casefold())  # text and numbers in turn
    return [int(word) if i % 2 else word for i, word in enumerate(words)], path.name
