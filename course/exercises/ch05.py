"""Exercises of chapter 5: a black picture, two slopes, a strip of tape; and the homework."""

import numpy as np

from course.corruption import band_masks, hide
from course.exercises.challenge import Challenge, Level
from course.exercises.exercise import Exercise
from course.restoration import interpolate_rows

BAND = 2  # rows of the tape in the homework


def _tapes(rng):
    """Three pictures of four rows that can be done by hand, then more, of other sizes."""
    black = np.zeros((3, 4, 2))
    cases = [{"images": black, "chance": np.array([0.0, 0.5, 0.99])}]
    for n, h, w in ((5, 6, 3), (40, 28, 4)):
        chance = rng.random(n)
        # Both ends, and a place where rounding differs from cutting off.
        chance[:3] = 0.0, 1 - 1 / 64, (h // 2 + 0.75) / (h - 1)
        cases.append({"images": rng.integers(0, 9, size=(n, h, w)) / 16, "chance": chance})
    return cases


def _logits(rng):
    """A black net at an inked pixel, by hand; then other outputs and pixels."""
    cases = [{"a": 0.0, "x": 1.0, "loss": loss} for loss in ("mse", "bce")]
    cases += [{"a": -8.0, "x": 1.0, "loss": loss} for loss in ("mse", "bce")]
    for loss in ("mse", "bce"):
        cases.append({"a": rng.normal(size=5) * 2, "x": rng.random(5), "loss": loss})
    return cases


def _copies(rng):
    """Four pixels by hand, a black copy, a perfect one, one that is worse than black."""
    x = rng.random((4, 6, 6))
    return [
        {"x": np.array([[1.0, 0.0, 0.0, 0.0]]), "x_hat": np.array([[0.5, 0.0, 0.0, 0.0]])},
        {"x": x, "x_hat": np.zeros_like(x)},
        {"x": x, "x_hat": x + 0.0},
        {"x": x, "x_hat": 0.3 * x + 0.2 * rng.random(x.shape)},
        {"x": 0.2 * x, "x_hat": rng.random(x.shape)},
    ]


EXERCISES = (
    Exercise("5.1", "how far from black", 1, _copies),
    Exercise("5.2", "the slope at a logit", 2, _logits),
    Exercise("5.3", "mend the tape", 2, _tapes),
)


def _under_tape(images, seed):
    return {"occluded": hide(images, band_masks(images.shape, BAND, seed=seed))}


def _under_known_tape(images, seed):
    masks = band_masks(images.shape, BAND, seed=seed)
    return {"occluded": hide(images, masks), "masks": masks}


def _as_they_are(occluded):
    return occluded


CHALLENGES = (
    Challenge(
        "5",
        "denoising occluded digits",
        "Digits come in with two neighbouring rows painted 1, at a random place. Give them back "
        "as they were.",
        _under_tape,
        _as_they_are,
        (
            Level(1, "read", 0.9),
            Level(1, "read", 0.95),
            Level(1, "read", 0.97),
            Level(1, "read", 0.98),
            Level(1, "psnr", 17),
            Level(1, "psnr", 20),
            Level(1, "psnr", 23),
            Level(1, "psnr", 26),
        ),
    ),
    Challenge(
        "5b",
        "inpainting with a known mask",
        "The same digits, and for each a mask that is True under the tape. Beat a straight line "
        "down each column.",
        _under_known_tape,
        lambda occluded, masks: interpolate_rows(occluded, masks),
        (Level(1, "gain", 0.2), Level(1, "gain", 2), Level(1, "gain", 3)),
    ),
)
