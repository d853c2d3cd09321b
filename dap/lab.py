"""Opens JupyterLab on the plan's notebooks: on this machine only, asking nobody outside, without pop-ups."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from dap.errors import ACCEPTED, COULD_NOT_RUN, RequestError

NOTEBOOKS = "notebooks"
# Keeps a fresh profile from asking about news. These are defaults: what users set for themselves still holds.
SETTINGS = Path(__file__).parent / "jupyter"


def open_lab(root: Path, browser: bool = True) -> int:
    """Run JupyterLab on the notebooks of the plan in `root` until it is stopped, and return the exit code.

    The first notebook is open. Without `browser` the address is only printed. RequestError where no notebooks are.
    """
    notebooks = root / NOTEBOOKS
    if not notebooks.is_dir():
        raise RequestError(f"The plan has no folder {NOTEBOOKS}/, so there is nothing to open.")
    paths = [str(SETTINGS), *filter(None, [os.environ.get("JUPYTER_CONFIG_PATH")])]
    environment = {**os.environ, "JUPYTER_CONFIG_PATH": os.pathsep.join(paths)}
    with subprocess.Popen(_command(notebooks, browser), env=environment) as lab:
        return ACCEPTED if _wait(lab) == 0 else COULD_NOT_RUN


def _command(notebooks: Path, browser: bool) -> list[str]:
    first = next(iter(sorted(notebooks.glob("*.ipynb"))), None)
    return [
        sys.executable,
        "-m",
        "jupyterlab",
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.root_dir={notebooks.resolve()}",
        f"--LabApp.default_url=/lab/tree/{first.name}" if first else "--LabApp.default_url=/lab",
        "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--LabApp.extension_manager=readonly",
        *([] if browser else ["--no-browser"]),
    ]


def _wait(lab: subprocess.Popen[bytes]) -> int:
    while True:
        try:
            return lab.wait()
        except KeyboardInterrupt:
            # The terminal sends Ctrl+C to JupyterLab too, which asks whether to stop, and may be told no.
            continue
