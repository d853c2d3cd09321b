"""Opens JupyterLab on the plan's notebooks: on this machine only, asking nobody outside, without pop-ups."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from dap.errors import ACCEPTED, COULD_NOT_RUN, RequestError

NOTEBOOKS = "notebooks"
START = "start.md"
WORKSPACE = "dap"
# Keeps a fresh profile from asking about news, and brings the charts' font. These are defaults: what users set for
# themselves still holds.
SETTINGS = Path(__file__).parent / "jupyter"


def open_lab(root: Path, browser: bool = True) -> int:
    """Run JupyterLab on the notebooks of the plan in `root` until it is stopped, and return the exit code.

    The start page and the first notebook are open, and the file browser shows the catalog, unless the user has left the
    workspace otherwise. Without `browser` the address is only printed. RequestError where no notebooks are.
    """
    notebooks = root / NOTEBOOKS
    if not notebooks.is_dir():
        raise RequestError(f"The plan has no folder {NOTEBOOKS}/, so there is nothing to open.")
    paths = [str(SETTINGS), *filter(None, [os.environ.get("JUPYTER_CONFIG_PATH")])]
    environment = {**os.environ, "JUPYTER_CONFIG_PATH": os.pathsep.join(paths)}
    _keep_workspace(root)
    with subprocess.Popen(_command(root, browser), env=environment) as lab:
        return ACCEPTED if _wait(lab) == 0 else COULD_NOT_RUN


def workspace(root: Path) -> dict[str, Any]:
    """The workspace that a plan opens in: start page, first notebook behind it, catalog in the file browser."""
    first = next((path.name for path in sorted((root / NOTEBOOKS).glob("*.ipynb"))), "")
    opened = {}
    if (root / NOTEBOOKS / START).is_file():
        opened[f"markdownviewer-widget:{NOTEBOOKS}/{START}"] = _opened(START, "Markdown Preview")
    if first:
        opened[f"notebook:{NOTEBOOKS}/{first}"] = _opened(first, "Notebook")
    area = {"type": "tab-area", "currentIndex": 0, "widgets": list(opened)}
    main = {"dock": area, "current": next(iter(opened), "")}
    left = {"collapsed": False, "visible": True, "current": "filebrowser", "widgets": ["filebrowser"]}
    data: dict[str, Any] = {
        "layout-restorer:data": {
            "main": main,
            "left": left,
            "right": {"collapsed": True, "visible": True, "widgets": []},
            "relativeSizes": [0.22, 0.78, 0],
        },
        "file-browser-filebrowser:cwd": {"path": "catalog"},
        **opened,
    }
    return {"data": data, "metadata": {"id": WORKSPACE}}


def _opened(name: str, factory: str) -> dict[str, Any]:
    return {"data": {"path": f"{NOTEBOOKS}/{name}", "factory": factory}}


def _keep_workspace(root: Path) -> None:
    """Put our workspace among the user's, unless one of this name is there: how the user left it is the user's."""
    from jupyterlab.commands import get_workspaces_dir
    from jupyterlab_server.workspaces_handler import WorkspacesManager

    kept = WorkspacesManager(get_workspaces_dir())
    if not any(each["metadata"]["id"] == WORKSPACE for each in kept.list_workspaces()):
        kept.save(WORKSPACE, json.dumps(workspace(root)))


def _command(root: Path, browser: bool) -> list[str]:
    return [
        sys.executable,
        "-m",
        "jupyterlab",
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.root_dir={root.resolve()}",
        f"--LabApp.default_url=/lab/workspaces/{WORKSPACE}",
        "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--LabApp.extension_manager=readonly",
        "--LabApp.custom_css=True",
        *([] if browser else ["--no-browser"]),
    ]


def _wait(lab: subprocess.Popen[bytes]) -> int:
    while True:
        try:
            return lab.wait()
        except KeyboardInterrupt:
            # The terminal sends Ctrl+C to JupyterLab too, which asks whether to stop, and may be told no.
            continue
