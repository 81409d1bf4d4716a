"""Toy targets with known modes, on a line and in a ring, and how many of them are found."""

from typing import NamedTuple

import numpy as np

from course.data.arguments import count

BUMPS = np.array([[-2.0], [2.0]])  # centres on the line, (2, 1)
BUMP_SIGMA = 0.5
RING_RADIUS, RING_SIGMA = 2.0, 0.1


def ring_centres(modes=8):
    """The centres of the ring's modes, counted against the clock from the right. -> (modes, 2)"""
    angles = 2 * np.pi * np.arange(count("modes", modes)) / modes
    return RING_RADIUS * np.stack([np.cos(angles), np.sin(angles)], axis=1)


def draw_points(n, centres, sigma, seed=0):
    """Points of a mixture of equal round Gaussians.

    Args:
        n: how many, an int >= 0.
        centres: (modes, d).
        sigma: standard deviation along each axis, > 0.
        seed: an int >= 0.

    Shapes:
        -> (n, d) float32.

    Raises:
        TypeError, ValueError: if `n` is no such int, centres are no table, or sigma is not above 0.

    Example:
        >>> draw_points(1000, ring_centres(), RING_SIGMA).shape
        (1000, 2)
    """
    n, centres = count("n", n), _centres(centres, sigma)
    rng = np.random.default_rng(seed)
    mode = rng.integers(len(centres), size=n)
    noise = rng.normal(0, sigma, size=(n, centres.shape[1]))
    return (centres[mode] + noise).astype("float32")


def density(x, centres, sigma):
    """The mixture's probability density at points. (n, d) -> (n,)"""
    centres = _centres(centres, sigma)
    squares = ((np.asarray(x, float)[:, None] - centres) ** 2).sum(axis=2)
    scale = (2 * np.pi * sigma**2) ** (centres.shape[1] / 2)
    return np.exp(-squares / (2 * sigma**2)).mean(axis=1) / scale


class ModesFound(NamedTuple):
    """What points say about modes: counts (modes,), how many are found, the share that is good."""

    counts: np.ndarray
    found: int
    good: float


def modes_found(points, centres, sigma, at_least=20):
    """Count the points near each centre.

    A point is good if its nearest centre is within 3 sigma (Srivastava et al. 2017 and others). A
    mode is found if at least `at_least` good points are nearest to it.

    Args:
        points: (n, d), n >= 1.
        centres: (modes, d).
        sigma: standard deviation of a mode along each axis.
        at_least: good points that a mode needs.

    Raises:
        ValueError: if the points do not fit the centres or there is none.

    Example:
        >>> modes_found(draw_points(1000, ring_centres(), 0.1), ring_centres(), 0.1).found
        8
    """
    points, centres = np.asarray(points, float), _centres(centres, sigma)
    if points.ndim != 2 or not len(points) or points.shape[1] != centres.shape[1]:
        raise ValueError(
            f"Give points (n, {centres.shape[1]}), n >= 1. Received: shape {points.shape}."
        )
    distances = np.linalg.norm(points[:, None] - centres, axis=2)  # (n, modes)
    good = distances.min(axis=1) <= 3 * sigma  # False for NaN
    nearest = distances[good].argmin(axis=1)
    counts = np.bincount(nearest, minlength=len(centres))
    return ModesFound(counts, int((counts >= at_least).sum()), float(good.mean()))


def _centres(centres, sigma):
    centres = np.asarray(centres, float)
    if centres.ndim != 2 or not len(centres):
        raise ValueError(f"Give centres (modes, d). Received: shape {centres.shape}.")
    if not sigma > 0:
        raise ValueError(f"sigma must be above 0. Received: {sigma}.")
    return centres
