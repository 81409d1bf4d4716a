"""What chapter 11 needs around its swaps: rows of labelled pictures, and a fair nearest face."""

import numpy as np

from course.display import name_rows
from course.provenance import mark_generated


def draw_face_rows(ax, rows, generated=(), pad=2):
    """Draw one named row of colour pictures for each entry; what a network made is labelled.

    Args:
        ax: the axes.
        rows: a dict of name -> pictures (n, h, w, 3), floats; all of the same shape.
        generated: names of the rows whose pictures get the label GENERATED.
        pad: white pixels between pictures.

    Returns:
        the axes.

    Raises:
        ValueError: if the rows differ in shape, or a name in `generated` is no row.
    """
    stacks = {name: np.clip(np.asarray(pictures), 0, 1) for name, pictures in rows.items()}
    shapes = {stack.shape for stack in stacks.values()}
    if len(shapes) != 1 or len(shape := shapes.pop()) != 4 or shape[-1] != 3:
        raise ValueError(
            "Every row needs pictures (n, h, w, 3) of one shape. Received: "
            + ", ".join(f"{name} {stack.shape}" for name, stack in stacks.items())
        )
    if unknown := set(generated) - set(stacks):
        raise ValueError(f"There is no row {', '.join(sorted(unknown))} in {list(stacks)}.")
    n, h, w, _ = shape
    picture = np.ones((len(rows) * (h + pad) - pad, n * (w + pad) - pad, 3))
    for i, (name, stack) in enumerate(stacks.items()):
        if name in generated:
            stack = mark_generated(stack)
        for j, one in enumerate(stack):
            top, left = i * (h + pad), j * (w + pad)
            picture[top : top + h, left : left + w] = one
    ax.imshow(picture, interpolation="nearest")
    return name_rows(ax, rows, h, pad)


def nearest_rows(queries, library):
    """For each query, the row of the library at the smallest Euclidean distance.

    Args:
        queries: (n, ...), numbers.
        library: (m, ...), numbers, of the same shape but for the first axis.

    Shapes:
        -> (n,) int.

    Raises:
        ValueError: if the library is empty or the shapes do not fit.

    Example:
        >>> nearest_rows([[1.0], [8.0]], [[0.0], [9.0]]).tolist()
        [0, 1]
    """
    queries, library = np.asarray(queries), np.asarray(library)
    if not len(library) or queries.shape[1:] != library.shape[1:]:
        raise ValueError(
            "Give a library with rows of the queries' shape. "
            f"Received: {queries.shape} and {library.shape}."
        )
    queries, library = (a.reshape(len(a), -1).astype(np.float64) for a in (queries, library))
    # |q - x|^2 = |q|^2 - 2 qx + |x|^2, and |q|^2 is the same for every row.
    return np.argmin((library**2).sum(axis=1) - 2 * queries @ library.T, axis=1)
