"""Imports inside dap run one way: a module knows only the layers before its own."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

DAP = Path(__file__).resolve().parent.parent / "dap"

# From the ground up. A folder counts as one module, and inside it imports are free.
LAYERS: list[set[str]] = [
    {"errors"},
    {"rules", "json_text", "html_table", "languages", "fonts"},
    {"plan", "report"},
    {"catalog", "submission", "identifiers", "values", "editing"},
    {"expectations"},
    {"suites", "engine", "review"},
    {"gate", "scan", "explain", "listing", "describe", "guard"},
    {"examples", "charts"},
    {"lint", "skeleton"},
    {"spreadsheet"},
    {"intake", "publish", "lab", "jupyter", "report_files", "sarif", "terminal"},
    {"cli"},
    {"__main__"},
]
LAYER_OF = {module: layer for layer, modules in enumerate(LAYERS) for module in modules}

# The package itself (dap/__init__.py) offers what the layers made, so none of them may lean on it.
FACADE = "__init__"


def test_every_module_stands_in_a_layer() -> None:
    found = {_module_of(path) for path in DAP.rglob("*.py")} - {FACADE}
    assert found <= LAYER_OF.keys(), "give each new module its place in LAYERS, and in docs/architecture.md"


def test_no_module_stands_in_two_layers() -> None:
    assert sum(map(len, LAYERS)) == len(LAYER_OF)


def test_a_module_imports_only_from_layers_before_its_own() -> None:
    wrong = [
        line
        for path in sorted(DAP.rglob("*.py"))
        if _module_of(path) != FACADE
        for line in wrong_imports(path.relative_to(DAP), path.read_text(encoding="utf-8"))
    ]
    assert not wrong, "\n".join(wrong)


def test_importing_dap_loads_nothing_heavy() -> None:
    heavy = ("great_expectations", "pandas", "altair", "frictionless", "numpy")
    code = f"import sys, dap; print(sorted(set(sys.modules) & set({heavy!r})))"
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert finished.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("place", "line"),
    [
        ("plan.py", "import dap.errors"),
        ("plan.py", "from dap.errors import DapError"),
        ("plan.py", "from dap import errors"),
        ("plan.py", "from . import errors"),
        ("plan.py", "from .errors import DapError"),
        ("gate.py", "from dap.submission.csv import read"),
        ("expectations/tables.py", "from .columns import Column"),
        ("expectations/tables.py", "from . import columns"),
        ("expectations/tables.py", "from dap.expectations.columns import Column"),
        ("expectations/tables.py", "from ..plan import Plan"),
        ("expectations/tables.py", "from .. import identifiers"),
        ("submission/__init__.py", "from .csv import read"),
        ("cli.py", "from dap import gate, lint, report"),
        ("errors.py", "import dapper"),
        ("errors.py", "from pandas import plan"),
    ],
)
def test_an_import_from_below_or_from_the_same_folder_passes(place: str, line: str) -> None:
    assert wrong_imports(Path(place), line) == []


@pytest.mark.parametrize(
    ("place", "line"),
    [
        ("errors.py", "import dap.plan"),
        ("errors.py", "import os, dap.plan as facts"),
        ("errors.py", "from dap.plan import Plan"),
        ("errors.py", "from dap.plan import *"),
        ("errors.py", "from dap import plan"),
        ("plan.py", "from dap import rules as texts, report as facts"),
        ("errors.py", "from . import plan"),
        ("errors.py", "from .plan import Plan"),
        ("plan.py", "from dap.report import Report"),
        ("report.py", "from .plan import Plan"),
        ("charts.py", "from dap.examples import invent"),
        ("gate.py", "from dap.lint import lint"),
        ("submission/csv.py", "from ..engine import frame"),
        ("submission/csv.py", "from .. import identifiers"),
        ("submission/__init__.py", "from ..identifiers import find"),
        ("submission/excel/cells.py", "from ...gate import check"),
        ("gate.py", "from dap import check"),
        ("gate.py", "from dap import *"),
        ("gate.py", "import dap"),
        ("gate.py", "from . import open_plan"),
        ("gate.py", "from dap.unheard_of import thing"),
        ("errors.py", "def late():\n    from dap.plan import Plan"),
        ("errors.py", "class Late:\n    def method(self):\n        import dap.plan"),
        ("errors.py", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from dap.plan import Plan"),
        ("errors.py", "try:\n    from dap.plan import Plan\nexcept ImportError:\n    pass"),
        ("errors.py", "import importlib\nimportlib.import_module('dap.plan')"),
        ("errors.py", "from importlib import import_module\nimport_module('.plan', 'dap')"),
        ("errors.py", "__import__('dap.plan')"),
    ],
)
def test_an_import_from_above_from_beside_or_of_the_package_itself_is_found(place: str, line: str) -> None:
    assert len(wrong_imports(Path(place), line)) == 1


def wrong_imports(place: Path, source: str) -> list[str]:
    """List the imports of one file that reach its own layer, a later one, or none that is known."""
    here = _module_of(DAP / place)
    return [
        f"dap/{place.as_posix()}:{line}: {here} may not import {'the package itself' if target == FACADE else target}"
        for line, target in _imports(place, ast.parse(source))
        if target != here and LAYER_OF.get(target, len(LAYERS)) >= LAYER_OF[here]
    ]


def _module_of(path: Path) -> str:
    return path.relative_to(DAP).parts[0].removesuffix(".py")


def _imports(place: Path, tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Give line and module of each import of ours, wherever in the file it stands."""
    package = ("dap", *place.parent.parts)
    for node in ast.walk(tree):
        if not isinstance(node, ast.stmt | ast.expr):
            continue
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = [*(package[: len(package) - node.level + 1] if node.level else ()), *(node.module or "").split(".")]
            base = [part for part in base if part]
            names = [".".join([*base, alias.name]) for alias in node.names] if base == ["dap"] else [".".join(base)]
        elif isinstance(node, ast.Call):
            names = _named_in_a_call(node, package)
        for name in names:
            parts = name.split(".")
            if parts[0] == "dap":
                yield node.lineno, parts[1] if len(parts) > 1 and _is_module(parts[1]) else FACADE


def _named_in_a_call(call: ast.Call, package: tuple[str, ...]) -> list[str]:
    """Name the module that import_module("...") or __import__("...") asks for."""
    function = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if function not in {"import_module", "__import__"} or not call.args:
        return []
    name = call.args[0].value if isinstance(call.args[0], ast.Constant) else None
    if not isinstance(name, str):
        return []
    level = len(name) - len(name.lstrip("."))
    return [".".join([*package[: len(package) - level + 1], name.lstrip(".")])] if level else [name]


def _is_module(name: str) -> bool:
    # A module outside the table cannot hide behind a name of the package: it is found by its file.
    return name in LAYER_OF or (DAP / name).is_dir() or (DAP / f"{name}.py").is_file()
