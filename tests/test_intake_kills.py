"""Killed or failed at any moment, the intake loses, doubles and leaves nothing: folder and HTTP, on both databases.

All moments under `make stress`, a sample of them otherwise; how many there were is printed.
"""

from __future__ import annotations

import errno
import hashlib
import os
import random
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dap.intake import steps
from dap.intake.config import IntakeConfig
from dap.intake.http.service import Service
from dap.intake.judge import work_once
from dap.intake.records import Refused
from dap.intake.store import Store
from tests.conftest import NewConfig, NewPlan
from tests.intake_places import (
    OTHER_ADDRESS,
    PART,
    PARTS,
    STRESS,
    a_round,
    drop,
    faults_after,
    forget,
    plan_once,
    quick,
)
from tests.intake_served import (
    drop_all,
    exchanged,
    exchanged_in_step,
    exchanged_until_killed,
    faults_of,
    for_kills,
    killing_at,
    prepared,
    watched,
    watched_until_killed,
)

Count = Callable[[str, object], None]


def _steps_of(config: IntakeConfig) -> int:
    """How many moments there are in a round: before and after each step."""
    seen: list[str] = []
    drop(config, OTHER_ADDRESS, "b.csv", b"dropped\n")
    try:
        steps.hook = lambda name, done: seen.append(name)
        with plan_once(Store.open(config)) as store:
            a_round(store, [])
    finally:
        steps.hook = None
    assert {"create", "write", "fsync", "rename", "fsync_folder", "commit", "remove", "chmod", "link"} <= set(seen)
    return len(seen)


_CHANGES = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.chmod", "os.link", "os.symlink", "os.truncate"}


class _Tracer:
    """Notes every call of this process that changes something in a folder while its thread has no step under way."""

    def __init__(self) -> None:
        self.folder = ""
        self.inside = threading.local()
        self.escaped: list[str] = []
        sys.addaudithook(self.audit)

    def step(self, name: str, done: bool) -> None:
        self.inside.now = not done

    def audit(self, event: str, details: tuple[object, ...]) -> None:
        if not self.folder or getattr(self.inside, "now", False):
            return
        if not str(details[0] if details else "").startswith(self.folder):
            return
        flags = details[2] if event == "open" else 0
        # What is opened as a folder is a file without a name, and changes nothing in it.
        nameless = event == "open" and Path(str(details[0])).is_dir()
        if event in _CHANGES or (isinstance(flags, int) and flags & _WRITES and not nameless):
            self.escaped.append(event)


_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT


@pytest.fixture(scope="module")
def tracer() -> _Tracer:
    """One for the process: such a hook cannot be taken out again."""
    return _Tracer()


@contextmanager
def _traced(tracer: _Tracer, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing that is done within escapes the count of steps, and what did would be seen."""
    monkeypatch.setattr(steps, "hook", tracer.step)
    tracer.folder, tracer.escaped = str(folder), []
    try:
        yield
        assert tracer.escaped == []
        (folder / "tmp" / "escaped").touch()
        assert tracer.escaped == ["open"]
    finally:
        tracer.folder = ""


def test_no_call_that_changes_the_folder_escapes_the_count_of_steps(
    tmp_path: Path, new_plan: NewPlan, monkeypatch: pytest.MonkeyPatch, tracer: _Tracer
) -> None:
    config = IntakeConfig(folder=tmp_path / "i", plan=new_plan(), settle_seconds=0)
    drop(config, OTHER_ADDRESS, "b.csv", b"dropped\n")
    with _traced(tracer, config.folder, monkeypatch), Store.open(config) as store:
        a_round(store, [])


def test_no_call_of_the_service_that_changes_the_folder_escapes_it_either(
    tmp_path: Path, new_plan: NewPlan, monkeypatch: pytest.MonkeyPatch, tracer: _Tracer
) -> None:
    from starlette.testclient import TestClient

    config = for_kills(IntakeConfig(folder=tmp_path / "i", plan=new_plan()))
    bearer = prepared(config).bearers["001"]
    place, content = "/v1/submissions/001/example-roster/2025-26", b"sent\n"
    headers = {"Authorization": f"Bearer {bearer}", "X-Checksum-SHA256": hashlib.sha256(content).hexdigest()}
    with _traced(tracer, config.folder, monkeypatch), Store.open(config) as store:
        with TestClient(Service(store, lambda *_: {}).app) as client:
            asked = [
                ("PUT", f"{place}/nothing-to-report", b"", 201),
                ("DELETE", f"{place}/nothing-to-report", b"", 200),
                ("POST", "/v1/checks?collection=example-roster&period=2025-26", content, 200),
                ("PUT", place, content, 202),
                ("PUT", place, content, 202),
                ("PUT", place, b"other\n", 422),
            ]
            for method, path, body, status in asked:
                assert client.request(method, path, content=body, headers=headers).status_code == status, path
        while work_once(store, judge=quick) is not None:
            pass


def _run_killed(config: IntakeConfig, moment: int) -> list[str]:
    """Run a round in a process that is killed at that moment; the ids it had answered by then."""
    told, telling = os.pipe()
    if (child := os.fork()) == 0:
        try:
            left = moment

            def hook(name: str, done: bool) -> None:
                nonlocal left
                left -= 1
                if left < 0:
                    os.kill(os.getpid(), signal.SIGKILL)

            class Telling(list[str]):
                def append(self, id: str) -> None:
                    os.write(telling, id.encode() + b"\n")

                def __iadd__(self, ids: object) -> Telling:  # type: ignore[override, misc]
                    for id in ids:  # type: ignore[attr-defined]
                        self.append(id)
                    return self

            steps.hook = hook
            with plan_once(Store.open(config)) as store:
                a_round(store, Telling())
        finally:
            os._exit(0)
    os.close(telling)
    with os.fdopen(told) as answers:
        ids = answers.read().split()
    os.waitpid(child, 0)
    return ids


def _recovered(config: IntakeConfig, told: list[str], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    with plan_once(Store.open(config)) as store:
        with monkeypatch.context() as later:
            later.setattr("dap.intake.store.now_of", lambda _: time.time() + 1.5)
            store.tidy()
            a_round(store, told)
        return faults_after(store, told)


def _moments(config: IntakeConfig, number: int, every: int) -> range:
    """All moments under `make stress`, otherwise one in so many, from another start whenever their number changes."""
    every *= 2 if config.database else 1
    return range(PART - 1, number, PARTS) if STRESS else range(number % every, number, every)


def test_killed_before_or_after_any_step_nothing_is_lost_doubled_or_stuck(
    new_config: NewConfig, monkeypatch: pytest.MonkeyPatch, record_property: Count
) -> None:
    counted = new_config()
    number = _steps_of(counted)
    moments = _moments(counted, number, 31)
    for moment in moments:
        config = new_config()
        drop(config, OTHER_ADDRESS, "b.csv", b"dropped\n")
        told = _run_killed(config, moment)
        assert _recovered(config, told, monkeypatch) == [], f"killed at moment {moment} of {number}"
        forget(config)
    record_property("counted", f"{len(moments)} kills at the {number} moments before and after each step, 0 faults")


@pytest.mark.network_loopback
def test_killed_before_or_after_any_step_of_an_exchange_by_http_nothing_is_lost_doubled_or_stuck(
    new_config: NewConfig, record_property: Count
) -> None:
    counted = for_kills(new_config())
    number = _steps_of_an_exchange(counted)
    moments, longest = _moments(counted, number, 43), 0.0
    for moment in moments:
        config = for_kills(new_config())
        client = prepared(config)
        assert not exchanged_in_step(config, client, killing_at(moment)), f"moment {moment} of {number} never came"
        longest = max(longest, exchanged(config, client))
        assert faults_of(config, 2, client) == [], f"killed at moment {moment} of {number}"
        forget(config)
    counts = f"{len(moments)} kills at the {number} moments before and after each step, 0 faults"
    record_property("counted", f"{counts}, all receipts at most {longest:.1f} s after the start")


def _steps_of_an_exchange(config: IntakeConfig) -> int:
    """How many moments there are in an exchange by HTTP, from the service's start to its end."""
    client, counted = prepared(config), config.folder.with_name("counted")

    def hook(name: str, done: bool) -> None:
        with counted.open("ab") as file:
            file.write(f"{name}\n".encode())

    assert exchanged_in_step(config, client, hook)
    seen = counted.read_text("ascii").split()
    counted.unlink()
    assert {"create", "write", "fsync", "rename", "fsync_folder", "begin", "commit", "remove", "chmod"} <= set(seen)
    assert faults_of(config, 2, client) == []
    return len(seen)


def _kills(config: IntakeConfig) -> int:
    """How many random kills there are: a thousand under `make stress`, otherwise one or two."""
    return 1_000 // PARTS if STRESS else 1 if config.database else 2


@pytest.mark.network_loopback
def test_an_exchange_by_http_that_is_killed_at_a_random_moment_loses_doubles_and_leaves_nothing(
    new_config: NewConfig, record_property: Count
) -> None:
    config = for_kills(new_config())
    usual = exchanged(config, prepared(config))
    longest, kills, tried, wanted = 0.0, 0, 0, _kills(config)
    while kills < wanted and tried < 5 * wanted + 20:
        tried += 1
        config = for_kills(new_config())
        client = prepared(config)
        kills += exchanged_until_killed(config, client, random.uniform(0, usual))
        longest = max(longest, exchanged(config, client))
        assert faults_of(config, 2, client) == [], f"kill {tried}"
        forget(config)
    assert kills == wanted
    record_property("counted", f"{kills} kills in the middle ({tried} in all), 0 faults, {_stuck(longest)}")


def test_a_watcher_that_is_killed_at_a_random_moment_loses_doubles_and_leaves_nothing(
    new_config: NewConfig, record_property: Count
) -> None:
    config = for_kills(new_config())
    drop_all(config)
    usual = watched(config)
    longest, kills, tried, wanted = 0.0, 0, 0, _kills(config)
    while kills < wanted and tried < 5 * wanted + 20:
        tried += 1
        config = for_kills(new_config())
        drop_all(config)
        kills += watched_until_killed(config, random.uniform(0, usual))
        longest = max(longest, watched(config))
        assert faults_of(config, 3) == [], f"kill {tried}"
        forget(config)
    assert kills == wanted
    record_property("counted", f"{kills} kills in the middle ({tried} in all), 0 faults, {_stuck(longest)}")


def _stuck(longest: float) -> str:
    return f"all receipts at most {longest:.1f} s after the start"


@pytest.mark.parametrize("fault", [errno.ENOSPC, errno.EIO])
def test_a_disk_that_fails_at_any_step_gives_no_false_receipt_and_recovers_by_itself(
    new_config: NewConfig, monkeypatch: pytest.MonkeyPatch, record_property: Count, fault: int
) -> None:
    counted = new_config()
    number = _steps_of(counted)
    moments = _moments(counted, number, 53)
    for moment in moments:
        config = new_config()
        drop(config, OTHER_ADDRESS, "b.csv", b"dropped\n")
        told: list[str] = []
        left = moment

        def hook(name: str, done: bool) -> None:
            nonlocal left
            left -= 1
            if left < 0:
                raise OSError(fault, "injected")

        monkeypatch.setattr(steps, "hook", hook)
        try:
            with plan_once(Store.open(config)) as store:
                a_round(store, told)
        except Exception as error:
            assert isinstance(error, Refused | OSError) or type(error).__name__ == "CouldNotRun"
        monkeypatch.setattr(steps, "hook", None)
        assert _recovered(config, told, monkeypatch) == [], f"failed from moment {moment} of {number} on"
        forget(config)
    record_property("counted", f"{errno.errorcode[fault]} from each of {len(moments)} moments of {number} on, 0 faults")
