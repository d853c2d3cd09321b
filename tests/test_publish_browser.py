"""The public plan in a real browser: no barrier axe finds, no sideways scroll, by keyboard alone, nobody else asked."""

from __future__ import annotations

import functools
import os
import shutil
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from dap.plan import Plan
from dap.publish.facts import Facts
from dap.publish.pages import every_page

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(
        not Path(CHROMIUM).exists() and os.environ.get("CI") != "true",
        reason="needs Chromium: none is installed here, and CI demands it",
    ),
]
AXE: dict[str, Any] = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
    # It would fetch the stylesheet once more.
    "preload": False,
}
# What a colour scheme or a narrow screen can change of a page whose structure was examined already.
LOOKS = {**AXE, "runOnly": ["color-contrast", "link-in-text-block", "target-size", "scrollable-region-focusable"]}
# Nobody taps on paper.
ON_PAPER = {**AXE, "runOnly": ["color-contrast", "link-in-text-block"]}
WIDER_THAN_SCREEN = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
FOCUSED = """() => {
    const at = document.activeElement, box = at.getBoundingClientRect(), style = getComputedStyle(at);
    return {what: at.tagName + ' ' + (at.id || at.textContent.trim().slice(0, 40)), tag: at.tagName,
        seen: box.width > 0 && box.height > 0, outline: style.outlineStyle !== 'none'};
}"""


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def served(site_folder: Path) -> Iterator[str]:
    """The address of the repository's own site, served on this machine."""
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(site_folder))) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        yield started
        started.close()


class Seen:
    """What went wrong or elsewhere while a page was used."""

    def __init__(self, page: Page, served: str) -> None:
        self.elsewhere: list[str] = []
        self.errors: list[str] = []
        own = urlsplit(served).netloc
        page.on("request", lambda r: self.elsewhere.append(r.url) if urlsplit(r.url).netloc not in ("", own) else None)
        page.on("console", lambda message: self.errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.errors.append(str(error)))


def addresses(plan: Plan) -> list[str]:
    """One page of each template: the first of each, and for things of the plan one with much to say."""
    rich = {"collection.html": "psis-registration", "element.html": "race-one-code", "topic.html": "meals"}
    rich |= {"law.html": "ferpa", "code_list.html": "psis-grade", "rule.html": "p101"}
    found: dict[str, str] = {}
    for page in every_page(plan, Facts(plan)):
        if page.template not in found or rich.get(page.template, "\0") in page.address:
            found[page.template] = page.address
    return list(found.values())


@pytest.mark.parametrize("language", ["", "es/"])
def test_axe_finds_no_barrier_in_light_and_dark_on_a_phone_and_in_print(
    served: str, browser: Browser, connecticut: Plan, language: str
) -> None:
    axe, wrong = Axe(), []
    shown: tuple[tuple[Literal["light", "dark"], int, dict[str, Any]], ...] = (
        ("light", 1100, AXE),
        ("dark", 320, LOOKS),
    )
    for scheme, width, examined in shown:
        context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 800})
        page = context.new_page()
        seen = Seen(page, served)
        for address in addresses(connecticut):
            page.goto(served + language + address)
            wrong += [f"{address} {scheme}: {each}" for each in _violations(axe, page, examined)]
            if width == 320 and page.evaluate(WIDER_THAN_SCREEN):
                wrong.append(f"{address}: wider than a phone")
            if width == 320 and not language:
                page.emulate_media(media="print", color_scheme="light")
                wrong += [f"{address} print: {each}" for each in _violations(axe, page, ON_PAPER)]
                page.emulate_media(media="screen", color_scheme="dark")
        assert (seen.elsewhere, seen.errors) == ([], [])
        context.close()
    assert wrong == []


def _violations(axe: Axe, page: Page, options: dict[str, Any]) -> list[str]:
    found = axe.run(page, options=options).response["violations"]
    return [f"{each['id']} at {each['nodes'][0]['target']}" for each in found]


def test_pages_are_as_narrow_as_a_phone(served: str, browser: Browser, connecticut: Plan) -> None:
    page = browser.new_page(viewport={"width": 320, "height": 640})
    wide = []
    every = [page.address for page in every_page(connecticut, Facts(connecticut))]
    # One page of each template is measured above; here a tenth of all, the same in each run.
    for address in every[::10]:
        page.goto(served + address, wait_until="domcontentloaded")
        wide += [address] if page.evaluate(WIDER_THAN_SCREEN) else []
    page.close()
    assert wide == []


def test_the_keyboard_alone_reaches_every_control_in_view_and_marked(served: str, browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 1100, "height": 800})
    for address in ("index.html", "families.html", "search.html", "collections/psis-registration.html"):
        page.goto(served + address)
        controls = page.evaluate(
            """() => [...document.querySelectorAll('a[href], button, input, summary, [tabindex="0"]')]
                .filter(each => each.checkVisibility()).length"""
        )
        reached = set()
        for number in range(controls):
            page.keyboard.press("Tab")
            at = page.evaluate(FOCUSED)
            assert at["seen"], (address, at)
            assert at["outline"], (address, at)
            reached.add(number)
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.tagName") in ("BODY", "A"), address
    page.close()


@pytest.mark.parametrize(("language", "ask"), [("", "Explore this chart"), ("es/", "Explorar este gráfico")])
def test_a_chart_is_explored_on_request_by_keyboard_and_pointer(
    served: str, browser: Browser, language: str, ask: str
) -> None:
    page = browser.new_page(viewport={"width": 320, "height": 800})
    seen = Seen(page, served)
    page.goto(served + language + "laws.html")
    figure = page.locator("figure.chart").first
    button, said, bars = figure.get_by_role("button", name=ask), figure.get_by_role("status"), figure.locator(".bar")
    assert bars.first.get_attribute("tabindex") is None
    button.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    first = figure.locator("tbody tr").first.locator("th, td").all_text_contents()
    assert said.inner_text().startswith(": ".join(first))
    page.keyboard.press("End")
    last = figure.locator("tbody tr").nth(bars.count() - 1).locator("th, td").all_text_contents()
    assert said.inner_text().startswith(": ".join(last))
    assert str(bars.count()) in said.inner_text()
    assert _violations(Axe(), page, AXE) == []
    bars.first.hover()
    assert said.inner_text().startswith(": ".join(first))
    page.keyboard.press("Escape")
    assert (said.inner_text(), bars.first.get_attribute("tabindex")) == ("", None)
    assert button.evaluate("each => each === document.activeElement")
    assert (seen.elsewhere, seen.errors) == ([], [])
    page.close()


def test_the_chooser_shows_what_is_chosen_and_keeps_nothing(served: str, browser: Browser) -> None:
    context = browser.new_context()
    page = context.new_page()
    seen = Seen(page, served)
    page.goto(served + "families.html")
    assert page.locator("#chosen-table").is_hidden()
    page.get_by_label("Race and ethnicity").focus()
    page.keyboard.press("Space")
    rows = page.locator("#chosen-table tbody tr:visible")
    assert page.get_by_role("status").inner_text() == f"Facts collected about a child like yours: {rows.count()}"
    assert rows.filter(has_text="Race (one code per race marked)").count() == 1
    assert rows.filter(has_text="Free or reduced-price lunch").count() == 0
    page.get_by_label("My child eats free or reduced-price meals").check()
    assert rows.filter(has_text="Free or reduced-price lunch").count() == 1
    page.get_by_role("button", name="Clear all choices").click()
    page.wait_for_function("document.getElementById('chosen-table').hidden")
    assert page.evaluate("[document.cookie, localStorage.length, sessionStorage.length, location.search]") == [
        "",
        0,
        0,
        "",
    ]
    assert (seen.elsewhere, seen.errors) == ([], [])
    context.close()


@pytest.mark.parametrize(
    ("language", "typed", "first"),
    [
        ("", "lunch", "School meals"),
        ("", "shots", "Health and immunization"),
        ("", "race", "Race and ethnicity"),
        ("", "is my child homeless", None),
        ("", "ED166", "Disciplinary Offense Data Collection"),
        ("", "nexusDistrict", "Nexus District"),
        ("", "nexus distict", "Nexus District"),
        ("", "20 U.S.C. 1232g", None),
        ("", "P101", None),
        ("es/", "vacunas", "Salud y vacunas"),
        ("es/", "raza", "Raza y origen étnico"),
        ("es/", "almuerzo", "Comidas escolares"),
    ],
)
def test_what_a_parent_or_clerk_types_finds_its_page_first(
    served: str, browser: Browser, language: str, typed: str, first: str | None
) -> None:
    page = browser.new_page()
    seen = Seen(page, served)
    page.goto(served + language + "search.html")
    page.locator("#words").focus()
    page.keyboard.type(typed)
    page.keyboard.press("Enter")
    results = page.locator("#results a")
    results.first.wait_for()
    if first:
        assert results.first.inner_text() == first
    results.first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "search.html" not in url)
    assert page.locator("h1").is_visible()
    assert (seen.elsewhere, seen.errors) == ([], [])
    page.close()


def test_filters_leave_out_kinds_of_pages(served: str, browser: Browser) -> None:
    page = browser.new_page()
    page.goto(served + "search.html#q=race")
    everything = page.locator("#results li").count()
    page.get_by_label("Elements").uncheck()
    fewer = page.locator("#results li").count()
    assert 0 < fewer < everything
    assert page.locator("#results .tag", has_text="Elements").count() == 0
    page.close()


def test_without_javascript_the_topics_and_the_a_to_z_take_over(served: str, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(served + "families.html")
    assert not page.locator("#chooser").is_visible()
    page.get_by_role("link", name="Race and ethnicity").click()
    page.get_by_role("link", name="Race (one code per race marked)").click()
    assert page.get_by_role("heading", name="May it be left blank?").is_visible()
    page.goto(served + "search.html")
    page.get_by_role("main").get_by_role("link", name="The A to Z works without it.").click()
    assert page.get_by_role("heading", level=1).inner_text() == "A to Z"
    context.close()


def test_the_site_opens_from_a_disk(site_folder: Path, browser: Browser) -> None:
    page = browser.new_page()
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.goto((site_folder / "index.html").as_uri())
    page.get_by_role("link", name="I am a parent or guardian").click()
    page.get_by_label("Race and ethnicity").check()
    assert page.locator("#chosen-table tbody tr:visible").count() > 0
    page.goto((site_folder / "search.html").as_uri() + "#q=lunch")
    assert page.locator("#results a").first.inner_text() == "School meals"
    assert errors == []
    page.close()


def test_a_chart_is_one_named_image_whose_labels_fit(served: str, browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 320, "height": 800})
    for address in ("index.html", "laws.html", "calendar.html", "respondents.html", "es/laws.html"):
        page.goto(served + address)
        picture = page.locator("figure.chart svg").first
        assert picture.get_attribute("role") == "img"
        named = page.get_by_role("img").first
        assert named.count() == 1
        outside = picture.evaluate(
            """svg => [...svg.querySelectorAll('text')].filter(text => {
                const box = text.getBoundingClientRect();
                return box.right > document.documentElement.clientWidth || box.left < 0;
            }).map(text => text.textContent)"""
        )
        assert outside == [], address
    page.close()


def test_what_is_folded_is_printed(served: str, browser: Browser) -> None:
    page = browser.new_page()
    page.goto(served + "index.html")
    page.emulate_media(media="print")
    assert page.locator("figure.chart table").first.evaluate(
        "each => each.checkVisibility({contentVisibilityAuto: true})"
    )
    assert page.locator("figure.chart table").first.bounding_box()["height"] > 0  # type: ignore[index]
    page.close()
