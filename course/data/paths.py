"""What is left of a path without its place, its size and its direction; and paths as pictures."""

import numpy as np

MARGIN = 2.0  # pixels around a drawn path
PEN = 0.7  # pixels, standard deviation of the pen's Gaussian


def standardise(paths):
    """Move, scale and turn each path, so that only its form is left. (Kendall 1984.)

    The mean of the fixes goes to the origin, their root mean square distance from it becomes 1, and
    the direction in which they spread most becomes x, with the second half of the record to the
    right of the first. Each path is treated by itself: no other path has a say.

    Shapes:
        (n, t, 2), any unit -> (n, t, 2) float32, no unit.

    Raises:
        ValueError: if the shape is another, a number is not finite, or a path is one point only.
    """
    paths = _checked(paths)
    same = (paths == paths[:, :1]).all(axis=(1, 2))
    if same.any():
        raise ValueError(
            f"A path needs two different points to have a size. Path {int(same.argmax())} has one."
        )
    centred = paths - paths.mean(axis=1, keepdims=True)
    size = np.sqrt(np.mean(np.sum(centred**2, axis=2), axis=1))
    centred /= size[:, None, None]
    spread = centred.transpose(0, 2, 1) @ centred  # (n, 2, 2)
    major = np.linalg.eigh(spread)[1][..., -1]  # (n, 2)
    half = paths.shape[1] // 2
    onward = centred[:, half:].mean(axis=1) - centred[:, :half].mean(axis=1)
    major *= np.where(np.sum(onward * major, axis=1) < 0, -1, 1)[:, None]
    minor = np.stack([-major[:, 1], major[:, 0]], axis=-1)  # a quarter turn on: no mirroring
    return (centred @ np.stack([major, minor], axis=-1)).astype(np.float32)


def draw_paths(paths, size=28):
    """Draw each path with a soft pen on a square, as large as fits.

    The ink of a fix is a Gaussian, which is separable, so that a picture is a matrix product,
    (size, t) @ (t, size); two more points lie between each two fixes.

    Args:
        paths: (n, t, 2), any unit.
        size: pixels a side, at least 8.

    Shapes:
        (n, t, 2) -> (n, size, size, 1) float32 in [0, 1], ink is 1; y grows upwards.

    Raises:
        ValueError: if the shape is another, a number is not finite, or `size` is too small.
    """
    paths = _checked(paths)
    if size < 8:
        raise ValueError(f"`size` must be at least 8 pixels. Received: {size!r}.")
    low, high = paths.min(axis=1, keepdims=True), paths.max(axis=1, keepdims=True)
    longer = np.maximum((high - low).max(axis=2, keepdims=True), np.finfo(np.float32).tiny)
    pixels = (paths - (low + high) / 2) / longer * (size - 1 - 2 * MARGIN) + (size - 1) / 2
    between = [pixels[:, :-1] + part * np.diff(pixels, axis=1) for part in (0, 1 / 3, 2 / 3)]
    pixels = np.concatenate([*between, pixels[:, -1:]], axis=1).astype(np.float32)
    grid = np.arange(size, dtype=np.float32)
    pen = np.exp(-((pixels[..., None] - grid) ** 2) / (2 * PEN**2))  # (n, points, 2, size)
    rows = pen[:, :, 1, ::-1].transpose(0, 2, 1)
    ink = rows @ pen[:, :, 0]
    return (1 - np.exp(-ink))[..., None]  # where the pen comes twice, ink does not double


def _checked(paths):
    paths = np.asarray(paths, dtype=np.float64)
    if paths.ndim != 3 or paths.shape[1] < 2 or paths.shape[2] != 2:
        raise ValueError(f"Give paths (n, t, 2), t >= 2. Received: shape {paths.shape}.")
    if not np.isfinite(paths).all():
        raise ValueError("Every fix needs two finite numbers. Received: NaN or infinity.")
    return paths
