"""The intake's services as processes that a test starts and kills: `dap serve` and `dap watch`, with a cheap judge."""

from __future__ import annotations

import hashlib
import http.client
import importlib
import json
import os
import signal
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from dap.intake import ledger as log
from dap.intake import steps, tokens, watch
from dap.intake.config import HttpConfig, IntakeConfig
from dap.intake.http import serving
from dap.intake.judge import run_workers, work_once
from dap.intake.records import JUDGED, Address
from dap.intake.statements import DECLARED, WITHDRAWN
from dap.intake.store import Store
from dap.intake.verify import verify
from tests.intake_places import drop, plan_once, quick

# What the server would otherwise import in each of the processes.
for _each in ("anyio._backends._asyncio", "uvicorn.lifespan.on", "uvicorn.protocols.http.h11_impl"):
    importlib.import_module(_each)

Hook = Callable[[str, bool], None]
Tell = Callable[[str], None]
Run = Callable[[Tell], None]

STUCK_SECONDS = 60
"""The most that a submission may wait for its receipt after a start."""
SENT, REFUSED = b"sent\n", b"no\n"
_PLACE = "/v1/submissions/{}/example-roster/{}"
_KILLED = (OSError, http.client.HTTPException)


def for_kills(config: IntakeConfig) -> IntakeConfig:
    """The same settings with short waits and without limits on requests."""
    many = 1_000_000
    service = HttpConfig(port=0, wait_seconds=0, requests_per_minute=many, failures_per_minute=many, stop_seconds=5)
    return replace(config, http=service, lease_seconds=0.3, poll_seconds=0.02, scan_seconds=0.02)


def killing_at(moment: int) -> Hook:
    """Ends the process, as kill -9 does, at the moment of that number: there is one before and one after each step."""
    left = [moment]

    def hook(name: str, done: bool) -> None:
        left[0] -= 1
        if left[0] < 0:
            os.kill(os.getpid(), signal.SIGKILL)

    return hook


class Running:
    """A service in a process of its own; what it tells comes line by line from `said`."""

    def __init__(self, run: Run, hook: Hook | None = None) -> None:
        self._told, telling = os.pipe()
        self._text = b""
        self.pid = os.fork()
        if self.pid:
            os.close(telling)
            return
        code = 1
        try:
            os.close(self._told)
            # Killed by the hook it ends like this too: the signal is not one that can be caught.
            steps.hook = hook
            run(lambda line: _write(telling, f"{line}\n".encode()))
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)

    def said(self) -> str:
        """The next line that it tells; empty where it has ended."""
        while b"\n" not in self._text:
            piece = os.read(self._told, 4096)
            if not piece:
                return ""
            self._text += piece
        line, _, self._text = self._text.partition(b"\n")
        return line.decode()

    def port(self) -> int:
        """Where it serves; ConnectionError where it was killed before."""
        line = self.said()
        if not line.startswith("dap serve: http"):
            raise ConnectionError
        return int(line.split("/ (")[0].rpartition(":")[2])

    def kill(self) -> None:
        """End it as kill -9 does."""
        os.kill(self.pid, signal.SIGKILL)

    def stop(self) -> int:
        """Tell it to end, where it has not, and wait for that; its exit code, below 0 for a signal."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGTERM)
        return self.ended()

    def ended(self) -> int:
        """Wait for its end; its exit code."""
        code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        os.close(self._told)
        return code


def _write(descriptor: int, content: bytes) -> None:
    with suppress(BrokenPipeError):
        os.write(descriptor, content)


def serving_as_always(config: IntakeConfig) -> Run:
    """`dap serve` with its workers and the cheap judge."""
    return partial(_serve, config, partial(run_workers, judge=quick))


def watching(config: IntakeConfig) -> Run:
    """`dap watch` with its workers and the cheap judge."""

    def run(tell: Tell) -> None:
        setattr(watch, "run_workers", partial(run_workers, judge=quick))  # noqa: B010
        watch.watch_folder(config, config.folder / "drop", once=False, again=False, say=tell)

    return run


def _serve(config: IntakeConfig, work: Callable[..., None], tell: Tell) -> None:
    setattr(serving, "run_workers", work)  # noqa: B010
    serving.serve(config, tell)


class InStep:
    """`dap serve` whose workers work when they are told to, so that each run takes the same steps."""

    def __init__(self, config: IntakeConfig, hook: Hook | None = None) -> None:
        asked, self._asking = os.pipe()
        self._done, doing = os.pipe()

        def work(_: IntakeConfig, stop: threading.Event) -> None:
            os.close(self._asking)
            with Store.open(config) as store:
                while os.read(asked, 1):
                    store.tidy()
                    while work_once(store, judge=quick) is not None:
                        pass
                    os.write(doing, b".")

        self.service = Running(partial(_serve, config, work), hook)
        os.close(asked)
        os.close(doing)

    def work(self) -> None:
        """Have everything judged that waits; ConnectionError where it is killed meanwhile."""
        os.write(self._asking, b".")
        if not os.read(self._done, 1):
            raise ConnectionError

    def end(self) -> int:
        """End it in good order, where it was not killed; its exit code."""
        os.close(self._asking)
        os.close(self._done)
        return self.service.stop()


@dataclass
class Client:
    """Two districts by their tokens, and what they were answered: the ids that were given, and receipts by id."""

    bearers: dict[str, str]
    ids: set[str] = field(default_factory=set)
    receipts: dict[str, Any] = field(default_factory=dict)

    def ask(self, port: int, method: str, path: str, content: bytes = b"") -> tuple[int, Any]:
        """One request as a district's program makes it."""
        headers = {"X-Checksum-SHA256": hashlib.sha256(content).hexdigest(), "Content-Length": str(len(content))}
        headers["Authorization"] = f"Bearer {self.bearers[path.split('/')[3].partition('-')[0]]}"
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=STUCK_SECONDS)
        try:
            connection.request(method, path, content, headers)
            answer = connection.getresponse()
            return answer.status, json.load(answer)
        finally:
            connection.close()

    def send(self, port: int, district: str, content: bytes) -> str:
        """Send a file; its id, which from now on must never be lost."""
        status, told = self.ask(port, "PUT", _PLACE.format(district, "2025-26"), content)
        assert status in (200, 201, 202), told
        self.ids.add(told["id"])
        return str(told["id"])

    def receipt(self, port: int, id: str, seconds: float = 0) -> None:
        """Get a receipt, which from now on must never change; AssertionError where it takes longer than that."""
        until = time.monotonic() + seconds
        while True:
            status, told = self.ask(port, "GET", f"/v1/submissions/{id}/receipt")
            if status == 200:
                assert self.receipts.setdefault(id, told) == told
                return
            assert time.monotonic() < until, f"no receipt after {seconds} s"
            time.sleep(0.02)


def prepared(config: IntakeConfig) -> Client:
    """An intake with two districts' tokens."""
    with plan_once(Store.open(config)) as store:
        return Client({code: tokens.issue(store, code)[0] for code in ("001", "002")})


def whole_exchange(client: Client, port: int, work: Callable[[], None], seconds: float = 0) -> None:
    """Everything that changes something by HTTP: files, one of them twice and one rejected; a statement, taken back."""
    nothing = _PLACE.format("002", "2024-25") + "/nothing-to-report"
    first = client.send(port, "001", SENT)
    work()
    client.receipt(port, first, seconds)
    status, told = client.ask(port, "PUT", nothing)
    assert status == 201, told
    status, told = client.ask(port, "DELETE", nothing)
    assert status == 200, told
    assert client.send(port, "001", SENT) == first
    second = client.send(port, "001", REFUSED)
    work()
    client.receipt(port, second, seconds)


def faults_of(config: IntakeConfig, many: int, client: Client | None = None) -> list[str]:
    """What is not as it must be with so many submissions received and judged, and all that the client was answered."""
    with plan_once(Store.open(config)) as store:
        found = list(verify(store, files=True).faults)
        held = {each.id: each for each in store.submissions(limit=None)}
        found += [f"{each.id}: {each.state}" for each in held.values() if each.state not in JUDGED]
        judged = [entry.body["id"] for entry in store.entries([log.JUDGED])]
        same = sorted(judged) == sorted(held) and len(held) == many
        found += [] if same else [f"{len(held)} submissions, {len(judged)} verdicts, {many} were sent"]
        found += [f"{path.name} is left" for path in (store.folder / "new").iterdir()]
        found += [f"{path.name} is left" for path in (store.folder / "drop").rglob("*") if path.is_file()]
        if client is not None:
            found += [f"{id}: answered, and not there" for id in client.ids - set(held)]
            found += [f"{id}: another receipt" for id, each in client.receipts.items() if store.receipt(id) != each]
            kinds = [entry.kind for entry in store.entries((DECLARED, WITHDRAWN))]
            right = kinds == [DECLARED, WITHDRAWN] * (len(kinds) // 2) and len(kinds) in (0, 2, 4)
            found += [] if right else [f"statements entered: {kinds}"]
        return found


def exchanged_in_step(config: IntakeConfig, client: Client, hook: Hook | None = None) -> bool:
    """One whole exchange with a service that works in step; whether it came to its end."""
    running = InStep(config, hook)
    try:
        whole_exchange(client, running.service.port(), running.work)
    except _KILLED:
        assert running.end() == -signal.SIGKILL
        return False
    # It may be killed while it ends, too.
    return running.end() == 0


def exchanged(config: IntakeConfig, client: Client) -> float:
    """One whole exchange with `dap serve` as it always is, then its end in good order; the seconds to the last receipt.

    AssertionError where a receipt takes longer than STUCK_SECONDS.
    """
    began = time.monotonic()
    running = Running(serving_as_always(config))
    try:
        whole_exchange(client, running.port(), lambda: None, STUCK_SECONDS)
        took = time.monotonic() - began
    finally:
        code = running.stop()
    assert code == 0
    return took


def exchanged_until_killed(config: IntakeConfig, client: Client, seconds: float) -> bool:
    """The same with a service that is killed after so many seconds; whether that was in the middle."""
    running = Running(serving_as_always(config))
    with _killer(running, seconds):
        try:
            whole_exchange(client, running.port(), lambda: None, STUCK_SECONDS)
            return False
        except _KILLED:
            return True


DROPPED = {"001": (b"one\n", b"no\n"), "002": (b"two\n",)}


def drop_all(config: IntakeConfig) -> None:
    """Put three files into the drop folder."""
    for code, contents in DROPPED.items():
        for number, content in enumerate(contents):
            drop(config, Address(code, "example-roster", "2025-26"), f"{number}.csv", content)


def watched(config: IntakeConfig) -> float:
    """Run `dap watch` until what was dropped has its receipts; the seconds that took, at most STUCK_SECONDS."""
    began = time.monotonic()
    running = Running(watching(config))
    try:
        while not _all_answered(config):
            assert time.monotonic() - began < STUCK_SECONDS, f"no receipt after {STUCK_SECONDS} s"
            time.sleep(0.01)
        took = time.monotonic() - began
    finally:
        code = running.stop()
    # Told to end before it has begun, it ends at once.
    assert code in (0, -signal.SIGTERM)
    return took


def watched_until_killed(config: IntakeConfig, seconds: float) -> bool:
    """Run `dap watch` and kill it after so many seconds; whether that was in the middle."""
    running = Running(watching(config))
    with _killer(running, seconds):
        pass
    return not _all_answered(config)


def _all_answered(config: IntakeConfig) -> bool:
    answers = list((config.folder / "answers").rglob("*.receipt.html"))
    return len(answers) == sum(map(len, DROPPED.values()))


@contextmanager
def _killer(running: Running, seconds: float) -> Iterator[None]:
    """Kill it after so many seconds, whatever it does then, and wait for its end."""
    timer = threading.Timer(seconds, running.kill)
    timer.start()
    try:
        yield
    finally:
        # No thread may be there when the next process is forked.
        timer.join()
        assert running.ended() == -signal.SIGKILL
