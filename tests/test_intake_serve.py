"""`dap serve` as a process: killed during an upload it loses nothing it answered, told to stop it ends well."""

from __future__ import annotations

import asyncio
import hashlib
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from uvicorn.lifespan.off import LifespanOff

from dap.intake import tokens
from dap.intake.config import HttpConfig, IntakeConfig, read_config
from dap.intake.http.service import Service
from dap.intake.http.serving import _Server, settings_of
from dap.intake.receipts import check_receipt
from dap.intake.store import Store
from tests.conftest import ROOT, NewPlan

pytestmark = pytest.mark.network_loopback
HERE = "/v1/submissions/001/example-roster/2025-26"


def start(place: Path) -> tuple[subprocess.Popen[str], int]:
    """A running `dap serve` over the settings in the folder, and its port."""
    command = [sys.executable, "-m", "dap", "serve"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(command, cwd=place, env=environment, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    line = process.stderr.readline()
    return process, int(line.split("/ (")[0].rpartition(":")[2])


def test_a_service_killed_in_the_middle_keeps_what_it_answered_and_a_stopped_one_ends_well(
    new_plan: NewPlan, tmp_path: Path
) -> None:
    plan = new_plan()
    settings = tmp_path / "dap-intake.toml"
    settings.write_text(f'folder = "intake"\nplan = "{plan.as_posix()}"\n[http]\nport = 0\nwait_seconds = 0\n', "utf-8")
    with Store.open(read_config(settings)) as store:
        token = tokens.issue(store, "001")[0]
        key = {store.signer.key: store.signer.public}
    example = (plan / "catalog/collections/example-roster/example-students.csv").read_text("utf-8")
    # The example's rows are of some school year; these are of the one they are sent for.
    content = re.sub(r"(?<=,)[0-9]{4}-[0-9]{2}(?=,)", "2025-26", example).encode()
    headers = {"Authorization": f"Bearer {token}", "X-Checksum-SHA256": hashlib.sha256(content).hexdigest()}

    process, port = start(tmp_path)
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("PUT", HERE, content, headers)
        answer = connection.getresponse()
        id = json.load(answer)["id"]
        assert answer.status == 202
        half = socket.create_connection(("127.0.0.1", port))
        lines = [f"PUT {HERE} HTTP/1.1", "Host: x", "Content-Length: 1000", *(f"{k}: {v}" for k, v in headers.items())]
        half.sendall("\r\n".join([*lines, "", "half of it"]).encode())
        until = time.monotonic() + 30
        while not any((tmp_path / "intake" / "tmp").iterdir()) and time.monotonic() < until:
            time.sleep(0.05)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    half.close()

    process, port = start(tmp_path)
    try:
        status, until = 409, time.monotonic() + 120
        while status == 409 and time.monotonic() < until:
            time.sleep(0.5)
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            connection.request("GET", f"/v1/submissions/{id}/receipt", headers=headers)
            answer = connection.getresponse()
            status, receipt = answer.status, json.load(answer)
        assert status == 200
        assert check_receipt(receipt, key).genuine
        connection.request("GET", f"/v1/submissions/{id}/report", headers=headers)
        report = json.load(connection.getresponse())
        assert (report["verdict"], report["findings"]) == ("accepted", [])
    finally:
        process.send_signal(signal.SIGTERM)
        _, told = process.communicate(timeout=60)
    assert process.returncode == 0
    lines = told.splitlines()
    assert lines[-1] == "dap serve: stopped."
    assert all(token not in line and "0000000001" not in line for line in lines)
    with Store.open(read_config(settings)) as store:
        assert [each.id for each in store.submissions()] == [id]


class _Late:
    """A connection without a request that is accepted when the stop has begun; it is its own transport."""

    def __init__(self, connections: set[Any]) -> None:
        self.transport, self.closed, self._connections = self, False, connections

    def is_closing(self) -> bool:
        return self.closed

    def shutdown(self) -> None:
        self.closed = True
        self._connections.discard(self)


def test_a_connection_that_comes_when_the_stop_has_begun_does_not_hold_it_up(new_plan: NewPlan, tmp_path: Path) -> None:
    config = IntakeConfig(folder=tmp_path / "intake", plan=new_plan(), http=HttpConfig(stop_seconds=1))

    async def stopped(server: _Server) -> bool:
        server.lifespan = LifespanOff(server.config)
        connections: set[Any] = server.server_state.connections
        late = _Late(connections)
        asyncio.get_running_loop().call_later(0.05, connections.add, late)
        await server.shutdown()
        return late.closed

    with Store.open(config) as store:
        server = _Server(settings_of(config, Service(store)), lambda: None)
        server.servers = []
        assert asyncio.run(stopped(server))
