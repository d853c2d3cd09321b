"""PDF documents, tagged and marked PDF/UA-1: one of each collection, and a short one of the whole plan."""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec

from dap.languages import LANGUAGES
from dap.plan import Collection
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


def documents(site: Site) -> dict[str, Maker]:
    """What makes each document, by its path: in each language, one of each collection and one of the plan."""
    found: dict[str, Maker] = {}
    for language in LANGUAGES:
        found[f"downloads/plan.{language}.pdf"] = _maker(site, None, language)
        for collection in site.plan.all_collections:
            path = f"downloads/collections/{collection.id}/{collection.id}.{language}.pdf"
            found[path] = _maker(site, collection, language)
    return found


def _maker(site: Site, collection: Collection | None, language: str) -> Maker:
    return lambda: document(site, collection, language)


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
    return bytes(made.write_pdf(stylesheets=[_stylesheet()], pdf_variant="pdf/ua-1", pdf_identifier=identifier))


@lru_cache(maxsize=1)
def _stylesheet() -> object:
    import weasyprint

    return weasyprint.CSS(string=(HERE / "templates" / "print.css").read_text("utf-8"))


def _nothing(url: str) -> dict[str, object]:
    raise ValueError("a document loads nothing")
