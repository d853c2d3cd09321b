"""What programs read: dates, changes, the list of pages, the catalog for DCAT-US 3, and schema.org in each page."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from markupsafe import Markup

from dap.languages import LANGUAGES, OWN
from dap.plan import Plan
from dap.publish.facts import Dated, Entry, collection_address, mandate_address
from dap.publish.pages import HOME, Page
from dap.publish.words import VOCABULARY, Words

if TYPE_CHECKING:
    from dap.publish.site import Site

_SPACE = uuid.UUID("6ba7b811-9dad-11d1-80b4-00c04fd430c8")
"""RFC 9562's name space for addresses: the same plan's things get the same ids in every build."""
_ATOM = "http://www.w3.org/2005/Atom"
_SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
# The European Union's frequency codes, which DCAT-US 3 names; a frequency of ours that is none of them is left out.
_FREQUENCIES = {
    "continuous": "CONT",
    "weekly": "WEEKLY",
    "monthly": "MONTHLY",
    "quarterly": "QUARTERLY",
    "three a year": "ANNUAL_3",
    "three windows a year": "ANNUAL_3",
    "semiannual": "ANNUAL_2",
    "annual": "ANNUAL",
    "biennial": "BIENNIAL",
    "every five years": "QUINQUENNIAL",
}
_FREQUENCY_LIST = "http://publications.europa.eu/resource/authority/frequency/"


def calendar(plan: Plan, dates: Iterable[Dated], title: str) -> bytes:
    """The dates as iCalendar: one event of a whole day each; a date known to the month is left out."""
    from icalendar import Calendar, Event

    made = Calendar()
    made.add("prodid", "-//dap//data acquisition plan//EN")
    made.add("version", "2.0")
    made.add("x-wr-calname", title)
    stamp = datetime.combine(_day(plan.created) or date(1980, 1, 1), datetime.min.time(), UTC)
    for each in dates:
        day = _day(each.date)
        if day is None:
            continue
        event = Event()
        key = "/".join((plan.name, each.collection.id, each.school_year, each.window, each.kind))
        event.add("uid", f"{uuid.uuid5(_SPACE, key)}@{plan.name or 'plan'}")
        event.add("dtstamp", stamp)
        event.add("dtstart", day)
        named, *more = each.kind.split(" ", 1)
        what = " ".join([VOCABULARY["date"].get(named, named), *(f"({part})" for part in more)])
        window = f", {each.window}" if each.window else ""
        event.add("summary", f"{each.collection.title}{window}: {what}")
        event.add("description", f"School year {each.school_year}. {plan.title} {plan.version}.")
        event.add("transp", "TRANSPARENT")
        made.add_component(event)
    return bytes(made.to_ical())


def _day(written: str) -> date | None:
    return date.fromisoformat(written) if len(written) == 10 else None


def atom(site: Site) -> bytes:
    """What changed from version to version, as an Atom feed."""
    plan = site.plan
    ElementTree.register_namespace("", _ATOM)
    feed = ElementTree.Element(f"{{{_ATOM}}}feed", {"{http://www.w3.org/XML/1998/namespace}lang": OWN})
    _put(feed, "id", _urn(plan, "changes"))
    _put(feed, "title", plan.title)
    _put(feed, "updated", _moment(plan.changes[0].date if plan.changes else plan.created))
    _put(_put(feed, "author", ""), "name", plan.publisher or plan.title)
    _put(feed, "link", "", rel="self", href=site.url("feed.xml"))
    _put(feed, "link", "", href=site.url("changes.html"))
    for change in plan.changes:
        entry = _put(feed, "entry", "")
        _put(entry, "id", _urn(plan, f"changes/{change.version}"))
        _put(entry, "title", f"Version {change.version}")
        _put(entry, "updated", _moment(change.date))
        _put(entry, "link", "", href=f"{site.url('changes.html')}#version-{change.version.replace('.', '-')}")
        _put(entry, "summary", change.text)
    return _xml(feed)


def _put(parent: ElementTree.Element, name: str, text: str, **attributes: str) -> ElementTree.Element:
    made = ElementTree.SubElement(parent, f"{{{_ATOM}}}{name}", attributes)
    made.text = text or None
    return made


def _moment(day: str) -> str:
    return f"{day or '1980-01-01'}T00:00:00Z"


def _urn(plan: Plan, name: str) -> str:
    return uuid.uuid5(_SPACE, f"{plan.name}/{name}").urn


def _xml(root: ElementTree.Element) -> bytes:
    ElementTree.indent(root)
    text = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n'.encode()


def sitemap(site: Site) -> bytes:
    """Every page in every language, with its other languages."""
    from dap.publish.site import in_language

    ElementTree.register_namespace("", _SITEMAP)
    ElementTree.register_namespace("xhtml", "http://www.w3.org/1999/xhtml")
    listed = ElementTree.Element(f"{{{_SITEMAP}}}urlset")
    for page in site.pages.values():
        if page.template == "missing.html":
            continue
        for language in LANGUAGES:
            url = ElementTree.SubElement(listed, f"{{{_SITEMAP}}}url")
            ElementTree.SubElement(url, f"{{{_SITEMAP}}}loc").text = site.url(in_language(language, page.address))
            if site.plan.created:
                ElementTree.SubElement(url, f"{{{_SITEMAP}}}lastmod").text = site.plan.created
            for other in LANGUAGES:
                attributes = {"rel": "alternate", "hreflang": other, "href": site.url(in_language(other, page.address))}
                ElementTree.SubElement(url, "{http://www.w3.org/1999/xhtml}link", attributes)
    return _xml(listed)


def dcat(site: Site) -> dict[str, Any]:
    """The catalog in the form of DCAT-US 3: one dataset for each collection, and one for the plan itself."""
    plan = site.plan
    publisher = {
        "@type": "Organization",
        "name": plan.publisher or plan.title,
        "prefLabel": plan.publisher or plan.title,
    }
    licence = next((each.path for each in plan.licenses if each.path), None)
    catalog: dict[str, Any] = {
        "@type": "Catalog",
        "@id": site.url("data.json"),
        "title": plan.title,
        "description": plan.description or plan.title,
        "publisher": publisher,
        "homepage": {"@type": "Document", "@id": site.url(HOME), "title": plan.title},
        "dataset": [_plan_dataset(site, publisher, licence), *_collection_datasets(site, publisher, licence)],
    }
    return catalog | ({"modified": plan.created} if plan.created else {})


def _plan_dataset(site: Site, publisher: dict[str, Any], licence: str | None) -> dict[str, Any]:
    plan = site.plan
    return {
        "@type": "Dataset",
        "@id": site.url("downloads/plan/datapackage.json"),
        "identifier": [plan.name],
        "title": plan.title,
        "description": plan.description or plan.title,
        "publisher": publisher,
        "version": plan.version,
        "landingPage": {"@type": "Document", "@id": site.url("data.html"), "title": plan.title},
        "distribution": [
            _distribution(site, "downloads/plan/datapackage.json", "application/json", licence),
            _distribution(site, "downloads/plan.zip", "application/zip", licence),
            _distribution(site, "downloads/plan.xlsx", _XLSX, licence),
        ],
    }


_MEDIA_TYPES = "https://www.iana.org/assignments/media-types/"
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _collection_datasets(site: Site, publisher: dict[str, Any], licence: str | None) -> Iterable[dict[str, Any]]:
    for collection in site.plan.all_collections:
        made: dict[str, Any] = {
            "@type": "Dataset",
            "@id": site.url(collection_address(collection.id)),
            "identifier": [collection.id],
            "title": collection.title,
            "description": collection.description or collection.title,
            "publisher": publisher,
            "version": site.plan.version,
            "landingPage": {
                "@type": "Document",
                "@id": site.url(collection_address(collection.id)),
                "title": collection.title,
            },
            "distribution": [
                _distribution(
                    site, f"downloads/collections/{collection.id}/datapackage.json", "application/json", licence
                )
            ],
        }
        if code := _FREQUENCIES.get(collection.frequency):
            made["accrualPeriodicity"] = _FREQUENCY_LIST + code
        if collection.purpose:
            made["purpose"] = collection.purpose
        yield made


def _distribution(site: Site, path: str, media_type: str, licence: str | None) -> dict[str, Any]:
    made = {
        "@type": "Distribution",
        "title": path.rsplit("/", 1)[-1],
        "downloadURL": site.url(path),
        "mediaType": _MEDIA_TYPES + media_type,
    }
    return made | ({"license": licence} if licence else {})


def structured_data(site: Site, page: Page, said: Words) -> Markup:
    """What a page is about in schema.org's terms, as a data block that runs nothing; or nothing."""
    makers = {"collection": _dataset, "element": _term, "law": _legislation}
    if page.address == HOME:
        described = _data_catalog(site)
    elif page.kind in makers:
        described = makers[page.kind](site, page)
    else:
        return Markup("")
    text = json.dumps({"@context": "https://schema.org", **described}, ensure_ascii=False)
    # The only sequence that could end the block early.
    return Markup('<script type="application/ld+json">{}</script>').format(Markup(text.replace("<", "\\u003c")))


def _data_catalog(site: Site) -> dict[str, Any]:
    plan = site.plan
    return {
        "@type": "DataCatalog",
        "name": plan.title,
        "description": plan.description or plan.title,
        "version": plan.version,
        "url": site.url(HOME),
        "publisher": {"@type": "Organization", "name": plan.publisher or plan.title},
        **({"dateModified": plan.created} if plan.created else {}),
        **({"license": plan.licenses[0].path} if plan.licenses and plan.licenses[0].path else {}),
    }


def _dataset(site: Site, page: Page) -> dict[str, Any]:
    collection = page.given["collection"]
    return {
        "@type": "Dataset",
        "name": collection.title,
        "identifier": collection.id,
        "description": collection.description or collection.title,
        "url": site.url(page.address),
        "version": site.plan.version,
        "creator": {"@type": "Organization", "name": site.plan.publisher or site.plan.title},
        **({"license": site.plan.licenses[0].path} if site.plan.licenses and site.plan.licenses[0].path else {}),
        "includedInDataCatalog": {"@type": "DataCatalog", "name": site.plan.title, "url": site.url(HOME)},
        "distribution": {
            "@type": "DataDownload",
            "encodingFormat": "application/json",
            "contentUrl": site.url(f"downloads/collections/{collection.id}/datapackage.json"),
        },
    }


def _term(site: Site, page: Page) -> dict[str, Any]:
    entry: Entry = page.given["entry"]
    return {
        "@type": "DefinedTerm",
        "name": entry.element.title,
        "termCode": entry.element.name,
        "description": entry.element.description or entry.element.title,
        "url": site.url(page.address),
        "inDefinedTermSet": site.url(collection_address(entry.collection.id)),
    }


def _legislation(site: Site, page: Page) -> dict[str, Any]:
    mandate = page.given["mandate"]
    return {
        "@type": "Legislation",
        "name": mandate.title or mandate.citation,
        **({"legislationIdentifier": mandate.citation} if mandate.citation else {}),
        **({"description": mandate.summary} if mandate.summary else {}),
        "url": site.url(mandate_address(mandate.id)),
    }
