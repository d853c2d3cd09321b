"""Measure the gate and its peers on the same invented files, check that they agree, and write docs/performance.md.

`python -m benchmarks.gate [--rows N ...] [--write]`. Each run is a process of its own, timed from its start to its end,
imports included; CPU seconds and peak memory are the operating system's.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.data import COLLECTION, COLUMNS, LAYOUT, ROOT
from benchmarks.peers import GATE, LACKS, Counts, gate_command, gate_found

PAGE = ROOT / "docs/performance.md"
BAD = 0.01
FEW = 100
# From so many rows on a file is larger than memory is meant to be: only what streams is run, on the clean one.
LARGE = 1_000_000
STREAMS = ("polars_stream", "gate", "scan")
# Those that are also run twice in one process, which says what a warm one takes.
TWICE = ("polars", "gate", "pandera", "duckdb")
# Runs of a tool that takes longer than this are not repeated.
LONG = 8.0

# Installed packages are byte-compiled; let ours be too, even where a setting of the machine forbids writing it.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
ENVIRONMENT["PYTHONPATH"] = str(ROOT)

NAMES = {
    "polars": "hand-written Polars",
    "polars_stream": "hand-written Polars, streaming",
    "gx_polars": "GX on dap's engine",
    "gate": "dap check (polars)",
    "gate_pandas": "dap check (pandas)",
    "pandera": "pandera on Polars",
    "duckdb": "DuckDB, hand-written SQL",
    "frictionless": "frictionless",
    "gx_pandas": "GX stock, on pandas",
    "scan": "one pass for the SSN's form",
    "import": "import great_expectations",
    "gate_two": "dap check, two files",
}
SCAN = r"(^|[^0-9])[0-9]{3}-[0-9]{2}-[0-9]{4}([^0-9]|$)"


@dataclass
class Measured:
    """What the runs of one tool on one file took: medians, and what it found wrong."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    found: Counts = field(default_factory=dict)

    @property
    def seconds(self) -> float:
        """Wall seconds, the median."""
        return statistics.median(self.wall)

    @property
    def work(self) -> float:
        """CPU seconds, user and system, the median."""
        return statistics.median(self.cpu)

    @property
    def peak(self) -> float:
        """Peak memory in MB, the median."""
        return statistics.median(self.memory)


Results = dict[tuple[str, int, bool], Measured]


def main() -> int:
    """Run what is asked, print the tables, and answer 1 where two tools disagree on what is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[50_000, 500_000])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--write", action="store_true", help="write docs/performance.md and its chart")
    parser.add_argument("--skip", nargs="*", default=[], choices=list(NAMES), help="tools to leave out of larger files")
    asked = parser.parse_args()
    tools = [name for name in NAMES if _there(name) and name != "gate_two"]
    results: Results = {}
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "plan"
        _write("plan", root)
        suite = root / f"expectations/{COLLECTION}/{LAYOUT}.json"
        small = Path(folder) / "few.csv"
        _write("file", small, FEW, 0.0)
        for tool in ("gate", "gate_two"):
            results[tool, FEW, False] = _measured(
                "gate_auto" if tool == "gate" else tool, small, suite, max(3, asked.runs)
            )
            _say(tool, FEW, False, results[tool, FEW, False])
        for rows in asked.rows:
            for bad in (False,) if rows >= LARGE else (False, True):
                file = Path(folder) / f"{rows}{'-bad' if bad else ''}.csv"
                _write("file", file, rows, BAD if bad else 0.0)
                for tool in tools:
                    if (tool not in STREAMS) if rows >= LARGE else tool == "polars_stream":
                        continue
                    larger = rows > min(asked.rows)
                    if larger and (tool in asked.skip or (bad and tool not in ("polars", "gx_polars", "gate"))):
                        continue
                    if tool == "import" and (bad or larger):
                        continue
                    results[tool, rows, bad] = _measured(tool, file, suite, asked.runs)
                    _say(tool, rows, bad, results[tool, rows, bad])
                    if larger and rows < LARGE and not bad and tool in TWICE:
                        # The gate is run as a user has it check two files.
                        again = "gate_two" if tool == "gate" else f"twice {tool}"
                        results[f"twice {tool}", rows, bad] = _measured(again, file, suite, asked.runs)
                        _say(f"twice {tool}", rows, bad, results[f"twice {tool}", rows, bad])
                file.unlink()
    wrong = disagreements(results)
    text = "\n".join(_page(results, asked.rows, wrong))
    print(text)
    if asked.write:
        PAGE.write_text(text + "\n", "utf-8", newline="\n")
        _chart(results, asked.rows)
    return 1 if wrong else 0


def _write(*words: object) -> None:
    command = [sys.executable, "-m", "benchmarks.data", *map(str, words)]
    subprocess.run(command, cwd=ROOT, env=ENVIRONMENT, check=True)


def _there(tool: str) -> bool:
    """Whether a tool is installed; those of the `bench` extra may be missing."""
    import importlib.util

    return tool not in ("pandera", "duckdb") or importlib.util.find_spec(tool) is not None


def _command(tool: str, file: Path, suite: Path) -> list[str]:
    if tool == "scan":
        ripgrep = shutil.which("rg")
        return [ripgrep, "-c", SCAN, str(file)] if ripgrep else ["grep", "-cE", SCAN, str(file)]
    if tool == "import":
        return [sys.executable, "-c", "import great_expectations"]
    if tool in GATE:
        return gate_command(tool, file, suite)
    return [sys.executable, "-m", "benchmarks.peers", *tool.split(), str(file), str(suite)]


def _measured(tool: str, file: Path, suite: Path, runs: int) -> Measured:
    measured = Measured()
    for _ in range(runs):
        _run(tool, _command(tool, file, suite), measured)
        if tool in GATE:
            measured.found = gate_found(tool, file)
        if measured.wall[-1] > LONG:
            break
    return measured


def _run(tool: str, command: list[str], measured: Measured) -> None:
    environment = ENVIRONMENT | ({"LC_ALL": "C"} if tool == "scan" else {})
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        begin = time.perf_counter()
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=errors)
        _, status, used = os.wait4(process.pid, 0)
        measured.wall.append(time.perf_counter() - begin)
        process.returncode = os.waitstatus_to_exitcode(status)
        measured.cpu.append(used.ru_utime + used.ru_stime)
        measured.memory.append(used.ru_maxrss / (1024 if platform.system() == "Linux" else 1024**2))
        output.seek(0)
        # grep answers 1 where nothing matches, and the gate where it refuses the file.
        if process.returncode and not (tool in ("scan", *GATE) and process.returncode == 1):
            errors.seek(0)
            sys.stderr.buffer.write(errors.read()[-2000:])
            raise SystemExit(f"{_name(tool)} ended with exit code {process.returncode}; nothing was measured.")
        if tool not in ("scan", "import", *GATE):
            measured.found = json.loads(output.read())


def disagreements(results: Results) -> list[str]:
    """Where a tool finds other than what the hand-written checks find, of what it can check."""
    wrong = []
    for (tool, rows, bad), measured in results.items():
        hand = results.get(("polars", rows, bad)) or results.get(("polars_stream", rows, bad))
        if tool in ("scan", "import", "gate_two") or tool.startswith("twice ") or hand is None:
            continue
        lacks = LACKS.get(tool, set())
        wanted = {
            name: count
            for name, count in hand.found.items()
            if name not in lacks and name.partition(".")[2] not in lacks
        }
        names = {name for name in {*wanted, *measured.found} if wanted.get(name) != measured.found.get(name)}
        if names:
            wrong.append(f"{NAMES[tool]}, {rows:,} rows: {', '.join(sorted(names))}")
        if bad and not measured.found:
            wrong.append(f"{NAMES[tool]}, {rows:,} rows: found nothing in a bad file")
    return wrong


def _say(tool: str, rows: int, bad: bool, measured: Measured) -> None:
    kind = "1 % bad" if bad else "clean"
    print(f"{_name(tool):38}{rows:>9,} {kind:8}{measured.seconds:8.2f} s {measured.work:8.2f} CPU s", file=sys.stderr)


def _name(tool: str) -> str:
    return f"{NAMES[tool.removeprefix('twice ')]}{', twice' * tool.startswith('twice ')}"


def _page(results: Results, sizes: list[int], wrong: list[str]) -> list[str]:
    load = f"{os.getloadavg()[0]:.1f}"
    lines = [
        "# How fast the gate is",
        "",
        "`make bench` wrote this page: invented files of "
        f"{len(COLUMNS)} text columns, and the same checks in each tool, one process a run.",
        "",
        f"Python {platform.python_version()}, {os.cpu_count()} processors, load {load} at the end of the run. **With"
        " a load above the number of processors the wall times are no measure; go by CPU seconds.**",
        "",
        "![CPU seconds of each tool](performance.svg)",
        "",
    ]
    for rows in sizes:
        lines += [f"## {rows:,} rows", "", *_table(results, rows), ""]
    lines += ["## Targets", "", *_targets(results, sizes), "", *_NOTES, ""]
    lines += ["## Agreement", ""]
    lines += [f"- {each}" for each in wrong] or ["Every tool found the same cells wrong as the hand-written checks do."]
    return lines


def _table(results: Results, rows: int) -> list[str]:
    hand = results["polars_stream" if rows >= LARGE else "polars", rows, False]
    scan = results["scan", rows, False]
    lines = [
        "| tool | wall s | CPU s | peak MB | CPU x hand | wall x hand | CPU x scan | 1 % bad, CPU s |",
        "| --- | --: | --: | --: | --: | --: | --: | --: |",
    ]
    for tool, name in NAMES.items():
        if (tool, rows, False) not in results:
            continue
        each, bad = results[tool, rows, False], results.get((tool, rows, True))
        cells = (
            f"{each.seconds:.2f}",
            f"{each.work:.2f}",
            f"{each.peak:.0f}",
            f"{each.work / hand.work:.1f}",
            f"{each.seconds / hand.seconds:.1f}",
            f"{each.work / scan.work:.0f}",
            f"{bad.work:.2f}" if bad else "",
        )
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return lines


def _targets(results: Results, sizes: list[int]) -> list[str]:
    """Each target of the work order, and what this run reached."""

    def ratio(one: str, other: str, bad: bool = False) -> tuple[str, str, str]:
        """Of the largest file that both were run on: its rows, CPU seconds and wall seconds."""
        for rows in sorted(sizes, reverse=True):
            first, second = results.get((one, rows, bad)), results.get((other, rows, False))
            if first and second:
                work, seconds = first.work / second.work, first.seconds / second.seconds
                return f"{rows:,}", f"{work:.2f}", f"{seconds:.2f}"
        return "", "not measured", "not measured"

    listed = [
        ("whole gate / hand-written Polars", "at most 2.2", ratio("gate", "polars")),
        ("the engine under GX, value rules and SSN / hand-written Polars", "at most 2.2", ratio("gx_polars", "polars")),
        ("whole gate / one pass for the SSN's form", "at most 10", ratio("gate", "scan")),
        ("whole gate / pandera", "below 1", ratio("gate", "pandera")),
        ("the engine under GX / pandera", "below 1", ratio("gx_polars", "pandera")),
        ("stock GX / whole gate", "at least 25", ratio("gx_pandas", "gate")),
        ("stock GX / the engine under GX", "at least 25", ratio("gx_pandas", "gx_polars")),
        ("frictionless / whole gate", "at least 15", ratio("frictionless", "gate")),
        ("whole gate, 1 % bad / clean", "at most 1.5", ratio("gate", "gate", bad=True)),
        ("the engine under GX, 1 % bad / clean", "at most 1.5", ratio("gx_polars", "gx_polars", bad=True)),
        *_few(results, sizes),
        *_warm(results, sizes),
        *_largest(results, sizes),
        ("whole gate, streamed / hand-written, streaming", "at most 2", ratio("gate", "polars_stream")),
    ]
    lines = [
        "Ratios, whole process, unless said otherwise.",
        "",
        "| ratio | wanted | rows | reached, CPU | reached, wall |",
        "| --- | --- | --: | --: | --: |",
    ]
    return lines + [f"| {name} | {wanted} | {' | '.join(reached)} |" for name, wanted, reached in listed]


Target = tuple[str, str, tuple[str, str, str]]


def _few(results: Results, sizes: list[int]) -> list[Target]:
    """What a small file costs, cold and as the second of two."""
    one, bare = results.get(("gate", FEW, False)), results.get(("import", min(sizes), False))
    two = results.get(("gate_two", FEW, False))
    found: list[Target] = []
    if one and bare:
        reached = (str(FEW), f"{one.work / bare.work:.2f}", f"{one.seconds / bare.seconds:.2f}")
        found.append((f"{FEW} rows, whole gate / import great_expectations", "at most 0.8", reached))
    if one and two:
        reached = (str(FEW), f"{two.work - one.work:.2f} s", f"{two.seconds - one.seconds:.2f} s")
        found.append(("a second file in one call, seconds", "at most 0.4 s", reached))
    return found


def _warm(results: Results, sizes: list[int]) -> list[Target]:
    """The second of two runs in one process beside hand-written Polars and the fastest peer: two runs less one."""
    found: list[Target] = []
    for rows in sizes:
        took: dict[str, tuple[float, float]] = {}
        for tool in TWICE:
            one, two = results.get((tool, rows, False)), results.get((f"twice {tool}", rows, False))
            if one and two:
                took[tool] = two.work - one.work, two.seconds - one.seconds
        if "gate" in took and "polars" in took:
            gate, hand = took.pop("gate"), took.pop("polars")
            found.append(("whole gate / hand-written Polars, warm", "at most 1.5", _beside(rows, gate, hand)))
            if took:
                best = min(each[0] for each in took.values()), min(each[1] for each in took.values())
                found.append(("whole gate / fastest peer, warm", "below 1", _beside(rows, gate, best)))
    return found


def _beside(rows: int, one: tuple[float, float], other: tuple[float, float]) -> tuple[str, str, str]:
    return f"{rows:,}", f"{one[0] / other[0]:.2f}", f"{one[1] / other[1]:.2f}"


def _largest(results: Results, sizes: list[int]) -> list[Target]:
    """Memory beside that of hand-written Polars, and how time grows with rows."""
    small, large = min(sizes), max(sizes)
    gate, before = results.get(("gate", large, False)), results.get(("gate", small, False))
    found: list[Target] = []
    for rows in sorted((size for size in sizes if size < LARGE), reverse=True)[:1]:
        one, hand = results.get(("gate", rows, False)), results.get(("polars", rows, False))
        if one and hand:
            memory = f"{one.peak / hand.peak:.2f}"
            found.append(
                ("peak memory, whole gate / hand-written Polars", "at most 1.3", (f"{rows:,}", memory, memory))
            )
    if gate and large >= LARGE:
        peak = f"{gate.peak:,.0f} MB"
        found.append(("peak memory, whole gate, streamed", "below 2,000 MB", (f"{large:,}", peak, peak)))
    if gate and before and large > small:
        times = large / small
        grown = (f"{gate.work / before.work / times:.2f}", f"{gate.seconds / before.seconds / times:.2f}")
        found.append((f"whole gate, {large:,} / {times:.0f} x {small:,} rows", "at most 1.15", (f"{large:,}", *grown)))
    return found


_NOTES = (
    "- *Hand-written* means text columns and every check in one `select`, counts only: no row numbers, no strict",
    "  reading, no check of the header, an SSN with hyphens only.",
    "- *GX on dap's engine* and *GX stock* run one suite with the same calls: success first, then counts and the first",
    "  100 row numbers of what failed. The form of an SSN is one stock expectation a column there.",
    "- *dap check* is everything: the strict reader, header, shape, the full detector of identifiers, the report.",
    "  A plain file is read by Polars, while GX is imported; one that is not plain is read cell by cell, as before.",
    "- frictionless checks each column alone: no rule between columns, no identifier, no control character.",
    "- A file of more than 125 MB is judged piece by piece, and read twice: to prove it, and to count.",
    "- *Warm* is the second of two runs on the file in one process: what both take, less what one takes.",
    "- Spark is timed by `make bench-spark` ([spark.md](spark.md)).",
)


def _chart(results: Results, sizes: list[int]) -> None:
    import altair as alt

    listed: list[dict[str, Any]] = [
        {"tool": NAMES[tool], "rows": f"{rows:,} rows", "seconds": measured.work, "ours": tool in ("gate", "gx_polars")}
        for (tool, rows, bad), measured in results.items()
        if not bad and tool in NAMES and tool != "import" and rows in sizes
    ]
    alt.Chart(
        alt.InlineData(values=listed),
        title="CPU seconds to check 60 columns, logarithmic",
        width=420,
    ).mark_bar().encode(
        x=alt.X("seconds:Q", scale=alt.Scale(type="log"), title="CPU seconds, whole process"),
        y=alt.Y("tool:N", sort="x", title=None),
        color=alt.Color("ours:N", legend=None, scale=alt.Scale(domain=[True, False], range=["#1b6ca8", "#b8c4cc"])),
        row=alt.Row("rows:N", title=None, sort=[f"{rows:,} rows" for rows in sizes]),
    ).save(PAGE.with_suffix(".svg"))


if __name__ == "__main__":
    sys.exit(main())
