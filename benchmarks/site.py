"""Measure how long the public plan takes to build, its PDFs apart, and how much a first visit fetches."""

from __future__ import annotations

import gzip
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SITE_SECONDS, PDF_SECONDS, VISIT_KILOBYTES = 30.0, 120.0, 60.0
# What a browser fetches with every page.
_SHARED = ("assets/site.css", "assets/site.js", "assets/icon.svg")


def main() -> int:
    """Print each figure beside its target, and answer 1 when one is missed."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "site"
        seconds = _publish(folder)
        pages = sum(1 for _ in folder.rglob("*.html"))
        visit = max(_visit(folder, page) for page in (folder / "collections").glob("*.html"))
        with_pdf = _publish(folder, "--pdf")
        documents = sum(1 for _ in folder.rglob("*.pdf"))
    rows = [
        (f"site of {pages} pages, s", seconds, SITE_SECONDS),
        ("largest first visit to a collection, kB", visit / 1000, VISIT_KILOBYTES),
    ]
    if documents:
        rows.append((f"{documents} PDFs, s", with_pdf - seconds, PDF_SECONDS))
    for name, seen, wanted in rows:
        print(f"{name:42}{seen:8.2f}  at most {wanted:g} wanted: {'reached' if seen <= wanted else 'MISSED'}")
    if not documents:
        print("No PDF was made: a library for them is missing.")
    return 0 if all(seen <= wanted for _, seen, wanted in rows) else 1


def _publish(folder: Path, *options: str) -> float:
    begin = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "dap", "publish", str(folder), *options], cwd=ROOT, capture_output=True, check=True
    )
    return time.perf_counter() - begin


def _visit(folder: Path, page: Path) -> int:
    files = (page, *(folder / name for name in _SHARED))
    return sum(len(gzip.compress(each.read_bytes())) for each in files)


if __name__ == "__main__":
    sys.exit(main())
