"""Measure how long a small check takes from the shell, against the import of Great Expectations alone."""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COLLECTION = "psis-october"
RUNS = 7
TARGET = 0.8

# What a user types: the console script, not `python -m`.
DAP = str(Path(sys.executable).parent / "dap")

# Installed packages are byte-compiled; let ours be too, even where a setting of the machine forbids writing it.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def main() -> int:
    """Time both in turn, print what was seen, and answer 1 when the check is slower than the target."""
    with tempfile.TemporaryDirectory() as folder:
        # Only a name of this form is printed in a report.
        file = Path(folder) / f"001-{COLLECTION}-2025-26.csv"
        file.write_bytes(_run([DAP, "example", COLLECTION, "--rows", "100", "--seed", "1"]))
        bare = [sys.executable, "-c", "import great_expectations"]
        check = [DAP, "check", str(file), "--collection", COLLECTION]

        # The first run of each fills the caches of files and byte-code, and is not counted.
        _seconds(bare)
        _seconds(check)
        seen = [(_seconds(bare), _seconds(check)) for _ in range(RUNS)]

    bare_seconds, check_seconds = zip(*seen, strict=True)
    ratio = statistics.median(check_seconds) / statistics.median(bare_seconds)
    print(f"Python {platform.python_version()}, {os.cpu_count()} processors, {RUNS} runs of each in turn; seconds:")
    print(f"{'':34}{'median':>8}{'min':>8}{'max':>8}")
    print(_line("import great_expectations", bare_seconds))
    print(_line(f"dap check, 100 rows of {COLLECTION}", check_seconds))
    print(f"ratio of the medians {ratio:.2f}, at most {TARGET} wanted: {'reached' if ratio <= TARGET else 'MISSED'}")
    return 0 if ratio <= TARGET else 1


def _line(name: str, seconds: Sequence[float]) -> str:
    return f"{name:34}{statistics.median(seconds):8.2f}{min(seconds):8.2f}{max(seconds):8.2f}"


def _seconds(command: list[str]) -> float:
    begin = time.perf_counter()
    _run(command)
    return time.perf_counter() - begin


def _run(command: list[str]) -> bytes:
    finished = subprocess.run(command, cwd=ROOT, env=ENVIRONMENT, capture_output=True, check=False)
    if finished.returncode:
        sys.stderr.buffer.write(finished.stdout + finished.stderr)
        raise SystemExit(f"{Path(command[0]).name} ended with exit code {finished.returncode}; nothing was measured.")
    return finished.stdout


if __name__ == "__main__":
    sys.exit(main())
