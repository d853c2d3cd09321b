"""The preview shows the plan on this machine alone, page by page, and follows its changes."""

from __future__ import annotations

import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest

from dap.catalog import open_plan
from dap.publish.preview import Preview, serve
from dap.publish.site import Site
from tests.conftest import ROSTER, NewPlan, edit

pytestmark = pytest.mark.network_loopback


@pytest.fixture
def root(new_plan: NewPlan) -> Path:
    return new_plan()


@pytest.fixture
def server(root: Path) -> Iterator[ThreadingHTTPServer]:
    """A preview of an invented plan, on a port the machine chose."""
    with serve(root, lambda line: None, port=0) as started:
        thread = threading.Thread(target=started.serve_forever, daemon=True)
        thread.start()
        yield started
        started.shutdown()
        thread.join()


def fetched(server: ThreadingHTTPServer, path: str) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{server.server_address[1]}{path}") as answer:
        return str(answer.read().decode())


def test_it_is_bound_to_this_machine_alone(server: ThreadingHTTPServer) -> None:
    assert server.server_address[0] == "127.0.0.1"


def test_a_page_of_a_changed_plan_is_another_one_and_the_state_says_so(server: ThreadingHTTPServer, root: Path) -> None:
    assert "Example roster" in fetched(server, "/collections/example-roster.html")
    before = fetched(server, "/preview/state")
    assert fetched(server, "/preview/state") == before
    edit(root, ROSTER, lambda document: document.update(title="Another roster"))
    assert fetched(server, "/preview/state") != before
    assert "Another roster" in fetched(server, "/collections/example-roster.html")


def test_only_the_preview_reloads(server: ThreadingHTTPServer, root: Path) -> None:
    page = fetched(server, "/")
    assert '<script src="/preview/reload.js" defer></script>' in page
    assert "reload.js" not in Site(open_plan(root)).render(Site(open_plan(root)).pages["index.html"], "en")
    assert "location.reload()" in fetched(server, "/preview/reload.js")


def test_an_unsound_plan_keeps_the_last_sound_site_and_says_why(root: Path) -> None:
    said: list[str] = []
    preview = Preview(root, said.append, "http://127.0.0.1:8000/")
    assert b"Example roster" in (preview.content("collections/example-roster.html") or b"")
    edit(root, ROSTER, lambda document: document.pop("title"))
    assert b"Example roster" in (preview.content("collections/example-roster.html") or b"")
    assert said == ["The plan is not sound (1 found by dap lint); the preview shows it as it was."]


def test_what_does_not_exist_is_said_on_a_page(server: ThreadingHTTPServer) -> None:
    with pytest.raises(urllib.error.HTTPError) as raised:
        fetched(server, "/nowhere.html")
    assert raised.value.code == 404
    assert "This page does not exist" in raised.value.read().decode()
    raised.value.close()


@pytest.mark.parametrize("path", ["/../catalog/datapackage.json", "/..%2Fcatalog%2Fdatapackage.json", "//etc/passwd"])
def test_nothing_outside_the_site_is_served(server: ThreadingHTTPServer, path: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as raised:
        fetched(server, path)
    assert raised.value.code == 404
    raised.value.close()
