"""Which frequencies a picture holds, and how much of it is a checkerboard. NumPy only."""

import numpy as np


def power_spectrum(images):
    """How a picture's variance divides over the frequencies: |DFT|² / (h w)².

    The zero frequency (the mean) is left out, so the parts sum to the variance (Parseval). The
    frequency in row i is (i - h // 2) / h cycles per pixel, columns likewise: the smallest is -1/2,
    the finest that pixels can carry, and zero stands at [h // 2, w // 2].

    Shapes:
        (n, h, w) or (n, h, w, 1) -> (n, h, w), float64.

    Raises:
        ValueError: if the shape is another.

    Example:
        >>> board = np.indices((4, 4)).sum(axis=0) % 2  # a chessboard
        >>> spectrum = power_spectrum(board[np.newaxis])[0]
        >>> spectrum[0, 0] == spectrum.sum() == board.var()
        True
    """
    pictures = _stack(images)
    h, w = pictures.shape[1:]
    centred = pictures - pictures.mean(axis=(1, 2), keepdims=True)
    power = np.abs(np.fft.fft2(centred) / (h * w)) ** 2
    power[:, 0, 0] = 0.0  # what rounding left of the mean
    return np.fft.fftshift(power, axes=(1, 2))


def parity_energy(images):
    """Share of a picture's variance that hangs on whether row and column are even or odd.

    That is the variance of the four means (even or odd row, even or odd column) over the variance
    of all pixels. By Parseval it is also the power at the frequencies (1/2, 0), (0, 1/2) and (1/2,
    1/2) over all power but the mean's: what a stride of 2 leaves behind when it treats even and odd
    pixels differently (Odena et al. 2016). White noise has 3 / (h w - 1), a flat picture 0.

    Shapes:
        (n, h, w) or (n, h, w, 1), h and w even -> (n,), from 0 to 1.

    Raises:
        ValueError: if h or w is odd, or the shape is another.

    Example:
        >>> parity_energy(np.indices((1, 4, 4))[1:].sum(axis=0) % 2)  # a chessboard
        array([1.])
    """
    pictures = _stack(images)
    n, h, w = pictures.shape
    if h % 2 or w % 2:
        raise ValueError(
            "Give pictures with an even number of rows and columns, or each parity does not come "
            f"equally often. Received: {h}x{w}. Crop a row or a column."
        )
    centred = pictures - pictures.mean(axis=(1, 2), keepdims=True)
    means = centred.reshape(n, h // 2, 2, w // 2, 2).mean(axis=(1, 3))
    explained, all_of_it = (means**2).mean(axis=(1, 2)), (centred**2).mean(axis=(1, 2))
    # Rounding leaves a flat picture a variance that is tiny, but not zero.
    flat = all_of_it <= 1e-24 * (pictures**2).mean(axis=(1, 2))
    return np.where(flat, 0.0, explained / np.where(flat, 1.0, all_of_it))


def _stack(images):
    """The pictures as floats (n, h, w)."""
    images = np.asarray(images, dtype=float)
    if images.ndim == 4 and images.shape[-1] == 1:
        images = images[..., 0]
    if images.ndim != 3 or not images.size:
        raise ValueError(
            "Give at least one grey picture, as (n, h, w) or (n, h, w, 1). "
            f"Received: shape {images.shape}."
        )
    return images
