"""The service described for programs: OpenAPI 3.1, with the schemas of the report and the receipt as they are."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from dap.catalog import schemas_folder
from dap.intake.config import IntakeConfig
from dap.intake.http.problems import KINDS, MEDIA_TYPE, REFUSED_STATUS
from dap.intake.records import State

_COUNT = {"type": "integer", "minimum": 0}
_TEXT = {"type": "string"}
_SHA256 = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
_DISTRICT = {"type": "string", "pattern": "^[0-9A-Za-z]{1,20}$", "example": "001"}
_COLLECTION = {"type": "string", "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$", "maxLength": 80, "example": "psis-october"}
_PERIOD = {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}(-[a-z0-9]+)*$", "maxLength": 60, "example": "2025-26"}
_ID = {"type": "string", "maxLength": 180}


def document(config: IntakeConfig, address: str = "") -> dict[str, Any]:
    """The whole description; `address` is the service's public one, empty where it is the one it was asked at."""
    return {
        "openapi": "3.1.0",
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "info": {
            "title": "Intake of submissions",
            "version": version("dap"),
            "description": (
                "A district sends a file for a collection and a period; it is judged once, by the plan's rules, and "
                "answered with a signed receipt. No answer holds a value of a file. Errors are RFC 9457 problems."
            ),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": address or "/"}],
        "security": [{"token": []}],
        "paths": _paths(config),
        "components": {
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A district's token; the data steward issues it.",
                }
            },
            "schemas": {**_shared_schemas(), **_own_schemas()},
            "responses": {"Problem": _problem()},
        },
    }


def _paths(config: IntakeConfig) -> dict[str, Any]:
    submission = "/v1/submissions/{district}/{collection}/{period}"
    place = [_in_path("district", _DISTRICT), _in_path("collection", _COLLECTION), _in_path("period", _PERIOD)]
    one = [_in_path("id", _ID)]
    return {
        submission: {
            "put": _operation(
                "submit",
                "Send a file",
                {
                    "200": _json("The same bytes were received and judged before: the receipt of then.", "Receipt"),
                    "201": _json("Received and judged: the receipt.", "Receipt", _location()),
                    "202": _json("Received, not judged yet: ask at Location.", "Submission", _location()),
                },
                (400, 401, 403, 404, 408, 411, 413, 415, 422, 429, 500, 503, 507),
                parameters=[*place, *_file_headers(), _prefer(config)],
                body=True,
            )
        },
        f"{submission}/nothing-to-report": {
            "put": _operation(
                "stateNothing",
                "State that there is nothing to report",
                {"201": _json("Entered in the ledger.", "Statement")},
                (400, 401, 403, 404, 422, 429, 500, 503, 507),
                parameters=place,
            ),
            "delete": _operation(
                "withdrawNothing",
                "Take the statement back",
                {"200": _json("The taking back, entered in the ledger.", "Statement")},
                (400, 401, 403, 404, 429, 500, 503, 507),
                parameters=place,
            ),
        },
        "/v1/checks": {
            "post": _operation(
                "check",
                "Judge a file and keep nothing of it",
                {"200": _json("The report.", "report")},
                (400, 401, 403, 404, 408, 411, 413, 415, 422, 429, 500, 503, 507),
                parameters=[
                    _query("collection", _COLLECTION, required=True),
                    _query("period", _PERIOD, required=True),
                    *_file_headers(),
                ],
                body=True,
            )
        },
        "/v1/submissions": {
            "get": _operation(
                "listSubmissions",
                "List what the district has sent",
                {"200": _json("The oldest first; `next` is the `after` of the next page.", "Submissions")},
                (400, 401, 403, 404, 429, 500, 503),
                parameters=[
                    _query("collection", _TEXT),
                    _query("period", _TEXT),
                    _query("state", {"type": "string", "enum": [each.value for each in State]}),
                    _query("after", _ID),
                    _query("limit", {"type": "integer", "minimum": 1, "maximum": 100, "default": 100}),
                ],
            )
        },
        "/v1/submissions/{id}": {
            "get": _operation(
                "getSubmission",
                "Where a submission stands",
                {"200": _json("The submission.", "Submission")},
                (400, 401, 403, 404, 429, 500, 503),
                parameters=[*one, _prefer(config)],
            )
        },
        "/v1/submissions/{id}/report": {
            "get": _operation(
                "getReport",
                "The report on a submission",
                {"200": _json("The report.", "report")},
                (400, 401, 403, 404, 409, 429, 500, 503),
                parameters=one,
            )
        },
        "/v1/submissions/{id}/receipt": {
            "get": _operation(
                "getReceipt",
                "The receipt of a submission",
                {
                    "200": {
                        "description": "The receipt; as a page to print for a request that accepts text/html first.",
                        "content": {
                            "application/json": {"schema": {"$ref": "#/components/schemas/Receipt"}},
                            "text/html": {"schema": _TEXT},
                        },
                    }
                },
                (400, 401, 403, 404, 409, 429, 500, 503),
                parameters=one,
            )
        },
        "/v1/me": {
            "get": _operation(
                "getMe",
                "Whose token it is, and what may be sent with it",
                {"200": _json("District, actions and collections.", "Me")},
                (400, 401, 403, 429, 500, 503),
            )
        },
        "/v1/ledger/head": {
            "get": _open("getHead", "The ledger's signed head", _json("The head.", "Head"), (500, 503)),
        },
        "/v1/ledger/key": {
            "get": _open("getKey", "The state's public key", _plain("As `dap receipt verify` takes it."), (500, 503)),
        },
        "/openapi.json": {
            "get": _open("getOpenapi", "This document", _json("OpenAPI 3.1.", None), (500,)),
        },
        "/ready": {"get": _open("getReady", "Whether a file would be taken now", _json("It would.", None), (500, 503))},
        "/health": {
            "get": {
                **_open("getHealth", "What the operation watches", _json("All is well.", None), (500,)),
                "responses": {
                    "200": _json("All is well.", None),
                    "503": {
                        "description": "Something fails; or the service could not look.",
                        "content": {
                            "application/json": {"schema": {"type": "object"}},
                            MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}},
                        },
                    },
                    "500": {"$ref": "#/components/responses/Problem"},
                },
            }
        },
        "/metrics": {
            "get": _operation(
                "getMetrics",
                "Numbers for a monitoring system, with the operator's token",
                {
                    "200": {
                        "description": "OpenMetrics.",
                        "content": {"application/openmetrics-text": {"schema": _TEXT}},
                    }
                },
                (401, 403, 429, 500, 503),
            )
        },
    }


def _operation(
    id: str,
    summary: str,
    answers: Mapping[str, Any],
    problems: tuple[int, ...],
    *,
    parameters: list[dict[str, Any]] | None = None,
    body: bool = False,
) -> dict[str, Any]:
    operation: dict[str, Any] = {"operationId": id, "summary": summary, "parameters": parameters or []}
    if body:
        operation["requestBody"] = {
            "required": True,
            "description": "The file's own bytes. Its content alone decides how it is read; its name is not sent.",
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary", "minLength": 1}}},
        }
    refused = {str(each): {"$ref": "#/components/responses/Problem"} for each in problems}
    return {**operation, "responses": {**answers, **refused}}


def _open(id: str, summary: str, answer: Mapping[str, Any], problems: tuple[int, ...]) -> dict[str, Any]:
    return {**_operation(id, summary, {"200": answer}, problems), "security": []}


def _json(description: str, schema: str | None, headers: Mapping[str, Any] | None = None) -> dict[str, Any]:
    shape = {"$ref": f"#/components/schemas/{schema}"} if schema else {"type": "object"}
    answer: dict[str, Any] = {"description": description, "content": {"application/json": {"schema": shape}}}
    return {**answer, "headers": dict(headers)} if headers else answer


def _plain(description: str) -> dict[str, Any]:
    return {"description": description, "content": {"text/plain": {"schema": _TEXT}}}


def _location() -> dict[str, Any]:
    return {"Location": {"description": "Where the submission can be asked about.", "schema": _TEXT}}


def _in_path(name: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": dict(schema)}


def _query(name: str, schema: Mapping[str, Any], *, required: bool = False) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": required, "schema": dict(schema)}


def _file_headers() -> list[dict[str, Any]]:
    about = {
        "Repr-Digest": "RFC 9530: `sha-256=:<base64>:`. One of the three hash headers is required.",
        "Content-Digest": "RFC 9530; the same here, as the body is not encoded.",
        "X-Checksum-SHA256": "Hexadecimal, as sha256sum prints it.",
    }
    return [
        {"name": name, "in": "header", "required": False, "description": text, "schema": _TEXT}
        for name, text in about.items()
    ]


def _prefer(config: IntakeConfig) -> dict[str, Any]:
    about = f"RFC 7240: `wait=<seconds>` for the verdict; at most and by default {config.http.wait_seconds:g} on a PUT."
    return {"name": "Prefer", "in": "header", "required": False, "description": about, "schema": _TEXT}


def _problem() -> dict[str, Any]:
    return {
        "description": "What is the matter, and what to do (RFC 9457).",
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }


def _object(properties: Mapping[str, Any], description: str) -> dict[str, Any]:
    return {
        "type": "object",
        "description": description,
        "required": list(properties),
        "properties": dict(properties),
        "additionalProperties": False,
    }


def _own_schemas() -> dict[str, Any]:
    codes = sorted({*KINDS, *REFUSED_STATUS})
    texts = ("sha256", "extension", "channel", "received", "judged", "resource", "plan_version", "suite_sha256")
    more = ("supersedes", "superseded_by", "reason", "district", "collection", "period")
    submission = {
        "id": _ID,
        "sequence": _COUNT,
        "bytes": _COUNT,
        **dict.fromkeys((*texts, *more), _TEXT),
        "state": {"type": "string", "enum": [each.value for each in State]},
        "counts": {"type": "object", "additionalProperties": _COUNT},
        "standing": {"type": "boolean"},
    }
    collection = _object(
        {"id": _COLLECTION, "title": _TEXT, "periods": {"type": "array", "items": _PERIOD}}, "One that takes a file."
    )
    me = {
        "district": _DISTRICT,
        "actions": {"type": "array", "items": _TEXT},
        "expires": {"type": "string", "format": "date-time"},
        "max_bytes": _COUNT,
        "collections": {"type": "array", "items": collection},
    }
    head = {"log": _TEXT, "size": _COUNT, "root": _SHA256, "time": _TEXT, "key": _TEXT, "signature": _TEXT}
    problem = {
        "type": {"type": "string", "format": "uri-reference"},
        "title": _TEXT,
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": _TEXT,
        "fix": _TEXT,
        "code": {"type": "string", "enum": codes},
        "instance": _TEXT,
    }
    page = {
        "submissions": {"type": "array", "items": {"$ref": "#/components/schemas/Submission"}},
        "next": {"type": ["string", "null"]},
    }
    return {
        "Submission": _object(submission, "Where a submission stands."),
        "Submissions": _object(page, "A page of submissions."),
        "Statement": {"type": "object", "description": "What the ledger holds of the statement."},
        "Me": _object(me, "Whose token it is."),
        "Head": _object(head, "What the ledger is at one moment, signed."),
        "Problem": _object(problem, "What is the matter, and what to do."),
    }


def _shared_schemas() -> dict[str, Any]:
    """The report's and the receipt's own schemas, their parts as components."""
    shared: dict[str, Any] = {}
    for file in ("report.schema.json", "receipt.schema.json"):
        schema = json.loads((schemas_folder() / file).read_text("utf-8"))
        parts = schema.pop("definitions", None) or schema.pop("$defs", {})
        shared |= parts
        if file.startswith("receipt"):
            shared["Receipt"] = {name: value for name, value in schema.items() if not name.startswith("$")}
    moved: dict[str, Any] = _moved(shared)
    return moved


def _moved(node: Any) -> Any:
    if isinstance(node, dict):
        return {
            name: value.replace("#/definitions/", "#/components/schemas/").replace("#/$defs/", "#/components/schemas/")
            if name == "$ref" and isinstance(value, str)
            else _moved(value)
            for name, value in node.items()
        }
    return [_moved(each) for each in node] if isinstance(node, list) else node
