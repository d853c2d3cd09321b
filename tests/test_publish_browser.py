"""The public plan in a real browser: no barrier axe finds, no sideways scroll, by keyboard alone, nobody else asked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from dap.plan import Plan
from dap.publish.facts import Facts
from dap.publish.pages import every_page
from dap.publish.site import HERE
from tests.browsing import WIDER_THAN_SCREEN, Seen, barriers, served_folder, violations

pytestmark = [pytest.mark.browser, pytest.mark.slow]
# Every control that can be seen, and each that the keyboard can or must not reach: its name, and what is wrong with it.
CONTROLS = """[...document.querySelectorAll('a, button, input, select, textarea, summary, [tabindex="0"]')]
    .filter(each => each.checkVisibility())"""
UNREACHABLE = f"""() => {CONTROLS}.flatMap(each => {{
    each.focus();
    const box = each.getBoundingClientRect(), style = getComputedStyle(each);
    const wrong = [];
    if (document.activeElement !== each) wrong.push('takes no focus');
    if (each.tabIndex !== 0) wrong.push('is out of the order');
    if (box.width < 1 || box.height < 1 || box.right < 0 || box.left > innerWidth) wrong.push('is out of sight');
    if (style.outlineStyle === 'none' || parseFloat(style.outlineWidth) < 2) wrong.push('shows no focus');
    return wrong.map(what => `${{each.tagName}} ${{each.id || each.textContent.trim().slice(0, 40)}} ${{what}}`);
}})"""
NUMBERED = f"() => {CONTROLS}.map((each, number) => each.dataset.number = number).length"
FOCUSED = "() => document.activeElement.dataset.number ?? null"


@pytest.fixture(scope="module")
def served(site_folder: Path) -> Iterator[str]:
    """The address of the repository's own site, served on this machine."""
    with served_folder(site_folder) as address:
        yield address


# For things of the plan, the page that is examined: one with much to say.
RICH = {
    "collection.html": "collections/psis-registration.html",
    "element.html": "elements/psis-registration/registration/race-flags.html",
    "topic.html": "topics/meals.html",
    "law.html": "laws/ferpa.html",
    "code_list.html": "code-lists/psis-grade.html",
    "rule.html": "rules/p101.html",
}
# Not pages by themselves.
PARTS = {"base.html", "parts.html", "print_base.html", "print_collection.html", "print_plan.html"}
# Pages of executed notebooks are examined where notebooks are executed: tests/test_publish_notebooks.py.
ELSEWHERE = {"notebook.html", "notebooks.html"}


def addresses(plan: Plan) -> dict[str, str]:
    """The page of each template that is examined, by the template's name."""
    every = {page.address: page.template for page in every_page(plan, Facts(plan))}
    assert all(every.get(address) == template for template, address in RICH.items()), "a page in RICH is no more"
    found: dict[str, str] = {}
    for address, template in every.items():
        found.setdefault(template, RICH.get(template, address))
    return found


def test_every_template_is_examined(connecticut: Plan) -> None:
    there = {path.name for path in (HERE / "templates").glob("*.html")}
    assert there - PARTS == set(addresses(connecticut)) | ELSEWHERE


@pytest.mark.parametrize("language", ["", "es/"])
def test_axe_finds_no_barrier_in_light_and_dark_on_a_phone_and_in_print(
    served: str, browser: Browser, connecticut: Plan, language: str
) -> None:
    page = browser.new_page(viewport={"width": 1100, "height": 800})
    seen, wrong = Seen(page, served), []
    for address in addresses(connecticut).values():
        wrong += [f"{address} {each}" for each in barriers(page, served + language + address)]
    page.close()
    assert wrong == []
    assert (seen.elsewhere, seen.errors) == ([], [])


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


def test_a_wide_table_is_a_block_for_each_row_on_a_phone_and_still_a_table_to_a_screen_reader(
    served: str, browser: Browser
) -> None:
    page = browser.new_page(viewport={"width": 320, "height": 640})
    page.goto(served + "collections/psis-registration.html")
    table = page.get_by_role("region", name="Registration record").get_by_role("table")
    assert table.get_by_role("row").count() == table.locator("tr").count()
    heads = table.get_by_role("columnheader").all_text_contents()
    first = table.locator("tbody tr").first
    assert first.get_by_role("rowheader").count() == 1
    said = "each => getComputedStyle(each, '::before').content"
    # What follows the slash is what a screen reader says of it: nothing.
    shown = [each.evaluate(said) for each in first.get_by_role("cell").all()]
    assert shown == [f'"{each}: " / ""' for each in heads[1:]]
    assert not table.evaluate("each => each.closest('.scroll').scrollWidth > each.closest('.scroll').clientWidth")
    page.set_viewport_size({"width": 1100, "height": 800})
    assert first.get_by_role("cell").first.evaluate(said) == "none"
    page.close()


def test_every_control_of_every_template_takes_the_keyboards_focus_and_shows_it(
    served: str, browser: Browser, connecticut: Plan
) -> None:
    page = browser.new_page(viewport={"width": 1100, "height": 800})
    wrong = []
    for address in addresses(connecticut).values():
        page.goto(served + address)
        page.keyboard.press("Tab")
        wrong += [f"{address}: {each}" for each in page.evaluate(UNREACHABLE)]
    page.close()
    assert wrong == []


def test_the_tab_key_alone_reaches_every_control_and_leads_out_again(served: str, browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 1100, "height": 800})
    for address in ("index.html", "families.html", "search.html", "collections/psis-registration.html"):
        page.goto(served + address)
        controls = page.evaluate(NUMBERED)
        reached = []
        for _ in range(controls):
            page.keyboard.press("Tab")
            reached.append(page.evaluate(FOCUSED))
        assert sorted(map(int, reached)) == list(range(controls)), address
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
    assert violations(page) == []
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
