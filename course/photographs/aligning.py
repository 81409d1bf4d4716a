"""Bring a face to fixed places: eyes, nose and mouth, by shift, turn and one scale.

A face in a crop is described by a *placement*: a complex number pair (a, b) that takes the point
x + iy of the crop, in units of its side, to a·(x + iy) + b in the picture, in pixels. |a| is the
side of the crop in the picture, the angle of a is its turn.
"""

import numpy as np
from PIL import Image
from scipy.ndimage import map_coordinates

# Left eye, right eye, nose, corners of the mouth, as seen; x, y in units of the crop's side. The
# proportions are those that face recognition uses (Deng et al. 2019), a little higher up, so that
# the chin is inside.
LANDMARKS = np.array([[0.342, 0.40], [0.657, 0.40], [0.50, 0.58], [0.371, 0.765], [0.629, 0.765]])
EYES = LANDMARKS[1, 0] - LANDMARKS[0, 0]  # their distance, in units of the crop's side


def place(points):
    """The placement that brings LANDMARKS nearest to five points, in least squares.

    Args:
        points: (5, 2), x and y in pixels, in the order of LANDMARKS.

    Returns:
        a, b and what is left over: root mean square distance in units of the eyes' distance.
    """
    template = LANDMARKS @ [1, 1j]
    found = np.asarray(points, dtype=float) @ [1, 1j]
    centred = template - template.mean()
    a = np.vdot(centred, found) / np.vdot(centred, centred).real
    b = found.mean() - a * template.mean()
    error = np.sqrt(np.mean(np.abs(a * template + b - found) ** 2))
    return a, b, error / (abs(a) * EYES) if a else np.inf


def crop(picture, a, b, size):
    """Cut a face out, upright. Each pixel is the mean over the area that it covers.

    Args:
        picture: (h, w, 3) uint8.
        a, b: the placement.
        size: pixels of a side.

    Returns:
        (size, size, 3) float32 in [0, 1]; beyond the picture its edge goes on.
    """
    coarse = max(1, int(abs(a) / size / 2))
    if coarse > 1:  # whole blocks first, so that few points are left to read
        picture = np.asarray(Image.fromarray(picture).reduce(coarse))
        a, b = a / coarse, b / coarse
    fine = max(1, int(np.ceil(abs(a) / size)))
    at = (np.arange(size * fine) + 0.5) / (size * fine)
    points = a * (at + 1j * at[:, None]) + b - (0.5 + 0.5j)  # centres of pixels are whole numbers
    where = np.array([points.imag, points.real])
    channels = [
        map_coordinates(picture[..., k].astype(np.float32), where, order=1, mode="nearest")
        for k in range(3)
    ]
    blocks = np.stack(channels, axis=-1).reshape(size, fine, size, fine, 3)
    return np.clip(blocks.mean(axis=(1, 3)) / 255, 0, 1).astype(np.float32)


def inside(a, b, shape):
    """Rows and columns of a picture that a crop touches, as slices, and the crop's coordinates
    there: x + iy in units of its side."""
    corners = a * np.array([0, 1, 1j, 1 + 1j]) + b
    h, w = shape[:2]
    top, bottom = np.clip([corners.imag.min(), corners.imag.max() + 1], 0, h).astype(int)
    left, right = np.clip([corners.real.min(), corners.real.max() + 1], 0, w).astype(int)
    x, y = np.arange(left, right) + 0.5, np.arange(top, bottom) + 0.5
    return slice(top, bottom), slice(left, right), (x + 1j * y[:, None] - b) / a
