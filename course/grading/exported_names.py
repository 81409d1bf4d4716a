"""Whom the names around a file mean: what Canvas, Moodle, Blackboard and Brightspace make of a
student, and what instructors do by hand."""

import contextlib
import re
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from course.chapters import CHAPTERS

# What learning systems make of a name. Each pattern is searched in one part of the path.
_CANVAS = re.compile(
    r"(?:anon_(?P<hidden_late>LATE_)?(?P<anonymous>[A-Za-z0-9]{5})"
    # Canvas keeps letters and their marks, which \w does not know in Indic scripts and in Thai.
    r"|(?P<name>[\w\u0080-\U0010ffff]+?)_(?P<late>LATE_)?(?P<number>[0-9]+))"
    # What begins like the date of an attempt is Blackboard's.
    r"_(?:(?P<attempt>[0-9]+)_(?!attempt_\d{4}-\d\d-)(?P<rest>.+)|(?:text|link)\.html)",
    re.DOTALL,
)
_MOODLE = re.compile(
    r"(?P<name>[^_]+)_(?P<number>[0-9]+)_assignsubmission_(?P<kind>[a-z]+)(?:_(?P<rest>.*))?",
    re.DOTALL,
)
_BLACKBOARD = re.compile(
    r"(?P<number>.+?_(?P<name>[^_\s]+))_attempt_(?P<when>[0-9]{4}(?:-[0-9]{2}){5})"
    r"(?:_(?P<rest>.*)|\.txt)?",
    re.DOTALL,
)
_BRIGHTSPACE = re.compile(
    r"(?P<number>[0-9]+)-(?P<attempt>[0-9]+) ?- ?(?P<name>.+?) ?- ?"
    r"(?P<when>\w+ [0-9]{1,2}, [0-9]{4} .+)",
    re.DOTALL,
)
_NBGRADER = re.compile(
    r"(?P<name>[^+]+)\+[^+]+\+(?P<when>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)(?:\.\d+)? \w+(?:\+.*)?",
    re.DOTALL,
)
_BRIGHTSPACE_DATES = "%b %d, %Y %I%M %p", "%B %d, %Y %I%M %p"
_SYSTEMS = (
    ("canvas", _CANVAS), ("moodle", _MOODLE), ("blackboard", _BLACKBOARD),
    ("brightspace", _BRIGHTSPACE), ("nbgrader", _NBGRADER),
)  # fmt: skip
# Systems whose numbers belong to one assignment.
_ANEW = ("moodle", "blackboard")
# Folders that tell of an attempt, an assignment, a chapter or a date, and never of a student. More
# words may follow only a number, and only after " - ", ":" or ",": students name some of these
# folders themselves (homework-1-janedoe), and one that tells nobody lets a name below it decide.
_TAIL = r"(?:(?: ?[:,]| -) .*)?"
_TITLED = "|".join(re.escape(c.slug).replace("_", "[_ ]") for c in CHAPTERS)
NO_STUDENT = re.compile(
    r"(?:attempt|try|version|submission|abgabe|versuch|v)s?[ _.-]*\d{0,4}|\d{1,2}|"
    r"(?:hw|homework|assignment|exercise|week|lab|task|sheet|blatt|aufgabe)s?"
    rf"(?:[ _.-]*\d{{1,3}}{_TAIL})?|(?:ch|chapter)[ _.-]*\d{{1,2}}{_TAIL}|{_TITLED}|"
    rf"\d{{4}}-\d\d-\d\d[ _T\d:.-]*{_TAIL}|src|notebooks|solutions|work",
    re.IGNORECASE | re.DOTALL,
)
_ATTEMPT = re.compile(
    r"(?<![^\W_])(?:attempt|try|version|versuch|v)[ _.-]*(\d{1,6})(?!\d)", re.IGNORECASE
)
# A chapter in a file name: in full, or as a number.
_SLUG = re.compile(
    "|".join(re.escape(c.slug) for c in CHAPTERS)
    + r"|(?<![^\W_])(?:ch|chapter)[ _.-]?\d{1,2}(?!\d)",
    re.IGNORECASE,
)
# What Google, Windows and JupyterLab make of a copy, in a few languages.
_COPIED = re.compile(
    r"^(?:copy|kopie|copie|copia|cópia)(?:[ _](?:of|von|de|di))?(?:[ _]+|$)"
    r"|(?<![^\W_])(?:copy|kopie|copie|copia|cópia)(?:[ _](?:of|von|de|di)|\d*)$",
    re.IGNORECASE,
)
_COPY = re.compile(r"(?:[ _-]?\((\d{1,6})\)|-(\d{1,6}))$")


@dataclass(frozen=True)
class Who:
    """What the names around a file say.

    Args:
        name: of the student; for Canvas with its number, which is the same in all assignments.
        kind: what made the name.
        number: what the system calls the student; in Moodle the participant of one assignment, in
            Blackboard the assignment with the student's short name.
        attempt: numbers that grow with each attempt.
        when: when it was handed in, if the name says so.
        late: whether the name says so.
        place: which name of the path it is.
    """

    name: str
    kind: str  # "canvas", "moodle", "blackboard", "brightspace", "nbgrader", "folder" or "file"
    number: str = ""
    attempt: tuple = ()
    when: datetime | None = None
    late: bool = False
    place: int = 0

    @property
    def system(self):
        """The learning system; nbgrader is none: what it calls a student is a login."""
        return "" if self.kind in ("nbgrader", "folder", "file") else self.kind

    @property
    def identity(self):
        """Equal for all files of one student, whatever the assignment."""
        return self.system, self.name, "" if self.kind in _ANEW else self.number


def who_is(parts):
    """Whom the names in a path mean, or None.

    The first name that can be a student's decides. What lies below it was named by the student, who
    must not be able to hand in for others.
    """
    for number, part in enumerate(parts):
        who = by_system(parts, number)
        if who:
            return who
        if not NO_STUDENT.fullmatch(re.sub(r"\.zip$", "", part, flags=re.IGNORECASE)):
            break
    folders = [re.sub(r"\.zip$", "", p, flags=re.IGNORECASE) for p in parts[:-1]]
    for number, folder in enumerate(folders):
        if folder and not NO_STUDENT.fullmatch(folder):
            return _of_folder(folder, parts, number)
    person, attempt = _in_file_name(parts[-1])
    if person:
        return Who(person, "file", attempt=_attempts(parts) + attempt)
    for number, folder in enumerate(folders):  # nothing else is left
        if parts[-1] and re.fullmatch(r"\d{1,2}", folder):
            return _of_folder(folder, parts, number)
    return None


def _of_folder(name, parts, number):
    attempt = _attempts(parts[number + 1 :]) + _copy(parts[-1])
    return Who(name, "folder", attempt=attempt, place=number)


def _in_file_name(name):
    """Whom the name of a loose notebook means, or "", and its attempt."""
    stem = re.sub(r"\.(ipynb|zip)$", "", name, flags=re.IGNORECASE)
    person = _SLUG.sub("", _COPY.sub("", stem)).strip(" _.-")
    person = _ATTEMPT.sub("", person).strip(" _.-")
    person = _COPIED.sub("", person).strip(" _.-")
    if NO_STUDENT.fullmatch(person) or re.fullmatch(r"untitled\d*", person, re.IGNORECASE):
        person = ""
    return person, _copy(stem)


def by_system(parts, number):
    """Whom one name of a path means, if a learning system made it."""
    last = number == len(parts) - 1
    name = re.sub(r"\.(ipynb|zip)$", "", parts[number], flags=re.IGNORECASE)
    for system, pattern in _SYSTEMS:
        found = pattern.fullmatch(name)
        if not found or (
            system == "canvas" and not last and not parts[number].lower().endswith(".zip")
        ):
            continue
        got = found.groupdict()
        person, of_system = got["name"], got.get("number") or ""
        if system == "canvas":  # its number is the same in all assignments
            hidden = got["anonymous"]
            person = f"anon_{hidden}" if hidden else f"{person}_{of_system}"
        attempt = tuple(int(x[-18:]) for x in (got.get("attempt"),) if x)
        attempt += _copy(name) * (system == "canvas") + _attempts(parts[number + 1 :])
        when, late = _date(got.get("when")), bool(got.get("late") or got.get("hidden_late"))
        return Who(person.strip(), system, of_system, attempt, when, late)
    return None


def told_apart(whos, chapters, rest=()):
    """A dict of Who -> name, in which a number follows a name that two students have.

    Where numbers belong to one assignment, only two in one chapter tell of two students. What has
    no chapter is of the one that all notebooks of the system have; with several, nothing tells.

    Args:
        whos: a `Who` for each file, or None.
        chapters: the chapter of each file, or None.
        rest: a `Who` for what is there besides, of no chapter, or None.
    """
    numbers = defaultdict(set)
    for who, chapter in zip(whos, chapters, strict=True):
        if who and who.kind in ("moodle", "blackboard", "brightspace"):
            where = chapter if who.kind in _ANEW else None
            numbers[who.kind, who.name, where].add(who.number)
    of_moodle = {c for w, c in zip(whos, chapters, strict=True) if w and w.kind == "moodle"}
    of_moodle.discard(None)
    for who in rest:
        if who and who.kind == "brightspace":
            numbers[who.kind, who.name, None].add(who.number)
        elif who and who.kind == "moodle" and len(of_moodle) == 1:
            numbers[who.kind, who.name, *of_moodle].add(who.number)
    twice = {key[:2] for key, several in numbers.items() if len(several) > 1}
    return {
        who: f"{who.name} ({who.number})" if (who.kind, who.name) in twice else who.name
        for who in (*whos, *rest)
        if who
    }


def _copy(name):
    """(2,) for "x (2)" and "x-2": what browsers and systems make of a second file of one name."""
    found = _COPY.search(re.sub(r"\.(ipynb|zip)$", "", name, flags=re.IGNORECASE))
    return tuple(int(x) for x in found.groups() if x) if found else ()


def _attempts(parts):
    return tuple(int(n) for part in parts for n in _ATTEMPT.findall(part))


def _date(text):
    for form in ("%Y-%m-%d-%H-%M-%S", "%Y-%m-%d %H:%M:%S", *_BRIGHTSPACE_DATES):
        with contextlib.suppress(ValueError, TypeError):
            return datetime.strptime(text, form)
    return None
