#!/usr/bin/env python3
"""Checks an intake's ledger and receipts with plain Python alone, independently of the software that wrote them.

    python verifier.py --key state-key.pub [--ledger ledger.jsonl] [--receipt FILE]... [--head FILE]...

The ledger is what `dap ledger export` writes: one entry a line, and its signed head as the last line. Every receipt
and every head that someone holds is checked against it, so that a ledger that was cut, rolled back or forked is found.
Exit code 0: right. 1: not. 2: wrong use. Hashes: RFC 6962. Signatures: Ed25519, RFC 8032.
"""

import argparse
import hashlib
import json
import re
import sys
from pathlib import Path
from typing import Any

Point = tuple[int, int, int, int]
P = 2**255 - 19
Q = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"))
ROOT = pow(2, (P - 1) // 4, P)


def add(a: Point, b: Point) -> Point:
    e, f = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    g, h = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    i, j, k, m = f - e, h - g, h + g, f + e
    return i * j % P, k * m % P, j * k % P, i * m % P


def times(number: int, point: Point) -> Point:
    total = (0, 1, 1, 0)
    while number:
        if number & 1:
            total = add(total, point)
        point, number = add(point, point), number >> 1
    return total


def point_of(text: bytes) -> Point | None:
    y = int.from_bytes(text, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


BASE = point_of((4 * pow(5, P - 2, P) % P).to_bytes(32, "little")) or (0, 1, 1, 0)


def signed(public: bytes, message: bytes, signature: bytes) -> bool:
    key, r, s = point_of(public), point_of(signature[:32]), int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or key is None or r is None or s >= Q:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % Q
    a, b = times(s, BASE), add(r, times(k, key))
    return (a[0] * b[2] - b[0] * a[2]) % P == 0 and (a[1] * b[2] - b[1] * a[2]) % P == 0


def canonical(document: Any) -> bytes:
    return ENCODER.encode(document).encode()


def leaf(entry: bytes) -> bytes:
    return hashlib.sha256(b"\0" + entry).digest()


def node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


def genuine(head: Any, keys: dict[str, bytes]) -> bool:
    message = canonical({name: head[name] for name in ("key", "log", "root", "size", "time")})
    public = keys.get(head["key"])
    return public is not None and signed(public, b"dap-ledger-head-1\n" + message, bytes.fromhex(head["signature"]))


def root_by(path: list[bytes], found: bytes, index: int, size: int) -> bytes | None:
    for side, other in zip(turns(index, size), path, strict=False):
        found = node(other, found) if side else node(found, other)
    return found if len(path) == len(turns(index, size)) else None


def turns(index: int, size: int) -> list[bool]:
    taken = []
    while size > 1:
        half = 1 << (size - 1).bit_length() - 1
        taken.append(index >= half)
        index, size = (index - half, size - half) if index >= half else (index, half)
    return taken[::-1]


class Ledger:
    # The entries of an export, hashed as they are read: the root at every size that someone holds a head of.
    def __init__(self, path: str, sizes: set[int]) -> None:
        self.faults: list[str] = []
        self.roots: dict[int, str] = {}
        self.size, self.head, self.log, last, previous = 0, None, None, b"", ""
        peaks: list[bytes] = []
        with Path(path).open("rb") as lines:
            for line in lines:
                if last:
                    previous = self.enter(last, peaks, previous)
                    if self.size in sizes:
                        self.roots[self.size] = self.root(peaks)
                last = line.rstrip(b"\n")
        self.roots[self.size] = self.root(peaks)
        try:
            self.head = json.loads(last)["head"]
        except (TypeError, ValueError, KeyError):
            self.faults.append("the export does not end with a signed head")

    def enter(self, text: bytes, peaks: list[bytes], previous: str) -> str:
        try:
            entry = json.loads(text)
            right = entry["number"] == self.size and entry["time"] >= previous and canonical(entry) == text
            previous = entry["time"]
            self.log = entry["body"]["log"] if self.size == 0 else self.log
        except (ValueError, KeyError, TypeError):
            right = False
        if not right:
            self.faults.append(f"entry {self.size} is not what should stand there")
        found, count = leaf(text), self.size
        while count & 1:
            found, count = node(peaks.pop(), found), count >> 1
        peaks.append(found)
        self.size += 1
        return previous

    @staticmethod
    def root(peaks: list[bytes]) -> str:
        found = peaks[-1] if peaks else hashlib.sha256(b"").digest()
        for peak in reversed(peaks[:-1]):
            found = node(peak, found)
        return found.hex()

    def check(self, name: str, head: Any) -> list[str]:
        if head["log"] != self.log:
            return [f"{name}: it is of another ledger"]
        if head["size"] > self.size:
            return [f"{name}: the ledger was cut or rolled back behind it ({self.size} of {head['size']} entries)"]
        same = self.roots[head["size"]] == head["root"]
        return [] if same else [f"{name}: the ledger was changed or forked before it"]


def receipt_faults(name: str, receipt: Any) -> list[str]:
    entry, head, body = receipt["entry"], receipt["head"], receipt["entry"]["body"]
    path = [bytes.fromhex(each) for each in receipt["proof"]]
    found = root_by(path, leaf(canonical(entry)), entry["number"], head["size"])
    stated = "-".join(str(body[part]) for part in ("district", "collection", "period", "sequence"))
    faults = [] if found is not None and found.hex() == head["root"] else [f"{name}: what it says was not entered"]
    same = receipt["id"] == body["id"] == f"{stated}-{body['sha256'][:12]}" and entry["kind"] == "submission.judged"
    return faults if same else [*faults, f"{name}: its id is not that of what it says"]


def main() -> int:
    parser = argparse.ArgumentParser(description="Check an intake's ledger and receipts.")
    parser.add_argument("--key", required=True)
    parser.add_argument("--ledger")
    parser.add_argument("--receipt", action="append", default=[])
    parser.add_argument("--head", action="append", default=[])
    asked = parser.parse_args()
    try:
        lines = re.findall("^dap-ed25519 ([0-9a-f]{64})$", Path(asked.key).read_text("ascii"), re.M)
        publics = [bytes.fromhex(line) for line in lines]
        keys = {hashlib.sha256(each).hexdigest()[:16]: each for each in publics}
        held = [(f"receipt {n}", json.loads(Path(path).read_bytes())) for n, path in enumerate(asked.receipt, 1)]
        faults = [fault for name, each in held for fault in receipt_faults(name, each)]
        heads = [(name, each["head"]) for name, each in held]
        heads += [(f"head {n}", json.loads(Path(path).read_bytes())) for n, path in enumerate(asked.head, 1)]
        ledger = Ledger(asked.ledger, {head["size"] for _, head in heads}) if asked.ledger else None
        if ledger is not None:
            heads += [("the ledger's head", ledger.head)] if ledger.head else []
            faults += ledger.faults + [fault for name, head in heads for fault in ledger.check(name, head)]
            if ledger.head and ledger.head["size"] != ledger.size:
                faults.append("the ledger's head stands for another number of entries")
        faults += [f"{name}: it is not signed by the state's key" for name, head in heads if not genuine(head, keys)]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        print(f"a file cannot be read as what it should be ({type(error).__name__})")
        return 2 if isinstance(error, OSError) else 1
    print(
        "\n".join(faults)
        or f"right: {ledger.size if ledger else 'no'} entries, {len(held)} receipts, {len(heads)} heads"
    )
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
