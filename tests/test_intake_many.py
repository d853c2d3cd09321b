"""Many workers at once, in processes and on machines of their own, judge each file exactly once."""

from __future__ import annotations

import os
import re
import socket
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from dap.intake import ledger as log
from dap.intake.config import IntakeConfig
from dap.intake.judge import run_workers, work_once
from dap.intake.records import Address, State
from dap.intake.store import Store
from dap.intake.verify import verify
from tests.conftest import NewConfig, NewPlan
from tests.intake_places import PARTS, STRESS, intakes, plan_once, quick, send

Count = Callable[[str, object], None]
FILES = 10_000 // PARTS if STRESS else 20
DISTRICTS = 200


def _address(number: int) -> Address:
    return Address(f"{number % DISTRICTS:03}", "example-roster", "2025-26")


def _each_in_its_own_process(works: list[Callable[[], int]]) -> list[int]:
    """Run each in a process of its own, all at once; what they gave."""
    running = []
    for work in works:
        told, telling = os.pipe()
        if (child := os.fork()) == 0:
            try:
                os.write(telling, str(work()).encode())
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(0)
        os.close(telling)
        running.append((child, told))
    found = []
    for child, told in running:
        with os.fdopen(told) as answer:
            found.append(int(answer.read()))
        os.waitpid(child, 0)
    return found


def _worker(config: IntakeConfig, machine: str = "") -> Callable[[], int]:
    """Judges what there is until nothing waits any more; gives how many that were."""

    def work() -> int:
        if machine:
            # In this process alone.
            setattr(socket, "gethostname", lambda: machine)  # noqa: B010
        done = 0
        with plan_once(Store.open(config)) as store:
            while True:
                found = work_once(store, judge=quick)
                done += found is not None
                # Of a district's files one is judged at a time: nothing to claim is not yet nothing to do.
                if found is None and not _waiting(store):
                    return done

    return work


def _waiting(store: Store) -> bool:
    found = bool(store.submissions(states=[State.RECEIVED], limit=1))
    time.sleep(0.01 if found else 0)
    return found


def _verdicts(store: Store) -> Counter[str]:
    return Counter(str(entry.body["id"]) for entry in store.entries([log.JUDGED]))


def test_eight_workers_judge_each_file_exactly_once(new_config: NewConfig, record_property: Count) -> None:
    config = replace(new_config(), lease_seconds=60)
    with plan_once(Store.open(config)) as store:
        ids = {send(store, _address(number), b"row %d\n" % number).submission.id for number in range(FILES)}
    done = _each_in_its_own_process([_worker(config)] * 8)
    with plan_once(Store.open(config)) as store:
        assert _verdicts(store) == Counter(ids)
        assert sum(done) == len(ids) == FILES
        assert verify(store, files=True).faults == ()
        assert not any((store.folder / "new").iterdir())
    record_property("counted", f"{FILES} files by 8 workers ({min(done)} to {max(done)} each), each exactly once")


def test_two_machines_on_one_postgresql_judge_each_file_exactly_once(
    server: str, new_plan: NewPlan, record_property: Count
) -> None:
    with intakes(new_plan(), server) as make:
        one = replace(make(), lease_seconds=60)
        machines = {"one.example": one, "two.example": replace(one, folder=one.folder.with_name("two"))}

        def receive(config: IntakeConfig, first: int) -> Callable[[], int]:
            def work() -> int:
                with plan_once(Store.open(config)) as store:
                    # Every tenth file is sent to both machines.
                    mine = [number for number in range(FILES) if number % 2 == first or number % 10 == 0]
                    taken = [send(store, _address(number), b"row %d\n" % number) for number in mine]
                    return sum(not each.repeated for each in taken)

            return work

        taken = _each_in_its_own_process([receive(each, place) for place, each in enumerate(machines.values())])
        assert sum(taken) == FILES
        works = [_worker(config, name) for name, config in machines.items() for _ in range(4)]
        done = _each_in_its_own_process(works)
        assert [sum(done[:4]), sum(done[4:])] == taken
        kept = 0
        for config in machines.values():
            with plan_once(Store.open(config)) as store:
                found = verify(store, files=True)
                assert found.faults == ()
                held = store.submissions(limit=None)
                assert _verdicts(store) == Counter(each.id for each in held)
                assert len({each.sha256 for each in held}) == len(held) == FILES
                here = sum(1 for each in (store.folder / "accepted").iterdir())
                assert here + found.elsewhere == FILES
                kept += here
        assert kept == FILES
    record_property("counted", f"{FILES} files, {taken[0]} and {taken[1]} a machine with 4 workers each, exactly once")


@pytest.mark.skipif(not STRESS, reason="some hundred files take a while: make stress")
def test_eight_workers_with_the_real_judge_judge_each_file_exactly_once(
    tmp_path: Path, new_plan: NewPlan, record_property: Count
) -> None:
    plan, many = new_plan(), 300 // PARTS
    example = (plan / "catalog/collections/example-roster/example-students.csv").read_bytes()
    content = re.sub(rb",[0-9]{4}-[0-9]{2},", b",2025-26,", example)
    config = IntakeConfig(folder=tmp_path / "i", plan=plan, workers=8, poll_seconds=0.1)
    with Store.open(config) as store:
        ids = {
            send(store, _address(n), content + content[content.index(b"\n") + 1 :] * (n // DISTRICTS)).submission.id
            for n in range(many)
        }
        stop = threading.Event()
        workers = threading.Thread(target=run_workers, args=(config, stop))
        workers.start()
        began = time.monotonic()
        while sum(_verdicts(store).values()) < many and time.monotonic() < began + 3_000:
            time.sleep(1)
        took = time.monotonic() - began
        stop.set()
        workers.join()
        assert _verdicts(store) == Counter(ids)
        assert {each.state for each in store.submissions(limit=None)} == {State.ACCEPTED, State.REJECTED}
        assert verify(store, files=True).faults == ()
    record_property("counted", f"{many} files by 8 workers and the real judge, each exactly once, {took:.0f} s")
