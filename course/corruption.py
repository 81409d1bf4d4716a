"""Spoil images on purpose: noise, blur, occlusion, masks. Never in place, and seeded.

Images are floats in [0, 1]; what comes out is clipped to [0, 1] again, as a camera would do it. A
mask is True where a pixel is hidden.
"""

import operator

import numpy as np


def gaussian_noise(images, sigma, *, seed):
    """Add normal noise to each pixel, then clip to [0, 1].

    Args:
        images: (n, ...), floats in [0, 1].
        sigma: standard deviation of the noise, in grey levels; 0 adds none.
        seed: an int >= 0 or a `numpy.random.Generator`.

    Shapes:
        (n, ...) -> the same, of the same dtype.

    Raises:
        ValueError: for values outside [0, 1], NaN, a negative sigma.
        TypeError: for integer images or a seed of another kind.
    """
    images, rng = _images(images), _generator(seed)
    sigma = _number("sigma", sigma)
    noisy = rng.standard_normal(images.shape, dtype=_drawn(images))
    noisy *= sigma
    noisy += images
    return np.clip(noisy, 0, 1, out=noisy).astype(images.dtype, copy=False)


def salt_and_pepper(images, share, *, seed):
    """Turn a share of the pixels into 0 or 1, each with the same chance.

    Args:
        images: (n, ...), floats in [0, 1].
        share: how likely a pixel is lost, from 0 to 1.
        seed: an int >= 0 or a `numpy.random.Generator`.

    Shapes:
        (n, ...) -> the same, of the same dtype.

    Raises:
        ValueError: for values outside [0, 1], NaN, a share outside [0, 1].
        TypeError: for integer images or a seed of another kind.
    """
    images, rng = _images(images), _generator(seed)
    share = _number("share", share, most=1)
    chance = rng.random(images.shape)  # [0, share/2) is pepper, [share/2, share) is salt
    spoilt = np.where(chance < share, (chance >= share / 2).astype(images.dtype), images)
    return spoilt.astype(images.dtype, copy=False)


def blur(images, sigma):
    """Blur with a Gaussian window; beyond the border the outermost pixels go on.

    The window is cut off at four sigmas. Rows and columns are blurred one after the other, each by
    a small matrix, because a Gaussian in two dimensions is a product of two in one.

    Args:
        images: (n, h, w) or (n, h, w, channels), floats in [0, 1].
        sigma: width of the window in pixels; 0 changes nothing.

    Shapes:
        the same as `images`, of the same dtype.

    Raises:
        ValueError: for another shape, values outside [0, 1], NaN, a negative sigma.
        TypeError: for integer images.
    """
    images = _images(images, pictures=True)
    sigma = _number("sigma", sigma)
    down, across = (_blur_matrix(size, sigma, images.dtype) for size in images.shape[1:3])
    channels = images[:, np.newaxis] if images.ndim == 3 else np.moveaxis(images, -1, 1)
    blurred = np.moveaxis(down @ channels @ across.T, 1, -1).reshape(images.shape)
    return np.clip(blurred, 0, 1)  # a sum of weights may be 1.0000001


def band_masks(shape, height=2, *, seed):
    """Hide one band of whole rows in each image; every place is equally likely.

    Args:
        shape: the shape of the images, (n, h, w) or (n, h, w, channels).
        height: rows in a band, from 1 to h.
        seed: an int >= 0 or a `numpy.random.Generator`.

    Shapes:
        -> (n, h, w) bool, True where a pixel is hidden.

    Raises:
        ValueError: for another shape or height.
        TypeError: for a height or a seed of another kind.
    """
    n, h, w = _picture_shape(shape)
    height = _height(height, h)
    top = _generator(seed).integers(0, h - height + 1, size=(n, 1))
    row = np.arange(h)
    hidden = (row >= top) & (row < top + height)  # (n, h)
    return np.repeat(hidden[:, :, np.newaxis], w, axis=2)


def random_masks(shape, share, *, seed):
    """Hide each pixel with the same chance.

    Args:
        shape: the shape of the images, (n, h, w) or (n, h, w, channels).
        share: how likely a pixel is hidden, from 0 to 1.
        seed: an int >= 0 or a `numpy.random.Generator`.

    Shapes:
        -> (n, h, w) bool, True where a pixel is hidden.

    Raises:
        ValueError: for another shape or share.
        TypeError: for a seed of another kind.
    """
    share = _number("share", share, most=1)
    return _generator(seed).random(_picture_shape(shape)) < share


def hide(images, masks, value=1.0):
    """Paint the hidden pixels with one grey level.

    Args:
        images: (n, h, w) or (n, h, w, channels), floats in [0, 1].
        masks: (n, h, w) bool, True where a pixel is hidden.
        value: the paint, from 0 to 1.

    Shapes:
        the same as `images`, of the same dtype.

    Raises:
        ValueError: for other shapes, values outside [0, 1], NaN.
        TypeError: for integer images or masks that are not bool.
    """
    images = _images(images, pictures=True)
    value = _number("value", value, most=1)
    hidden = checked_masks(images, masks)
    return np.where(hidden, images.dtype.type(value), images)


def occlude_bands(images, height=2, value=1.0, *, seed):
    """Paint one band of rows over each image, as if a strip of tape lay on it.

    Args:
        images: (n, h, w) or (n, h, w, channels), floats in [0, 1].
        height: rows in a band, from 1 to h.
        value: the paint, from 0 to 1.
        seed: an int >= 0 or a `numpy.random.Generator`.

    Shapes:
        the same as `images`, of the same dtype.

    Raises:
        ValueError: for another shape, height or value; for values outside [0, 1], NaN.
        TypeError: for integer images, a height or a seed of another kind.

    Example:
        >>> occlude_bands(np.zeros((1, 3, 2)), height=3, seed=0).sum()
        np.float64(6.0)
    """
    images = _images(images, pictures=True)
    return hide(images, band_masks(images.shape, height, seed=seed), value)


def checked_masks(images, masks):
    """The masks, with an axis for channels if the images have one.

    Shapes:
        (n, h, w) -> (n, h, w) or (n, h, w, 1).

    Raises:
        ValueError: if there is not one mask for each image.
        TypeError: if the masks are not bool.
    """
    masks = np.asarray(masks)
    if masks.dtype != bool:
        raise TypeError(
            f"A mask is bool, True where a pixel is hidden. Received: {masks.dtype}. "
            "Write masks > 0.5 if 1 means hidden."
        )
    if masks.shape != images.shape[:3]:
        raise ValueError(
            f"Give one mask for each image, {images.shape[:3]}. Received: {masks.shape}."
        )
    return masks[..., np.newaxis] if images.ndim == 4 else masks


def _images(images, pictures=False):
    images = np.asarray(images)
    if images.dtype.kind != "f":
        raise TypeError(
            f"Give floats in [0, 1]. Received: {images.dtype}. Divide grey levels by 255."
        )
    if pictures:
        _picture_shape(images.shape)
    elif images.ndim < 2 or not images.size:
        raise ValueError(f"Give at least one image, (n, ...). Received: shape {images.shape}.")
    low, high = images.min(), images.max()  # NaN if there is one
    if not (low >= 0 and high <= 1):
        nan = int(np.isnan(images).sum())
        what = f"{nan} values that are NaN" if nan else f"values from {low:g} to {high:g}"
        advice = "" if nan else " Divide grey levels by 255, or clip."
        raise ValueError(f"Give images in [0, 1]. Received: {what}.{advice}")
    return images


def _picture_shape(shape):
    """(n, h, w) of the shape of a stack of pictures."""
    if len(shape) not in (3, 4) or not all(shape):
        raise ValueError(
            "Give at least one picture, as (n, h, w) or (n, h, w, channels). Received: shape "
            f"{tuple(shape)}. Flat rows of 784 become pictures by .reshape(-1, 28, 28)."
        )
    return tuple(shape[:3])


def _number(name, value, most=np.inf):
    value = float(value)
    if not 0 <= value <= most or np.isinf(value):
        bounds = "at least 0" if most == np.inf else f"from 0 to {most:g}"
        raise ValueError(f"{name} must be {bounds}. Received: {value:g}.")
    return value


def _height(height, h):
    height = operator.index(height)
    if not 1 <= height <= h:
        raise ValueError(f"height must be from 1 to {h}, the rows of an image. Received: {height}.")
    return height


def _generator(seed):
    if isinstance(seed, np.random.Generator):
        return seed
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer):
        raise TypeError(
            "seed must be an int or a numpy.random.Generator, so that a run can be repeated. "
            f"Received: {seed!r}."
        )
    if seed < 0:
        raise ValueError(f"seed must be at least 0. Received: {seed}.")
    return np.random.default_rng(int(seed))


def _drawn(images):
    """The dtype to draw normal numbers in: NumPy has two."""
    return np.float32 if images.dtype.itemsize <= 4 else np.float64


def _blur_matrix(size, sigma, dtype):
    """(size, size): what each pixel of a line takes from each pixel of it."""
    matrix = np.zeros((size, size))
    reach = int(4 * sigma + 0.5)
    offsets = np.arange(-reach, reach + 1)
    weights = np.exp(-0.5 * (offsets / sigma) ** 2) if sigma else np.ones(1)
    places = np.arange(size)
    for offset, weight in zip(offsets, weights / weights.sum(), strict=True):
        np.add.at(matrix, (places, np.clip(places + offset, 0, size - 1)), weight)
    return matrix.astype(dtype)
