"""`dap list` gives the plan's tables, filtered, as text, CSV or JSON."""

from __future__ import annotations

import csv
import io
import json

import click
import pytest

from dap import cli, review
from dap.errors import RequestError
from dap.listing import KINDS, listing, table_of
from dap.plan import Plan


@pytest.mark.parametrize("kind", KINDS)
def test_every_row_and_column_is_there_in_csv_and_json(connecticut: Plan, kind: str) -> None:
    table = table_of(connecticut, kind)
    rows = list(csv.DictReader(io.StringIO(listing(connecticut, kind, form="csv"))))
    assert len(rows) == len(table) == len(json.loads(listing(connecticut, kind, form="json")))
    assert list(rows[0]) == list(table.columns)
    what = kind if hasattr(connecticut, kind) else "rows"
    assert listing(connecticut, kind).endswith(f"\n{len(table)} {what}.\n")


def test_the_command_lists_what_can_be_listed() -> None:
    kind = next(each for each in cli.list_.params if each.name == "kind")
    assert isinstance(kind.type, click.Choice) and tuple(kind.type.choices) == KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_a_hundred_columns_of_a_terminal_are_enough(connecticut: Plan, kind: str) -> None:
    lines = listing(connecticut, kind).splitlines()
    assert max(map(len, lines)) <= 100 and "…" not in "".join(lines)


def test_days_are_written_as_days_in_every_form(connecticut: Plan) -> None:
    stated = {each["date"] for each in connecticut.windows.to_dict("records") if len(each["date"]) == 10}
    in_json = json.loads(listing(connecticut, "calendar", form="json"))
    assert {row["first_day"] for row in in_json if row["precision"] == "day"} == stated
    assert {row["first_day"] for row in in_json if row["event"] == "no date stated"} == {None}
    in_csv = list(csv.DictReader(io.StringIO(listing(connecticut, "calendar", form="csv"))))
    assert [row["last_day"] or None for row in in_csv] == [row["last_day"] for row in in_json]
    only = listing(connecticut, "calendar", ["first_day=2025-06-30"], "json")
    assert {row["date"] for row in json.loads(only)} == {"2025-06-30"}


@pytest.mark.parametrize("kind", KINDS)
def test_a_school_year_is_for_calendar_and_load_alone(connecticut: Plan, kind: str) -> None:
    if kind in ("calendar", "load"):
        rows = json.loads(listing(connecticut, kind, form="json", school_year="2024-25"))
        make = review.calendar if kind == "calendar" else review.district_load
        assert len(rows) == len(make(connecticut, "2024-25"))
    else:
        with pytest.raises(RequestError, match="calendar, load"):
            listing(connecticut, kind, school_year="2024-25")


def test_conditions_must_all_hold(connecticut: Plan) -> None:
    where = ["collection=tcs", "mandates=perkins-v", "title~DATE"]
    rows = json.loads(listing(connecticut, "elements", where, "json"))
    assert [row["element"] for row in rows] == ["date_of_birth", "term_start_date", "term_end_date"]
    assert listing(connecticut, "elements", ["collection=no such"]).endswith("\n0 elements.\n")


@pytest.mark.parametrize(
    ("condition", "said"), [("domian=student", '"domain"'), ("student", "column=value"), ("=x", "column=value")]
)
def test_a_condition_that_cannot_be_meant_is_refused(connecticut: Plan, condition: str, said: str) -> None:
    with pytest.raises(RequestError, match=said):
        listing(connecticut, "collections", [condition])
