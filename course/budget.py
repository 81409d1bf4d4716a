"""One chapter, two speeds: the full budget for reading, the quick one for checking.

`COURSE_BUDGET=full|quick` chooses. Quick trains on fewer steps so that every chapter can be run on
each commit; a gate states its bound for both.
"""

import os

from course.chapters import CHAPTERS

BUDGETS = ("full", "quick")


def budget():
    """The name of the budget in force: "full" unless COURSE_BUDGET says otherwise.

    Raises:
        ValueError: if COURSE_BUDGET holds another word.
    """
    name = os.environ.get("COURSE_BUDGET", "").strip().lower() or "full"
    if name not in BUDGETS:
        raise ValueError(
            f"COURSE_BUDGET must be one of {', '.join(BUDGETS)}. Received: {name!r}. "
            "Unset it to get the full budget."
        )
    return name


def by_budget(*, full, quick):
    """The value that belongs to the budget in force.

    Example:
        >>> epochs = by_budget(full=20, quick=5)
    """
    return full if budget() == "full" else quick


def announce(slug):
    """Print what running a chapter will take, before it takes it.

    Args:
        slug: the chapter's file name without its ending, such as "ch01_smallest_autoencoder".

    Raises:
        ValueError: if there is no such chapter.
    """
    chapter = next((chapter for chapter in CHAPTERS if chapter.slug == slug), None)
    if chapter is None:
        slugs = ", ".join(chapter.slug for chapter in CHAPTERS)
        raise ValueError(f"There is no chapter {slug!r}. The chapters are: {slugs}.")
    seconds = chapter.seconds(budget())
    print(f"Budget: {budget()}. Running all cells takes about {_time(seconds)} on two CPU cores.")
    if budget() == "full":
        print("The first run also makes the data and the judge, once (under a minute).")


def _time(seconds):
    if seconds < 90:
        return f"{max(10, round(seconds, -1)):.0f} seconds"
    return f"{seconds / 60:.0f} minutes"
