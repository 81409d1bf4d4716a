"""Names that strangers chose: shown so that they cannot deceive, sorted, made into file names."""

import hashlib
import re
import unicodedata
from collections import Counter

PLAIN = " -_.,"  # beside letters and digits; not at the ends
_NOT_IN_FILES = '<>:"/\\|?*'
LONGEST = 60  # characters of a file name that come from a student's name
# Letters that Windows keeps for devices, with any ending and in any case.
_DEVICES = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?", re.IGNORECASE)
# Zero-width joiners are part of names in Persian and of many emoji.
_JOINERS = "\u200c\u200d"
_CHECKED = re.compile(r"-[0-9a-f]{10}$")
_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}  # control, format, surrogate, private, line
_LOOKS_ESCAPED = re.compile(r"\\(?=[xuU][0-9a-f])")


def shown(text, longest=None):
    """The text with everything that a reader could not see, or that turns text around, escaped.

    Two texts are never shown alike unless they were cut.

    Args:
        text: any string, lone surrogates included.
        longest: cut to so many characters; None cuts nothing.

    Example:
        >>> shown("Eve" + chr(10) + "Adam: 100")
        'Eve\\\\x0aAdam: 100'
    """
    if longest and len(text) > 4 * longest:
        text = text[: 4 * longest]  # nobody waits for a name of a gigabyte
    text = _LOOKS_ESCAPED.sub(lambda _: r"\x5c", text)
    text = "".join(_escaped(c) if _is_hidden(c) else c for c in text)
    if longest and len(text) > longest:
        text = text[: longest - 1] + "…"
    return text


def lines_shown(text):
    """Like `shown`, for a text of several lines: line feeds and tabs stay."""
    return "\n".join("\t".join(map(shown, line.split("\t"))) for line in text.split("\n"))


def one_line_end(text):
    """The text with a line feed at the end of each line, on whatever system it was written."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _is_hidden(c):
    return unicodedata.category(c) in _HIDDEN and c not in _JOINERS


def _escaped(c):
    code = ord(c)
    if code < 256:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 65536 else f"\\U{code:08x}"


def storable(text):
    """The text without lone surrogates, which neither a database nor a page can hold.

    They come from file names that are not UTF-8, and are escaped by the byte they stand for.
    """
    if text.isascii():
        return text
    return "".join(f"%{ord(c) & 0xFF:02X}" if "\ud800" <= c <= "\udfff" else c for c in text)


def whole(text):
    """The text with a question mark for each half of a character, which an answer may return."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def look_alike(text):
    """A key that is equal for names that a reader takes for one: case, width, blanks, accents."""
    text = unicodedata.normalize("NFKC", text).casefold()
    kept = "".join(c for c in text if not _is_hidden(c) and c not in _JOINERS)
    return unicodedata.normalize("NFKC", " ".join(kept.split()))


def natural_order(text):
    """A key that puts attempt 10 after attempt 2, 1.10 after 1.2 and 5b after 5."""
    digits, key = "", []
    for c in f"{text}\0":
        if c in "0123456789":
            digits += c
            continue
        if digits:
            key.append((0, len(digits.lstrip("0")), digits.lstrip("0")))
            digits = ""
        key.append((1, 0, c))
    return key


def file_names(students):
    """A safe and unique file name, without ending, for each student.

    A name that every file system keeps stays as it is. Of others only letters and digits of any
    script stay, and blanks within; a few digits of a checksum then keep them apart, and so they do
    where two names look alike, or one ends like such a checksum. The same class always gets the
    same names.

    Args:
        students: an iterable of strings.

    Returns:
        a dict of student -> name.
    """
    students = sorted(set(students))
    alike = Counter(map(look_alike, students))
    return {
        student: student
        if alike[look_alike(student)] == 1 and _is_file_name(student)
        else f"{_safe(student)}-{_checksum(student)}"
        for student in students
    }


def _is_file_name(text):
    """Whether every file system keeps this name, and no shell or reader takes it for another."""
    return (
        0 < len(text) <= LONGEST
        and text == unicodedata.normalize("NFC", text) == shown(text) == text.strip()
        and len(text.encode()) <= 3 * LONGEST
        and not text.startswith((".", "-", "~"))
        and not text.endswith(".")
        and not any(c in _NOT_IN_FILES for c in text)
        and not _DEVICES.fullmatch(text)
        and not _CHECKED.search(look_alike(text))
    )


def _checksum(text):
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:10]


def _safe(text):
    text = unicodedata.normalize("NFC", text[: 4 * LONGEST])
    text = "".join(c if c.isalnum() or c in PLAIN else "_" for c in text)
    text = re.sub(r"__+", "_", text)[:LONGEST].strip(PLAIN)
    while len(text.encode()) > 3 * LONGEST:
        text = text[:-1]
    return f"_{text}" if not text or _DEVICES.fullmatch(text) else text
