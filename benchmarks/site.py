"""Measure the public plan: how long a large one and its PDFs take, what a visit fetches, and Lighthouse's marks."""

from __future__ import annotations

import gzip
import json
import mimetypes
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import cycle
from pathlib import Path
from posixpath import dirname, normpath
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).resolve().parent.parent
SITE_SECONDS, PDF_SECONDS, VISIT_KILOBYTES, MARK = 30.0, 120.0, 60.0, 100.0
PAGES = 2500
# What else the machine does takes marks away and gives none, so the best of some tries counts.
TRIES = 3
LIGHTHOUSE = "lighthouse@12"
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
# Home, and the page of each kind with the most bytes.
_ASKED = ("index.html", "collections/", "elements/", "search.html")


def main() -> int:
    """Print each figure beside its target, and answer 1 when one is missed."""
    with tempfile.TemporaryDirectory() as scratch:
        large, site = Path(scratch) / "large", Path(scratch) / "site"
        _enlarge(large, PAGES)
        missed = _build_times(large, Path(scratch) / "large-site")
        _publish(ROOT, site)
        missed += _visits(site)
        missed += _lighthouse(site, Path(scratch))
    return 1 if missed else 0


def _line(name: str, seen: float, wanted: float, more: str = "", *, most: bool = True) -> int:
    """Print a figure beside its target; 1 where it is missed."""
    missed = seen > wanted if most else seen < wanted
    bound = "at most" if most else "at least"
    print(f"{name:52}{seen:8.2f}  {bound} {wanted:g} wanted: {'MISSED' if missed else 'reached'}{more}")
    return int(missed)


def _enlarge(root: Path, pages: int) -> None:
    """Write a copy of the plan with copies of its collections under new names, until its site has that many pages."""
    from dap.catalog import open_plan
    from dap.languages import LANGUAGES
    from dap.publish.facts import Facts
    from dap.publish.pages import every_page

    shutil.copytree(ROOT / "catalog", root / "catalog")
    plan = open_plan(ROOT)
    lacking = pages - len(LANGUAGES) * sum(1 for _ in every_page(plan, Facts(plan)))
    for number, each in enumerate(cycle(plan.all_collections)):
        if lacking <= 0:
            return
        new = f"{each.id}-copy-{number}"
        shutil.copytree(each.folder, root / "catalog" / "collections" / new)
        descriptor = root / "catalog" / "collections" / new / "datapackage.json"
        document = json.loads(descriptor.read_text("utf-8"))
        document["name"] = new
        document["title"] += f", copy {number}"
        descriptor.write_text(json.dumps(document), "utf-8")
        lacking -= len(LANGUAGES) * (1 + sum(len(layout.elements) for layout in each.layouts))


def _build_times(plan: Path, folder: Path) -> int:
    seconds, busy = _publish(plan, folder)
    pages = sum(1 for _ in folder.rglob("*.html"))
    missed = _line(f"site of {pages:,} pages with search and feeds, s", seconds, SITE_SECONDS, _processor(busy))
    with_pdf, busy_pdf = _publish(plan, folder, "--pdf")
    if documents := sum(1 for _ in folder.rglob("*.pdf")):
        name = f"{documents} PDFs of it, apart, s"
        missed += _line(name, with_pdf - seconds, PDF_SECONDS, _processor(busy_pdf - busy))
    else:
        print("No PDF was made: a library for them is missing.")
    return missed


def _processor(seconds: float) -> str:
    # On a machine that does other work too, this is what building alone takes.
    return f" ({seconds:.1f} s of one processor)"


def _publish(plan: Path, folder: Path, *options: str) -> tuple[float, float]:
    """Build the site; the seconds it took, and the seconds a processor worked for it."""
    begun, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "dap", "publish", str(folder), "--plan", str(plan), *options]
    subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    busy = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - begun, busy


class _Loaded(HTMLParser):
    """What a browser fetches with a page: the files that its head and its pictures name."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.files: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        if tag == "link" and given.get("rel") in ("stylesheet", "icon"):
            self.files.append(given["href"] or "")
        elif "src" in given:
            self.files.append(given["src"] or "")


def first_visit(site: Path, page: str) -> int:
    """The bytes of a page with all that it loads, each file compressed as `gzip -9` does, without HTTP's headers.

    Every font that a stylesheet names counts, though a browser fetches only those whose letters a page has.
    """
    files = {page, *_beside(page, _Loaded((site / page).read_text("utf-8")).files)}
    for sheet in sorted(each for each in files if each.endswith(".css")):
        files |= _beside(sheet, _URL.findall((site / sheet).read_text("utf-8")))
    return sum(_packed(site / each) for each in files)


_URL = re.compile(r"""url\(["']?([^"')]+)""")


def _beside(path: str, names: Iterable[str]) -> set[str]:
    return {normpath(f"{dirname(path)}/{each}").lstrip("/") for each in names}


@lru_cache(maxsize=64)
def _packed(path: Path) -> int:
    return len(gzip.compress(path.read_bytes()))


def _visits(site: Path) -> int:
    sizes = {path: first_visit(site, path) for path in _pages(site, "collections/")}
    largest = max(sizes, key=lambda path: sizes[path])
    missed = _line("largest first visit to a collection, kB", sizes[largest] / 1000, VISIT_KILOBYTES)
    others = {
        path: first_visit(site, path) for kind in _ASKED if not kind.startswith("col") for path in _pages(site, kind)
    }
    print(f"{'first visits to home, the largest element, search, kB':52}  ", end="")
    for kind in ("index.html", "elements/", "search.html"):
        print(f"{max(size for path, size in others.items() if path.startswith(kind)) / 1000:6.1f}", end="")
    print()
    return missed


def _pages(site: Path, kind: str) -> Iterator[str]:
    if kind.endswith(".html"):
        yield kind
    else:
        yield from (path.relative_to(site).as_posix() for path in (site / kind).rglob("*.html"))


def _lighthouse(site: Path, scratch: Path) -> int:
    """Ask Lighthouse on its slow phone; it is fetched from npm, so it is asked only where npx and a Chromium are."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if shutil.which("npx") is None or chromium is None:
        print("Lighthouse was not asked: it needs npx and Chromium.")
        return 0
    if subprocess.run(["npx", "--yes", LIGHTHOUSE, "--version"], capture_output=True).returncode:
        print("Lighthouse was not asked: npx cannot fetch it.")
        return 0
    missed = 0
    with _served(site) as address:
        for kind in _ASKED:
            page = max(_pages(site, kind), key=lambda path: first_visit(site, path))
            marks: dict[str, float] = dict.fromkeys(CATEGORIES, 0.0)
            for _ in range(TRIES):
                asked = _marks(address + page, scratch / "lighthouse.json", chromium)
                marks = {name: max(mark, asked[name]) for name, mark in marks.items()}
                if min(marks.values()) >= MARK:
                    break
            told = ", ".join(f"{name} {mark:g}" for name, mark in marks.items())
            missed += _line(
                f"Lighthouse, {page.split('/')[0].removesuffix('.html')}",
                min(marks.values()),
                MARK,
                f" ({told})",
                most=False,
            )
    return missed


def _marks(address: str, report: Path, chromium: str) -> dict[str, float]:
    subprocess.run(
        [
            *("npx", "--yes", LIGHTHOUSE, address, "--quiet", "--output=json", f"--output-path={report}"),
            f"--only-categories={','.join(CATEGORIES)}",
            "--chrome-flags=--headless=new --no-sandbox --disable-gpu",
        ],
        env={**os.environ, "CHROME_PATH": chromium},
        capture_output=True,
        check=True,
    )
    found = json.loads(report.read_text("utf-8"))["categories"]
    return {name: 100 * (found[name]["score"] or 0) for name in CATEGORIES}


@contextmanager
def _served(site: Path) -> Iterator[str]:
    """The site on this machine, compressed as the page about publishing asks of a server."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path = site / (unquote(urlsplit(self.path).path).lstrip("/") or "index.html")
            there = path.is_file() and path.resolve().is_relative_to(site.resolve())
            content = gzip.compress(path.read_bytes()) if there else b""
            self.send_response(200 if there else 404)
            kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
            self.send_header("Content-Type", kind + ("; charset=utf-8" if kind.startswith("text/") else ""))
            if there:
                self.send_header("Content-Encoding", "gzip")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """The figures alone are printed."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()
        thread.join()


if __name__ == "__main__":
    sys.exit(main())
