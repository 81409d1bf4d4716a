"""Each limit, each word of a reply, and that nothing is left behind. More is in tests/attacks."""

import contextlib
import dataclasses
import os
import platform
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from course.grading import jail, process_tree, protocol, replies, system_calls, worker_process
from course.grading.limits import MB, Limits
from course.grading.protocol import Message
from course.grading.replies import Reply, printable, printable_lines
from course.grading.sandbox import WorkerError, open_worker, why_not
from course.grading.worker_process import Ended

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no sandbox on Windows")
SMALL = Limits(prepare=4, case=1, patience=8, memory=300 * MB, disk=4 * MB, files=500,
               processes=24, output=MB // 8, reply=2 * MB)  # fmt: skip
DOUBLE = "def f(x):\n    return 2 * x"


@pytest.fixture
def worker(sandbox):
    with open_worker(SMALL) as opened:
        yield opened


def ask(worker, *cells, cell=None, **arguments):
    worker.load(cells)
    return worker.call(len(cells) - 1 if cell is None else cell, "1.2", arguments)


def open_to_all(folder):
    """Let other users reach pytest's folder, as far as it is ours."""
    for path in (folder, *folder.parents):
        if path.stat().st_uid == os.geteuid() and not path.stat().st_mode & 0o001:
            path.chmod(path.stat().st_mode | 0o055)


# ---- what comes back


def test_a_value_comes_back(worker):
    reply = ask(
        worker, "import numpy as np", "def f(x, k):\n    return np.sum(x) * k", x=np.arange(4), k=2
    )
    assert (reply.kind, reply.value, reply.text, reply.code) == ("value", 12, "", "")
    assert set(reply.after) == {"x", "k"}
    np.testing.assert_array_equal(reply.after["x"], np.arange(4))
    assert 0 < reply.seconds < 60
    with pytest.raises(dataclasses.FrozenInstanceError):
        reply.kind = "error"


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (3, "int"),
        (2.5, "float"),
        (True, "bool"),
        ("ä", "str"),
        ("", "str"),
        (np.float32(1), "float"),
        (np.array(4), "int"),
        (np.arange(3), "ndarray"),
        (np.zeros((0, 2)), "ndarray"),
        (np.array(["up", "down"]), "ndarray"),
    ],
    ids=repr,
)
def test_an_argument_arrives_as_what_it_is_in_a_notebook(worker, value, kind):
    reply = ask(worker, "def f(x):\n    return type(x).__name__", x=value)
    assert reply.value == kind
    np.testing.assert_array_equal(reply.after["x"], value)


@pytest.mark.parametrize(
    "value", [None, [1, 2], {"a": 1}, object()], ids=["None", "list", "dict", "object"]
)
def test_other_arguments_are_the_graders_mistake(worker, value):
    worker.load([DOUBLE])
    with pytest.raises(TypeError, match="Received x"):
        worker.call(0, "1.2", {"x": value})
    with pytest.raises(IndexError, match="There are 1 cells"):
        worker.call(1, "1.2", {"x": 1})


def test_the_kinds_that_an_answer_can_earn_itself(worker):
    stub = 'def f():\n    raise NotImplementedError("Exercise 1.2: x")'
    cells = [stub, "f = 3", "def f():\n    g()", "def f():\n    raise MemoryError"]
    worker.load(cells)
    got = [worker.call(i, "1.2", {}) for i in range(4)]
    assert [reply.kind for reply in got] == ["stub", "not found", "error", "memory"]
    assert got[2].code == "line 2 in f: g()"
    assert all(reply.value is None and reply.after is None and reply.text for reply in got)


def test_the_named_function_is_taken(worker):
    worker.load(["def f():\n    return 1\ndef g():\n    return 2"])
    assert worker.call(0, "1.2", {}, name="f").value == 1
    assert worker.call(0, "1.2", {}).value == 2


def test_a_submission_sees_nothing_of_the_one_before(worker):
    assert (
        ask(worker, "K = 1\ndef f():\n    open('/scratch/a', 'w').close()\n    return K").value == 1
    )
    reply = ask(worker, "import os\ndef f():\n    return [n for n in os.listdir('/scratch')]")
    assert reply.value.tolist() == ["home"]
    assert ask(worker, "def f():\n    return K").kind == "error"


def test_the_next_exercise_gets_an_empty_folder(worker):
    worker.load(["def f():\n    open('/scratch/a', 'w').close()\n    return 1",
                 "import os\ndef f():\n    return os.listdir('/scratch')"])  # fmt: skip
    assert worker.call(0, "1.1", {}).value == 1
    assert worker.call(1, "1.2", {}).value.tolist() == ["home"]


def test_exercises_share_a_process_as_long_as_they_are_honest(worker):
    worker.load([DOUBLE, DOUBLE, "import os\ndef f(x):\n    os._exit(0)"])
    seen = []
    for i in (0, 1, 2, 0):
        kind = worker.call(i, f"1.{i + 1}", {"x": 1}).kind
        seen.append((kind, worker._process and worker._process._inner))
    assert [kind for kind, _ in seen] == ["value", "value", "crashed", "value"]
    pids = [pid for _, pid in seen]
    assert pids[0] == pids[1]
    assert pids[2] is None
    assert pids[3] not in (None, pids[0])


def test_what_an_exercise_left_running_is_ended_before_the_next(worker):
    leave = (
        "import os, time\ndef f():\n    os.fork() or (os.setsid(), time.sleep(99))\n    return 1"
    )
    count = "import os\ndef f():\n    return sum(p.isdecimal() for p in os.listdir('/proc'))"
    worker.load([leave, count])
    assert worker.call(0, "1.1", {}).value == 1
    before = worker._process
    assert worker.call(1, "1.2", {}).value == 2
    assert worker._process is before


@pytest.mark.parametrize(
    "leave",
    [
        "os.rmdir(os.environ['HOME']); os.symlink('a word for the next', os.environ['HOME'])",
        "os.chmod(os.environ['HOME'], 0)",
        "os.chmod(os.environ['TMPDIR'], 0)",
    ],
)
def test_a_changed_folder_is_not_the_next_exercise_s(worker, leave):
    look = (
        "import os\ndef f():\n    return [os.lstat(os.environ[n]).st_mode for n in "
        "('HOME', 'TMPDIR')]"
    )
    worker.load([look, f"import os\ndef f():\n    {leave}\n    return 1", look])
    before = worker.call(0, "1.1", {}).value.tolist()
    assert worker.call(1, "1.2", {}).value == 1
    assert worker.call(2, "1.3", {}).value.tolist() == before


def test_a_worker_is_the_first_that_the_kernel_takes_when_memory_runs_out(worker):
    reply = ask(worker, "def f():\n    return int(open('/proc/self/oom_score_adj').read())")
    assert reply.value == 1000


def test_keras_is_there_for_whoever_needs_it(sandbox):
    with open_worker(Limits(patience=20)) as worker:
        worker.load(["from course.quiet import keras\nlayers = keras.layers",
                     "def f(x):\n    return layers.ReLU()(x)"])  # fmt: skip
        reply = worker.call(1, "1.2", {"x": np.array([-1.0, 2.0], np.float32)})
    assert reply.kind == "value", reply
    np.testing.assert_array_equal(reply.value, [0, 2])


# ---- limits


LIST = "kept = [bytearray(30_000_000) for _ in range(7)]\n    time.sleep(0.3)\n    return 1"
BOTH = "k = bytearray(160_000_000)\n    os.fork()\n    k[::4096] = b'y' * 39063\n    time.sleep(9)"
FULL = "[open(f'/scratch/{i}', 'wb').write(b'x' * 10**6) for i in range(5)]"
MANY = "[open(f'/scratch/{i}', 'w').close() for i in range(600)]\n    time.sleep(9)"
FORK = "for _ in range(40):\n        os.fork() or time.sleep(9)"


@pytest.mark.parametrize(
    ("body", "kind", "text"),
    [
        ("while True: pass", "timeout", "does a loop never end"),
        ("time.sleep(99)", "timeout", "No answer after 8 seconds: "),
        ("return len(b'x' * 400_000_000)", "memory", "ran out of memory"),
        (LIST, "value", ""),
        (BOTH, "memory", "The answer used more than 300 MB of memory."),
        ("print('x' * 300_000)", "too much output", "printed more than 0.125 MB"),
        ("print('x' * 131_071)\n    return 1", "value", ""),
        ("os.write(2, b'x' * 200_000)\n    time.sleep(2)", "too much output", "printed more than"),
        ("open('/scratch/a', 'wb').write(b'x' * 5_000_000)", "error", "File too large"),
        (FULL, "error", "No space left"),
        (MANY, "disk", "500 files"),
        ("kept = [open('/dev/null') for _ in range(200)]", "error", "Too many open files"),
        (FORK, "error", "temporarily unavailable"),
        ("os._exit(7)", "crashed", "ended Python (exit code 7)"),
        ("os.kill(os.getpid(), 11)", "crashed", "by the signal SIGSEGV"),
        ("return np.zeros(200_000)", "error", "far too many"),
        ("return np.zeros(100_000)", "value", ""),
    ],
)
def test_a_limit_is_kept_and_said(worker, body, kind, text):
    source = f"import os, time\nimport numpy as np\ndef f():\n    {body}"
    worker.load([source, DOUBLE])
    begin = time.monotonic()
    reply = worker.call(0, "1.1", {})
    assert (reply.kind, reply.value is None) == (kind, kind != "value"), reply
    assert text in reply.text
    again = worker.call(0, "1.1", {}) if kind in replies.FROM_WORKER else reply
    assert again.kind == kind
    assert worker.call(1, "1.2", {"x": 4}).value == 8
    assert time.monotonic() - begin < 40


def test_an_exercise_that_ended_its_worker_is_not_tried_again(worker):
    worker.load(["def f():\n    while True: pass", DOUBLE])
    first = worker.call(0, "1.1", {})
    begin = time.monotonic()
    assert worker.call(0, "1.1", {}) is first
    assert time.monotonic() - begin < 0.1
    assert worker.call(1, "1.2", {"x": 1}).value == 2
    worker.load([DOUBLE])  # another student
    assert worker.call(0, "1.1", {"x": 1}).value == 2


def test_a_case_may_have_its_own_time(worker):
    slow = ("import time\ndef f():\n    end = time.process_time() + 1.5\n"
            "    while time.process_time() < end: pass\n    return 1")  # fmt: skip
    worker.load([slow])
    assert worker.call(0, "1.1", {}, seconds=5).value == 1
    worker.load([slow])
    reply = worker.call(0, "1.1", {})
    assert (reply.kind, reply.text[:41]) == ("timeout", "No answer after 1 second of computing: do")


def test_a_submission_has_a_time_in_all(sandbox):
    limits = dataclasses.replace(SMALL, submission=2, case=9)
    with open_worker(limits) as worker:
        worker.load([DOUBLE, DOUBLE])
        assert worker.call(0, "1.1", {"x": 1}).value == 2
        time.sleep(2)
        reply = worker.call(1, "1.2", {"x": 1})
        assert reply.kind == "timeout"
        assert "submission took more than 2 seconds" in reply.text
        worker.load([DOUBLE])
        assert worker.call(0, "1.2", {"x": 1}).value == 2
        worker.load(["import time\ntime.sleep(99)"])
        begin = time.monotonic()
        assert worker.call(0, "1.2", {}).kind == "timeout"  # not after 9 times 8 seconds
        assert time.monotonic() - begin < 30


def test_a_huge_notebook_is_refused_before_a_worker_is_started(worker):
    worker.load(["#" * (SMALL.source + 1), DOUBLE])
    reply = worker.call(1, "1.2", {"x": 1})
    assert (reply.kind, worker._process) == ("error", None)
    assert "bytes of code" in reply.text


def test_many_cells_and_odd_characters_are_no_trouble(worker):
    cells = ["x = 'ä🙂'"] * 5000 + ["y = '\ud800'", "def f():\n    return x"]
    assert ask(worker, *cells).value == "ä🙂"


def test_the_keyboard_is_empty(worker):
    assert "EOF" in ask(worker, "def f():\n    return input()").text


def test_time_that_a_busy_machine_takes_does_not_count(worker, monkeypatch):
    """An answer that waits is ended; one that is starved is given time, but not for ever."""
    usage = process_tree.usage
    worker.load(["import time\ndef f(s):\n    time.sleep(s)\n    return 1", DOUBLE])
    begin = time.monotonic()

    def starved(pid):
        return dataclasses.replace(usage(pid), starved=time.monotonic() - begin)

    assert worker.call(0, "1.1", {"s": 1.2}, seconds=0.1).kind == "timeout"  # patience is 8
    monkeypatch.setattr(process_tree, "usage", starved)
    assert worker.call(0, "1.3", {"s": 1.2}, seconds=0.1).kind == "value"
    assert worker.call(0, "1.3", {"s": 6}, seconds=0.1).kind == "timeout"


# ---- nothing is left behind


def test_all_ends_with_the_block(sandbox):
    with pytest.raises(KeyboardInterrupt), open_worker(SMALL) as worker:
        assert ask(
            worker, "import os, time\ndef f():\n    os.fork() or time.sleep(99)\n    return 1"
        ).value
        ours = process_tree.usage(worker._process._process.pid).processes
        assert len(ours) >= 4
        raise KeyboardInterrupt
    assert not [pid for pid in ours if Path(f"/proc/{pid}").exists()]
    worker.close()  # twice does no harm


def test_no_file_descriptor_is_left_open(worker):
    ask(worker, DOUBLE, x=1)
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        assert ask(worker, DOUBLE, x=1).value == 2
    assert len(os.listdir("/proc/self/fd")) == before


def test_all_ends_when_the_grader_is_killed(sandbox, tmp_path):
    source = (
        "import sys\n"
        "from course.grading.sandbox import open_worker\n"
        "with open_worker() as worker:\n"
        "    worker.load(['import os, time\\ndef f():\\n    os.fork()\\n    time.sleep(99)'])\n"
        "    worker.call(0, '1.1', {}, seconds=99)\n"
    )
    grader = subprocess.Popen([sys.executable, "-c", source], cwd=jail.COURSE.parent)
    until = time.monotonic() + 60
    while len(found := process_tree.usage(grader.pid).processes) < 5:
        assert time.monotonic() < until
        time.sleep(0.05)
    grader.send_signal(signal.SIGKILL)
    grader.wait()
    until = time.monotonic() + 10
    while any(Path(f"/proc/{pid}").exists() for pid in found if pid != grader.pid):
        assert time.monotonic() < until
        time.sleep(0.05)


# ---- a forged message is a wrong answer at worst


def test_nothing_that_a_mark_depends_on_crosses(worker, monkeypatch):
    """All that goes to a worker is what `load` and `call` were given, and tokens."""
    sent = []

    def record(fields, arrays=None, *rest):
        sent.append((fields, dict(arrays or {})))
        return protocol.encode(fields, arrays, *rest)

    monkeypatch.setattr(worker_process, "encode", record)
    worker.load(["import numpy as np", DOUBLE])
    worker.call(1, "1.2", {"x": np.arange(3), "k": 2}, name="f")
    worker.call(1, "1.3", {"x": 1})
    known = {"do", "cell", "exercise", "name", "token", "items"}
    assert {key for fields, _ in sent for key in fields} == known
    assert [set(arrays) for _, arrays in sent] == [
        {"lengths", "text"}, {"x", "k"}, set(), {"lengths", "text"}, {"x"},
    ]  # fmt: skip
    tokens = [fields["token"] for fields, _ in sent if fields["do"] != "close"]
    assert len(set(tokens)) == len(tokens)
    assert min(map(len, tokens)) == 24


class Forger:
    """In the place of a worker's process: says whatever a test wants."""

    def __init__(self, said):
        self.said = said

    def exchange(self, fields, arrays, seconds, real):
        if fields["do"] == "open":
            return Message({"kind": "ready"}, {})
        return self.said

    def stop(self):
        pass


_FIELDS = st.dictionaries(
    st.sampled_from(["kind", "text", "code", "token", "points", "value", "passed"]),
    st.one_of(
        st.sampled_from(["value", "error", "stub", "memory", "not found", "passed", "timeout"]),
        st.text(max_size=30),
        st.integers(),
        st.booleans(),
        st.lists(st.text(max_size=3), max_size=3),
    ),
)
_ARRAYS = st.dictionaries(
    st.sampled_from(["value", "after/x", "after/expected", "expected", "points", ""]),
    st.sampled_from([np.array(1.0), np.zeros(3), np.array("full marks"), np.array([True])]),
)


_HONEST = {"kind": "value", "text": "", "code": ""}
_ONE = np.array(1.0)


@settings(max_examples=400, deadline=None)
@given(_FIELDS, _ARRAYS)
@example(_HONEST, {"value": _ONE, "after/x": _ONE})
@example(_HONEST, {"value": _ONE, "after/expected": _ONE})
@example(_HONEST, {"value": _ONE, "expected": _ONE})
@example(_HONEST, {})
@example({**_HONEST, "kind": "error"}, {"value": _ONE})
def test_whatever_is_said_is_a_reply_that_carries_only_its_own_words(fields, arrays):
    with open_worker(SMALL) as worker:
        worker.load([DOUBLE])
        worker._process = Forger(Message(fields, arrays))
        reply = worker.call(0, "1.2", {"x": 1})
    assert isinstance(reply, Reply)
    assert reply.kind in (*replies.FROM_WORKER, replies.PROTOCOL)
    assert (reply.kind == "value") == (reply.value is not None) == (reply.after is not None)
    if reply.kind == "value":
        assert reply.value is arrays["value"]
        assert set(reply.after) <= {"x"}
    assert reply.text.isprintable()


def test_a_reply_to_another_question_is_not_taken(worker, monkeypatch):
    worker.load([DOUBLE])
    assert worker.call(0, "1.2", {"x": 1}).value == 2
    seen = []
    monkeypatch.setattr(worker_process, "new_token", lambda: seen.append(1) or "mine")
    original = worker._process._converse

    def replay(data, *rest):
        message = original(data, *rest)
        return Message({**message.fields, "token": "that of the case before"}, message.arrays)

    monkeypatch.setattr(worker._process, "_converse", replay)
    reply = worker.call(0, "1.2", {"x": 2})
    assert (reply.kind, seen) == ("protocol", [1])


# ---- text of strangers


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\tb\nc  d", "a b c d"),
        ("\x1b[31mred\x07", "�[31mred�"),
        ("\u202etxt.exe", "�txt.exe"),
        ("\u2066x\u2069\u200b\ufeff", "�x���"),
        ("\ud800", "�"),
        ("ä🙂 <b>", "ä🙂 <b>"),
        ("x" * 600, "x" * 499 + "…"),
        ("", ""),
    ],
)
def test_text_is_one_line_that_can_be_seen(text, shown):
    assert printable(text) == shown


def test_lines_are_few_and_short():
    lines = printable_lines("\n".join(["x" * 1000] * 100)).split("\n")
    assert len(lines) <= replies.MOST_LINES
    assert {len(line) for line in lines} <= set(range(replies.LONGEST_LINE + 1))
    assert printable_lines("a\r\x0b\nb") == "a �\nb" or printable_lines("a\nb") == "a\nb"


# ---- where it cannot run


def test_other_systems_are_told_to_take_linux(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    assert "needs Linux" in why_not()
    assert "WSL 2" in why_not()


def test_a_processor_without_a_filter_is_refused(monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    assert "riscv64" in why_not()


def test_how_to_get_bubblewrap_is_said(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "apt install bubblewrap" in why_not()
    with open_worker() as worker:
        worker.load([DOUBLE])
        with pytest.raises(WorkerError, match="apt install bubblewrap"):
            worker.call(0, "1.2", {"x": 1})


@pytest.mark.parametrize(
    ("setting", "value", "said", "advised"),
    [
        ("kernel/apparmor_restrict_unprivileged_userns", "1", "setting up uid map", "bwrap-userns"),
        ("kernel/unprivileged_userns_clone", "0", "No permissions", "unprivileged_userns_clone=1"),
        ("user/max_user_namespaces", "0", "No space left on device", "max_user_namespaces=10000"),
        ("", "", "Unknown option --disable-userns", "version 0.8"),
        ("", "", "odd", "It says: bwrap: odd"),
    ],
)  # fmt: skip
def test_advice_fits_what_is_forbidden(monkeypatch, setting, value, said, advised):
    monkeypatch.setattr(jail, "_setting", lambda name: value if name == setting else None)
    monkeypatch.setattr(os.path, "exists", lambda path: False)
    assert advised in jail.advice(f"bwrap: {said}")


def test_a_container_is_told_its_options(monkeypatch):
    monkeypatch.setattr(jail, "_setting", lambda name: None)
    monkeypatch.setattr(os.path, "exists", lambda path: path == "/.dockerenv")
    assert "seccomp=unconfined" in jail.advice("bwrap: Can't mount proc")


def test_a_bubblewrap_that_fails_is_an_error_and_not_a_mark(sandbox, monkeypatch, tmp_path):
    fake = tmp_path / "bwrap"
    fake.write_text("#!/bin/sh\necho 'bwrap: setting up uid map: Permission denied' >&2\nexit 1\n")
    fake.chmod(0o755)
    open_to_all(tmp_path)
    with open_worker(SMALL) as worker:
        worker.load([DOUBLE])
        monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
        assert "Permission denied" in why_not()
        with pytest.raises(WorkerError, match="uid map: Permission denied"):
            worker.call(0, "1.2", {"x": 1})
        monkeypatch.undo()
        assert worker.call(0, "1.2", {"x": 1}).value == 2


def test_a_trusted_answer_runs_without_a_sandbox():
    with open_worker(SMALL, trust=True) as worker:
        worker.load(
            [
                DOUBLE,
                "import os\ndef f():\n    return os.environ['HOME']",
                "def f():\n    while True: pass",
            ]
        )
        assert worker.call(0, "1.1", {"x": 3}).value == 6
        folder = Path(str(worker.call(1, "1.2", {}).value)).parent
        assert folder.exists()
        assert worker.call(2, "1.3", {}).kind == "timeout"
        assert not folder.exists()
        assert worker.call(0, "1.1", {"x": 3}).value == 6
        pid = worker._process._process.pid
    assert not Path(f"/proc/{pid}").exists() or sys.platform != "linux"


# ---- the jail


def test_what_lies_in_a_visible_folder_and_shall_not_be_seen_is_covered(
    sandbox, tmp_path, monkeypatch
):
    shown = tmp_path / "shown"
    (shown / "secret").mkdir(parents=True)
    (shown / "secret" / "seed").write_text("42")
    (shown / "open").write_text("1")
    (shown / "key").write_text("42")
    (shown / "secret" / "packages").mkdir()
    (shown / "secret" / "packages" / "needed.py").write_text("")
    open_to_all(tmp_path)
    visible = [*jail.visible(), str(shown), str(shown / "secret" / "packages")]
    monkeypatch.setattr(jail, "visible", lambda: visible)
    source = (
        "import os\ndef f():\n"
        f"    walk = list(os.walk({str(shown)!r}))\n"
        f"    try: key = open({str(shown / 'key')!r}).read()\n"
        "    except OSError: key = 'hidden'\n"
        "    return [key] + sorted(n for _, folders, files in walk for n in folders + files)"
    )
    with open_worker(SMALL, hidden=[shown / "secret", shown / "key", shown / "none"]) as worker:
        names = ask(worker, source).value.tolist()
    assert names == ["hidden", "key", "needed.py", "open", "packages", "secret"]
    with open_worker(SMALL) as worker:
        names = ask(worker, source).value.tolist()
    assert names == ["42", "key", "needed.py", "open", "packages", "secret", "seed"]


def test_a_worker_is_nobody_and_sees_little(worker):
    source = (
        "import os\ndef f():\n    status = open('/proc/self/status').read()\n"
        "    caps = [l.split()[1] for l in status.splitlines() if l.startswith('CapEff')]\n"
        "    pids = [p for p in os.listdir('/proc') if p.isdecimal()]\n"
        "    devices = sorted(os.listdir('/dev'))\n"
        "    return [str(os.getuid()), *caps, ' '.join(sorted(pids)), ' '.join(devices)]"
    )
    uid, caps, pids, devices = ask(worker, source).value
    wanted = range(60_000, 64_000) if os.geteuid() == 0 else [os.geteuid()]
    assert int(uid) in wanted
    assert int(caps, 16) == 0
    assert pids == "1 2"
    assert devices == "fd full null random shm urandom"


def test_a_worker_gets_only_the_environment_that_is_written_down(worker, monkeypatch):
    monkeypatch.setenv("PYTHONSTARTUP", "/tmp/evil.py")
    monkeypatch.setenv("COURSE_SECRET", "42")
    names = ask(worker, "import os\ndef f():\n    return sorted(os.environ)").value.tolist()
    assert set(names) - {"PWD", "LC_CTYPE"} == set(jail.ENVIRONMENT)


@pytest.mark.parametrize("name", ["x86_64", "aarch64"])
def test_a_filter_allows_by_default_and_knows_each_call(name):
    rules = system_calls.program(name)
    assert len(rules) % 8 == 0
    assert len(rules) < 4096 * 8
    column = ["x86_64", "aarch64"].index(name)
    numbers = [pair[column] for pair in system_calls.REFUSED.values()]
    numbers = [number for number in numbers if number is not None]
    assert len(set(numbers)) == len(numbers) >= len(system_calls.REFUSED) - 2
    read, write = [(0, 1), (63, 64)][column]
    assert _judge(rules, name, {read: 0, write: 0}) == {"allow"}
    assert _judge(rules, name, dict.fromkeys(numbers, 0)) == {"error 1"}
    clone, clone3, mmap, prlimit, prctl, fcntl = (
        pair[column]
        for pair in (
            system_calls.CLONE,
            system_calls.CLONE3,
            system_calls.MMAP,
            system_calls.PRLIMIT,
            system_calls.PRCTL,
            system_calls.FCNTL,
        )
    )
    assert _run(rules, name, prctl, (4, 0)) == "allow"  # PR_SET_DUMPABLE
    assert _run(rules, name, prctl, (22, 2)) == "error 1"  # PR_SET_SECCOMP
    for number in range(40):  # F_SETLK, F_SETLKW and their kin of open files
        wanted = "error 1" if number in (6, 7, 37, 38) else "allow"
        assert _run(rules, name, fcntl, (3, number)) == wanted, number
    assert _run(rules, name, clone, (0x01200011,)) == "allow"  # fork
    assert _run(rules, name, clone, (0x003D0F00,)) == "allow"  # a thread
    for bit in (0x20000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000):
        assert _run(rules, name, clone, (0x11 | bit,)) == "error 1"
    assert _run(rules, name, clone3) == "error 38"
    assert _run(rules, name, mmap, (0, 0, 0, 0x22)) == "allow"  # private, of no file
    assert _run(rules, name, mmap, (0, 0, 0, 0x01)) == "allow"  # shared, of a file
    assert _run(rules, name, mmap, (0, 0, 0, 0x21)) == "error 1"
    assert _run(rules, name, mmap, (0, 0, 0, 0x23)) == "error 1"
    assert _run(rules, name, prlimit, (0,)) == "allow"
    assert _run(rules, name, prlimit, (1,)) == "error 1"
    assert _run(rules, name, 0x40000000) == "kill"
    other = {"x86_64": "aarch64", "aarch64": "x86_64"}[name]
    assert _run(rules, other, 0) == "kill"


def _judge(rules, name, calls):
    return {_run(rules, name, number) for number in calls}


def _run(rules, name, number, arguments=()):
    """An interpreter of such filters, written from the kernel's description of classic BPF."""
    import struct

    architecture = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}[name]
    data = struct.pack("<IIQ6Q", number, architecture, 0, *(arguments + (0,) * 6)[:6])
    code = list(struct.iter_unpack("=HBBI", rules))
    place = value = 0
    while True:
        kind, yes, no, k = code[place]
        place += 1
        if kind == 0x20:
            (value,) = struct.unpack_from("<I", data, k)
        elif kind == 0x54:
            value &= k
        elif kind in (0x15, 0x35):
            place += yes if (value == k if kind == 0x15 else value >= k) else no
        else:
            assert kind == 0x06
            names = {0x7FFF0000: "allow", 0x80000000: "kill"}
            return names.get(k, f"error {k & 0xFFFF}")


@pytest.mark.skipif(sys.platform != "linux", reason="this table is Linux's")
def test_the_numbers_are_those_of_this_machine():
    """Against the C library's header, where it is installed."""
    header = next(iter(Path("/usr/include").glob("**/asm/unistd_64.h")), None)
    if header is None or platform.machine() != "x86_64":
        pytest.skip("no header with the numbers here")
    known = dict(
        line.split()[1:3]
        for line in header.read_text().splitlines()
        if line.startswith("#define __NR_")
    )
    for name, (number, _) in system_calls.REFUSED.items():
        if number is not None and f"__NR_{name}" in known:
            assert int(known[f"__NR_{name}"]) == number, name


@pytest.mark.skipif(sys.platform != "linux", reason="mounts are Linux's")
def test_folders_that_only_root_may_enter_are_shown_alone(tmp_path):
    if os.geteuid() != 0:
        pytest.skip("only root can show them")
    closed = tmp_path / "closed"
    (closed / "wanted" / "deep").mkdir(parents=True)
    (closed / "other").mkdir()
    (closed / "wanted" / "file").write_text("here")
    closed.chmod(0o700)
    open_to_all(tmp_path)
    code = (
        "import os; print(os.getuid(), os.getgid(), os.getgroups(), "
        f"os.listdir({str(closed)!r}), open({str(closed / 'wanted' / 'file')!r}).read())"
    )
    drop = jail.COURSE / "grading" / "drop_root.py"
    python = os.path.realpath(sys.executable)
    words = [python, "-I", "-S", str(drop), "60000", str(closed / "wanted"), *jail.visible(), "--",
             python, "-I", "-S", "-c", code]  # fmt: skip
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.stdout.split() == ["60000", "60000", "[]", "['wanted']", "here"], done.stderr
    assert sorted(p.name for p in closed.iterdir()) == ["other", "wanted"]  # here nothing changed


@pytest.mark.skipif(sys.platform != "linux", reason="this is Linux's")
def test_usage_counts_descendants():
    child = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import os, time\nkept = bytearray(50_000_000)\nos.fork()\ntime.sleep(60)",
        ]
    )
    try:
        until = time.monotonic() + 30
        while len((used := process_tree.usage(child.pid)).processes) < 2:
            assert time.monotonic() < until
            time.sleep(0.02)
        assert 90 * 10**6 < used.memory < 200 * 10**6  # the pages that both share count twice
        assert 50 * 10**6 < process_tree.fair_memory(used) < 90 * 10**6
        assert used.seconds > 0
        assert used.starved >= 0
    finally:
        for pid in used.processes:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        child.wait()


def test_ended_says_why():
    assert (Ended("timeout", "late").kind, str(Ended("timeout", "late"))) == ("timeout", "late")


def test_nothing_of_this_machine_can_be_written_to():
    """By the mounts themselves, whoever owns the files."""
    words = jail.options(1_000_000)
    assert "--bind" not in words and "--bind-try" not in words
    devices = {words[i + 1] for i, word in enumerate(words) if word == "--dev-bind"}
    assert devices == {"/dev/null", "/dev/random", "/dev/urandom", "/dev/full"}


def test_there_are_no_sockets_at_all(worker):
    code = """
        def f(x):
            import socket
            refused = 0
            for family in (socket.AF_UNIX, socket.AF_INET, 40):  # 40 reaches a virtual host
                try:
                    socket.socket(family)
                except PermissionError:
                    refused += 1
            return refused
    """
    assert ask(worker, textwrap.dedent(code), x=1).value == 3


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="only root has groups to lose")
def test_a_worker_of_root_has_none_of_its_groups(sandbox):
    before = os.getgroups()
    os.setgroups([4, 24])
    try:
        with open_worker(SMALL) as worker:
            reply = ask(worker, "import os\ndef f(x):\n    return len(os.getgroups())", x=1)
    finally:
        os.setgroups(before)
    assert reply.value == 0
