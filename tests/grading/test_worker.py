"""The untrusted side without its sandbox: finding a function, calling it, serving a line."""

import json
import os
import socket
import subprocess
import sys

import numpy as np
import pytest

from course.grading import jail
from course.grading.answering import NotReady, answer, prepare
from course.grading.protocol import encode, receive

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a worker forks")
STUB = 'def f(x):\n    raise NotImplementedError("Exercise 1.2: todo")'


@pytest.fixture(autouse=True)
def main_module():
    """`prepare` takes the place of __main__."""
    before = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = before


def reply(source, *others, name="", **arguments):
    function, failures = prepare([*others, source], len(others), "1.2", name)
    fields, arrays = answer(function, arguments, "1.2", failures)
    return fields, arrays


def not_ready(source, *others):
    with pytest.raises(NotReady) as caught:
        prepare([*others, source], len(others), "1.2")
    return caught.value.fields


def test_the_value_and_the_arguments_come_back():
    fields, arrays = reply("def f(x, k):\n    x += k\n    return x.sum()", x=np.zeros(3), k=2)
    assert fields == {"kind": "value", "text": "", "code": ""}
    assert arrays["value"] == 6
    np.testing.assert_array_equal(arrays["after/x"], [2, 2, 2])
    assert arrays["after/k"] == 2


@pytest.mark.parametrize(
    ("source", "name", "value"),
    [
        ("def f():\n    return 1", "", 1),
        ("def f():\n    return 1\ndef g():\n    return 2", "", 2),
        ("def f():\n    return 1\ndef helper():\n    return 2", "f", 1),
        ("def mine():\n    return 1", "f", 1),
        ("f = lambda: 3", "f", 3),
        ("f = lambda: 3", "", 3),
        ("import math\ndef f():\n    return 1\nfrom os import getpid", "", 1),
        ("def f():\n    return 1\nf2 = 5", "", 1),
        ("def f():\n    return 1\nf = 5\ndef g():\n    return 4", "f", 4),
        ("class f:\n    def __new__(cls):\n        return 6", "f", 6),
        ("%time 1\ndef f():\n    return 1\n!ls", "f", 1),
        ("def f():\n    return 1\nf()\nraise ValueError('below')", "f", 1),
        ("def f():\n    return __name__", "f", "__main__"),
    ],
)
def test_the_function_is_found(source, name, value):
    _, arrays = reply(source, name=name)
    assert arrays["value"] == value


def test_a_stub_is_a_stub_when_called_and_when_the_cell_calls_it():
    assert reply(STUB, x=1)[0]["kind"] == "stub"
    assert reply(STUB + "\nf(1)", x=1)[0]["kind"] == "stub"
    other = STUB.replace("1.2", "1.3")
    assert reply(other, x=1)[0]["kind"] == "error"


@pytest.mark.parametrize(
    ("source", "kind", "text"),
    [
        ("x = 1", "not found", "The cell of exercise 1.2 defines no function."),
        ("", "not found", "defines no function"),
        ("def f(:", "error", "The cell is no Python, line 1"),
        ("a = 1\n b = 2", "error", "The cell is no Python, line 2"),
        ("f = 1 / 0", "error", "Your answer raised ZeroDivisionError"),
        ("import nowhere_at_all", "error", "No module named 'nowhere_at_all'"),
        ("a\0b", "error", "The cell"),
        ("raise SystemExit('bye')", "error", "SystemExit: bye"),
        ("(" * 5000 + ")" * 5000, "error", "The cell"),
        ("-" * 100_000 + "1", "error", "The cell"),
        ("raise NotImplementedError('Exercise 1.2: x')", "stub", "Not attempted."),
        ("raise MemoryError", "memory", "ran out of memory"),
    ],
)
def test_without_a_function_the_reply_says_why(source, kind, text):
    fields = not_ready(source)
    assert fields["kind"] == kind
    assert text in fields["text"]


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("return None", "is a `return` missing?"),
        ("return object()", "Return a number"),
        ("return np.array(['2020'], 'M8[D]')", "Return a number"),
        ("return [1, [2, 3]]", "Return a number"),
        ("return np.zeros((1,) * 20)", "what cannot be taken"),
        ("return ['x' * 5000]", "what cannot be taken"),
        ("return '\\ud800'", "what cannot be taken"),
        ("return np.broadcast_to(1.0, (10**6, 10**6))", "far too many"),
        ("return np.zeros(5_000_000)", "far too many"),
        ("return range(10**12)", "far too many"),
        ("return 1 / 0", "Your answer raised ZeroDivisionError: division by zero"),
        ("raise SystemExit", "Your answer raised SystemExit"),
        ("raise KeyboardInterrupt", "Your answer raised KeyboardInterrupt"),
        ("return f(x)", "RecursionError"),
        ("return nothing", "name 'nothing' is not defined"),
    ],
)
def test_what_is_wrong_is_said(body, text):
    fields, arrays = reply(f"import numpy as np\ndef f(x):\n    {body}", x=1)
    assert fields["kind"] == "error"
    assert text in fields["text"]
    assert arrays == {}


def test_errors_show_the_students_lines():
    source = "def helper(x):\n    return 1 / x\n\ndef f(x):\n    return helper(x)"
    code = reply(source, x=0)[0]["code"]
    assert code == "line 5 in f: return helper(x)\nline 2 in helper: return 1 / x"


def test_a_statement_of_another_cell_that_failed_is_told_with_the_error_that_follows():
    fields, _ = reply("def f():\n    return data", "import os\ndata = os.missing()")
    assert "name 'data' is not defined" in fields["text"]
    assert "Line 2 of another cell failed" in fields["text"]
    assert "has no attribute 'missing'" in fields["text"]


def test_an_error_that_cannot_be_told_is_told_by_its_name(monkeypatch, tmp_path):
    folder = tmp_path / "gone"
    folder.mkdir()
    monkeypatch.chdir(folder)
    folder.rmdir()
    fields, _ = reply("def f():\n    raise ValueError('x')")
    assert fields["text"] == "Your answer raised ValueError"


@pytest.mark.parametrize("how", ["raise ValueError(self)", "return 1", "raise SystemExit"])
def test_an_error_whose_text_fails_is_told(how):
    source = f"class E(Exception):\n    def __str__(self):\n        {how}\n\ndef f():\n    raise E"
    assert reply(source)[0]["kind"] == "error"


def test_arguments_may_be_renamed_but_not_dropped():
    assert reply("def f(a, b):\n    return a - b", x=5, y=3)[1]["value"] == 2
    assert reply("def f(y, x):\n    return x - y", x=5, y=3)[1]["value"] == 2
    fields, _ = reply("def f(a):\n    return a", x=5, y=3)
    assert "expected (x, y)" in fields["text"]


def test_an_argument_that_cannot_be_sent_any_more_is_left_out():
    _, arrays = reply("def f(x):\n    x.shape = (1,) * 20\n    return 1", x=np.zeros(1))
    assert set(arrays) == {"value"}


class Line:
    """A worker's process, and the grader's ends of its line."""

    def __init__(self, **limits):
        self.ours, theirs = socket.socketpair()
        limits = {"memory": 10**9, "disk": 10**7, "open_files": 64, "processes": 4000,
                  "seconds": 20, "reply": 10**6, **limits}  # fmt: skip
        words = [str(theirs.fileno()), json.dumps(limits)]
        self.process = subprocess.Popen(
            jail.python_command(str(jail.COURSE.parent), words),
            pass_fds=(theirs.fileno(),),
            env={"HOME": "/tmp", "TMPDIR": "/tmp", "PYTHONSTARTUP": "/no", "PYTHONPATH": "/no"},
            stdin=subprocess.DEVNULL,
        )
        theirs.close()

    def send(self, fields, **arrays):
        self.ours.sendall(encode(fields, arrays))

    def receive(self):
        message = receive(self.ours.recv)
        return message.fields, message.arrays

    def open(self, source, token="t"):
        cell = np.frombuffer(source.encode(), np.uint8)
        fields = {"do": "open", "cell": 0, "exercise": "1.2", "name": "", "token": token}
        self.send(fields, lengths=np.array([len(cell)]), text=cell)
        return self.receive()[0]

    def call(self, token="c", items=(), **arrays):
        self.send({"do": "call", "items": list(items), "token": token}, **arrays)
        return self.receive()


@pytest.fixture
def line():
    made = Line()
    assert made.receive()[0] == {"kind": "ready", "token": ""}
    yield made
    made.ours.close()
    made.process.kill()
    made.process.wait()


def test_a_worker_serves_one_exercise_after_another(line):
    source = "def f(x, k):\n    x *= k\n    return [type(k).__name__, type(x).__name__]"
    assert line.open(source) == {"kind": "ready", "token": "t"}
    for token in ("one", "two"):
        fields, arrays = line.call(token, ["k"], x=np.arange(2.0), k=np.array(3))
        assert fields["kind"] == "value"
        assert fields["token"] == token
        assert arrays["value"].tolist() == ["int", "ndarray"]
        assert arrays["after/x"].tolist() == [0, 3]
    line.send({"do": "close", "token": "t"})
    assert line.receive()[0] == {"kind": "closed", "token": "t"}
    assert line.open("def f():\n    return 1", "u")["token"] == "u"
    assert line.call()[1]["value"] == 1


def test_exercises_do_not_see_what_others_did(line):
    line.open("import numpy as np\nnp.mean = 5\nimport sys\nsys.mine = 1\ndef f():\n    return 1")
    assert line.call()[1]["value"] == 1
    line.send({"do": "close", "token": "t"})
    line.receive()
    found = "[np.mean([2, 4]), hasattr(sys, 'mine')]"
    line.open(f"import numpy as np\nimport sys\ndef f():\n    return {found}")
    assert line.call()[1]["value"].tolist() == [3, 0]


def test_an_exercise_without_a_function_says_so_and_can_be_closed(line):
    assert line.open("x = 1")["kind"] == "not found"
    line.send({"do": "close", "token": "t"})
    assert line.receive()[0]["kind"] == "closed"
    assert line.open("def f():\n    return 1")["kind"] == "ready"


@pytest.mark.parametrize(
    ("how", "status"), [("os._exit(0)", 0), ("os._exit(5)", 5), ("os.kill(os.getpid(), 9)", 137)]
)
def test_an_answer_that_ends_its_process_ends_the_worker_with_its_status(line, how, status):
    line.open(f"import os\ndef f():\n    {how}")
    line.send({"do": "call", "items": [], "token": "c"})
    assert line.process.wait(20) == status
    with pytest.raises(EOFError):
        line.receive()


def test_a_worker_ends_with_its_line(line):
    line.open("def f():\n    return 1")
    line.ours.close()
    assert line.process.wait(20) == 76


def test_the_limits_bind_the_answer_and_cannot_be_lifted(line):
    source = (
        "import resource as r\n"
        "def f():\n"
        "    names = 'DATA FSIZE NOFILE CORE CPU'.split()\n"
        "    for n in names:\n"
        "        try:\n"
        "            r.setrlimit(getattr(r, 'RLIMIT_' + n), (r.RLIM_INFINITY,) * 2)\n"
        "        except (ValueError, OSError):\n"
        "            continue\n"
        "    return [r.getrlimit(getattr(r, 'RLIMIT_' + n))[0] for n in names]"
    )
    if os.geteuid() == 0:
        pytest.skip("root may lift limits; a worker is never root")
    line.open(source)
    assert line.call()[1]["value"].tolist() == [10**9, 10**7, 64, 0, 20]


def test_nothing_of_the_environment_is_run(tmp_path):
    """Start-up files, PYTHON* settings and modules beside the notebook do not change a worker."""
    for name in ("sitecustomize", "usercustomize", "numpy", "json", "course", "evil"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('taken over')")
    (tmp_path / "evil.pth").write_text("import evil\n")
    words = jail.python_command(str(jail.COURSE.parent), ["0", "{}"])
    assert words[1:4] == ["-I", "-S", "-B"]
    boot = words.index("-c") + 1
    words[boot] = words[boot].replace("main()", "print(sys.path, sys.flags.isolated)")
    done = subprocess.run(
        words,
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path), "PYTHONHOME": str(tmp_path), "HOME": str(tmp_path),
             "PYTHONSTARTUP": str(tmp_path / "evil.py"), "PYTHONUSERBASE": str(tmp_path)},
        capture_output=True,
        text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert str(tmp_path) not in done.stdout
    assert "taken over" not in done.stdout + done.stderr
