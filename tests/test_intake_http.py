"""The HTTP service: files in, receipts out, problems that say what to do, and no look at another district's."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator, Draft202012Validator
from starlette.testclient import TestClient

from dap.catalog import schemas_folder
from dap.errors import CouldNotRun
from dap.intake import tokens
from dap.intake.config import HttpConfig, IntakeConfig
from dap.intake.http.openapi import document
from dap.intake.http.problems import KINDS, REFUSED_STATUS
from dap.intake.http.rates import AtOnce, Rate
from dap.intake.http.service import Service
from dap.intake.http.words import po_file, preferred
from dap.intake.judge import work_once
from dap.intake.receipts import check_receipt
from dap.intake.records import REFUSALS, Address
from dap.intake.store import Store
from dap.languages import LANGUAGES, OWN
from tests.conftest import NewPlan
from tools.write_site_words import INTAKE, po_text, sentences, untranslated

HERE = "/v1/submissions/001/example-roster/2025-26"
CANARY = b"CANARY-000-12-3456"


def quick(config: IntakeConfig, path: Path, address: Address, alive: Any) -> dict[str, Any]:
    """A report on the bytes without reading them: for what is not about judging."""
    return _report(path.read_bytes(), address)


def quick_check(config: IntakeConfig, file: IO[bytes], address: Address) -> dict[str, Any]:
    return _report(file.read(), address)


def _report(content: bytes, address: Address) -> dict[str, Any]:
    return {
        "verdict": "rejected" if content.startswith(b"no") else "accepted",
        "file": {
            "name": "file 1",
            "bytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
            "rows": 1,
            "columns": 1,
        },
        "collection": address.collection,
        "resource": "students",
        "period": address.school_year,
        "district": address.district,
        "plan_version": "1",
        "suite_sha256": "0" * 64,
        "engine": "pandas",
        "dap_version": "1",
        "scanned": {"cells": 0, "headers": 0, "file_name": 0, "sheets": 0, "hidden_parts": 0, "archive_members": 0},
        "broken": [],
        "not_asked": [],
        "findings": [],
    }


@dataclass
class Place:
    """A service under test, its store, and two districts' tokens."""

    client: TestClient
    store: Store
    service: Service
    mine: dict[str, str]
    theirs: dict[str, str]

    def put(self, content: bytes, address: str = HERE, **headers: str) -> Any:
        given = {**self.mine, "X-Checksum-SHA256": hashlib.sha256(content).hexdigest(), "Prefer": "wait=0"}
        return self.client.put(address, content=content, headers={**given, **headers})

    def judged(self, content: bytes = b"sent\n") -> str:
        """The id of a submission that was sent and judged."""
        id = str(self.put(content).json()["id"])
        while work_once(self.store, judge=quick) is not None:
            pass
        return id


@contextmanager
def a_place(plan: Path, folder: Path, **http: Any) -> Iterator[Place]:
    limits = {"requests_per_minute": 100_000, "failures_per_minute": 100_000, **http}
    config = IntakeConfig(folder=folder, plan=plan, http=HttpConfig(**limits), max_bytes=1_000_000)
    with Store.open(config) as store:
        service = Service(store, quick_check)
        bearer = [{"Authorization": f"Bearer {tokens.issue(store, each)[0]}"} for each in ("001", "002")]
        with TestClient(service.app, raise_server_exceptions=True) as client:
            yield Place(client, store, service, *bearer)


@pytest.fixture
def place(new_plan: NewPlan, tmp_path: Path) -> Iterator[Place]:
    with a_place(new_plan(), tmp_path / "intake") as opened:
        yield opened


@pytest.fixture(scope="module")
def still(_sound_plan: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A place for the many tests that must change nothing in it: that nothing was taken in holds for all of them."""
    with a_place(_sound_plan, tmp_path_factory.mktemp("still") / "intake") as opened:
        yield opened


@pytest.fixture(scope="module")
def judged(_sound_plan: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """The same with one submission that was judged."""
    with a_place(_sound_plan, tmp_path_factory.mktemp("judged") / "intake") as opened:
        opened.judged()
        yield opened


def demand_problem(answer: Any, status: int, code: str) -> None:
    """The answer is that problem, in the form of RFC 9457, and says what to do."""
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["Content-Type"] == "application/problem+json"
    told = answer.json()
    assert told["status"] == status and told["detail"] and told["fix"] and told["type"] == f"/problems/{code}"


# Sending


def test_a_file_is_answered_with_the_receipt_when_it_is_judged_in_time(place: Place) -> None:
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            work_once(place.store, judge=quick)
            stop.wait(0.05)

    worker = threading.Thread(target=work)
    worker.start()
    try:
        answer = place.put(b"sent\n", Prefer="wait=10")
        again = place.put(b"sent\n", Prefer="wait=10")
    finally:
        stop.set()
        worker.join()
    assert answer.status_code == 201
    receipt = answer.json()
    assert check_receipt(receipt, {place.store.signer.key: place.store.signer.public}).genuine
    assert answer.headers["Location"] == f"/v1/submissions/{receipt['id']}"
    assert (again.status_code, again.json()["id"]) in {(200, receipt["id"]), (201, again.json()["id"])}


def test_a_file_that_is_not_judged_in_time_is_received_and_has_a_place_to_ask(place: Place) -> None:
    answer = place.put(b"sent\n")
    assert (answer.status_code, answer.json()["state"]) == (202, "received")
    where = answer.headers["Location"]
    demand_problem(place.client.get(f"{where}/receipt", headers=place.mine), 409, "not-judged")
    assert place.client.get(f"{where}/report", headers=place.mine).headers["Retry-After"]
    work_once(place.store, judge=quick)
    assert place.client.get(where, headers=place.mine).json()["state"] == "accepted"
    assert place.client.get(f"{where}/receipt", headers=place.mine).json()["id"] == answer.json()["id"]
    assert place.client.get(f"{where}/report", headers=place.mine).json()["verdict"] == "accepted"


def test_the_same_bytes_while_they_wait_are_one_submission(place: Place) -> None:
    first, second = place.put(b"sent\n"), place.put(b"sent\n")
    assert first.json()["id"] == second.json()["id"]
    assert len(place.store.submissions()) == 1


def test_each_way_to_state_the_hash_is_taken(place: Place) -> None:
    for number, name in enumerate(("Repr-Digest", "Content-Digest", "X-Checksum-SHA256")):
        content = f"sent {number}\n".encode()
        raw = hashlib.sha256(content).digest()
        value = (
            raw.hex().upper() if name.startswith("X") else f"sha-512=:AA==:, sha-256=:{base64.b64encode(raw).decode()}:"
        )
        headers = {**place.mine, name: value, "Prefer": "wait=0"}
        assert place.client.put(HERE, content=content, headers=headers).status_code == 202, name


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({}, 400, "hash-required"),
        ({"Repr-Digest": "sha-512=:AA==:"}, 400, "hash-required"),
        ({"Repr-Digest": "sha-256=abc"}, 400, "hash-malformed"),
        ({"Repr-Digest": "sha-256=:AA==:"}, 400, "hash-malformed"),
        ({"X-Checksum-SHA256": "abc"}, 400, "hash-malformed"),
        (
            {"X-Checksum-SHA256": "0" * 64, "Repr-Digest": f"sha-256=:{base64.b64encode(b'1' * 32).decode()}:"},
            400,
            "hash-malformed",
        ),
        ({"X-Checksum-SHA256": "0" * 64}, 422, "wrong-sha256"),
        ({"X-Checksum-SHA256": "0" * 64, "Content-Encoding": "gzip"}, 415, "wrong-encoding"),
        ({"X-Checksum-SHA256": "0" * 64, "Content-Length": "1000001"}, 413, "too-large"),
    ],
)
def test_headers_that_promise_too_little_or_too_much_are_refused(
    still: Place, headers: dict[str, str], status: int, code: str
) -> None:
    answer = still.client.put(HERE, content=CANARY, headers={**still.mine, **headers})
    demand_problem(answer, status, code)
    assert still.store.submissions() == []
    assert list((still.store.folder / "tmp").iterdir()) == []


def test_a_body_without_a_length_is_refused(still: Place) -> None:
    chunks = iter([b"a", b"b"])
    answer = still.client.put(HERE, content=chunks, headers={**still.mine, "X-Checksum-SHA256": "0" * 64})
    demand_problem(answer, 411, "length-required")


@pytest.mark.parametrize(
    ("address", "status", "code"),
    [
        ("001/no-such-collection/2025-26", 404, "unknown-collection"),
        ("001/example-roster/2025-27", 400, "bad-address"),
        ("001/Example/2025-26", 400, "bad-address"),
        ("002/example-roster/2025-26", 403, "other-district"),
    ],
)
def test_an_address_that_is_none_of_the_districts_is_refused(
    still: Place, address: str, status: int, code: str
) -> None:
    demand_problem(still.put(b"sent\n", f"/v1/submissions/{address}"), status, code)
    assert still.store.submissions() == []


def test_nothing_to_report_is_entered_once(place: Place) -> None:
    first = place.client.put(f"{HERE}/nothing-to-report", headers=place.mine)
    second = place.client.put(f"{HERE}/nothing-to-report", headers=place.mine)
    assert first.status_code == second.status_code == 201
    assert first.json() == second.json()
    assert len(list(place.store.entries(["zero.declared"]))) == 1


def test_nothing_to_report_is_taken_back_by_the_district_alone(place: Place) -> None:
    where = f"{HERE}/nothing-to-report"
    demand_problem(place.client.delete(where, headers=place.mine), 404, "no-statement")
    place.client.put(where, headers=place.mine)
    demand_problem(place.client.delete(where, headers=place.theirs), 403, "other-district")
    answer = place.client.delete(where, headers=place.mine)
    assert (answer.status_code, answer.json()["kind"]) == (200, "zero.withdrawn")
    demand_problem(place.client.delete(where, headers=place.mine), 404, "no-statement")
    assert len(list(place.store.entries(["zero.withdrawn"]))) == 1


def test_a_check_judges_and_keeps_nothing(place: Place) -> None:
    before = place.store.head().size
    headers = {**place.mine, "X-Checksum-SHA256": hashlib.sha256(CANARY).hexdigest()}
    address = "/v1/checks?collection=example-roster&period=2025-26"
    answer = place.client.post(address, content=CANARY, headers=headers)
    assert (answer.status_code, answer.json()["verdict"]) == (200, "accepted")
    assert (place.store.submissions(), place.store.head().size) == ([], before)
    place.store.close()
    assert all(CANARY not in path.read_bytes() for path in place.store.folder.rglob("*") if path.is_file())
    demand_problem(place.client.post("/v1/checks?period=2025-26", content=b"", headers=headers), 400, "wrong-parameter")
    demand_problem(
        place.client.post(address.replace("roster", "none"), content=b"", headers=headers), 404, "unknown-collection"
    )


def test_a_judge_that_cannot_run_is_a_problem_and_no_verdict(place: Place) -> None:
    def fails(*_: object) -> dict[str, Any]:
        raise CouldNotRun("CANARY")

    place.service.judge = fails
    headers = {**place.mine, "X-Checksum-SHA256": hashlib.sha256(b"a").hexdigest()}
    answer = place.client.post("/v1/checks?collection=example-roster&period=2025-26", content=b"a", headers=headers)
    demand_problem(answer, 503, "could-not-judge")
    assert "CANARY" not in answer.text


# Looking


def test_the_list_is_the_districts_own_in_pages(place: Place) -> None:
    ids = [str(place.put(f"sent {number}\n".encode()).json()["id"]) for number in range(5)]
    seen: list[str] = []
    after = ""
    while True:
        page = place.client.get(f"/v1/submissions?limit=2{after}", headers=place.mine).json()
        seen += [each["id"] for each in page["submissions"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert seen == ids
    assert place.client.get("/v1/submissions", headers=place.theirs).json() == {"submissions": [], "next": None}


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "state=gone", "district=002", "limit=1&limit=2"])
def test_a_query_that_cannot_be_answered_is_a_problem(still: Place, query: str) -> None:
    demand_problem(still.client.get(f"/v1/submissions?{query}", headers=still.mine), 400, "wrong-parameter")


def test_the_receipt_is_a_page_to_print_for_who_asks_for_one(place: Place) -> None:
    id = place.judged()
    answer = place.client.get(f"/v1/submissions/{id}/receipt", headers={**place.mine, "Accept": "text/html"})
    style = answer.text.split("<style>")[1].split("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in answer.headers["Content-Security-Policy"]
    assert id in answer.text


# One district and another


ROUTES = [(method, path) for path, item in document(IntakeConfig())["paths"].items() for method in item]
GUARDED = [
    (method, path)
    for path, item in document(IntakeConfig())["paths"].items()
    for method, operation in item.items()
    if operation.get("security") != []
]


def ask(place: Place, method: str, path: str, id: str, headers: dict[str, str]) -> Any:
    """Ask an address about what the first district has sent."""
    filled = path.format(district="001", collection="example-roster", period="2025-26", id=id)
    given = {**headers, "X-Checksum-SHA256": hashlib.sha256(b"other\n").hexdigest(), "Prefer": "wait=0"}
    query = "?collection=example-roster&period=2025-26" if path == "/v1/checks" else ""
    body = b"other\n" if method in ("put", "post") else b""
    return place.client.request(method, filled + query, content=body, headers=given)


@pytest.mark.parametrize(("method", "path"), GUARDED)
def test_no_token_opens_anything_of_another_district(judged: Place, method: str, path: str) -> None:
    id = judged.store.submissions()[0].id
    entries = judged.store.head().size
    answer = ask(judged, method, path, id, judged.theirs)
    assert answer.status_code in (200, 403, 404), answer.text
    # Its own id stands in no answer, and neither does what was sent under it.
    assert id not in answer.text and hashlib.sha256(b"sent\n").hexdigest() not in answer.text
    if "{district}" in path:
        demand_problem(answer, 403, "other-district")
    if "{id}" in path:
        demand_problem(answer, 404, "unknown-submission")
        nobody = ask(judged, method, path, id.replace("001-", "003-", 1), judged.theirs)
        assert {**answer.json(), "instance": ""} == {**nobody.json(), "instance": ""}
    assert judged.store.head().size == entries
    assert [each.id for each in judged.store.submissions()] == [id]


@pytest.mark.parametrize(("method", "path"), GUARDED)
@pytest.mark.parametrize("token", ["", "Bearer", "Basic abc", "Bearer dap_x", "unknown", "revoked", "expired"])
def test_without_a_token_that_holds_no_route_answers(still: Place, method: str, path: str, token: str) -> None:
    id = still.store.submissions()[0].id if still.store.submissions() else "001-example-roster-2025-26-1-" + "0" * 12
    text = {"unknown": f"Bearer {tokens._text('0' * 12, 'a' * 43)}"}.get(token, token)
    if token == "revoked":
        secret, issued = tokens.issue(still.store, "001")
        tokens.revoke(still.store, issued.id)
        text = f"Bearer {secret}"
    if token == "expired":
        text = f"Bearer {tokens.issue(still.store, '001', days=1, now=datetime(2001, 1, 1, tzinfo=UTC))[0]}"
    answer = ask(still, method, path, id, {"Authorization": text} if text else {})
    assert answer.status_code == 401, answer.text
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert still.store.submissions() == []


@pytest.mark.parametrize("action", ["submit", "check", "read"])
def test_a_token_does_only_what_it_was_issued_for(place: Place, action: str) -> None:
    id = place.judged()
    only = {"Authorization": f"Bearer {tokens.issue(place.store, '001', actions=[action])[0]}"}
    allowed = {"submit": ("put", "delete"), "check": ("post",), "read": ("get",)}[action]
    for method, path in GUARDED:
        if path in ("/v1/me",):
            continue
        answer = ask(place, method, path, id, only)
        refused = answer.status_code == 403 and answer.json()["code"] == "action-not-allowed"
        assert refused == (method not in allowed or path == "/metrics"), (method, path, answer.status_code)


def test_the_operators_token_reads_the_metrics_and_nothing_else(place: Place) -> None:
    id = place.judged()
    operator = {"Authorization": f"Bearer {tokens.issue(place.store, tokens.OPERATOR)[0]}"}
    assert place.client.get("/metrics", headers=operator).text.endswith("# EOF\n")
    for method, path in GUARDED:
        if path != "/metrics":
            assert ask(place, method, path, id, operator).status_code == 403, path


# Problems, limits, headers


def test_every_refusal_of_the_store_has_a_status() -> None:
    assert set(REFUSALS) <= set(REFUSED_STATUS)
    assert all(400 <= each.status < 600 and each.title and each.fix for each in KINDS.values())


@given(path=st.text(max_size=40), method=st.sampled_from(["GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS"]))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_asked_gets_an_answer_that_repeats_none_of_it(still: Place, path: str, method: str) -> None:
    from urllib.parse import quote

    answer = still.client.request(method, f"/v1/{quote(path, safe='/?&=')}CANARY", headers=still.mine)
    assert 400 <= answer.status_code < 500
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert "CANARY" not in answer.text


def test_an_unforeseen_failure_is_told_without_its_words(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    def fails(*_: object, **__: object) -> None:
        raise ValueError("CANARY")

    place.service.store.receive = fails  # type: ignore[method-assign,assignment]
    answer = place.put(b"sent\n")
    demand_problem(answer, 500, "unexpected")
    said = capsys.readouterr().err
    assert "CANARY" not in answer.text + said
    unexpected, request = (json.loads(line) for line in said.splitlines())
    assert (unexpected["event"], unexpected["type"]) == ("unexpected", "ValueError")
    assert unexpected["at"].startswith("fails:")
    assert (request["event"], request["status"], request["problem"]) == ("request", 500, "unexpected")


@pytest.mark.parametrize("path", ["/", "/es/", "/openapi.json", "/v1/me", "/no-such-thing", "/assets/intake.js"])
def test_every_answer_has_the_headers_that_keep_it_to_itself(still: Place, path: str) -> None:
    headers = still.client.get(path).headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")


def test_too_many_requests_wrong_tokens_and_uploads_are_told_so(new_plan: NewPlan, tmp_path: Path) -> None:
    with a_place(new_plan(), tmp_path / "1", requests_per_minute=2) as place:
        answers = [place.client.get("/v1/me", headers=place.mine) for _ in range(3)]
        demand_problem(answers[2], 429, "too-many-requests")
        assert int(answers[2].headers["Retry-After"]) > 0
        assert place.client.get("/v1/me", headers=place.theirs).status_code == 200
    with a_place(new_plan(), tmp_path / "2", failures_per_minute=2) as place:
        wrong = {"Authorization": f"Bearer {tokens._text('0' * 12, 'a' * 43)}"}
        codes = [place.client.get("/v1/me", headers=wrong).json()["code"] for _ in range(3)]
        assert codes == ["token-unknown", "token-unknown", "too-many-requests"]
    with a_place(new_plan(), tmp_path / "3", uploads_per_district=0) as place:
        demand_problem(place.put(b"sent\n"), 429, "too-many-uploads")
    with a_place(new_plan(), tmp_path / "4", uploads=0) as place, pytest.MonkeyPatch.context():
        demand_problem(place.put(b"sent\n"), 503, "busy")


def test_a_rate_fills_again_evenly_and_forgets_the_oldest() -> None:
    now = [0.0]
    rate = Rate(60, lambda: now[0])
    assert [rate.take("a") for _ in range(61)][-2:] == [0, 2]
    now[0] = 1.0
    assert (rate.take("a"), rate.take("b")) == (0, 0)
    going = AtOnce(2, 1)
    with going.one("a"):
        assert (going.why_not("a"), going.why_not("b")) == ("each", None)
        with going.one("b"):
            assert going.why_not("c") == "all"
    assert going.going == 0


def test_problems_and_pages_speak_the_readers_language(still: Place) -> None:
    answer = still.client.get("/v1/me", headers={"Accept-Language": "es-US,es;q=0.9,en;q=0.5"})
    assert (answer.json()["detail"], answer.headers["Content-Language"]) == ("La solicitud no tiene clave.", "es")
    assert "Enviar un archivo" in still.client.get("/es/").text
    for code in (*KINDS, *REFUSED_STATUS):
        assert still.client.get(f"/problems/{code}").status_code == 200, code
    assert [preferred(each) for each in ("", "fr", "en;q=0.1, es", "es;q=0", ";;q=x,,")] == [
        "en",
        "en",
        "es",
        "en",
        "en",
    ]


def test_every_sentence_is_translated_and_the_files_are_current() -> None:
    for language in LANGUAGES:
        if language != OWN:
            text = po_file(language).read_text("utf-8")
            assert text == po_text(language, sentences(INTAKE), po_file), "run python tools/write_site_words.py"
            assert untranslated(text, language) == []


# The description


def test_the_description_and_the_routes_are_the_same(place: Place) -> None:
    pages = {"/", "/es/", "/assets/{name}", "/problems/{code}"}
    routes = {(method.lower(), each.path) for each in place.service.routes() for method in each.methods or ()}
    routes = {(method, path) for method, path in routes if method != "head" and path not in pages}
    assert routes == set(ROUTES)
    told = place.client.get("/openapi.json").json()
    assert told["openapi"] == "3.1.0"
    for schema in told["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_answers_have_the_form_that_the_description_gives_them(place: Place) -> None:
    id = place.judged(b"no\n")
    told = document(place.service.config)
    for method, path in ROUTES:
        answer = ask(place, method, path, id, place.mine)
        described = told["paths"][path][method]["responses"][str(answer.status_code)]
        if "$ref" in described:
            described = told["components"]["responses"]["Problem"]
        kind = answer.headers["Content-Type"].partition(";")[0]
        schema = {**described["content"][kind]["schema"], "components": told["components"]}
        value = answer.json() if kind.endswith("json") else answer.text
        Draft202012Validator(schema).validate(value)


def test_the_report_of_the_service_is_that_of_the_schema(place: Place) -> None:
    id = place.judged()
    schema = json.loads((schemas_folder() / "report.schema.json").read_text("utf-8"))
    report = place.client.get(f"/v1/submissions/{id}/report", headers=place.mine).json()
    Draft7Validator(schema).validate(report)


def test_a_stopping_service_lets_those_who_wait_go_with_a_place_to_ask(place: Place) -> None:
    place.service.verdicts.stop()
    assert place.put(b"sent\n", Prefer="wait=10").status_code == 202
