"""A real browser for tests: how it is started, how axe examines a page, and what may not happen while one is used."""

from __future__ import annotations

import functools
import os
import shutil
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"

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
# One loop of a template made all of them: what axe finds in the first six it would find in the thousandth.
_KEEP_SIX = """() => {
    for (const parent of document.querySelectorAll('main, main :is(ul, ol, dl, tbody, section, fieldset)')) {
        const seen = {};
        for (const child of [...parent.children]) {
            const kind = child.tagName + ' ' + child.className;
            seen[kind] = (seen[kind] || 0) + 1;
            if (seen[kind] > 6) child.remove();
        }
    }
}"""
# A page answers a changed width with its next picture: what scrolls now takes the focus only then.
_SETTLED = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
_RUN_AXE = """options => axe.run(document, options).then(found =>
    found.violations.map(each => `${each.id} at ${each.nodes[0].target}`))"""


@contextmanager
def chromium() -> Iterator[Browser]:
    """A headless Chromium that asks for nothing itself; the test is skipped where there is none, but never in CI."""
    if not Path(CHROMIUM).exists() and os.environ.get("CI") != "true":
        pytest.skip("needs Chromium: none is installed here, and CI demands it")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        yield started
        started.close()


@contextmanager
def served_folder(folder: Path) -> Iterator[str]:
    """The address of a folder that is served on this machine, with a slash at its end."""
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()
        thread.join()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


class Seen:
    """What went wrong, and what was asked of anybody but `served`, while a page was used."""

    def __init__(self, page: Page, served: str) -> None:
        self.elsewhere: list[str] = []
        self.errors: list[str] = []
        own = urlsplit(served).netloc
        page.on("request", lambda r: self.elsewhere.append(r.url) if urlsplit(r.url).netloc not in ("", own) else None)
        page.on("console", lambda message: self.errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.errors.append(str(error)))


def violations(page: Page, options: dict[str, Any] = AXE) -> list[str]:
    """What axe finds on the page as it now looks; axe is put into a page once."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(Axe().axe_script)
    page.evaluate(_SETTLED)
    found: list[str] = page.evaluate(_RUN_AXE, options)
    return found


def keep_six(page: Page) -> None:
    """Leave six of what a page repeats, so that examining it takes as long as examining a short one."""
    page.evaluate(_KEEP_SIX)


def site_barriers(browser: Browser, folder: Path, addresses: Iterable[str]) -> list[str]:
    """What `barriers` finds on pages of a site in that folder, and what the pages fail to load or ask of others."""
    found = []
    with served_folder(folder) as address:
        for here in addresses:
            page = browser.new_page(viewport={"width": 1100, "height": 800}, color_scheme="light")
            seen = Seen(page, address)
            each = barriers(page, address + here)
            found += [f"{here}: {what}" for what in (*each, *seen.elsewhere, *seen.errors)]
            page.close()
    return found


def barriers(page: Page, address: str) -> list[str]:
    """What is wrong with a page: light on a desk, dark on a phone, and on paper; and whether it scrolls sideways.

    The page object is left as it was given: light, 1100 pixels wide.
    """
    page.goto(address)
    page.set_viewport_size({"width": 320, "height": 800})
    found = ["wider than a phone"] if page.evaluate(WIDER_THAN_SCREEN) else []
    page.set_viewport_size({"width": 1100, "height": 800})
    keep_six(page)
    found += [f"light: {each}" for each in violations(page)]
    page.set_viewport_size({"width": 320, "height": 800})
    page.emulate_media(color_scheme="dark")
    found += [f"dark: {each}" for each in violations(page, LOOKS)]
    page.emulate_media(media="print", color_scheme="light")
    found += [f"print: {each}" for each in violations(page, ON_PAPER)]
    page.emulate_media(media="screen")
    page.set_viewport_size({"width": 1100, "height": 800})
    return found
