"""Tokens: shown once, kept as a hash, for stated actions, until a day, until revoked."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from dap.cli import cli
from dap.errors import RequestError
from dap.intake import tokens
from dap.intake.config import IntakeConfig
from dap.intake.store import Store
from dap.intake.tokens import TokenRefused
from tests.conftest import NewPlan

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def store(new_plan: NewPlan, tmp_path: Path) -> Iterator[Store]:
    with Store.open(IntakeConfig(folder=tmp_path / "intake", plan=new_plan())) as opened:
        yield opened


def code_of(store: Store, text: str, now: datetime = NOW) -> str:
    """Why the text opens nothing; empty where it opens something."""
    try:
        tokens.authenticate(store, text, now=now)
    except TokenRefused as refused:
        return refused.code
    return ""


def test_a_token_opens_what_it_is_for_until_its_last_day(store: Store) -> None:
    text, issued = tokens.issue(store, "001", actions=["read"], days=10, now=NOW)
    found = tokens.authenticate(store, text, now=NOW + timedelta(days=9))
    assert (found.district, found.may("read"), found.may("submit")) == ("001", True, False)
    assert code_of(store, text, NOW + timedelta(days=10)) == "expired"
    assert issued == found


def test_a_revoked_token_opens_nothing_and_stays_in_the_list(store: Store) -> None:
    text, issued = tokens.issue(store, "001", now=NOW)
    tokens.revoke(store, issued.id, now=NOW)
    tokens.revoke(store, issued.id, now=NOW + timedelta(days=1))
    assert code_of(store, text) == "revoked"
    assert [each.revoked for each in tokens.tokens(store, "001")] == [NOW]
    assert [entry.body["token"] for entry in store.entries(["token.revoked"])] == [issued.id]


def test_the_secret_is_nowhere_below_the_folder(store: Store) -> None:
    text, issued = tokens.issue(store, "001", now=NOW)
    secret = text.split("_", 2)[2].rsplit("_", 1)[0].encode()
    store.close()
    for path in store.folder.rglob("*"):
        assert not path.is_file() or secret not in path.read_bytes(), path.name
    assert issued.id.encode() in (store.folder / "ledger.sqlite").read_bytes()


def test_the_ledger_knows_each_token_by_its_id(store: Store) -> None:
    _, issued = tokens.issue(store, "001", actions=["read"], days=7, now=NOW)
    assert [entry.body for entry in store.entries(["token.issued"])] == [
        {"token": issued.id, "district": "001", "actions": ["read"], "days": 7}
    ]


@pytest.mark.parametrize("cut", [0, 1, 16, 17, 40, 59, 68])
def test_a_token_copied_in_part_is_told_from_an_unknown_one(store: Store, cut: int) -> None:
    text, _ = tokens.issue(store, "001", now=NOW)
    assert code_of(store, text[:cut]) == "malformed"
    other = tokens._text("0" * 12, "a" * 43)
    assert code_of(store, other) == "unknown"


def test_another_secret_under_a_known_id_is_unknown(store: Store) -> None:
    _, issued = tokens.issue(store, "001", now=NOW)
    assert code_of(store, tokens._text(issued.id, "a" * 43)) == "unknown"


@given(text=st.text(max_size=90))
@settings(max_examples=100, deadline=None)
def test_no_text_but_a_token_is_one(text: str) -> None:
    with pytest.raises(TokenRefused, match="malformed"):
        tokens.authenticate(None, text)  # type: ignore[arg-type]  # such a text is refused without a database


@pytest.mark.parametrize(
    ("district", "actions", "days", "note"),
    [
        ("0 1", ["read"], 10, ""),
        ("a" * 21, ["read"], 10, ""),
        ("001", [], 10, ""),
        ("001", ["metrics"], 10, ""),
        ("001", ["read"], 0, ""),
        ("001", ["read"], 1_101, ""),
        ("001", ["read"], 10, "a\nb"),
        ("001", ["read"], 10, "a" * 81),
    ],
)
def test_what_cannot_be_issued_is_a_wrong_request(
    store: Store, district: str, actions: list[str], days: int, note: str
) -> None:
    with pytest.raises(RequestError):
        tokens.issue(store, district, actions=actions, days=days, note=note)
    assert tokens.tokens(store) == []


def test_an_operators_token_is_for_the_metrics_alone(store: Store) -> None:
    _, issued = tokens.issue(store, tokens.OPERATOR, now=NOW)
    assert issued.actions == ("metrics",)


def test_the_commands_issue_list_and_revoke(new_plan: NewPlan, tmp_path: Path) -> None:
    settings_file = tmp_path / "dap-intake.toml"
    settings_file.write_text(f'folder = "intake"\nplan = "{new_plan().as_posix()}"\n', "utf-8")
    config = ["--config", str(settings_file)]
    made = CliRunner().invoke(cli, ["token", "new", "--district", "001", "--action", "read", *config])
    text = made.stdout.strip()
    assert text.startswith("dap_") and "\n" not in text
    listed = CliRunner().invoke(cli, ["token", "list", *config]).stdout
    assert "001" in listed and "valid" in listed and text not in listed and text[20:40] not in listed
    id = text.split("_")[1]
    assert CliRunner().invoke(cli, ["token", "revoke", id, *config]).exit_code == 0
    assert "revoked" in CliRunner().invoke(cli, ["token", "list", *config]).stdout
    unknown = CliRunner().invoke(cli, ["token", "revoke", "0" * 12, *config])
    assert isinstance(unknown.exception, RequestError)
    both = CliRunner().invoke(cli, ["token", "new", *config])
    assert isinstance(both.exception, RequestError)
