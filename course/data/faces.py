"""Two drawn people whose every pose and mood is known: the data of chapter 11.

"A" and "B" are characters, no one's portrait. What belongs to a character (shape of the head,
skin, hair, brows, eyes, glasses, clothes) never changes. What changes is the same list of factors
for both, so the true answer of a swap can be drawn: B, with the factors of A's picture.

A head is an ellipsoid, seen from far away. A pixel on it is turned back into the head's own
coordinates, where eyes, mouth and hair have their places; so they move and shorten as a head turns.

    yaw          degrees, -35 to 35       positive: the nose moves to the right of the picture
    pitch        degrees, -14 to 14       positive: the nose moves down
    roll         degrees, -3 to 3         positive: the head tilts clockwise
    right, down  pixels, -0.5 to 0.5      where the middle of the head is
    scale        0.985 to 1.015
    smile        -1 to 1                  corners of the mouth down, up
    mouth        0 to 1                   shut, wide open
    brows        -1 to 1                  low, raised
    eyes         0.25 to 1                nearly shut, open
    gaze_right   -1 to 1
    gaze_down    -1 to 1
    light        degrees, -60 to 60       where it comes from; positive: the right of the picture
    strength     0.2 to 0.8               of the light's shadows

All factors are uniform and independent.
"""

import hashlib
from pathlib import Path

import numpy as np

from course.data import cache, face_painting
from course.data.arguments import count
from course.data.face_painting import LOOKS, SIDE

RANGES = {
    "yaw": (-35, 35),
    "pitch": (-14, 14),
    "roll": (-3, 3),
    "right": (-0.5, 0.5),
    "down": (-0.5, 0.5),
    "scale": (0.985, 1.015),
    "smile": (-1, 1),
    "mouth": (0, 1),
    "brows": (-1, 1),
    "eyes": (0.25, 1),
    "gaze_right": (-1, 1),
    "gaze_down": (-1, 1),
    "light": (-60, 60),
    "strength": (0.2, 0.8),
}
FACTORS = tuple(RANGES)
CHUNK = 16  # faces drawn together: their arrays fit into a processor's cache
SECONDS = 6  # to draw 5,000 faces, on one core of an ordinary laptop

# At import, so that it belongs to the code that runs: a changed painter paints anew.
_SOURCE = b"".join(Path(file).read_bytes() for file in (__file__, face_painting.__file__))


def load_faces(character, n, *, seed=0, say=print):
    """Load faces of one character with random factors, from the cache or drawn now.

    Another seed gives other faces; the factors depend on the character too, so that no pose of A
    has a twin among B's.

    Args:
        character: "A" or "B".
        n: number of faces, an int >= 0.
        seed: an int >= 0.
        say: takes one line of text.

    Returns:
        images (n, 64, 64, 3) float32 in [0, 1], and factors (n, 14) float32 in the order of
        `FACTORS`; their units and ranges stand at the head of this module.

    Raises:
        TypeError, ValueError: if an argument is not as said.

    Example:
        >>> images, factors = load_faces("A", 1000)
        Faces of A: 1,000 of 64x64 pixels
    """
    _look(character)
    n, seed = count("n", n), count("seed", seed)

    def make():
        say(f"Drawing {n:,} faces of {character}, about {max(1, round(n * SECONDS / 5000))} s.")
        factors = draw_factors(n, _own_seed(character, seed))
        images = np.rint(255 * draw_face(character, factors)).astype(np.uint8)
        made.append(True)
        return {"images": images, "factors": factors}

    made = []
    arrays = cache.load_or_make(f"faces-{_version()}-{character}-{n}-{seed}", make, say)
    if made:
        cache.forget("faces-", keep=f"faces-{_version()}-")
    say(f"Faces of {character}: {n:,} of {SIDE}x{SIDE} pixels")
    images = np.divide(arrays["images"], np.float32(255), dtype=np.float32)
    return images, arrays["factors"]


def draw_factors(n, seed, **ranges):
    """Draw factors at random, uniform and independent.

    Args:
        n: number of faces, an int >= 0.
        seed: an int >= 0 or a sequence of them.
        **ranges: for a factor, (low, high) instead of its usual range; equal numbers hold it still.

    Shapes:
        -> (n, 14) float32.

    Raises:
        ValueError: for a factor that does not exist.

    Example:
        >>> draw_factors(2, 0, yaw=(30, 40)).shape
        (2, 14)
    """
    if unknown := set(ranges) - set(RANGES):
        raise ValueError(f"The factors are {', '.join(FACTORS)}. Received: {', '.join(unknown)}.")
    low, high = np.transpose(list((RANGES | ranges).values()))
    share = np.random.default_rng(seed).random((count("n", n), len(FACTORS)))
    return (low + (high - low) * share).astype(np.float32)


def factors_of(**values):
    """Factors that are neutral (frontal, calm, awake) but for the values given.

    Args:
        **values: for a factor, a number or an array (n,).

    Shapes:
        -> (n, 14) float32, n = 1 for numbers alone.

    Raises:
        ValueError: for a factor that does not exist.

    Example:
        >>> draw_face("B", factors_of(yaw=[-30, 0, 30], smile=1)).shape
        (3, 64, 64, 3)
    """
    if unknown := set(values) - set(FACTORS):
        raise ValueError(f"The factors are {', '.join(FACTORS)}. Received: {', '.join(unknown)}.")
    neutral = dict.fromkeys(FACTORS, 0.0) | {"scale": 1, "eyes": 0.9, "light": -30, "strength": 0.5}
    columns = np.broadcast_arrays(*(np.atleast_1d(v) for v in (neutral | values).values()))
    return np.stack(columns, axis=1).astype(np.float32)


def draw_face(character, factors):
    """Draw a character with given factors.

    Args:
        character: "A" or "B".
        factors: (n, 14), in the order of `FACTORS`.

    Shapes:
        -> (n, 64, 64, 3) float32 in [0, 1].

    Raises:
        ValueError: for another character or shape, or factors that are not finite.
    """
    look = _look(character)
    factors = np.asarray(factors, dtype=np.float32)
    if factors.ndim != 2 or factors.shape[1] != len(FACTORS) or not np.isfinite(factors).all():
        raise ValueError(
            f"Give finite factors (n, {len(FACTORS)}), in the order {', '.join(FACTORS)}. "
            f"Received: shape {factors.shape}."
        )
    images = np.empty((len(factors), SIDE, SIDE, 3), np.float32)
    for start in range(0, len(factors), CHUNK):
        part = factors[start : start + CHUNK]
        images[start : start + CHUNK] = face_painting.paint_head(
            look, dict(zip(FACTORS, part.T, strict=True))
        )
    return images


def _look(character):
    if character not in LOOKS:
        raise ValueError(f'A character is "A" or "B". Received: {character!r}.')
    return LOOKS[character]


def _own_seed(character, seed):
    return (seed, "AB".index(character))


def _version():
    """A short name for what the faces depend on but for their number, character and seed."""
    return hashlib.sha256(_SOURCE + np.__version__.encode()).hexdigest()[:12]
