"""Draw on the axes that are given, and return them. The look is in style.mplstyle.

Chapters write `plt.style.use("course.style")` once and hand their axes to these functions.
"""

import numpy as np
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

DASHES = ("-", "--", ":", "-.")  # lines differ in dash as well as in colour


def mosaic(images, columns, pad=1, fill=0.0):
    """Put images side by side, row by row, into one picture.

    Args:
        images: (n, h, w) or (n, h, w, 1).
        columns: images in a row.
        pad: pixels between images.
        fill: grey level of the gaps and of the empty places.

    Shapes:
        (n, h, w) -> (rows * (h + pad) - pad, columns * (w + pad) - pad).

    Raises:
        ValueError: if there is no image, or its shape is another.
    """
    images = np.asarray(images, dtype=float)
    if images.ndim == 4 and images.shape[-1] == 1:
        images = images[..., 0]
    if images.ndim != 3 or not len(images):
        raise ValueError(
            "Give at least one grey image, as (n, h, w) or (n, h, w, 1). "
            f"Received: shape {images.shape}."
        )
    if columns < 1:
        raise ValueError(f"columns must be at least 1. Received: {columns}.")
    n, h, w = images.shape
    rows = -(-n // columns)
    picture = np.full((rows * (h + pad) - pad, columns * (w + pad) - pad), float(fill))
    for i, image in enumerate(images):
        top, left = (i // columns) * (h + pad), (i % columns) * (w + pad)
        picture[top : top + h, left : left + w] = image
    return picture


def draw_images(ax, images, columns=10, title=None, pad=1):
    """Draw grey images of [0, 1] as a mosaic, ink dark on white."""
    ax.imshow(mosaic(images, columns, pad), vmin=0, vmax=1, cmap="gray_r", interpolation="nearest")
    ax.set_axis_off()
    if title:
        ax.set_title(title)
    return ax


def draw_rows(ax, rows, pad=1):
    """Draw one labelled row of images for each entry: inputs above what was made of them.

    Args:
        ax: the axes.
        rows: a dict of label -> images (n, h, w) or (n, h, w, 1), all of the same shape.
    """
    stacks = [np.asarray(images) for images in rows.values()]
    if len({stack.shape for stack in stacks}) != 1:
        raise ValueError(
            "Every row needs images of one shape. Received: "
            + ", ".join(f"{label} {np.shape(images)}" for label, images in rows.items())
        )
    columns = len(stacks[0])
    picture = mosaic(np.concatenate(stacks), columns, pad)
    h = stacks[0].shape[1]
    ax.imshow(picture, vmin=0, vmax=1, cmap="gray_r", interpolation="nearest")
    return name_rows(ax, rows, h, pad)


def name_rows(ax, names, height, pad):
    """Write names beside rows of pictures, and take everything else away from the axes.

    Args:
        ax: the axes, with the rows drawn on it.
        names: of the rows, from the top.
        height: of a row, in pixels of the drawing.
        pad: pixels between two rows.
    """
    ax.set_xticks([])
    ax.set_yticks([i * (height + pad) + height / 2 for i in range(len(names))], list(names))
    ax.tick_params(left=False)
    for spine in ax.spines.values():
        spine.set_visible(False)
    return ax


def draw_weights(ax, weights, columns, title=None):
    """Draw weight vectors as images: purple negative, orange positive, white zero.

    Each has its own scale, so that the largest weight of each is full colour.

    Args:
        ax: the axes.
        weights: (n, h, w).
        columns: images in a row.
        title: what the weights are.
    """
    weights = np.asarray(weights, dtype=float)
    if weights.ndim != 3:
        raise ValueError(
            "Give weights as images, (n, h, w); a Dense kernel (784, n) is kernel.T.reshape(n, 28, "
            f"28). Received: shape {weights.shape}."
        )
    scale = np.abs(weights).max(axis=(1, 2), keepdims=True)
    picture = mosaic(weights / np.where(scale > 0, scale, 1), columns)
    ax.imshow(picture, vmin=-1, vmax=1, cmap="PuOr_r", interpolation="nearest")
    ax.set_axis_off()
    if title:
        ax.set_title(title)
    return ax


def draw_history(ax, history, names=("loss", "val_loss"), unit="loss"):
    """Draw curves of a Keras `History` over the epochs, each with its name in the legend.

    Raises:
        ValueError: if the history has no curve of that name.
    """
    for i, name in enumerate(names):
        if name not in history.history:
            raise ValueError(
                f"The history has no {name!r}, only {', '.join(history.history) or 'no curve'}. "
                "Name what to draw with names=(...); val_loss needs validation_data in fit."
            )
        values = history.history[name]
        ax.plot(range(1, len(values) + 1), values, DASHES[i % 4], label=name)
    ax.set_xlabel("epoch")
    ax.set_ylabel(unit)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.legend()
    return ax


def draw_histogram(ax, groups, bins=50, label="MSE per pixel"):
    """Draw outlined histograms of several groups of numbers over common bins, medians marked."""
    groups = {name: np.ravel(values) for name, values in groups.items()}
    edges = np.histogram_bin_edges(np.concatenate(list(groups.values())), bins)
    for i, (name, values) in enumerate(groups.items()):
        median = float(np.median(values))
        ax.hist(values, edges, histtype="step", color=f"C{i}", linestyle=DASHES[i % 4], linewidth=2)
        ax.axvline(median, color=f"C{i}", linestyle=DASHES[i % 4], linewidth=1)
        ax.plot([], [], DASHES[i % 4], color=f"C{i}", label=f"{name}, median {median:.4f}")
    ax.set_xlabel(label)
    ax.set_ylabel("images")
    ax.legend()
    return ax


def draw_latent_map(ax, z, labels, title=None):
    """Draw 2-D codes as a scatter of their digits: the numeral itself is the mark.

    Args:
        ax: the axes.
        z: codes, (n, 2).
        labels: digits, (n,).
        title: a title.
    """
    z, labels = np.asarray(z), np.asarray(labels)
    if z.ndim != 2 or z.shape[1] != 2 or labels.shape != (len(z),):
        raise ValueError(
            f"Give codes (n, 2) and labels (n,). Received: {z.shape} and {labels.shape}."
        )
    for digit in np.unique(labels):
        mine = z[labels == digit]
        colour = f"C{int(digit) % 7}"
        ax.scatter(*mine.T, s=28, marker=f"${digit}$", color=colour, linewidths=0, alpha=0.7)
    ax.set_xlabel("z₁")
    ax.set_ylabel("z₂")
    if title:
        ax.set_title(title)
    return ax


def draw_numbers(ax, numbers, *, window=None, keep=None, title=None):
    """Draw a small table of whole numbers, one a cell, with an outlined window and a crop.

    Args:
        ax: the axes.
        numbers: (h, w), ints or floats; at most two decimals are shown.
        window: a pair (rows, columns) of ranges: these cells get a thick frame and a tint.
        keep: a pair of slices: cells outside are hatched, as cut away.
        title: a title.

    Raises:
        ValueError: if `numbers` is not a table.
    """
    numbers = np.asarray(numbers)
    if numbers.ndim != 2:
        raise ValueError(f"Give a table of numbers, (h, w). Received: shape {numbers.shape}.")
    h, w = numbers.shape
    kept = np.ones((h, w), dtype=bool)
    if keep is not None:
        kept[:] = False
        kept[tuple(keep)] = True
    inside = np.zeros((h, w), dtype=bool)
    if window is not None:
        inside[np.ix_(*window)] = True
    for (i, j), number in np.ndenumerate(numbers):
        face = "#FBE3B5" if inside[i, j] else "white" if kept[i, j] else "#DDDDDD"
        style = dict(facecolor=face, edgecolor="#888888", linewidth=0.8)
        style |= {} if kept[i, j] else {"hatch": "////"}
        ax.add_patch(Rectangle((j - 0.5, i - 0.5), 1, 1, **style))
        words = f"{number:.2f}".rstrip("0").rstrip(".") if number % 1 else f"{int(number)}"
        ax.text(j, i, words.replace("-", "\N{MINUS SIGN}"), ha="center", va="center")
    if window is not None:
        rows, columns = window
        height, width = rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1
        corner = columns[0] - 0.5, rows[0] - 0.5
        ax.add_patch(Rectangle(corner, width, height, fill=False, edgecolor="k", linewidth=2.5))
    ax.set(xlim=(-0.6, w - 0.4), ylim=(h - 0.4, -0.6), aspect="equal")
    ax.set_axis_off()
    if title:
        ax.set_title(title)
    return ax
