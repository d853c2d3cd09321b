"""The process in which one submission is judged: bounded, without network, its file on standard input."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from contextlib import suppress
from dataclasses import replace
from typing import Any

from dap.errors import WRONG_REQUEST, DapError
from dap.plan import Plan
from dap.submission.limits import confine


def main(asked: str) -> None:
    """Judge what comes on standard input, and write the report, or why there is none, as JSON.

    Nothing else is written, whatever happens: an error may quote a value.
    """
    request = json.loads(asked)
    if request.get("life") is not None:
        end_when_alone(request["life"], os.getpid())
    try:
        answer: dict[str, Any] = {"report": _report(request)}
    except DapError as error:
        answer = {"failed": "request" if error.exit_code == WRONG_REQUEST else "could-not-run"}
    sys.stdout.write(json.dumps(answer))
    sys.stdout.flush()


def end_when_alone(life: int, group: int) -> None:
    """End a group of processes, as kill -9 does, once nobody holds the other end of the pipe `life` any more.

    Whoever waits for a judging holds it. A worker that is killed cannot end what it has started, and a hostile file may
    keep a judging busy for as long as its limits let it.
    """

    def wait() -> None:
        with suppress(OSError):
            os.read(life, 1)
        with suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)

    threading.Thread(target=wait, daemon=True).start()


def _report(request: dict[str, Any]) -> dict[str, Any]:
    from dap.engine.starting import own_process

    own_process()
    from dap.catalog import open_plan
    from dap.gate import check

    plan = only_layouts_for(open_plan(request["plan"]), request["collection"], request["school_year"])
    _confine(request["memory"], request["seconds"])
    report = check(
        sys.stdin.buffer,
        request["collection"],
        plan=plan,
        period=request["school_year"],
        district=request["district"],
    )
    return report.as_dict()


def only_layouts_for(plan: Plan, id: str, school_year: str) -> Plan:
    """The plan with only those layouts of the collection that are for the school year, where there are any."""
    collection = plan.collection(id)
    fitting = tuple(each for each in collection.layouts if not each.valid_for or school_year in each.valid_for)
    others = tuple(each for each in plan.all_collections if each.id != id)
    return replace(plan, all_collections=(replace(collection, layouts=fitting), *others)) if fitting else plan


def _confine(memory: int, seconds: int) -> None:
    """Give up what judging does not need, before a byte of the file is looked at."""
    # GX tries its temporary folder with a few bytes; more than that nobody writes, nor a dump of memory.
    confine(RLIMIT_AS=memory, RLIMIT_CPU=seconds, RLIMIT_FSIZE=4096, RLIMIT_CORE=0)
    sys.addaudithook(_refuse)


_FORBIDDEN = ("socket.connect", "socket.bind", "socket.sendto", "socket.getaddrinfo", "os.rename")


def _refuse(event: str, details: tuple[Any, ...]) -> None:
    if event.startswith(_FORBIDDEN):
        raise PermissionError("judging may not do that")
