"""`dap list` gives the plan's tables, filtered, as text, CSV or JSON."""

from __future__ import annotations

import csv
import io
import json

import pytest

from dap.errors import RequestError
from dap.listing import KINDS, listing
from dap.plan import Plan


@pytest.mark.parametrize("kind", KINDS)
def test_every_row_and_column_is_there_in_csv_and_json(connecticut: Plan, kind: str) -> None:
    table = getattr(connecticut, kind)
    rows = list(csv.DictReader(io.StringIO(listing(connecticut, kind, form="csv"))))
    assert len(rows) == len(table) == len(json.loads(listing(connecticut, kind, form="json")))
    assert list(rows[0]) == list(table.columns)
    assert listing(connecticut, kind).endswith(f"\n{len(table)} {kind}.\n")


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
