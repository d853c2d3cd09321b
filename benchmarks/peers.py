"""The checks of the benchmark as the best user of each tool would write them; one run of one tool is one process.

`python -m benchmarks.peers TOOL FILE SUITE` prints, as JSON, how many cells or rows break each check, those with none
left out. The checks are named as in `benchmarks.data`; a tool that cannot say one leaves it out (see `LACKS`).
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.data import BY_NAME, COLLECTION, COLUMNS, ORDERED, REQUIRED_WHEN, Column

SSN = r"(?:^|[^0-9])[0-9]{3}-[0-9]{2}-[0-9]{4}(?:[^0-9]|$)"
INTEGER = r"^[+-]?[0-9]+$"
CONTROL = "[\x00-\x1f\x7f\x85\u2028\u2029]"
Counts = dict[str, int]

# What a tool does not check, with the reason in docs/performance.md.
LACKS = {"frictionless": {"ssn", "order", "when", "control"}}


def polars(file: str, suite: str) -> Counts:
    """Hand-written: text columns, every check in one select, counts only."""
    import polars as pl

    return _hand_written(pl.read_csv(file, infer_schema=False).lazy(), "auto")


def polars_stream(file: str, suite: str) -> Counts:
    """The same checks in one select over a scan, collected by the streaming engine: for files larger than memory."""
    import polars as pl

    return _hand_written(pl.scan_csv(file, infer_schema=False), "streaming")


def _hand_written(frame: Any, engine: Any) -> Counts:
    import polars as pl

    checks = dict(check for column in COLUMNS for check in _polars_checks(column))
    for first, second, kind in ORDERED:
        before, after = (_polars_value(each, kind) for each in (first, second))
        checks[f"{second}.order"] = (before > after).sum()
    for name, other in REQUIRED_WHEN:
        checks[f"{name}.when"] = (pl.col(other).is_not_null() & pl.col(name).is_null()).sum()
    checks["ssn"] = pl.sum_horizontal(pl.col(each.name).str.contains(SSN).sum() for each in COLUMNS)
    found = frame.select(expression.alias(name) for name, expression in checks.items()).collect(engine=engine)
    return _some(found.row(0, named=True))


def _polars_value(name: str, kind: str) -> Any:
    import polars as pl

    cell = pl.col(name)
    return cell.str.to_date("%Y-%m-%d", strict=False) if kind == "date" else cell.cast(pl.Int64, strict=False)


def _polars_checks(column: Column) -> Any:
    import polars as pl

    cell = pl.col(column.name)
    if column.required:
        yield f"{column.name}.required", cell.null_count()
    if column.codes:
        yield f"{column.name}.codes", (~cell.is_in(list(column.codes))).sum()
    if column.pattern:
        yield f"{column.name}.pattern", (~cell.str.contains(f"^(?:{column.pattern})$")).sum()
    if column.longest:
        yield f"{column.name}.length", (cell.str.len_chars() > column.longest).sum()
        yield f"{column.name}.control", cell.str.contains(CONTROL).sum()
    if column.kind == "date":
        # `to_date` takes 2025-1-5 as well.
        day = cell.str.to_date("%Y-%m-%d", strict=False)
        written = cell.str.contains("^[0-9]{4}-[0-9]{2}-[0-9]{2}$") & day.is_not_null()
        yield f"{column.name}.date", (cell.is_not_null() & ~written).sum()
        low, high = (pl.lit(each).str.to_date("%Y-%m-%d") for each in (column.low, column.high))
        yield f"{column.name}.range", ((day < low) | (day > high)).sum()
    if column.kind == "integer":
        number = cell.cast(pl.Int64, strict=False)
        yield f"{column.name}.integer", (~cell.str.contains(INTEGER)).sum()
        yield f"{column.name}.range", ((number < int(column.low)) | (number > int(column.high))).sum()
    if column.kind == "id":
        yield f"{column.name}.unique", cell.count() - cell.drop_nulls().n_unique()


def duckdb(file: str, suite: str) -> Counts:
    """Hand-written SQL: text columns, every check an aggregate of one SELECT."""
    import duckdb as database

    checks = dict(check for column in COLUMNS for check in _sql_checks(column))
    for first, second, kind in ORDERED:
        cast = "try_strptime({}, '%Y-%m-%d')" if kind == "date" else "TRY_CAST({} AS BIGINT)"
        pair = (cast.format(f'"{each}"') for each in (first, second))
        checks[f"{second}.order"] = f"count(*) FILTER ({' > '.join(pair)})"
    for name, other in REQUIRED_WHEN:
        checks[f"{name}.when"] = f'count(*) FILTER ("{other}" IS NOT NULL AND "{name}" IS NULL)'
    ssn = " + ".join(f"count(*) FILTER (regexp_matches(\"{each.name}\", '{SSN}'))" for each in COLUMNS)
    select = ", ".join(f'{sql} AS "{name}"' for name, sql in {**checks, "ssn": ssn}.items())
    result = database.execute(f"SELECT {select} FROM read_csv(?, all_varchar = true, header = true)", [file])
    row = result.fetchone() or ()
    return _some(dict(zip([each[0] for each in result.description or ()], row, strict=True)))


def _sql_checks(column: Column) -> Any:
    cell = f'"{column.name}"'
    if column.required:
        yield f"{column.name}.required", f"count(*) FILTER ({cell} IS NULL)"
    if column.codes:
        codes = ", ".join(f"'{code}'" for code in column.codes)
        yield f"{column.name}.codes", f"count(*) FILTER ({cell} NOT IN ({codes}))"
    if column.pattern:
        yield f"{column.name}.pattern", f"count(*) FILTER (NOT regexp_full_match({cell}, '{column.pattern}'))"
    if column.longest:
        yield f"{column.name}.length", f"count(*) FILTER (length({cell}) > {column.longest})"
        yield f"{column.name}.control", f"count(*) FILTER (regexp_matches({cell}, '[\\x00-\\x1f\\x7f]'))"
    if column.kind == "date":
        day = f"try_strptime({cell}, '%Y-%m-%d')"
        form = f"regexp_full_match({cell}, '[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}')"
        yield f"{column.name}.date", f"count({cell}) FILTER ({day} IS NULL OR NOT {form})"
        low, high = (f"DATE '{each}'" for each in (column.low, column.high))
        yield f"{column.name}.range", f"count(*) FILTER ({day} NOT BETWEEN {low} AND {high})"
    if column.kind == "integer":
        number = f"TRY_CAST({cell} AS BIGINT)"
        yield f"{column.name}.integer", f"count(*) FILTER (NOT regexp_full_match({cell}, '[+-]?[0-9]+'))"
        yield f"{column.name}.range", f"count(*) FILTER ({number} NOT BETWEEN {column.low} AND {column.high})"
    if column.kind == "id":
        yield f"{column.name}.unique", f"count({cell}) - count(DISTINCT {cell})"


def pandera(file: str, suite: str) -> Counts:
    """A lazy schema on Polars: built-in checks where there are any, expressions for the rest."""
    import pandera.polars as pa
    import polars as pl

    checks: dict[str, list[Any]] = {column.name: [] for column in COLUMNS}

    def custom(name: str, say: Callable[[Any], Any], label: str) -> None:
        checks[name].append(pa.Check(lambda data: data.lazyframe.select(say(pl.col(data.key))), name=label))

    for column in COLUMNS:
        name = column.name
        custom(name, lambda cell: ~cell.str.contains(SSN), "ssn")
        if column.codes:
            checks[name].append(pa.Check.isin(list(column.codes), name="codes"))
        if column.pattern:
            checks[name].append(pa.Check.str_matches(f"^(?:{column.pattern})$", name="pattern"))
        if column.longest:
            checks[name].append(pa.Check.str_length(max_value=column.longest, name="length"))
            custom(name, lambda cell: ~cell.str.contains(CONTROL), "control")
        if column.kind == "date":
            custom(
                name,
                # An empty cell is left to `nullable`.
                lambda cell: (
                    cell.is_null()
                    | cell.str.contains("^[0-9]{4}-[0-9]{2}-[0-9]{2}$")
                    & cell.str.to_date("%Y-%m-%d", strict=False).is_not_null()
                ),
                "date",
            )
            custom(name, _within(column), "range")
        if column.kind == "integer":
            checks[name].append(pa.Check.str_matches(INTEGER, name="integer"))
            custom(name, _within(column), "range")
    pairs = []
    for first, second, kind in ORDERED:
        pairs.append(_pandera_order(pa, first, second, kind))
    for name, other in REQUIRED_WHEN:
        pairs.append(
            pa.Check(
                lambda data, name=name, other=other: data.lazyframe.select(
                    pl.col(other).is_null() | pl.col(name).is_not_null()
                ),
                name=f"{name}.when",
            )
        )
    schema = pa.DataFrameSchema(
        {
            column.name: pa.Column(
                str, checks[column.name], nullable=not column.required, unique=column.kind == "id", required=True
            )
            for column in COLUMNS
        },
        checks=pairs,
    )
    frame = pl.read_csv(file, infer_schema=False)
    try:
        schema.validate(frame, lazy=True)
    except pa.errors.SchemaErrors as errors:
        return _pandera_counts(errors)
    return {}


def _within(column: Column) -> Callable[[Any], Any]:
    import polars as pl

    def say(cell: Any) -> Any:
        if column.kind == "integer":
            return cell.cast(pl.Int64, strict=False).is_between(int(column.low), int(column.high)).fill_null(True)
        low, high = (pl.lit(each).str.to_date("%Y-%m-%d") for each in (column.low, column.high))
        return cell.str.to_date("%Y-%m-%d", strict=False).is_between(low, high).fill_null(True)

    return say


def _pandera_order(pa: Any, first: str, second: str, kind: str) -> Any:
    before, after = (_polars_value(each, kind) for each in (first, second))
    return pa.Check(lambda data: data.lazyframe.select((before <= after).fill_null(True)), name=f"{second}.order")


def _pandera_counts(errors: Any) -> Counts:
    found: Counter[str] = Counter()
    for error in errors.schema_errors:
        cases, name = error.failure_cases, getattr(error.schema, "name", None)
        many = len(cases) if hasattr(cases, "__len__") else 1
        check = str(getattr(error.check, "name", None) or error.check)
        if check == "ssn":
            found["ssn"] += many
        elif "." in check:
            found[check] += many
        elif "not_nullable" in check or "unique" in check:
            if "null" in check:
                found[f"{name}.required"] += many
            else:
                # It takes empty cells for doubled ones too.
                found[f"{name}.unique"] += len(cases.drop_nulls()) // 2
        else:
            found[f"{name}.{check}"] += many
    return _some(found)


def frictionless(file: str, suite: str) -> Counts:
    """A Table Schema; it knows no rule between columns and looks for no identifiers."""
    from frictionless import Resource, Schema, system

    fields = []
    for column in COLUMNS:
        constraints: dict[str, Any] = {"required": True} if column.required else {}
        constraints |= {"enum": list(column.codes)} if column.codes else {}
        constraints |= {"pattern": column.pattern} if column.pattern else {}
        constraints |= {"maxLength": column.longest} if column.longest else {}
        constraints |= {"minimum": column.low, "maximum": column.high} if column.low else {}
        constraints |= {"unique": True} if column.kind == "id" else {}
        kind = column.kind if column.kind in ("date", "integer") else "string"
        fields.append({"name": column.name, "type": kind, "constraints": constraints})
    schema = Schema.from_descriptor({"fields": fields})
    path = Path(file)
    with system.use_context(trusted=True):
        report = Resource(path=path.name, basepath=str(path.parent), schema=schema).validate(limit_errors=10**9)
    found: Counter[str] = Counter()
    for error in report.tasks[0].errors:
        name = getattr(error, "field_name", "")
        column = BY_NAME[name]
        if error.type == "type-error":
            found[f"{name}.{column.kind}"] += 1
        elif error.type == "unique-error":
            found[f"{name}.unique"] += 1
        else:
            named = {"required": "required", "enum": "codes", "pattern": "pattern", "maxLength": "length"}
            check = next((check for word, check in named.items() if f'"{word}"' in error.note), "range")
            found[f"{name}.{check}"] += 1
    return _some(found)


def gx_pandas(file: str, suite: str) -> Counts:
    """Great Expectations as it comes, on pandas."""
    import pandas as pd

    frame = pd.read_csv(file, dtype=str, keep_default_na=False, na_values=[""]).astype(object)
    return _gx(lambda sources: sources.add_pandas("file").add_dataframe_asset("table"), {"dataframe": frame}, suite)


def gx_polars(file: str, suite: str) -> Counts:
    """Great Expectations on the engine of `dap`: the same suite, the same calls."""
    from dap.engine.starting import import_gx, own_process

    own_process()
    import_gx()
    from dap.engine import datasource  # noqa: F401

    return _gx(lambda sources: sources.add_polars("file").add_csv_asset("table", file), None, suite)


def _gx(asset: Callable[[Any], Any], parameters: Any, suite: str) -> Counts:
    """First for success alone, then for the counts and rows of what failed, as the gate does."""
    from dap.engine import quiet

    quiet()
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    import dap.expectations  # noqa: F401

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
    batch = asset(context.data_sources).add_batch_definition_whole_dataframe("whole").get_batch(parameters)
    document = json.loads(Path(suite).read_text("utf-8"))
    document["expectations"] = [each for each in document["expectations"] if each["meta"]["rule"] in _CHECK]
    for column in COLUMNS:
        meta = {"rule": "ssn", "element": column.name, "name": f"{column.name}.ssn"}
        document["expectations"].append(
            {
                "type": "expect_column_values_to_not_match_regex",
                "kwargs": {"column": column.name, "regex": SSN},
                "meta": meta,
            }
        )
    loaded = gx.ExpectationSuite(**document)
    first = batch.validate(loaded, result_format={"result_format": "BOOLEAN_ONLY"})
    failed = {each.expectation_config.meta["name"] for each in first.results if not each.success}
    if not failed:
        return {}
    wrong = [each for each in loaded.expectations if (each.meta or {})["name"] in failed]
    again = gx.ExpectationSuite(name="failed", expectations=wrong)
    wanted = {"result_format": "SUMMARY", "exclude_unexpected_values": True, "partial_unexpected_count": 100}
    found: Counter[str] = Counter()
    for each in batch.validate(again, result_format=wanted).results:
        meta, result = each.expectation_config.meta or {}, each.result
        for place in (result.get("details") or {}).get("places", ()):
            found[f"{place['field']}.control"] += place["count"]
        if "unexpected_count" in result:
            found[_named(meta)] += _surplus(_named(meta), result["unexpected_count"])
    return _some(found)


_CHECK = {
    "V101": "required", "V102": "when", "V105": "control", "V110": "codes", "V120": "pattern", "V121": "integer",
    "V123": "date", "V130": "length", "V131": "range", "V132": "range", "V140": "unique", "V150": "order",
}  # fmt: skip


def _named(meta: dict[str, Any]) -> str:
    if meta["rule"] == "ssn":
        return "ssn"
    if meta["rule"] == "V150":
        lower = meta["name"].partition(".")[0]
        return next(f"{second}.order" for _, second, _ in ORDERED if second.lower() == lower)
    return f"{meta['element']}.{_CHECK[meta['rule']]}"


GATE = {"gate": ("polars", 1), "gate_pandas": ("pandas", 1), "gate_auto": ("auto", 1), "gate_two": ("auto", 2)}
"""The ways to call `dap check`, which is strict reading, header, identifiers, every rule and the report: with which
engine, and how many times the file in one call."""


def gate_command(tool: str, file: Path, suite: Path) -> list[str]:
    """The command as whoever runs the gate has it; its report goes beside the file, see `gate_found`."""
    engine, files = GATE[tool]
    words = [*[str(file)] * files, "--collection", COLLECTION, "--plan", str(suite.parents[2]), "--engine", engine]
    report = str(file.with_suffix(".report.json"))
    return [sys.executable, "-m", "dap", "check", *words, "--format", "json", "--output", report]


def gate_found(tool: str, file: Path) -> Counts:
    """What the last such command found; nothing is asked of two files in one call."""
    if GATE[tool][1] > 1:
        return {}
    found: Counter[str] = Counter()
    for finding in json.loads(file.with_suffix(".report.json").read_text("utf-8"))["findings"]:
        rule = finding["rule"]
        name = "ssn" if rule[0] == "P" else _named({"rule": rule, "name": finding["name"], "element": finding["field"]})
        found[name] += _surplus(name, finding["count"])
    return _some(found)


def _some(counts: Any) -> Counts:
    """The checks that something breaks."""
    return {name: int(count) for name, count in counts.items() if count}


def _surplus(name: str, count: int) -> int:
    """GX counts both rows of a doubled value, and each doubled value stands in two: one of them is too many."""
    return count // 2 if name.endswith(".unique") else count


TOOLS: dict[str, Callable[[str, str], Counts]] = {
    "polars": polars,
    "polars_stream": polars_stream,
    "duckdb": duckdb,
    "pandera": pandera,
    "frictionless": frictionless,
    "gx_pandas": gx_pandas,
    "gx_polars": gx_polars,
}


if __name__ == "__main__":
    *twice, tool, given, built = sys.argv[1:]
    if twice:
        TOOLS[tool](given, built)
    print(json.dumps(TOOLS[tool](given, built), sort_keys=True))
