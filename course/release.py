"""`python -m course release`: write what authoring makes, executed; or check for drift."""

import io
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import numpy as np

from course import answers, authoring
from course.authoring import AuthoringError, make_notebook, notebook_path, read_chapter
from course.budget import budget
from course.environment import ROOT
from course.exercises import public
from course.machine import cores
from course.running import execute

LIMIT = 600_000  # bytes of a notebook; a page on a code host should open at once
SCREEN_ONLY = ("application/vnd.jupyter.widget-view+json",)  # dead without its kernel


def release(names=(), *, force=False, root=ROOT, say=print):
    """Make the notebooks and public cases of chapters; what is up to date stays untouched.

    Outputs are kept as long as the code stays the same, so a change of prose costs no execution.

    Args:
        names: chapters, such as "1"; none means all.
        force: execute everything again.
        root: the folder with solutions/ and notebooks/.
        say: takes one line of text.

    Returns:
        the number of notebooks that failed to execute.
    """
    chapters = [read_chapter(slug, root) for slug in authoring.chapter_slugs(names, root)]
    for chapter in chapters:
        _write_cases(chapter, say)
    jobs = []
    for chapter in chapters:
        for for_student in (False, True):
            path = notebook_path(chapter.slug, for_student=for_student, root=root)
            new, old = make_notebook(chapter, for_student=for_student), _read(path)
            if old is not None and _static(old) == _static(new) and not force:
                say(f"up to date  {path.relative_to(root)}")
            elif old is not None and _code(old) == _code(new) and not force:
                _carry_outputs(old, new)
                _write(path, new)
                say(f"new prose   {path.relative_to(root)}")
            else:
                jobs.append((path, new))
    with ThreadPoolExecutor(max(1, min(cores() // 2, len(jobs)))) as pool:
        return sum(pool.map(lambda job: _make(*job, root, say), jobs))


def drift(names=(), *, root=ROOT):
    """What differs between the generated files and what the text makes, one line each."""
    found = []
    for slug in authoring.chapter_slugs(names, root):
        chapter = read_chapter(slug, root)
        source = f"{authoring.SOLUTIONS}/{slug}.py"
        made = answers.public_cases(chapter)
        path = public.path_of(chapter.number)
        if made is not None and not _same_cases(path, made):
            found.append(f"course/exercises/{path.name} is not what {source} makes")
        for for_student in (False, True):
            path = notebook_path(slug, for_student=for_student, root=root)
            found += [
                f"{path.relative_to(root)} {words}"
                for words in _differences(
                    _read(path), make_notebook(chapter, for_student=for_student)
                )
            ]
    wanted = set(authoring.chapter_slugs((), root))
    for folder in (authoring.SOLUTIONS, authoring.NOTEBOOKS):
        found += [
            f"{folder}/{path.name} has no text in solutions/: delete it"
            for path in sorted(Path(root, folder).glob("*.ipynb"))
            if path.stem not in wanted
        ]
    return found


def main(args):
    """The command. `args` has chapters, check, static and force."""
    try:
        if not args.check:
            return 1 if release(args.chapters, force=args.force) else 0
        found = drift(args.chapters)
    except (AuthoringError, OSError) as error:  # OSError: a full disk, a folder that is read-only
        print(f"course release: {error}", file=sys.stderr)
        return 1
    for line in found:
        print(f"drift: {line}")
    if found:
        print("Edit the text in solutions/ and run: python -m course release")
        return 1
    if args.static:
        print("The generated files are what solutions/ makes; outputs were not compared.")
        return 0
    slugs = authoring.chapter_slugs(args.chapters)
    paths = [str(notebook_path(s, for_student=f)) for f in (False, True) for s in slugs]
    print("Executing the notebooks to compare their exact outputs …", flush=True)
    return subprocess.call([sys.executable, "-m", "pytest", "-q", *NBVAL, *paths], cwd=ROOT)


NBVAL = (
    "--nbval-lax",
    "--nbval-current-env",
    "--nbval-cell-timeout=600",
    "-p",
    "no:cacheprovider",
)


def _make(path, nb, root, say):
    say(f"executing   {path.relative_to(root)} ({budget()} budget)")
    path.parent.mkdir(parents=True, exist_ok=True)
    outcome = execute(nb, cwd=path.parent)
    if not outcome.ok:
        say(f"FAILED      {path.relative_to(root)}: cell {outcome.failed_cell}: {outcome.error}")
        return 1
    tidy_outputs(nb)
    size = len(nbformat.writes(nb).encode())
    if size > LIMIT:
        heaviest = max(nb.cells, key=lambda cell: len(str(cell.get("outputs", ""))))
        say(
            f"FAILED      {path.relative_to(root)}: {size:,} bytes, more than {LIMIT:,}, most in "
            f"cell {heaviest.id}. Make its pictures smaller."
        )
        return 1
    _write(path, nb)
    say(f"made        {path.relative_to(root)} in {outcome.seconds:.0f} s, {size // 1000} kB")
    return 0


def tidy_outputs(nb):
    """Keep what a reader without a kernel can use, and make pictures small; in place."""
    for cell in nb.cells:
        cell.metadata.pop("execution", None)
        for output in cell.get("outputs", []):
            if "text" in output:
                output.text = _without_paths(output.text)
            data = output.get("data", {})
            for kind in SCREEN_ONLY:
                data.pop(kind, None)
            if "image/png" in data:
                data["image/png"] = _small_png(data["image/png"])
    nb.metadata.pop("widgets", None)
    nb.metadata["language_info"] = {"name": "python"}


def _without_paths(text):
    """The text without the folders of the machine that it was made on."""
    return text.replace(str(ROOT), "autoencoder-course").replace(str(Path.home()), "~")


def _small_png(encoded):
    """The same picture with at most 256 colours, if that is smaller. Base64 in and out."""
    import base64

    from PIL import Image

    with Image.open(io.BytesIO(base64.b64decode(encoded))) as image:
        small = image.convert("RGB").quantize(256, dither=Image.Dither.NONE)
    buffer = io.BytesIO()
    small.save(buffer, "png", optimize=True)
    text = base64.b64encode(buffer.getvalue()).decode()
    return min(encoded, text, key=len)


def _read(path):
    if not path.exists():
        return None
    try:
        return nbformat.read(path, as_version=4)
    except Exception as error:
        raise AuthoringError(
            f"{path} is no notebook any more ({type(error).__name__}: {error}). Delete it and run: "
            "python -m course release"
        ) from error


def _write(path, nb):
    _replace(path, (nbformat.writes(nb) + "\n").encode())


def _replace(path, content):
    """Put a file in the place of another in one step: whatever happens, one of them is there."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        partial.write_bytes(content)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _cell_key(cell):
    return cell.cell_type, cell.get("id"), cell.source, dict(cell.metadata)


def _static(nb):
    return [_cell_key(cell) for cell in nb.cells], dict(nb.metadata)


def _code(nb):
    return [cell.source for cell in nb.cells if cell.cell_type == "code"]


def _carry_outputs(old, new):
    before = [cell for cell in old.cells if cell.cell_type == "code"]
    after = [cell for cell in new.cells if cell.cell_type == "code"]
    for a, b in zip(before, after, strict=True):
        b.outputs, b.execution_count = a.outputs, a.execution_count


def _differences(old, new):
    if old is None:
        return ["is missing"]
    if len(old.cells) != len(new.cells):
        return [f"has {len(old.cells)} cells, expected {len(new.cells)}"]
    found = [
        f"differs in cell {b.id}"
        for a, b in zip(old.cells, new.cells, strict=True)
        if _cell_key(a) != _cell_key(b)
    ]
    if dict(old.metadata) != dict(new.metadata):
        found.append("differs in its metadata")
    # A code cell that was never executed has nothing that a test could compare.
    found += [
        f"was never executed: cell {cell.id}"
        for cell in old.cells
        if cell.cell_type == "code" and cell.execution_count is None
    ]
    return found


def _write_cases(chapter, say):
    made, path = answers.public_cases(chapter), public.path_of(chapter.number)
    if made is None or _same_cases(path, made):
        return
    _replace(path, made)
    say(f"made        course/exercises/{path.name}, {len(made) // 1000} kB")


def _same_cases(path, made):
    """Whether a case file holds these cases: the arrays count, not the bytes of the zip."""
    if not path.exists():
        return False
    try:
        with np.load(path) as old, np.load(io.BytesIO(made)) as new:
            return old.files == new.files and all(_equal(old[k], new[k]) for k in new.files)
    except (OSError, ValueError):
        return False


def _equal(a, b):
    """The same dtype and values; NaN, which a mistake may give, is equal to NaN."""
    return a.dtype == b.dtype and np.array_equal(a, b, equal_nan=a.dtype.kind in "fc")
