"""Digits to learn from: MNIST when it can be had, else digits that the package draws itself."""

import hashlib
import os
from pathlib import Path
from typing import NamedTuple

import numpy as np

from course.data import cache, drawn, keras_cache
from course.data.arguments import count
from course.data.cache import DataError, shown
from course.data.fashion import FASHION
from course.data.mnist import MNIST

SOURCES = ("auto", "mnist", "fashion", "drawn")
PUBLISHED = {"mnist": MNIST, "fashion": FASHION}
TRAIN, TEST = 60_000, 10_000
SECONDS = 5  # to draw them, on one core of an ordinary laptop

# Read at import, so that it belongs to the code that runs: a changed generator is drawn anew.
_SOURCE = Path(drawn.__file__).read_bytes()


class DigitsSource(NamedTuple):
    """Which digits would be loaded ("mnist", "fashion" or "drawn"), and why, in one sentence."""

    name: str
    why: str


def load_digits(source="auto", *, seed=0, say=print):
    """Load 60,000 images to train on and 10,000 to test with, and say in one line which they are.

    Args:
        source: "mnist", "fashion" or "drawn"; "auto" is what the variable COURSE_DATA names, and
            without it MNIST from the Keras cache, else downloaded, else drawn digits.
        seed: an int >= 0; another seed draws other digits. MNIST does not depend on it.
        say: takes one line of text.

    Returns:
        `(x_train, y_train), (x_test, y_test)`, as the loaders of Keras do.

    Shapes:
        x (n, 28, 28, 1) float32 in [0, 1], ink is 1; y (n,) int64 in 0..9.

    Raises:
        ValueError: if `source` or COURSE_DATA is unknown, or `seed` is negative.
        TypeError: if `seed` is not an int.
        DataError: if a source was asked for and cannot be had; the message says what to do.

    Example:
        >>> (x_train, y_train), (x_test, y_test) = load_digits("drawn")
        Digits: drawn digits, 60,000 + 10,000 images (asked for)
        >>> x_train.shape
        (60000, 28, 28, 1)
    """
    name, because = _asked(source)
    seed = count("seed", seed)
    if name != "drawn":
        kind = "mnist" if name == "auto" else name
        published = PUBLISHED[kind]
        try:
            arrays, where = keras_cache.load(published, say)
        except DataError as error:
            if name != "auto":
                raise DataError(f"{error}. {keras_cache.advice(published)}") from error
            because = str(error)
        else:
            what = "Clothes" if kind == "fashion" else "Digits"
            say(f"{what}: {published.title}, {_sizes(arrays)}, from {where}")
            return _pairs(arrays)
    arrays = _load_drawn(seed, say)
    say(f"Digits: drawn digits, {_sizes(arrays)} ({because})")
    return _pairs(arrays)


def digits_source(source="auto", *, seed=0):
    """Tell which digits `load_digits` would take now and why, without loading or downloading them.

    Raises:
        ValueError, TypeError, DataError: as `load_digits` does.

    Example:
        >>> digits_source("drawn").name
        'drawn'
    """
    name, because = _asked(source)
    seed = count("seed", seed)
    if name != "drawn":
        kind = "mnist" if name == "auto" else name
        published = PUBLISHED[kind]
        faults = keras_cache.read(published)[1]
        if not faults:
            return DigitsSource(kind, f"found in {shown(published.path())}")
        obstacle = keras_cache.obstacle(published, faults)
        if obstacle is None:
            size = f"{published.megabytes} MB would be downloaded"
            return DigitsSource(kind, f"not complete in the Keras cache; {size}")
        because = keras_cache.unavailable(published, faults, obstacle)
        if name != "auto":
            raise DataError(f"{because}. {keras_cache.advice(published)}")
    there = cache.path_of(_drawn_name(seed)).is_file()
    time = "they are in the cache" if there else f"drawing them takes about {SECONDS} s, once"
    return DigitsSource("drawn", f"{because}; {time}")


def _asked(source):
    """The source that was asked for, and how."""
    if source not in SOURCES:
        raise ValueError(f"`source` must be one of {', '.join(SOURCES)}. Received: {source!r}")
    variable = os.environ.get("COURSE_DATA", "").strip().lower() or "auto"
    if source != "auto" or variable == "auto":
        return source, "asked for"
    if variable not in SOURCES:
        raise ValueError(
            f"The variable COURSE_DATA must be one of {', '.join(SOURCES)}, or not be set. "
            f"Received: {os.environ['COURSE_DATA']!r}"
        )
    return variable, f"COURSE_DATA={variable}"


def _load_drawn(seed, say):
    def make():
        say(f"Drawing {TRAIN + TEST:,} digits, about {SECONDS} s, the first time only.")
        x_train, y_train = drawn.draw_digits(TRAIN, seed=2 * seed)
        x_test, y_test = drawn.draw_digits(TEST, seed=2 * seed + 1)  # no image in common
        made.append(True)
        return {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test}

    made = []
    arrays = cache.load_or_make(_drawn_name(seed), make, say)
    if made:
        cache.forget("drawn-", keep=f"drawn-{_version()}-")
    return arrays


def _drawn_name(seed):
    return f"drawn-{_version()}-{seed}"


def _version():
    """A short name for what the drawn digits depend on but for the seed."""
    return hashlib.sha256(_SOURCE + f"{TRAIN} {TEST} {np.__version__}".encode()).hexdigest()[:12]


def _pairs(arrays):
    x_train, x_test = (
        np.divide(arrays[key], np.float32(255), dtype=np.float32)[..., None]
        for key in ("x_train", "x_test")
    )
    y_train, y_test = (arrays[key].astype(np.int64) for key in ("y_train", "y_test"))
    return (x_train, y_train), (x_test, y_test)


def _sizes(arrays):
    return f"{len(arrays['x_train']):,} + {len(arrays['x_test']):,} images"
