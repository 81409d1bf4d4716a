"""The stepper: transposed convolution, one window at a time, in a notebook or as a page.

What moves is `stepper.js`, without library, network or kernel. Where scripts are removed, a strip
of small tables stays: the running sum after each window.
"""

import hashlib
import html
import json
import numbers
import re
from functools import cache
from pathlib import Path

import numpy as np

from course.convolution import paste_steps
from course.panels import in_notebook

SIDE, STRIDE, NUMBER = 5, 4, 99  # the largest that stepper.js takes
STRIP = 12_000  # bytes that the frames of a strip take at most, if there are more than two
TINT = ' style="background:#0072b233"'
TITLE = "Transposed convolution, step by step"


def stepper(x=None, kernel=None, stride=2, padding="valid", title=TITLE):
    """Show how a transposed convolution pastes the kernel, window by window.

    Args:
        x: rows of whole numbers, at most 5 × 5; None means 0 to 8 in a square.
        kernel: rows of whole numbers, at most 5 × 5; None means 3 × 3 ones.
        stride: 1 to 4, for rows and columns.
        padding: "valid" or "same", as in `keras.layers.Conv2DTranspose`.
        title: what stands above it.

    Raises:
        ValueError: for numbers or settings that the stepper does not take.

    Example:
        >>> stepper([[1, 2], [3, 4]], [[1, 1], [1, 1]], stride=1)
        [Transposed convolution, step by step: open in Jupyter]
    """
    data = {
        "text/html": markup(*_state(x, kernel, stride, padding), title),
        "text/plain": f"[{title}: open in Jupyter]",
    }
    if not in_notebook():
        print(data["text/plain"])
        return
    from IPython.display import display

    display(data, raw=True)


def markup(x, kernel, stride, padding, title, *, step=1, page=False):
    """The HTML of a stepper: the strip, and the script that turns it into one.

    Args:
        x, kernel, stride, padding, title: as in `stepper`.
        step: where it starts, from 0 (an empty canvas).
        page: whether it is alone on its page, and keeps its state in the page's address.
    """
    spec = {
        "x": np.asarray(x).tolist(),
        "kernel": np.asarray(kernel).tolist(),
        "stride": stride,
        "padding": padding,
        "step": step,
        "title": "" if page else title,
        "page": page,
    }
    # A word such as "</script>" must not end the script.
    spec = json.dumps(spec, sort_keys=True).replace("<", "\\u003c")
    script, sheet = sources()
    name = "stepper-" + hashlib.sha256((spec + script + sheet).encode()).hexdigest()[:12]
    # JupyterLab would take the arrow keys for itself.
    return (
        f'<div class="{name}" data-lm-suppress-shortcuts="true">'
        f"{strip(x, kernel, stride, padding, title)}</div>\n"
        f'<script>(() => {{\n"use strict";\n{script}\n'
        f'upgrade("{name}", {spec}, {json.dumps(sheet)});\n}})()</script>'
    )


def strip(x, kernel, stride, padding, title):
    """Small tables of the running sum, in HTML that stays readable without style and script."""
    x, kernel = np.asarray(x), np.asarray(kernel)
    steps = list(paste_steps(x, kernel, stride=stride, padding=padding))
    frames = [_frame(i, step, x) for i, step in enumerate(steps)]
    kept = _shown(frames)
    tables = [_table("input", x), _table("kernel", kernel), *(frames[i] for i in kept)]
    if len(kept) < len(frames):
        tables.insert(-1, "<p>…</p>")
    caption = (
        f"{title}. Each input value times the kernel is added to its window (bold). Below, the "
        "sum after each window"
    )
    caption += ", some left out." if len(kept) < len(frames) else "."
    if steps[0].output.shape != steps[0].total.shape:
        caption += " Padding “same” cuts away what is crossed out."
    return (
        f'<figure style="margin:0"><figcaption>{html.escape(caption)}</figcaption>'
        '<div style="display:flex;flex-wrap:wrap;gap:1em;align-items:flex-start">'
        f"{''.join(tables)}</div></figure>"
    )


def _shown(frames):
    """Which frames a strip shows: all, or the first few and the last."""
    room = STRIP - len(frames[-1].encode())
    for i, frame in enumerate(frames[:-1]):
        room -= len(frame.encode())
        if room < 0 and i > 0:
            return [*range(i), len(frames) - 1]
    return list(range(len(frames)))


def _frame(i, step, x):
    """The table of one step, which says where its window lies."""
    at = f"{i + 1}. input ({step.index[0]}, {step.index[1]}) = {_word(x[step.index])}:"
    where = f"{_span('row', step.rows)}, {_span('column', step.columns)}"
    return _table(f"{at}<br>{where}", step.total, step)


def _table(caption, values, step=None):
    """One table; the step's window is bold, and what padding cuts away is struck out."""
    values = np.asarray(values)
    keep = np.ones(values.shape, bool)
    if step is not None:
        keep[:] = False
        keep[step.crop] = True
    rows = []
    for r, row in enumerate(values):
        cells = []
        for c, value in enumerate(row):
            word = _word(value)
            if not keep[r, c]:
                word = f"<s>{word}</s>"
            inside = step is not None and r in step.rows and c in step.columns
            # Table cells need no closing tag: it would be a third of the text.
            cells.append(f"<td{TINT}><b>{word}</b>" if inside else f"<td>{word}")
        rows.append("<tr>" + "".join(cells))
    style = "margin:0;border-collapse:collapse;white-space:nowrap;text-align:right"
    return (
        f'<table border="1" cellpadding="4" style="{style}"><caption>{caption}</caption>'
        f"{''.join(rows)}</table>"
    )


def _word(value):
    return str(int(value)).replace("-", "−")


def _span(name, indices):
    if len(indices) == 1:
        return f"{name} {indices[0]}"
    return f"{name}s {indices[0]}…{indices[-1]}"


def _state(x, kernel, stride, padding):
    """The arguments, checked: arrays of whole numbers, a stride and a padding."""
    x = np.arange(9).reshape(3, 3) if x is None else _whole("x", x)
    kernel = np.ones((3, 3), int) if kernel is None else _whole("kernel", kernel)
    whole = isinstance(stride, numbers.Integral) and not isinstance(stride, bool)
    if not whole or not 1 <= stride <= STRIDE:
        raise ValueError(f"`stride` is a whole number from 1 to {STRIDE}. Received: {stride!r}.")
    if not isinstance(padding, str) or padding not in ("valid", "same"):
        raise ValueError(f'`padding` is "valid" or "same". Received: {padding!r}.')
    return x, kernel, int(stride), padding


def _whole(name, values):
    """An array of whole numbers, small enough to be read on a screen."""
    try:
        array = np.array(values, dtype=float)
    except (TypeError, ValueError):
        raise ValueError(
            f"`{name}` is rows of numbers, all rows equally long, such as [[1, 2], [3, 4]]. "
            f"Received: {values!r}."
        ) from None
    if array.ndim != 2 or not all(1 <= n <= SIDE for n in array.shape):
        raise ValueError(
            f"`{name}` has 1 to {SIDE} rows and 1 to {SIDE} columns. Received the shape "
            f"{array.shape}: take a part of it, such as {name}[:{SIDE}, :{SIDE}]."
        )
    # Also refuses NaN, which is not equal to itself.
    if not np.array_equal(array, np.rint(array)) or np.abs(array).max() > NUMBER:
        raise ValueError(
            f"`{name}` holds whole numbers from −{NUMBER} to {NUMBER}, so that each sum can be "
            f"checked by eye. Received: {array.tolist()}."
        )
    return array.astype(int)


@cache
def sources():
    """The script, without indentation and lines of comment, and the style sheet."""
    here = Path(__file__)
    script = here.with_suffix(".js").read_text(encoding="utf-8")
    lines = (line.strip() for line in script.splitlines())
    script = "\n".join(line for line in lines if line and not line.startswith("//"))
    sheet = here.with_suffix(".css").read_text(encoding="utf-8")
    return script, re.sub(r"/\*.*?\*/|\s*\n\s*", " ", sheet).strip()


def stepper_page():
    """A whole HTML document about Conv2DTranspose, around a stepper; nothing comes from outside."""
    from course.pages import shell

    x, kernel, stride, padding = _state(None, None, 2, "valid")
    box = markup(x, kernel, stride, padding, TITLE, step=5, page=True)
    text = Path(__file__).with_suffix(".html").read_text(encoding="utf-8")
    # The kind "index" is the wide one of page.css.
    return shell("How Conv2DTranspose works", text.replace("STEPPER", box), kind="index")
