"""What students handed in, as learning systems export it: folders, loose notebooks, zips of those.

Who handed a notebook in is taken from the names around it, which the learning system made, never
from the notebook itself.
"""

import hashlib
import tempfile
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from course.grading import archives, notebooks
from course.grading.archives import NotThere, Refused
from course.grading.crowds import around, crowd, crowd_line
from course.grading.exported_names import told_apart, who_is
from course.grading.intake_lines import (
    nameless,
    not_read,
    passed_over,
    recognised,
    same_numbers,
    twins,
    why_newest,
)
from course.grading.names import shown

__all__ = ["Intake", "NotThere", "Submission", "read_submissions"]


@dataclass(frozen=True)
class Submission:
    """One notebook of one student, or what stands in its place.

    Args:
        student: who handed it in, as the export names them; any text.
        chapter: the chapter's number; None where nothing tells.
        source: the path within the export.
        key: the SHA-256 of its bytes; "" without any.
        problem: a sentence that says why it cannot be graded, or None.
        when: when it was handed in or last changed, as far as one can tell.
        told_by: how the chapter was recognised.
        system: "canvas", "moodle", "blackboard", "brightspace" or "".
        number: what that system calls the student, or in Moodle the participant.
        late: whether the learning system says so.
        signed: what the notebook itself says in STUDENT, from which personal exercises draw.
    """

    student: str
    chapter: int | None
    source: str
    key: str = ""
    problem: str | None = None
    when: datetime | None = None
    told_by: str = ""
    system: str = ""
    number: str = ""
    late: bool = False
    signed: str = ""
    _spool: object = field(default=None, repr=False, compare=False)
    _place: tuple = field(default=(0, 0), repr=False, compare=False)

    @property
    def content(self):
        """The notebook's bytes, or None. They are kept in a temporary file, not in memory."""
        return self._spool.read(*self._place) if self._spool is not None else None


@dataclass
class Intake:
    """All that was found.

    Args:
        submissions: one for each student and chapter, in order of their names.
        lines: what was recognised and what was left out, in sentences for the instructor.
    """

    submissions: list[Submission]
    lines: list[str]
    _spool: object = field(default=None, repr=False)

    def close(self):
        """Delete the temporary file; the contents are gone afterwards."""
        if self._spool is not None:
            self._spool.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def read_submissions(path, *, chapters, limits=None, leave_out=()):
    """Find the notebooks that students handed in.

    Args:
        path: a folder, a zip, or one notebook.
        chapters: the numbers of the chapters to be graded; notebooks of others are left out.
        limits: `archives.Limits`; None means the usual ones.
        leave_out: folders that a run of the grader writes to; they hold no submissions. Of one that
            is `path` itself only feedback/ is left out.

    Raises:
        NotThere: if nothing can be read at `path`.
    """
    reading = _Reading(set(chapters), packed=Path(path).suffix.lower() == ".zip")
    try:
        leave_out = [*leave_out, *(Path(folder, "feedback") for folder in leave_out)]
        for item in archives.items(path, limits, leave_out=leave_out):
            reading.take(item)
        return reading.finish()
    except BaseException:
        reading.spool.close()
        raise


class _Spool:
    """Bytes on disk, without a name, gone with the process."""

    def __init__(self):
        self.file, self.end = tempfile.TemporaryFile(), 0  # noqa: SIM115 - closed in close()

    def keep(self, content):
        place = self.end, len(content)
        self.file.seek(self.end)
        self.file.write(content)
        self.end += len(content)
        return place

    def read(self, start, length):
        self.file.seek(start)
        return self.file.read(length)

    def close(self):
        self.file.close()


@dataclass(frozen=True)
class _Found:
    item: archives.Item
    content_place: tuple = (0, 0)
    key: str = ""
    chapter: int | None = None
    told_by: str = ""
    problem: str | None = None
    place: int = 0
    signed: str = ""


class _Reading:
    """Collects items; students are told apart when all names are known."""

    def __init__(self, chapters, packed):
        self.chapters, self.packed, self.spool = chapters, packed, _Spool()
        self.found, self.folders, self.others = [], [], []
        self.passed, self.around = [], ()

    def take(self, item):
        if not item.name:
            (self.passed if item.refused else self.folders).append(item.parts[:-1])
            return
        if item.refused:
            self._refuse(item, item.refused)
            return
        if item.read is None:
            self.others.append(item.parts)
            return
        try:
            content = item.read()
        except Refused as refused:
            self._refuse(item, refused)
            return
        chapter, told_by = notebooks.chapter_of(content, "/".join(item.parts[-2:]))
        problem, signed = None, ""
        try:
            signed = str(notebooks.read(content).student).strip()
        except notebooks.Unreadable as unreadable:
            problem = str(unreadable)
        key = hashlib.sha256(content).hexdigest()
        kept, place = self.spool.keep(content), len(self.found)
        self.found.append(_Found(item, kept, key, chapter, told_by, problem, place, signed))

    def _refuse(self, item, why):
        chapter, told_by = notebooks.chapter_of(b"", "/".join(item.parts[-2:]))
        words = f"The file {why}."
        self.found.append(_Found(item, (0, 0), "", chapter, told_by, words, len(self.found)))

    def finish(self):
        files = [(found.item.parts, found.chapter) for found in self.found]
        others = self.others + [(*folder, "") for folder in self.folders]
        self.around = around(files, others, packed=self.packed)
        whos = [who_is(self._own(parts)) for parts, _ in files]
        rest = [who_is(self._own(parts)) for parts in others]
        names = told_apart(whos, [found.chapter for found in self.found], rest)
        groups, lines, nobody, foreign = defaultdict(list), [], [], Counter()
        for found, who in zip(self.found, whos, strict=True):
            if who is None:
                nobody.append(found)
            elif found.chapter is not None and found.chapter not in self.chapters:
                foreign[found.chapter] += 1
            else:
                groups[names[who]].append((found, who))
        submissions = []
        for student, mine in groups.items():
            submissions += self._of_student(student, mine, lines)
        submissions += self._without_notebook(names, {(w.system, names[w]) for w in whos if w})
        submissions.sort(key=lambda s: (s.student.casefold(), s.student, s.chapter or 0))
        head = recognised(whos, submissions, foreign, self.around)
        unread = [p for p in self.others if getattr(who_is(self._own(p)), "kind", "file") == "file"]
        head += nameless(nobody) + not_read(unread) + passed_over(self.passed)
        lines = head + lines + twins(submissions) + same_numbers(submissions)
        return Intake(submissions, lines, self.spool)

    def _own(self, parts):
        """A path without the folders around everybody's."""
        return parts[len(self.around) :] if parts[: len(self.around)] == self.around else parts

    def _of_student(self, student, mine, lines):
        """One submission for each chapter; what was refused stays only where nothing else is."""
        paths, whos = [self._own(f.item.parts) for f, _ in mine], [who for _, who in mine]
        several = crowd(paths, whos, [f.chapter for f, _ in mine])
        if several:
            lines.append(crowd_line(student, several))
            chapters = sorted({f.chapter for f, _ in mine} - {None}) or [None]
            path = "/".join((*self.around, *paths[0][: whos[0].place + 1]))
            return [Submission(student, c, path, problem=lines[-1]) for c in chapters]
        by_chapter = defaultdict(list)
        for found, who in mine:
            by_chapter[found.chapter].append((found, who))
        lost = by_chapter.pop(None, [])
        made = []
        for chapter, several in by_chapter.items():
            several.sort(key=lambda pair: _age(*pair))
            usable = [pair for pair in several if not pair[0].problem] or several
            newest, who = usable[-1]
            made.append(self._submission(student, chapter, newest, who))
            if len(several) > 1:
                left = [shown(f.item.path, 80) for f, _ in reversed(several) if f is not newest]
                why = "the newest that can be read"
                if newest is several[-1][0]:
                    why = why_newest([_age(*pair) for pair in several])
                others = ", ".join(left[:5]) + f" and {len(left) - 5} more" * (len(left) > 5)
                lines.append(
                    f"{shown(student, 60)}, chapter {chapter}: {len(several)} notebooks. "
                    f"{shown(newest.item.path, 80)} counts, {why}; "
                    f"left out: {others}."
                )
        for found, _ in lost[:5]:
            words = found.problem or "Nothing in it tells which chapter it belongs to."
            lines.append(f"{shown(student, 60)}: {shown(found.item.path, 80)} left out. {words}")
        if len(lost) > 5:
            lines.append(f"{shown(student, 60)}: {len(lost) - 5} more files left out.")
        if lost and not made:
            found, who = lost[-1]
            made.append(self._submission(student, None, found, who))
        return made

    def _submission(self, student, chapter, found, who):
        problem = found.problem
        if chapter is None and not problem:
            problem = "Nothing in it tells which chapter it belongs to."
        return Submission(
            student, chapter, found.item.path, found.key, problem,
            who.when or found.item.when, found.told_by,
            who.system, who.number, who.late, found.signed,
            self.spool if found.key else None, found.content_place,
        )  # fmt: skip

    def _without_notebook(self, names, seen):
        """Students whose folder, or whose file of another kind, is there without a notebook."""
        holds, first = defaultdict(list), {}
        for parts in [(*folder, "") for folder in self.folders] + self.others:
            own = self._own(parts)
            who = who_is(own) if own and own[0] else None
            if who is None or who.kind == "file" or (key := (who.system, names[who])) in seen:
                continue
            first.setdefault(key, (who, "/".join(parts).rstrip("/")))
            holds[key] += [parts[-1]] * bool(parts[-1])
        for key, (who, path) in first.items():
            there = holds[key]
            words = shown(there[0], 40) if len(there) == 1 else f"{len(there)} other files"
            problem = f"There is no notebook, {f'only {words}' if there else 'and nothing else'}."
            yield Submission(
                names[who], None, path, problem=problem,
                system=who.system, number=who.number, late=who.late,
            )  # fmt: skip


def _age(found, who):
    """What sorts the attempts of one student; the newest comes last."""
    when = who.when or found.item.when or datetime.min
    return bool(who.when), who.when or datetime.min, who.attempt, when, found.place
