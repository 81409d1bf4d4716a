"""Whether a face is good enough to learn from, and whether we had it already."""

import numpy as np
from scipy.ndimage import gaussian_filter

from course.photographs.aligning import EYES
from course.photographs.pictures import Unusable

SMALLEST = 0.6  # pixels of the picture for a pixel of the crop; with fewer, most is invented
MISPLACED = 0.28  # landmarks off their places, in eye distances; seen from the front, 0.1 to 0.2
NARROW = 0.25  # eyes nearer than this, in widths of the face's box: the detector was misled
SHARPEST = 1 / 64  # the finest detail that is looked at, in sides of the crop
BLURRED = 0.05  # share of detail in a face's contrast
SAME = 0.01  # root mean square difference of two faces as 16 x 16 grey pixels in [0, 1]


def check_place(found, a, error, size):
    """Check that a face is seen from the front and large enough.

    Args:
        found: a Face of `detecting`.
        a, error: of its placement, see `aligning.place`.
        size: pixels of a side of the crop.

    Raises:
        Unusable: if it is not.
    """
    left, right, nose = found.points[:3] @ [1, 1j]
    across = ((nose - left) / (right - left)).real if right != left else 0.0
    if not 0 < across < 1:  # beyond some 50 degrees the tip of the nose passes an eye
        raise Unusable("face turned away")
    if error > MISPLACED or abs(right - left) < NARROW * found.width:
        raise Unusable("face partly hidden, or not a face")
    if abs(a) < SMALLEST * size:
        raise Unusable(
            f"face too small: eyes {abs(a) * EYES:.0f} pixels apart, "
            f"{np.ceil(SMALLEST * size * EYES):.0f} needed"
        )


def check_sharp(face):
    """Check that a face, (size, size, 3), is not blurred.

    Raises:
        Unusable: if it is.
    """
    if sharpness(face) < BLURRED:
        raise Unusable("blurred, or without contrast")


def sharpness(face):
    """How much of a face's contrast is fine detail: 0 to 1, whatever its light."""
    grey = face.mean(axis=-1)
    detail = grey - gaussian_filter(grey, SHARPEST * len(grey))
    return float(detail.std() / max(grey.std(), 0.01))


class Twins:
    """The faces so far, so that a second copy is noticed: it would count double in training."""

    def __init__(self):
        self.names, self.small = [], []

    def add(self, name, face):
        """Take a face in.

        Raises:
            Unusable: if it is nearly one that is here already; the message names it.
        """
        ends = np.linspace(0, len(face), 17).astype(int)[:-1]
        grey = face.mean(axis=-1)
        small = np.add.reduceat(np.add.reduceat(grey, ends, axis=0), ends, axis=1)
        small = small * (len(ends) / len(face)) ** 2
        if self.small:
            distance = np.sqrt(np.mean((np.array(self.small) - small) ** 2, axis=(1, 2)))
            if distance.min() < SAME:
                raise Unusable(f"same picture as before: {self.names[distance.argmin()]}")
        self.names.append(name)
        self.small.append(small)
