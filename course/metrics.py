"""What chapters measure. All take NumPy arrays with the images in axis 0."""

import numpy as np


def _pair(x, x_hat):
    x, x_hat = np.asarray(x), np.asarray(x_hat)
    # In unsigned integers 3 - 5 is 254, and 20 squared is 144.
    kind = np.result_type(x, x_hat, np.float32)
    x, x_hat = x.astype(kind, copy=False), x_hat.astype(kind, copy=False)
    if x.shape != x_hat.shape or x.ndim < 2 or not len(x):
        raise ValueError(
            "Give two arrays of the same shape (n, ...) with n >= 1: the images and what was made "
            f"of them. Received: {x.shape} and {x_hat.shape}."
        )
    return x, x_hat


def mse_per_image(x, x_hat):
    """Mean squared error of each image, per pixel.

    Shapes:
        (n, ...) and (n, ...) -> (n,). For pixels in [0, 1] the unit is grey level squared.

    Raises:
        ValueError: if the shapes differ or there is no image.
    """
    x, x_hat = _pair(x, x_hat)
    difference = x.reshape(len(x), -1) - x_hat.reshape(len(x), -1)
    return np.mean(difference**2, axis=1)


def psnr(mse):
    """Peak signal-to-noise ratio in decibels of a mean squared error on [0, 1]: -10 log10(mse).

    Shapes:
        any -> the same; 0 -> infinity.

    Raises:
        ValueError: if an error is negative.
    """
    mse = np.asarray(mse, dtype=float)
    if np.any(mse < 0):
        raise ValueError(f"A mean squared error is not negative. Received: {mse.min()}.")
    with np.errstate(divide="ignore"):
        return -10 * np.log10(mse)


def subspace_cosines(a, b):
    """Cosines of the principal angles between two subspaces, largest first.

    Golub & Van Loan, Matrix Computations, 6.4.3. 1 means that the directions agree, 0
    that they are at right angles; the bases need not agree.

    Shapes:
        a (k, n) and b (k, n), a basis in the rows of each -> (k,).

    Raises:
        ValueError: if the shapes differ or the rows of one do not span k dimensions.
    """
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    if a.ndim != 2 or a.shape != b.shape or a.shape[0] > a.shape[1]:
        raise ValueError(
            "Give two bases of the same shape (k, n), k <= n, one vector a row. "
            f"Received: {a.shape} and {b.shape}."
        )
    for basis in (a, b):
        rank = np.linalg.matrix_rank(basis)
        if rank < len(basis):
            raise ValueError(
                f"The {len(basis)} rows of a basis must be independent. Received: rows that span "
                f"{rank} dimensions."
            )
    (q_a, _), (q_b, _) = np.linalg.qr(a.T), np.linalg.qr(b.T)
    return np.clip(np.linalg.svd(q_a.T @ q_b, compute_uv=False), 0.0, 1.0)
