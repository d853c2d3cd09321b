"""A package whose modules wait for their names gives the names it would give otherwise."""

import importlib
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from great_expectations.expectations import core
from great_expectations.expectations.registry import _registered_expectations

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


def test_a_suite_from_a_file_loses_no_rule_in_a_process_that_waits_for_its_types() -> None:
    code = _STATE.format(own="starting.own_process()\n", whole="") + (
        "import great_expectations as gx\n"
        "kinds = {'expect_column_kl_divergence_to_be_less_than': {'column': 'a', 'threshold': 1},"
        " 'expect_column_value_z_scores_to_be_less_than': {'column': 'a', 'threshold': 1, 'double_sided': False},"
        " 'unexpected_rows_expectation': {'unexpected_rows_query': 'SELECT 1 FROM {batch}'}}\n"
        "suite = gx.ExpectationSuite(name='a', expectations=[{'type': k, 'kwargs': v} for k, v in kinds.items()])\n"
        "print([each.expectation_type for each in suite.expectations] == list(kinds), 'sqlalchemy' in sys.modules)\n"
        "from great_expectations.expectations.registry import get_expectation_impl\n"
        "for name in ('expect_nothing_at_all', 'expect.nothing', ''):\n"
        "    try:\n"
        "        get_expectation_impl(name)\n"
        "    except gx.exceptions.ExpectationNotFoundError:\n"
        "        print('not found')\n"
    )
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert finished.stdout.splitlines() == ["[False, False]", "True False", *["not found"] * 3]


def test_the_installed_version_of_gx_has_each_expectation_in_a_module_of_its_name() -> None:
    registered = [name for name, kind in _registered_expectations.items() if kind.__module__.startswith(core.__name__)]
    assert len(registered) > 50
    assert [name for name in registered if find_spec(f"{core.__name__}.{name}") is None] == []
