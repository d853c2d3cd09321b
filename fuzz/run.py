"""Fuzz the readers for a given time with Atheris: `python -m fuzz.run SECONDS [TARGET...]`; exit code 1 at a crash.

Each target runs in a process of its own for its share of the time, with 1 GB and 30 seconds of processor time for each
input: on a busy machine the clock on the wall would call slow what only waited. What broke it is left in the folder
given with FUZZ_FOLDER, or nowhere; inputs that reach new code are kept in FUZZ_CORPUS, where the next run goes on.
"""

from __future__ import annotations

import ast
import os
import re
import resource
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

# A signal may reach a piece of C only when that ends, so the clock on the wall stays as the last limit.
_RUN = """
import sys, atheris
with atheris.instrument_imports(include=["dap.submission"]):
    from fuzz.targets import TARGETS
from fuzz.run import timed
atheris.Setup(sys.argv, timed(TARGETS[{name!r}]))
atheris.Fuzz()
"""
_SECONDS = 30
_WALL_SECONDS = 600
_TOKENS = Path(__file__).with_name("tokens.dict")


class Hang(BaseException):
    """What a target is stopped with; no handler of Exception in a reader may catch it."""


def main(arguments: Sequence[str]) -> int:
    """Run the targets; what is printed is the executions and processor time of each, and what broke."""
    from fuzz.targets import TARGETS

    seconds = int(arguments[0])
    chosen = list(arguments[1:]) or list(TARGETS)
    share = max(1, seconds // len(chosen))
    broke = [name for name in chosen if not _run(name, share)]
    print(
        f"{len(chosen) - len(broke)} of {len(chosen)} targets held." + (f" Broke: {', '.join(broke)}" if broke else "")
    )
    return 1 if broke else 0


def tokens() -> list[bytes]:
    """What the readers look for, of tokens.dict; ValueError for a line that libFuzzer would not take either."""
    found = []
    for line in _TOKENS.read_text("utf-8").splitlines():
        if line.startswith("#"):
            continue
        if not re.fullmatch(r'"(?:[ !#-\[\]-~]|\\["\\]|\\x[0-9a-f]{2})+"', line):
            raise ValueError(f"no token: {line}")
        found.append(ast.literal_eval(f"b{line}"))
    return found


def timed(target: Callable[[bytes], None], seconds: float = _SECONDS) -> Callable[[bytes], None]:
    """Give the target that is stopped with Hang when an input takes more processor time than `seconds`."""

    def stop(_number: int, _frame: object) -> None:
        raise Hang(f"an input took over {seconds} seconds of processor time")

    def run(data: bytes) -> None:
        signal.setitimer(signal.ITIMER_PROF, seconds)
        try:
            target(data)
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)

    signal.signal(signal.SIGPROF, stop)
    return run


def _run(name: str, seconds: int) -> bool:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(os.environ.get("FUZZ_FOLDER", scratch))
        corpus = Path(os.environ.get("FUZZ_CORPUS", scratch)) / name
        for place in (folder, corpus):
            place.mkdir(parents=True, exist_ok=True)
        script = Path(scratch) / f"{name}.py"
        script.write_text(_RUN.format(name=name), "utf-8")
        options = [f"-max_total_time={seconds}", f"-timeout={_WALL_SECONDS}", "-rss_limit_mb=1024", f"-dict={_TOKENS}"]
        before = _processor_seconds()
        finished = subprocess.run(
            [
                sys.executable,
                str(script),
                *options,
                "-print_final_stats=1",
                f"-artifact_prefix={folder}{os.sep}",
                str(corpus),
            ],
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
    executions = re.search(r"number_of_executed_units: ([0-9]+)", finished.stderr)
    print(
        f"{name}: {executions[1] if executions else 'no'} executions in {_processor_seconds() - before:.0f} s of"
        f" processor time, exit code {finished.returncode}",
        flush=True,
    )
    if finished.returncode:
        print("\n".join(finished.stderr.splitlines()[-30:]))
    return finished.returncode == 0


def _processor_seconds() -> float:
    """Processor time of all processes that were started here and ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
