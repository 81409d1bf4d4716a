"""Spread work over processes or machines with Dask, so that a lost worker costs a retry.

The work is a function of its arguments and nothing else, so whoever does it, and however often, the
result is the same.
"""

import contextlib
import itertools
import logging
import os
import re
import signal
import threading

from course.machine import cores

RETRIES = 3  # workers that may die over one task before it is given back as lost
PATIENCE = "15s"  # for a scheduler that does not answer
AHEAD = 3  # tasks in flight for each worker: enough to keep it busy, few enough to be small

_ADDRESS = re.compile(r"((tcp|tls|ws|wss|ucx)://)?[^/\s]+:\d+")


class SchedulerError(RuntimeError):
    """No scheduler could be reached or started."""


class Lost(Exception):
    """A task that took its workers down with it, again and again."""


@contextlib.contextmanager
def connect(address=None, jobs=None):
    """A Dask client: of a cluster on this machine, or of the scheduler at an address.

    Args:
        address: such as "tcp://10.0.0.5:8786"; None starts worker processes here, which end with
            the block.
        jobs: processes here; None takes as many as there are cores.

    Raises:
        SchedulerError: if nobody answers at the address.
    """
    import dask
    from distributed import Client, LocalCluster
    from distributed.security import Security

    # Dask tells of every worker that leaves; what matters is told by the command.
    os.environ.setdefault("DASK_LOGGING__DISTRIBUTED", "critical")  # the workers read this
    for name in ("distributed", "distributed.worker", "distributed.nanny", "distributed.scheduler"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    with contextlib.ExitStack() as stack:
        stack.enter_context(
            dask.config.set(
                {
                    "distributed.scheduler.allowed-failures": RETRIES - 1,
                    # The tasks watch their own memory, and hold nothing between them.
                    "distributed.worker.memory.target": False,
                    "distributed.worker.memory.spill": False,
                    "distributed.worker.memory.pause": False,
                    "distributed.worker.memory.terminate": False,
                    "distributed.comm.timeouts.connect": "10s",
                    # No pages about the run, for whoever else is on this machine.
                    "distributed.scheduler.http.routes": [],
                    "distributed.worker.http.routes": [],
                }
            )
        )
        if address is not None and not _ADDRESS.fullmatch(address):
            raise SchedulerError(
                "The address of a Dask scheduler looks like tcp://10.0.0.5:8786. "
                f"Received: {address}."
            )
        if address is None:
            # Whoever may talk to a scheduler may run programs: on a machine with other users, only
            # those who hold a certificate that is made for this run.
            settings = dict(
                security=Security.temporary(),
                host="127.0.0.1",
                n_workers=jobs or cores(),
                threads_per_worker=1,
                processes=True,
                memory_limit=None,
                dashboard_address="127.0.0.1:0",  # with None it would listen on port 8787
                worker_dashboard_address=None,
                silence_logs=logging.CRITICAL,
            )
            try:
                with _deaf_to_interrupts():
                    address = stack.enter_context(LocalCluster(**settings))
            except (RuntimeError, OSError, TimeoutError) as error:
                raise SchedulerError(
                    f"Worker processes could not be started here ({error}). "
                    "Try fewer at a time, with --jobs 1."
                ) from error
        try:
            client = stack.enter_context(Client(address, timeout=PATIENCE, set_as_default=False))
        except (OSError, ValueError, TypeError, TimeoutError) as error:
            raise SchedulerError(
                f"No Dask scheduler answers at {address} ({error}). Start one with "
                "`dask scheduler` and workers with `dask worker ADDRESS`, from a clone of the same "
                "version; or leave out --scheduler to use this machine. For tls:// it wants the "
                "certificates in Dask's own settings."
            ) from error
        yield client


@contextlib.contextmanager
def _deaf_to_interrupts():
    """Processes started in the block do not hear Ctrl-C; this one ends them when it does."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def workers(client):
    """How many tasks run at a time."""
    return max(1, sum(client.nthreads().values()))


def map_unordered(client, function, tasks):
    """Yield (key, result) for each task as soon as it is done.

    Args:
        client: from `connect`.
        function: a module's function; it gets a task's arguments.
        tasks: an iterable of (key, tuple of arguments). It is read as workers get free, so the
            arguments of a few tasks are in memory at a time.

    Yields:
        (key, result); the result is a `Lost` where every try ended with the worker, and any other
        exception that the function raised where it raised one.
    """
    from distributed import CancelledError, KilledWorker, as_completed

    tasks, keys = iter(tasks), {}

    def submit(number):
        futures = []
        for key, arguments in itertools.islice(tasks, number):
            # Never taken for a task of before: a second run of the same code is another run.
            future = client.submit(function, *arguments, pure=False)
            keys[future.key] = key
            futures.append(future)
        return futures

    running = as_completed(submit(AHEAD * workers(client)), loop=client.loop)
    for future in running:
        key = keys.pop(future.key)
        try:
            error = future.exception()
            result = future.result() if error is None else error
        except CancelledError as gone:
            raise SchedulerError(
                "The connection to the Dask scheduler was lost. What is marked so far is kept; run "
                "the command again."
            ) from gone
        if isinstance(error, KilledWorker):
            result = Lost(f"{RETRIES} workers in a row ended while they marked this one.")
        future.release()
        for new in submit(1):
            running.add(new)
        yield key, result
