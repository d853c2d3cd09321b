"""How long each notebook takes in a kernel of its own, start to last cell; asked for are 20 s, and 120 s for all."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient

FOLDER = Path(__file__).resolve().parent.parent / "notebooks"


def main() -> int:
    """Print the seconds of each notebook and of all."""
    total = 0.0
    for path in sorted(FOLDER.glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
        begun = time.perf_counter()
        place = {"metadata": {"path": str(FOLDER)}}
        NotebookClient(notebook, kernel_name="python3", timeout=300, resources=place).execute()
        took = time.perf_counter() - begun
        total += took
        print(f"{path.stem:<36}{took:6.1f} s")
    print(f"{'all, one after another':<36}{total:6.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
