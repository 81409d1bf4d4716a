"""TeX formulas of Markdown as MathML, which every browser draws without a script."""

import html
import re

# Code first, so that a dollar in it is code; then $$…$$; then $…$ as pandoc reads it: no space
# inside the dollars, no digit after them ("$5 or $6" is money).
PATTERN = re.compile(
    r"(?P<code>^(?P<fence>`{3,}|~{3,}).*?^(?P=fence)[`~]*[ \t]*$"
    r"|(?P<ticks>`+)(?!`).+?(?<!`)(?P=ticks)(?!`)"
    r"|\\\$)"
    r"|\$\$(?P<block>.+?)\$\$"
    r"|\$(?!\s)(?P<inline>(?:\\.|[^$\\\n]|\n(?!\s*\n))+?)(?<!\s)\$(?!\d)",
    re.DOTALL | re.MULTILINE,
)
WORD = r"qFORMULA(\d+)q"


class Formulas:
    """Carries formulas past the Markdown renderer, which would read their _ and | as its own.

    Example:
        >>> f = Formulas()
        >>> f.put_in(markdown(f.take_out("so $x_1$")))
        '<p>so <math …>…</math></p>'
    """

    def __init__(self):
        self.found, self.sources = [], []

    def take_out(self, text):
        """Markdown with a plain word in place of each formula."""
        return PATTERN.sub(self._keep, text)

    def put_in(self, page):
        """HTML with MathML in place of the words; in an attribute, with the formula's letters."""

        def inside_tag(match):
            return re.sub(WORD, lambda m: re.sub(r"\W+", "", self.sources[int(m[1])]), match[0])

        page = re.sub(rf"<[a-zA-Z][^<>]*{WORD}[^<>]*>", inside_tag, page)
        return re.sub(WORD, lambda m: self.found[int(m[1])], page)

    def _keep(self, match):
        if match["code"]:
            return match[0]
        block = match["block"] is not None
        self.sources.append(match["block"] if block else match["inline"])
        self.found.append(to_mathml(self.sources[-1], block))
        return f"qFORMULA{len(self.found) - 1}q"


def to_mathml(tex, block=False):
    """One formula; TeX that cannot be read stays visible as code."""
    from latex2mathml.converter import convert

    try:
        made = convert(tex.strip(), display="block" if block else "inline")
    except Exception:  # latex2mathml raises many kinds, IndexError and StopIteration among them
        return f"<code>{html.escape(tex.strip())}</code>"
    label = html.escape(" ".join(tex.split()), quote=True)
    return made.replace("<math ", f'<math aria-label="{label}" ', 1)
