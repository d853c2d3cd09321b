"""The public plan: every link leads somewhere, others read every file back, and the same plan gives the same bytes."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import re
import subprocess
import sys
import zipfile
import zlib
from collections import deque
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from posixpath import dirname, normpath
from typing import Any
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree

import frictionless
import html5lib
import openpyxl
import pytest
from icalendar import Calendar
from jsonschema import Draft7Validator, FormatChecker
from referencing import Registry, Resource

from benchmarks.site import first_visit
from dap.catalog import open_plan
from dap.errors import CouldNotRun, RequestError
from dap.languages import LANGUAGES, OWN
from dap.plan import Plan
from dap.publish import publish
from dap.publish.facts import Facts
from dap.publish.pages import HOME, every_page
from dap.publish.site import PREVIEW, Site, counts
from dap.publish.words import VOCABULARY, po_file, words
from dap.publish.writing import MARK, write_site
from tests.conftest import PLAN, ROSTER, NewPlan, edit
from tools.write_site_words import po_text, sentences

ROOT = Path(__file__).resolve().parent.parent
DCAT = Path(__file__).resolve().parent / "data" / "dcat-us"
LONGEST_FIRST_VISIT = 60_000


class Links(HTMLParser):
    """What a page refers to, which places it has, and what a strict policy would refuse."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.links: list[tuple[str, str]] = []
        self.loaded: list[str] = []
        self.places: set[str] = set()
        self.doubled: list[str] = []
        self.inline: list[str] = []
        self._anchor = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        if "id" in given:
            self.doubled += [given["id"]] if given["id"] in self.places else []
            self.places.add(given["id"])
        self.inline += [f"{tag} {name}" for name in given if name == "style" or name.startswith("on")]
        if tag == "style" or (tag == "script" and "src" not in given and given.get("type") != "application/ld+json"):
            self.inline.append(tag)
        if tag == "a" and "href" in given:
            self.links.append((given["href"], ""))
            self._anchor = given["href"]
        elif tag == "link" and given.get("rel") in ("stylesheet", "icon", "alternate"):
            self.loaded.append(given["href"])
        elif "src" in given:
            self.loaded.append(given["src"])

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._anchor = ""

    def handle_data(self, data: str) -> None:
        if self._anchor:
            href, text = self.links[-1]
            self.links[-1] = (href, text + data)


@pytest.fixture(scope="module")
def parsed(site_folder: Path) -> dict[str, Links]:
    """Every page of the repository's own site by its path, parsed."""
    pages = sorted(site_folder.rglob("*.html"))
    return {path.relative_to(site_folder).as_posix(): Links(path.read_text("utf-8")) for path in pages}


def target(here: str, href: str) -> tuple[str, str]:
    """The path and place a link leads to, where the site stands at the root of its host."""
    parts = urlsplit(href)
    folder = "" if parts.path.startswith("/") else dirname(here)
    path = normpath(f"{folder}/{unquote(parts.path)}".lstrip("/")) if parts.path else here
    return path, parts.fragment


def test_every_link_and_place_exists_and_nothing_is_loaded_from_elsewhere(
    site_folder: Path, parsed: dict[str, Links]
) -> None:
    there = {path.relative_to(site_folder).as_posix() for path in site_folder.rglob("*") if path.is_file()}
    wrong = []
    for here, page in parsed.items():
        wrong += [f"{here}: the id {each} stands twice" for each in page.doubled]
        for href in [*(href for href, _ in page.links), *page.loaded]:
            if urlsplit(href).scheme in ("http", "https", "mailto"):
                wrong += [f"{here}: loads {href}"] if href in page.loaded else []
                continue
            path, place = target(here, href)
            if path not in there or (place and path in parsed and place not in parsed[path].places):
                wrong.append(f"{here}: {href}")
    assert wrong[:20] == []


@pytest.mark.parametrize(("address", "root"), [("", "/"), ("https://example.org/plan/", "/plan/")])
def test_the_page_for_what_is_not_there_is_whole_wherever_it_is_shown(
    new_plan: NewPlan, address: str, root: str
) -> None:
    site = Site(open_plan(new_plan()), address)
    for here in ("404.html", "es/404.html"):
        page = Links(site.files[here]().decode())
        ways = {href for href, _ in page.links if not urlsplit(href).scheme and not href.startswith("#")}
        assert {href for href in ways if not href.startswith(root)} == set()
        assert f"{root}{here.replace('404', 'index')}" in ways
        assert f"{root}assets/site.css" in page.loaded


def test_every_page_stands_under_a_strict_policy_with_nothing_inline(
    site_folder: Path, parsed: dict[str, Links]
) -> None:
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; form-action 'none'; base-uri 'none'"
    )
    for here, page in parsed.items():
        assert page.inline == [], here
        assert f'content="{policy}"' in (site_folder / here).read_text("utf-8"), here


def test_every_thing_of_the_plan_has_its_page_in_every_language(connecticut: Plan, parsed: dict[str, Links]) -> None:
    addresses = [page.address for page in every_page(connecticut, Facts(connecticut))]
    assert len(addresses) == len(set(addresses))
    number = counts(connecticut)
    for kind, many in (("collections/", "collections"), ("elements/", "elements"), ("laws/", "mandates")):
        assert sum(each.startswith(kind) for each in addresses) == number[many]
    assert set(parsed) == {
        f"{'' if each == OWN else each + '/'}{address}" for each in LANGUAGES for address in addresses
    }


def test_every_page_says_version_date_who_answers_and_where_its_facts_come_from(
    site_folder: Path, parsed: dict[str, Links], connecticut: Plan
) -> None:
    said = {"es": ["Versión del plan", "Quién responde preguntas", "De dónde vienen los datos"]}
    said["en"] = ["Version of the plan", "Who answers questions", "Where the facts come from"]
    for here in parsed:
        text = (site_folder / here).read_text("utf-8")
        for sentence in (*said["es" if here.startswith("es/") else "en"], connecticut.version, connecticut.created):
            assert sentence in text, (here, sentence)


def templates(parsed: dict[str, Links], connecticut: Plan) -> Iterator[str]:
    """One page of each template, in each language; of those of one thing, the one with the most to say."""
    weight = {here: len(page.links) + len(page.places) for here, page in parsed.items()}
    largest: dict[str, str] = {}
    for page in every_page(connecticut, Facts(connecticut)):
        known = largest.setdefault(page.template, page.address)
        if weight[page.address] > weight[known]:
            largest[page.template] = page.address
    yield from largest.values()
    yield from (f"es/{address}" for address in largest.values())


def test_one_page_of_each_template_is_valid_html(
    site_folder: Path, parsed: dict[str, Links], connecticut: Plan
) -> None:
    for here in templates(parsed, connecticut):
        if (site_folder / here).stat().st_size > 600_000:
            continue
        parser = html5lib.HTMLParser(strict=False)
        parser.parse((site_folder / here).read_bytes())
        assert [(where, what) for where, what, _ in parser.errors] == [], here


def test_from_home_one_finds_in_three_clicks_why_race_is_collected_under_which_law_and_whether_it_may_stay_blank(
    site_folder: Path, parsed: dict[str, Links]
) -> None:
    path, titles = _clicks(parsed, HOME, ("parent", "Race and ethnicity", "Race (one code per race marked)"))
    assert titles == ["I am a parent or guardian", "Race and ethnicity", "Race (one code per race marked)"]
    text = _text(site_folder / path)
    assert "Why it is collected Issues the state student number and records entries, changes and exits." in text
    assert "these reports to the federal government" in text
    assert "Which law demands it Public school information system C.G.S. 10-10a State law" in text
    assert "Family Educational Rights and Privacy Act 20 U.S.C. 1232g Federal law" in text
    assert "May it be left blank? By a family Yes. The plan says that answering is voluntary. 72 FR 59266" in text
    assert "A family does not have to answer. If it does not, school staff choose by what they see" in text
    assert "whether it must be answered:" not in text
    assert "A value that stands for no answer Not Reported" in text
    assert len(titles) <= 3


def _clicks(parsed: dict[str, Links], here: str, wanted: tuple[str, ...]) -> tuple[str, list[str]]:
    followed = []
    for words_of_link in wanted:
        href, title = next(
            (href, title.split("  ")[0].strip()) for href, title in parsed[here].links if words_of_link in title
        )
        followed.append(title.split(" See what")[0])
        here, _ = target(here, href)
    return here, followed


def _text(path: Path) -> str:
    body = re.sub(r"(?s)<(script|head)\b.*?</\1>", " ", path.read_text("utf-8"))
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body)).replace(" ,", ",")


def test_every_page_is_reached_from_home_by_links_alone(parsed: dict[str, Links]) -> None:
    for start in (HOME, f"es/{HOME}"):
        seen, waiting = {start}, deque([start])
        while waiting:
            here = waiting.popleft()
            for href, _ in parsed[here].links:
                if urlsplit(href).scheme:
                    continue
                path, _ = target(here, href)
                if path in parsed and path not in seen:
                    seen.add(path)
                    waiting.append(path)
        wanted = {each for each in parsed if each.startswith("es/") == start.startswith("es/")}
        assert {each for each in wanted - seen if not each.endswith("404.html")} == set()


def test_the_same_numbers_stand_in_pages_tables_packages_feeds_and_search(site_folder: Path, connecticut: Plan) -> None:
    number = counts(connecticut)
    home = _text(site_folder / HOME)
    for label, name in (("Collections", "collections"), ("Laws and other reasons", "mandates")):
        assert f"{label} {number[name]}" in home
    tables = {
        "collections": "collections",
        "elements": "elements",
        "mandates": "mandates",
        "open_questions": "open_questions",
        "codes": "codes",
    }
    book = openpyxl.load_workbook(site_folder / "downloads/plan.xlsx", read_only=True)
    with zipfile.ZipFile(site_folder / "downloads/plan.zip") as archive:
        for name, counted in tables.items():
            rows = list(csv.DictReader((site_folder / f"downloads/plan/{name}.csv").open(encoding="utf-8", newline="")))
            assert len(rows) == number[counted]
            assert archive.read(f"{name}.csv") == (site_folder / f"downloads/plan/{name}.csv").read_bytes()
            assert sum(1 for _ in book[name].iter_rows()) == number[counted] + 1
    datasets = json.loads((site_folder / "data.json").read_text("utf-8"))["dataset"]
    assert len(datasets) == number["collections"] + 1
    fields = [
        field
        for path in (site_folder / "downloads/collections").glob("*/datapackage.json")
        for resource in json.loads(path.read_text("utf-8"))["resources"]
        for field in resource["schema"]["fields"]
    ]
    assert len(fields) == number["elements"]
    for language in LANGUAGES:
        kinds = [row[1] for row in search_index(site_folder, language)]
        assert kinds.count("element") == number["elements"]
        assert kinds.count("collection") == number["collections"]
        assert kinds.count("law") == number["mandates"]


def search_index(folder: Path, language: str) -> list[list[str]]:
    """The rows of a search index: address, kind, title, line, words."""
    text = (folder / f"assets/search-index.{language}.js").read_text("utf-8")
    rows: list[list[str]] = json.loads(text.removeprefix("window.DAP_INDEX=").strip().removesuffix(";"))
    return rows


def test_every_package_is_accepted_by_frictionless_alone(
    site_folder: Path, connecticut: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [site_folder / "downloads/plan/datapackage.json"]
    paths += sorted((site_folder / "downloads/collections").glob("*/datapackage.json"))
    assert len(paths) == len(connecticut.all_collections) + 1
    for path in paths:
        document = json.loads(path.read_text("utf-8"))
        assert document["$schema"] == "https://datapackage.org/profiles/2.0/datapackage.json"
        monkeypatch.chdir(path.parent)
        assert frictionless.validate(path.name).flatten(["rowNumber", "fieldName", "type"]) == [], path
    # A field that is no field's: what accepts everything would prove nothing.
    document["resources"] = [{"name": "x", "data": [["a"]], "schema": {"fields": [{"name": "a", "type": "strin"}]}}]
    (tmp_path / "datapackage.json").write_text(json.dumps(document), "utf-8")
    monkeypatch.chdir(tmp_path)
    assert not frictionless.validate("datapackage.json").valid


def test_a_published_element_needs_nothing_looked_up(site_folder: Path, connecticut: Plan) -> None:
    package = json.loads((site_folder / "downloads/collections/psis-june/datapackage.json").read_text("utf-8"))
    collection = connecticut.collection("psis-june")
    by_name = {each.name: each for layout in collection.layouts for each in layout.elements}
    for field in package["resources"][0]["schema"]["fields"]:
        element, stated = by_name[field["name"]], field["acquisition"]
        assert stated.get("frequency", "") == element.frequency
        assert [each["id"] for each in stated.get("mandates", [])] == [each.id for each in element.mandates]
        assert all(each["title"] and each["jurisdiction"] for each in stated.get("mandates", []))


def test_a_complete_code_list_is_written_in_and_one_that_may_not_be_refuses_nothing(
    new_plan: NewPlan, tmp_path: Path
) -> None:
    publish(open_plan(new_plan()), tmp_path / "site")
    package = json.loads((tmp_path / "site/downloads/collections/example-roster/datapackage.json").read_text("utf-8"))
    fields = {each["name"]: each for each in package["resources"][0]["schema"]["fields"]}
    # 03 was in force until 2000-01 only, and the layout is valid for 2025-26.
    assert fields["grade"]["constraints"]["enum"] == ["K", "01", "02"]
    assert fields["grade"]["categories"][0] == {"value": "K", "label": "Kindergarten"}
    assert "enum" not in fields["program"]["constraints"]
    assert fields["program"]["acquisition"]["codeList"]["codes"] == [
        {"code": "10", "label": "Music"},
        {"label": "Chess"},
    ]


def test_the_catalog_for_dcat_us_3_follows_its_schema(site_folder: Path) -> None:
    catalog = json.loads((site_folder / "data.json").read_text("utf-8"))
    registry: Registry[Any] = Registry()
    for path in [DCAT / "dcat_us_3.0.0_schema.json", *sorted((DCAT / "definitions").glob("*.json"))]:
        contents = json.loads(path.read_text("utf-8"))
        contents = _without_ids(contents) | {"$id": f"https://example.org/{path.relative_to(DCAT).as_posix()}"}
        contents.setdefault("$schema", "http://json-schema.org/draft-07/schema#")
        if "definitions" in contents:
            # The published schema refers to these classes and defines them nowhere (see NOTICE): these are our own.
            undefined = json.loads((DCAT / "undefined_classes.json").read_text("utf-8"))
            assert not set(undefined) & set(contents["definitions"])
            contents["definitions"] |= _without_ids(undefined)
        registry = registry.with_resource(contents["$id"], Resource.from_contents(contents))
    for name, things in (("Catalog", [catalog]), ("Dataset", catalog["dataset"])):
        rule = {"$ref": f"https://example.org/dcat_us_3.0.0_schema.json#/definitions/{name}"}
        validator = Draft7Validator(rule, registry=registry, format_checker=_formats())
        for each in things:
            assert [error.message for error in validator.iter_errors(each)] == []
        # A schema that refuses nothing would prove nothing.
        assert not validator.is_valid({key: value for key, value in things[0].items() if key != "title"})
    broken: tuple[tuple[str, Any], ...] = (
        ("accrualPeriodicity", {"@id": "https://example.org/often"}),
        ("accrualPeriodicity", "often"),
        ("language", [{"@type": "LinguisticSystem"}]),
        ("image", [{"@type": "ImageObject"}]),
        ("source", [{"title": "a book"}]),
    )
    for key, value in broken:
        assert not validator.is_valid({**catalog["dataset"][1], key: value}), key
    sound = {"accrualPeriodicity": {"@id": "http://publications.europa.eu/resource/authority/frequency/ANNUAL"}}
    assert validator.is_valid({**catalog["dataset"][1], **sound})


def _formats() -> FormatChecker:
    """What is an address, a day, a moment: without a check of the last two, "one of these forms" would find two."""
    checker = FormatChecker(formats=["date"])
    checker.checks("iri")(lambda text: not isinstance(text, str) or bool(urlsplit(text).scheme))
    checker.checks("date-time")(lambda text: not isinstance(text, str) or "T" in text)
    return checker


def _without_ids(part: Any) -> Any:
    """The schema without the ids that name RDF terms: a validator would look up references beside them."""
    if isinstance(part, dict):
        properties = isinstance(part.get("$id"), dict)
        return {
            key: f"https://example.org/dcat_us_3.0.0_schema.json{value}"
            if key == "$ref" and str(value).startswith("#")
            else _without_ids(value)
            for key, value in part.items()
            if key != "$id" or properties
        }
    return [_without_ids(each) for each in part] if isinstance(part, list) else part


def test_every_known_day_is_in_the_calendar_with_a_uid_of_its_own(site_folder: Path, connecticut: Plan) -> None:
    calendar = Calendar.from_ical((site_folder / "calendar.ics").read_bytes())
    events = list(calendar.walk("VEVENT"))
    days = sorted(each.date for each in Facts(connecticut).dates if len(each.date) == 10)
    assert sorted(str(event.decoded("dtstart")) for event in events) == days
    assert len({str(event["uid"]) for event in events}) == len(events)
    assert {str(event.decoded("dtstamp").date()) for event in events} == {connecticut.created}
    of_one = Calendar.from_ical((site_folder / "downloads/collections/psis-october/calendar.ics").read_bytes())
    assert {str(event["uid"]) for event in of_one.walk("VEVENT")} < {str(event["uid"]) for event in events}


def test_feed_and_sitemap_are_xml_that_names_what_there_is(
    site_folder: Path, parsed: dict[str, Links], connecticut: Plan
) -> None:
    atom = "{http://www.w3.org/2005/Atom}"
    feed = ElementTree.parse(site_folder / "feed.xml").getroot()
    assert [each.findtext(f"{atom}summary") for each in feed.iter(f"{atom}entry")] == [
        each.text for each in connecticut.changes
    ]
    assert all(feed.findtext(f"{atom}{name}") for name in ("id", "title", "updated"))
    assert len({each.text for each in feed.iter(f"{atom}id")}) == len(connecticut.changes) + 1
    sitemap = ElementTree.parse(site_folder / "sitemap.xml").getroot()
    listed = {each.text for each in sitemap.iter("{http://www.sitemaps.org/schemas/sitemap/0.9}loc")}
    assert listed == {PREVIEW + here for here in parsed if not here.endswith("404.html")}
    assert f"Sitemap: {PREVIEW}sitemap.xml" in (site_folder / "robots.txt").read_text("utf-8").splitlines()


def test_every_structured_block_is_json_of_schema_org(site_folder: Path, parsed: dict[str, Links]) -> None:
    kinds: dict[str, int] = {}
    for here in parsed:
        found = re.findall(
            r'<script type="application/ld\+json">(.*?)</script>', (site_folder / here).read_text("utf-8")
        )
        for block in found:
            stated = json.loads(block)
            assert stated["@context"] == "https://schema.org"
            assert stated["name"]
            kinds[stated["@type"]] = kinds.get(stated["@type"], 0) + 1
    assert set(kinds) == {"DataCatalog", "Dataset", "DefinedTerm", "Legislation"}


def test_a_template_has_the_layouts_columns_and_drop_downs_of_its_codes(new_plan: NewPlan, tmp_path: Path) -> None:
    plan = open_plan(new_plan())
    publish(plan, tmp_path / "site")
    folder = tmp_path / "site/downloads/collections/example-roster"
    for layout in plan.collection("example-roster").file_layouts:
        header = [each.name for each in layout.elements]
        rows = list(csv.reader(io.StringIO((folder / f"{layout.name}-template.csv").read_text("utf-8"))))
        assert rows[-1] == header
        book = openpyxl.load_workbook(folder / f"{layout.name}-template.xlsx")
        sheet = book.worksheets[0]
        assert [cell.value for cell in sheet[len(layout.title_lines) + 1]] == header
    book = openpyxl.load_workbook(folder / "students-template.xlsx")
    offered = {}
    for each in book.worksheets[0].data_validations.dataValidation:
        column = header_of(book.worksheets[0], str(each.sqref))
        offered[column] = (_values(book, each.formula1), bool(each.showErrorMessage))
    assert offered["grade"] == (["K", "01", "02"], True)
    assert offered["program"] == (["10"], False)
    assert offered["homeless"][0][0] == "Y"
    assert offered["exit_reason"] == (["moved", "graduated"], True)


def test_a_template_explains_itself_in_the_language_of_its_page_and_names_its_columns_alike(
    new_plan: NewPlan, tmp_path: Path
) -> None:
    root = new_plan()
    (root / "catalog/translations.csv").write_text(
        "language,text,translation\nes,Seat,Asiento\nes,Kindergarten,Kínder\n", "utf-8"
    )
    edit(
        root,
        PLAN,
        lambda document: document["resources"].append(
            {
                "name": "translations",
                "type": "table",
                "title": "Translations",
                "path": "translations.csv",
                "format": "csv",
                "mediatype": "text/csv",
                "encoding": "utf-8",
                "schema": json.loads((ROOT / "schemas/translations.table.json").read_text("utf-8")),
                "sources": [{"title": "Example", "path": "https://example.org/"}],
            }
        ),
    )
    publish(open_plan(root), tmp_path / "site")
    folder = tmp_path / "site/downloads/collections/example-roster"
    own, spanish = (openpyxl.load_workbook(folder / f"students-template{language}.xlsx") for language in ("", ".es"))
    headers = [[cell.value for cell in book.worksheets[0][1]] for book in (own, spanish)]
    assert headers[0] == headers[1]
    assert [sheet.title for sheet in spanish] == ["students", "Códigos", "Acerca de"]
    about = {row[0].value: [cell.value for cell in row] for row in spanish["Acerca de"].iter_rows()}
    assert about["seat"][1:3] == ["Asiento", "sí"]
    assert "Columna" in about and "Column" not in about
    assert [row[1].value for row in spanish["Códigos"].iter_rows(max_row=2)] == ["Significado", "Kínder"]
    refused = next(each for each in spanish.worksheets[0].data_validations.dataValidation if each.showErrorMessage)
    assert (refused.errorTitle, refused.error) == ("Valor no permitido", "Elija un valor de la lista.")
    for language, name in (("", "students-template.xlsx"), ("es/", "students-template.es.xlsx")):
        for address in ("districts.html", "collections/example-roster.html"):
            assert f'{name}"' in (tmp_path / "site" / language / address).read_text("utf-8"), language + address


def header_of(sheet: Any, cells: str) -> str:
    """The header above a range of cells."""
    return str(sheet[f"{re.match('[A-Z]+', cells)[0]}1"].value)  # type: ignore[index]


def _values(book: Any, formula: str) -> list[str]:
    name, cells = formula.replace("$", "").rsplit("!", 1)
    return [row[0].value for row in book[name.strip("'")][cells]]


def test_a_first_visit_to_a_collection_page_is_small(site_folder: Path, connecticut: Plan) -> None:
    for collection in connecticut.all_collections:
        assert 5_000 < first_visit(site_folder, f"collections/{collection.id}.html") <= LONGEST_FIRST_VISIT


@pytest.mark.parametrize(
    ("language", "typed", "title"),
    [
        ("en", "lunch", "School meals"),
        ("en", "shots", "Health and immunization"),
        ("en", "race", "Race and ethnicity"),
        ("en", "ED166", "Disciplinary Offense Data Collection"),
        ("en", "nexusDistrict", "Nexus District"),
        ("en", "1232g", "20 U.S.C. 1232g, Family Educational Rights and Privacy Act"),
        ("es", "vacunas", "Salud y vacunas"),
        ("es", "almuerzo", "Comidas escolares"),
    ],
)
def test_a_parents_words_a_form_a_field_and_a_law_are_in_the_index(
    site_folder: Path, language: str, typed: str, title: str
) -> None:
    rows = [row for row in search_index(site_folder, language) if row[2] == title]
    assert any(typed.casefold() in f"{row[2]} {row[4]}".casefold() for row in rows)


def test_every_sentence_of_ours_is_translated_with_the_same_placeholders() -> None:
    said = sentences()
    for language in LANGUAGES:
        if language == OWN:
            continue
        assert po_file(language).read_text("utf-8") == po_text(language, said), "run python tools/write_site_words.py"
        catalog = words(language).catalog
        for message in said:
            for form in [message] if isinstance(message, str) else message:
                if isinstance(message, tuple):
                    translated = catalog.ngettext(message[0], message[1], 1 if form == message[0] else 2)
                else:
                    translated = catalog.gettext(message)
                assert translated, form
                assert sorted(re.findall(r"%\(\w+\)s", translated)) == sorted(re.findall(r"%\(\w+\)s", form)), form
    untranslated = [each for each in said if isinstance(each, str) and words("es").say(each) == each]
    # What is the same word in both languages.
    assert set(untranslated) <= {"no"}


def test_each_word_the_schemas_allow_has_its_word_for_families() -> None:
    text = (ROOT / "schemas/collection.schema.json").read_text("utf-8")
    for kind, key in (
        ("domain", "domain"),
        ("level", "level"),
        ("sensitivity", "sensitivity"),
        ("status", "status"),
        ("obligation", "obligation"),
        ("classification", "classification"),
        ("submitted", "submittedAs"),
        ("about", "about"),
    ):
        found = _enums(json.loads(text), key)
        assert found
        assert found <= set(VOCABULARY[kind]), kind


def _enums(part: Any, key: str) -> set[str]:
    found: set[str] = set()
    if isinstance(part, dict):
        stated = part.get(key)
        if isinstance(stated, dict):
            found |= set(stated.get("enum", ())) | set(
                stated.get("items", {}).get("enum", ()) if isinstance(stated.get("items"), dict) else ()
            )
        for value in part.values():
            found |= _enums(value, key)
    elif isinstance(part, list):
        for value in part:
            found |= _enums(value, key)
    return found


def test_a_text_of_the_plan_that_is_not_translated_is_marked_as_english(site_folder: Path, connecticut: Plan) -> None:
    text = (site_folder / "es/collections/sedac.html").read_text("utf-8")
    description = connecticut.collection("sedac").description
    assert ("es", description) not in connecticut.translations
    assert re.search(rf'<span lang="en">{re.escape(description.replace(chr(38), "&amp;"))}</span>', text)
    assert "Aplicación y recopilación de datos de educación especial (SEDAC)" in text


def test_a_plan_without_topics_changes_or_date_has_its_site(new_plan: NewPlan, tmp_path: Path) -> None:
    said = publish(open_plan(new_plan()), tmp_path / "site", "https://example.org/plan")
    assert (tmp_path / "site/index.html").is_file()
    assert len(said) == 1
    assert "https://example.org/plan/index.html" in (tmp_path / "site/sitemap.xml").read_text("utf-8")


def test_texts_of_the_plan_cannot_break_out_of_a_page(new_plan: NewPlan, tmp_path: Path) -> None:
    root = new_plan()
    evil = '</script><script src="https://example.org/x.js"></script><img src=x onerror=alert(1)>'
    edit(root, ROSTER, lambda document: document.update(title=evil, description=evil))
    publish(open_plan(root), tmp_path / "site")
    for path in (tmp_path / "site").rglob("*.html"):
        page = Links(path.read_text("utf-8"))
        assert page.inline == []
        assert not any("example.org/x.js" in each for each in page.loaded)


def test_a_folder_with_other_files_is_refused_and_left_as_it_is(new_plan: NewPlan, tmp_path: Path) -> None:
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "letter.txt").write_text("mine")
    with pytest.raises(RequestError, match="holds files that are no site's"):
        publish(open_plan(new_plan()), folder)
    assert [path.name for path in folder.iterdir()] == ["letter.txt"]
    (tmp_path / "file").write_text("mine")
    with pytest.raises(RequestError, match="is no folder"):
        publish(open_plan(new_plan()), tmp_path / "file")


def test_a_site_takes_the_place_of_an_earlier_one_whole_or_not_at_all(tmp_path: Path) -> None:
    folder = tmp_path / "site"
    folder.mkdir()
    write_site({"index.html": lambda: b"one", "old/page.html": lambda: b"old"}, folder, "1.0.0")
    assert (folder / "old/page.html").read_bytes() == b"old"

    def broken() -> bytes:
        raise OSError

    with pytest.raises(CouldNotRun, match="the folder is as it was"):
        write_site({"index.html": lambda: b"two", "x.html": broken}, folder, "1.0.0")
    assert (folder / "index.html").read_bytes() == b"one"
    write_site({"index.html": lambda: b"two"}, folder, "1.0.0")
    assert sorted(path.name for path in folder.rglob("*")) == sorted(["index.html", MARK])
    assert [path.name for path in tmp_path.iterdir()] == ["site"]
    (folder / "note.txt").write_text("mine")
    with pytest.raises(RequestError):
        write_site({"index.html": lambda: b"three"}, folder, "1.0.0")


def test_the_same_plan_gives_the_same_bytes(new_plan: NewPlan, tmp_path: Path) -> None:
    root = new_plan()
    publish(open_plan(root), tmp_path / "here")
    code = "import sys; from dap.cli import main; main(sys.argv[1:])"
    environment = {**os.environ, "PYTHONHASHSEED": "1", "PYTHONPATH": str(ROOT), "TZ": "Pacific/Kiritimati"}
    subprocess.run(
        [sys.executable, "-c", code, "publish", str(tmp_path / "there"), "--plan", str(root)],
        env=environment,
        check=True,
        capture_output=True,
    )
    built = [
        {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        for folder in (tmp_path / "here", tmp_path / "there")
    ]
    assert built[0].keys() == built[1].keys()
    assert [str(path) for path in built[0] if built[0][path] != built[1][path]] == []


def test_a_missing_library_is_named(new_plan: NewPlan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dap.publish.find_spec", lambda name: None if name == "icalendar" else object())
    with pytest.raises(CouldNotRun, match=r"the site needs icalendar: pip install 'dap\[site\]'"):
        publish(open_plan(new_plan()), tmp_path / "site")


def test_without_what_a_pdf_needs_the_site_is_built_and_says_so(
    new_plan: NewPlan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dap.publish.documents.find_spec", lambda name: None)
    said = publish(open_plan(new_plan()), tmp_path / "site", "https://example.org/", pdf=True)
    assert said[1] == "No PDF was made: WeasyPrint is not installed (pip install 'dap[pdf]')."
    assert list((tmp_path / "site").rglob("*.pdf")) == []


@pytest.mark.parametrize("processes", [1, 2])
def test_a_pdf_is_tagged_marked_linked_and_the_same_whichever_process_makes_it(
    new_plan: NewPlan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, processes: int
) -> None:
    from dap.publish.documents import document, missing

    if why := missing():
        pytest.skip(why)
    monkeypatch.setattr("dap.publish.documents._WORTH_A_PROCESS", 4 // processes)
    monkeypatch.setattr("dap.publish.documents.os.cpu_count", lambda: 2)
    plan = open_plan(new_plan())
    publish(plan, tmp_path / "site", pdf=True)
    folder = tmp_path / "site/downloads/collections/example-roster"
    for language in LANGUAGES:
        made = (folder / f"example-roster.{language}.pdf").read_bytes()
        assert made.startswith(b"%PDF-")
        assert b"/StructTreeRoot" in _unpacked(made)
        assert b"pdfuaid:part" in _unpacked(made)
        assert b"Public-Sans" in _unpacked(made) and b"/FontFile" in _unpacked(made)
        assert f"/Lang ({language})".encode() in _unpacked(made)
        assert made == document(Site(plan), plan.collection("example-roster"), language)
        page = "collections/example-roster.html"
        assert f"example-roster.{language}.pdf" in (
            tmp_path / "site" / ("" if language == OWN else language) / page
        ).read_text("utf-8")


def _end(*_: object) -> None:
    os._exit(1)


def test_a_process_that_was_ended_is_told_and_leaves_no_site(
    new_plan: NewPlan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dap.publish import documents

    if why := documents.missing():
        pytest.skip(why)
    monkeypatch.setattr("dap.publish.documents._WORTH_A_PROCESS", 2)
    monkeypatch.setattr("dap.publish.documents.os.cpu_count", lambda: 2)
    monkeypatch.setattr("dap.publish.documents._begin", _end)
    with pytest.raises(CouldNotRun, match="was ended early"):
        publish(open_plan(new_plan()), tmp_path / "site", pdf=True)
    assert not (tmp_path / "site").exists()


def _unpacked(document: bytes) -> bytes:
    """The document with its compressed parts behind it, unpacked."""
    parts = [document]
    for packed in re.findall(rb"stream\n(.*?)\nendstream", document, re.DOTALL):
        with contextlib.suppress(zlib.error):
            parts.append(zlib.decompress(packed))
    return b"\n".join(parts)
