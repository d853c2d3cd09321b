"""The plan's problems as SARIF 2.1.0, so that a code review shows them on the line they are about."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dap.catalog import Problem, line_of
from dap.rules import Rule, rule


def as_sarif(problems: Sequence[Problem], root: Path, version: str) -> str:
    """One SARIF run with a result a problem: rule, message, file and line; `version` is the program's.

    Each result's fingerprint holds rule, file, place and message, so that it stays the same when lines move.
    """
    used = sorted({problem.rule for problem in problems})
    driver = {
        "name": "dap lint",
        "version": version,
        "rules": [_described(rule(id)) for id in used],
    }
    run = {"tool": {"driver": driver}, "results": [_result(problem, used, root) for problem in problems]}
    document = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [run],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _described(stated: Rule) -> dict[str, Any]:
    return {
        "id": stated.id,
        "name": stated.name,
        "shortDescription": {"text": stated.title},
        "fullDescription": {"text": stated.means},
        "help": {"text": stated.fix},
    }


def _result(problem: Problem, used: list[str], root: Path) -> dict[str, Any]:
    identity = "\n".join((problem.rule, problem.file, problem.place, problem.message))
    said = f"{problem.place}: {problem.message}" if problem.place else problem.message
    place: dict[str, Any] = {"artifactLocation": {"uri": problem.file}}
    if (line := line_of(root, problem)) is not None:
        place["region"] = {"startLine": line}
    return {
        "ruleId": problem.rule,
        "ruleIndex": used.index(problem.rule),
        "level": "error",
        "message": {"text": said},
        "locations": [{"physicalLocation": place}],
        "partialFingerprints": {"problem/v1": hashlib.sha256(identity.encode("utf-8")).hexdigest()},
    }
