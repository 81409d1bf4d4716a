"""`python -m course run`: every chapter, several at a time, into build/ with an index."""

import asyncio
import json
import os
import time
from pathlib import Path
from typing import NamedTuple

from course.budget import budget as budget_in_force
from course.chapters import CHAPTERS, find_chapters
from course.environment import ROOT, SetupError
from course.machine import cores, memory_gib
from course.pages import STEPPER, gates_text, write_index, write_page, write_text
from course.progress import Board, table
from course.running import Outcome, execute_async, in_own_loop, one_line, require_kernel
from course.stepper import stepper_page

RESULTS = "results.json"


def build(chapters=(), *, budget=None, jobs=None, out="build", timeout=1800, notebooks=None):
    """Execute chapters, write their notebooks and pages, an index and the stepper; print a table.

    Args:
        chapters: words as in `find_chapters`; none means all.
        budget: "full" or "quick"; None means what COURSE_BUDGET says.
        jobs: notebooks at a time; None takes half the cores.
        out: folder for the results, made if needed; relative to the clone.
        timeout: seconds of wall clock for each chapter.
        notebooks: where the chapters lie; None means notebooks/ of the clone.

    Returns:
        0 if every chapter ran to its end, else 1.

    Raises:
        UnknownChapter: if a word fits no chapter.
        SetupError: if there is nothing to run, nothing to run it with, or nowhere to write.
    """
    source = Path(notebooks) if notebooks else ROOT / "notebooks"
    there = [path.stem for path in source.glob("ch*.ipynb")]
    if not there:
        raise SetupError(f"There is no chapter in {source}. Make them: python -m course release")
    slugs = find_chapters(chapters, there)
    require_kernel()
    out = _folder(ROOT / out)
    budget, digits = prepare(budget)
    jobs = min(jobs or default_jobs(), len(slugs))
    env = kernel_env(budget, digits, jobs)
    print(f"{len(slugs)} chapters, {budget} budget, {jobs} at a time")
    start = time.monotonic()
    board = Board(slugs)
    known = earlier_results(out, source)
    work = Work(source, out, env, timeout, sorted({*known, *slugs}), board)
    results = in_own_loop(lambda: _all(slugs, jobs, work))
    board.close()
    for slug, result in results.items():
        print_failure(slug, result)
    known = dict(sorted((known | results).items()))
    write_text(out / RESULTS, json.dumps(known, indent=1, ensure_ascii=False) + "\n")
    write_text(out / STEPPER, stepper_page())
    index = write_index(out, known)
    print(table(("chapter", "data", "seconds", "gates", ""), [
        (slug, r["source"], f"{r['seconds']:.0f}", gates_text(r), state_text(r))
        for slug, r in results.items()
    ]))  # fmt: skip
    print(f"{time.monotonic() - start:.0f} s in all. Open {index}")
    return int(any(r["error"] for r in results.values()))


class Work(NamedTuple):
    """What all chapters of one run have in common."""

    source: Path
    out: Path
    env: dict
    timeout: float
    pages: list  # slugs of all pages that will be there, for the links between them
    board: Board


async def _all(slugs, jobs, work):
    """Run the chapters, at most `jobs` at once, the longest first."""
    turn = asyncio.Semaphore(jobs)
    longest = {c.slug: -c.full_seconds for c in CHAPTERS}
    results = {}

    async def one(slug):
        async with turn:
            results[slug] = await _chapter(slug, work)

    async with asyncio.TaskGroup() as group:
        clock = group.create_task(work.board.tick())
        order = sorted(slugs, key=lambda slug: longest.get(slug, 0))
        await asyncio.gather(*[group.create_task(one(slug)) for slug in order])
        clock.cancel()
    return {slug: results[slug] for slug in slugs}


async def _chapter(slug, work):
    """Execute one chapter and write its notebook and its page; returns its result as a dict."""
    import nbformat

    work.board.start(slug)
    try:
        text = (work.source / f"{slug}.ipynb").read_text(encoding="utf-8-sig")
        nb = nbformat.reads(text, as_version=4)
        nbformat.validate(nb)
    except Exception as error:  # whatever a file that is not a notebook leads to
        nb = nbformat.v4.new_notebook()
        outcome = Outcome(error=one_line(f"not a notebook: {error}"))
    else:
        outcome = await execute_async(
            nb, env=work.env, cwd=work.source, timeout=work.timeout,
            on_cell=lambda done, total: work.board.cells(slug, done, total),
        )  # fmt: skip
    result = vars(outcome) | {
        "title": title(slug, nb),
        "source": work.env["COURSE_DATA"],
        "budget": work.env["COURSE_BUDGET"],
        "finished": time.strftime("%Y-%m-%d %H:%M"),
    }
    await asyncio.to_thread(write_text, work.out / f"{slug}.ipynb", nbformat.writes(nb) + "\n")
    await asyncio.to_thread(write_page, work.out, slug, nb, result, work.pages)
    seconds, gates = f"{result['seconds']:.0f} s", gates_text(result)
    work.board.end(slug, f"{state_text(result)}, {seconds}, gates: {gates}")
    return result


def prepare(budget=None):
    """Settle once what all chapters use: the budget and the digits, loaded into the cache.

    Returns:
        ("full" or "quick", "mnist" or "fashion" or "drawn").

    Raises:
        SetupError: if COURSE_BUDGET or COURSE_DATA asks for something that cannot be had.
    """
    from course.data import DataError, digits_source, load_digits

    try:
        budget = budget or budget_in_force()
        name = digits_source().name
        try:
            load_digits("auto" if name == "drawn" else name)
        except DataError as error:  # "auto" thought of a download, and it failed
            if os.environ.get("COURSE_DATA", "auto") != "auto":
                raise
            print(f"{error}\nDrawn digits are used instead.")
            name = "drawn"
            load_digits(name)
    except (DataError, ValueError) as error:
        raise SetupError(str(error)) from error
    return budget, name


def default_jobs():
    """Half the cores, and 2 GiB of memory for each notebook."""
    return max(1, min(cores() // 2, int(memory_gib() // 2)))


def kernel_env(budget, digits, jobs):
    """Variables for the kernels: the run's settings, and threads that do not fight."""
    threads = str(max(1, cores() // jobs))
    names = (
        "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS",
        "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS",
    )  # fmt: skip
    env = {name: os.environ.get(name, threads) for name in names}
    return env | {"COURSE_BUDGET": budget, "COURSE_DATA": digits, "TF_CPP_MIN_LOG_LEVEL": "3"}


def earlier_results(out, source):
    """What earlier runs left in the folder, of chapters and pages that still exist."""
    try:
        known = json.loads((out / RESULTS).read_text(encoding="utf-8"))
        known = {s: r for s, r in known.items() if (source / f"{s}.ipynb").is_file()}
        return {s: r for s, r in known.items() if (out / f"{s}.html").is_file()}
    except (OSError, ValueError, AttributeError):
        return {}


def title(slug, nb):
    """The chapter's title, for notebooks outside the list their first heading."""
    for chapter in CHAPTERS:
        if chapter.slug == slug:
            return chapter.title
    for cell in nb.cells:
        if cell.cell_type == "markdown" and cell.source.lstrip().startswith("# "):
            return cell.source.lstrip()[2:].splitlines()[0].strip()
    return slug


def state_text(result):
    if not result["error"]:
        return "ok"
    where = f" in cell {result['failed_cell']}" if result["failed_cell"] else ""
    return f"FAILED{where}"


def print_failure(slug, result):
    if result["error"]:
        of = f" of {result['total']}" if result["failed_cell"] else ""
        print(f"{slug}: {state_text(result)}{of}: {result['error']}")


def _folder(path):
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SetupError(f"{path} cannot be made ({error}). Choose another with --out.") from error
    if not os.access(path, os.W_OK):
        raise SetupError(f"{path} cannot be written. Choose another folder with --out.")
    return path
