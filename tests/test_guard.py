"""An executed notebook that holds a number of a person or a row of a file is refused, and nothing is repeated."""

from __future__ import annotations

import csv
import html
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd
import pytest

from dap.errors import RequestError
from dap.examples import example_text
from dap.guard import refuse_unsafe
from dap.plan import Plan


def shown(**data: Any) -> dict[str, Any]:
    """A notebook whose one cell shows these, by kind: html, text, json."""
    kinds = {"html": "text/html", "text": "text/plain", "json": "application/vnd.vegalite.v5+json"}
    output = {"output_type": "display_data", "data": {kinds[kind]: each for kind, each in data.items()}, "metadata": {}}
    return {"cells": [{"cell_type": "code", "outputs": [output]}]}


@pytest.fixture
def rows(connecticut: Plan) -> list[list[str]]:
    collection = connecticut.collection("psis-october")
    text = example_text(connecticut, collection, collection.file_layouts[0], rows=4)
    return list(csv.reader(text.splitlines()))


@pytest.mark.parametrize("number", ["000-12-3456", "SSN 000123456"])
@pytest.mark.parametrize("kind", ["html", "text"])
def test_what_is_shaped_like_a_social_security_number_is_refused(connecticut: Plan, number: str, kind: str) -> None:
    text = f"<table><tr><td>{number}</td></tr></table>" if kind == "html" else f"found {number}"
    with pytest.raises(RequestError, match="cell 1 holds something shaped") as refused:
        refuse_unsafe(shown(**{kind: text}), connecticut)
    assert "3456" not in str(refused.value)


def test_a_printed_number_and_one_in_a_chart_are_refused(connecticut: Plan) -> None:
    printed = {"cells": [{"cell_type": "code", "outputs": [{"output_type": "stream", "text": ["a 000-12-", "3456"]}]}]}
    for unsafe in (printed, shown(json={"datasets": {"x": [{"who": "000-12-3456"}]}})):
        with pytest.raises(RequestError, match="not published"):
            refuse_unsafe(unsafe, connecticut)


@pytest.mark.parametrize("form", ["csv", "frame", "html", "dict", "picture"])
def test_a_row_of_a_file_is_refused_in_whatever_form(connecticut: Plan, rows: list[list[str]], form: str) -> None:
    # Without the student's number, which would be refused for itself.
    head, *body = [row[1:] for row in rows]
    frame = pd.DataFrame(body, columns=head)
    text = {
        "csv": {"text": ",".join(body[0])},
        "frame": {"text": frame.iloc[:, :6].to_string()},
        "html": {"html": frame.set_axis(range(len(head)), axis=1).to_html()},
        "dict": {"text": str(dict(zip(head, body[0], strict=True)))},
        "picture": {"html": "".join(f"<text>{html.escape(each)}</text>" for each in body[0])},
    }[form]
    with pytest.raises(RequestError, match="not published"):
        refuse_unsafe(shown(**text), connecticut, body)


def test_the_columns_of_a_submission_are_refused_where_nobody_says_what_was_read(
    connecticut: Plan, rows: list[list[str]]
) -> None:
    table = pd.DataFrame([["x"] * len(rows[0])], columns=rows[0]).to_html()
    with pytest.raises(RequestError, match="columns of a submission"):
        refuse_unsafe(shown(html=table), connecticut)


def test_a_picture_that_cannot_be_searched_is_refused(connecticut: Plan) -> None:
    notebook = shown(html="x")
    notebook["cells"][0]["outputs"][0]["data"] = {"image/png": "AAAA"}
    with pytest.raises(RequestError, match="cannot be searched"):
        refuse_unsafe(notebook, connecticut)


def test_the_plans_own_tables_and_pages_of_totals_pass(connecticut: Plan, rows: list[list[str]]) -> None:
    table = connecticut.elements[["collection", "element", "title", "sensitivity"]].to_html()
    refuse_unsafe(shown(html=table, text=connecticut.collections.to_string()), connecticut, rows[1:])


def test_a_notebook_without_outputs_passes(connecticut: Plan) -> None:
    for path in sorted((Path(__file__).resolve().parent.parent / "notebooks").glob("*.ipynb")):
        refuse_unsafe(nbformat.read(path, as_version=4), connecticut)  # type: ignore[no-untyped-call]
