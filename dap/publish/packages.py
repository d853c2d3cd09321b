"""The published data packages: a collection with nothing left to look up, and the plan's tables as one package."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd

from dap.plan import CodeList, Collection, Layout, Plan

PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"
"""The standard's own profile: a stranger's tool knows it, and needs nothing of ours."""

Descriptor = dict[str, Any]


def collection_package(plan: Plan, collection: Collection) -> Descriptor:
    """A collection's descriptor with inheritance applied and code lists written in.

    A complete list of an element of text becomes `constraints.enum` and `categories`. A list that may not be complete
    must refuse nothing, so its codes stand under `acquisition.codeList` only.
    """
    package: Descriptor = json.loads((collection.folder / "datapackage.json").read_text("utf-8"))
    package["$schema"] = PROFILE
    package["version"] = plan.version
    package["licenses"] = [_given(name=each.name, title=each.title, path=each.path) for each in plan.licenses]
    if plan.created:
        package["created"] = f"{plan.created}T00:00:00Z"
    package["acquisition"]["mandates"] = [_mandate(plan, each.id, each.obligation) for each in collection.mandates]
    for resource in package["resources"]:
        layout = collection.layout(resource["name"])
        for field in resource["schema"]["fields"]:
            _resolve(plan, layout, field)
    return package


def _resolve(plan: Plan, layout: Layout, field: Descriptor) -> None:
    element = layout.by_name[field["name"]]
    own = field.setdefault("acquisition", {})
    own |= _given(
        frequency=element.frequency,
        mandates=[_mandate(plan, each.id, each.obligation) for each in element.mandates],
        purpose=element.purpose,
        uses=list(element.uses),
        status=element.status,
        retention=element.retention,
    )
    if not element.codes:
        return
    code_list = plan.code_list(element.codes)
    own["codeList"] = {
        "title": code_list.title,
        "complete": code_list.complete,
        "codes": [
            _given(code=each.code, label=each.label, since=each.since, until=each.until) for each in code_list.codes
        ],
    }
    # A number's or boolean's enum would have to hold numbers; the rules of ours stand on the text of a cell.
    if code_list.complete and element.type == "string" and "enum" not in element.constraints:
        values = _in_force(code_list, layout)
        field.setdefault("constraints", {})["enum"] = [code for code, _ in values] + list(element.marks)
        field["categories"] = [{"value": code, "label": label} for code, label in values]
        field["categories"] += [
            {"value": each.value, "label": each.label or each.value} for each in element.missing if each.value
        ]


def _in_force(code_list: CodeList, layout: Layout) -> list[tuple[str, str]]:
    found: dict[str, str] = {}
    for each in code_list.codes:
        if each.code and each.in_force(layout.valid_for):
            found.setdefault(each.code, each.label)
    return list(found.items())


def _mandate(plan: Plan, id: str, obligation: str) -> Descriptor:
    mandate = plan.mandate(id)
    return _given(
        id=id,
        obligation=obligation,
        citation=mandate.citation,
        title=mandate.title,
        summary=mandate.summary,
        jurisdiction=mandate.jurisdiction,
        source=mandate.source,
    )


def plan_package(plan: Plan, tables: dict[str, pd.DataFrame]) -> Descriptor:
    """The plan's tables as one data package of CSV files, each with its schema."""
    return {
        "$schema": PROFILE,
        "name": plan.name or "plan",
        "title": plan.title,
        "description": plan.description,
        "version": plan.version,
        **({"created": f"{plan.created}T00:00:00Z"} if plan.created else {}),
        "contributors": [_given(title=each.title, roles=list(each.roles)) for each in plan.contributors],
        "licenses": [_given(name=each.name, title=each.title, path=each.path) for each in plan.licenses],
        "sources": [_given(title=each.title, path=each.path) for each in plan.sources],
        "resources": [
            {
                "name": name.replace("_", "-"),
                "type": "table",
                "path": f"{name}.csv",
                "format": "csv",
                "mediatype": "text/csv",
                "encoding": "utf-8",
                "schema": {"fields": [{"name": str(column), "type": _type(table[column])} for column in table.columns]},
            }
            for name, table in tables.items()
        ],
    }


def _type(column: pd.Series[Any]) -> str:
    if pd.api.types.is_bool_dtype(column):
        return "boolean"
    return "integer" if pd.api.types.is_integer_dtype(column) else "string"


def as_json(document: object) -> bytes:
    """The document as a file holds it."""
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()


def _given(**values: Any) -> Descriptor:
    return {key: value for key, value in values.items() if value not in ("", [], None)}
