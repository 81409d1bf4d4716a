"""The frame of the pages that show what students wrote: no script, nothing fetched, all escaped."""

import base64
import hashlib
import html
from functools import cache
from pathlib import Path

from course.data.cache import write_whole
from course.grading.names import lines_shown, look_alike, shown

POLICY = "default-src 'none'; style-src 'sha256-"  # how the policy of all our pages begins
_MORE = """
bdi { overflow-wrap: anywhere; }
p, li, dd, h1, h2, h3, .failure { overflow-wrap: anywhere; }
.wide main { max-width: 72rem; }
.sum { font-size: 1.1875rem; margin: .25rem 0 1rem; }
.result {
  border: 1px solid var(--line); border-left: .375rem solid var(--quiet); border-radius: .25rem;
  padding: .625rem 1rem; margin: .75rem 0;
}
.result.passed { border-left-color: var(--good); }
.result.wrong { border-left-color: var(--bad); }
.result h3 { margin: 0; font-size: 1.0625rem; display: flex; flex-wrap: wrap; gap: 0 1rem; }
.result h3 .points { font-weight: 400; color: var(--quiet); margin-left: auto; }
.result p { margin: .375rem 0 0; white-space: pre-line; }
.result pre, .own { background: var(--panel); padding: .5rem .75rem; border-radius: .25rem; }
.result pre { margin: .5rem 0 0; white-space: pre-wrap; overflow-wrap: anywhere; }
.own { white-space: pre-wrap; overflow-wrap: anywhere; margin: .5rem 0 0; }
.case { color: var(--quiet); font-size: .9375rem; }
.note { border-left: .25rem solid var(--line); padding-left: .75rem; margin: .75rem 0; }
.note ul { margin: .25rem 0; padding-left: 1.25rem; }
.scroll { overflow-x: auto; }
.scroll table { display: table; width: 100%; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
th[scope="row"] { font-weight: 400; border-bottom-width: 1px; min-width: 9rem; }
caption { text-align: left; color: var(--quiet); padding: 0 0 .375rem; }
svg { display: block; max-width: 100%; height: auto; }
td svg { max-width: none; }
.scroll td:not(.n) { min-width: 14rem; }
svg text { fill: var(--ink); font: 12px system-ui, sans-serif; }
svg .axis { stroke: var(--quiet); stroke-width: 1; }
svg .quiet { fill: var(--quiet); }
.right { fill: #009e73; background: #009e73; } .wrong-part { fill: #d55e00; background: #d55e00; }
.open { fill: #8a8f98; background: #8a8f98; } .failed { fill: #7a4fa0; background: #7a4fa0; }
.bar-fill { fill: #3b82c4; }
.key { list-style: none; padding: 0; display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; }
.key span { display: inline-block; width: .875rem; height: .875rem; margin-right: .375rem; }
.numbers { display: flex; flex-wrap: wrap; gap: .5rem 2.5rem; margin: 1rem 0; }
.numbers div { min-width: 6rem; } .numbers dt { color: var(--quiet); font-size: .9375rem; }
.numbers dd { margin: 0; font-size: 1.5rem; }
@media print { .result { break-inside: avoid; } details > * { display: block; } }
"""


def page(title, body, *, wide=False):
    """A whole page.

    The policy lets in this one style sheet, by its checksum, and nothing else: a script that got in
    in spite of all would not run, and nothing could be fetched or sent.

    Args:
        title: plain text.
        body: markup; whatever came from a student has been through `text`.
        wide: leave room for tables.
    """
    sheet, checksum = style()
    policy = f"{POLICY}{checksum}'; base-uri 'none'; form-action 'none'"
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        '<meta name="robots" content="noindex">\n'
        f"<title>{text(title)}</title>\n<style>{sheet}</style>\n</head>\n"
        f"<body{' class=wide' * wide}>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )


@cache
def style():
    """The style sheet of all pages of the course with what grading adds, and its checksum."""
    sheet = Path(__file__).parents[1].joinpath("page.css").read_text(encoding="utf-8") + _MORE
    digest = hashlib.sha256(sheet.encode()).digest()
    return sheet, base64.b64encode(digest).decode()


def text(words, longest=None):
    """Plain text as markup, what cannot be seen made visible."""
    return html.escape(shown(str(words), longest), quote=True)


def block(words, longest=20_000):
    """Plain text of several lines as markup."""
    words = words.replace("\r\n", "\n").replace("\r", "\n")
    if len(words) > longest:
        words = f"{words[:longest]}\n[… {len(words) - longest:,} characters more]"
    return html.escape(lines_shown(words), quote=True)


def name(student, longest=80):
    """A name as markup; one that runs from right to left does not turn what stands around it."""
    seen = look_alike(shown(student, longest))
    words = text(student, longest) if seen else "(a name that cannot be seen)"
    return f'<bdi dir="auto">{words}</bdi>'


def points(earned, possible):
    """ "1.5 of 2 points"."""
    return f"{number(earned)} of {number(possible)} point{'s' * (possible != 1)}"


def number(value):
    return f"{value:.2f}".rstrip("0").rstrip(".")


def write_page(path, markup):
    """Write a page in one step: nobody ever sees half of it."""
    write_whole(path, markup.encode("utf-8", "replace"))
