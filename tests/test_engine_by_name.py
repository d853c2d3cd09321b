"""A package whose modules wait for their names gives the names it would give otherwise."""

import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

from dap.engine.by_name import names_on_demand

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A package that takes a name from each of two modules, one under another name, and says something of its own."""
    name = "invented_shelf"
    folder = tmp_path / name
    folder.mkdir()
    (folder / "__init__.py").write_text(
        "from .first import One as Uno\n"
        "from invented_shelf.second import Two\n"
        "from os import sep\n"
        "own = __name__, __file__, __path__\n",
        "utf-8",
    )
    (folder / "first.py").write_text("class One: pass\n", "utf-8")
    (folder / "second.py").write_text("from invented_shelf import Uno\nclass Two(Uno): pass\n", "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    for each in (name, f"{name}.first", f"{name}.second"):
        monkeypatch.setitem(sys.modules, each, sys)
        monkeypatch.delitem(sys.modules, each)
    return name


def test_a_module_is_imported_with_the_first_of_its_names(package: str) -> None:
    with names_on_demand({package: re.compile(rf"{package}\.(first|second)")}):
        shelf = importlib.import_module(package)
        assert [each for each in sys.modules if each.startswith(f"{package}.")] == []
    assert shelf.own == (package, shelf.__file__, shelf.__path__)
    assert shelf.sep
    assert [base.__module__ for base in shelf.Two.__mro__[:2]] == [f"{package}.second", f"{package}.first"]
    assert shelf.Two is shelf.Two and vars(shelf)["Two"] is sys.modules[f"{package}.second"].Two
    with pytest.raises(AttributeError, match="no attribute 'One'"):
        _ = shelf.One


def test_only_what_matches_waits_and_only_meanwhile(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    finders = list(sys.meta_path)
    with names_on_demand({package: re.compile(rf"{package}\.second")}):
        importlib.import_module(package)
        assert (f"{package}.first" in sys.modules, f"{package}.second" in sys.modules) == (True, False)
    assert sys.meta_path == finders
    monkeypatch.delitem(sys.modules, package)
    importlib.import_module(package)
    assert f"{package}.second" in sys.modules


_STATE = (
    "import sys\nfrom dap.engine import starting\n"
    "{own}starting.import_gx({whole})\n"
    "waiting = ('datasource.fluent.pandas_datasource', 'expectations.core.expect_column_max_to_be_between')\n"
    "print([f'great_expectations.{{each}}' in sys.modules for each in waiting])\n"
)


@pytest.mark.parametrize(
    ("own", "whole", "there"),
    [
        ("", "", [True, True]),
        ("starting.own_process()\n", "", [False, False]),
        ("starting.own_process()\n", "whole=True", [True, True]),
    ],
)
def test_the_commands_own_process_imports_of_great_expectations_what_it_asks_for(
    own: str, whole: str, there: list[bool]
) -> None:
    code = _STATE.format(own=own, whole=whole) + (
        "import great_expectations as gx\n"
        "from great_expectations.datasource.fluent import SparkDatasource\n"
        "suite = gx.ExpectationSuite(name='a', expectations=[gx.expectations.ExpectColumnMaxToBeBetween(column='b')])\n"
        "print(SparkDatasource.__name__, suite.expectations[0].expectation_type)\n"
        "print(hasattr(gx.expectations, 'ExpectNothingAtAll'))\n"
    )
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert finished.stdout.splitlines() == [str(there), "SparkDatasource expect_column_max_to_be_between", "False"]


def test_a_suite_is_loaded_whole_by_a_process_that_asks_for_its_types(tmp_path: Path) -> None:
    suite = tmp_path / "suite.json"
    code = _STATE.format(own="starting.own_process()\n", whole="") + (
        "import json, pathlib\nfrom dap.expectations import load_suite\n"
        "kinds = {'expect_column_kl_divergence_to_be_less_than': {'column': 'a'},"
        " 'expect_column_value_z_scores_to_be_less_than': {'column': 'a', 'threshold': 1, 'double_sided': False}}\n"
        f"path = pathlib.Path({str(suite)!r})\n"
        "rules = [{'type': kind, 'kwargs': kwargs, 'meta': {'rule': kind, 'name': kind}}"
        " for kind, kwargs in kinds.items()]\n"
        "path.write_text(json.dumps({'name': 'a', 'expectations': rules, 'meta': {'rules': list(kinds)}}))\n"
        "print(len(load_suite(path).expectations))\n"
    )
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert finished.stdout.splitlines() == ["[False, False]", "2"]
