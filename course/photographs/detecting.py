"""Find the one face in a picture, whichever way up it lies.

The detector is MTCNN (Zhang et al. 2016, "Joint Face Detection and Alignment using Multitask
Cascaded Convolutional Networks"); its weights come with the package mtcnn.
"""

import functools
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from course.photographs.aligning import EYES, crop, place
from course.photographs.extra import need
from course.photographs.pictures import Unusable

SIDE = 640  # pixels of the longest side while looking for faces
FOUND, SURE = 0.90, 0.99  # of the detector's confidence
AGAIN, AROUND = 192, 2.0  # second look: pixels of a side, and sides of the crop that it takes in
AGREE = 0.3  # eye distances by which the second look may move the landmarks
FAR_LARGER = 2.0  # times as wide as any other face: then the others stand in the background
POINTS = ("left_eye", "right_eye", "nose", "mouth_left", "mouth_right")


@dataclass(frozen=True)
class Face:
    """One face: where, how sure, and how the picture had to be turned to see it.

    Args:
        points: (5, 2), x and y in pixels of the picture: eyes, nose, corners of the mouth.
        width: of its box, in pixels.
        confidence: of the detector, 0 to 1.
        turned: degrees by which the picture was turned, anticlockwise.
        others: smaller faces in the picture.
    """

    points: np.ndarray
    width: float
    confidence: float
    turned: int = 0
    others: int = 0


@functools.cache
def detector():
    """The detector, loaded once. It takes a few seconds."""
    from course.quiet import keras  # noqa: F401  TensorFlow starts without its notices

    return need("mtcnn").MTCNN(device="CPU:0")


def find_face(picture):
    """Find the face of the person whom a picture shows.

    Of several faces the largest is taken if it is FAR_LARGER than each other one: the rest stand in
    the background. Otherwise none is taken. The largest may be somebody else's, and one wrong face
    among the examples teaches the decoder a second person.

    A picture without a sure face is also tried turned by 90, 180 and 270 degrees.

    Args:
        picture: (h, w, 3) uint8.

    Returns:
        a Face, in coordinates of the picture as it was given.

    Raises:
        Unusable: if there is no face, or more than one.
    """
    best = _faces(picture, 0)
    if not best or best[0].confidence < SURE:
        for turned in (90, 180, 270):
            faces = _faces(picture, turned)
            bar = max(SURE, best[0].confidence if best else 0)
            if faces and max(face.confidence for face in faces) > bar:
                best = faces
    if not best:
        raise Unusable("no face found")
    largest, *others = best
    if others and largest.width < FAR_LARGER * others[0].width:
        raise Unusable(f"{len(best)} faces of similar size: cut out the one that counts")
    return replace(largest, points=_second_look(picture, largest.points), others=len(others))


def _second_look(picture, points):
    """The landmarks, found again with the face upright and large.

    The detector is least precise on tilted and on small faces. Over tilts to 40 degrees, sizes and
    lights of one face this brings the worst correlation of two crops from 0.4 to 0.9.
    """
    a, b, _ = place(points)
    around, corner = a * AROUND, b - a * (AROUND - 1) / 2 * (1 + 1j)
    near = np.round(crop(picture, around, corner, AGAIN) * 255).astype(np.uint8)
    found = [face for face in detector().detect_faces(near) if face["confidence"] >= FOUND]
    if not found:
        return points
    best = _landmarks(max(found, key=lambda face: face["confidence"]))
    moved = around * (best @ [1, 1j]) / AGAIN + corner
    off = np.sqrt(np.mean(np.abs(moved - points @ [1, 1j]) ** 2))
    # further off it is another face, or no face
    return np.stack([moved.real, moved.imag], axis=1) if off < AGREE * EYES * abs(a) else points


def _landmarks(found):
    """The points of one answer of the detector, which counts whole pixels, as pixels' centres."""
    return np.array([found["keypoints"][name] for name in POINTS], dtype=float) + 0.5


def _faces(picture, turned):
    """The faces in a turned picture, the largest first, in coordinates of the picture itself."""
    h, w = picture.shape[:2]
    shrink = max(1.0, max(h, w) / SIDE)
    small = Image.fromarray(picture).resize(
        (max(1, round(w / shrink)), max(1, round(h / shrink))), Image.Resampling.BOX
    )
    small = np.ascontiguousarray(np.rot90(np.asarray(small), turned // 90))
    faces = []
    for found in detector().detect_faces(small):
        if found["confidence"] < FOUND:
            continue
        points = _turned_back(_landmarks(found), turned, small.shape) * shrink
        faces.append(Face(points, found["box"][2] * shrink, float(found["confidence"]), turned))
    return sorted(faces, key=lambda face: -face.width)


def _turned_back(points, turned, shape):
    """Points of a picture that was turned anticlockwise by `turned`, where they were before."""
    h, w = shape[:2]
    x, y = points.T
    back = {0: (x, y), 90: (h - y, x), 180: (w - x, h - y), 270: (y, w - x)}
    return np.stack(back[turned], axis=1)
