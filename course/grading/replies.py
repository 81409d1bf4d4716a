"""What came back from a worker, fit to be shown."""

import unicodedata
from dataclasses import dataclass

import numpy as np

VALUE, STUB, ERROR, NOT_FOUND = "value", "stub", "error", "not found"
TIMEOUT, CRASHED, OUTPUT = "timeout", "crashed", "too much output"
MEMORY, DISK, PROTOCOL = "memory", "disk", "protocol"
FROM_WORKER = (VALUE, STUB, ERROR, NOT_FOUND, MEMORY)  # the others are what the grader saw itself
LONGEST_TEXT, MOST_LINES, LONGEST_LINE = 500, 8, 160


@dataclass(frozen=True)
class Reply:
    """What an answer gave for one case. All of it may be invented; nothing of it can be harmful.

    Args:
        kind: one of the words above.
        value: an array, if the kind is "value", else None.
        after: the arguments as they are after the call: a dict of name -> array, or None. A name is
            missing if the answer made something of it that cannot be sent.
        text: a sentence for the student; empty for a value.
        code: the student's lines where an error came up, short.
        seconds: real time.
    """

    kind: str
    value: np.ndarray | None = None
    after: dict | None = None
    text: str = ""
    code: str = ""
    seconds: float = 0.0


def printable(text, longest=LONGEST_TEXT):
    """One line of a stranger's text: no control characters, none that turn the direction."""
    kept = "".join(_shown(character) for character in text[: longest + 1])
    kept = " ".join(kept.split())
    return kept if len(kept) <= longest else kept[: longest - 1] + "…"


def printable_lines(text, most=MOST_LINES, longest=LONGEST_LINE):
    """A stranger's lines: few, short, and without anything that is not to be seen."""
    lines = text[: 4 * most * longest].split("\n")[:most]
    return "\n".join(printable(line, longest) for line in lines).strip()


def _shown(character):
    if character in "\t\n ":
        return " "
    # Control, format (which turn the direction of text), lone surrogates, private, unassigned.
    return "\N{REPLACEMENT CHARACTER}" if unicodedata.category(character)[0] == "C" else character
