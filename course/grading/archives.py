"""All files of a folder or a zip, zips inside included, with what must not be followed left out.

Nothing is unpacked to disk: an entry is a name and a way to read its bytes, at most so many.
"""

import errno
import os
import stat
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from course.grading import zips
from course.grading.names import natural_order, shown, storable
from course.grading.zips import STRANGE, Refused

MB = 1_000_000
# What systems leave in folders and archives by themselves.
NOISE = ("__MACOSX", ".DS_Store", ".ipynb_checkpoints", ".git", "__pycache__", "Thumbs.db")
GRADEBOOK = "gradebook.sqlite"  # a folder with one holds what a run of the grader wrote


@dataclass(frozen=True)
class Limits:
    """How much is read before an item is refused.

    Args:
        file: bytes of one file.
        total: bytes of all files together.
        entries: files and folders.
        archive: bytes of a zip that lies in another one.
        ratio: how many times its packed size a file of more than a megabyte may have.
        depth: folders within folders.
        nested: zips within zips.
    """

    file: int = 20 * MB
    total: int = 4000 * MB
    entries: int = 50_000
    archive: int = 200 * MB
    ratio: int = 200
    depth: int = 16
    nested: int = 2


@dataclass(frozen=True)
class Item:
    """A file: its path as names, when it was changed, and a function that gives its bytes."""

    parts: tuple[str, ...]
    when: datetime | None = None
    read: Callable[[], bytes] | None = None
    refused: str = ""

    @property
    def name(self):
        return self.parts[-1] if self.parts else ""

    @property
    def path(self):
        return "/".join(self.parts)


class NotThere(ValueError):
    """The folder or archive itself cannot be read."""


def items(path, limits=None, wanted=(".ipynb", ".zip"), leave_out=()):
    """The files of a folder, a zip or a single file, one `Item` after the other.

    An item that is refused has `refused` set and no `read`. Read an item before asking for the next
    one: a zip within a zip is closed after its last entry. A folder is an item with an empty name;
    one that holds a gradebook is refused.

    Args:
        path: a folder, a zip, or a notebook.
        limits: `Limits`; None means the usual ones.
        wanted: endings of the files that are read; of others only the name is given.
        leave_out: files and folders that are passed over, such as what an earlier run wrote.

    Raises:
        NotThere: if there is nothing at `path` that can be read.
    """
    path = Path(path)
    walk = _Walk(limits or Limits(), tuple(wanted), leave_out)
    try:
        mode = os.stat(path).st_mode  # what the instructor names may be a link
    except OSError as error:
        raise NotThere(f"{shown(str(path))} cannot be opened ({_why(error)}).") from None
    kinds = (".zip", ".ipynb")
    if not stat.S_ISDIR(mode) and not (stat.S_ISREG(mode) and path.suffix.lower() in kinds):
        raise NotThere(
            f"Expected a folder, a zip or a notebook (.ipynb). Received: {shown(str(path))}. "
            "Unpack other archives first and give the folder."
        )
    if stat.S_ISREG(mode) and path.suffix.lower() == ".ipynb":
        yield walk.on_disk(path.resolve(), (storable(path.name),))
    elif stat.S_ISDIR(mode):
        yield from _from_top(path, walk.folder(path, ()))
    else:
        try:
            file = open(path, "rb")  # noqa: SIM115 - closed by the next line
        except OSError as error:
            raise NotThere(f"{shown(str(path))} cannot be opened ({_why(error)}).") from None
        with file:
            yield from _from_top(path, walk.archive(file, (), 0))


def _from_top(path, found):
    for item in found:
        if item.refused and not item.parts:
            raise NotThere(f"{shown(str(path))} {item.refused}.")
        yield item


class _Walk:
    def __init__(self, limits, wanted, leave_out):
        self.limits, self.wanted = limits, wanted
        self.leave_out = {os.path.realpath(path) for path in leave_out}
        self.entries = self.total = 0

    def folder(self, path, parts):
        if len(parts) > self.limits.depth:
            yield Item(parts, refused="lies too deep")
            return
        try:
            entries = sorted(os.scandir(path), key=lambda e: natural_order(e.name))
        except OSError as error:
            yield Item(parts, refused=f"cannot be opened ({_why(error)})")
            return
        for entry in entries:
            here = (*parts, storable(entry.name))
            if _is_noise(entry.name):
                continue
            try:
                kind, why = self._kind(entry), ""
            except OSError as error:  # it is gone, or nobody may look at it
                kind, why = "", _why(error)
            if kind == "left out":
                continue
            if self._too_many():
                yield Item(here, refused=f"is beyond the first {self.limits.entries:,} files")
                return
            if why:
                yield Item(here, refused=f"cannot be looked at ({why})")
            elif kind == "link":
                yield Item(here, refused="is a link; links are not followed")
            elif kind == "run":
                yield Item((*here, ""), refused="holds a gradebook")
            elif kind == "folder":
                yield Item((*here, ""))  # a folder, which may be empty
                yield from self.folder(entry.path, here)
            else:
                yield from self._file(self.on_disk(Path(entry.path), here), 0)

    def _kind(self, entry):
        """What an entry of a folder is, in a word. Raises OSError if it cannot be looked at."""
        if self.leave_out and os.path.realpath(entry.path) in self.leave_out:
            return "left out"
        if entry.is_symlink() or getattr(entry, "is_junction", bool)():
            return "link"
        if not entry.is_dir(follow_symlinks=False):
            return "file"
        return "run" if os.path.lexists(os.path.join(entry.path, GRADEBOOK)) else "folder"

    def on_disk(self, path, parts):
        try:
            info = os.lstat(path)
        except OSError as error:
            return Item(parts, refused=f"cannot be looked at ({_why(error)})")
        kind = stat.S_IFMT(info.st_mode)
        if kind != stat.S_IFREG:
            return Item(parts, refused=f"is {STRANGE.get(kind, 'no plain file')}")
        when = datetime.fromtimestamp(max(0, min(info.st_mtime, 2**32))).replace(microsecond=0)
        return Item(parts, when, lambda: self._read_disk(path))

    def _read_disk(self, path):
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        try:
            handle = os.open(path, flags | getattr(os, "O_BINARY", 0))
            with open(handle, "rb") as file:
                if not stat.S_ISREG(os.fstat(handle).st_mode):
                    raise Refused("is no plain file")
                return self._bounded(file, self._allowed(path.name))
        except OSError as error:
            raise Refused(f"cannot be read ({_why(error)})") from None

    def archive(self, file, parts, nested):
        """The entries of a zip that is open for reading."""
        try:
            zips.check_directory(file, self.limits.entries)
            archive = zipfile.ZipFile(file)
        except Refused as refused:
            yield Item(parts, refused=str(refused))
            return
        except Exception as error:  # zipfile raises many kinds for a file made to hurt
            yield Item(parts, refused=f"is damaged ({_why(error)})")
            return
        with archive:
            for info in sorted(archive.infolist(), key=lambda i: natural_order(i.filename)):
                if any(_is_noise(part) for part in info.filename.split("/")):
                    continue
                names, why = zips.names_of(info)
                here = (*parts, *names)
                if self._too_many():
                    yield Item(here, refused=f"is beyond the first {self.limits.entries:,} files")
                    return
                if why:
                    yield Item(here, refused=why)
                elif info.is_dir():
                    yield Item((*here, ""))
                else:
                    item = Item(here, zips.time_of(info), self._reader(archive, info))
                    yield from self._file(item, nested)

    def _reader(self, archive, info):
        def read():
            limit = self._allowed(info.filename)
            if info.file_size > limit:
                raise Refused(f"is larger than {limit // MB} MB")
            big = info.file_size > MB
            if big and info.file_size > self.limits.ratio * max(info.compress_size, 1):
                raise Refused("unpacks to many times its size, like a zip bomb")
            try:
                with archive.open(info) as file:
                    return self._bounded(file, limit)
            except Refused:
                raise
            except Exception as error:  # a wrong checksum, a broken stream, a lying header
                raise Refused(f"is damaged ({_why(error)})") from None

        return read

    def _file(self, item, nested):
        if item.refused or not item.name.lower().endswith(".zip"):
            wanted = item.name.lower().endswith(self.wanted)
            yield item if wanted else Item(item.parts, item.when, None, item.refused)
            return
        if nested >= self.limits.nested:
            yield Item(item.parts, item.when, refused="is a zip in a zip in a zip")
            return
        try:
            content = item.read()
        except Refused as refused:
            yield Item(item.parts, item.when, refused=str(refused))
            return
        yield Item((*item.parts, ""))
        with tempfile.SpooledTemporaryFile(max_size=8 * MB) as file:
            file.write(content)
            del content
            file.seek(0)
            yield from self.archive(file, item.parts, nested + 1)

    def _allowed(self, name):
        return self.limits.archive if name.lower().endswith(".zip") else self.limits.file

    def _bounded(self, file, limit):
        left = self.limits.total - self.total
        content = file.read(min(limit, left) + 1)
        self.total += len(content)
        if len(content) > left:
            raise Refused(f"is beyond the first {self.limits.total // MB:,} MB of files")
        if len(content) > limit:
            raise Refused(f"is larger than {limit // MB} MB")
        return content

    def _too_many(self):
        self.entries += 1
        return self.entries > self.limits.entries


def _is_noise(name):
    return name in NOISE or name.startswith("._")


def _why(error):
    if isinstance(error, OSError) and error.errno in errno.errorcode:
        return os.strerror(error.errno)
    return shown(str(error), 60) or type(error).__name__
