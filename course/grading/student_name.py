"""Who a notebook says its student is: `STUDENT = "…"`, read as a literal by regular expressions.

Python's own parser is kept away from strangers' text: a few lines can make it use up the stack.
"""

import re

from course.grading.names import shown

_STUDENT = re.compile(r"^STUDENT[ \t]*(?::[^=\n]{0,40})?=(?!=)[ \t]*(.*)$", re.MULTILINE)
_END = r"[ \t]*(?:[;#].*)?"
_TEXT = re.compile(
    r"([uUrR]?)(?:\"\"\"([^\"\\]*(?:\\.[^\"\\]*)*)\"\"\"|'''([^'\\]*(?:\\.[^'\\]*)*)'''|"
    r"\"([^\"\\]*(?:\\.[^\"\\]*)*)\"|'([^'\\]*(?:\\.[^'\\]*)*)')" + _END
)
_NUMBER = re.compile(r"([+-]?)(0|[1-9](?:_?\d){0,30})" + _END)
_ESCAPE = re.compile(
    r"\\(?:([0-7]{1,3})|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))", re.DOTALL
)
_ONE = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}


def student_of(sources):
    """What the last line `STUDENT = …` says, and flags if it cannot be taken literally.

    Args:
        sources: the sources of the code cells, in order.

    Returns:
        a str or an int, "" where nothing can be read, and a list of sentences.
    """
    lines = [line for source in sources for line in _STUDENT.findall(source)]
    if not lines:
        return "", []
    line = lines[-1].strip()
    number, text, value = _NUMBER.fullmatch(line), _TEXT.fullmatch(line), None
    if number:
        value = int(number[1] + number[2])
    elif text:
        inside = next(part for part in text.groups()[1:] if part is not None)
        value = inside if text[1] in ("r", "R") else _unescaped(inside)
    if value is None or len(str(value)) > 200:
        return "", [
            f"STUDENT is set to {shown(line, 60)}, which is no plain text or number in one line; "
            'taken as "".'
        ]
    return value, []


def _unescaped(text):
    """The text that a Python literal means, or None where only Python could tell."""
    good = True

    def one(found):
        nonlocal good
        octal, *hexadecimal, letter = found.groups()
        digits = next((h for h in hexadecimal if h), None)
        if octal or digits:
            code = int(octal, 8) if octal else int(digits, 16)
            good &= code < 0x110000 and not 0xD800 <= code < 0xE000
            return chr(code) if good else ""
        good &= letter not in "NxuU"
        return letter if letter in "\\'\"" else _ONE.get(letter, f"\\{letter}")

    made = _ESCAPE.sub(one, text)
    return made if good else None
