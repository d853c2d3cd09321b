"""Every file of the site that is no page: packages, tables, templates, examples, dates, feeds, the search index."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from dap.examples import example_text
from dap.languages import LANGUAGES
from dap.plan import Collection
from dap.publish import feeds, packages, search, tables
from dap.publish.facts import template_name
from dap.publish.site import Maker, Site

COLLECTIONS = "downloads/collections"


def downloads(site: Site) -> dict[str, Maker]:
    """What makes each file, by its path."""
    found: dict[str, Maker] = {}
    found.update(_feeds(site))
    found.update(_plan(site))
    for collection in site.plan.all_collections:
        found.update(_collection(site, collection))
    for notebook in site.notebooks.values():
        found[notebook.download] = _later(bytes, notebook.source)
    for language in LANGUAGES:
        found[f"assets/search-index.{language}.js"] = _later(search.index, site, language)
    return found


def _feeds(site: Site) -> Iterator[tuple[str, Maker]]:
    yield "calendar.ics", _later(feeds.calendar, site.plan, site.facts.dates, site.plan.title)
    yield "feed.xml", _later(feeds.atom, site)
    yield "sitemap.xml", _later(feeds.sitemap, site)
    yield "robots.txt", lambda: f"User-agent: *\nAllow: /\nSitemap: {site.url('sitemap.xml')}\n".encode()
    yield "data.json", lambda: packages.as_json(feeds.dcat(site))


def _plan(site: Site) -> Iterator[tuple[str, Maker]]:
    yield "downloads/plan/datapackage.json", lambda: packages.as_json(packages.plan_package(site.plan, site.tables))
    for name, table in site.tables.items():
        yield f"downloads/plan/{name}.csv", _later(tables.as_csv, table)
    yield (
        "downloads/plan.zip",
        lambda: tables.archive(
            {
                "datapackage.json": packages.as_json(packages.plan_package(site.plan, site.tables)),
                **{f"{name}.csv": tables.as_csv(table) for name, table in site.tables.items()},
            }
        ),
    )
    yield "downloads/plan.xlsx", _later(tables.plan_workbook, site.tables)


def _collection(site: Site, collection: Collection) -> Iterator[tuple[str, Maker]]:
    folder = f"{COLLECTIONS}/{collection.id}"
    yield f"{folder}/datapackage.json", lambda: packages.as_json(packages.collection_package(site.plan, collection))
    if dates := site.facts.dates_of(collection):
        yield f"{folder}/calendar.ics", _later(feeds.calendar, site.plan, tuple(reversed(dates)), collection.title)
    for layout in collection.file_layouts:
        yield f"{folder}/{layout.name}-template.csv", _later(tables.template_csv, layout)
        for language, said in site.words.items():
            workbook = _later(tables.template_workbook, site.plan, collection, layout, said)
            yield f"{folder}/{template_name(layout, language)}", workbook
        example = collection.folder / layout.path
        # A plan may lack one; then it is invented as `dap example` would.
        made = example.read_bytes if example.is_file() else _invented(site, collection, layout.name)
        yield f"{folder}/{layout.path}", made


def _invented(site: Site, collection: Collection, layout: str) -> Maker:
    return lambda: example_text(site.plan, collection, collection.layout(layout)).encode()


def _later(make: Callable[..., bytes], *given: object) -> Maker:
    return lambda: make(*given)
