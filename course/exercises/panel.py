"""The result of a check: a compact panel in a notebook, plain text in a terminal."""

import html

from course.panels import Panel

# status -> (mark, word, colour of the edge). The word carries the meaning, the colour repeats it.
LOOK = {
    "passed": ("✓", "right", "#009E73"),
    "not attempted": ("○", "not attempted yet", "#888888"),
    "not yet": ("✗", "not yet", "#D55E00"),
}


def result_panel(result):
    """The panel of a `Result`; all text that comes from the answer is escaped."""
    mark, word, colour = LOOK[result.status]
    points = f", {result.points} point{'s' * (result.points != 1)}" if result.points else ""
    name = f"Exercise {result.id}" if result.id[0].isdigit() else result.id
    head = f"{name}{points}: {word}"
    text = "\n".join(
        [f"{mark} {head}"]
        + [f"  {line}" for line in result.lines]
        + [f"    {line}" for line in result.code.splitlines()]
    )
    code = (
        f'<pre style="margin:.3em 0 0;white-space:pre-wrap">{html.escape(result.code)}</pre>'
        if result.code
        else ""
    )
    markup = (
        f'<div role="status" style="border-left:4px solid {colour};padding:.3em .8em;'
        'margin:.2em 0;max-width:50em">'
        f'<strong><span aria-hidden="true">{mark}</span> {html.escape(head)}</strong>'
        + "".join(f"<div>{html.escape(line)}</div>" for line in result.lines)
        + code
        + "</div>"
    )
    return Panel(text, markup)
