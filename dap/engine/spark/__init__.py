"""Judges a file on Spark, from a process without it: a child reads and judges, and its verdict is checked here.

Importing this loads neither pyspark nor Java. Nothing is concluded from how the child ends, for pyspark can end a
process with exit code 0: what counts is the file it writes last, and that it answers each rule of the suite.
"""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import secrets
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.machinery import PathFinder
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dap.errors import CouldNotRun, RequestError

if TYPE_CHECKING:
    from dap.plan import Layout

SUBMIT = "DAP_SPARK_SUBMIT"
"""The environment variable with the command that starts the child, such as `spark-submit --master yarn`."""

REQUEST, VERDICT, STAGE = "request.pickle", "verdict.json", "stage"
STAGES = {
    "start": "starting Spark, which needs Java 17 or 21",
    "read": "reading the file",
    "judge": "running the suite",
    "write": "writing the verdict",
}


@dataclass(frozen=True)
class Job:
    """What the child is asked: the file by a path Spark reads, its layout, the suite as JSON, the suite's parameters.

    `label` is what the file is called in messages; `rows` how many rows a finding lists (None: all).
    """

    path: str
    label: str
    layout: Layout
    suite: str
    parameters: Mapping[str, Any]
    rows: int | None


def judged_on_spark(job: Job) -> dict[str, Any]:
    """The child's answer: `reading` and `outcomes` as plain values, and `jobs`, how many Spark jobs each stage took.

    Raises RequestError where Spark finds no such file and CouldNotRun where there is no whole verdict, whatever the
    child's exit code says.
    """
    command = _command()
    nonce = secrets.token_hex(16)
    folder = Path(tempfile.mkdtemp(prefix="dap-spark-"))
    try:
        (folder / REQUEST).write_bytes(pickle.dumps((nonce, job)))
        _run([*command, str(folder)])
        return _answer(folder, nonce)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _command() -> list[str]:
    worker = Path(__file__).with_name("worker.py")
    if given := os.environ.get(SUBMIT):
        return [*shlex.split(given), str(worker)]
    if not _has_pyspark():
        raise CouldNotRun(
            'Spark is not installed here: pip install "dap[spark]", or check the file with --engine polars.'
        )
    if not _has_java():
        raise CouldNotRun(
            "Spark needs Java 17 or 21, and there is none on the PATH nor under JAVA_HOME: install it (on Debian: "
            "apt-get install openjdk-17-jre-headless), or check the file with --engine polars."
        )
    # A program, not code in a string: pyspark takes a process without one for its own tests, and ends it.
    return [sys.executable, "-m", "dap.engine.spark.worker"]


def _has_pyspark() -> bool:
    """Whether it is on the path, which alone says it: the command's own process is told that there is none."""
    return PathFinder.find_spec("pyspark") is not None


def _has_java() -> bool:
    """Whether Spark's own scripts will find a `java`: the one of JAVA_HOME where that is set, else that of the PATH."""
    home = os.environ.get("JAVA_HOME")
    return shutil.which(str(Path(home) / "bin" / "java") if home else "java") is not None


def _run(command: list[str]) -> None:
    """Run the child to its end; what it writes on the way may quote values and is thrown away."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(each for each in sys.path if each)}
    if SUBMIT not in os.environ:
        # Spark would take whatever python3 the PATH has, of another version perhaps.
        environment.setdefault("PYSPARK_PYTHON", sys.executable)
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment,
        start_new_session=True,
    ) as child:
        try:
            child.wait()
        finally:
            # Java, and the Python workers it started, go with it.
            _end(child.pid)


def _end(group: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def _answer(folder: Path, nonce: str) -> dict[str, Any]:
    answer: Any = None
    try:
        answer = json.loads((folder / VERDICT).read_text("utf-8"))
    except (OSError, ValueError):
        answer = None
    if not isinstance(answer, dict) or answer.get("nonce") != nonce:
        raise CouldNotRun(f"Spark gave no verdict; it ended while {_stage(folder)}.")
    if "refused" in answer:
        raise RequestError(str(answer["refused"]))
    if "failed" in answer:
        raise CouldNotRun(str(answer["failed"]))
    if not isinstance(answer.get("reading"), dict) or not isinstance(answer.get("outcomes"), list):
        raise CouldNotRun("Spark's verdict is not whole.")
    return answer


def _stage(folder: Path) -> str:
    try:
        return STAGES[(folder / STAGE).read_text("ascii")]
    except (OSError, ValueError, KeyError):
        return STAGES["start"]
