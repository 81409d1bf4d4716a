"""Put a new face into a photograph: soft edge, colours of the old face."""

import numpy as np
from scipy.ndimage import map_coordinates

from course.photographs import aligning

CENTRE, RADII = 0.5 + 0.56j, (0.37, 0.42)  # of the mask's ellipse, in units of the crop's side
SOFT = 0.35  # share of the ellipse, from its edge inwards, over which the new face fades in
MOST_CONTRAST = 2.0  # the old face's contrast is not matched beyond this factor


def blend(photograph, face):
    """Put a face into the picture where another one was cut out.

    The new face takes over mean and contrast of the old one's colours, as the open tools do it, and
    fades out in an ellipse from brows to chin. Outside the ellipse no bit changes.

    Args:
        photograph: of `Person.photographs`.
        face: (size, size, 3), floats in [0, 1], aligned like `Person.faces`.

    Returns:
        the whole picture, (h, w, 3) uint8. It carries no label yet, see `save_swaps`.

    Raises:
        ValueError: if the face has another shape or range, or the file has changed.
    """
    face = _checked(face)
    picture, size = photograph.picture(), len(face)
    a, b = photograph.a, photograph.b
    new = match_colours(face, aligning.crop(picture, a, b, size), mask(size))
    rows, columns, at = aligning.inside(a, b, picture.shape)
    where = np.array([at.imag, at.real]) * size - 0.5
    new = np.stack([map_coordinates(new[..., k], where, mode="nearest") for k in range(3)], axis=-1)
    share = _share(at)[..., None]
    old = picture[rows, columns].astype(float)
    mixed = old + share * (np.clip(new, 0, 1) * 255 - old)
    picture[rows, columns] = np.where(share > 0, np.round(mixed), old)
    return picture


def mask(size):
    """How much of each pixel of a crop is new: 1 in the middle, 0 at the edge. (size, size)."""
    at = (np.arange(size) + 0.5) / size
    return _share(at + 1j * at[:, None])


def match_colours(face, old, weights):
    """Give a face the mean and the contrast of an old one, channel by channel.

    Args:
        face, old: (h, w, 3), floats.
        weights: (h, w), what counts.

    Returns:
        (h, w, 3); values may leave [0, 1] a little.
    """
    weights = (weights / weights.sum())[..., None]

    def statistics(x):
        mean = (weights * x).sum(axis=(0, 1))
        return mean, np.sqrt((weights * (x - mean) ** 2).sum(axis=(0, 1)))

    (mean, spread), (old_mean, old_spread) = statistics(face), statistics(old)
    factor = (old_spread + 1e-3) / (spread + 1e-3)
    return (face - mean) * np.clip(factor, 1 / MOST_CONTRAST, MOST_CONTRAST) + old_mean


def _share(at):
    """The mask at any points x + iy of the crop, in units of its side."""
    away = np.hypot((at.real - CENTRE.real) / RADII[0], (at.imag - CENTRE.imag) / RADII[1])
    t = np.clip((1 - away) / SOFT, 0, 1)
    return t * t * (3 - 2 * t)


def _checked(face):
    face = np.asarray(face, dtype=float)
    if face.ndim != 3 or face.shape[0] != face.shape[1] or face.shape[2] != 3:
        raise ValueError(f"Give one face, (size, size, 3). Received: shape {face.shape}.")
    if not (face.min() >= -1e-3 and face.max() <= 1.001):  # NaN fails this too
        raise ValueError(
            "A face's values must be from 0 to 1; divide by 255 or use np.clip first. "
            f"Received: {face.min()} to {face.max()}."
        )
    return face
