"""The configuration file with every setting at its default, written from the settings' own records."""

from __future__ import annotations

import ast
import inspect
import json
from collections.abc import Iterator
from dataclasses import MISSING, fields
from itertools import pairwise
from pathlib import Path
from typing import Any

from dap.intake import config
from dap.intake.config import HttpConfig, IntakeConfig, RetentionConfig

_TABLES: tuple[tuple[str, type[Any]], ...] = (("", IntakeConfig), ("http", HttpConfig), ("retention", RetentionConfig))


def as_toml() -> str:
    """The file's text: each setting commented out, at its default, under what the code says of it."""
    lines = ["# The intake's settings. Each stands here with its default: uncomment what is to differ."]
    for name, kind in _TABLES:
        lines += ["", *([f"[{name}]"] if name else [])]
        lines += [f"# {line}" for line in (inspect.getdoc(kind) or "").splitlines() if line]
        lines += ["", *_settings(kind)]
    return "\n".join(lines) + "\n"


def _settings(kind: type[Any]) -> Iterator[str]:
    said = _said(kind.__name__)
    for each in fields(kind):
        if each.default is MISSING:
            continue
        yield from (f"# {line}" for line in said.get(each.name, "").splitlines())
        yield f"#{each.name} = {_toml(each.default)}"


def _toml(value: Any) -> str:
    if isinstance(value, Path):
        return json.dumps("" if value == Path() else value.as_posix())
    return json.dumps(list(value) if isinstance(value, tuple) else value)


def _said(name: str) -> dict[str, str]:
    """What stands under each setting of a record, in its source."""
    body = next(
        each.body
        for each in ast.parse(inspect.getsource(config)).body
        if isinstance(each, ast.ClassDef) and each.name == name
    )
    said = {}
    for setting, after in pairwise(body):
        if not isinstance(setting, ast.AnnAssign) or not isinstance(after, ast.Expr):
            continue
        if isinstance(after.value, ast.Constant):
            said[ast.unparse(setting.target)] = inspect.cleandoc(str(after.value.value))
    return said
