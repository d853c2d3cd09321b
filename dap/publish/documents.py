"""PDF documents, tagged and marked PDF/UA-1: one of each collection, and a short one of the whole plan."""

from __future__ import annotations

import atexit
import os
from base64 import b64encode
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import lru_cache, partial
from importlib.util import find_spec
from multiprocessing import get_context

from dap import fonts
from dap.errors import CouldNotRun
from dap.languages import LANGUAGES
from dap.plan import Collection, Plan
from dap.publish.pages import Page
from dap.publish.site import HERE, Maker, Site


def missing() -> str:
    """What keeps PDFs from being made, in a sentence; empty where nothing does."""
    if find_spec("weasyprint") is None:
        return "WeasyPrint is not installed (pip install 'dap[pdf]')."
    try:
        import weasyprint  # noqa: F401  # it loads Pango, which may be missing
    except OSError:
        return "WeasyPrint finds no Pango on this machine; its own pages say how to install it."
    return ""


@contextmanager
def documents(site: Site) -> Iterator[dict[str, Maker]]:
    """What makes each document, by its path: in each language, one of each collection and one of the plan.

    Many are made by a process for each processor, and are under way from the start; what was not asked for when the
    context ends is left. A maker raises CouldNotRun where such a process was ended.
    """
    wanted: dict[str, tuple[str, str]] = {}
    for language in LANGUAGES:
        wanted[f"downloads/plan.{language}.pdf"] = ("", language)
        for each in site.plan.all_collections:
            wanted[f"downloads/collections/{each.id}/{each.id}.{language}.pdf"] = (each.id, language)
    processes = min(os.cpu_count() or 1, len(wanted) // _WORTH_A_PROCESS)
    if processes < 2:
        yield {path: partial(_document, site, *each) for path, each in wanted.items()}
        return
    # Started anew, not forked: the libraries that draw have threads, which a fork would not take along.
    with ProcessPoolExecutor(
        processes, get_context("spawn"), initializer=_begin, initargs=(site.plan, site.address)
    ) as pool:
        under_way = {path: pool.submit(_made, *each) for path, each in wanted.items()}
        try:
            yield {path: partial(_result, each) for path, each in under_way.items()}
        finally:
            pool.shutdown(cancel_futures=True)


# A process is ready after 3 s, and makes five documents in one.
_WORTH_A_PROCESS = 20
_OF_THIS_PROCESS: list[Site] = []


def _begin(plan: Plan, address: str) -> None:
    _OF_THIS_PROCESS.append(Site(plan, address))


def _made(id: str, language: str) -> bytes:
    return _document(_OF_THIS_PROCESS[0], id, language)


def _document(site: Site, id: str, language: str) -> bytes:
    return document(site, site.plan.collection(id) if id else None, language)


def _result(made: Future[bytes]) -> bytes:
    try:
        return made.result()
    except BrokenProcessPool:
        raise CouldNotRun("a process that makes PDFs was ended early; the machine may lack memory.") from None


def document(site: Site, collection: Collection | None, language: str) -> bytes:
    """The PDF of a collection, or without one of the whole plan; the same plan gives the same bytes."""
    import weasyprint

    title = collection.title if collection else site.plan.title
    template = "print_collection.html" if collection else "print_plan.html"
    kind = "collection" if collection else "page"
    page = Page("print.html", template, title, kind, {"collection": collection} if collection else {})
    text = site.render(page, language)
    made = weasyprint.HTML(string=text, base_url="about:blank", url_fetcher=_nothing)
    identifier = f"{site.plan.name}-{site.plan.version}-{collection.id if collection else ''}-{language}".encode()
    stylesheet, letters = _looks()
    return bytes(
        made.write_pdf(stylesheets=[stylesheet], font_config=letters, pdf_variant="pdf/ua-1", pdf_identifier=identifier)
    )


@lru_cache(maxsize=1)
def _looks() -> tuple[object, object]:
    """The stylesheet, and the fonts that it brings."""
    import weasyprint
    from weasyprint.text.fonts import FontConfiguration

    letters = FontConfiguration()
    # It has a folder of its own, which it takes away only while Python is whole.
    atexit.register(_looks.cache_clear)
    text = _faces() + (HERE / "templates" / "print.css").read_text("utf-8")
    return weasyprint.CSS(string=text, font_config=letters), letters


def _faces() -> str:
    """The fonts as rules of a stylesheet, each whole within, so that nothing is loaded."""
    held = {weight: b64encode((fonts.FOLDER / name).read_bytes()).decode("ascii") for weight, name in fonts.WEB.items()}
    return "".join(
        f'@font-face {{ font-family: "{fonts.FAMILY}"; font-weight: {weight}; '
        f"src: url(data:font/woff2;base64,{each}) }}\n"
        for weight, each in held.items()
    )


def _nothing(url: str) -> dict[str, object]:
    raise ValueError("a document loads nothing")
