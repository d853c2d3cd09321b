"""What the intake promises: every submission judged once, none lost, whatever is killed or fails between two steps."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dap.errors import CouldNotRun
from dap.intake.config import IntakeConfig
from dap.intake.judge import work_once
from dap.intake.records import Address, Refused, State
from dap.intake.store import Store
from dap.intake.verify import verify
from dap.intake.watch import Watch
from tests.conftest import NewConfig, NewPlan
from tests.intake_places import (
    OTHER_ADDRESS,
    ROSTER_ADDRESS,
    drop,
    quick,
    send,
)


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


def test_the_log_says_what_became_of_a_dropped_file_and_nothing_of_the_file(
    tmp_path: Path, new_plan: NewPlan, capsys: pytest.CaptureFixture[str]
) -> None:
    config = IntakeConfig(folder=tmp_path / "i", plan=new_plan(), settle_seconds=0)
    with Store.open(config) as store:
        watch = Watch(store, config.folder / "drop")
        drop(config, ROSTER_ADDRESS, "Example, Name.csv", b"CANARY\n")
        drop(config, Address("001", "no-such-collection", "2025-26"), "Example, Name.csv", b"CANARY\n")
        for _ in range(2):
            watch.scan()
        id = store.submissions()[0].id
    said = capsys.readouterr().err
    assert "CANARY" not in said and "Example" not in said
    lines = [json.loads(line) for line in said.splitlines()]
    assert [{name: value for name, value in each.items() if name != "time"} for each in lines] == [
        {"event": "received", "id": id},
        {
            "event": "not-taken",
            "district": "001",
            "collection": "no-such-collection",
            "period": "2025-26",
            "code": "unknown-collection",
        },
    ]


def test_a_file_that_is_still_growing_is_not_taken(tmp_path: Path, new_plan: NewPlan) -> None:
    config = IntakeConfig(folder=tmp_path / "i", plan=new_plan(), settle_seconds=10)
    now = [0.0]
    with Store.open(config) as store:
        watch = Watch(store, config.folder / "drop", clock=lambda: now[0])
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
