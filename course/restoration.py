"""Restore images without a network: what a denoiser has to beat.

Noise: a median filter, a Wiener filter, non-local means. Hidden pixels: interpolation down each
column, and the biharmonic equation. Blur: Wiener's filter with a known window.
"""

import numpy as np

from course.corruption import checked_masks


def median(images, size=3):
    """The median of a window around each pixel.

    Args:
        images: (n, h, w) or (n, h, w, 1), floats in [0, 1].
        size: rows and columns of the window, odd.

    Shapes:
        the same as `images`.
    """
    from scipy.ndimage import median_filter

    pictures = _pictures(images)
    if size < 1 or size % 2 == 0:
        raise ValueError(f"The window must have an odd size, so that it has a middle: {size!r}.")
    return median_filter(pictures, size=(1, size, size)).reshape(np.shape(images))


def wiener(images, size=5, noise=None):
    """Wiener's filter from the mean and the variance of a window (Lim 1990, section 9.2).

    Where the window varies no more than the noise does, it gives the mean; where it varies more, it
    keeps the pixel.

    Args:
        images: (n, h, w) or (n, h, w, 1), floats in [0, 1].
        size: rows and columns of the window.
        noise: standard deviation of the noise; None takes the mean of the windows' variances.

    Shapes:
        the same as `images`; clipped to [0, 1].
    """
    from scipy.ndimage import uniform_filter

    pictures = _pictures(images).astype(np.float64)
    window = (1, size, size)
    mean = uniform_filter(pictures, window, mode="constant")
    variance = uniform_filter(pictures**2, window, mode="constant") - mean**2
    if noise is None:
        power = variance.mean(axis=(1, 2), keepdims=True)
    else:
        power = np.full((len(pictures), 1, 1), float(noise) ** 2)
    gain = np.maximum(variance - power, 0) / np.maximum(np.maximum(variance, power), 1e-12)
    return _like(images, mean + gain * (pictures - mean))


def non_local_means(images, noise):
    """Average pixels whose surroundings look alike (Buades, Coll & Morel 2005), by scikit-image.

    The usual advice, a strength of .6 to 1 times the noise, wipes thin strokes out; the strength
    here is the best for digits under noise of .5.

    Args:
        images: (n, h, w) or (n, h, w, 1), floats in [0, 1]. A few hundred: about 3 ms each.
        noise: standard deviation of the noise.

    Shapes:
        the same as `images`.
    """
    from skimage.restoration import denoise_nl_means

    settings = dict(patch_size=5, patch_distance=9, h=0.3 * noise, sigma=0.5 * noise)
    restored = [
        denoise_nl_means(picture, fast_mode=True, **settings) for picture in _pictures(images)
    ]
    return _like(images, np.stack(restored))


def interpolate_rows(images, masks):
    """Fill hidden pixels by a straight line down each column, between the nearest known ones.

    At the border there is one neighbour only, and it is repeated; a column without any known pixel
    stays as it is.

    Args:
        images: (n, h, w) or (n, h, w, channels), floats in [0, 1].
        masks: (n, h, w) bool, True where a pixel is hidden.

    Shapes:
        the same as `images`; known pixels are kept.
    """
    images = _floats(images)
    checked_masks(images, masks)
    h = images.shape[1]
    row = np.arange(h)[np.newaxis, :, np.newaxis]
    above = np.maximum.accumulate(np.where(masks, -1, row), axis=1)
    below = np.minimum.accumulate(np.where(masks, h, row)[:, ::-1], axis=1)[:, ::-1]
    none = np.broadcast_to((above[:, -1:] < 0), masks.shape)
    first = np.where(above < 0, below, above)
    last = np.where(below == h, above, below)
    first, last = (np.where(none, row, np.clip(a, 0, h - 1)) for a in (first, last))
    share = (row - first) / np.maximum(last - first, 1)
    if images.ndim == 4:
        first, last, share = first[..., None], last[..., None], share[..., None]
    start, end = (np.take_along_axis(images, rows, axis=1) for rows in (first, last))
    return (start + share * (end - start)).astype(images.dtype)


def biharmonic(images, masks):
    """Fill hidden pixels as smoothly as the known ones allow (Damelin & Hoang 2018), scikit-image.

    Args:
        images: (n, h, w) or (n, h, w, 1), floats in [0, 1]. A few hundred: about 10 ms each.
        masks: (n, h, w) bool, True where a pixel is hidden.

    Shapes:
        the same as `images`.
    """
    from skimage.restoration import inpaint_biharmonic

    pictures = _pictures(images)
    checked_masks(pictures, masks)
    filled = [inpaint_biharmonic(*pair) for pair in zip(pictures, masks, strict=True)]
    return _like(images, np.stack(filled))


def deblur(images, sigma, balance):
    """Undo a known Gaussian blur as far as noise allows: Wiener's filter, by scikit-image.

    Args:
        images: (n, h, w) or (n, h, w, 1), floats in [0, 1]. A few thousand: about 0.2 ms each.
        sigma: width of the blur in pixels.
        balance: how much smoothness counts against sharpness; larger is smoother.

    Shapes:
        the same as `images`.
    """
    from skimage.restoration import wiener as wiener_deconvolution

    if not 0 < sigma < np.inf:
        raise ValueError(f"sigma must be above 0. Received: {sigma}.")
    reach = int(4 * sigma + 0.5)
    pictures = _pictures(images)
    if 2 * reach + 1 > min(pictures.shape[1:]):
        raise ValueError(
            f"The blur must fit into the picture: {2 * reach + 1} pixels for sigma {sigma:g}. "
            f"Received: pictures of {pictures.shape[1:]}."
        )
    line = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    window = np.outer(line, line) / line.sum() ** 2
    restored = [wiener_deconvolution(picture, window, balance) for picture in pictures]
    return _like(images, np.stack(restored))


def _pictures(images):
    """(n, h, w), without an axis for the one channel."""
    images = np.asarray(images)
    if images.ndim == 4 and images.shape[-1] == 1:
        images = images[..., 0]
    if images.ndim != 3 or not len(images):
        raise ValueError(
            f"Give grey images, (n, h, w) or (n, h, w, 1). Received: shape {np.shape(images)}."
        )
    return _floats(images)


def _floats(images):
    images = np.asarray(images)
    if images.dtype.kind != "f":
        raise TypeError(f"Give floats in [0, 1]. Received: {images.dtype}. Divide by 255.")
    return images


def _like(images, restored):
    """The restored pictures in the shape and dtype of the images, clipped to [0, 1]."""
    images = np.asarray(images)
    return np.clip(restored, 0, 1).astype(images.dtype).reshape(images.shape)
