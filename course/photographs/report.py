"""What became of each file: used, or not and why."""

from collections import Counter
from dataclasses import dataclass

from course.data.cache import shown
from course.progress import table

USED = "used"
MOST_ROWS = 40  # of a printed table; the rest are counted


@dataclass(frozen=True)
class Row:
    """One file or frame.

    Args:
        name: its name.
        result: USED, or the problem in a few words.
        note: something worth knowing about a file that was used.
    """

    name: str
    result: str
    note: str = ""

    @property
    def used(self):
        return self.result == USED


class Report(list):
    """Rows, one a file or frame, in the order of reading. Printed, it is a table."""

    @property
    def used(self):
        return sum(row.used for row in self)

    @property
    def problems(self):
        """A Counter of what was wrong, without the details after a colon."""
        return Counter(row.result.split(":")[0] for row in self if not row.used)

    def __str__(self):
        """Problems first, since those want an answer; then what was used."""
        if not self:
            return "no files"
        rows = sorted(self, key=lambda row: row.used)
        cells = [(printable(r.name), printable(r.result), r.note) for r in rows[:MOST_ROWS]]
        lines = [table(("file", "result", "note"), cells)]
        if len(rows) > MOST_ROWS:
            rest = rows[MOST_ROWS:]
            used = sum(row.used for row in rest)
            lines.append(f"and {len(rest)} more: {used} used, {len(rest) - used} not")
        lines.append(f"{self.used} used, {len(self) - self.used} not")
        return "\n".join(lines)

    __repr__ = __str__


def printable(text, most=70):
    """Text on one line, whatever a file is called: what cannot be printed becomes its number."""
    plain = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in shown(str(text)))
    return plain if len(plain) <= most else plain[: most - 12] + "..." + plain[-9:]
