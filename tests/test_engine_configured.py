"""A question reads an expectation's configuration as it is, built once; everybody else builds one of their own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from great_expectations.util import convert_to_json_serializable

from dap.engine.configured import _QUESTIONS, as_it_is, build_once

ROOT = Path(__file__).resolve().parent.parent


def _classes() -> tuple[Any, Any]:
    """An expectation's class and its configuration's, with the parts of GX's; they count what they make."""

    class Configuration:
        def __init__(self, kwargs: dict[str, Any]) -> None:
            self.kwargs = kwargs

        def to_domain_obj(self) -> Any:
            """An expectation with these kwargs."""
            Expectation.made += 1
            return Expectation(**self.kwargs)

    class Expectation:
        built = made = 0

        def __init__(self, **kwargs: Any) -> None:
            self.kwargs = kwargs or {"column": "grade", "mostly": 1}

        @property
        def configuration(self) -> Any:
            """The kwargs, made anew."""
            Expectation.built += 1
            return Configuration(dict(self.kwargs))

        def _get_success_kwarg(self, key: str) -> Any:
            return self.configuration.kwargs[key]

        def _get_domain_kwargs(self) -> dict[str, Any]:
            return {key: self.configuration.kwargs[key] for key in ("column", "column")}

        def _get_success_kwargs(self) -> dict[str, Any]:
            return {key: self.configuration.kwargs[key] for key in ("column", "mostly")} | self._get_domain_kwargs()

        def _get_runtime_kwargs(self, *, broken: bool = False) -> dict[str, Any]:
            if broken:
                raise KeyError(self.configuration.to_domain_obj().configuration)
            return self._get_success_kwargs() | {"mostly": self._get_success_kwarg("mostly")}

        def get_validation_dependencies(self) -> list[Any]:
            """The kwargs of each of two metrics, as GX asks for them: of an expectation like this one."""
            return [self.configuration.to_domain_obj()._get_runtime_kwargs() for _ in range(2)]

    return Expectation, Configuration


def test_a_question_builds_the_configuration_once_and_answers_alike() -> None:
    (plain, _), (once, configuration) = _classes(), _classes()
    build_once(once, configuration)
    before, after = plain(), once()
    for name in _QUESTIONS:
        arguments = ("mostly",) if name == "_get_success_kwarg" else ()
        assert getattr(after, name)(*arguments) == getattr(before, name)(*arguments)
    assert (plain.built, once.built) == (12, 4)
    assert once.configuration.__doc__ == plain.configuration.__doc__


def test_what_is_made_out_of_a_questions_configuration_is_made_once_and_answers_alike() -> None:
    (plain, _), (once, configuration) = _classes(), _classes()
    build_once(once, configuration)
    expectation = once()
    assert expectation.get_validation_dependencies() == plain().get_validation_dependencies()
    assert (plain.built, plain.made) == (12, 2)
    assert (once.built, once.made) == (2, 1)
    expectation.kwargs["mostly"] = 0.5
    assert expectation.get_validation_dependencies() == [{"column": "grade", "mostly": 0.5}] * 2
    kept = expectation.configuration
    assert kept.to_domain_obj() is not kept.to_domain_obj()
    assert configuration.to_domain_obj.__doc__ == "An expectation with these kwargs."


def test_a_configuration_is_never_older_than_the_question() -> None:
    once, configuration = _classes()
    build_once(once, configuration)
    expectation = once()
    assert expectation._get_success_kwarg("mostly") == 1
    expectation.kwargs["mostly"] = 0.5
    assert expectation._get_runtime_kwargs() == {"column": "grade", "mostly": 0.5}
    assert expectation.configuration is not expectation.configuration


def test_a_question_that_fails_leaves_nothing_behind() -> None:
    once, configuration = _classes()
    build_once(once, configuration)
    expectation = once()
    with pytest.raises(KeyError) as raised:
        expectation._get_runtime_kwargs(broken=True)
    used = raised.value.args[0]
    assert used.to_domain_obj() is not used.to_domain_obj()
    expectation.kwargs["mostly"] = 0.5
    assert expectation._get_success_kwarg("mostly") == 0.5


@pytest.mark.parametrize("lacks", ["_get_domain_kwargs", "configuration", "to_domain_obj"])
def test_classes_without_these_parts_stay_as_they_are(lacks: str) -> None:
    for kind in (classes := _classes()):
        if hasattr(kind, lacks):
            delattr(kind, lacks)
    before = [dict(each.__dict__) for each in classes]
    build_once(*classes)
    assert [dict(each.__dict__) for each in classes] == before


def test_the_installed_version_of_gx_has_these_parts_and_the_commands_process_uses_them() -> None:
    code = (
        "from dap.engine import starting\n"
        "starting.own_process()\nstarting.import_gx()\n"
        "from great_expectations.expectations.expectation import Expectation\n"
        "from great_expectations.expectations.expectation_configuration import ExpectationConfiguration\n"
        "import great_expectations.expectations as gxe\n"
        "print(hasattr(ExpectationConfiguration.to_domain_obj, '__wrapped__'))\n"
        f"print(all(hasattr(getattr(Expectation, name), '__wrapped__') for name in {_QUESTIONS!r}))\n"
        "made = gxe.ExpectColumnValuesToBeInSet(column='grade', value_set=['05'])\n"
        "held = made._get_success_kwargs()\n"
        "print(held['column'], held['value_set'], made.configuration.kwargs)\n"
    )
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert finished.stdout.splitlines() == ["True", "True", "grade ['05'] {'column': 'grade', 'value_set': ['05']}"]


_RESULTS = """
import json, sys
from dap.engine import starting
if sys.argv[1] == "own":
    starting.own_process()
starting.import_gx()
import great_expectations as gx, great_expectations.expectations as gxe, pandas as pd
from great_expectations.datasource.fluent import PandasDatasource
from great_expectations.expectations.row_conditions import Column
import dap.engine.datasource
from dap.engine import quiet

quiet()
frame = pd.DataFrame({
    "id": ["1", "2", "2", None], "grade": ["05", "5", "KF", "06"], "first": ["2", "1", "1", "1"],
    "last": ["1", "1", None, "1"], "days": [1, 2, 3, 400],
})
condition = Column("grade") == "05"
suite = gx.ExpectationSuite(name="all", expectations=[
    gxe.ExpectColumnValuesToNotBeNull(column="id", meta={"rule": "a"}, notes="Note"),
    gxe.ExpectColumnValuesToNotBeNull(column="last", row_condition=condition, severity="warning"),
    gxe.ExpectColumnValuesToBeNull(column="last"),
    gxe.ExpectColumnValuesToBeInSet(column="grade", value_set=["05", "06"], mostly=0.4),
    gxe.ExpectColumnValuesToBeInSet(column="grade", value_set={"$PARAMETER": "grades"}),
    gxe.ExpectColumnValuesToMatchRegex(column="grade", regex="^[0-9]{2}$"),
    gxe.ExpectColumnValuesToBeUnique(column="id"),
    gxe.ExpectColumnValuesToBeBetween(column="days", min_value=0, max_value=200),
    gxe.ExpectColumnPairValuesAToBeGreaterThanB(column_A="first", column_B="last", or_equal=True),
    gxe.ExpectCompoundColumnsToBeUnique(column_list=["id", "first"]),
    gxe.ExpectColumnMeanToBeBetween(column="days", min_value=0, max_value=10),
    gxe.ExpectColumnQuantileValuesToBeBetween(
        column="days", quantile_ranges={"quantiles": [0.5], "value_ranges": [[0, 10]]}
    ),
    gxe.ExpectColumnDistinctValuesToBeInSet(column="grade", value_set=["05"]),
    gxe.ExpectTableRowCountToBeBetween(min_value=1, max_value=3),
    gxe.ExpectTableColumnsToMatchOrderedList(column_list=["id"]),
    gxe.ExpectColumnValuesToBeOfType(column="days", type_="int64"),
    gxe.ExpectColumnToExist(column="nowhere"),
    gxe.ExpectColumnValuesToNotBeNull(column="nowhere"),
])
for add in ("add_pandas", "add_polars"):
    source = getattr(gx.get_context(mode="ephemeral").data_sources, add)("files")
    asset = source.add_dataframe_asset("table").add_batch_definition_whole_dataframe("all")
    batch = asset.get_batch(batch_parameters={"dataframe": frame})
    for form in ("BOOLEAN_ONLY", "SUMMARY", "COMPLETE"):
        found = batch.validate(suite, result_format=form, expectation_parameters={"grades": ["KF"]})
        for each in found.results:
            told = each.to_json_dict()
            # Where in which file a rule broke: a line's number is no answer.
            for broken in told["exception_info"].values():
                if isinstance(broken, dict):
                    broken.pop("exception_traceback", None)
            told["exception_info"].pop("exception_traceback", None)
            print(json.dumps(told, sort_keys=True, default=str))
"""


def test_the_commands_process_gives_the_results_that_gx_gives_as_it_comes() -> None:
    """Each expectation that a suite may hold in each result format: the whole result, its configuration included."""
    plain, own = (
        subprocess.run([sys.executable, "-c", _RESULTS, how], capture_output=True, text=True, check=True, cwd=ROOT)
        for how in ("plain", "own")
    )
    assert len(plain.stdout.splitlines()) == 18 * 2 * 3
    assert own.stdout.splitlines() == plain.stdout.splitlines()


@pytest.mark.parametrize(
    ("data", "asked"),
    [
        ({"column": "grade", "value_set": ["05", None], "mostly": 1, "strict": True}, False),
        ({"column": "grade", "low": 0.5}, True),
        ({"column": "grade", "low": float("nan")}, True),
        ({1: "grade"}, True),
        ({"columns": [["grade"]]}, True),
        ({"condition": {"column": "grade"}}, True),
        (["grade"], True),
        ("grade", True),
    ],
)
def test_what_json_says_as_it_is_is_not_converted(data: Any, asked: bool) -> None:
    heard: list[Any] = []

    def conversion(given: Any) -> Any:
        heard.append(given)
        return convert_to_json_serializable(given)

    found = as_it_is(conversion)(data)
    assert json.dumps(found) == json.dumps(convert_to_json_serializable(data))
    assert bool(heard) is asked
