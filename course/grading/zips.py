"""What a zip says about itself, read with suspicion: nothing of it is unpacked here."""

import io
import stat
import struct
import zipfile
from datetime import datetime

from course.grading.names import shown, storable

LONGEST_PATH = 2_000  # characters of a name in a zip, folders included
STRANGE = {
    stat.S_IFLNK: "a link",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
}


class Refused(Exception):
    """One item that is not read. The message says why in a few words."""


def check_directory(file, most):
    """Refuse a zip whose list of names alone would fill the memory: zipfile reads it at once.

    Args:
        file: the zip, open for reading.
        most: entries that it may have.

    Raises:
        Refused: if it has more, or is no zip.
    """
    size = file.seek(0, io.SEEK_END)
    file.seek(max(0, size - 65_557))
    tail = file.read()
    file.seek(0)
    at = tail.rfind(b"PK\5\6")
    if at < 0 or len(tail) - at < 22:
        raise Refused("is no zip, or was cut off")
    (listed,) = struct.unpack("<L", tail[at + 12 : at + 16])
    if listed == 0xFFFFFFFF:
        locator = tail[max(0, at - 20) : at]
        if locator[:4] != b"PK\6\7":
            raise Refused("is damaged (its end is not where it says)")
        file.seek(min(struct.unpack("<Q", locator[8:16])[0], size))
        record = file.read(56)
        file.seek(0)
        if record[:4] != b"PK\6\6" or len(record) < 56:
            raise Refused("is damaged (its end is not where it says)")
        (listed,) = struct.unpack("<Q", record[40:48])
    if listed > 150 * most:
        raise Refused("lists too many files")


def names_of(info):
    """The path of an entry as names, and why it is refused, or "".

    Args:
        info: a `zipfile.ZipInfo`.
    """
    path = storable(info.orig_filename)
    names = tuple(name for name in path.rstrip("/").split("/") if name)
    if "\0" in path:
        return (shown(path),), "has a name with a zero byte"
    if "\\" in info.orig_filename:
        return (path,), "has a backslash in its name"
    if path.startswith("/") or path[1:2] == ":":
        return names or ("/",), "names a place outside the archive (an absolute path)"
    if ".." in names:
        return names, 'names a place outside the archive ("..")'
    if not names:
        return ("?",), "has no name"
    if len(path) > LONGEST_PATH:
        return (path[:LONGEST_PATH],), f"has a name of {len(path):,} characters"
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind in STRANGE:
        return names, f"is {STRANGE[kind]}" + "; links are not followed" * (kind == stat.S_IFLNK)
    if info.flag_bits & 0x1:
        return names, "is locked with a password"
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return names, "is packed in an unusual way; pack it anew as a plain zip"
    return names, ""


def time_of(info):
    """When an entry was changed, as the zip says; None if that is no date."""
    try:
        return datetime(*info.date_time)
    except ValueError:
        return None
