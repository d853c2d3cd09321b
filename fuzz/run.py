"""Fuzz the readers for a given time with Atheris: `python -m fuzz.run SECONDS [TARGET...]`; exit code 1 at a crash.

Each target runs in a process of its own for its share of the time, with 30 seconds and 1 GB for each input. What broke
it is left in the folder given with FUZZ_FOLDER, or nowhere.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

_RUN = """
import sys, atheris
with atheris.instrument_imports(include=["dap.submission"]):
    from fuzz.targets import TARGETS
atheris.Setup(sys.argv, TARGETS[{name!r}])
atheris.Fuzz()
"""


def main(arguments: Sequence[str]) -> int:
    """Run the targets; what is printed is the executions of each, and what broke."""
    from fuzz.targets import TARGETS

    seconds = int(arguments[0])
    chosen = list(arguments[1:]) or list(TARGETS)
    share = max(1, seconds // len(chosen))
    broke = [name for name in chosen if not _run(name, share)]
    print(
        f"{len(chosen) - len(broke)} of {len(chosen)} targets held." + (f" Broke: {', '.join(broke)}" if broke else "")
    )
    return 1 if broke else 0


def _run(name: str, seconds: int) -> bool:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(os.environ.get("FUZZ_FOLDER", scratch))
        folder.mkdir(parents=True, exist_ok=True)
        script = Path(scratch) / f"{name}.py"
        script.write_text(_RUN.format(name=name), "utf-8")
        options = [f"-max_total_time={seconds}", "-timeout=30", "-rss_limit_mb=1024", "-print_final_stats=1"]
        finished = subprocess.run(
            [sys.executable, str(script), *options, f"-artifact_prefix={folder}{os.sep}"],
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
    executions = re.search(r"number_of_executed_units: ([0-9]+)", finished.stderr)
    print(f"{name}: {executions[1] if executions else 'no'} executions, exit code {finished.returncode}", flush=True)
    if finished.returncode:
        print("\n".join(finished.stderr.splitlines()[-30:]))
    return finished.returncode == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
