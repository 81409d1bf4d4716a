"""Challenges: homework that is scored by what it achieves, with points for each level reached.

A challenge spoils images and hands out what is left of them. What comes back is an array, so it
does not matter who made it or where: the notebook scores public images at once, and the same
description scores other images, spoilt from another seed, later.
"""

import html
import importlib
import importlib.util
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from course.exercises.public import SEED
from course.metrics import mse_per_image, psnr
from course.panels import Panel

GOOD, OPEN = "✓", "○"


@dataclass(frozen=True)
class Level:
    """One step of the ladder: these points for a measure that reaches a value.

    Args:
        points: an int, at least 1.
        measure: a key of MEASURES.
        at_least: the smallest value that earns the points.
    """

    points: int
    measure: str
    at_least: float

    def __post_init__(self):
        if self.measure not in MEASURES:
            known = ", ".join(MEASURES)
            raise ValueError(f"A level measures one of: {known}. Received: {self.measure!r}.")
        if not isinstance(self.points, int) or self.points < 1:
            raise ValueError(f"points must be an int, at least 1. Received: {self.points!r}.")

    @property
    def words(self):
        """What has to be reached, for a reader."""
        title, form, _ = MEASURES[self.measure]
        return f"{title}: at least {form.format(self.at_least)}"


@dataclass(frozen=True)
class Score:
    """What `Challenge.score` found.

    Args:
        values: a dict of measure -> number.
        reached: the levels that were reached.
        levels: all of them.
    """

    values: dict
    reached: tuple
    levels: tuple

    @property
    def points(self):
        return sum(level.points for level in self.reached)

    @property
    def possible(self):
        return sum(level.points for level in self.levels)


@dataclass(frozen=True)
class Challenge:
    """A task on spoilt images.

    Args:
        id: as in the homework's cell, such as "5".
        title: a few words.
        task: what comes in and what shall come out, in a sentence or two.
        spoil: a function of clean images and a seed that returns a dict of name -> array: all that
            an answer gets to see.
        baseline: a function of that dict: what one would use without a network.
        levels: the `Level`s.
    """

    id: str
    title: str
    task: str
    spoil: Callable[[np.ndarray, int], dict]
    baseline: Callable[..., np.ndarray]
    levels: tuple[Level, ...]

    @property
    def points(self):
        return sum(level.points for level in self.levels)

    def questions(self, images, seed=SEED):
        """What an answer gets to see, as a dict of name -> array.

        Args:
            images: clean images, (n, h, w, 1), floats in [0, 1].
            seed: an int >= 0; the notebook's is public.
        """
        return self.spoil(images, seed)

    def score(self, restored, images, labels, read, seed=SEED):
        """Measure restored images and count the points.

        Args:
            restored: what was made of `questions(images, seed)`, in the same order: (n, h, w, 1),
                (n, h, w) or (n, h * w). Values outside [0, 1] are clipped.
            images: the clean images, (n, h, w, 1).
            labels: their digits, (n,).
            read: a function of images that returns a digit for each, such as `judge.read`.
            seed: as for `questions`.

        Returns:
            a `Score`.

        Raises:
            ValueError: if `restored` has another shape or holds NaN.
            TypeError: if it is not an array of floats.
        """
        images, labels = np.asarray(images), np.asarray(labels)
        if labels.shape != images.shape[:1]:
            raise ValueError(
                f"Give a digit for each image. Received: {images.shape} and {labels.shape}."
            )
        restored = _restored(restored, images)
        shown = self.questions(images, seed)
        trial = _Trial(restored, images, labels, read, lambda: self.baseline(**shown))
        values = {m: MEASURES[m][2](trial) for m in dict.fromkeys(x.measure for x in self.levels)}
        reached = tuple(x for x in self.levels if values[x.measure] >= x.at_least)
        return Score(values, reached, self.levels)


@dataclass(frozen=True)
class _Trial:
    restored: np.ndarray
    images: np.ndarray
    labels: np.ndarray
    read: Callable
    baseline: Callable


def _share_read(trial):
    return float(np.mean(np.asarray(trial.read(trial.restored)) == trial.labels))


def _psnr(trial):
    return float(psnr(mse_per_image(trial.images, trial.restored).mean()))


def _gain(trial):
    if math.isinf(_psnr(trial)):
        return math.inf
    return _psnr(trial) - float(psnr(mse_per_image(trial.images, trial.baseline()).mean()))


# name -> what a reader calls it, how its values are written, and a function of a trial. The PSNR is
# that of the mean error of all images.
MEASURES = {
    "read": ("share of images that the judge reads rightly", "{:.3f}", _share_read),
    "psnr": ("PSNR", "{:.1f} dB", _psnr),
    "gain": ("PSNR beyond row interpolation", "{:+.1f} dB", _gain),
}


def _restored(restored, images):
    """The restored images as float32 in the shape of the clean ones, clipped to [0, 1]."""
    try:
        restored = np.asarray(restored)
    except ValueError:  # rows of different lengths
        restored = np.asarray(None)
    if restored.dtype.kind != "f":
        raise TypeError(
            f"Return the restored images as floats in [0, 1]. Received: {restored.dtype}."
        )
    fits = {images.shape, images.shape[:3], (len(images), math.prod(images.shape[1:]))}
    if restored.shape not in fits:
        raise ValueError(
            f"Return one restored image for each that you got, {images.shape}. "
            f"Received: {restored.shape}."
        )
    bad = int(np.isnan(restored).sum())
    if bad:
        raise ValueError(f"{bad} of {restored.size} restored pixels are NaN. Did the loss diverge?")
    return np.clip(restored, 0, 1).astype("float32").reshape(images.shape)


def find_challenge(challenge_id):
    """The challenge with this id.

    Raises:
        ValueError: if there is none.
    """
    number = str(challenge_id).rstrip("abcdefghijklmnopqrstuvwxyz")
    name = f"course.exercises.ch{int(number):02d}" if number.isdecimal() else ""
    there = name and importlib.util.find_spec(name)
    challenges = getattr(importlib.import_module(name), "CHALLENGES", ()) if there else ()
    for challenge in challenges:
        if challenge.id == str(challenge_id):
            return challenge
    known = ", ".join(repr(challenge.id) for challenge in challenges)
    raise ValueError(
        f"There is no challenge {challenge_id!r}." + (f" The chapter has: {known}." * bool(known))
    )


def levels_panel(challenge):
    """The panel that says what earns how many points."""
    head = f"Homework {challenge.id}: {challenge.title}, {_points(challenge.points)}"
    rows = [(_points(x.points), x.words) for x in challenge.levels]
    return _panel(head, challenge.task, rows)


def score_panel(challenge, score):
    """The panel that says which levels were reached."""
    head = f"Homework {challenge.id}: {score.points} of {_points(score.possible)}"
    measured = "; ".join(
        f"{MEASURES[m][0]} {MEASURES[m][1].format(value)}" for m, value in score.values.items()
    )
    rows = [
        (f"{GOOD if x in score.reached else OPEN} {_points(x.points)}", x.words)
        for x in score.levels
    ]
    return _panel(head, f"Measured: {measured}.", rows)


def _points(number):
    return f"{number} point{'s' * (number != 1)}"


def _panel(head, line, rows):
    width = max(len(left) for left, _ in rows)
    text = "\n".join([head, f"  {line}"] + [f"  {a.ljust(width)}  {b}" for a, b in rows])
    cell = "padding:0 1em 0 0;text-align:left"
    body = "".join(
        f'<tr><td style="{cell}">{html.escape(a)}</td><td style="{cell}">{html.escape(b)}</td></tr>'
        for a, b in rows
    )
    markup = (
        '<div style="border-left:4px solid #888888;padding:.3em .8em;margin:.2em 0;max-width:50em">'
        f"<strong>{html.escape(head)}</strong><div>{html.escape(line)}</div>"
        f'<table style="border-collapse:collapse;margin:.3em 0">{body}</table></div>'
    )
    return Panel(text, markup)
