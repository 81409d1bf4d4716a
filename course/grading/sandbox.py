"""Answers of a submission, run where they can do no harm.

    with open_worker(Limits()) as worker:
        worker.load(cells)
        reply = worker.call(3, "1.2", {"x": x, "x_hat": x_hat})

What a worker may see and do is in `jail`, `system_calls` and `Limits`. Nothing that a mark depends
on gets there: inputs go in, arrays come out, and the grader compares. So whatever a worker sends
is, at worst, a wrong answer.
"""

import contextlib
import sys
import time

import numpy as np

from course.grading import replies, worker_process
from course.grading.jail import why_not
from course.grading.limits import Limits
from course.grading.replies import Reply
from course.grading.worker_process import Ended, WorkerError

__all__ = ["Limits", "Reply", "Worker", "WorkerError", "open_worker", "why_not"]

CLOSING = 1.0  # seconds to clean up after an exercise; a new worker takes no longer
LONGEST_NAME = 200


@contextlib.contextmanager
def open_worker(limits=None, trust=False, hidden=()):
    """A `Worker`; all of its processes have ended when the block is left.

    Args:
        limits: a `Limits`; None means the usual ones.
        trust: run answers without a sandbox, as the user who grades. Linux and macOS.
        hidden: folders that must stay out of sight even if they lie beside Python or below /usr.

    Raises:
        WorkerError: if there is no sandbox here, with what to do about it.
    """
    if trust and sys.platform == "win32":
        raise WorkerError("Answers cannot be run on Windows, trusted or not. Grade in WSL 2.")
    worker = Worker(limits or Limits(), trust, hidden)
    try:
        yield worker
    finally:
        worker.close()


class Worker:
    """Runs the answers of one submission after another; see `open_worker`."""

    def __init__(self, limits, trust, hidden):
        self.limits = limits
        self._trust, self._hidden = trust, hidden
        self._process = None
        self._open = None
        self.load(())

    def load(self, cells):
        """Take the code cells of a submission. Nothing of one before stays.

        Args:
            cells: the sources of all its code cells, in order.
        """
        self.close()
        cells = [source.encode("utf-8", "replace") for source in cells]
        self._cells = {
            "lengths": np.array([len(source) for source in cells], np.int64),
            "text": np.asarray(bytearray().join(cells)),
        }
        self._settled = {}
        self._until = None

    def call(self, cell, exercise_id, arguments, *, name="", seconds=None):
        """What an answer gives for one case.

        A worker that had to be ended is replaced for the next exercise; the exercise that ended it
        gets the same reply for all its cases.

        Args:
            cell: the index of the answer's cell.
            exercise_id: such as "1.2".
            arguments: a dict of name -> number, string or array.
            name: what the function is called in the notebook. If the cell has no such function,
                the last one that it defines is taken.
            seconds: of processor time for this case; None means `limits.case`.

        Returns:
            a `Reply`.

        Raises:
            IndexError: if there is no such cell.
            WorkerError: if no worker can be started. No submission is to blame.
        """
        if not 0 <= cell < len(self._cells["lengths"]):
            raise IndexError(f"There are {len(self._cells['lengths'])} cells. Received: {cell}.")
        begin = time.monotonic()
        if self._until is None:
            self._until = begin + self.limits.submission
        wanted = (cell, exercise_id, name)
        if wanted not in self._settled and begin > self._until:
            text = f"The submission took more than {self.limits.submission:g} seconds in all."
            self._settled[wanted] = Reply(replies.TIMEOUT, text=text)
        if self._cells["text"].nbytes > self.limits.source:
            text = f"The notebook holds more than {self.limits.source:,} bytes of code."
            self._settled[wanted] = Reply(replies.ERROR, text=text)
        if wanted in self._settled:
            return self._settled[wanted]
        try:
            message = self._open_exercise(wanted)
            if message is None:
                values, items = _sent(arguments)
                fields = {"do": "call", "items": items}
                message = self._exchange(fields, values, seconds or self.limits.case)
            reply = _reply(message, arguments, time.monotonic() - begin)
        except Ended as ended:
            self.close()
            reply = Reply(ended.kind, text=ended.text, seconds=time.monotonic() - begin)
            self._settled[wanted] = reply
        return reply

    def close(self):
        """End the process, if there is one. The next call starts another."""
        self._open = None
        if self._process is not None:
            process, self._process = self._process, None
            process.stop()

    def _open_exercise(self, wanted):
        """Make a worker ready for an exercise; a message if it says that this cannot be."""
        if self._open == wanted:
            return None
        if self._open is not None:
            try:
                fields = {"do": "close", "token": self._token}
                kind = self._exchange(fields, {}, CLOSING, real=CLOSING).fields.get("kind")
            except Ended:
                kind = None
            self._open = None
            # An answer may have said "closed" itself, and live on.
            if kind != "closed" or not self._process.alone():
                self.close()
        fresh = self._process is None
        if fresh:
            self._process = worker_process.WorkerProcess(
                self.limits, locked=not self._trust, hidden=self._hidden
            )
        cell, exercise_id, name = wanted
        self._token = worker_process.new_token()
        fields = {"do": "open", "cell": cell, "exercise": exercise_id, "token": self._token}
        fields["name"] = name[:LONGEST_NAME]
        try:
            message = self._exchange(fields, self._cells, self.limits.prepare)
        except Ended as ended:
            if fresh or ended.kind != replies.PROTOCOL:
                raise
            self.close()  # what an earlier exercise left on the line is not this one's doing
            return self._open_exercise(wanted)
        self._open = wanted
        if message.fields.get("kind") == "ready":
            return None
        self._settled[wanted] = _reply(message, {}, 0.0)
        return message

    def _exchange(self, fields, arrays, seconds, real=None):
        left = max(1.0, self._until - time.monotonic())
        real = min(real or seconds * self.limits.patience, left)
        return self._process.exchange(fields, arrays, seconds, real)


def _sent(arguments):
    """Arguments as arrays, and the names of those that are to be plain numbers or strings."""
    for name, value in arguments.items():
        if not isinstance(value, bool | int | float | str | np.generic | np.ndarray):
            raise TypeError(
                f"Arguments are numbers, strings and arrays. Received {name}: {value!r}."
            )
    return arguments, [name for name, value in arguments.items() if np.ndim(value) == 0]


def _reply(message, arguments, seconds):
    """A message of a stranger as a `Reply`.

    Raises:
        Ended: if it is not one that a worker sends.
    """
    fields, arrays = message.fields, dict(message.arrays)
    kind, text, code = (fields.get(key) for key in ("kind", "text", "code"))
    if kind not in replies.FROM_WORKER or not isinstance(text, str) or not isinstance(code, str):
        raise Ended(replies.PROTOCOL, "The answer wrote on the line to the grader.")
    value = arrays.pop("value", None)
    after = {key.removeprefix("after/"): array for key, array in arrays.items()}
    if (kind == replies.VALUE) != (value is not None) or not set(after) <= set(arguments):
        raise Ended(replies.PROTOCOL, "The answer wrote on the line to the grader.")
    return Reply(
        kind,
        value,
        after if kind == replies.VALUE else None,
        replies.printable(text),
        replies.printable_lines(code),
        seconds,
    )
