"""Reads our pages back, and checks every tag of them against what they are made of."""

import base64
import hashlib
import re
from collections import Counter
from html.parser import HTMLParser

from course.grading.names import shown

VOID = {"meta", "rect", "line"}
TAGS = set(
    [
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "main",
        "h1",
        "h2",
        "h3",
        "p",
        "section",
        "div",
        "span",
        "strong",
        "bdi",
        "article",
        "details",
        "summary",
        "pre",
        "ul",
        "li",
        "nav",
        "a",
        "dl",
        "dt",
        "dd",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "svg",
        "rect",
        "text",
        "line",
    ]
)
ATTRIBUTES = set(
    [
        "lang",
        "charset",
        "http-equiv",
        "content",
        "name",
        "class",
        "id",
        "href",
        "dir",
        "role",
        "scope",
        "tabindex",
        "aria-label",
        "aria-hidden",
        "viewbox",
        "width",
        "height",
        "x",
        "y",
        "x1",
        "x2",
        "y1",
        "y2",
        "text-anchor",
    ]
)


class Page(HTMLParser):
    """Checks every tag against what our pages are made of."""

    def __init__(self, markup):
        super().__init__()
        self.open, self.words, self.links, self.metas, self.tags = [], [], [], [], Counter()
        self.feed(markup)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        names = [name for name, _ in attributes]
        assert tag in TAGS, tag
        assert set(names) <= ATTRIBUTES, names
        assert len(names) == len(set(names))
        self.tags[tag] += 1
        values = dict(attributes)
        if tag == "a":
            self.links.append(values["href"])
        if tag == "meta":
            self.metas.append(values)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        assert tag in VOID
        self.handle_starttag(tag, attributes)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_comment(self, data):
        raise AssertionError(data)

    def handle_data(self, data):
        if "style" not in self.open:
            self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


def checked(path):
    markup = path.read_bytes().decode()
    made = Page(markup)
    (policy,) = [m["content"] for m in made.metas if "http-equiv" in m]
    (sheet,) = re.findall(r"<style>(.*?)</style>", markup, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(sheet.encode()).digest()).decode()
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
    assert markup.index("Content-Security-Policy") < markup.index("<title>")
    assert not re.search(r"url\(|@import|https?:", sheet)
    for c in markup:
        assert c == "\n" or c == "\t" or shown(c) == c
    return made
