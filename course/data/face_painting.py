"""Paint a head: an ellipsoid with hair, and a face that turns with it. See `course.data.faces`.

Lengths are in halves of the picture's side; on the head, in its radii. x and y are places in the
picture, u and v in the upright head's frame, p and q on the face (right and down, 0 in its middle).
"""

import numpy as np

SIDE = 64  # pixels
MIDDLE = 0.2  # of the face, between eyes and mouth, in radii below the head's middle
ZOOM = 1.5  # a close-up, as face-swapping tools cut it: from the fringe to the chin
LOOKS = {
    "A": {
        "width": 0.56,
        "height": 0.64,
        "jaw": 0.10,  # how much narrower the head gets towards the chin
        "skin": (0.72, 0.50, 0.36),
        "hair": (0.17, 0.12, 0.11),
        "hairline": -0.56,
        "fringe": 0.10,  # how much lower the hair is at the temples
        "volume": 1.13,
        "long": 0.0,
        "brow": (0.15, 0.10, 0.09),
        "brow_size": 0.052,
        "iris": (0.30, 0.17, 0.08),
        "eye": (0.37, 0.20),  # distance from the middle, half width
        "lips": (0.58, 0.28, 0.25),
        "nose": 0.15,
        "glasses": 0.0,
        "cloth": (0.16, 0.42, 0.55),
    },
    "B": {
        "width": 0.51,
        "height": 0.68,
        "jaw": 0.26,
        "skin": (0.95, 0.78, 0.66),
        "hair": (0.70, 0.34, 0.13),
        "hairline": -0.50,
        "fringe": -0.22,
        "volume": 1.18,
        "long": 1.0,
        "brow": (0.52, 0.25, 0.11),
        "brow_size": 0.032,
        "iris": (0.24, 0.52, 0.42),
        "eye": (0.40, 0.20),
        "lips": (0.80, 0.36, 0.36),
        "nose": 0.115,
        "glasses": 1.0,
        "cloth": (0.88, 0.66, 0.24),
    },
}
PAPER = (0.86, 0.90, 0.93)


def paint_head(look, factors):
    """The picture, from the back to the front. Factors: name -> (n,)."""
    f = {name: values[:, None, None] for name, values in factors.items()}
    grid = (np.arange(SIDE, dtype=np.float32) + np.float32(0.5)) * np.float32(2 / SIDE) - 1
    x, y = grid[None, None, :], grid[None, :, None]
    yaw, pitch, roll, light = (np.deg2rad(f[k]) for k in ("yaw", "pitch", "roll", "light"))
    zoom = np.float32(ZOOM) * f["scale"]
    px = np.float32(2 / SIDE) / zoom  # a pixel, in the head's unit

    # The head's frame: upright, its middle at 0.
    x0, y0 = x - 2 * f["right"] / SIDE, y - 2 * f["down"] / SIDE + np.float32(0.08)
    x0, y0 = x0 / zoom, y0 / zoom
    a, b = look["width"], look["height"]
    sy, cy, sp, cp = np.sin(yaw), np.cos(yaw), np.sin(pitch), np.cos(pitch)
    # Aligned: what lies between the eyes and the mouth stays where it is when the head turns.
    x0 = x0 + 0.98 * a * sy
    y0 = y0 + b * (MIDDLE * (cp - 1) + 0.98 * sp * cy)
    u = np.cos(roll) * x0 + np.sin(roll) * y0
    v = np.cos(roll) * y0 - np.sin(roll) * x0

    lit = (np.sin(light), np.float32(-0.35), np.cos(light))
    towards = x * lit[0] + y * lit[1]
    paper = 1 + 0.12 * f["strength"] * towards
    side_lit = f["strength"] * (u * lit[0] + v * lit[1])
    image = np.stack([np.float32(part) * paper for part in PAPER])  # (3, n, 64, 64)

    # Shoulders stay where the body is; the hair at the back turns against the face.
    body = _cover(np.hypot(x0 / 0.80, (y0 - 1.12) / 0.46) - 1, px / 0.5)
    back = -0.10 * np.sin(yaw)
    volume = look["volume"]
    round_ = np.hypot((u - back) / (a * volume), (v + 0.05 - 0.06 * np.sin(pitch)) / (b * volume))
    hair_back = _cover(round_ - 1, px / a)
    if look["long"]:
        sides = np.abs(u - back) - a * volume * (1 - 0.12 * np.clip(v, 0, 1))
        straight = np.maximum(sides, np.abs(v - 0.33) - 0.38)
        hair_back = np.maximum(hair_back, _cover(straight, px))
    if look["long"]:
        _over(image, look["hair"], hair_back, 0.72 + 0.1 * side_lit)
    else:
        _over(image, look["hair"], hair_back * (v < 0.2), 0.9 + 0.1 * side_lit)
    neck = _cover(np.maximum(np.abs(u + 0.3 * back) - 0.23, -(v - 0.3)), px)
    _over(image, look["skin"], neck, 0.72)
    _over(image, look["cloth"], body, 1 + 0.35 * f["strength"] * (lit[0] * x0 + 0.1))

    # The ellipsoid: from a pixel to its direction, then turned back to the face's front.
    w = a * (1 - look["jaw"] * np.clip(v / b, 0, 1) ** 2)
    dx, dy = u / w, v / b
    r2 = dx * dx + dy * dy
    dz = np.sqrt(np.clip(1 - r2, 1e-4, None))
    head = _cover((np.sqrt(r2) - 1), px / a)
    q = cp * dy - sp * dz  # down the face
    depth = sp * dy + cp * dz
    p = cy * dx - sy * depth  # to the right of the face
    front = sy * dx + cy * depth  # 1 at the nose, 0 at the ears, negative behind
    step = px / a * np.clip(front / dz, 0.5, 2)  # a pixel, on the face
    shade = 1 + f["strength"] * (0.75 * (dx * lit[0] + dy * lit[1] + dz * lit[2]) - 0.55)

    _ears(image, look, u, v, f, sy, cy, shade, px, 0)
    hair = _hair(look, p, q, front, step)
    _over(image, look["skin"], head * (1 - hair), shade)
    face = head * _cover(-front, step)
    _cheeks(image, look, p, q, face, shade)
    _eyes(image, look, p, q, f, face, step, shade)
    _mouth(image, look, p, q, f, face, step, shade)
    _nose(image, look, u, v, a, b, sy, cy, sp, cp, lit, f, px, shade)
    strands = 0.06 * np.sin(26 * p + 6 * q)
    _over(image, look["hair"], hair * head, 0.25 + 0.75 * shade + strands)
    _ears(image, look, u, v, f, sy, cy, shade, px, 1)
    if look["glasses"]:
        _glasses(image, look, p, q, face, front, step)
    return np.clip(np.moveaxis(image, 0, -1), 0, 1)


def _ears(image, look, u, v, f, sy, cy, shade, px, front):
    """An ear behind the head's outline, or the near one before it."""
    if look["long"]:
        return
    for side in (-1, 1):
        x = side * look["width"] * cy * 1.0
        z = -side * sy  # of the ear; positive: towards us
        size = 0.10
        ear = _cover(np.hypot((u - x) / (0.7 * size), (v - 0.04) / size / 1.2) - 1, px / size)
        inner = _cover(np.hypot((u - x) / (0.35 * size), (v - 0.04) / size / 0.7) - 1, px / size)
        visible = np.clip(z * 8, 0, 1) if front else np.ones_like(z)
        tint = np.clip(shade, 0.6, 1.1)
        _over(image, look["skin"], ear * visible, 0.92 * tint)
        _over(image, look["skin"], inner * visible, 0.72 * tint)


def _cheeks(image, look, p, q, face, shade):
    for side in (-1, 1):
        glow = np.exp(-((p - side * 0.5) ** 2 + (q - 0.26) ** 2) / 0.035)
        _over(image, look["lips"], 0.25 * glow * face, shade)


def _eyes(image, look, p, q, f, face, step, shade):
    middle, half = look["eye"]
    level = -0.08
    for side in (-1, 1):
        x, y = p - side * middle, q - level
        open_ = 0.16 * f["eyes"]
        arch = np.clip(1 - (x / half) ** 2, 0, None)
        white = _cover(np.abs(y) - open_ * np.sqrt(arch), step) * face
        white = white * _cover(np.abs(x) - half, step)
        _over(image, (0.97, 0.97, 0.95), white, 0.55 + 0.45 * np.clip(shade, 0, 1.1))
        gx, gy = x - 0.07 * f["gaze_right"], y - 0.05 * f["gaze_down"]
        distance = np.hypot(gx, gy)
        _over(image, look["iris"], white * _cover(distance - 0.112, step), 1.0)
        _over(image, (0.05, 0.05, 0.06), white * _cover(distance - 0.058, step), 1.0)
        glint = np.hypot(gx + 0.04, gy + 0.045)
        _over(image, (1, 1, 1), white * _cover(glint - 0.032, step), 1.0)
        lid = np.abs(y + open_ * np.sqrt(arch)) - 0.022
        lid = _cover(lid, step) * _cover(np.abs(x) - half * 1.05, step)
        _over(image, look["brow"], lid * face, 0.7)
        # The brow: an arch that tilts outwards and rises.
        lift = level - 0.27 - 0.13 * f["brows"] + 0.25 * x * x / half
        lift = lift + side * x * (0.10 - 0.12 * f["brows"])
        brow = np.abs(q - lift) - look["brow_size"] * (1 - 0.5 * np.clip(side * x / half, -1, 1))
        brow = _cover(brow, step) * _cover(np.abs(x) - half * 1.15, step)
        _over(image, look["brow"], brow * face, 0.6 + 0.4 * shade)


def _mouth(image, look, p, q, f, face, step, shade):
    half = 0.35 + 0.06 * f["smile"] - 0.04 * f["mouth"]
    t = p / half
    bend = 0.49 - f["smile"] * 0.15 * (t * t - 0.35)
    arch = np.sqrt(np.clip(1 - t * t, 0, None))
    gap = 0.19 * f["mouth"] * arch
    inside = _cover(np.abs(t) - 1, step / half)
    middle = bend + 0.4 * gap  # it opens downwards
    lips = _cover(np.abs(q - middle) - gap - 0.065 * arch - 0.012, step) * inside
    _over(image, look["lips"], lips * face, shade)
    hole = _cover(np.abs(q - middle) - gap, step) * inside * np.clip(f["mouth"] * 6, 0, 1)
    _over(image, (0.28, 0.07, 0.08), hole * face, 1.0)
    teeth = hole * _cover(q - (middle - gap + 0.11), step)
    _over(image, (0.98, 0.97, 0.94), teeth * face, 0.95)
    line = _cover(np.abs(q - middle) - 0.014, step) * inside * np.clip(1 - f["mouth"] * 6, 0, 1)
    _over(image, (0.30, 0.10, 0.10), line * face, 0.9)


def _nose(image, look, u, v, a, b, sy, cy, sp, cp, lit, f, px, shade):
    """It stands out, so it moves more than the face does."""
    size, out = look["nose"], 1.17
    level = 0.20
    tx = a * (cy * 0 + sy * (cp * out - sp * level))
    ty = b * (cp * level + sp * out)
    bx, by = a * sy * 0.99, b * (-0.12 * cp + sp * 0.99)
    # The side away from the light lies in shadow.
    along = np.clip(
        ((u - bx) * (tx - bx) + (v - by) * (ty - by)) / ((tx - bx) ** 2 + (ty - by) ** 2 + 1e-6),
        0,
        1,
    )
    across = np.hypot(u - bx - along * (tx - bx), v - by - along * (ty - by))
    thick = size * (0.35 + 0.55 * along) * 0.7
    bridge = _cover(across - thick, 3 * px)
    side = np.clip(-(u - bx - along * (tx - bx)) * lit[0] / size * 3, -1, 1)
    _over(image, look["skin"], 0.9 * bridge, shade * (1 - 0.45 * f["strength"] * side))
    tip = _cover(np.hypot((u - tx) / 1.15, v - ty) - size * 0.62, 2 * px)
    _over(image, look["skin"], tip, shade * 1.06)
    under = np.hypot((u - tx) / 1.3, (v - ty - size * 0.55) / 0.45)
    _over(image, look["skin"], 0.8 * _cover(under - size * 0.5, 2 * px), 0.62 * shade)


def _hair(look, p, q, front, step):
    """How much of a pixel is hair."""
    line = look["hairline"] + look["fringe"] * (1 - 3 * p * p)
    if look["long"]:
        line = line + 0.10 * p
    top = _cover(q - line, step)
    back = 0.30 - 0.25 * q - look["long"] * 0.8 * np.clip(q - 0.1, 0, None)
    side = _cover(front - back, step)  # temples and the back of the head
    if not look["long"]:
        side = side * _cover(q - 0.10, 2 * step) + _cover(front + 0.25, step) * (q < 0.5)
    return np.clip(np.maximum(top, side), 0, 1)


def _glasses(image, look, p, q, face, front, step):
    middle, _ = look["eye"]
    frame = (0.12, 0.22, 0.30)
    for side in (-1, 1):
        ring = np.abs(np.hypot(p - side * middle, (q + 0.06) * 1.05) - 0.29) - 0.028
        _over(image, (1, 1, 1), 0.10 * _cover(ring + 0.0, 8 * step) * face, 1.0)
        _over(image, frame, _cover(ring, step) * face, 1.0)
        arm = np.maximum(np.abs(q + 0.10) - 0.026, 0.70 - side * p)
        _over(image, frame, _cover(arm, step) * face, 1.0)
    bridge = np.maximum(np.abs(q + 0.10) - 0.026, np.abs(p) - 0.12)
    _over(image, frame, _cover(bridge, step) * face, 1.0)


def _cover(distance, width):
    """How much of a pixel lies inside (distance < 0), with a soft edge `width` wide."""
    return np.clip(np.float32(0.5) - distance / width, 0, 1)


def _over(image, colour, cover, light):
    """Paint a colour over the picture, in place."""
    for plane, part in zip(image, colour, strict=True):
        plane += cover * (np.float32(part) * light - plane)
