"""A judge that is warm answers as one in a process of its own, is confined like it, and survives its deaths."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from dap.catalog import open_plan
from dap.examples import example_text
from dap.intake.config import IntakeConfig
from dap.intake.judge import LOST, Judge, judge_apart
from dap.intake.records import Address
from dap.intake.warm import _Template, warm_judge
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
        content = example_text(plan, roster, roster.layout("students"), rows=3, seed=1).encode()
    path = config.folder / "a.csv"
    path.write_bytes(content)
    return path


def _always() -> bool:
    return True


def test_the_report_is_that_of_a_process_of_its_own(template: _Template, config: IntakeConfig) -> None:
    good, bad = _file(config).read_bytes(), b"what,is,this\n000-12-3456,,\n"
    for content in (good, bad):
        path = _file(config, content)
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
        assert all(pool.map(judged, range(12)))


def test_a_request_that_cannot_be_judged_says_so(template: _Template, config: IntakeConfig) -> None:
    unknown = Address("001", "no-such-collection", "2025-26")
    assert template.judge(config, _file(config), unknown, _always) == "request"


def test_what_takes_too_long_or_too_much_is_ended(template: _Template, config: IntakeConfig) -> None:
    from dataclasses import replace

    header, *rows = _file(config).read_bytes().splitlines(keepends=True)
    # It takes longer than the half second after which a judging is looked at.
    long = _file(config, header + b"".join(rows) * 20_000)
    assert template.judge(replace(config, judge_seconds=0), long, ADDRESS, _always) == "judge-died"
    assert template.judge(config, long, ADDRESS, lambda: False) == LOST
    nothing = replace(config, judge_memory_bytes=1, judge_seconds=10)
    found = template.judge(nothing, _file(config), ADDRESS, _always)
    assert isinstance(found, str) or found["verdict"] is None


@LISTED
def test_the_waiting_process_has_one_thread_so_that_a_fork_lacks_none(
    template: _Template, config: IntakeConfig
) -> None:
    assert isinstance(template.judge(config, _file(config), ADDRESS, _always), dict)
    assert template._process is not None
    assert len(list(Path(f"/proc/{template._process.pid}/task").iterdir())) == 1


def test_a_waiting_process_that_was_killed_is_started_again(template: _Template, config: IntakeConfig) -> None:
    path = _file(config)
    assert isinstance(template.judge(config, path, ADDRESS, _always), dict)
    process = template._process
    assert process is not None
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert isinstance(template.judge(config, path, ADDRESS, _always), dict)


@LISTED
def test_nothing_runs_on_when_it_is_stopped(config: IntakeConfig) -> None:
    before = _of_this_test()
    with warm_judge(config) as judge:
        assert isinstance(_judged(judge, config), dict)
        running = _of_this_test() - before
        assert running
    for _ in range(50):
        if not _of_this_test() & running:
            break
        time.sleep(0.1)
    assert not _of_this_test() & running


def _judged(judge: Judge, config: IntakeConfig) -> object:
    return judge(config, _file(config), ADDRESS, _always)


def _of_this_test() -> set[int]:
    """The processes this one has started that still run."""
    found = set()
    for each in Path("/proc").glob("[0-9]*"):
        # One that has ended meanwhile is gone.
        with suppress(OSError):
            parent = (each / "stat").read_text().rpartition(")")[2].split()[1]
            if int(parent) == os.getpid() and b"dap.intake.warm" in (each / "cmdline").read_bytes():
                found.add(int(each.name))
    return found
