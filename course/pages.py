"""Notebooks as pages that need nothing from outside: no script, font or formula service."""

import copy
import html
import logging
import os
import re
from functools import cache
from pathlib import Path

from course.chapters import CHAPTERS
from course.formulas import Formulas

NO_ALT = 'alt="No description has been provided for this image"'  # nbconvert's words
STEPPER = "transposed_convolution.html"  # the page of course.stepper
WIDGET = "application/vnd.jupyter.widget-view+json"
# The browser itself keeps the promise: whatever an output contains, nothing is fetched.
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
    "img-src data: blob:; media-src data:; font-src data:; frame-src data:"
)


def write_page(out, slug, nb, result, pages=()):
    """Write `{slug}.html` for an executed notebook.

    Args:
        out: the folder, a Path.
        slug: the file's name without its ending; also gives the place among the chapters.
        nb: the notebook with its outputs; not changed.
        result: dict with title, source, seconds, gates, expected_gates, failed_cell, error.
        pages: slugs of all pages in their order, for the links to the one before and after.

    Returns:
        the page's path.
    """
    body = render(nb)
    failure = ""
    if result.get("error"):
        where = f"cell {result['failed_cell']}" if result.get("failed_cell") else "this chapter"
        failure = (
            f'<div class="failure" role="alert"><span class="bad">Failed in {where}.</span> '
            f"{html.escape(result['error'])}. The cells after it were not run.</div>"
        )
    facts = f'<p class="facts">{html.escape(_facts(result))}</p>'
    bar = _bar(slug, list(pages))
    parts = (
        '<a class="skip" href="#text">To the text</a>',
        f'<nav class="bar" aria-label="Chapters">{bar}</nav>',
        f'<div class="sheet">{_contents(body)}<main id="text">{facts}{failure}{body}</main></div>',
        f'<nav class="bar end" aria-label="Chapters, again">{bar}</nav>',
    )
    return write_text(out / f"{slug}.html", shell(result["title"], "\n".join(parts)))


def write_index(out, results):
    """Write `index.html`: one card for each chapter that was run.

    Args:
        out: the folder, a Path.
        results: dict of slug -> result as in `write_page`.

    Returns:
        the page's path.
    """
    cards = "\n".join(_card(slug, result) for slug, result in results.items())
    failed = sum(bool(r.get("error")) for r in results.values())
    state = (
        f'<span class="bad">{failed} of {len(results)} chapters failed.</span>'
        if failed
        else '<span class="good">All chapters ran to their end.</span>'
    )
    body = (
        f'<main id="text"><h1>Autoencoders in Keras</h1><p>{state} Every chapter below was '
        f"executed on this machine; a gate is a claim of the text that was checked.</p>"
        f'<ul class="cards">{cards}</ul>'
        f'<p>Also here: <a href="{STEPPER}">How Conv2DTranspose works</a>, step by step, on a page '
        "that needs nothing but a browser.</p></main>"
    )
    return write_text(out / "index.html", shell("Autoencoders in Keras", body, kind="index"))


def render(nb):
    """The notebook's cells as HTML, formulas as MathML, links between chapters kept."""
    from nbconvert import HTMLExporter

    nb, formulas = copy.deepcopy(nb), Formulas()
    nb.cells = [cell for cell in nb.cells if cell.source.strip()]
    for cell in nb.cells:
        if cell.cell_type == "markdown":
            cell.source = formulas.take_out(cell.source)
        elif cell.cell_type == "code":
            cell.outputs = [_without_widget(output) for output in cell.outputs]
    exporter = HTMLExporter(
        template_name="basic", exclude_input_prompt=True, exclude_output_prompt=True, log=_quiet()
    )
    body, _ = exporter.from_notebook_node(nb)
    body = formulas.put_in(body)
    body = re.sub(r'href="(?:\./)?(ch\d\d\w*)\.ipynb(#[^"]*)?"', r'href="\1.html\2"', body)
    return body.replace(NO_ALT, 'alt="Figure; the text after it says what it shows."')


def _quiet():
    """nbconvert warns of each picture without a description; pages give it one."""
    log = logging.getLogger("course.pages")
    log.setLevel(logging.ERROR)
    return log


def shell(title, body, kind="chapter"):
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        f"<title>{html.escape(title)}</title>\n<style>\n{style()}</style>\n</head>\n"
        f'<body class="{kind}">\n{body}\n</body>\n</html>\n'
    )


@cache
def style():
    """The sheet of all pages, with the colours of code for a light and a dark screen."""
    from pygments.formatters import HtmlFormatter

    def colours(name):
        return HtmlFormatter(style=name, nobackground=True).get_style_defs(".highlight")

    sheet = Path(__file__).with_name("page.css").read_text(encoding="utf-8")
    dark = f"@media (prefers-color-scheme: dark) {{\n{colours('github-dark')}\n}}\n"
    return f"{sheet}{colours('vs')}\n{dark}"


def _without_widget(output):
    """A widget needs a kernel; what lies beside it (text/html, image/png) does not."""
    data = output.get("data")
    if not data or WIDGET not in data:
        return output
    del data[WIDGET]
    if set(data) <= {"text/plain"}:
        data["text/html"] = "<p class=facts>Interactive: open this chapter in JupyterLab.</p>"
    return output


def _facts(result):
    words = []
    if result.get("seconds"):
        words.append(f"Executed in {_time(result['seconds'])}")
    if result.get("source"):
        words.append(f"digits: {result['source']}")
    if result.get("budget"):
        words.append(f"{result['budget']} budget")
    words.append(f"gates passed: {gates_text(result)}")
    return " · ".join(words)


def gates_text(result):
    """ "3 of 3", "3" where the source does not tell how many there are, "none" without any."""
    passed, expected = len(result["gates"]), result["expected_gates"]
    if not passed and not expected:
        return "none"
    return str(passed) if expected is None else f"{passed} of {expected}"


def _time(seconds):
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.1f} min"


def _bar(slug, pages):
    """Links to the chapter before, the index, and the chapter after."""
    titles = {c.slug: c.title for c in CHAPTERS}
    at = pages.index(slug) if slug in pages else None
    before = after = ""
    if at:
        last = pages[at - 1]
        before = f'<a rel="prev" href="{last}.html">← {html.escape(titles.get(last, last))}</a>'
    if at is not None and at + 1 < len(pages):
        later = pages[at + 1]
        after = f'<a rel="next" href="{later}.html">{html.escape(titles.get(later, later))} →</a>'
    return f'<span>{before}</span><a href="index.html">All chapters</a><span>{after}</span>'


def _contents(body):
    """The second-level headings as a list of links; empty for a short page."""
    heads = re.findall(r'<h2 id="([^"]+)">(.*?)<a class="anchor-link"', body, re.DOTALL)
    if len(heads) < 3:
        return '<nav class="contents"></nav>'
    items = "".join(f'<li><a href="#{name}">{text}</a></li>' for name, text in heads)
    return (
        '<nav class="contents" aria-label="In this chapter"><details><summary>In this chapter'
        f"</summary><ol>{items}</ol></details></nav>"
    )


def _card(slug, result):
    number = next((f"Chapter {c.number}" for c in CHAPTERS if c.slug == slug), "More")
    rows = (
        ("Time", f"{_time(result['seconds'])} ({result['budget']} budget)"),
        ("Gates passed", gates_text(result)),
        ("Digits", result["source"]),
        ("Run", result["finished"]),
    )
    facts = "".join(f"<dt>{name}</dt><dd>{html.escape(text)}</dd>" for name, text in rows)
    error = result.get("error")
    failed = f'<p class="bad">Failed: {html.escape(error)}</p>' if error else ""
    return (
        f'<li class="card"><p class="number">{number}</p>'
        f'<h2><a href="{slug}.html">{html.escape(result["title"])}</a></h2>'
        f"<dl>{facts}</dl>{failed}</li>"
    )


def write_text(path, text):
    """Write a file so that nobody ever sees half of it; returns its path."""
    partial = path.with_name(path.name + ".part")
    try:
        partial.write_text(text, encoding="utf-8", newline="\n")
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
    return path
