"""Stop a piece of Python that does not return, in the thread that runs it."""

import _thread
import contextlib
import signal
import threading


class TimeIsUp(BaseException):
    """Not an Exception, so that an answer's own `except Exception` does not swallow it."""


@contextlib.contextmanager
def time_limit(seconds):
    """Raise TimeIsUp inside the block once it has run for this many seconds.

    On Linux and macOS a timer signal does it, which also ends a sleep. Elsewhere the main thread is
    interrupted as by Ctrl-C, which Python notices between two steps. Outside the main thread
    nothing can be interrupted safely, and the block simply runs.

    Args:
        seconds: how long the block may take, greater than 0.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
    elif hasattr(signal, "setitimer"):
        with _alarm(seconds):
            yield
    else:
        with _interrupt(seconds):
            yield


@contextlib.contextmanager
def _alarm(seconds):
    def ring(number, frame):
        raise TimeIsUp

    before = signal.signal(signal.SIGALRM, ring)
    # It rings again each second: an answer that catches the first one does not run for ever.
    signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextlib.contextmanager
def _interrupt(seconds):
    rang = threading.Event()

    def ring():
        rang.set()
        _thread.interrupt_main()

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
