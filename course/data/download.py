"""Downloads that end: a quick look at the server, then Keras in a process of its own."""

import errno
import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from course.data.cache import DataError

LOOK = 4.0  # seconds for the first answer; without a network this is what a load costs at most
STALL = 10.0  # seconds without a byte after which a download ends
LIMIT = 180.0  # seconds for a download altogether
STARTING = 120.0  # seconds that a slow machine may take to import Keras
WORKER = Path(__file__).with_name("keras_download.py")


def obstacle(address):
    """Return what stops a download from `address`, as text, or None where the server has the file.

    A HEAD request in a thread: looking up a host name knows no time limit, so we stop waiting for
    it instead. Proxies from the environment are used, as by Keras.
    """
    answer = []
    thread = threading.Thread(target=lambda: answer.append(_head(address)), daemon=True)
    thread.start()
    thread.join(LOOK)
    return answer[0] if answer else f"no answer from {_host(address)} within {LOOK:.0f} s"


def fetch(files):
    """Return the content of files, downloaded by keras.utils.get_file into a temporary folder.

    Keras runs in another process, which can be stopped in the middle and takes its settings with
    it; an interrupt here ends it and leaves nothing behind.

    Args:
        files: file name -> (address, SHA-256).

    Returns:
        file name -> bytes, each with that SHA-256.

    Raises:
        DataError: why it did not work, a few words.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="course-", ignore_cleanup_errors=True) as folder:
            _run_worker(folder, files)
            return {name: Path(folder, name).read_bytes() for name in files}
    except OSError as error:  # no room for temporary files, say
        raise DataError(f"{error.strerror or error}") from error


def _run_worker(folder, files):
    task = {"folder": folder, "files": files, "stall": STALL, "limit": LIMIT}
    # Keras writes its settings file at import: into the temporary folder as well.
    env = os.environ | {"KERAS_HOME": folder, "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONUTF8": "1"}
    try:
        # -P: a file keras.py in the student's folder is not the Keras that we mean.
        done = subprocess.run(
            [sys.executable, "-P", str(WORKER), json.dumps(task)],
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            timeout=LIMIT + STARTING,
        )
    except subprocess.TimeoutExpired:
        raise DataError(f"it took longer than {LIMIT:.0f} s") from None
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or [f"exit status {done.returncode}"]
        raise DataError(last[0])


def _head(address):
    request = urllib.request.Request(address, method="HEAD")
    opener = urllib.request.build_opener()  # urlopen would keep the proxies of its first call
    try:
        with opener.open(request, timeout=LOOK):
            return None
    except urllib.error.HTTPError as error:
        error.close()
        return f"{_host(address)} answers {error.code} {error.reason}"
    except (OSError, ValueError, http.client.HTTPException) as error:
        return _reason(address, getattr(error, "reason", error))


def _reason(address, error):
    host = _host(address)
    if isinstance(error, socket.gaierror):
        return f"no network, {host} cannot be found"
    if getattr(error, "errno", None) in (errno.ENETUNREACH, errno.EHOSTUNREACH):
        return f"no network, {host} cannot be reached"
    if isinstance(error, TimeoutError):
        return f"no answer from {host} within {LOOK:.0f} s"
    if isinstance(error, ConnectionRefusedError):
        return f"{host} refuses the connection"
    return f"{host}: {error}"


def _host(address):
    return urllib.parse.urlsplit(address).hostname
