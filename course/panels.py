"""Small panels of a chapter: HTML in a notebook, plain text in a terminal.

A panel carries both forms; Jupyter takes the one it can show. Text and curves take the colour of
the page, light or dark; no meaning rests on colour alone.
"""

import html
import inspect
import math
import textwrap


class Panel:
    """Something with an HTML form and a text form."""

    def __init__(self, text, markup):
        self.text = text
        self.markup = markup

    def __str__(self):
        return self.text

    __repr__ = __str__

    def _repr_html_(self):
        return self.markup


def in_notebook():
    """Whether output goes to a Jupyter kernel's front end rather than to a terminal."""
    try:
        from IPython import get_ipython
    except ImportError:
        return False
    shell = get_ipython()
    return shell is not None and getattr(shell, "kernel", None) is not None


def show(panel):
    """Display a panel in a notebook, print it in a terminal."""
    if in_notebook():
        from IPython.display import display

        display(panel)
    else:
        print(panel)


def show_source(thing):
    """Show the tested source of a function or class of the course.

    Raises:
        TypeError: if the thing has no Python source.
    """
    source = textwrap.dedent(inspect.getsource(thing))
    where = f"from {thing.__module__}"
    if not in_notebook():
        print(f"# {where}\n{source}")
        return
    from IPython.display import Code, display

    display(Code(data=f"# {where}\n{source}", language="python"))


BAR = 24  # characters of the bar in a terminal
WIDTH, HEIGHT = 180, 36  # of the curves, in pixels


def progress_panel(label, done, total, seconds, curves, unit="epochs"):
    """A progress bar with the curves so far and their last values.

    Args:
        label: what is going on.
        done: epochs finished.
        total: epochs in all.
        seconds: time since the start.
        curves: dict of name -> list of values, one an epoch.
        unit: what is counted, where it is not epochs.
    """
    numbers = ", ".join(f"{name} {values[-1]:.4f}" for name, values in curves.items() if values)
    words = f"{done}/{total} {unit}, {seconds:.1f} s" + (f", {numbers}" if numbers else "")
    filled = BAR * done // max(total, 1)
    text = f"{label} [{'#' * filled}{'.' * (BAR - filled)}] {words}"
    markup = (
        '<div style="display:flex;flex-wrap:wrap;gap:.3em 1em;align-items:center;max-width:60em">'
        f"<span>{html.escape(label)}</span>"
        f'<progress value="{done}" max="{max(total, 1)}" aria-label="{html.escape(label)}" '
        'style="width:10em"></progress>'
        f"<code>{html.escape(words)}</code>{_curves_svg(curves, total)}</div>"
    )
    return Panel(text, markup)


def _curves_svg(curves, total):
    values = [value for curve in curves.values() for value in curve if math.isfinite(value)]
    if len(values) < 2:
        return ""
    low, high = min(values), max(values)
    span = (high - low) or 1.0
    lines = []
    for dash, curve in zip(("", "4 3", "1 3"), curves.values(), strict=False):
        points = " ".join(
            f"{(i + 1) / total * WIDTH:.1f},{2 + (high - value) / span * (HEIGHT - 4):.1f}"
            for i, value in enumerate(curve)
            if math.isfinite(value)  # a loss that became NaN ends the curve
        )
        lines.append(
            f'<polyline points="{points}" fill="none" stroke="currentColor" stroke-width="1.5" '
            f'stroke-dasharray="{dash}"/>'
        )
    names = ", ".join(f"{name} {d}" for name, d in zip(curves, ("solid", "dashed"), strict=False))
    return (
        f'<svg width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="loss over epochs: {html.escape(names)}">{"".join(lines)}</svg>'
    )
