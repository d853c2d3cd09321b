"""Judges what was received: a worker claims a submission, and a process of its own runs the gate on its bytes."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import IO, Any, Protocol

from dap.errors import CouldNotRun
from dap.intake import logs
from dap.intake.config import IntakeConfig
from dap.intake.records import Address, Refused, State, Submission
from dap.intake.store import Store

_LOOKED_AT = 0.5
"""Seconds after which a judging is looked at again: whether its claim still holds, and whether it takes too long."""

Alive = Callable[[], bool]
"""Says that the work goes on, and whether it still is this worker's."""


class Judging(Protocol):
    """A process that judges one file."""

    stdout: IO[bytes]

    def ended(self, seconds: float) -> int | None:
        """Its exit code, where it ends within so many seconds."""

    def kill(self) -> None:
        """End it with all that it started, if it has not ended."""


Start = Callable[["dict[str, Any]", IO[bytes], Path], Judging]
"""Starts a process on a request and a file; the path is where it may keep what it needs for the moment."""

Judge = Callable[[IntakeConfig, Path, Address, Alive], "dict[str, Any] | str"]
"""Gives the report on a file, or one of `records.REASONS` why there is none; `LOST` where it is another's by now."""

LOST = "lost"

_START = "import sys; sys.path[:] = sys.argv[2:]; from dap.intake.judging import main; main(sys.argv[1])"
_MOST_ANSWERED = 64_000_000


def work_once(store: Store, *, owner: str | None = None, judge: Judge | None = None) -> Submission | None:
    """Claim one submission, have it judged, enter the verdict and do what follows from it.

    The submission as it then stands, or None where there was nothing to do. Killed at any moment it leaves nothing that
    another worker does not take up: the claim runs out, the file is judged again, and only one verdict is entered.
    """
    owner = owner or worker_name()
    claimed = store.claim(owner)
    if claimed is None:
        return None
    path = store.path_of(claimed.id)
    result: dict[str, Any] | str = "bytes-missing"
    if path is not None:
        alive = _heartbeat(store, claimed.id, owner)
        result = (judge or judge_apart)(store.config, path, claimed.address, alive)
    if result == LOST:
        return store.submission(claimed.id)
    if isinstance(result, dict):
        result = _believed(result, claimed)
    if isinstance(result, str):
        store.enter_failure(claimed.id, owner, result)
    else:
        store.enter_verdict(claimed.id, owner, result)
    store.settle(claimed.id)
    return store.submission(claimed.id)


def _believed(report: dict[str, Any], claimed: Submission) -> dict[str, Any] | str:
    """The report where it is one on these bytes and has a verdict."""
    if (report["file"]["sha256"], report["file"]["bytes"]) != (claimed.sha256, claimed.bytes):
        return "bytes-changed"
    if report["collection"] != claimed.address.collection:
        return "judge-died"
    return report if report["verdict"] is not None else "rules-broke"


def _heartbeat(store: Store, id: str, owner: str) -> Alive:
    told = time.monotonic()

    def alive() -> bool:
        nonlocal told
        if time.monotonic() - told < store.config.lease_seconds / 3:
            return True
        told = time.monotonic()
        return store.renew(id, owner)

    return alive


def worker_name() -> str:
    """A name no other worker has."""
    return f"{socket.gethostname()[:60]}:{os.getpid()}:{secrets.token_hex(8)}"


def run_workers(config: IntakeConfig, stop: threading.Event, *, judge: Judge | None = None) -> None:
    """Run the workers until told to stop; each finishes what it has claimed.

    Trouble with disk or database is waited out. Without a `judge` they share one process that has everything loaded.
    """
    from dap.intake.warm import warm_judge

    with Store.open(config) as store, warm_judge(config) as warm:
        threads = [
            threading.Thread(target=_work, args=(store, stop, judge or warm), name=f"dap-worker-{number}")
            for number in range(1, config.workers + 1)
        ]
        for thread in threads:
            thread.start()
        while not stop.is_set():
            try:
                store.tidy()
            except (Refused, CouldNotRun, OSError) as error:
                _complain(error)
            stop.wait(max(config.lease_seconds, config.poll_seconds))
        for thread in threads:
            thread.join()


def _work(store: Store, stop: threading.Event, judge: Judge | None) -> None:
    owner = worker_name()
    wait = store.config.poll_seconds
    while not stop.is_set():
        try:
            done = work_once(store, owner=owner, judge=judge)
            if done is not None:
                logs.note("judged", id=done.id, state=done.state.value)
            wait = 0 if done is not None and done.state is not State.RECEIVED else store.config.poll_seconds
        except (Refused, CouldNotRun, OSError) as error:
            _complain(error)
            # A full disk or a database that is away mends itself or is mended; until then nothing is given.
            wait = min(30.0, 2 * wait + 1)
        stop.wait(wait)


def _complain(error: BaseException) -> None:
    logs.note("waiting", code=error.code if isinstance(error, Refused) else type(error).__name__)


def judge_apart(
    config: IntakeConfig, path: Path, address: Address, alive: Alive, *, start: Start | None = None
) -> dict[str, Any] | str:
    """Run the gate on a file in a process of its own, which has limits, no network, and only the file's descriptor.

    The report, or one of `records.REASONS`. What the process answers is believed only where it has a report's form.
    `start` starts the process; without one it is a new Python.
    """
    try:
        with path.open("rb") as file:
            return _asked(config, file, address, alive, start)
    except FileNotFoundError:
        return "bytes-missing"


def judge_only(config: IntakeConfig, content: Path | bytes | IO[bytes], address: Address) -> dict[str, Any]:
    """The report on a file that nobody submits: nothing is kept of it, no row and no entry.

    CouldNotRun where there is no verdict.
    """
    if isinstance(content, Path):
        result = judge_apart(config, content, address, lambda: True)
    elif isinstance(content, bytes):
        import tempfile

        (config.folder / "tmp").mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=config.folder / "tmp") as file:
            file.write(content)
            file.seek(0)
            result = _asked(config, file, address, lambda: True)
    else:
        result = _asked(config, content, address, lambda: True)
    if isinstance(result, str) or result["verdict"] is None:
        raise CouldNotRun("the file could not be judged. Nothing was kept of it; try again later.")
    return result


def _asked(
    config: IntakeConfig, file: IO[bytes], address: Address, alive: Alive, start: Start | None = None
) -> dict[str, Any] | str:
    request = {"plan": str(config.plan.absolute()), **vars(address), "school_year": address.school_year}
    request |= {"memory": config.judge_memory_bytes, "seconds": int(config.judge_seconds)}
    process = (start or _Started)(request, file, config.folder / "tmp")
    answer: list[bytes] = []
    reader = threading.Thread(target=_read, args=(process.stdout, answer), daemon=True)
    reader.start()
    last = time.monotonic() + config.judge_seconds
    try:
        while (code := process.ended(_LOOKED_AT)) is None:
            if not alive():
                return LOST
            if time.monotonic() > last:
                return "judge-died"
        reader.join(10)
        return _checked(b"".join(answer)) if code == 0 else "judge-died"
    finally:
        process.kill()
        reader.join(10)
        process.stdout.close()


class _Started:
    """A new Python that judges one file."""

    def __init__(self, request: dict[str, Any], file: IO[bytes], temporary: Path) -> None:
        # It reads from this pipe's one end, and ends when ours is closed: by `kill`, or because we were killed.
        life, self._life = os.pipe()
        lent = (life,) if hasattr(os, "killpg") else ()
        request = request | {"life": life if lent else None}
        try:
            self._process = self._start(request, file, temporary, lent)
        except BaseException:
            os.close(self._life)
            raise
        finally:
            os.close(life)
        assert self._process.stdout is not None
        self.stdout = self._process.stdout

    @staticmethod
    def _start(
        request: dict[str, Any], file: IO[bytes], temporary: Path, lent: tuple[int, ...]
    ) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-I", "-X", "utf8", "-c", _START, json.dumps(request), *own_paths()],
            stdin=file,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment(temporary),
            # Libraries try folders for their temporary files, and the last they try is the one they stand in.
            cwd=temporary,
            pass_fds=lent,
            start_new_session=True,
        )

    def ended(self, seconds: float) -> int | None:
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def kill(self) -> None:
        """End the process and those it started, which have a session of their own."""
        import signal

        if hasattr(os, "killpg"):
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        os.close(self._life)


def own_paths() -> list[str]:
    """The same libraries as here, but never what lies in the folder one stands in."""
    return [str(Path(each).resolve()) for each in sys.path if each]


def _read(stream: IO[bytes], answer: list[bytes]) -> None:
    size = 0
    while piece := stream.read(1 << 16):
        size += len(piece)
        if size <= _MOST_ANSWERED:
            answer.append(piece)


def _checked(answer: bytes) -> dict[str, Any] | str:
    try:
        told = json.loads(answer)
        if told.get("failed") in ("request", "could-not-run"):
            return str(told["failed"])
        report = told["report"]
        _form().validate(report)
    except Exception:
        # Of its words nothing is kept: they may have been made from the file.
        return "judge-died"
    assert isinstance(report, dict)
    return report


@cache
def _form() -> Any:
    import jsonschema_rs

    from dap.catalog import schemas_folder

    schema = json.loads((schemas_folder() / "report.schema.json").read_text("utf-8"))
    one: Iterable[str] = ("$schema", "definitions")
    wanted = {name: schema[name] for name in one} | {"$ref": "#/definitions/report"}
    return jsonschema_rs.validator_for(wanted)


def environment(temporary: Path) -> dict[str, str]:
    """Nothing of this machine's settings reaches the process."""
    kept = {name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ}
    return {**kept, "GX_ANALYTICS_ENABLED": "false", "TMPDIR": str(temporary)}
