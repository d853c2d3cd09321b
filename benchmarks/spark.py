"""Time `dap check --engine spark` beside Polars on the same invented files, count its Spark jobs, compare the reports.

    python -m benchmarks.spark [--rows 500000]

Each run is the whole of it: start of Java and Spark, reading, both passes, report. Ends with 1 where the engines do not
say the same, or a verdict took more than two jobs.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import platform
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.data import COLLECTION, COLUMNS, LAYOUT, write_file, write_plan
from dap.engine.starting import defer_unused_imports

BAD = 0.01
MOST_JOBS = 2


@dataclasses.dataclass(frozen=True)
class Run:
    """One check: its report, its seconds by the clock, the Spark jobs of each stage."""

    report: Any
    seconds: float
    jobs: dict[str, int]


def main() -> int:
    """Run both engines on a clean and a faulty file; 0 where all is as promised."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=500_000)
    asked = parser.parse_args()
    # As the command does: pyspark stays out of this process.
    defer_unused_imports()
    wrong: list[str] = []
    print(
        f"{asked.rows:,} rows, {len(COLUMNS)} columns, Python {platform.python_version()}, {os.cpu_count()} processors"
    )
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "plan"
        write_plan(root)
        for bad in (0.0, BAD):
            kind = f"{bad:.0%} bad" if bad else "clean"
            file = Path(folder) / "file.csv"
            write_file(file, asked.rows, bad)
            runs = {engine: _run(engine, file, root) for engine in ("polars", "spark")}
            for engine, run in runs.items():
                told = f"{run.report.verdict}, {len(run.report.findings)} findings"
                jobs = ", ".join(f"{stage} {many}" for stage, many in run.jobs.items())
                print(f"{kind:8}{engine:8}{run.seconds:8.1f} s   {told}   {jobs}", flush=True)
            wrong += _faults(kind, runs)
    load = os.getloadavg()[0]
    print(f"Load {load:.1f} at the end: above the number of processors the seconds are no measure.")
    print("\n".join(wrong) or f"Both engines say the same; the verdict took {MOST_JOBS} Spark jobs at most.")
    return 1 if wrong else 0


def _run(engine: str, file: Path, root: Path) -> Run:
    import dap.engine.spark
    from dap.catalog import open_plan
    from dap.gate import check

    jobs: dict[str, int] = {}
    judged = dap.engine.spark.judged_on_spark

    def counted(job: Any) -> dict[str, Any]:
        answer = judged(job)
        jobs.update(answer["jobs"])
        return answer

    dap.engine.spark.judged_on_spark = counted
    begin = time.perf_counter()
    try:
        report = check(file, COLLECTION, resource=LAYOUT, plan=open_plan(root), engine=engine)
    finally:
        dap.engine.spark.judged_on_spark = judged
    return Run(report, time.perf_counter() - begin, jobs)


def _faults(kind: str, runs: dict[str, Run]) -> list[str]:
    """What is not as promised."""
    found = []
    if dataclasses.replace(runs["spark"].report, engine="polars") != runs["polars"].report:
        found.append(f"{kind}: the two engines do not say the same.")
    if runs["spark"].jobs["verdict"] > MOST_JOBS:
        found.append(f"{kind}: the verdict took {runs['spark'].jobs['verdict']} Spark jobs.")
    return found


if __name__ == "__main__":
    sys.exit(main())
