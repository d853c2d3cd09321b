"""Write notebooks/*.ipynb from the scripts in notebooks/text/, or with --scripts the scripts from the notebooks.

A review reads the script; JupyterLab opens the notebook. Neither holds an output. A cell with a tag has it as its id.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import jupytext
import nbformat

FOLDER = Path(__file__).resolve().parent.parent / "notebooks"
_KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


def notebook_of(script: str, name: str) -> Any:
    """The notebook that a percent script says, with ids that stay the same from one writing to the next."""
    notebook = jupytext.reads(script, fmt="py:percent")
    notebook.metadata = nbformat.from_dict({"kernelspec": _KERNEL, "language_info": {"name": "python"}})  # type: ignore[no-untyped-call]
    notebook.nbformat_minor = 5
    for place, cell in enumerate(notebook.cells):
        tags = cell.metadata.get("tags", [])
        cell["id"] = tags[0] if tags else f"cell-{name[:2]}-{place:02}"
    return notebook


def script_of(notebook: Any) -> str:
    """The percent script of a notebook, without header and outputs."""
    plain = nbformat.from_dict({**notebook, "metadata": {"jupytext": {"notebook_metadata_filter": "-all"}}})  # type: ignore[no-untyped-call]
    return str(jupytext.writes(plain, fmt="py:percent"))


def main() -> int:
    """Write one side of each pair from the other."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--scripts", action="store_true", help="write the scripts from the notebooks")
    if parser.parse_args().scripts:
        for path in sorted(FOLDER.glob("*.ipynb")):
            text = script_of(nbformat.read(path, as_version=4))  # type: ignore[no-untyped-call]
            (FOLDER / "text" / f"{path.stem}.py").write_text(text, "utf-8", newline="\n")
        return 0
    for path in sorted((FOLDER / "text").glob("*.py")):
        notebook = notebook_of(path.read_text("utf-8"), path.stem)
        text = nbformat.writes(notebook, version=4)  # type: ignore[no-untyped-call]
        (FOLDER / f"{path.stem}.ipynb").write_text(text.rstrip("\n") + "\n", "utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
