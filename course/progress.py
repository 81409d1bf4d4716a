"""Progress of several jobs in a terminal or a log, and plain tables. Standard library only."""

import asyncio
import shutil
import sys
import time


class Board:
    """One line per job: redrawn in place on a terminal; start and end lines in a log.

    Args:
        names: the jobs, in the order in which they are shown.
        stream: where to write; None means standard output.
    """

    def __init__(self, names, stream=None):
        self.stream = stream or sys.stdout
        self.live = self.stream.isatty()
        self.width = max(len(name) for name in names)
        self.jobs = {name: {"text": "waiting"} for name in names}
        self.drawn = 0

    def start(self, name):
        self.jobs[name] = {"began": time.monotonic(), "done": 0, "total": 0}
        self._event(name, "started")

    def cells(self, name, done, total):
        self.jobs[name].update(done=done, total=total)
        self.draw()

    def end(self, name, text):
        self.jobs[name] = {"text": text}
        self._event(name, text)

    async def tick(self):
        """Keep the seconds moving while long cells run; ends when it is cancelled."""
        while True:
            await asyncio.sleep(1)
            self.draw()

    def close(self):
        """Leave the last state on the screen."""
        self.draw()
        self.drawn = 0

    def draw(self):
        if not self.live:
            return
        columns = shutil.get_terminal_size().columns - 1
        lines = [f"{name:<{self.width}}  {self._text(job)}" for name, job in self.jobs.items()]
        up = f"\x1b[{self.drawn}A" if self.drawn else ""
        body = "".join(f"\r\x1b[K{line[:columns]}\n" for line in lines)
        self.stream.write(up + body)
        self.stream.flush()
        self.drawn = len(lines)

    def _text(self, job):
        if "text" in job:
            return job["text"]
        done, total, seconds = job["done"], job["total"], time.monotonic() - job["began"]
        full = 20 * done // max(total, 1)
        return f"[{'#' * full}{'.' * (20 - full)}] {done} of {total} cells, {seconds:.0f} s"

    def _event(self, name, text):
        if self.live:
            self.draw()
        else:
            print(f"{name}: {text}", file=self.stream, flush=True)


def table(head, rows):
    """Rows of words as text in columns; numbers stand right."""
    rows = [tuple(map(str, row)) for row in (head, *rows)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    right = [all(r[i].replace(".", "").isdecimal() for r in rows[1:]) for i in range(len(head))]

    def line(row):
        columns = zip(row, widths, right, strict=True)
        return "  ".join(c.rjust(w) if r else c.ljust(w) for c, w, r in columns).rstrip()

    return "\n".join([line(rows[0]), "  ".join("-" * w for w in widths), *map(line, rows[1:])])
