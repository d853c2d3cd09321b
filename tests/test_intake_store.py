"""What the intake promises: every submission judged once, none lost, whatever is killed or fails between two steps."""

from __future__ import annotations

import errno
import os
import random
import re
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from dap.errors import CouldNotRun
from dap.intake import ledger as log
from dap.intake import steps
from dap.intake.config import IntakeConfig
from dap.intake.judge import work_once
from dap.intake.records import Address, Refused, State
from dap.intake.store import Store
from dap.intake.verify import verify
from dap.intake.watch import Watch
from tests.conftest import NewPlan
from tests.intake_places import (
    OTHER_ADDRESS,
    POSTGRES,
    ROSTER_ADDRESS,
    a_round,
    drop,
    faults_after,
    postgres,
    quick,
    send,
)

NewConfig = Callable[[], IntakeConfig]


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if not (POSTGRES / "postgres").exists() and os.environ.get("CI") != "true":
        pytest.skip("PostgreSQL is not installed (Debian: postgresql), and CI demands it")
    import tempfile

    # A socket's path may have no more than some 100 letters, and the server's user must reach it.
    with tempfile.TemporaryDirectory(prefix="dap-pg-") as folder:
        Path(folder).chmod(0o755)
        with postgres(Path(folder) / "pg") as address:
            yield address


@pytest.fixture(params=["sqlite", "postgresql"])
def new_config(request: pytest.FixtureRequest, tmp_path: Path, new_plan: NewPlan) -> NewConfig:
    """Makes settings of intakes, each with its own folder and database."""
    plan = new_plan()
    made: list[int] = []
    on_postgres = request.param == "postgresql"
    server = request.getfixturevalue("server") if on_postgres else ""

    def make() -> IntakeConfig:
        made.append(len(made))
        database = ""
        if on_postgres:
            import psycopg

            name = f"t{os.getpid()}_{abs(hash(tmp_path))}_{len(made)}"
            with psycopg.connect(server.format(name="postgres"), autocommit=True) as connection:
                connection.execute(f'CREATE DATABASE "{name}"'.encode())
            database = server.format(name=name)
        folder = tmp_path / f"intake-{len(made)}"
        return IntakeConfig(folder=folder, plan=plan, database=database, settle_seconds=0, lease_seconds=1)

    return make


def test_a_submission_is_received_judged_and_has_a_receipt(new_config: NewConfig) -> None:
    with Store.open(new_config()) as store:
        received = send(store, ROSTER_ADDRESS, b"sent\n")
        assert received.submission.id.startswith("001-example-roster-2025-26-1-")
        assert store.receipt(received.submission.id) is None
        judged = work_once(store, judge=quick)
        assert judged is not None and judged.state is State.ACCEPTED and judged.standing
        assert store.path_of(judged.id) == store.folder / "accepted" / f"{judged.id}.csv"
        assert work_once(store, judge=quick) is None


def test_the_same_bytes_again_are_the_same_submission(new_config: NewConfig) -> None:
    with Store.open(new_config()) as store:
        first, again = send(store, ROSTER_ADDRESS, b"sent\n"), send(store, ROSTER_ADDRESS, b"sent\n")
        assert again.repeated and again.submission == first.submission
        assert not send(store, OTHER_ADDRESS, b"sent\n").repeated


def test_a_rejected_file_leaves_the_accepted_one_standing_and_an_accepted_one_names_what_it_supersedes(
    new_config: NewConfig,
) -> None:
    with Store.open(new_config()) as store:
        for content in (b"one\n", b"no\n", b"two\n"):
            send(store, ROSTER_ADDRESS, content)
            work_once(store, judge=quick)
        one, no, two = store.submissions()
        assert (one.standing, no.state, two.standing) == (False, State.REJECTED, True)
        assert (two.supersedes, one.superseded_by, no.supersedes) == (one.id, two.id, "")


@pytest.mark.parametrize(
    ("content", "length", "sha256", "code"),
    [
        (b"ab", 3, None, "too-short"),
        (b"abcd", 3, None, "too-long"),
        (b"", None, None, "empty"),
        (b"abc", 3, "0" * 64, "wrong-sha256"),
        (b"abc", 3, "0", "bad-sha256"),
        (b"abc", 10**12, None, "too-large"),
    ],
)
def test_what_is_not_as_announced_is_refused_and_leaves_nothing(
    tmp_path: Path, new_plan: NewPlan, content: bytes, length: int | None, sha256: str | None, code: str
) -> None:
    with Store.open(IntakeConfig(folder=tmp_path / "i", plan=new_plan())) as store:
        with pytest.raises(Refused) as refused:
            store.receive(ROSTER_ADDRESS, [content], extension="csv", channel="http", length=length, sha256=sha256)
        assert refused.value.code == code
        assert not [*(store.folder / "tmp").iterdir(), *(store.folder / "new").iterdir()]


def test_a_sender_that_goes_away_leaves_nothing(tmp_path: Path, new_plan: NewPlan) -> None:
    def broken() -> Iterator[bytes]:
        yield b"half"
        raise ConnectionResetError

    with Store.open(IntakeConfig(folder=tmp_path / "i", plan=new_plan())) as store:
        with pytest.raises(ConnectionResetError):
            store.receive(ROSTER_ADDRESS, broken(), extension="csv", channel="http", length=8)
        assert not [*(store.folder / "tmp").iterdir()]


def test_what_a_stop_left_behind_is_cleared_away(tmp_path: Path, new_plan: NewPlan) -> None:
    with Store.open(IntakeConfig(folder=tmp_path / "i", plan=new_plan())) as store:
        kept = store.submission(send(store, ROSTER_ADDRESS, b"sent\n").submission.id)
        nobodys, young, old = (
            store.folder / "new" / "x.csv",
            store.folder / "tmp" / "young",
            store.folder / "tmp" / "old",
        )
        for path in (nobodys, young, old):
            path.write_bytes(b"half")
        (store.folder / "tmp" / "folder").mkdir()
        for path in (old, store.folder / "tmp" / "folder"):
            os.utime(path, (0, 0))
        store.tidy()
        assert [path.name for path in (store.folder / "tmp").iterdir()] == ["young"]
        assert not nobodys.exists() and kept is not None and store.path_of(kept.id) is not None


def test_a_folder_that_is_away_stops_the_work_and_breaks_nothing(tmp_path: Path, new_plan: NewPlan) -> None:
    config = IntakeConfig(folder=tmp_path / "i", plan=new_plan())
    with Store.open(config) as store:
        id = send(store, ROSTER_ADDRESS, b"sent\n").submission.id
        config.folder.rename(tmp_path / "away")
        config.folder.mkdir()
        with pytest.raises(CouldNotRun):
            work_once(store, judge=quick)
        config.folder.rmdir()
        (tmp_path / "away").rename(config.folder)
        done = work_once(store, judge=quick)
        assert done is not None and (done.id, done.state) == (id, State.ACCEPTED)


def _steps_of(config: IntakeConfig) -> int:
    """How many moments there are in a round: before and after each step."""
    seen: list[str] = []
    drop(config, OTHER_ADDRESS, "b.csv", b"dropped\n")
    try:
        steps.hook = lambda name, done: seen.append(name)
        with Store.open(config) as store:
            a_round(store, [])
    finally:
        steps.hook = None
    assert {"create", "write", "fsync", "rename", "fsync_folder", "commit", "remove", "chmod", "link"} <= set(seen)
    return len(seen)


_CHANGES = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.chmod", "os.link", "os.symlink", "os.truncate"}


class _Tracer:
    """Notes every call of this process that changes something in a folder while no step is under way."""

    def __init__(self) -> None:
        self.folder = ""
        self.inside = False
        self.escaped: list[str] = []

    def step(self, name: str, done: bool) -> None:
        self.inside = not done

    def audit(self, event: str, details: tuple[object, ...]) -> None:
        if not self.folder or self.inside or not str(details[0] if details else "").startswith(self.folder):
            return
        flags = details[2] if event == "open" else 0
        if event in _CHANGES or (isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)):
            self.escaped.append(event)


def test_no_call_that_changes_the_folder_escapes_the_count_of_steps(
    tmp_path: Path, new_plan: NewPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = IntakeConfig(folder=tmp_path / "i", plan=new_plan(), settle_seconds=0)
    drop(config, OTHER_ADDRESS, "b.csv", b"dropped\n")
    tracer = _Tracer()
    sys.addaudithook(tracer.audit)
    monkeypatch.setattr(steps, "hook", tracer.step)
    tracer.folder = str(config.folder)
    with Store.open(config) as store:
        a_round(store, [])
    assert tracer.escaped == []
    (config.folder / "tmp" / "escaped").touch()
    tracer.folder = ""
    assert tracer.escaped == ["open"]


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
            with Store.open(config) as store:
                a_round(store, Telling())
        finally:
            os._exit(0)
    os.close(telling)
    with os.fdopen(told) as answers:
        ids = answers.read().split()
    os.waitpid(child, 0)
    return ids


def _recovered(config: IntakeConfig, told: list[str], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    with Store.open(config) as store:
        with monkeypatch.context() as later:
            later.setattr("dap.intake.store.now_of", lambda _: time.time() + 1.5)
            store.tidy()
            a_round(store, told)
        return faults_after(store, told)


def _moments(number: int, config: IntakeConfig) -> range:
    """All moments under `make stress`, otherwise a sample that differs with their number."""
    every = 1 if os.environ.get("DAP_STRESS") == "1" else 41 if config.database else 13
    return range(number % every, number, every)


def test_killed_before_or_after_any_step_nothing_is_lost_doubled_or_stuck(
    new_config: NewConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = new_config()
    number = _steps_of(counted)
    for moment in _moments(number, counted):
        config = new_config()
        drop(config, OTHER_ADDRESS, "b.csv", b"dropped\n")
        told = _run_killed(config, moment)
        assert _recovered(config, told, monkeypatch) == [], f"killed at moment {moment} of {number}"


def test_killed_at_random_moments_nothing_is_lost_doubled_or_stuck(
    new_config: NewConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    for kill in range(1_000 if os.environ.get("DAP_STRESS") == "1" else 2):
        config = new_config()
        drop(config, OTHER_ADDRESS, "b.csv", b"dropped\n")
        if (child := os.fork()) == 0:
            try:
                with Store.open(config) as store:
                    a_round(store, [])
            finally:
                os._exit(0)
        time.sleep(random.uniform(0, 0.4))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        assert _recovered(config, [], monkeypatch) == [], f"kill {kill}"


@pytest.mark.parametrize("fault", [errno.ENOSPC, errno.EIO])
def test_a_disk_that_fails_at_any_step_gives_no_false_receipt_and_recovers_by_itself(
    new_config: NewConfig, monkeypatch: pytest.MonkeyPatch, fault: int
) -> None:
    counted = new_config()
    number = _steps_of(counted)
    for moment in _moments(number, counted):
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
            with Store.open(config) as store:
                a_round(store, told)
        except Exception as error:
            assert isinstance(error, Refused | OSError) or type(error).__name__ == "CouldNotRun"
        monkeypatch.setattr(steps, "hook", None)
        assert _recovered(config, told, monkeypatch) == [], f"failed from moment {moment} of {number} on"


def test_eight_workers_judge_each_file_exactly_once(new_config: NewConfig) -> None:
    many = 10_000 if os.environ.get("DAP_STRESS") == "1" else 24
    with Store.open(replace(new_config(), lease_seconds=60)) as store:
        for number in range(many):
            send(store, Address(f"{number % 200:03}", "example-roster", "2025-26"), b"row %d\n" % number)
        errors: list[BaseException] = []

        def work() -> None:
            try:
                while work_once(store, judge=quick) is not None:
                    pass
            except BaseException as error:
                errors.append(error)

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        while work_once(store, judge=quick) is not None:
            pass
        assert not errors
        judged = [entry.body["id"] for entry in store.entries([log.JUDGED])]
        assert len(judged) == len(set(judged)) == many


def test_a_worker_that_lost_its_lease_enters_nothing(new_config: NewConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    with Store.open(new_config()) as store:
        id = send(store, ROSTER_ADDRESS, b"sent\n").submission.id
        assert store.claim("slow") is not None
        monkeypatch.setattr("dap.intake.store.now_of", lambda _: time.time() + 1.5)
        assert store.claim("fast") is not None
        assert not store.renew(id, "slow")
        path = store.path_of(id)
        assert path is not None
        report = quick(store.config, path, ROSTER_ADDRESS, lambda: True)
        assert store.enter_verdict(id, "slow", report) is None
        assert store.enter_verdict(id, "fast", report) is not None


def test_a_judge_that_dies_twice_leaves_the_file_sealed_for_an_operator(new_config: NewConfig) -> None:
    with Store.open(new_config()) as store:
        id = send(store, ROSTER_ADDRESS, b"sent\n").submission.id
        for _ in range(2):
            work_once(store, judge=lambda *_: "judge-died")
        broken = store.submission(id)
        assert broken is not None and (broken.state, broken.reason) == (State.BROKEN, "judge-died")
        assert store.path_of(id) == store.folder / "quarantine" / f"{id}.csv"
        assert store.judge_again() == 1
        done = work_once(store, judge=quick)
        assert done is not None and done.state is State.ACCEPTED
        assert store.path_of(id) == store.folder / "accepted" / f"{id}.csv"
        assert verify(store, files=True).faults == ()


def test_a_file_that_is_still_growing_is_not_taken(tmp_path: Path, new_plan: NewPlan) -> None:
    config = IntakeConfig(folder=tmp_path / "i", plan=new_plan(), settle_seconds=10)
    now = [0.0]
    with Store.open(config) as store:
        watch = Watch(store, config.folder / "drop", lambda _: None, clock=lambda: now[0])
        path = drop(config, ROSTER_ADDRESS, "a.csv", b"one\n")
        drop(config, ROSTER_ADDRESS, "b.csv.part", b"one\n")
        assert watch.scan() == []
        now[0] = 9.0
        path.write_bytes(b"one\ntwo\n")
        assert watch.scan() == []
        now[0] = 18.0
        assert watch.scan() == []
        now[0] = 19.1
        assert [each.submission.bytes for each in watch.scan()] == [8]
        assert not path.exists()


def test_the_gate_judges_in_a_process_of_its_own(tmp_path: Path, new_plan: NewPlan) -> None:
    plan = new_plan()
    example = (plan / "catalog/collections/example-roster/example-students.csv").read_bytes()
    content = re.sub(rb",[0-9]{4}-[0-9]{2},", b",2025-26,", example)
    with Store.open(IntakeConfig(folder=tmp_path / "i", plan=plan)) as store:
        send(store, ROSTER_ADDRESS, content)
        judged = work_once(store)
        assert judged is not None and judged.state is State.ACCEPTED and judged.counts["errors"] == 0
