"""How good generated images are: a Fréchet distance, the classes that occur, and intervals."""

from typing import NamedTuple

import numpy as np


def frechet_distance(a, b):
    """The Fréchet distance between two clouds of features, each taken as a Gaussian.

    |mean_a - mean_b|^2 + trace(A + B - 2 (A B)^(1/2)) with the covariances A and B, in squared
    units of the features. (Heusel et al. 2017, on a classifier's features.) The trace of the root
    is that of (A^(1/2) B A^(1/2))^(1/2): only symmetric matrices are taken apart, so a singular
    covariance, such as that of a feature that never fires, does no harm.

    Few rows make it too large, by an amount that falls like 1/n: compare clouds of one size.

    Shapes:
        a (n, d) and b (m, d) -> a number >= 0.

    Raises:
        ValueError: for other shapes, fewer than two rows, or values that are not finite.

    Example:
        >>> frechet_distance(features, features + 1)  # 128 features, each moved by 1
        128.0
    """
    a, b = _features(a), _features(b)
    if a.shape[1] != b.shape[1]:
        raise ValueError(f"Give features of one kind. Received: {a.shape} and {b.shape}.")
    cov_a, cov_b = (np.atleast_2d(np.cov(rows, rowvar=False)) for rows in (a, b))
    values, vectors = np.linalg.eigh(cov_a)
    root = vectors * np.sqrt(np.maximum(values, 0)) @ vectors.T
    shared = np.linalg.eigvalsh(root @ cov_b @ root)
    overlap = np.sqrt(np.maximum(shared, 0)).sum()
    gap = a.mean(axis=0) - b.mean(axis=0)
    return float(max(0.0, gap @ gap + np.trace(cov_a) + np.trace(cov_b) - 2 * overlap))


class Coverage(NamedTuple):
    """How often each class occurs: shares (classes,), their entropy in nats, the rarest's share."""

    shares: np.ndarray
    entropy: float
    rarest: float


def class_coverage(read, classes=10):
    """How often each class was read in the images.

    All classes alike have the entropy ln(classes), 2.303 nats for ten; one class alone has 0. A
    judge names a class for anything, so look at the images too.

    Args:
        read: the class read in each image, ints (n,).
        classes: how many there are.

    Raises:
        ValueError: if `read` holds no class, or one outside 0 to classes - 1.

    Example:
        >>> class_coverage([0, 0, 1, 1], classes=2)
        Coverage(shares=array([0.5, 0.5]), entropy=0.693, rarest=0.5)
    """
    read = np.asarray(read)
    whole = read.ndim == 1 and read.size and read.dtype.kind in "iu"
    if not whole or read.min() < 0 or read.max() >= classes:
        raise ValueError(
            f"Give a class from 0 to {classes - 1} for each image, ints (n,), such as "
            f"judge.read(images). Received: {read.dtype} of shape {read.shape}."
        )
    shares = np.bincount(read, minlength=classes) / len(read)
    there = shares[shares > 0]
    return Coverage(shares, float(-(there * np.log(there)).sum()), float(shares.min()))


def sample_interval(statistic, *samples, draws=100, confidence=0.95, seed=0):
    """A statistic of one or more samples, with the interval of a bootstrap over their rows.

    The rows of each sample are drawn anew with replacement, as often as there are. (Efron 1979.)
    Some statistics, the Fréchet distance among them, come out too large on few rows, and a drawn
    sample has fewer different ones: the middle of the draws lies above the measured value. So the
    interval is moved back by that difference; it says how far chance in the *rows* reaches.
    It knows nothing of another training run.

    Args:
        statistic: a function of the samples that returns a number.
        samples: arrays with the rows in axis 0, at least two rows each.
        draws: how often to draw.
        confidence: between 0 and 1.
        seed: an int >= 0.

    Returns:
        the measured value, low end, high end.

    Raises:
        ValueError: for fewer than two rows or a confidence outside its range.

    Example:
        >>> sample_interval(frechet_distance, real_features, features)
        (14.8, 14.3, 15.4)
    """
    samples = [np.asarray(sample) for sample in samples]
    if not samples or any(sample.ndim < 1 or len(sample) < 2 for sample in samples):
        raise ValueError(
            "Give samples of at least two rows each. Received: "
            f"{', '.join(str(s.shape) for s in samples) or 'none'}."
        )
    if not 0 < confidence < 1:
        raise ValueError(f"confidence lies between 0 and 1. Received: {confidence}.")
    rng = np.random.default_rng(seed)
    value = float(statistic(*samples))
    drawn = [
        statistic(*(s[rng.integers(len(s), size=len(s))] for s in samples)) for _ in range(draws)
    ]
    low, high = np.quantile(drawn, [(1 - confidence) / 2, (1 + confidence) / 2])
    moved = value - float(np.mean(drawn))
    return value, float(low) + moved, float(high) + moved


def _features(rows):
    rows = np.asarray(rows, dtype=float)
    if rows.ndim != 2 or len(rows) < 2 or not np.isfinite(rows).all():
        raise ValueError(
            "Give finite features (n, d) with n >= 2, such as judge.features(images). "
            f"Received: shape {rows.shape}, {np.count_nonzero(~np.isfinite(rows))} not finite."
        )
    return rows
