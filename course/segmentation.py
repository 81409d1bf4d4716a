"""Pictures of masks: each class has a colour and a texture of its own."""

import numpy as np

from course.display import mosaic, name_rows

ZOOM = 4  # drawn pixels a side for each pixel of a scene; the textures need them
GREYS = 31  # steps from black to white: noise in fewer greys makes a figure a third of the size
# Light grey for class 0, the background; the others from Okabe & Ito (2008), as in style.mplstyle.
COLOURS = np.array(
    [[225] * 3, [0, 114, 178], [213, 94, 0], [0, 158, 115], [204, 121, 167], [230, 159, 0]]
)
# Which drawn pixels of a class are darker, by row r and column c.
TEXTURES = (
    lambda r, c: (r < 0) & (c < 0),  # none
    lambda r, c: (r < 0) & (c < 0),
    lambda r, c: (r % 12 < 4) | (c < 0),
    lambda r, c: (c % 12 < 4) | (r < 0),
    lambda r, c: (r + c) % 16 < 5,
    lambda r, c: (r % 12 < 5) & (c % 12 < 5),
)


def paint_masks(masks):
    """Paint the classes of masks.

    Args:
        masks: ints; class c is painted in COLOURS[c] with TEXTURES[c].

    Shapes:
        masks (n, h, w) -> (n, ZOOM h, ZOOM w, 3) in [0, 1].

    Raises:
        ValueError: if that is no stack of masks, or there is a class without a colour.
    """
    masks = np.asarray(masks)
    if masks.ndim != 3 or masks.dtype.kind not in "iu":
        raise ValueError(
            "Give masks (n, h, w) with a class, an int, for each pixel; of probabilities take the "
            f"argmax first. Received: shape {masks.shape}, {masks.dtype}."
        )
    if masks.size and not 0 <= masks.min() <= masks.max() < len(COLOURS):
        raise ValueError(
            f"There are colours for the classes 0 to {len(COLOURS) - 1}. "
            f"Received: classes from {masks.min()} to {masks.max()}."
        )
    masks = masks.repeat(ZOOM, axis=1).repeat(ZOOM, axis=2)
    r, c = np.ogrid[: masks.shape[1], : masks.shape[2]]
    painted = np.empty((*masks.shape, 3))
    for kind, (colour, texture) in enumerate(zip(COLOURS / 255, TEXTURES, strict=True)):
        ink = colour * np.where(texture(r, c), 0.55, 1)[..., None]
        here = masks == kind
        painted[here] = np.broadcast_to(ink, painted.shape)[here]
    return painted


def draw_mask_rows(ax, images, masks, pad=2):
    """Draw a row of grey pictures, and below it a row of painted masks for each entry.

    Args:
        ax: the axes.
        images: (n, h, w) or (n, h, w, 1), grey levels in [0, 1], 0 is black.
        masks: a dict of label -> ints (n, h, w).
        pad: pixels of a scene between pictures.

    Raises:
        ValueError: if a mask does not fit the pictures, or as `paint_masks` does.
    """
    images = np.asarray(images, dtype=float).reshape(np.shape(images)[:3])
    for label, mask in masks.items():
        if np.shape(mask) != images.shape:
            raise ValueError(
                f"Give a mask for each of the pictures {images.shape}. "
                f"Received for {label!r}: {np.shape(mask)}."
            )
    images = np.rint(images * GREYS) / GREYS
    grey = images.repeat(ZOOM, axis=1).repeat(ZOOM, axis=2)[..., None].repeat(3, axis=-1)
    pictures = np.concatenate([grey, *(paint_masks(mask) for mask in masks.values())])
    labels = ["scene", *masks]
    channels = [mosaic(pictures[..., i], len(images), pad * ZOOM, fill=1) for i in range(3)]
    ax.imshow(np.stack(channels, axis=-1), interpolation="nearest")
    return name_rows(ax, labels, pictures.shape[1], pad * ZOOM)


def draw_key(ax, names):
    """Draw what each class looks like in `draw_mask_rows`, its name beside it.

    Args:
        ax: the axes, wide and low.
        names: of the classes, the background first.
    """
    kinds = np.arange(1, len(names))
    swatches = np.broadcast_to(kinds[:, None, None], (len(kinds), 8, 12))
    painted = paint_masks(swatches)
    h, w = painted.shape[1:3]
    for i, (name, swatch) in enumerate(zip(names[1:], painted, strict=True)):
        left = i * 4 * w
        ax.imshow(swatch, extent=(left, left + w, h, 0), interpolation="antialiased")
        ax.text(left + 1.2 * w, h / 2, name, va="center")
    ax.set_xlim(0, len(kinds) * 4 * w)
    ax.set_ylim(h, 0)
    ax.set_axis_off()
    return ax
