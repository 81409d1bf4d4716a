"""A folder of arrays that take long to make: written whole, verified at each load."""

import contextlib
import hashlib
import io
import os
import re
import secrets
import sys
import tempfile
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout
from platformdirs import user_cache_path

DIGEST = "content_sha256"  # the extra array in each file
TAKEN = ("file", "allow_pickle", DIGEST)  # names that numpy.savez or we use ourselves
PATIENCE = 600.0  # seconds to wait for another process before doing its work a second time


class DataError(RuntimeError):
    """Data that cannot be had. The message says why and what to do."""


class Damaged(DataError):
    """A file whose content is not what it should be."""


def cache_dir():
    """Return the folder of the course's cache as an absolute path. It need not exist yet.

    It is `COURSE_CACHE` if that is set, else the user's cache folder; for a user without a home
    folder it is a folder of that user below the folder for temporary files.
    """
    asked = os.environ.get("COURSE_CACHE", "").strip()
    if asked:
        return Path(os.path.abspath(os.path.expanduser(asked)))
    with contextlib.suppress(RuntimeError):  # new platformdirs raise it for a user without a home
        folder = user_cache_path("autoencoder-course")
        if folder.is_absolute():  # old ones return a relative path
            return folder
    user = os.getuid() if hasattr(os, "getuid") else "user"
    return Path(tempfile.gettempdir(), f"autoencoder-course-{user}")


def load_or_make(name, make, say=print):
    """Return the arrays `name` from the cache; make and keep them where they are not there yet.

    A file that is damaged is made again. A cache that cannot be written costs one line and the time
    to make the arrays, never the arrays. Of several processes one makes them and the others wait.

    Args:
        name: letters, digits, ".", "_" and "-"; whatever changes the arrays should be part of it.
        make: a function without arguments that returns a dict of NumPy arrays.
        say: takes one line of text.

    Raises:
        ValueError: if `name` is no plain file name.
        TypeError: if `make` returns anything but a dict of arrays without Python objects.

    Example:
        >>> load_or_make("squares", lambda: {"x": np.arange(10) ** 2})["x"][3]
        9
    """
    path = path_of(name)
    with contextlib.suppress(Damaged):
        if (arrays := _read(path, name)) is not None:
            return arrays
    with only_one(name, say) as alone:
        try:  # again: another process may have made them while we waited
            if (arrays := _read(path, name)) is not None:
                return arrays
        except Damaged as error:
            say(f"The cache file {shown(path)} is damaged ({error}). It is made again.")
        arrays = make()
        _check(name, arrays)
        try:
            if alone:
                _remove(path.parent.glob(f".{path.name}.*.tmp"))  # of a process that was killed
            write_whole(path, _packed(name, arrays))
        except OSError as error:
            say(
                f"The cache {shown(path.parent)} cannot be written ({error.strerror or error}), so "
                "this takes as long again next time. Set COURSE_CACHE to a folder with room."
            )
    return arrays


def path_of(name):
    """Return the path of the cache file of the arrays `name`."""
    if not (isinstance(name, str) and re.fullmatch(r"\w[\w.-]*", name, re.ASCII)):
        raise ValueError(
            'A name in the cache has letters, digits, ".", "_" and "-" only, such as "faces-3". '
            f"Received: {name!r}"
        )
    return cache_dir() / f"{name}.npz"


def forget(prefix, keep):
    """Remove the cache files whose names start with `prefix` but not with `keep`."""
    old = cache_dir().glob(f"{prefix}*.npz")
    with contextlib.suppress(OSError):
        _remove(path for path in old if not path.name.startswith(keep))


def write_whole(path, content):
    """Put the bytes `content` at `path` in one step: a reader sees the old file or the new."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        with open(temporary, "xb") as file:
            file.write(content)
        os.replace(temporary, path)
    except BaseException:  # an interrupt too
        _remove([temporary])
        raise


@contextlib.contextmanager
def only_one(name, say=print, patience=None):
    """Let one process at a time into the block, and give whether we are alone for sure.

    Without a lock (a folder that cannot be written, another process that takes longer than
    `patience` seconds) the block runs all the same: writing whole files is safe without a lock,
    only the work is done twice. The system frees the lock of a process that died.
    """
    lock = FileLock(cache_dir() / f"{name}.lock")
    try:
        cache_dir().mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(timeout=0.5)
        except Timeout:
            say(f'Another process is making "{name}". Waiting for it.')
            lock.acquire(timeout=PATIENCE if patience is None else patience)
    except (OSError, NotImplementedError):  # Timeout is an OSError
        pass
    try:
        yield lock.is_locked
    finally:
        lock.release()


def shown(path):
    """Return `path` as text that can be printed, with ~ for the home folder."""
    text, home = str(path), os.path.expanduser("~")
    if os.path.isabs(home) and len(home) > 1 and text.startswith(home + os.sep):
        text = "~" + text[len(home) :]
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)


def content_digest(name, arrays):
    """Return the SHA-256 of a name and of the names, types, shapes and values of `arrays`."""
    digest = hashlib.sha256(name.encode())
    for key in sorted(arrays):
        array = arrays[key]
        digest.update(f"\n{key} {array.dtype.str} {array.shape}\n".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def _read(path, name):
    """The arrays in the file, None where no file can be read, or Damaged."""
    try:
        content = path.read_bytes()
    except OSError:
        return None  # writing will say what is wrong with the folder
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            arrays = {key: file[key] for key in file.files}
        expected = str(arrays.pop(DIGEST))
    except Exception as error:  # damaged bytes make zipfile, zlib and NumPy raise nearly anything
        raise Damaged(str(error) or type(error).__name__) from error
    if content_digest(name, arrays) != expected:
        raise Damaged("its content does not match its digest")
    return arrays


def _packed(name, arrays):
    """The bytes of the .npz. Compression would cost 1 s now and 0.2 s at each load."""
    buffer = io.BytesIO()  # so that a full disk shows in one place, write_whole
    np.savez(buffer, **arrays, **{DIGEST: np.array(content_digest(name, arrays))})
    return buffer.getbuffer()


def _check(name, arrays):
    if not isinstance(arrays, dict):
        raise TypeError(
            f"`make` must return a dict of NumPy arrays for {name!r}. "
            f"Received: {type(arrays).__name__}"
        )
    for key, array in arrays.items():
        if not (isinstance(key, str) and key.isidentifier() and key not in TAKEN):
            raise TypeError(
                f"An array of {name!r} needs a plain name other than {TAKEN}. Received: {key!r}"
            )
        if not isinstance(array, np.ndarray) or array.dtype.hasobject:
            kind = f"dtype {array.dtype}" if isinstance(array, np.ndarray) else type(array).__name__
            raise TypeError(
                f"{name!r} can hold NumPy arrays of numbers or text only. "
                f"Received for {key!r}: {kind}"
            )


def _remove(paths):
    for path in paths:
        with contextlib.suppress(OSError):
            path.unlink()
