"""A judge that is warm answers as one in a process of its own, is confined like it, and survives its deaths."""

from __future__ import annotations

import os
import re
import signal
import socket
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from dap.catalog import open_plan
from dap.examples import example_text
from dap.intake.config import IntakeConfig
from dap.intake.judge import LOST, judge_apart
from dap.intake.records import Address
from dap.intake.warm import _Template
from tests.conftest import NewPlan

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this machine cannot fork")
LISTED = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="this machine has no /proc")
ADDRESS = Address("001", "example-roster", "2025-26")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Iterator[_Template]:
    found = _Template(tmp_path_factory.mktemp("warm"))
    yield found
    found.stop()


@pytest.fixture
def config(tmp_path: Path, new_plan: NewPlan) -> IntakeConfig:
    (tmp_path / "intake" / "tmp").mkdir(parents=True)
    return IntakeConfig(folder=tmp_path / "intake", plan=new_plan())


def _file(config: IntakeConfig, content: bytes | None = None) -> Path:
    if content is None:
        plan = open_plan(config.plan)
        roster = plan.collection("example-roster")
        text = example_text(plan, roster, roster.layout("students"), rows=3, seed=1)
        # The example's rows are of some school year; these are of the one they are sent for.
        content = re.sub(r"(?<=,)[0-9]{4}-[0-9]{2}(?=,)", "2025-26", text).encode()
    path = config.folder / "a.csv"
    path.write_bytes(content)
    return path


def _always() -> bool:
    return True


def test_the_report_is_that_of_a_process_of_its_own(template: _Template, config: IntakeConfig) -> None:
    good = template.judge(config, _file(config), ADDRESS, _always)
    assert isinstance(good, dict) and (good["verdict"], good["findings"]) == ("accepted", [])
    # One is enough to tell the two ways apart: a new Python takes seconds to be ready.
    path = _file(config, b"what,is,this\n000-12-3456,,\n")
    assert template.judge(config, path, ADDRESS, _always) == judge_apart(config, path, ADDRESS, _always)


def test_many_are_judged_at_once_each_on_its_own_bytes(template: _Template, config: IntakeConfig) -> None:
    from concurrent.futures import ThreadPoolExecutor
    from hashlib import sha256

    def judged(number: int) -> bool:
        path = config.folder / f"{number}.csv"
        path.write_bytes(_file(config).read_bytes() + b"\n" * number)
        report = template.judge(config, path, ADDRESS, _always)
        return isinstance(report, dict) and report["file"]["sha256"] == sha256(path.read_bytes()).hexdigest()

    _file(config)
    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(judged, range(6)))


def test_a_request_that_cannot_be_judged_says_so(template: _Template, config: IntakeConfig) -> None:
    unknown = Address("001", "no-such-collection", "2025-26")
    assert template.judge(config, _file(config), unknown, _always) == "request"


def test_what_takes_too_long_or_too_much_is_ended(
    template: _Template, config: IntakeConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    # However fast a machine is, so many rows take it longer than that.
    monkeypatch.setattr("dap.intake.judge._LOOKED_AT", 0.001)
    header, *rows = _file(config).read_bytes().splitlines(keepends=True)
    long = _file(config, header + b"".join(rows) * 20_000)
    assert template.judge(replace(config, judge_seconds=0), long, ADDRESS, _always) == "judge-died"
    assert template.judge(config, long, ADDRESS, lambda: False) == LOST
    nothing = replace(config, judge_memory_bytes=1, judge_seconds=10)
    found = template.judge(nothing, _file(config), ADDRESS, _always)
    assert isinstance(found, str) or found["verdict"] is None


def test_a_judging_that_is_ended_before_it_is_there_judges_nothing(config: IntakeConfig, tmp_path: Path) -> None:
    """The first file's waits for Great Expectations to be imported; whoever gives it up then leaves nothing behind."""
    waiting = _Template(tmp_path)
    try:
        path = _file(config)
        with path.open("rb") as file:
            limits = {"memory": config.judge_memory_bytes, "seconds": int(config.judge_seconds)}
            asked = {"plan": str(config.plan.absolute()), **vars(ADDRESS), "school_year": ADDRESS.school_year}
            fork = waiting.start(asked | limits, file, tmp_path)
            assert fork.ended(0) is None
            fork.kill()
            # What it would have answered ends without a word, with its process.
            assert fork.stdout.read() == b""
            fork.stdout.close()
    finally:
        waiting.stop()


@LISTED
def test_the_waiting_process_has_one_thread_so_that_a_fork_lacks_none(
    template: _Template, config: IntakeConfig
) -> None:
    assert isinstance(template.judge(config, _file(config), ADDRESS, _always), dict)
    assert template._process is not None
    assert len(list(Path(f"/proc/{template._process.pid}/task").iterdir())) == 1


@LISTED
def test_a_worker_that_is_killed_leaves_no_judging_behind(config: IntakeConfig) -> None:
    """Neither the waiting process nor its fork, whose judge would go on for ever here, outlives who started them."""
    told, telling = os.pipe()
    if (service := os.fork()) == 0:
        _keep_one_judging(telling)
    os.close(telling)
    with os.fdopen(told) as lines:
        started = [int(lines.readline()) for _ in range(2)]
    assert all(map(_runs, started))
    _kill(service)
    _demand_ended(started)


def _keep_one_judging(telling: int) -> None:
    """In a process of its own: start a waiting process without its load, have it judge, and tell both numbers."""
    from dap.intake import judging, warm

    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    life, held = os.pipe()
    states, state = os.pipe()
    setattr(warm, "_load", lambda: None)  # noqa: B010
    setattr(judging, "main", lambda _: time.sleep(600))  # noqa: B010
    try:
        if (waiting := os.fork()) == 0:
            os.close(held)
            warm.wait(str(theirs.fileno()), str(life))
            os._exit(0)
        with Path(os.devnull).open("rb") as file:
            socket.send_fds(ours, [b"{}"], [file.fileno(), telling, state])
        os.write(telling, f"{waiting}\n".encode() + os.read(states, 20))
        time.sleep(600)
    finally:
        os._exit(1)


@LISTED
def test_a_worker_that_is_killed_leaves_no_python_behind_that_it_started(config: IntakeConfig) -> None:
    entry, held = os.pipe()
    if (service := os.fork()) == 0:
        try:
            # Nothing ever comes through the pipe, and it has no end.
            judge_apart(config, Path(f"/proc/self/fd/{entry}"), ADDRESS, _always)
        finally:
            os._exit(1)
    until = time.monotonic() + 60
    while not (started := _children_of(service)) and time.monotonic() < until:
        time.sleep(0.01)
    assert started
    _kill(service)
    _demand_ended(started)
    os.close(entry)
    os.close(held)


@LISTED
def test_a_waiting_process_that_was_killed_is_started_again_and_nothing_runs_on_when_it_is_stopped(
    template: _Template, config: IntakeConfig
) -> None:
    path = _file(config)
    assert isinstance(template.judge(config, path, ADDRESS, _always), dict)
    assert template._process is not None
    os.kill(template._process.pid, signal.SIGKILL)
    template._process.wait()
    assert isinstance(template.judge(config, path, ADDRESS, _always), dict)
    running = _of_this_test()
    assert running
    template.stop()
    _demand_ended(running)


def _kill(process: int) -> None:
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)


def _runs(process: int) -> bool:
    """Whether a process runs; one that has ended and that nobody has asked about does not."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _demand_ended(processes: Iterable[int]) -> None:
    until = time.monotonic() + 60
    while any(map(_runs, processes)) and time.monotonic() < until:
        time.sleep(0.02)
    assert not any(map(_runs, processes))


def _of_this_test() -> set[int]:
    """The processes this one has started that still run."""
    return {each for each in _children_of(os.getpid()) if b"dap.intake.warm" in _command(each)}


def _command(process: int) -> bytes:
    with suppress(OSError):
        return Path(f"/proc/{process}/cmdline").read_bytes()
    return b""


def _children_of(process: int) -> set[int]:
    found = set()
    for each in Path("/proc").glob("[0-9]*"):
        # One that has ended meanwhile is gone.
        with suppress(OSError):
            if int((each / "stat").read_text().rpartition(")")[2].split()[1]) == process:
                found.add(int(each.name))
    return found
