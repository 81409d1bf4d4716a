"""The untrusted side: a process that holds one submission and nothing else.

It puts limits on itself before it looks at anything of a submission. Then it forks for each
exercise, so that an answer that spoils Python or NumPy, or ends the process, spoils only its own
exercise. The fork reads the cases from the grader and answers them; when the grader closes the
exercise, all that is left of it is killed.

Both directions go over one socket, not over pipes: a pipe can be opened a second time through
/proc, and an answer could leave messages in it for the exercise after it.

    worker.py SOCKET LIMITS
"""

import contextlib
import ctypes
import json
import os
import signal
import sys

import numpy as np

from course.grading import protocol
from course.grading.answering import NotReady, answer, prepare

NOT_DUMPABLE = (4, 0)  # PR_SET_DUMPABLE: children cannot look into the process that outlives them
CLOSED, READY = "closed", "ready"
DONE, FAILED = 77, 76  # how a fork ends; what ends it in another way was the answer's doing


def main():
    """Serve the grader until it closes the line."""
    line, limits = int(sys.argv[1]), json.loads(sys.argv[2])
    os.set_inheritable(line, False)
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # which the first process of a sandbox ignores
    bind(limits)
    os.makedirs(os.environ["HOME"], exist_ok=True)
    before = _space()
    _send(line, {"kind": READY, "token": ""})
    while True:
        try:
            message = _receive(line)
        except EOFError:
            return
        child = os.fork()
        if child == 0:
            status = FAILED
            try:
                serve(message, line, limits)
                status = DONE
            finally:  # whatever is raised, nothing of it may go on in a copy of this loop
                os._exit(status)
        status = wait_for(child)
        if status != DONE:
            os._exit(status)
        sweep()
        if _space() != before:
            os._exit(0)  # the next exercise gets a new worker, with an empty folder
        _send(line, {"kind": CLOSED, "token": message.fields["token"]})


def bind(limits):
    """Put limits on this process and its children that none of them can lift."""
    import resource

    wanted = {
        "RLIMIT_CORE": 0,
        "RLIMIT_MEMLOCK": 0,
        "RLIMIT_MSGQUEUE": 0,
        "RLIMIT_DATA": limits["memory"],
        "RLIMIT_AS": limits["memory"] + 8 * 2**30,  # TensorFlow reserves what it never uses
        "RLIMIT_FSIZE": limits["disk"],
        "RLIMIT_NOFILE": limits["open_files"],
        "RLIMIT_NPROC": limits["processes"],
        "RLIMIT_STACK": 8 * 2**20,
    }
    for name, value in wanted.items():
        number = getattr(resource, name, None)
        if number is None:
            continue
        most = resource.getrlimit(number)[1]
        value = value if most == resource.RLIM_INFINITY else min(value, most)
        with contextlib.suppress(ValueError, OSError):  # macOS knows some and refuses them
            resource.setrlimit(number, (value, value))
    if sys.platform == "linux":
        with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
            file.write("1000")  # if memory runs out all the same, take this one
        ctypes.CDLL(None).prctl(*NOT_DUMPABLE, 0, 0, 0)  # last: /proc/self is root's from now on


def serve(message, line, limits):
    """Answer the cases of one exercise until the grader closes it."""
    import resource

    resource.setrlimit(resource.RLIMIT_CPU, (limits["seconds"], limits["seconds"]))
    fields = message.fields
    ends = np.cumsum(message.arrays["lengths"]).tolist()
    text = bytes(message.arrays["text"])
    cells = [text[a:b].decode() for a, b in zip([0, *ends], ends, strict=False)]
    try:
        function, failures = prepare(cells, fields["cell"], fields["exercise"], fields["name"])
    except NotReady as error:
        _send(line, {**error.fields, "token": fields["token"]})
        function = None
    else:
        _send(line, {"kind": READY, "token": fields["token"]})
    while True:
        asked = _receive(line)
        if asked.fields["do"] == "close" or function is None:
            return
        arguments = {
            name: value.item() if name in asked.fields["items"] else np.array(value)
            for name, value in asked.arrays.items()
        }
        reply, arrays = answer(function, arguments, fields["exercise"], failures, limits["reply"])
        _send(line, {**reply, "token": asked.fields["token"]}, arrays)


def wait_for(child):
    """Wait until one child has ended, and take along others; its exit status as a shell says it."""
    while True:
        pid, status = os.waitpid(-1, 0)
        if pid == child:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code


def sweep():
    """End all that an exercise has left running. Does nothing outside of a sandbox."""
    if os.getpid() != 1:
        return  # "all processes" would be the user's
    with contextlib.suppress(ProcessLookupError):
        os.kill(-1, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        while True:
            os.waitpid(-1, 0)


def _space():
    """What the only place that can be written looks like: an answer may leave nothing in it."""
    if os.getpid() != 1:
        return None
    found = os.statvfs(os.environ["TMPDIR"])
    modes = [os.lstat(os.environ[name]).st_mode for name in ("TMPDIR", "HOME")]
    return found.f_bfree, found.f_ffree, *modes


def _receive(line):
    return protocol.receive(lambda n: os.read(line, n))


def _send(line, fields, arrays=None):
    fields = {key: _short(value) for key, value in fields.items()}
    data = memoryview(protocol.encode(fields, arrays))
    while data:
        data = data[os.write(line, data) :]


def _short(text):
    return text[:4_000].encode("utf-8", "replace").decode()
