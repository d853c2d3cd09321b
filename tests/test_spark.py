"""Spark says of a file what the other engines say, within two jobs for the verdict: one session of Spark for all tests.

Skipped where pyspark or Java is missing, unless DAP_TEST_SPARK=1 says that they must be there: then that is a failure.
"""

from __future__ import annotations

import csv
import dataclasses
import importlib.util
import io
import json
import os
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import dap.engine.spark
from dap.catalog import open_plan
from dap.engine.spark import Job
from dap.errors import RequestError
from dap.examples import example_text
from dap.gate import check
from dap.plan import Plan
from dap.report import Report
from dap.suites import suite_path
from tests.broken_rows import cases, resource, with_rows
from tests.conftest import ROSTER as ROSTER_DESCRIPTOR
from tests.conftest import edit, rebuild
from tests.conftest import layout as plan_layout

_WANTED: dict[str, Any] = {name: importlib.util.find_spec(name) for name in ("pyspark", "pyarrow")}
_WANTED["Java 17"] = shutil.which("java")
if _missing := " and ".join(name for name, there in _WANTED.items() if not there):
    if os.environ.get("DAP_TEST_SPARK") == "1":
        pytest.fail(f"DAP_TEST_SPARK=1, but {_missing} is not installed: no test of Spark can run.")
    pytest.skip(f"{_missing} is not installed (dap[spark], openjdk-17-jre-headless)", allow_module_level=True)

# Spark's parts talk to each other over this machine's own addresses.
pytestmark = pytest.mark.network_loopback

# Started quickly rather than made to run long; small files in several parts.
_SETTINGS = {
    "spark.ui.enabled": "false",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.memory": "512m",
    "spark.sql.shuffle.partitions": "1",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.files.maxPartitionBytes": "4000",
    "spark.sql.files.openCostInBytes": "0",
}
_QUICK_JAVA = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"


@cache
def _session() -> Any:
    from dap.engine.spark.worker import session

    options = " ".join(f"--conf {name}={value}" for name, value in _SETTINGS.items())
    settings = {
        "PYSPARK_SUBMIT_ARGS": f"--master local[2] {options} pyspark-shell",
        "JAVA_TOOL_OPTIONS": _QUICK_JAVA,
        "PYTHONPATH": os.pathsep.join(each for each in sys.path if each),
        "PYSPARK_PYTHON": sys.executable,
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in settings.items():
            patch.setenv(name, value)
        return session()


@pytest.fixture(scope="module", autouse=True)
def _ended() -> Iterator[None]:
    """No Java of the session is left behind the last test."""
    yield
    from pyspark import SparkContext

    gateway: Any = SparkContext._gateway
    if gateway is not None:
        # What Python still holds of Java's is not told to it any more, from other tests' midst.
        gateway._gateway_client.is_connected = False
        # Java ends with its standard input, and takes the Python workers with it.
        gateway.proc.stdin.close()
        gateway.proc.wait(timeout=60)


@pytest.fixture
def spark(no_network: list[str]) -> Any:
    """The one session of this file, started by the first test that may open its connections."""
    return _session()


@pytest.fixture
def jobs(spark: Any, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, int]]:
    """The gate's child is this very process; how many Spark jobs each stage of each check took."""
    counted: list[dict[str, int]] = []

    def answer(job: Job) -> Any:
        from dap.engine.spark.reader import read_on_spark, source_of
        from dap.engine.spark.worker import answered, under

        before = _jobs(spark)
        table = under("read", spark, lambda: read_on_spark(spark, source_of(spark, job.path, job.label), job.layout))
        told = json.loads(json.dumps(answered(spark, job, table)))
        table.blocks.unpersist()
        counted.append({name: many - before[name] for name, many in _jobs(spark).items()})
        return told

    monkeypatch.setattr(dap.engine.spark, "judged_on_spark", answer)
    return counted


def _jobs(spark: Any) -> dict[str, int]:
    """How many jobs there were in all, by the name they ran under."""
    spark.sparkContext._jsc.sc().listenerBus().waitUntilEmpty()
    tracker = spark.sparkContext.statusTracker()
    return {name or "other": len(tracker.getJobIdsForGroup(name)) for name in ("read", "verdict", "details", None)}


Jobs = list[dict[str, int]]


def _agree(jobs: Jobs, path: Path, plan: Plan, collection: str, layout: str, **more: Any) -> Report:
    """The report of Spark, which is that of Polars, after no more jobs than are promised."""
    on_spark, on_polars = (
        check(path, collection, resource=layout, plan=plan, rows=None, engine=engine, **more)
        for engine in ("spark", "polars")
    )
    assert dataclasses.replace(on_spark, engine="polars") == on_polars
    assert all(jobs[-1][stage] <= 2 for stage in ("read", "verdict", "details")) and not jobs[-1]["other"]
    return on_spark


@cache
def _numbers(many: int) -> list[str]:
    """Numbers that look like those of people, made at run time: none that could be anybody's stands in a file."""
    drawn = random.Random(5)
    return [
        f"{drawn.randrange(1, 600):03}{drawn.randrange(1, 99):02}{drawn.randrange(1, 9999):04}" for _ in range(many)
    ]


# What breaks each rule of the invented layouts, a row each; the last two make keys repeat.
STUDENTS: list[dict[str, str]] = [
    *({name: ""} for name in ("sasid", "school_year", "last_name", "seat", "grade", "days_enrolled", "birth_date")),
    {"sasid": "1"},
    {"school_year": "2024-25"},
    {"last_name": "Example" * 7},
    {"last_name": " "},
    {"last_name": "Exa\x07mple"},
    {"last_name": "Example 000-12-3456"},
    {"seat": "?"},
    {"grade": "03"},
    {"program": "1"},
    {"absences": "1e5"},
    {"absences": "181"},
    {"absences": "9", "days_enrolled": "8"},
    {"rate": "1,5"},
    {"rate": "100.01"},
    {"homeless": "perhaps"},
    {"birth_date": "02302001"},
    {"birth_date": "01012002"},
    {"entry_date": "2000-12-31"},
    {"exit_date": "2001-02-30", "exit_reason": "moved"},
    {"entry_date": "2002-01-02", "exit_date": "2002-01-01", "exit_reason": "moved"},
    {"exit_date": "2003-01-01", "exit_reason": ""},
    {"exit_date": "", "exit_reason": "moved"},
    {"exit_date": "2003-01-01", "exit_reason": "other"},
    {"program": "10", "sponsor": ""},
    {"seat": "A001"},
    {"seat": "A001"},
]
COUNTS: list[dict[str, str]] = [
    {"district_code": ""},
    {"district_code": "9990011"},
    {"grade": "?"},
    {"count": "-1"},
    {"count": "two"},
    {"note": "line\nbreak"},
    {"note": "\ufffd"},
]


def _broken(text: str, above: int, broken: list[dict[str, str]], delimiter: str = ",") -> str:
    """The text with one row broken in each of these ways; its last rows stand there twice, in two parts."""
    changed = with_rows(text, above, {above + 3 + place: cells for place, cells in enumerate(broken)}, delimiter)
    lines = changed.splitlines(keepends=True)
    return "".join([*lines, *lines[-3:]])


def _with_column(text: str, above: int, header: str, values: list[str]) -> str:
    lines = text.removesuffix("\n").split("\n")
    added = [*lines[:above], f"{lines[above]},{header}"]
    return (
        "\n".join([*added, *(f"{line},{value}" for line, value in zip(lines[above + 1 :], values, strict=True))]) + "\n"
    )


def _regular(text: str) -> str:
    """The text with state student numbers that follow each other."""
    head, *lines = text.removesuffix("\n").split("\n")
    return "\n".join([head, *(f"{5_000_000_000 + at}{line[10:]}" for at, line in enumerate(lines))]) + "\n"


SEEN: dict[str, set[str]] = {"held": set(), "failed": set()}


@pytest.fixture(scope="module")
def invented(_sound_plan: Path) -> Plan:
    """The small invented plan, which has every type of expectation."""
    return open_plan(_sound_plan)


def _types(plan: Plan, collection: str, layout: str) -> dict[tuple[str, str], str]:
    """The type of each rule of the layout's suite, and whether it is asked of some rows only."""
    document = json.loads(suite_path(plan.root, collection, layout).read_text("utf-8"))
    return {
        (each["meta"]["rule"], each["meta"]["name"]): each["type"] + " when" * ("row_condition" in each["kwargs"])
        for each in document["expectations"]
    }


def _keep(report: Report, types: dict[tuple[str, str], str]) -> None:
    failed = {(finding.rule, finding.name) for finding in report.findings}
    SEEN["failed"] |= {types[each] for each in failed}
    SEEN["held"] |= {type for each, type in types.items() if each not in failed}


ROSTER = "example-roster"
ASKED = {"students": {"period": "2025-26"}, "counts": {"district": "0010011"}}


@pytest.mark.parametrize("layout", ASKED)
def test_an_accepted_file_gets_the_same_report(invented: Plan, tmp_path: Path, jobs: Jobs, layout: str) -> None:
    collection = invented.collection(ROSTER)
    path = tmp_path / "file.csv"
    text = example_text(invented, collection, collection.layout(layout), rows=60 if layout == "students" else 4)
    path.write_text(re.sub("[0-9]{4}-[0-9]{2},", "2025-26,", text), "utf-8")
    report = _agree(jobs, path, invented, ROSTER, layout, **ASKED[layout])
    assert (report.verdict, jobs[-1]["details"]) == ("accepted", 0)
    _keep(report, _types(invented, ROSTER, layout))


@pytest.mark.parametrize("layout", ASKED)
def test_a_file_that_breaks_every_rule_gets_the_same_findings(
    invented: Plan, tmp_path: Path, jobs: Jobs, layout: str
) -> None:
    collection = invented.collection(ROSTER)
    made = example_text(invented, collection, collection.layout(layout), rows=70)
    if layout == "students":
        text = _broken(_regular(made), 0, STUDENTS)
        text = text.replace("\n", "\na,b\n", 2) + "a,b\n"
    else:
        # Bare numbers that only the parts together show to be what they are.
        text = _broken(_with_column(made, 2, "badge", _numbers(70)), 2, COUNTS)
    path = tmp_path / "file.csv"
    path.write_text(text, "utf-8")
    report = _agree(jobs, path, invented, ROSTER, layout, **ASKED[layout])
    assert report.verdict == "rejected"
    _keep(report, _types(invented, ROSTER, layout))


def test_each_type_of_expectation_was_seen_in_a_file_that_meets_it_and_in_one_that_does_not(invented: Plan) -> None:
    held = {type for layout in ASKED for type in _types(invented, ROSTER, layout).values()}
    built = {
        each["type"]
        for path in (Path(__file__).parent.parent / "expectations").rglob("*.json")
        for each in json.loads(path.read_text("utf-8"))["expectations"]
    }
    assert built <= {type.removesuffix(" when") for type in held}
    assert {"held": held, "failed": held} == SEEN


def test_a_large_suite_of_the_repositorys_own_gets_the_same_findings(
    connecticut: Plan, tmp_path: Path, jobs: Jobs
) -> None:
    collection, name = connecticut.collection("psis-registration"), "registration"
    layout = collection.layout(name)
    broken = [case.cells for case in cases(resource(collection.id, name)) if case.cells]
    text = example_text(connecticut, collection, layout, rows=len(broken) + 10)
    path = tmp_path / "file.csv"
    path.write_text(_broken(text, len(layout.title_lines), broken, layout.delimiter), "utf-8")
    report = _agree(jobs, path, connecticut, collection.id, name)
    assert len({finding.name for finding in report.findings}) > len(broken) / 2


SHAPES: dict[str, Callable[[str], str | bytes]] = {
    "cells with line breaks, over the borders of parts": lambda text: text.replace(",Example", ',"Exam\n\n\nple"'),
    "a mark of the byte order, and lines that end as on Windows": lambda text: "\ufeff" + text.replace("\n", "\r\n"),
    "a quotation mark that nothing closes": lambda text: text.replace("\n0", '\n"0', 1),
    "UTF-16, which one process reads": lambda text: text.encode("utf-16"),
    "nothing": lambda text: "",
}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_file_of_another_shape_gets_the_same_findings(invented: Plan, tmp_path: Path, jobs: Jobs, shape: str) -> None:
    collection = invented.collection(ROSTER)
    changed = SHAPES[shape](example_text(invented, collection, collection.layout("students"), rows=60))
    path = tmp_path / "file.csv"
    path.write_bytes(changed if isinstance(changed, bytes) else changed.encode("utf-8"))
    _agree(jobs, path, invented, ROSTER, "students")


@pytest.fixture(scope="module")
def with_parquet(_sound_plan: Path, tmp_path_factory: pytest.TempPathFactory) -> Plan:
    """The small invented plan, whose layout of students takes Parquet files as well."""
    root = tmp_path_factory.mktemp("parquet") / "plan"
    shutil.copytree(_sound_plan, root)
    edit(root, ROSTER_DESCRIPTOR, lambda plan: plan_layout(plan)["acquisition"].update(formats=["csv", "parquet"]))
    rebuild(root)
    return open_plan(root)


@pytest.mark.parametrize("is_text", [True, False])
def test_a_parquet_file_gets_the_same_findings_in_parts_or_where_it_needs_one_process_in_one_piece(
    with_parquet: Plan, tmp_path: Path, jobs: Jobs, is_text: bool
) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    collection = with_parquet.collection(ROSTER)
    rows = list(csv.reader(io.StringIO(example_text(with_parquet, collection, collection.layout("students"), rows=60))))
    columns: dict[str, Any] = dict(zip(rows[0], map(list, zip(*rows[1:], strict=True)), strict=True))
    columns["last_name"][7], columns["seat"][41], columns["seat"][9] = "Example 000-12-3456", "A001", "A001"
    columns = {name: [cell or None for cell in cells] for name, cells in columns.items()}
    for cells in columns.values():
        cells[20] = None
    columns["days_enrolled"] = pa.array([each and int(each) for each in columns["days_enrolled"]], pa.int32())
    if not is_text:
        columns["rate"] = pa.array([each and float(each) for each in columns["rate"]], pa.float64())
    path = tmp_path / "file.parquet"
    # A text beside the table, which the screen looks through as well.
    table = pa.table(columns).replace_schema_metadata({"note": "000-12-3456"})
    pq.write_table(table, path, row_group_size=9, compression="none", use_dictionary=False)
    report = _agree(jobs, path, with_parquet, ROSTER, "students")
    assert {"seat.duplicate", "ssn.separated", "ssn.metadata", "workbook.properties"} <= {
        finding.name for finding in report.findings
    }
    assert jobs[-1]["read"] == (2 if is_text else 0)


def test_a_file_that_spark_does_not_find_is_a_wrong_request_that_names_no_path(spark: Any, tmp_path: Path) -> None:
    from dap.engine.spark.reader import source_of

    for path in ("nowhere://000-12-3456", (tmp_path / "000-12-3456").as_uri()):
        with pytest.raises(RequestError, match="file 7: Spark finds no such file") as raised:
            source_of(spark, path, "file 7")
        assert "000-12" not in str(raised.value) and raised.value.__context__ is None
    with pytest.raises(RequestError, match="file 7: not a file"):
        source_of(spark, tmp_path.as_uri(), "file 7")


def test_our_map_expectations_hold_on_a_plain_spark_dataframe(spark: Any) -> None:
    import great_expectations as gx

    import dap.engine.spark.datasource  # noqa: F401
    from dap.expectations import (
        ExpectColumnPairValuesToCompare,
        ExpectColumnValuesToBeDates,
        ExpectColumnValuesToBeNumbersBetween,
    )

    rows = [("2025-10-01", "2025-10-02", "5"), ("2025-02-30", "2025-01-01", "12"), ("2025-03-01", "2025-01-01", None)]
    source = gx.get_context(mode="ephemeral").data_sources.add_spark("plain")
    definition = source.add_dataframe_asset("table").add_batch_definition_whole_dataframe("whole")
    table = spark.createDataFrame(rows, ["a", "b", "n"]).coalesce(1)
    batch = definition.get_batch(batch_parameters={"dataframe": table})
    asked: list[Any] = [
        ExpectColumnValuesToBeDates(column="a", date_format="%Y-%m-%d"),
        ExpectColumnValuesToBeNumbersBetween(column="n", minimum="1", maximum="10"),
        ExpectColumnPairValuesToCompare(
            column_A="a", column_B="b", comparison="<=", kind="date", format_A="%Y-%m-%d", format_B="%Y-%m-%d"
        ),
    ]
    results = batch.validate(gx.ExpectationSuite(name="suite", expectations=asked)).results
    assert [each.result["unexpected_count"] for each in results] == [1, 1, 1]


def test_a_child_judges_with_pyspark_kept_out_of_the_commands_own_process(invented: Plan, tmp_path: Path) -> None:
    collection = invented.collection(ROSTER)
    path = tmp_path / "file.csv"
    path.write_text(example_text(invented, collection, collection.layout("students"), rows=5), "utf-8")
    code = (
        "import sys; from dap.cli import cli\n"
        "code = cli(sys.argv[1:], standalone_mode=False)\n"
        "print('pyspark' in sys.modules, code)"
    )
    arguments = [path.as_uri(), "--collection", ROSTER, "--resource", "students", "--plan", str(invented.root)]
    command = [sys.executable, "-W", "ignore", "-c", code, "check", *arguments, "--engine", "spark", "--format", "json"]
    environment = {name: value for name, value in os.environ.items() if name != "PYSPARK_SUBMIT_ARGS"}
    environment["JAVA_TOOL_OPTIONS"] = _QUICK_JAVA
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.stdout.endswith("False 0\n"), done.stderr
    told = json.loads(done.stdout.removesuffix("False 0\n"))
    assert (told["verdict"], told["engine"], told["file"]["rows"]) == ("accepted", "spark", 5)
