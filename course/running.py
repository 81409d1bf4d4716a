"""Execute one notebook in a kernel of its own: a limit in time, and no kernel left behind."""

import ast
import asyncio
import contextlib
import dataclasses
import importlib.util
import os
import sys
import threading
import time

from course.environment import ROOT, SetupError

GATE = "gate passed:"


@dataclasses.dataclass
class Outcome:
    """What became of one notebook; the notebook itself holds the outputs.

    Args:
        seconds: wall clock, with the kernel's start.
        cells: code cells that ran to their end.
        total: code cells that are not empty.
        gates: the lines that gates printed.
        expected_gates: how many gates the source holds, or None where it cannot be counted.
        failed_cell: which code cell failed, counted from 1, or None.
        error: "NameError: …" in one line, or None if all went well.
    """

    seconds: float = 0.0
    cells: int = 0
    total: int = 0
    gates: list[str] = dataclasses.field(default_factory=list)
    expected_gates: int | None = None
    failed_cell: int | None = None
    error: str | None = None

    @property
    def ok(self):
        return self.error is None


def execute(nb, *, env=None, cwd=None, timeout=1800, on_cell=None):
    """Run every cell of a notebook and put the outputs into it.

    The kernel is this very Python, whatever the machine's kernelspec "python3" points to, and
    finds the package `course` from any folder.

    Args:
        nb: a notebook of nbformat 4; changed in place.
        env: variables for the kernel, besides those of this process.
        cwd: the kernel's folder; None means the current one.
        timeout: seconds of wall clock for the whole notebook.
        on_cell: called as on_cell(done, total) at the start and after each code cell.

    Returns:
        an `Outcome`. A failing cell is an outcome, not an exception; its error stays in the
        notebook, and the cells after it have no outputs.

    Raises:
        SetupError: if this Python has no Jupyter kernel.
    """
    return in_own_loop(
        lambda: execute_async(nb, env=env, cwd=cwd, timeout=timeout, on_cell=on_cell)
    )


async def execute_async(nb, *, env=None, cwd=None, timeout=1800, on_cell=None):
    """`execute` for several notebooks at once in one event loop; see there."""
    import zmq
    from jupyter_client.manager import AsyncKernelManager
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, DeadKernelError

    require_kernel()
    code = [i for i, c in enumerate(nb.cells) if c.cell_type == "code" and c.source.strip()]
    outcome = Outcome(total=len(code), expected_gates=count_gates(nb))
    clear(nb)
    current = None  # index of the cell that is running

    def started(cell, cell_index):
        nonlocal current
        current = cell_index

    def finished(cell, cell_index, execute_reply):
        if execute_reply["content"].get("status") == "ok" or _may_fail(cell):
            outcome.cells += 1
            if on_cell:
                on_cell(outcome.cells, outcome.total)

    manager = AsyncKernelManager(kernel_spec_manager=_own_kernel())
    if manager.has_trait("transport_encryption") and zmq.has("curve"):
        manager.transport_encryption = "auto"  # else each kernel warns that anyone may listen
    client = NotebookClient(
        nb, km=manager, timeout=None, startup_timeout=120, allow_errors=False,
        store_widget_state=False, on_cell_execute=started, on_cell_executed=finished,
    )  # fmt: skip
    if on_cell:
        on_cell(0, outcome.total)
    start = time.monotonic()
    try:
        async with asyncio.timeout(timeout) as limit:
            await client.async_execute(env=_kernel_env(env), cwd=str(cwd or os.getcwd()))
    except CellExecutionError as error:
        outcome.error = one_line(f"{error.ename}: {error.evalue}")
    except (DeadKernelError, TimeoutError, asyncio.CancelledError):
        # nbclient takes a cancelled cell for a dead kernel, so ask what really happened.
        if limit.expired():
            name, outcome.error = "TimeLimit", f"stopped after the time limit of {timeout:g} s"
        elif asyncio.current_task().cancelling():
            raise asyncio.CancelledError from None
        else:
            name = "DeadKernel"
            outcome.error = "the kernel died (out of memory, or a crash in a library)"
        _note(nb, current, name, outcome.error)
    except RuntimeError as error:  # nbclient: the kernel did not start
        outcome.error = one_line(f"the kernel did not start: {error}")
        _note(nb, code[0] if code else None, "KernelStart", outcome.error)
    finally:
        await _stop(manager, client)
    outcome.seconds = time.monotonic() - start
    for i in code:
        nb.cells[i].outputs = _joined(nb.cells[i].outputs)
    if outcome.error and current in code:
        outcome.failed_cell = code.index(current) + 1
    outcome.gates = printed_gates(nb)
    return outcome


def in_own_loop(make):
    """Run a coroutine in a thread of its own, so that Ctrl-C cancels it and its kernels end.

    Args:
        make: a function without arguments that returns the coroutine.
    """
    result, running, ended = {}, threading.Event(), threading.Event()

    def body():
        # zmq cannot use Windows' default loop.
        factory = asyncio.SelectorEventLoop if sys.platform == "win32" else None
        try:
            with asyncio.Runner(loop_factory=factory) as runner:
                result["loop"] = runner.get_loop()
                result["value"] = runner.run(entry())
        except BaseException as error:  # handed to the caller's thread below
            result["error"] = error
        finally:
            running.set()
            ended.set()

    async def entry():
        result["task"] = asyncio.current_task()
        running.set()
        return await make()

    thread = threading.Thread(target=body, daemon=True)
    thread.start()
    try:
        # Not thread.join: interrupted, it takes the thread for ended (until Python 3.13). Short,
        # because Windows sees Ctrl-C only between two waits.
        while not ended.wait(0.2):
            pass
    except BaseException:
        running.wait()
        if "task" in result:
            with contextlib.suppress(RuntimeError):  # it ended by itself in this moment
                result["loop"].call_soon_threadsafe(result["task"].cancel)
        ended.wait(15)  # for the kernels to end
        raise
    if "error" in result:
        raise result["error"]
    return result["value"]


def require_kernel():
    """Raise SetupError unless this Python can be a Jupyter kernel."""
    lacking = [n for n in ("ipykernel", "nbclient") if importlib.util.find_spec(n) is None]
    if lacking:
        raise SetupError(
            f"This Python ({sys.executable}) has no {' and no '.join(lacking)}, so no notebook "
            f"can run. Install it: {sys.executable} -m pip install -r requirements.txt"
        )


def clear(nb):
    for cell in nb.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    nb.metadata.pop("widgets", None)


def count_gates(nb):
    """How many calls of `gate` a whole run makes, or None where that cannot be read off.

    A call in a loop, a function or a branch may run any number of times.
    """
    count = 0
    for cell in nb.cells:
        if cell.cell_type != "code" or "gate" not in cell.source:
            continue
        try:
            tree = ast.parse(cell.source)
        except SyntaxError:  # a magic
            return None
        # Certain is a statement that is nothing but the call.
        sure = sum(_is_gate(getattr(statement, "value", None)) for statement in tree.body)
        if sure != sum(map(_is_gate, ast.walk(tree))):
            return None
        count += sure
    return count


def _is_gate(node):
    if not isinstance(node, ast.Call):
        return False
    return getattr(node.func, "id", getattr(node.func, "attr", None)) == "gate"


def _joined(outputs):
    """Outputs with neighbouring pieces of one stream put together: where it was cut is chance."""
    joined = []
    for output in outputs:
        before = joined[-1] if joined else {}
        if output.output_type == "stream" and before.get("name") == output.name:
            before.text += output.text
        else:
            joined.append(output)
    return joined


def printed_gates(nb):
    """The lines "gate passed: …" that the cells printed."""
    text = "".join(
        output.text + "\n"
        for cell in nb.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if output.output_type == "stream" and output.name == "stdout"
    )
    return [line for line in text.splitlines() if line.startswith(GATE)]


def one_line(text, width=160):
    first = " ".join(str(text).split())
    return first if len(first) <= width else first[: width - 1] + "…"


def _may_fail(cell):
    return "raises-exception" in cell.metadata.get("tags", [])


def _note(nb, index, name, text):
    """Show in the notebook itself why it ends here."""
    from nbformat.v4 import new_output

    if index is not None:
        nb.cells[index].outputs.append(
            new_output("error", ename=name, evalue=text, traceback=[f"{name}: {text}"])
        )


def _kernel_env(env):
    joined = {**os.environ, **(env or {})}
    paths = [str(ROOT), *filter(None, [joined.get("PYTHONPATH")])]
    joined["PYTHONPATH"] = os.pathsep.join(paths)
    return joined


def _own_kernel():
    """A finder of kernels that knows one: the Python that runs this."""
    from jupyter_client.kernelspec import KernelSpec, KernelSpecManager

    class OwnKernel(KernelSpecManager):
        def get_kernel_spec(self, kernel_name):
            command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
            return KernelSpec(
                argv=command, display_name="Python 3", language="python",
                metadata={"supported_encryption": ["curve"]},
            )  # fmt: skip

    return OwnKernel()


async def _stop(manager, client):
    """End the kernel at once, whatever state it is in."""
    from jupyter_core.utils import ensure_async

    if client.kc is not None:
        client.kc.stop_channels()
    if manager.has_kernel:
        with contextlib.suppress(RuntimeError, ProcessLookupError):
            await manager.shutdown_kernel(now=True)
    await ensure_async(manager.cleanup_resources())
