"""How far the work has come: a bar in a notebook, a line every few seconds in a terminal."""

import time

from course.panels import in_notebook, progress_panel
from course.photographs.detecting import detector
from course.photographs.report import printable

SECONDS_TO_LOAD = 8  # the detector, on two CPU cores
EVERY = 5.0  # seconds between two lines in a terminal


class Waiting:
    """Announce the time that it will take, then show how far it is.

    Args:
        doing: what is done, such as "reading".
        name: whose pictures.
        total: pictures, roughly.
        seconds: that one takes on two CPU cores.
        loads: whether the detector is needed, and may have to be loaded.
    """

    def __init__(self, doing, name, total, seconds, loads=False):
        self.label, self.done, self.total = f"{doing} {printable(name, 30)}", 0, total
        self.started = time.monotonic()
        self.last, self.handle = self.started, None
        if loads and not detector.cache_info().currsize:
            seconds += SECONDS_TO_LOAD / max(total, 1)
        print(f"{self.label}: {total} pictures, about {max(5, round(total * seconds, -1)):.0f} s")
        self._show()

    def step(self):
        """One picture more."""
        self.done += 1
        self.total = max(self.total, self.done)
        if in_notebook() or time.monotonic() - self.last > EVERY:
            self._show()

    def end(self):
        """The last picture is read."""
        self.total = self.done
        self._show()

    def _show(self):
        self.last = time.monotonic()
        seconds = self.last - self.started
        panel = progress_panel(self.label, self.done, self.total, seconds, {}, unit="pictures")
        if not in_notebook():
            print(panel)
        elif self.handle is None:
            from IPython.display import display

            self.handle = display(panel, display_id=True)
        else:
            self.handle.update(panel)
