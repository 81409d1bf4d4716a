"""Published data sets in the cache of Keras: read and verified, or downloaded and put there."""

import contextlib
import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from course.data import download
from course.data.cache import Damaged, DataError, only_one, shown, write_whole


@dataclass(frozen=True)
class Published:
    """A data set as its publisher and keras.datasets have it.

    Args:
        title: its name for a reader.
        folder: where its files lie below the Keras cache.
        files: file name -> (address, SHA-256 of the file as published).
        arrays: array name -> (shape, SHA-256 of the array's bytes); all are uint8.
        parse: (file name, bytes) -> a dict of the arrays in that file; may raise anything.
        megabytes: size of the download.
    """

    title: str
    folder: str
    files: dict
    arrays: dict
    parse: Callable
    megabytes: int

    def path(self, name=None):
        """Return where the file `name` lies; without a name the only file, or the folder."""
        folder = keras_home() / self.folder
        if name is None and len(self.files) == 1:
            name = next(iter(self.files))
        return folder / name if name else folder


def keras_home():
    """Return the cache folder of Keras by the rules of Keras, without importing it."""
    asked = os.environ.get("KERAS_HOME", "").strip()
    if asked:
        return Path(os.path.abspath(os.path.expanduser(asked)))
    home = Path(os.path.expanduser("~"))
    with contextlib.suppress(OSError):
        if home.is_absolute() and (os.access(home, os.W_OK) or (home / ".keras").is_dir()):
            return home / ".keras"
    return Path(os.path.abspath("/tmp")) / ".keras"  # what Keras does


def read(published):
    """Read and verify what the Keras cache holds of a data set. Never touches the network.

    Returns:
        the verified arrays, a dict, and the faults, a dict file name -> "missing", "damaged (why)"
        or "unreadable (why)". The arrays are complete where there are no faults.
    """
    arrays, faults = {}, {}
    for name in published.files:
        try:
            arrays |= verified(published, name, published.path(name).read_bytes())
        except (FileNotFoundError, NotADirectoryError):
            faults[name] = "missing"
        except OSError as error:
            faults[name] = f"unreadable ({error.strerror or error})"
        except Damaged as error:
            faults[name] = f"damaged ({error})"
    return arrays, faults


def verified(published, name, content):
    """Return the arrays in the bytes of a file; Damaged where they are not those published."""
    try:
        arrays = published.parse(name, content)
    except Exception as error:  # damaged bytes make zipfile, zlib and NumPy raise nearly anything
        raise Damaged(str(error) or type(error).__name__) from error
    for key, array in arrays.items():
        shape, digest = published.arrays[key]
        if array.dtype != np.uint8 or array.shape != shape:
            raise Damaged(f"{key} is {array.dtype} {array.shape}, not uint8 {shape}")
        if hashlib.sha256(array.tobytes()).hexdigest() != digest:
            raise Damaged(f"{key} differs from the published one")
    return arrays


def load(published, say=print):
    """Return the arrays of a data set and where they are from, after a download if need be.

    A file is only ever replaced by one that was verified. Of several processes one downloads.

    Raises:
        DataError: what is wrong with the cache and what stopped the download, in one sentence.
    """
    arrays, faults = read(published)
    if faults:
        if reason := obstacle(published, faults):
            raise DataError(unavailable(published, faults, reason))
        with only_one(f"download-{published.title}", say, patience=download.LIMIT + 60):
            arrays, faults = read(published)  # again: another process may have fetched it
            if faults:
                return _fetch(published, arrays, faults, say)
    return arrays, shown(published.path())


def obstacle(published, faults):
    """Return what stops a download of the faulty files, or None; takes 4 s at most."""
    address, _ = published.files[next(iter(faults))]
    return download.obstacle(address)


def unavailable(published, faults, obstacle):
    """Say why a data set cannot be had: the fault in the cache, and what stops a download."""
    for name, fault in faults.items():
        if fault != "missing":
            return f"{shown(published.path(name))} is {fault} and could not be replaced: {obstacle}"
    return f"{published.title} is not in the Keras cache and could not be downloaded: {obstacle}"


def advice(published):
    """Say what a person can do who wants this data set and has no network."""
    folder = published.path(next(iter(published.files))).parent
    files = "; ".join(f"{url} (SHA-256 {digest})" for url, digest in published.files.values())
    return (
        f"What to do: connect to the network and try again; or put into {shown(folder)} {files}; "
        'or take the digits that the course draws: COURSE_DATA=drawn, or load_digits("drawn").'
    )


def _fetch(published, arrays, faults, say):
    for name, fault in faults.items():
        if fault != "missing":
            say(f"{shown(published.path(name))} is {fault}. It is replaced by a fresh download.")
    say(
        f"Downloading {published.title}, {published.megabytes} MB. "
        f"This stops by itself after {download.LIMIT / 60:.0f} minutes."
    )
    try:
        contents = download.fetch({name: published.files[name] for name in faults})
        for name, content in contents.items():
            arrays |= verified(published, name, content)
    except DataError as error:
        raise DataError(unavailable(published, faults, error)) from error
    try:
        for name, content in contents.items():
            write_whole(published.path(name), content)
    except OSError as error:
        folder = shown(published.path(name).parent)
        say(f"The Keras cache {folder} cannot be written ({error.strerror or error}): not kept.")
        return arrays, "a download that is not kept"
    return arrays, shown(published.path())
