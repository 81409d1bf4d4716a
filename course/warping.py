"""Bend pictures at random, as the open face-swapping tools do while they train.

A coarse grid of control points lies over the picture. Each point is nudged by normal noise, the
nudges are interpolated to every pixel, and the pixel takes its colour from where its nudge points.
The network sees the bent picture and has to give the straight one back.
"""

import numpy as np

POINTS = 5  # control points a side
NOISE = 0.04  # standard deviation of a nudge, in sides of the picture; 2.5 pixels of 64


def random_warp(images, noise=NOISE, *, seed, points=POINTS):
    """Bend each picture in its own way. The pictures given stay as they are: they are the targets.

    Args:
        images: (n, h, w, channels), floats.
        noise: standard deviation of the nudges, in sides of the picture; 0 bends nothing.
        seed: an int >= 0 or a `numpy.random.Generator`.
        points: control points a side, at least 2; the outermost lie on the border.

    Shapes:
        the same as `images`, of the same dtype. Beyond the border, the outermost pixels go on.

    Raises:
        ValueError: for another shape, a negative noise, fewer than 2 points.
        TypeError: for integer images.

    Example:
        >>> random_warp(np.ones((2, 8, 8, 3), np.float32), seed=0).mean()
        np.float32(1.0)
    """
    images = _images(images)
    if not 0 <= noise < np.inf:
        raise ValueError(f"noise must be at least 0, in sides of the picture. Received: {noise!r}.")
    if points < 2:
        raise ValueError(f"A grid has at least 2 control points a side. Received: {points!r}.")
    rng = np.random.default_rng(seed)
    nudges = rng.standard_normal((len(images), 2, points, points), dtype=np.float32)
    return warp(images, nudges * np.float32(noise))


def warp(images, nudges):
    """Bend pictures by given nudges of their control points.

    Args:
        images: (n, h, w, channels), floats.
        nudges: (n, 2, points, points), down and right, in sides of the picture: a pixel at a
            control point takes its colour from so much further down and right.

    Shapes:
        the same as `images`, of the same dtype.

    Raises:
        ValueError: for other shapes.
        TypeError: for integer images.

    Example:
        >>> picture = np.arange(4.0).reshape(1, 1, 4, 1)
        >>> warp(picture, np.full((1, 2, 2, 2), 0.25))[0, 0, :, 0].tolist()
        [1.0, 2.0, 3.0, 3.0]
    """
    images, nudges = _images(images), np.asarray(nudges, np.float32)
    n, h, w, _ = images.shape
    if nudges.ndim != 4 or nudges.shape[:2] != (n, 2) or min(nudges.shape[2:]) < 2:
        raise ValueError(
            f"Give nudges ({n}, 2, rows, columns), at least 2x2 for each picture. "
            f"Received: shape {nudges.shape}."
        )
    down, across = (_tents(size, k) for size, k in zip((h, w), nudges.shape[2:], strict=True))
    moved = down @ nudges @ across.T  # (n, 2, h, w)
    rows = np.arange(h, dtype=np.float32)[:, None] + moved[:, 0] * np.float32(h)
    columns = np.arange(w, dtype=np.float32) + moved[:, 1] * np.float32(w)
    return sample(images, rows, columns)


def random_transform(images, *, seed, turn=10.0, zoom=0.05, shift=0.05, flip=0.5):
    """Turn, zoom, shift and flip each picture: more poses from few photographs.

    Unlike a warp it is done before training, to the picture that is seen *and* to its target.

    Args:
        images: (n, h, w, channels), floats.
        seed: an int >= 0 or a `numpy.random.Generator`.
        turn: degrees, at most, either way.
        zoom: share, at most, larger or smaller.
        shift: sides of the picture, at most, in each direction.
        flip: how likely left and right change places.

    Shapes:
        the same as `images`, of the same dtype.

    Raises:
        ValueError: for another shape.
        TypeError: for integer images.
    """
    images = _images(images)
    n, h, w, _ = images.shape
    rng = np.random.default_rng(seed)
    angle = np.deg2rad(rng.uniform(-turn, turn, (n, 1, 1)))
    size = 1 + rng.uniform(-zoom, zoom, (n, 1, 1))
    dy, dx = (side * rng.uniform(-shift, shift, (n, 1, 1)) for side in (h, w))
    mirror = np.where(rng.random((n, 1, 1)) < flip, -1.0, 1.0)
    y = np.arange(h)[:, None] - (h - 1) / 2 - dy
    x = np.arange(w) - (w - 1) / 2 - dx
    rows = (np.cos(angle) * y - np.sin(angle) * x) / size + (h - 1) / 2
    columns = mirror * (np.sin(angle) * y + np.cos(angle) * x) / size + (w - 1) / 2
    return sample(images, rows.astype(np.float32), columns.astype(np.float32))


def sample(images, rows, columns):
    """The colours at places between the pixels, by bilinear interpolation.

    Args:
        images: (n, h, w, channels), floats.
        rows, columns: (n, h', w'), places in pixels; those outside are moved to the border.

    Shapes:
        -> (n, h', w', channels), of the images' dtype.
    """
    n, h, w, channels = images.shape
    rows, columns = np.clip(rows, 0, h - 1), np.clip(columns, 0, w - 1)
    top = np.minimum(rows.astype(np.int32), max(h - 2, 0))
    left = np.minimum(columns.astype(np.int32), max(w - 2, 0))
    below = (rows - top)[..., None].astype(images.dtype)
    right = (columns - left)[..., None].astype(images.dtype)
    corner = (np.arange(n)[:, None, None] * h + top) * w + left
    pixels = images.reshape(-1, channels)
    one, line = min(w - 1, 1), w if h > 1 else 0  # steps to the next column and row
    upper = pixels.take(corner, axis=0)
    upper += right * (pixels.take(corner + one, axis=0) - upper)
    lower = pixels.take(corner + line, axis=0)
    lower += right * (pixels.take(corner + line + one, axis=0) - lower)
    upper += below * (lower - upper)
    return upper


def _tents(size, points):
    """The weights of linear interpolation from `points` to `size` places, (size, points)."""
    place = np.linspace(0, points - 1, size)[:, None]
    return np.clip(1 - np.abs(place - np.arange(points)), 0, None).astype(np.float32)


def _images(images):
    images = np.asarray(images)
    if images.ndim != 4:
        raise ValueError(f"Give pictures (n, h, w, channels). Received: shape {images.shape}.")
    if images.dtype.kind != "f":
        raise TypeError(
            f"Give floats; of bytes, images.astype('float32') / 255. Received: {images.dtype}."
        )
    return images
