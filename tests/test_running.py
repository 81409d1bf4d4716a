"""Notebooks are executed here, in real kernels; what happens to bad ones is the point."""

import json
import os
import signal
import subprocess
import sys
import time

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from course import building, running
from course.environment import ROOT, SetupError
from course.running import Outcome, count_gates, execute, in_own_loop


def notebook(*cells):
    return new_notebook(
        cells=[c if not isinstance(c, str) else new_code_cell(c) for c in cells],
        # A name that no machine has: the running Python must be taken all the same.
        metadata={"kernelspec": {"name": "no-such-kernel", "display_name": "x"}},
    )


def printed(nb, index):
    return "".join(o.get("text", "") for o in nb.cells[index].outputs)


def test_outputs_settings_and_the_package_arrive(tmp_path):
    nb = notebook(
        "import sys, os, course; print(sys.executable)",
        "print(os.environ['COLOUR'], os.getcwd(), course.__file__)",
        "",
        "2 + 2",
    )
    steps = []
    outcome = execute(
        nb, env={"COLOUR": "grün"}, cwd=tmp_path, on_cell=lambda *step: steps.append(step)
    )
    assert outcome.ok and (outcome.cells, outcome.total) == (3, 3)
    assert printed(nb, 0).strip() == sys.executable
    course_file = os.path.join(ROOT, "course", "__init__.py")
    assert printed(nb, 1).split() == ["grün", os.path.realpath(tmp_path), course_file]
    assert nb.cells[3].outputs[0].data["text/plain"] == "4"
    assert steps == [(0, 3), (1, 3), (2, 3), (3, 3)]
    nbformat.validate(nb)


def test_where_a_stream_was_cut_is_not_seen():
    pieces = ["print('gate pas', end='', flush=True)", "time.sleep(0.5)", "print('sed: one')"]
    nb = notebook("import sys, time\n" + "\n".join(pieces) + "\nprint('x', file=sys.stderr)")
    outcome = execute(nb)
    assert outcome.gates == ["gate passed: one"]
    assert sorted((o.name, o.text) for o in nb.cells[0].outputs) == [
        ("stderr", "x\n"),
        ("stdout", "gate passed: one\n"),
    ]


def test_old_outputs_do_not_survive_a_failure():
    nb = notebook("1/0", "print('gate passed: two')")
    nb.cells[1].outputs = [nbformat.v4.new_output("stream", text="gate passed: old\n")]
    nb.metadata["widgets"] = {"state": {}}
    outcome = execute(nb)
    assert outcome.failed_cell == 1 and outcome.error == "ZeroDivisionError: division by zero"
    assert nb.cells[0].outputs[0].ename == "ZeroDivisionError"
    assert nb.cells[1].outputs == [] and outcome.gates == [] and "widgets" not in nb.metadata


def test_the_failing_cell_is_counted_among_code_cells():
    nb = notebook(new_markdown_cell("# a"), "1", "", new_markdown_cell("b"), "2", "oops")
    outcome = execute(nb)
    assert (outcome.failed_cell, outcome.cells, outcome.total) == (3, 2, 3)
    assert outcome.error.startswith("NameError")


def test_an_expected_error_is_no_failure():
    cell = new_code_cell("1/0", metadata={"tags": ["raises-exception"]})
    outcome = execute(notebook(cell, "print('after')"))
    assert outcome.ok and outcome.cells == 2


def test_the_time_limit_ends_a_cell_that_does_not(tmp_path):
    nb = notebook(
        f"import os; open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid()))",
        "print('begun', flush=True)\nwhile True: pass",
    )
    start = time.monotonic()
    outcome = execute(nb, timeout=4)
    assert time.monotonic() - start < 15
    assert outcome.failed_cell == 2 and "time limit of 4 s" in outcome.error
    assert nb.cells[1].outputs[-1].ename == "TimeLimit"
    assert not alive(int((tmp_path / "pid").read_text()))


def test_a_kernel_that_dies_is_named():
    nb = notebook("print('bye', flush=True)", "import os; os._exit(3)", "1")
    outcome = execute(nb, timeout=60)
    assert outcome.failed_cell == 2 and "kernel died" in outcome.error
    assert nb.cells[1].outputs[-1].ename == "DeadKernel"


def test_without_ipykernel_it_says_what_to_install(monkeypatch):
    find = running.importlib.util.find_spec
    monkeypatch.setattr(
        running.importlib.util, "find_spec", lambda n: None if n == "ipykernel" else find(n)
    )
    with pytest.raises(SetupError, match=r"no ipykernel.*pip install"):
        execute(notebook("1"))


def test_it_works_inside_a_running_event_loop():
    import asyncio

    async def caller():
        return execute(notebook("1"))

    assert asyncio.run(caller()).ok


def test_an_exception_of_the_loop_reaches_the_caller():
    async def fail():
        raise KeyError("x")

    with pytest.raises(KeyError, match="x"):
        in_own_loop(fail)


@pytest.mark.parametrize(
    "sources, count",
    [
        ([], 0),
        (["gate('a', 1, at_most=2)", "x = 1\ngates.gate('b', 1)"], 2),
        (["r = gate('a', 1)\ngate('b', 2); gate('c', 3)"], 3),
        (["for i in x:\n    gate('a', i)"], None),
        (["def f():\n    gate('a', 1)\nf()"], None),
        (["if quick:\n    gate('a', 1)"], None),
        (["gate('a', 1)", "%time gate('b', 2)"], None),
        (["from course.gates import gate", "investigate(1)", "# gate('a')", "'gate('"], 0),
        (["[gate('a', i) for i in x]"], None),
        (["quick or gate('a', 1)"], None),
        (["f = lambda: gate('a', 1)"], None),
    ],
)
def test_gates_are_counted_only_where_that_is_certain(sources, count):
    assert count_gates(notebook(*sources)) == count


def test_gates_that_passed_are_lines_of_standard_output():
    nb = notebook(
        "print('gate passed: a: 1 (at most 2)')\nprint(' gate passed: not at the start')",
        "import sys; print('gate passed: b', file=sys.stderr)",
        "print('gate passed: c', end='')",
    )
    assert execute(nb).gates == ["gate passed: a: 1 (at most 2)", "gate passed: c"]


# A whole run


@pytest.fixture
def chapters(tmp_path, monkeypatch):
    """Four chapters: good, failing, not a notebook, good."""
    folder = tmp_path / "nötebooks"
    folder.mkdir()
    gate = "from course.gates import gate\ngate('one is small', 1, at_most=2)"
    where = "import os\nprint(os.environ['COURSE_DATA'], os.environ['COURSE_BUDGET'])"
    for name, nb in {
        "ch01_good": notebook(new_markdown_cell("# Good <öne>"), gate, where),
        "ch02_bad": notebook("1/0", "gate('x', 1)"),
        "ch04_more": notebook("1"),
    }.items():
        # Some editors of Windows put a byte order mark before the text.
        (folder / f"{name}.ipynb").write_text(nbformat.writes(nb), encoding="utf-8-sig")
    (folder / "ch03_broken.ipynb").write_text('{"cells": [')
    monkeypatch.setattr(building, "prepare", lambda budget: (budget or "full", "drawn"))
    return folder


def test_a_run_writes_everything_and_fails_if_one_fails(chapters, tmp_path, capsys):
    out = tmp_path / "büild"
    assert building.build(budget="quick", jobs=2, out=out, notebooks=chapters) == 1
    names = ["ch01_good", "ch02_bad", "ch03_broken", "ch04_more"]
    expected = {f"{n}.{end}" for n in names for end in ("html", "ipynb")}
    others = {"index.html", "results.json", "transposed_convolution.html"}
    assert {p.name for p in out.iterdir()} == expected | others
    assert 'href="transposed_convolution.html"' in (out / "index.html").read_text(encoding="utf-8")
    assert "Conv2DTranspose" in (out / "transposed_convolution.html").read_text(encoding="utf-8")
    said = capsys.readouterr().out
    rows = {line.split()[0]: line.split() for line in said.splitlines()[-6:-1]}
    assert rows["ch01_good"][3:] == ["1", "of", "1", "ok"]
    assert rows["ch02_bad"][3:] == ["0", "of", "1", "FAILED", "in", "cell", "1"]
    assert rows["ch03_broken"][-1] == "FAILED" and rows["ch04_more"][-1] == "ok"
    assert rows["ch01_good"][1] == "drawn"
    assert "ch02_bad: FAILED in cell 1 of 2: ZeroDivisionError: division by zero" in said
    assert "drawn quick" in nbformat.read(out / "ch01_good.ipynb", 4).cells[2].outputs[0].text
    assert "ZeroDivisionError" in (out / "ch02_bad.html").read_text(encoding="utf-8")
    assert "Good &lt;öne&gt;" in (out / "index.html").read_text(encoding="utf-8")


def test_a_run_of_one_chapter_keeps_the_others_in_the_index(chapters, tmp_path):
    out = tmp_path / "build"
    assert building.build(["1"], out=out, notebooks=chapters) == 0
    assert building.build(["4"], out=out, notebooks=chapters) == 0
    index = (out / "index.html").read_text(encoding="utf-8")
    assert "ch01_good.html" in index and "ch04_more.html" in index
    (out / "results.json").write_text("{")  # damaged: forgotten, not fatal
    assert building.build(["4"], out=out, notebooks=chapters) == 0
    assert list(json.loads((out / "results.json").read_text())) == ["ch04_more"]


def test_nothing_to_run_and_nowhere_to_write_are_told(chapters, tmp_path):
    with pytest.raises(SetupError, match="course release"):
        building.build(notebooks=tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(SetupError, match="--out"):
        building.build(notebooks=chapters, out=tmp_path / "file")


def test_a_source_that_cannot_be_had_is_told(monkeypatch):
    monkeypatch.setenv("COURSE_DATA", "cifar")
    with pytest.raises(SetupError, match="cifar"):
        building.prepare("quick")
    monkeypatch.setenv("COURSE_BUDGET", "huge")
    with pytest.raises(SetupError, match="huge"):
        building.prepare()


def test_a_download_that_fails_after_all_gives_drawn_digits(monkeypatch, capsys):
    from course import data

    def load(name):
        if name == "mnist":
            raise data.DataError("the server hung up")

    monkeypatch.delenv("COURSE_DATA", raising=False)
    monkeypatch.setattr(data, "digits_source", lambda: data.DigitsSource("mnist", "a download"))
    monkeypatch.setattr(data, "load_digits", load)
    assert building.prepare("quick") == ("quick", "drawn")
    assert "the server hung up" in capsys.readouterr().out
    monkeypatch.setenv("COURSE_DATA", "mnist")
    with pytest.raises(SetupError, match="hung up"):
        building.prepare("quick")


def test_kernels_share_the_cores(monkeypatch):
    monkeypatch.setattr(building, "cores", lambda: 8)
    monkeypatch.setattr(building, "memory_gib", lambda: 6.5)
    for name in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS"):
        monkeypatch.delenv(name, raising=False)
    assert building.default_jobs() == 3  # memory for three
    env = building.kernel_env("quick", "drawn", 4)
    assert env["OMP_NUM_THREADS"] == env["TF_NUM_INTRAOP_THREADS"] == "2"
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert building.kernel_env("quick", "drawn", 4)["OMP_NUM_THREADS"] == "1"


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
@pytest.mark.parametrize("when", ["starting", "running"])
def test_control_c_leaves_no_kernel(when, tmp_path):
    pid = tmp_path / "pid"
    nb = notebook(f"import os, time; open({str(pid)!r}, 'w').write(str(os.getpid()))", "while 1: 0")
    nbformat.write(nb, tmp_path / "ch01_x.ipynb")
    code = (
        # Where the tests themselves run in the background, Python would go on to ignore Ctrl-C.
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from course import building; building.prepare = lambda b: ('quick', 'drawn')\n"
        f"building.build(out={str(tmp_path / 'out')!r}, notebooks={str(tmp_path)!r})"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, start_new_session=True,
    )  # fmt: skip
    try:
        line = next(x for x in parent.stdout if x.startswith("ch01_x: started"))
        assert line
        wait_for(pid.exists if when == "running" else lambda: children(parent.pid))
        kernels = children(parent.pid)
        parent.send_signal(signal.SIGINT)
        assert parent.wait(20) != 0
        wait_for(lambda: not any(alive(k) for k in kernels))
    finally:
        parent.kill()
        parent.stdout.close()
        parent.wait()


def children(parent):
    done = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True)
    pairs = [tuple(map(int, line.split())) for line in done.stdout.splitlines()]
    return [pid for pid, above in pairs if above == parent]


def alive(pid):
    done = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True)
    return bool(done.stdout.strip()) and not done.stdout.strip().startswith("Z")


def wait_for(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


def test_an_outcome_starts_well():
    assert Outcome().ok and not Outcome(error="x").ok
