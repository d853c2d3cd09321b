"""Times the verification of a long ledger, by the database's check and by the independent verifier."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from sqlalchemy import insert, update

from dap.intake import ledger as log
from dap.intake import merkle
from dap.intake.config import IntakeConfig
from dap.intake.database import heads, ledger, nodes, writing
from dap.intake.records import SignedHead
from dap.intake.store import Store
from dap.intake.verify import verify

ROOT = Path(__file__).resolve().parent.parent
_PAGE = 50_000


def main() -> None:
    """Fill a ledger with entries, then verify it twice."""
    parser = argparse.ArgumentParser(description="Time the verification of a ledger.")
    parser.add_argument("--entries", type=int, default=1_000_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        with Store.open(IntakeConfig(folder=Path(folder) / "intake", plan=ROOT)) as store:
            export = Path(folder) / "ledger.jsonl"
            _fill(store, asked.entries, export)
            began = time.perf_counter()
            found = verify(store)
            took = time.perf_counter() - began
        assert found.size == asked.entries and not found.faults, found.faults
        print(f"dap ledger verify: {found.size:,} entries in {took:.1f} s")
        began = time.perf_counter()
        verifier = [sys.executable, "-I", str(ROOT / "dap/intake/verifier.py"), "--ledger", str(export)]
        subprocess.run([*verifier, "--key", str(Path(folder) / "intake/keys/state-key.pub")], check=True)
        print(f"verifier.py: {found.size:,} entries in {time.perf_counter() - began:.1f} s")


def _fill(store: Store, size: int, export: Path) -> None:
    """Enter many entries in one transaction, as `ledger.append` would one by one."""
    texts = [entry.text for entry in store.entries()]
    now, begun = log.utc_now(), store.head()
    peaks: list[bytes] = []
    made: list[tuple[int, int, bytes]] = []
    with export.open("w", encoding="ascii") as file, writing(store.engine) as connection:
        connection.execute(nodes.delete())
        rows = []
        for number in range(size):
            body = {"district": f"{number % 200:03}", "rows": number}
            entry = {"body": body, "kind": "bench.entry", "number": number, "time": now}
            text = texts[number] if number < len(texts) else log.canonical(entry)
            made += merkle.add_leaf(peaks, number, merkle.leaf_hash(text.encode()))
            file.write(text + "\n")
            if number >= len(texts):
                rows.append({"number": number, "kind": "bench.entry", "entry": text})
            if len(made) > _PAGE or number == size - 1:
                if rows:
                    connection.execute(insert(ledger), rows)
                hashes = [{"level": level, "place": place, "hash": each.hex()} for level, place, each in made]
                connection.execute(insert(nodes), hashes)
                rows, made = [], []
        head = SignedHead(begun.log, size, merkle.root_of(peaks).hex(), now, store.signer.key, "")
        signature = store.signer.sign(log.head_message(head))
        stated = {"size": size, "root": head.root, "time": now, "signature": signature}
        peaks_text = " ".join(each.hex() for each in peaks)
        connection.execute(update(heads).values(**stated, peaks=peaks_text))
        file.write(json.dumps({"head": {**head.as_dict(), "signature": signature}}) + "\n")


if __name__ == "__main__":
    main()
