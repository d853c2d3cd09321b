"""The upload page in a real browser: by keyboard alone, announced, without a barrier, without a request elsewhere."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from dap.intake import tokens
from dap.intake.config import IntakeConfig
from dap.intake.http.service import Service
from dap.intake.http.serving import _Server, settings_of
from dap.intake.judge import work_once
from dap.intake.records import Address
from dap.intake.store import Store
from tests.browsing import WIDER_THAN_SCREEN, violations
from tests.conftest import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.network_loopback]
COLLECTION, PERIOD = "ed166-discipline", "2025-26"


def judge(config: IntakeConfig, path: Path, address: Address, alive: Any) -> dict[str, Any]:
    """A report on the bytes without reading them: files that begin with `no` are rejected, with one finding."""
    content = path.read_bytes()
    finding = {
        "rule": "V101",
        "name": "grade.code",
        "severity": "error",
        "field": "grade",
        "column": 3,
        "rows": [2, 3],
        "count": 2,
        "message": "The code is none of the list.",
        "fix": "Take a code of the list.",
        "mandate": None,
        "labels": [],
    }
    rejected = content.startswith(b"no")
    return {
        "verdict": "rejected" if rejected else "accepted",
        "file": {
            "name": "file 1",
            "bytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
            "rows": 2,
            "columns": 3,
        },
        "collection": address.collection,
        "resource": "discipline",
        "plan_version": "1",
        "suite_sha256": "0" * 64,
        "findings": [finding] if rejected else [],
    }


@dataclass
class Served:
    """A running service: its address, and a token of district 001."""

    address: str
    token: str
    store: Store


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    config = IntakeConfig(folder=tmp_path_factory.mktemp("page") / "intake", plan=ROOT)
    stop = threading.Event()
    with Store.open(config) as store:

        def work() -> None:
            while not stop.is_set():
                work_once(store, judge=judge)
                stop.wait(0.2)

        service = Service(store, lambda config, file, address: judge(config, Path(file.name), address, None))
        server = _Server(settings_of(config, service), service.verdicts.stop)
        server.config.port = 0
        threads = [threading.Thread(target=server.run), threading.Thread(target=work)]
        for each in threads:
            each.start()
        while not server.started:
            time.sleep(0.05)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield Served(f"http://127.0.0.1:{port}", tokens.issue(store, "001")[0], store)
        server.should_exit = True
        stop.set()
        for each in threads:
            each.join()


@pytest.fixture
def page(browser: Browser, served: Served) -> Iterator[Page]:
    """A page that may ask our service only, and must complain of nothing."""
    context = browser.new_context(color_scheme="dark", viewport={"width": 320, "height": 800})
    opened = context.new_page()
    elsewhere: list[str] = []
    own = urlsplit(served.address).netloc
    opened.on("request", lambda r: elsewhere.append(r.url) if urlsplit(r.url).netloc not in ("", own) else None)
    opened.on("pageerror", lambda error: elsewhere.append(str(error)))
    opened.on("console", lambda m: elsewhere.append(m.text) if "Content Security Policy" in m.text else None)
    yield opened
    assert elsewhere == []
    assert opened.evaluate("[document.cookie, localStorage.length, sessionStorage.length]") == ["", 0, 0]
    context.close()


def demand_no_barrier(page: Page) -> None:
    assert violations(page) == []
    assert not page.evaluate(WIDER_THAN_SCREEN)


def sign_in(page: Page, served: Served, where: str = "/") -> None:
    page.goto(served.address + where)
    page.locator("#token").fill(served.token)
    page.keyboard.press("Enter")
    expect(page.locator("#send-title")).to_be_focused()
    page.locator("#collection").select_option(COLLECTION)
    page.locator("#period").select_option(PERIOD)


def attach(page: Page, content: bytes) -> None:
    page.locator("#file").set_input_files({"name": "register.csv", "mimeType": "text/csv", "buffer": content})


def test_a_file_is_sent_and_its_receipt_saved(page: Page, served: Served, tmp_path: Path) -> None:
    sign_in(page, served)
    assert page.locator("#token").input_value() == ""
    attach(page, b"sent\n")
    demand_no_barrier(page)
    page.get_by_role("button", name="Send it").click()
    expect(page.locator("#verdict")).to_have_text("Accepted", timeout=20_000)
    expect(page.locator("#verdict")).to_be_focused()
    demand_no_barrier(page)
    with page.expect_download() as saving:
        page.get_by_role("link", name="Save the receipt").click()
    saving.value.save_as(tmp_path / "receipt.json")
    receipt = json.loads((tmp_path / "receipt.json").read_text("utf-8"))
    assert receipt == served.store.receipt(receipt["id"])
    assert receipt["entry"]["body"]["sha256"] == hashlib.sha256(b"sent\n").hexdigest()


def test_a_rejected_file_shows_where_what_and_what_to_do(page: Page, served: Served) -> None:
    sign_in(page, served)
    attach(page, b"no\n")
    page.locator("#submit").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#verdict")).to_have_text("Rejected", timeout=20_000)
    finding = page.locator(".finding")
    expect(finding).to_have_count(1)
    for said in (
        "Error V101: grade · Rows 2, 3 · 2 in all",
        "The code is none of the list.",
        "Take a code of the list.",
    ):
        assert said in finding.inner_text()
    page.emulate_media(media="print", color_scheme="light")
    assert page.locator("#receipt").is_visible() and not page.locator("#send").is_visible()
    demand_no_barrier(page)


@pytest.mark.parametrize(
    ("token", "said"),
    [("", "The request has no token."), ("dap_x", "This is no whole token."), ("other", "There is no such token.")],
)
def test_a_wrong_token_is_announced(page: Page, served: Served, token: str, said: str) -> None:
    page.goto(served.address)
    demand_no_barrier(page)
    page.locator("#token").fill(tokens._text("0" * 12, "a" * 43) if token == "other" else token)
    page.keyboard.press("Enter")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text(said)
    expect(alert).to_be_focused()
    assert page.locator("#token").get_attribute("aria-invalid") == "true"
    demand_no_barrier(page)


def test_what_is_missing_or_empty_is_announced_before_anything_is_sent(page: Page, served: Served) -> None:
    sign_in(page, served)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url))
    page.get_by_role("button", name="Send it").click()
    expect(page.get_by_role("alert")).to_have_text("Choose a collection, a period and a file first.")
    attach(page, b"")
    page.get_by_role("button", name="Send it").click()
    expect(page.get_by_role("alert")).to_have_text("The file is empty.")
    assert sent == []


def test_the_page_speaks_spanish(page: Page, served: Served) -> None:
    page.goto(served.address)
    page.get_by_role("link", name="Español").click()
    assert page.locator("html").get_attribute("lang") == "es"
    page.locator("#token").fill("dap_x")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("La clave no está completa.")
    demand_no_barrier(page)


def test_nothing_to_report_is_stated_after_a_question_and_taken_back(page: Page, served: Served) -> None:
    sign_in(page, served)
    page.locator("#collection").select_option("cpfa")
    page.locator("#period").select_option(PERIOD)
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="We have nothing to report").click()
    expect(page.get_by_role("status")).to_contain_text("It is entered that your district has nothing to report")
    assert [entry.body["collection"] for entry in served.store.entries(["zero.declared"])] == ["cpfa"]
    demand_no_barrier(page)
    page.get_by_role("button", name="Take it back").click()
    expect(page.get_by_role("status")).to_contain_text("The statement is taken back")
    assert [entry.body["collection"] for entry in served.store.entries(["zero.withdrawn"])] == ["cpfa"]
    expect(page.get_by_role("button", name="Take it back")).to_be_hidden()


def test_without_a_script_the_page_says_what_to_do(browser: Browser, served: Served) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(served.address)
    assert page.get_by_text("This page needs JavaScript.").is_visible()
    context.close()
