"""`python -m course lab`: JupyterLab, on the first chapter."""

import contextlib
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

from course.chapters import CHAPTERS
from course.environment import ROOT, SetupError

NEWS = {"@jupyterlab/apputils-extension:notification": {"fetchNews": "false"}}


def lab_command(words=()):
    """The command that opens JupyterLab on the start page, as a list of words.

    Args:
        words: further words for JupyterLab, such as "--no-browser".
    """
    first = ROOT / "notebooks" / f"{CHAPTERS[0].slug}.ipynb"
    page = [str(first)] if first.is_file() else []
    return [
        sys.executable, "-m", "jupyterlab", *page, f"--ServerApp.root_dir={ROOT}", *words,
    ]  # fmt: skip


def ask_for_no_news(prefix=sys.prefix):
    """Tell this environment's JupyterLab not to ask on its first start whether to fetch news.

    The question covers the first cell, and its answer would need a network. Settings that are
    already there stay as they are.
    """
    path = Path(prefix, "share", "jupyter", "lab", "settings", "overrides.json")
    with contextlib.suppress(OSError):  # somebody else's environment: then JupyterLab asks
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "x", encoding="utf-8") as file:
            json.dump(NEWS, file)


def open_lab(words=()):
    """Open JupyterLab and stay until it ends; its exit status comes back."""
    if importlib.util.find_spec("jupyterlab") is None:
        raise SetupError(
            f"This Python ({sys.executable}) has no JupyterLab. "
            f"Install it: {sys.executable} -m pip install -r requirements.txt"
        )
    ask_for_no_news()
    env = dict(os.environ)
    # The kernel of this environment, not one of the same name in the user's home.
    env["JUPYTER_PREFER_ENV_PATH"] = "1"
    env["PYTHONPATH"] = os.pathsep.join([str(ROOT), *filter(None, [env.get("PYTHONPATH")])])
    process = subprocess.Popen(lab_command(words), env=env, cwd=ROOT)
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue  # JupyterLab got it too and asks before it ends
