"""One worker's process: start it, exchange one message for another within limits, end all of it."""

import contextlib
import dataclasses
import json
import os
import selectors
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from course.grading import jail, process_tree, system_calls
from course.grading.protocol import Decoder, ProtocolError, encode
from course.grading.replies import CRASHED, DISK, MEMORY, OUTPUT, PROTOCOL, TIMEOUT, printable

TICK = 0.025  # seconds between two looks at what a worker uses
BUSY = 5  # on a busy machine, real time may be longer by this factor, and not more


class WorkerError(RuntimeError):
    """A worker cannot be started here; no submission is to blame."""


class Ended(Exception):
    """A worker had to be ended, or ended itself: the kind of a reply, and a sentence."""

    def __init__(self, kind, text):
        super().__init__(text)
        self.kind, self.text = kind, text


class WorkerProcess:
    """A worker that runs. Bound to the thread that made it: the kernel ends it with that thread.

    Args:
        limits: a `Limits`.
        locked: in a sandbox; without one, an answer can do all that the user can.
        hidden: folders to keep out of its sight.

    Raises:
        WorkerError: if it does not come up.
    """

    def __init__(self, limits, locked=True, hidden=()):
        if locked and jail.missing():
            raise WorkerError(jail.missing())
        self.limits = limits
        self._folder = None if locked else tempfile.mkdtemp(prefix="course-worker-")
        self._process = self._handle = self._inner = None
        with contextlib.ExitStack() as theirs:
            self._ours = contextlib.ExitStack()
            ours, line = socket.socketpair()
            self._line = self._ours.enter_context(ours).fileno()
            line = theirs.enter_context(line).fileno()
            self._status, status = os.pipe()
            self._ours.callback(os.close, self._status)
            theirs.callback(os.close, status)
            for end in (self._line, self._status):
                os.set_blocking(end, False)
            words, pass_on = [str(line), self._words()], [line]
            if locked:
                options = _filled(theirs, jail.options(limits.disk, hidden))
                rules = _filled(theirs, system_calls.program(system_calls.machine()))
                command = jail.command(options, rules, status, words)
                pass_on += [options, rules, status]
            else:
                command = jail.python_command(str(jail.COURSE.parent), words)
            try:
                self._process = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    cwd=self._folder or "/",
                    env=self._environment(),
                    pass_fds=pass_on,
                    start_new_session=True,
                )
            except OSError as error:
                self.stop()
                raise WorkerError(f"{command[0]} does not start: {error}.") from error
        for stream in (self._process.stdout, self._process.stderr):
            os.set_blocking(stream.fileno(), False)
        self._said = b""
        try:
            self._wait_until_ready()
        except BaseException:
            self.stop()
            raise
        self._said = None  # from now on it is only counted

    def exchange(self, fields, arrays, seconds, real):
        """Send a message and wait for the one that answers it.

        Args:
            fields: of the message. Its token must come back; if it has none, it gets one.
            arrays: of the message.
            seconds: of processor time that this may take.
            real: seconds that it may take.

        Returns:
            a `Message`.

        Raises:
            Ended: if the worker broke a limit or the line; it must be stopped then.
        """
        token = fields.get("token") or new_token()
        if _readable(self._line):
            raise Ended(PROTOCOL, "The answer sent something that it was not asked for.")
        data = encode({**fields, "token": token}, arrays)
        message = self._converse(data, seconds, real)
        if message.fields.get("token") != token:
            raise Ended(PROTOCOL, "The answer wrote on the line to the grader.")
        return message

    def alone(self):
        """Whether nothing runs in the sandbox but its first process, as the kernel says it."""
        return not self._inner or len(process_tree.usage(self._inner).processes) == 1

    def stop(self):
        """End the worker and everything that it started. May be called twice."""
        process = self._process
        if process is not None:
            if self._handle is not None:
                # The first process of the sandbox takes all others along; bubblewrap follows.
                with contextlib.suppress(OSError):
                    signal.pidfd_send_signal(self._handle, signal.SIGKILL)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(5)
                os.close(self._handle)
                self._handle = None
            if process.poll() is None or self._folder:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            process.stdout.close()
            process.stderr.close()
            self._process = None
        self._ours.close()
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _words(self):
        limits = dataclasses.asdict(self.limits)
        limits["processes"] += jail.processes_beside()
        limits["seconds"] = round(self.limits.submission)
        return json.dumps(limits)

    def _environment(self):
        """bubblewrap gets nothing: the environment it is started with can be read inside."""
        if not self._folder:
            return {}
        return {name: v.replace(jail.TMP, self._folder) for name, v in jail.ENVIRONMENT.items()}

    def _wait_until_ready(self):
        try:
            message = self._converse(b"", self.limits.start, self.limits.start)
        except Ended as error:
            said = printable(self._said.decode("utf-8", "replace")) or error.text
            reason = None if self._folder else jail.why_not()
            raise WorkerError(reason or f"The worker did not start. {said}") from None
        if message.fields.get("kind") != "ready":
            raise WorkerError("The worker did not say that it is ready.")
        if self._folder is None:
            try:
                self._inner = json.loads(os.read(self._status, 4096))["child-pid"]
                self._handle = os.pidfd_open(self._inner)
            except (OSError, ValueError, KeyError) as error:
                raise WorkerError(f"bubblewrap did not say what it started: {error}.") from None

    def _converse(self, data, seconds, real):
        begin, printed = time.monotonic(), 0
        before = self._usage()
        waiting = memoryview(data)
        decoder = Decoder(self.limits.reply)
        out, err = self._process.stdout.fileno(), self._process.stderr.fileno()
        next_look = begin + TICK
        with selectors.DefaultSelector() as selector:
            for end in (out, err):
                selector.register(end, selectors.EVENT_READ)
            both = selectors.EVENT_READ | selectors.EVENT_WRITE
            selector.register(self._line, both if waiting else selectors.EVENT_READ)
            while True:
                for key, events in selector.select(max(0.0, next_look - time.monotonic())):
                    if waiting and events & selectors.EVENT_WRITE:
                        waiting = waiting[_write(key.fd, waiting) :]
                        if not waiting:
                            selector.modify(key.fd, selectors.EVENT_READ)
                    if not events & selectors.EVENT_READ:
                        continue
                    chunk = _read(key.fd)
                    if chunk is None:
                        continue
                    if key.fd == self._line:
                        if not chunk:
                            raise self._gone()
                        message = self._decoded(decoder, chunk)
                        if message is not None:
                            return message
                    elif not chunk:
                        selector.unregister(key.fd)
                    else:
                        printed += len(chunk)
                        if self._said is not None:
                            self._said = (self._said + chunk)[-2_000:]
                        if printed > self.limits.output:
                            most = _size(self.limits.output)
                            raise Ended(OUTPUT, f"The answer printed more than {most}.")
                now = time.monotonic()
                if now >= next_look:
                    self._look(before, seconds, now - begin, real)
                    next_look = time.monotonic() + TICK

    def _decoded(self, decoder, chunk):
        try:
            return decoder.feed(chunk)
        except ProtocolError:
            text = "The answer wrote on the line to the grader, or returned far too much."
            raise Ended(PROTOCOL, text) from None

    def _usage(self):
        return process_tree.usage(self._process.pid)

    def _look(self, before, seconds, elapsed, real):
        used = self._usage()
        most = self.limits.memory
        if used and used.memory > most and process_tree.fair_memory(used) > most:
            raise Ended(MEMORY, f"The answer used more than {_size(most)} of memory.")
        if used and before and used.seconds - before.seconds > seconds:
            raise Ended(TIMEOUT, f"{_no_answer(seconds)} of computing: does a loop never end?")
        if used and before and elapsed < real * BUSY:
            elapsed -= max(0.0, used.starved - before.starved)
        if elapsed > real:
            text = "does a loop never end, or does it wait for something?"
            raise Ended(TIMEOUT, f"{_no_answer(real)}: {text}")
        if self._inner and process_tree.files(self._inner, jail.TMP) > self.limits.files:
            raise Ended(DISK, f"The answer made more than {self.limits.files:,} files.")

    def _gone(self):
        """The line was closed: by the end of the process, or by the answer."""
        try:
            code = self._process.wait(2)
        except subprocess.TimeoutExpired:
            return Ended(PROTOCOL, "The answer closed the line to the grader.")
        code = 128 - code if code < 0 else code
        number = code - 128
        if number == signal.SIGXCPU:
            return Ended(TIMEOUT, "The answers used up all their time: does a loop never end?")
        if number in signal.valid_signals():
            name = signal.Signals(number).name
            return Ended(CRASHED, f"The answer ended Python by the signal {name}.")
        return Ended(CRASHED, f"The answer ended Python (exit code {code}).")


def new_token():
    """A word that nobody can guess. It ties an answer to its question."""
    return os.urandom(12).hex()


def _filled(theirs, content):
    """A file in memory to read: words that each end in a zero byte, or bytes."""
    if not isinstance(content, bytes):
        content = b"".join(word.encode() + b"\0" for word in content)
    file = theirs.enter_context(tempfile.TemporaryFile())  # noqa: SIM115, the stack closes it
    file.write(content)
    file.flush()
    file.seek(0)
    return file.fileno()


def _readable(end):
    with selectors.DefaultSelector() as selector:
        selector.register(end, selectors.EVENT_READ)
        return bool(selector.select(0))


def _read(end):
    try:
        return os.read(end, 1 << 18)
    except BlockingIOError:
        return None
    except ConnectionResetError:  # closed before all was read
        return b""


def _write(end, data):
    try:
        return os.write(end, data[: 1 << 18])
    except BlockingIOError:
        return 0
    except (BrokenPipeError, ConnectionResetError):
        return len(data)  # nobody reads any more; reading tells why


def _no_answer(seconds):
    return f"No answer after {seconds:g} second{'s' * (seconds != 1)}"


def _size(number):
    return f"{number / 2**30:.3g} GB" if number >= 2**30 else f"{number / 2**20:.3g} MB"
