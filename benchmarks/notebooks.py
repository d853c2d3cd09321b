"""How long each notebook takes in a kernel of its own, start to last cell; asked for are 20 s, and 120 s for all.

Seconds of processor are printed beside those of the clock, because other work on the machine lengthens only the latter.
"""

from __future__ import annotations

import os
import resource
import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient

FOLDER = Path(__file__).resolve().parent.parent / "notebooks"


def main() -> int:
    """Print the seconds of each notebook and of all, and how busy the machine was."""
    load, cores = os.getloadavg()[0], os.cpu_count()
    print(f"{cores} cores, load {load:.1f} before the first (above {cores}, others wait for the same cores)")
    print(f"{'':<36}{'clock':>9}{'processor':>13}")
    clocks, works = [], []
    for path in sorted(FOLDER.glob("*.ipynb")):
        clock, work = _seconds(path)
        clocks.append(clock)
        works.append(work)
        print(f"{path.stem:<36}{clock:7.1f} s{work:11.1f} s", flush=True)
    print(f"{'the longest':<36}{max(clocks):7.1f} s{max(works):11.1f} s")
    print(f"{'all, one after another':<36}{sum(clocks):7.1f} s{sum(works):11.1f} s")
    return 0


def _seconds(path: Path) -> tuple[float, float]:
    """Seconds of the clock, and those that the kernel and its children spent on processors."""
    notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    place = {"metadata": {"path": str(FOLDER)}}
    begun, before = time.perf_counter(), _children()
    # Its own kernel, which has ended and been counted when this returns.
    client = NotebookClient(notebook, kernel_name="python3", timeout=300, resources=place)
    # It would warn that it talks over TCP, which here is this machine's own.
    client.extra_arguments = ["--log-level=ERROR"]
    client.execute()
    return time.perf_counter() - begun, _children() - before


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    sys.exit(main())
