"""The ledger: entries that can only be added, a Merkle tree over them, and a signed head that stands for all of them.

An entry is canonical JSON: sorted names, no blanks, ASCII, no fractions. Its hash is a leaf of the tree (`merkle.py`).
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from dap.errors import CouldNotRun
from dap.intake import merkle
from dap.intake.database import heads, ledger, nodes
from dap.intake.keys import Signer, signed_by
from dap.intake.records import LedgerEntry, SignedHead

BEGUN, KEY_ADDED = "ledger.begun", "key.added"
RECEIVED, JUDGED, BROKEN, AGAIN = "submission.received", "submission.judged", "submission.broken", "submission.again"

_PURPOSE = b"dap-ledger-head-1\n"


def canonical(document: Any) -> str:
    """The one text of a document; TypeError for what has more than one, such as fractions."""
    _demand_plain(document)
    return text_of(document)


# One encoder for all: json.dumps makes a new one for every call.
text_of = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode
"""The canonical text of a document that was read from JSON, and so is plain."""


def _demand_plain(document: Any) -> None:
    if isinstance(document, Mapping):
        for name, value in document.items():
            if not isinstance(name, str):
                raise TypeError("names in the ledger are texts")
            _demand_plain(value)
    elif isinstance(document, list | tuple):
        for value in document:
            _demand_plain(value)
    elif not (document is None or isinstance(document, str | int)):
        raise TypeError("the ledger holds texts, whole numbers, yes, no and nothing")


def head_message(head: SignedHead) -> bytes:
    """What is signed: everything a head says but for the signature."""
    stated = {"key": head.key, "log": head.log, "root": head.root, "size": head.size, "time": head.time}
    return _PURPOSE + canonical(stated).encode()


def genuine(head: SignedHead, keys: Mapping[str, bytes]) -> bool:
    """Whether the head is signed by one of the keys (by what heads call them)."""
    return head.key in keys and signed_by(keys[head.key], head_message(head), head.signature)


def utc_now() -> str:
    """The time, such as 2026-10-30T14:00:00Z."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def begin(connection: Connection, signer: Signer) -> None:
    """Begin the ledger where there is none, and enter the signer's key where it is new to it."""
    if connection.execute(select(heads.c.size)).first() is None:
        log = secrets.token_hex(16)
        connection.execute(
            insert(heads).values(
                one=1, log=log, size=0, root=merkle.EMPTY.hex(), peaks="", time="", key=signer.key, signature=""
            )
        )
        append(connection, signer, BEGUN, {"log": log})
    known = connection.execute(select(ledger.c.entry).where(ledger.c.kind == KEY_ADDED)).scalars()
    if signer.public.hex() not in (json.loads(entry)["body"]["public"] for entry in known):
        append(connection, signer, KEY_ADDED, {"key": signer.key, "public": signer.public.hex()})


def append(connection: Connection, signer: Signer, kind: str, body: Mapping[str, Any]) -> LedgerEntry:
    """Add an entry within a transaction that holds the ledger's lock, and sign the head that stands for it."""
    row = connection.execute(select(heads)).one()
    # No entry is older than the one before it, whatever the machine's clock says.
    now = max(utc_now(), row.time)
    text = canonical({"body": body, "kind": kind, "number": row.size, "time": now})
    peaks = [bytes.fromhex(each) for each in row.peaks.split()]
    made = merkle.add_leaf(peaks, row.size, merkle.leaf_hash(text.encode()))
    connection.execute(insert(ledger).values(number=row.size, kind=kind, entry=text))
    connection.execute(
        insert(nodes), [{"level": level, "place": place, "hash": each.hex()} for level, place, each in made]
    )
    head = SignedHead(row.log, row.size + 1, merkle.root_of(peaks).hex(), now, signer.key, "")
    connection.execute(
        update(heads).values(
            size=head.size,
            root=head.root,
            peaks=" ".join(each.hex() for each in peaks),
            time=now,
            key=head.key,
            signature=signer.sign(head_message(head)),
        )
    )
    return entry_of(text)


def entry_of(text: str) -> LedgerEntry:
    """The entry that a text of the ledger is."""
    stated = json.loads(text)
    return LedgerEntry(stated["number"], stated["time"], stated["kind"], stated["body"], text)


def head_of(connection: Connection) -> SignedHead:
    """The signed head; CouldNotRun where the ledger has none."""
    row = connection.execute(select(heads)).first()
    if row is None:
        raise CouldNotRun("the ledger has no head. Run `dap ledger verify`.")
    return SignedHead(row.log, row.size, row.root, row.time, row.key, row.signature)


def node_reader(connection: Connection) -> merkle.Node:
    """Gives the tree's nodes from the database."""

    def node(level: int, place: int) -> bytes:
        wanted = select(nodes.c.hash).where(nodes.c.level == level, nodes.c.place == place)
        return bytes.fromhex(connection.execute(wanted).scalar_one())

    return node
