"""Load on `dap serve`, the whole of it: a 250 MB upload, 200 districts at once, and schemathesis on its description.

    python -m benchmarks.intake_http [--districts 200] [--schemathesis]

Prints what was measured, and ends with 1 where something was not as promised. Every file is judged for real.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import hashlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx

from dap.intake import tokens
from dap.intake.config import IntakeConfig
from dap.intake.store import Store

ROOT = Path(__file__).resolve().parent.parent
COLLECTION, PERIOD = "cpfa", "2025-26"
LARGE = 250_000_000
MOST_MEMORY = 200_000_000


def main() -> int:
    """Run what is asked for; 0 where all held."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--districts", type=int, default=200)
    arguments.add_argument("--minutes", type=float, default=30)
    arguments.add_argument("--schemathesis", action="store_true")
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        place = Path(temporary)
        held = _schemathesis(place) if chosen.schemathesis else _load(place, chosen.districts, chosen.minutes)
    return 0 if held else 1


def _serve(place: Path, **http: Any) -> tuple[subprocess.Popen[str], str]:
    """A running `dap serve` and its address."""
    limits = "".join(f"{name} = {value}\n" for name, value in http.items())
    (place / "dap-intake.toml").write_text(f'folder = "intake"\nplan = "{ROOT.as_posix()}"\n[http]\nport = 0\n{limits}')
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    server = subprocess.Popen(
        [sys.executable, "-m", "dap", "serve"], cwd=place, env=environment, stderr=subprocess.PIPE, text=True
    )
    assert server.stderr is not None
    line = server.stderr.readline()
    # The log goes on; nobody reading it would stop the server once the pipe is full.
    concurrent.futures.ThreadPoolExecutor(1).submit(server.stderr.read)
    return server, line.split()[2].rstrip("/")


def _tokens(place: Path, many: int) -> dict[str, str]:
    with Store.open(IntakeConfig(folder=place / "intake", plan=ROOT)) as store:
        codes = [each.code for each in store.plan.all_districts][:many]
        return {code: tokens.issue(store, code)[0] for code in codes}


def _load(place: Path, districts: int, minutes: float) -> bool:
    bearers = _tokens(place, districts)
    server, address = _serve(place)
    held = True
    try:
        first = next(iter(bearers))
        seconds = _send_large(address, first, bearers[first])
        peak = _peak(server.pid)
        print(f"250 MB: received in {seconds:.1f} s, {peak / 1e6:.0f} MB at most in the server process")
        held = held and peak < MOST_MEMORY
        start = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(len(bearers)) as pool:
            answers = list(pool.map(lambda each: _send(address, *each), bearers.items()))
        statuses = {status: sum(1 for each, _ in answers if each == status) for status in {each for each, _ in answers}}
        print(f"{len(bearers)} districts at once: answers {statuses} within {time.monotonic() - start:.1f} s")
        held = held and set(statuses) <= {201, 202}
        missing = {(code, id) for code, (_, id) in zip(bearers, answers, strict=True)}
        last = time.monotonic() + 60 * minutes
        while missing and time.monotonic() < last:
            time.sleep(5)
            missing = {(code, id) for code, id in missing if _receipt(address, id, bearers[code]) != 200}
        peak = _peak(server.pid)
        given = len(bearers) - len(missing)
        print(
            f"receipts: {given} of {len(bearers)} after {time.monotonic() - start:.0f} s; {peak / 1e6:.0f} MB at most"
        )
        held = held and not missing and peak < MOST_MEMORY
    finally:
        server.send_signal(signal.SIGTERM)
        print(f"stopped with exit code {server.wait(60)}")
    return held


def _send(address: str, district: str, token: str) -> tuple[int, str]:
    content = f"invented,{district}\n".encode() * 1000
    answer = httpx.put(
        f"{address}/v1/submissions/{district}/{COLLECTION}/{PERIOD}",
        content=content,
        headers={"Authorization": f"Bearer {token}", "X-Checksum-SHA256": hashlib.sha256(content).hexdigest()},
        timeout=120,
    )
    return answer.status_code, str(answer.json().get("id", ""))


def _send_large(address: str, district: str, token: str) -> float:
    piece = b"invented," * 8_000
    digest = hashlib.sha256()
    left = LARGE
    while left:
        digest.update(piece[: min(left, len(piece))])
        left -= min(left, len(piece))

    def chunks() -> Any:
        rest = LARGE
        while rest:
            yield piece[: min(rest, len(piece))]
            rest -= min(rest, len(piece))

    headers = {"Content-Length": str(LARGE), "X-Checksum-SHA256": digest.hexdigest(), "Prefer": "wait=0"}
    start = time.monotonic()
    answer = httpx.put(
        f"{address}/v1/submissions/{district}/tcs/{PERIOD}",
        content=chunks(),
        headers={**headers, "Authorization": f"Bearer {token}"},
        timeout=300,
    )
    assert answer.status_code == 202, answer.text
    return time.monotonic() - start


def _receipt(address: str, id: str, token: str) -> int:
    url = f"{address}/v1/submissions/{id}/receipt"
    return httpx.get(url, headers={"Authorization": f"Bearer {token}"}, timeout=60).status_code


def _peak(process: int) -> int:
    """The most memory the process held so far, in bytes (Linux)."""
    lines = Path(f"/proc/{process}/status").read_text("ascii").splitlines()
    return 1024 * int(next(line for line in lines if line.startswith("VmHWM")).split()[1])


def _schemathesis(place: Path) -> bool:
    token = _tokens(place, 1).popitem()[1]
    server, address = _serve(place, requests_per_minute=10_000_000, failures_per_minute=10_000_000, wait_seconds=0)
    checks = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
    command = [str(Path(sys.executable).parent / "schemathesis"), "run", f"{address}/openapi.json"]
    command += ["--header", f"Authorization: Bearer {token}", "--checks", checks, "--max-examples", "50"]
    try:
        return subprocess.run([*command, "--generation-database", "none"], check=False, cwd=place).returncode == 0
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(60)


if __name__ == "__main__":
    sys.exit(main())
