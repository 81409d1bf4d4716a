"""Stop a piece of Python that does not return, in the thread that runs it."""

import _thread
import contextlib
import signal
import threading


class TimeIsUp(BaseException):
    """Not an Exception, so that an answer's own `except Exception` does not swallow it."""


def time_limit(seconds):
    """A context that raises TimeIsUp inside its block once it has run for this many seconds.

    On Linux and macOS a timer signal does it, which also ends a sleep. Elsewhere the main thread is
    interrupted as by Ctrl-C, which Python notices between two steps. Outside the main thread
    nothing can be interrupted safely, and the block simply runs.

    Args:
        seconds: how long the block may take, greater than 0.
    """
    if threading.current_thread() is not threading.main_thread():
        return contextlib.nullcontext()
    return _Alarm(seconds) if hasattr(signal, "setitimer") else _interrupt(seconds)


class _Alarm:
    """Rings again and again: an answer that catches the first ring may be hit outside its try.

    A loop that catches everything at each turn can go on; Ctrl-C does not end it either.
    """

    def __init__(self, seconds):
        self.seconds = seconds

    def __enter__(self):
        self.before = signal.signal(signal.SIGALRM, self._ring)
        signal.setitimer(signal.ITIMER_REAL, self.seconds, 0.1)

    def __exit__(self, *raised):
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, self.before)

    def _ring(self, number, frame):
        if frame is not None and frame.f_code.co_filename == __file__:
            return  # the block is over: a ring now would keep the alarm from being taken away
        raise TimeIsUp


@contextlib.contextmanager
def _interrupt(seconds):
    rang = threading.Event()

    def ring():
        rang.set()
        _thread.interrupt_main()

    # A process that was started in the background may ignore the interrupt; the block must not.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    timer = threading.Timer(seconds, ring)
    timer.daemon = True
    timer.start()
    try:
        yield
    except KeyboardInterrupt:
        if rang.is_set():
            raise TimeIsUp from None
        raise
    finally:
        timer.cancel()
        signal.signal(signal.SIGINT, before)
