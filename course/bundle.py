"""`python -m course release --bundle OUT.zip`: all that a student gets, in one file."""

import os
import sys
import zipfile
from pathlib import Path

from course.authoring import NOTEBOOKS, AuthoringError
from course.environment import ROOT
from course.release import drift

NAME = "autoencoder-course"  # the folder that the archive unpacks to
SINGLE = (
    "README.md",
    "LICENSE",
    "Makefile",
    "environment.yml",
    "pyproject.toml",
    "requirements.txt",
)
FOLDERS = (NOTEBOOKS, "course", "docs")
LEFT_OUT = ("course/grading",)  # what marks has no place where it is marked
ENDINGS = {".py", ".ipynb", ".npz", ".css", ".mplstyle", ".js", ".html", ".png", ".md"}
DATE = (1980, 1, 1, 0, 0, 0)  # the same files make the same archive


class BundleError(ValueError):
    """The bundle would not be what students should get."""


def bundle_files(root=ROOT):
    """The files of a bundle, as paths below `root`, in order.

    Raises:
        BundleError: if one of those that set the course up is missing.
    """
    root = Path(root)
    missing = [name for name in SINGLE if not (root / name).is_file()]
    if missing:
        raise BundleError(f"{root} lacks {', '.join(missing)}. Is it a clone of the course?")
    found = [Path(name) for name in SINGLE]
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            name = path.relative_to(root)
            hidden = any(part.startswith((".", "__pycache__")) for part in name.parts)
            inside = any(name.is_relative_to(left) for left in LEFT_OUT)
            if path.is_file() and path.suffix in ENDINGS and not hidden and not inside:
                found.append(name)
    return found


def write_bundle(out, root=ROOT, say=print):
    """Write the archive in one step: whatever happens, no half of it stays.

    Args:
        out: path of the archive.
        root: the clone.
        say: takes one line of text.

    Raises:
        BundleError: if notebooks are not what the text makes, or files are missing.
    """
    stale = drift(root=root)
    if stale:
        raise BundleError("\n".join([*stale, "First run: python -m course release"]))
    out, files = Path(out), bundle_files(root)
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = out.with_name(f".{out.name}.{os.getpid()}.partial")
    try:
        with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in files:
                entry = zipfile.ZipInfo(f"{NAME}/{name.as_posix()}", DATE)
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.external_attr = 0o644 << 16
                archive.writestr(entry, (Path(root) / name).read_bytes())
        partial.replace(out)
    finally:
        partial.unlink(missing_ok=True)
    say(f"made        {out}: {len(files)} files, {out.stat().st_size / 1e6:.1f} MB")


def main(out):
    """The command; -> its exit status."""
    try:
        write_bundle(out)
    except (BundleError, AuthoringError, OSError) as error:
        print(f"course release: {error}", file=sys.stderr)
        return 1
    return 0
