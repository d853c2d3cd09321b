"""The child that judges one file on Spark: `python -m dap.engine.spark.worker FOLDER`, or under spark-submit.

The folder holds the request; the verdict is written into it last, under a name of its own first, so that half a verdict
is none.
"""

from __future__ import annotations

import json
import os
import pickle
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dap.engine.spark import REQUEST, STAGE, VERDICT, Job
from dap.errors import CouldNotRun, RequestError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from dap.engine import Outcome
    from dap.engine.spark.table import SparkTable

# What a verdict needs of Spark. The rest is the cluster's (spark-defaults.conf, or spark-submit's own options).
SETTINGS = {
    # Adaptive plans run each stage as a job of its own.
    "spark.sql.adaptive.enabled": "false",
    # What is sent to every worker is collected by a job of its own first.
    "spark.sql.autoBroadcastJoinThreshold": "-1",
    # Blocks are large: held one by one, they are never copied together.
    "spark.sql.inMemoryColumnarStorage.batchSize": "1",
    "spark.sql.execution.arrow.maxRecordsPerBatch": "50000",
    "spark.sql.execution.pyspark.udf.simplifiedTraceback.enabled": "true",
}
_LOCAL = {
    "spark.master": "local[*]",
    # Nobody else's machine has a part in it.
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.shuffle.partitions": "8",
}


def main(folder: Path) -> None:
    """Answer the request in the folder."""
    nonce, job = pickle.loads((folder / REQUEST).read_bytes())
    answer: dict[str, Any]
    try:
        answer = _judged(folder, job)
    except RequestError as error:
        answer = {"refused": str(error)}
    except CouldNotRun as error:
        answer = {"failed": str(error)}
    _stage(folder, "write")
    half = folder / f"{VERDICT}.half"
    half.write_text(json.dumps(answer | {"nonce": nonce}), "utf-8")
    half.replace(folder / VERDICT)


def _judged(folder: Path, job: Job) -> dict[str, Any]:
    from dap.engine import quiet
    from dap.engine.starting import defer_unused_imports

    _stage(folder, "start")
    quiet()
    spark = session()
    defer_unused_imports()
    try:
        _stage(folder, "read")
        from dap.engine.spark.reader import read_on_spark, source_of

        table = under("read", spark, lambda: read_on_spark(spark, source_of(spark, job.path, job.label), job.layout))
        _stage(folder, "judge")
        return answered(spark, job, table)
    finally:
        spark.stop()


def session() -> SparkSession:
    """The session that spark-submit prepared, or one on this machine's processors."""
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.appName("dap check")
    submitted = "PYSPARK_GATEWAY_PORT" in os.environ or "PYSPARK_SUBMIT_ARGS" in os.environ
    for name, value in ({} if submitted else _LOCAL).items():
        builder = builder.config(name, value)
    found: SparkSession = builder.getOrCreate()
    for name, value in SETTINGS.items():
        found.conf.set(name, value)
    found.sparkContext.setLogLevel("OFF")
    return found


def under(group: str, spark: SparkSession, work: Any) -> Any:
    """Run a piece of work with its Spark jobs under a name."""
    spark.sparkContext.setJobGroup(group, group)
    return work()


def answered(spark: SparkSession, job: Job, table: SparkTable) -> dict[str, Any]:
    """The verdict on a table that was read, as plain values."""
    from great_expectations import ExpectationSuite

    from dap.engine.spark.judging import judge_table
    from dap.expectations import applicable

    document = json.loads(job.suite)
    suite = ExpectationSuite(**document)
    if len(suite.expectations) != len(document["expectations"]):
        raise CouldNotRun("the suite did not load whole on Spark.")
    reading = table.reading
    if reading is None:
        raise CouldNotRun("the table has no reading.")
    asked, _ = applicable(suite, reading.columns, readable=reading.readable, format=reading.format)
    outcomes = judge_table(asked, table, job.parameters, job.rows)
    tracker = spark.sparkContext.statusTracker()
    return {
        "reading": {
            "file_name": reading.file_name,
            "bytes": reading.bytes,
            "sha256": reading.sha256,
            "header": len(reading.header),
            "columns": list(reading.columns),
            "faults": sorted({fault.kind for fault in reading.faults}),
            "outside": table.outside,
            "rows": reading.rows,
            "hidden": len(reading.hidden),
            "format": reading.format,
            "sheets": reading.sheets,
            "archive_members": reading.archive_members,
        },
        "outcomes": [_plain(outcome) for outcome in outcomes],
        "jobs": {group: len(tracker.getJobIdsForGroup(group)) for group in ("read", "verdict", "details")},
    }


def _plain(outcome: Outcome) -> dict[str, Any]:
    spots: Sequence[Any] = outcome.spots
    return {
        "rule": outcome.meta["rule"],
        "name": outcome.meta["name"],
        "held": outcome.held,
        "broke": outcome.broke,
        "spots": [[each.field, each.column, list(each.rows), each.count, list(each.labels)] for each in spots],
    }


def _stage(folder: Path, name: str) -> None:
    (folder / STAGE).write_text(name, "ascii")


if __name__ == "__main__":
    # Under spark-submit this folder comes first, where `table` or `metrics` would be ours to every library.
    sys.path[:] = [each for each in sys.path if each != str(Path(__file__).resolve().parent)]
    os.umask(0o077)
    main(Path(sys.argv[1]))
