"""Loads a committed suite into GX, and tells when rules were lost on the way."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from great_expectations import ExpectationSuite

from dap.errors import CouldNotRun
from dap.submission.reading import FATAL, foreign_faults


def load_suite(path: Path) -> ExpectationSuite:
    """The GX suite of a file that `dap build` wrote; CouldNotRun where it is missing, broken or lost a rule."""
    try:
        document = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        raise CouldNotRun(
            f"the suite {path.parent.name}/{path.name} is missing or not readable. Run `dap build`."
        ) from None
    suite = ExpectationSuite(**document)
    if lost := missing_rules(suite, document):
        raise CouldNotRun(f"the suite {path.parent.name}/{path.name} did not load whole: {', '.join(lost)}.")
    return suite


def listed_types(document: Mapping[str, Any]) -> Counter[str]:
    """How many expectations of each type the suite's file says it holds (`meta.rules`, written by `dap build`)."""
    return Counter(document["meta"]["rules"])


def missing_rules(suite: ExpectationSuite, document: Mapping[str, Any]) -> list[str]:
    """What the loaded suite lacks of what its file lists, type by type; a file without a list lacks everything.

    GX drops an expectation of a type it does not know with a log line only, so whoever runs a suite asks this first.
    """
    try:
        listed = listed_types(document)
    except (KeyError, TypeError):
        return ["the list of its rules"]
    loaded = Counter(each.expectation_type for each in suite.expectations)
    if not listed:
        return ["every rule"]
    names = sorted(set(listed) | set(loaded))
    return [f"{name}: {loaded[name]} of {listed[name]}" for name in names if loaded[name] != listed[name]]


def applicable(
    suite: ExpectationSuite, columns: Iterable[str], *, readable: bool = True, format: str = ""
) -> tuple[ExpectationSuite, list[Any]]:
    """The suite without the rules that cannot be asked of a batch with these columns, and those rules.

    A rule on a column that the file lacks is not run and not passed: the header's rules say that the column is
    missing. Of an unreadable file only the rules on the reading itself can be asked. Where its `format` is known, those
    are left out that such a file cannot break: whether a sheet is hidden is no question to a CSV file, nor what makes a
    file unreadable to one that was read.
    """
    present = set(columns)
    foreign = foreign_faults(format) | (FATAL if readable else frozenset()) if format else frozenset()
    asked: list[Any] = []
    skipped: list[Any] = []
    expectation: Any
    for expectation in suite.expectations:
        reads = expectation.expectation_type == "expect_submission_to_be_well_formed"
        fits = expectation.fault not in foreign if reads else readable and _columns_of(expectation) <= present
        (asked if fits else skipped).append(expectation)
    return ExpectationSuite(name=suite.name, expectations=asked, meta=suite.meta), skipped


def _columns_of(expectation: Any) -> set[str]:
    """The columns without which an expectation cannot be evaluated, those of its row condition included."""
    named = [getattr(expectation, key, None) for key in ("column", "column_A", "column_B")]
    several = getattr(expectation, "column_list", None) or ()
    conditions = _condition_columns(getattr(expectation, "row_condition", None))
    return {each for each in named if each is not None} | set(several) | set(conditions)


def _condition_columns(condition: Any) -> Iterable[str]:
    if condition is None:
        return
    if not isinstance(condition, Mapping):
        condition = condition.dict()
    if "column" in condition:
        yield condition["column"]["name"]
    for each in condition.get("conditions", ()):
        yield from _condition_columns(each)
