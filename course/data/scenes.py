"""Scenes of digits and shapes with a class for each pixel, made by the package with NumPy alone.

A scene is grey paper with a gradient; objects lie on it, and a later object hides what is under it.
Each object is one flat grey, drawn from the same levels whatever its class: brightness does not
tell a digit from a disc. White noise comes last. A pixel belongs to one object wholly, so the mask
is exact: it is the class of the topmost object that covers the centre of the pixel.

All lengths are in pixels, all grey levels in [0, 1], black to white.

    objects      3 to 6 a 64x64 scene, uniform; in proportion to the area for other sizes
    class        digit 1/3, disc, ring, square, triangle 1/6 each
    place        centre uniform on the canvas, so the edge may cut an object off
    size         half height uniform from 7 to 12; digits from 9 to 14
    tilt         uniform from -0.25 to 0.25 radians for squares and triangles; digits stand upright
    ring         the hole has 0.45 to 0.65 of the outer radius
    paper        level uniform from 0.25 to 0.75, plus a linear gradient of at most 0.1 at a corner
    object       level uniform from 0.05 to 0.95, at least 0.25 from the paper's level
    noise        Gaussian, standard deviation 0.05; then clipped and rounded to 1/255
"""

import hashlib
import operator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from course.data import cache, drawn
from course.data.arguments import count

CLASSES = ("background", "digit", "disc", "ring", "square", "triangle")
SHARE = (0, 1 / 3, 1 / 6, 1 / 6, 1 / 6, 1 / 6)  # of each class among the objects
FEWEST, MOST = 3, 6  # objects in 64x64 pixels
NOISE = 0.05
SMALLEST, LARGEST = 32, 256  # side of a scene; beyond, `owners` would not fit into uint8
CHUNK = 250  # scenes drawn together; it is part of what a seed means
SECONDS = 5  # to draw 5,000 scenes of 64x64, on one core of an ordinary laptop

# Read at import, so that it belongs to the code that runs: a changed generator is drawn anew.
_SOURCE = b"".join(Path(file).read_bytes() for file in (__file__, drawn.__file__))


class Scenes(NamedTuple):
    """Scenes with all that is known of them.

    Shapes:
        images (n, h, w) uint8, 255 is white; masks (n, h, w) uint8, indices into CLASSES; owners
        (n, h, w) uint8, 0 for paper, j for the object in column j - 1 of the tables; kinds (n, k)
        uint8, the class of each object from the bottom up, 0 for no object; areas (n, k) int64, its
        pixels on the canvas, hidden ones too.
    """

    images: np.ndarray
    masks: np.ndarray
    owners: np.ndarray
    kinds: np.ndarray
    areas: np.ndarray


def load_scenes(size=(64, 64), *, train=4000, test=500, seed=0, say=print):
    """Load scenes to train on and to test with, from the cache or drawn now, and their classes.

    The default takes about 5 s the first time; 37 MB on disk, 150 MB in memory.

    Args:
        size: (height, width) in pixels, each from 32 to 256.
        train: number of training scenes, an int >= 0.
        test: number of test scenes, an int >= 0; they share no digit with the training scenes.
        seed: an int >= 0; another seed draws other scenes.
        say: takes one line of text.

    Returns:
        `(x_train, y_train), (x_test, y_test), classes`; `classes` is a tuple of names.

    Shapes:
        x (n, height, width, 1) float32 in [0, 1]; y (n, height, width) int32, indices into classes.

    Raises:
        TypeError, ValueError: if an argument is not as said.

    Example:
        >>> (x_train, y_train), (x_test, y_test), classes = load_scenes()
        Scenes: 4,000 + 500 of 64x64 pixels
        >>> classes[y_train.max()]
        'triangle'
    """
    size = _size(size)
    train, test, seed = count("train", train), count("test", test), count("seed", seed)

    def make():
        seconds = SECONDS * (train + test) * size[0] * size[1] / (5000 * 64 * 64)
        say(f"Drawing {train + test:,} scenes, about {max(1, round(seconds))} s, once.")
        parts = {"train": (train, 2 * seed), "test": (test, 2 * seed + 1)}  # no digit in common
        arrays = {}
        for part, (n, own_seed) in parts.items():
            scenes = draw_scenes(n, own_seed, size)
            arrays[f"x_{part}"], arrays[f"y_{part}"] = scenes.images, scenes.masks
        made.append(True)
        return arrays

    made = []
    height, width = size
    arrays = cache.load_or_make(
        f"scenes-{_version()}-{height}x{width}-{train}-{test}-{seed}", make, say
    )
    if made:
        cache.forget("scenes-", keep=f"scenes-{_version()}-")
    say(f"Scenes: {train:,} + {test:,} of {height}x{width} pixels")
    pairs = [
        (
            np.divide(arrays[f"x_{part}"], np.float32(255), dtype=np.float32)[..., None],
            arrays[f"y_{part}"].astype(np.int32),
        )
        for part in ("train", "test")
    ]
    return *pairs, CLASSES


def draw_scenes(n, seed, size=(64, 64), noise=NOISE):
    """Draw `n` scenes with their masks, and what lies where.

    The first scenes of a seed are the same whatever `n` is, and their objects whatever the noise.

    Args:
        n: number of scenes, an int >= 0.
        seed: an int >= 0.
        size: (height, width) in pixels, each from 32 to 256.
        noise: standard deviation of the noise in grey levels, a number >= 0.

    Returns:
        `Scenes`.

    Raises:
        TypeError, ValueError: if an argument is not as said.

    Example:
        >>> scenes = draw_scenes(10, seed=0, size=(96, 128))
        >>> scenes.masks.shape
        (10, 96, 128)
    """
    n, seed, size = count("n", n), count("seed", seed), _size(size)
    if isinstance(noise, bool) or not isinstance(noise, (int, float, np.number)):
        raise TypeError(f"`noise` must be a number >= 0. Received: {noise!r}.")
    if not 0 <= noise < np.inf:
        raise ValueError(f"`noise` must be a number >= 0, in grey levels. Received: {noise!r}.")
    plans = [_plan(seed, chunk, size) for chunk in range(-(-n // CHUNK))]
    digits = [int(np.sum(plan["kind"] == 1)) for plan in plans]
    glyphs, _ = drawn.draw_digits(sum(digits), seed)
    glyphs = np.split(glyphs, np.cumsum(digits)[:-1]) if plans else []
    k = _objects(size)[1]
    scenes = Scenes(
        np.empty((n, *size), np.uint8),
        np.empty((n, *size), np.uint8),
        np.empty((n, *size), np.uint8),
        np.empty((n, k), np.uint8),
        np.empty((n, k), np.int64),
    )
    for i, (plan, own) in enumerate(zip(plans, glyphs, strict=True)):
        here = slice(i * CHUNK, (i + 1) * CHUNK)
        for whole, part in zip(scenes, _paint(plan, own, size, noise), strict=True):
            whole[here] = part[: len(whole[here])]
    return scenes


def _objects(size):
    """The fewest and the most objects on a canvas of this size."""
    times = size[0] * size[1] / 64**2
    return tuple(max(1, round(number * times)) for number in (FEWEST, MOST))


def _plan(seed, chunk, size):
    """All that is random in CHUNK scenes but the digits: arrays (c, k) for the objects."""
    # A whole chunk is drawn even if a part is wanted, so that `n` does not change the scenes.
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(chunk,)))
    fewest, most = _objects(size)
    shape = CHUNK, most
    kind = rng.choice(len(CLASSES), shape, p=SHARE).astype(np.uint8)
    number = rng.integers(fewest, most, (CHUNK, 1), endpoint=True)
    kind[np.arange(most) >= number] = 0
    upright = (kind == 1) | (kind == 0)
    plan = {
        "kind": kind,
        "row": rng.uniform(0, size[0] - 1, shape),
        "column": rng.uniform(0, size[1] - 1, shape),
        "radius": rng.uniform(7, 12, shape) + 2 * (kind == 1),
        "angle": np.where(upright, 0, rng.uniform(-0.25, 0.25, shape)),
        "hole": rng.uniform(0.45, 0.65, shape),
        "paper": rng.uniform(0.25, 0.75, (CHUNK, 1)),
        "slope": rng.uniform(-0.05, 0.05, (CHUNK, 2)),
    }
    # Uniform on [0.05, 0.95] without what is within 0.25 of the paper.
    low, high = np.clip(plan["paper"] - 0.25, 0.05, 0.95), np.clip(plan["paper"] + 0.25, 0.05, 0.95)
    level = rng.uniform(size=shape) * (0.9 - (high - low)) + 0.05
    plan["level"] = np.where(level < low, level, level + (high - low))
    plan["rng"] = rng  # the noise is drawn last: it changes nothing else
    return plan


def _paint(plan, glyphs, size, noise):
    """Images, masks, owners, kinds and areas of a chunk."""
    height, width = size
    rows, columns = np.arange(height, dtype=np.float32), np.arange(width, dtype=np.float32)
    slope = plan["slope"].astype(np.float32)
    image = plan["paper"].astype(np.float32)[..., None]
    image = image + slope[:, 0, None, None] * np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    image = image + slope[:, 1, None, None] * np.linspace(-1, 1, width, dtype=np.float32)
    kinds = plan["kind"]
    owners = np.zeros((CHUNK, height, width), np.uint8)
    areas = np.zeros(kinds.shape, np.int64)
    glyph_of = np.cumsum(kinds == 1).reshape(kinds.shape) - 1  # scene by scene, bottom up
    for j in range(kinds.shape[1]):
        for kind in range(1, len(CLASSES)):
            here = np.flatnonzero(kinds[:, j] == kind)
            row, column, radius, angle, hole, level = (
                plan[name][here, j].astype(np.float32)[:, None, None]
                for name in ("row", "column", "radius", "angle", "hole", "level")
            )
            down, right = (rows[:, None] - row) / radius, (columns - column) / radius
            u = np.cos(angle) * right + np.sin(angle) * down
            v = np.cos(angle) * down - np.sin(angle) * right
            if kind == 1:
                covers = _covered_by_digit(glyphs[glyph_of[here, j]], u, v)
            else:
                covers = _covered_by_shape(CLASSES[kind], u, v, hole)
            image[here] = np.where(covers, level, image[here])
            owners[here] = np.where(covers, np.uint8(j + 1), owners[here])
            areas[here, j] = covers.sum(axis=(1, 2))
    image += np.float32(noise) * plan["rng"].standard_normal(image.shape, dtype=np.float32)
    image = np.rint(255 * np.clip(image, 0, 1)).astype(np.uint8)
    of_owner = np.concatenate([np.zeros((CHUNK, 1), np.uint8), kinds], axis=1)
    masks = of_owner[np.arange(CHUNK)[:, None, None], owners]
    return image, masks, owners, kinds, areas


def _covered_by_shape(name, u, v, hole):
    """Which pixels a shape of half height 1 covers. u, v (m, h, w), hole (m, 1, 1) -> bool."""
    if name == "disc":
        return u**2 + v**2 <= 1
    if name == "ring":
        distance = u**2 + v**2
        return (hole**2 <= distance) & (distance <= 1)
    if name == "square":
        return np.maximum(np.abs(u), np.abs(v)) <= 0.85
    sides = np.maximum(v, np.float32(np.sqrt(3) / 2) * np.abs(u) - v / 2)
    return sides <= 0.65  # equilateral, its corners at 1.3


def _covered_by_digit(glyphs, u, v):
    """Which pixels a digit covers: where its ink, between pixels interpolated, is half or more."""
    middle, half = (drawn.SIZE - 1) / 2, drawn.BOX / 2
    x, y = u * np.float32(half) + np.float32(middle), v * np.float32(half) + np.float32(middle)
    padded = np.zeros((len(glyphs), drawn.SIZE + 2, drawn.SIZE + 2), np.float32)
    padded[:, 1:-1, 1:-1] = glyphs
    x, y = (np.clip(a + 1, 0, drawn.SIZE + np.float32(0.999)) for a in (x[:, 0], y[:, :, 0]))
    left, top = x.astype(int), y.astype(int)
    # Upright, so rows and columns are interpolated one after the other.
    which = np.arange(len(glyphs))[:, None]
    down = (y - top)[..., None]
    ink = padded[which, top] * (1 - down) + padded[which, top + 1] * down  # (m, h, 30)
    right = (x - left)[:, None]
    before = np.take_along_axis(ink, left[:, None], axis=2)
    after = np.take_along_axis(ink, left[:, None] + 1, axis=2)
    return before * (1 - right) + after * right >= 127.5


def _version():
    """A short name for what scenes depend on but for their number, size and seed."""
    return hashlib.sha256(_SOURCE + np.__version__.encode()).hexdigest()[:12]


def _size(size):
    """(height, width) as ints, or an error that says what to pass instead."""
    wanted = f"`size` must be (height, width), two ints from {SMALLEST} to {LARGEST}"
    try:
        height, width = (operator.index(side) for side in size)
    except (TypeError, ValueError):
        raise TypeError(f"{wanted}, such as (64, 64). Received: {size!r}.") from None
    if not all(SMALLEST <= side <= LARGEST for side in (height, width)):
        raise ValueError(f"{wanted}. Received: {size!r}.")
    return height, width
