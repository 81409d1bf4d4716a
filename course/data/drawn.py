"""Handwriting-like digits from hand-designed pen strokes, with NumPy alone.

A style is one way to write a digit: the path of a pen. An image is that path after a random hand
has bent it (slant, proportions, waves, unsteady points) and a random pen has inked it. The path
becomes P points, and ink is a sum of round Gaussians, one per point. A Gaussian is separable, so
the ink of an image is a matrix product, (28, P) @ (P, 28), and a hand moves points, not pixels.

The paths were designed by hand; digits of MNIST's training set that a network misread showed which
styles were missing. Nothing was copied or fitted from any image.
"""

import numpy as np

from course.data.arguments import count

SIZE = 28  # pixels a side
BOX = 19.4  # longer side of a digit, edge to edge; with its grey rim it covers 20 pixels
POINTS = 96  # samples along a path; the longest path is about 75 pixels
EDGE = 1.67  # from the middle of a line to its edge, in sigmas of its Gaussians
CENTRE = 14  # the pixel at the centre of mass, as in MNIST
CHUNK = 500  # images drawn together; it is part of what a seed means

# One style a line: digit, share among the styles of this digit, name: path. The grid is 100 x 100,
# x to the right and y down. The pen goes smoothly from point to point; "/" makes the point before
# it a corner; "+" lifts the pen.
STYLES = """
0 3 closed oval: 58,2 32,13 15,52 22,86 44,98 68,87 85,48 80,13 58,2
0 3 overlapping ends: 68,8 48,3 26,20 15,54 25,88 46,97 69,84 83,52 80,22 64,5 50,8
0 2 end tucked inside: 56,6 30,12 16,48 26,86 52,97 76,80 82,46 72,18 48,14
0 1 pointed: 52,2 22,36 17,72 44,98 78,66 82,26 52,2
0 2 wide: 50,10 14,24 4,52 20,82 54,92 92,74 96,40 76,14 48,10
0 2 tail into the middle: 72,8 50,3 22,26 16,60 34,96 70,90 86,50 76,14 54,8 40,22
0 1 crossed ends: 28,0 44,10 18,40 18,76 48,98 80,76 84,34 60,8 34,14
0 1 curl inside: 66,16 58,4 30,14 14,52 34,94 70,84 86,44 66,14 44,14 46,30
1 9 bare stroke: 51,2 50,34 50,66 49,98
1 2 flag: 32,22 52,3 / 52,50 52,98
1 1 flag and base: 30,22 52,3 / 52,50 52,97 + 20,97 52,96 84,97
1 1 long flag: 26,42 56,3 / 54,50 52,98
1 1 short flag wide base: 34,14 58,3 / 52,50 46,97 + 10,96 46,97 88,95
2 3 flat base: 18,28 30,8 52,3 74,14 74,36 52,64 18,94 / 50,92 84,92
2 3 looped base: 16,24 34,6 60,6 72,26 60,54 36,80 18,92 14,82 30,76 50,88 68,96 88,88
2 2 like a z: 18,22 40,6 70,10 66,36 40,68 14,95 / 50,90 86,96
2 2 big loop: 22,22 44,4 70,14 70,40 46,72 24,90 10,84 18,70 40,76 62,92 90,94
2 1 hooked start: 24,36 18,22 34,5 60,4 76,22 68,46 44,72 16,94 / 48,90 86,94
2 1 wavy base: 14,30 26,8 54,2 74,20 64,50 40,76 16,96 / 36,86 60,94 88,84
2 1 curl and loop: 34,34 20,26 30,6 56,2 76,18 68,44 40,74 20,94 12,86 24,74 48,86 90,92
2 1 tall loop: 24,16 50,2 70,16 68,46 44,84 18,96 10,78 30,64 56,76 92,96
2 1 narrow looped base: 30,14 48,4 58,16 56,50 44,88 24,96 20,82 40,80 84,94
2 1 falling tail: 20,30 30,8 58,4 74,22 60,50 34,72 16,84 12,74 30,66 56,78 88,98
2 1 wide: 10,22 46,4 80,18 60,50 10,90 / 50,86 98,92
2 1 nearly closed top: 44,38 22,30 28,8 58,4 74,24 62,56 36,86 16,94 12,82 30,78 60,90 84,94
2 2 small loop steep tail: 18,26 34,8 60,6 70,24 52,54 28,78 12,76 20,60 46,64 70,84 96,96
2 1 narrow top long base: 26,30 40,6 54,16 44,60 22,90 / 58,92 96,88
2 2 round loop: 22,22 40,6 66,8 76,28 66,56 48,84 26,96 10,84 16,64 36,56 58,70 78,92 96,90
2 1 angular top: 20,14 46,8 68,8 / 54,34 60,60 44,90 20,94 12,76 30,60 58,72 88,96
2 1 like an l: 38,3 48,14 36,60 18,94 / 60,92 98,88
3 4 two bows: 20,14 46,3 74,16 70,38 42,47 / 74,58 80,80 54,97 16,88
3 1 flat top: 20,6 48,6 76,6 / 44,40 / 72,52 80,76 56,97 16,90
3 2 loop between bows: 20,16 48,3 72,18 62,40 40,48 36,46 44,44 70,56 80,78 54,97 18,86
3 2 deep middle: 16,18 50,2 74,20 60,42 28,50 / 66,54 84,74 60,97 14,90
3 2 shallow bows: 26,8 56,3 70,20 48,44 / 72,60 64,86 20,98
3 1 curled ends: 28,26 18,14 44,2 72,12 66,36 38,46 / 72,52 84,72 64,96 28,96 14,80
3 1 big lower bow: 30,10 52,3 66,14 58,32 38,40 / 72,46 86,70 62,96 14,90
3 1 big upper bow: 14,18 44,2 80,14 72,42 36,58 / 66,62 72,82 48,97 20,92
3 1 no lower hook: 24,12 54,4 68,20 46,42 / 70,52 72,74 48,98
3 1 falling end: 22,24 44,4 64,14 56,36 38,44 / 66,44 82,62 68,98
3 1 nearly an 8: 32,24 20,12 44,2 70,14 58,38 42,46 / 70,54 78,78 52,97 22,88 30,72
3 1 ends along the line: 24,14 50,4 72,18 60,38 42,46 / 76,60 70,86 40,94 4,92
3 1 small lower bow: 16,14 50,4 66,14 42,46 / 66,50 66,70 44,98
3 1 lower bow leans: 38,10 62,3 74,16 46,38 / 78,52 72,84 38,98 12,86
3 1 long flat top: 4,10 44,4 70,12 48,36 / 72,52 74,76 62,98
4 3 open: 24,4 21,28 18,52 / 52,51 86,50 + 76,6 68,52 60,98
4 2 open rounded: 20,6 18,40 34,54 62,50 84,40 + 82,4 72,50 62,98
4 1 closed triangle: 66,3 40,32 14,62 / 52,62 90,62 + 66,3 66,50 66,98
4 3 one stroke: 20,6 16,46 36,58 66,46 / 82,6 / 74,52 66,98
4 1 short stem: 40,3 26,30 12,58 / 50,57 88,56 + 58,34 57,66 56,98
4 1 pointed top: 56,3 36,28 20,56 / 50,55 80,52 + 56,3 60,50 62,98
5 2 flag last: 30,6 26,44 / 50,38 76,50 80,74 58,96 18,92 + 30,6 54,5 80,4
5 2 one stroke corners: 82,4 58,5 34,6 / 26,46 / 54,38 78,54 78,80 50,97 14,88
5 2 like an s: 82,6 50,4 30,14 28,36 54,46 76,62 70,88 42,98 14,88
5 2 small belly: 78,4 58,5 38,6 / 30,40 60,48 74,68 56,94 16,96
5 1 loose flag: 28,14 24,46 / 52,42 72,56 72,82 46,97 16,88 + 34,10 60,5 88,0
5 2 long rising flag: 96,0 64,6 38,12 / 28,44 / 50,42 68,56 60,84 36,96 8,94
5 1 long flag narrow belly: 98,4 72,5 46,8 / 32,46 / 54,48 62,66 48,88 8,96
5 1 big belly: 70,4 30,6 / 24,36 / 60,32 88,54 80,84 46,98 10,86
5 1 curled end: 80,6 42,8 / 34,40 / 58,42 76,64 58,92 28,92 18,74
5 1 boxy: 84,4 52,5 22,6 / 20,26 18,46 / 60,40 82,60 74,88 16,96
5 1 all flag: 98,2 62,8 / 40,40 / 60,58 52,84 14,98
5 1 nearly a 6: 78,4 42,8 / 34,40 / 60,42 74,68 50,94 24,86 30,68
5 1 long flag curled end: 98,4 64,10 40,14 / 28,46 / 60,42 66,66 44,92 18,86 24,66
5 1 curled end flag last: 28,8 22,42 / 54,36 78,56 68,90 34,96 14,80 + 28,10 56,8 84,5
6 2 plain: 64,3 36,22 18,56 22,86 48,98 72,86 74,64 52,54 28,64 20,80
6 2 straight stem small bowl: 48,2 30,40 24,74 40,97 66,90 70,70 50,62 28,76
6 2 round: 76,8 48,4 24,30 16,66 34,95 66,94 82,70 64,48 36,52 20,70
6 2 bowl ends inside: 58,2 26,40 16,72 30,96 60,92 76,70 60,58 36,72 30,90
6 1 tiny bowl: 56,2 40,30 30,62 30,86 46,98 62,86 58,70 42,68 32,80
6 1 wide: 30,10 10,40 8,76 36,94 74,92 96,72 84,54 54,58 36,76 40,92
7 3 plain: 16,12 48,10 80,8 / 56,50 44,98
7 2 serif: 16,26 18,10 / 48,9 80,8 / 54,50 42,98
7 2 crossed: 16,12 48,10 80,8 / 56,50 44,98 + 30,54 56,50 80,46
7 1 serif crossed: 16,26 18,10 / 48,9 80,8 / 58,50 50,98 + 30,54 56,50 80,46
7 2 rounded: 14,16 46,6 76,10 74,32 54,66 46,98
7 1 waved top: 14,24 20,8 46,14 82,6 / 58,48 46,98
7 2 long serif: 12,40 16,10 / 48,9 82,8 / 74,50 66,98
7 1 wide: 6,14 50,10 92,8 / 64,44 40,92
7 1 bent leg: 14,14 46,12 76,10 / 72,50 56,98
7 1 crossed low: 20,16 50,12 80,8 / 52,50 30,96 + 24,62 46,58 68,56
7 1 narrow: 32,16 50,10 68,8 / 56,50 44,98
7 1 round shoulders: 14,30 30,12 68,8 86,22 78,60 70,96
8 3 s first: 76,14 50,3 26,16 32,36 56,50 78,70 70,92 46,98 22,84 28,64 56,46 76,26 72,10
8 2 open top: 80,16 56,4 30,18 40,40 66,60 74,84 48,98 24,86 34,62 58,40 82,20
8 2 from the middle: 46,46 24,30 36,6 66,6 74,28 46,50 22,74 34,97 64,95 76,74 50,50
8 2 long tail: 70,4 40,2 22,18 34,36 60,54 72,74 56,96 30,94 22,76 40,56 62,34 86,6
8 2 small top: 66,10 48,3 36,14 42,32 62,48 78,72 60,97 28,96 18,74 38,50 62,32 70,14 60,6
8 2 small base: 78,18 50,2 20,16 26,40 50,54 62,74 52,97 36,90 36,72 52,52 80,36 80,16 62,4
8 1 big top leaning: 88,12 60,4 26,14 32,36 56,56 58,80 40,97 30,84 44,62 70,40 90,16
8 2 two rings: 50,3 28,14 30,38 50,47 72,36 70,12 50,3 + 50,47 24,62 24,88 50,98 78,86 76,62 50,47
8 1 big top: 50,46 14,36 18,10 50,3 84,12 82,36 50,46 36,70 50,97 64,70 50,46
8 2 tiny base long tail: 66,4 30,8 24,28 50,50 58,80 44,97 32,82 46,58 88,14
8 1 slim tail to the right: 76,22 64,4 40,6 30,26 52,48 56,78 38,97 22,84 36,62 64,44 92,20
8 1 diagonal first: 86,8 58,36 24,82 34,97 56,88 52,58 26,26 36,6 62,8 58,32
9 3 straight leg: 74,20 50,4 26,18 24,40 46,50 70,38 76,12 / 72,56 66,98
9 2 curved leg: 76,16 52,3 26,16 22,40 44,52 68,40 78,14 78,60 62,92 26,94
9 3 one swing: 72,30 64,8 36,8 20,32 34,52 60,44 74,20 72,50 60,98
9 1 open top: 70,10 40,6 20,34 38,54 66,40 / 76,6 / 64,98
9 2 small head: 66,14 46,4 26,20 28,40 48,44 66,24 / 60,56 48,98
9 1 like a g: 70,14 46,4 24,22 32,46 56,44 72,18 / 76,60 60,94 30,98 18,84
9 2 leg apart: 64,8 34,10 20,34 40,50 70,40 + 76,6 72,52 66,98
9 1 like an a: 74,30 60,8 24,14 10,46 32,70 60,56 76,20 / 80,60 90,96
9 1 like an s: 80,8 44,8 26,32 48,46 74,28 / 70,60 58,98
9 1 angular head: 72,8 44,8 / 22,32 / 44,48 70,34 / 74,10 / 66,98
9 1 wide head short leg: 82,26 60,4 20,10 6,40 30,56 64,44 82,20 / 84,60 88,98
9 1 small head hooked leg: 70,22 54,4 34,14 34,34 54,42 70,20 / 76,56 58,90 26,96
9 1 flat head: 74,10 38,12 22,28 44,40 78,12 / 62,54 50,98
9 1 big head leaning leg: 78,28 66,6 36,4 20,24 32,44 60,42 80,18 / 66,58 50,98
"""


def draw_digits(n, seed):
    """Draw `n` handwriting-like digits in random order.

    The first digits of a seed are the same whatever `n` is. Different seeds share no randomness:
    use one for training images and another for test images.

    Args:
        n: number of images, an int >= 0.
        seed: an int >= 0.

    Shapes:
        images (n, 28, 28) uint8, ink 255 on paper 0; labels (n,) uint8.

    Raises:
        TypeError: if `n` or `seed` is not an int.
        ValueError: if `n` or `seed` is negative.

    Example:
        >>> images, labels = draw_digits(1000, seed=0)
        >>> images.shape
        (1000, 28, 28)
    """
    n, seed = count("n", n), count("seed", seed)
    images = np.empty((n, SIZE, SIZE), np.uint8)
    labels = np.empty(n, np.uint8)
    for start in range(0, n, CHUNK):
        here, size = slice(start, start + CHUNK), min(CHUNK, n - start)
        # A whole chunk is drawn even if a part is wanted, so that `n` does not change the digits.
        rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(start // CHUNK,)))
        style = rng.choice(len(_DIGIT), CHUNK, p=_SHARE)
        images[here] = _ink(rng, *_write(rng, style))[:size]
        labels[here] = _DIGIT[style[:size]]
    return images, labels


def _spline(k, t):
    """Catmull-Rom spline through k points: rows (len(t), k) for value and slope at t in [0, 1]."""
    u = t * (k - 1)
    i = np.minimum(u.astype(int), k - 2)
    u = (u - i)[:, None]
    # Row i + 1 picks control point i; the points beyond the ends are reflections: 2 p[0] - p[1].
    knots = np.zeros((k + 2, k))
    knots[1:-1] = np.eye(k)
    knots[0, :2] = 2, -1
    knots[-1, -2:] = -1, 2
    a, b, c, d = (knots[i + j] for j in range(4))
    value = b + u / 2 * (c - a + u * (2 * a - 5 * b + 4 * c - d + u * (3 * (b - c) + d - a)))
    slope = (c - a) / 2 + u * (2 * a - 5 * b + 4 * c - d) + 1.5 * u**2 * (3 * (b - c) + d - a)
    return value, slope * (k - 1)


def _compile(path):
    """A path as control points (k, 2), stroke numbers (k,), rows (2, P, k) for points and steps."""
    pieces, points, stroke_of = [], [], []
    for number, stroke in enumerate(path.split("+")):
        for corner, piece in enumerate(stroke.split("/")):
            first = len(points) - (corner > 0)  # after a corner, go on from the last point
            points += [tuple(map(float, xy.split(","))) for xy in piece.split()]
            pieces.append(range(first, len(points)))
            stroke_of += [number] * (len(points) - len(stroke_of))
    points = np.array(points)
    lengths = [np.linalg.norm(np.diff(points[p], axis=0), axis=1).sum() for p in pieces]
    ends = np.round(np.cumsum(lengths) / np.sum(lengths) * POINTS).astype(int)
    rows = np.zeros((2, POINTS, len(points)))
    for start, end, piece in zip([0, *ends[:-1]], ends, pieces, strict=True):
        count = end - start
        value, slope = _spline(len(piece), (np.arange(count) + 0.5) / count)
        rows[:, start:end, piece.start : piece.stop] = value, slope / count
    return points, np.array(stroke_of), rows


def _table():
    """All styles: digit, probability, control points, stroke numbers, rows; padded with zeros."""
    heads, paths = zip(*(line.split(":") for line in STYLES.strip().splitlines()), strict=True)
    digit = np.array([int(head.split()[0]) for head in heads], np.uint8)
    share = np.array([float(head.split()[1]) for head in heads])
    share /= np.bincount(digit, share)[digit] * 10  # each digit as often as the others
    compiled = [_compile(path) for path in paths]
    width = max(len(points) for points, _, _ in compiled)
    control = np.zeros((len(paths), width, 2), np.float32)
    stroke_of = np.zeros((len(paths), width), int)
    rows = np.zeros((len(paths), 2, POINTS, width), np.float32)
    for i, (points, strokes, spline) in enumerate(compiled):
        k = len(points)
        control[i, :k], stroke_of[i, :k], rows[i, :, :, :k] = points / 100 - 0.5, strokes, spline
    return digit, share, control, stroke_of, rows


_DIGIT, _SHARE, _CONTROL, _STROKE_OF, _ROWS = _table()


def _normal(rng, *shape):
    """Standard normal numbers (c, ...) float32: one draw for each image of a chunk."""
    return rng.standard_normal((CHUNK, *shape), dtype=np.float32)


def _write(rng, style):
    """Bend the paths of `style` (c,) by random hands: points and steps between them, (c, P, 2)."""
    sloppy = np.exp(0.35 * _normal(rng, 1, 1))
    p = _CONTROL[style] + 0.035 * sloppy * _normal(rng, _CONTROL.shape[1], 2)
    lift = 0.03 * sloppy * _normal(rng, _STROKE_OF.max() + 1, 2)  # where each stroke is put down
    p += np.take_along_axis(lift, _STROKE_OF[style][..., None], 1)
    x, y = p[..., 0], p[..., 1]
    # Proportions: wider or narrower, more so at the top or the base; the waist is high or low.
    x = x * np.exp(0.2 * _normal(rng, 1)) * (1 + 0.25 * _normal(rng, 1) * y)
    y = y + 0.25 * _normal(rng, 1) * (0.25 - y**2)
    x = x - (0.12 + 0.24 * _normal(rng, 1)) * y  # slant: most people lean to the right
    turn = 0.12 * _normal(rng, 1)
    p = np.stack([x - turn * y, y + turn * x], axis=-1)
    points, steps = _ROWS[style, 0] @ p, _ROWS[style, 1] @ p
    # Two long waves across the sheet also bend what runs straight between control points.
    for _ in range(2):
        wave = np.sin(points @ (3.0 * _normal(rng, 2, 1)) + 3.0 * _normal(rng, 1, 1))
        points = points + 0.04 * sloppy * wave * _normal(rng, 1, 2)
    return points, steps


def _ink(rng, points, steps):
    """Ink paths with random pens: images (c, 28, 28) uint8, fitted to the box and centred."""
    length = np.maximum(np.linalg.norm(steps, axis=-1), 1e-6)
    # A pen has a half-width, which wanders with the pressure along the path.
    along = np.linspace(0, 1, POINTS, dtype=np.float32)
    pressure = np.sin(6 * along * _normal(rng, 1) + 3 * _normal(rng, 1))
    radius = np.clip(0.07 * np.exp(0.28 * _normal(rng, 1)), 0.036, 0.15)
    radius = radius * (1 + 0.12 * _normal(rng, 1) * pressure)
    # Ink reaches a half-width to both sides of the path and less far beyond its ends.
    across = np.maximum(np.abs(steps[..., ::-1]) / length[..., None], 0.7)
    reach = across * radius[..., None]
    low, high = (points - reach).min(1), (points + reach).max(1)
    scale = BOX / np.maximum((high - low).max(1, keepdims=True), 0.2)
    pixels = (points - (low + high)[:, None] / 2) * scale[..., None] + (SIZE - 1) / 2
    radius = np.maximum(radius * scale, 0.75)
    sigma = radius / EDGE
    grid = np.arange(SIZE, dtype=np.float32)
    z = (pixels[..., None] - grid) / sigma[..., None, None]  # (c, P, 2, 28)
    gauss = np.exp(-(z**2) / 2)
    weight = length * scale / (sigma * np.float32(np.sqrt(2 * np.pi)))
    ink = (gauss[:, :, 1] * weight[..., None]).transpose(0, 2, 1) @ gauss[:, :, 0]  # (c, 28, 28)
    # The sum is 1 on the middle of a line and falls like one Gaussian beside it, so it tells the
    # distance from the path in sigmas. Grey comes from this distance: edges are sharp at any width.
    distance = np.sqrt(-2 * np.log(np.clip(ink, 1e-6, 1)))
    rim = 0.9 + 0.6 * rng.random((CHUNK, 1), dtype=np.float32)  # pixels from paper to full ink
    steepness = (sigma.mean(1, keepdims=True) / rim)[..., None]
    return _centre((255 * np.clip(0.5 + (EDGE - distance) * steepness, 0, 1)).astype(np.uint8))


def _centre(images):
    """Move images (c, 28, 28) by whole pixels until their centre of mass is at CENTRE."""
    grid = np.arange(SIZE)
    rows, columns = images.sum(2, dtype=np.float32), images.sum(1, dtype=np.float32)
    mass = np.stack([rows @ grid, columns @ grid], axis=1) / rows.sum(1, keepdims=True)
    margin = (SIZE - 20) // 2  # what a digit can move without leaving the image
    move = np.clip(np.rint(CENTRE - mass), -margin, margin).astype(int)
    y, x = (grid - move[..., None]).transpose(1, 0, 2) % SIZE
    return images[np.arange(len(images))[:, None, None], y[:, :, None], x[:, None, :]]
