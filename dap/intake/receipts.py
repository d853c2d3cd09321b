"""Receipts: what a district holds as proof, an entry of the ledger and the signed head that covers it."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from dap.errors import RequestError
from dap.intake import merkle
from dap.intake.keys import key_id
from dap.intake.ledger import JUDGED, canonical, genuine, head_of, node_reader
from dap.intake.records import Address, LedgerEntry, Refused, SignedHead, submission_id

FORM = "dap-receipt-1"
SCHEMA = "receipt.schema.json"


def receipt_for(connection: Connection, entry: LedgerEntry, publisher: str) -> dict[str, Any]:
    """The receipt that an entry on a verdict gives, under the head as it now is."""
    head = head_of(connection)
    path = merkle.inclusion_proof(node_reader(connection), entry.number, head.size)
    return {
        "format": FORM,
        "id": entry.body["id"],
        "publisher": publisher,
        "entry": json.loads(entry.text),
        "proof": [each.hex() for each in path],
        "head": head.as_dict(),
    }


@dataclass(frozen=True)
class Checked:
    """What the check of a receipt found: nothing in `faults` where it is genuine."""

    id: str
    faults: tuple[str, ...]

    @property
    def genuine(self) -> bool:
        """Whether the receipt is the state's, unchanged."""
        return not self.faults


def read_receipt(content: bytes) -> dict[str, Any]:
    """The receipt in a file's bytes; RequestError where they are none."""
    try:
        document = json.loads(content)
        _form().validate(document)
    except (ValueError, RecursionError):
        raise RequestError("The file is no receipt.") from None
    assert isinstance(document, dict)
    return document


def check_receipt(receipt: Mapping[str, Any], keys: Mapping[str, bytes]) -> Checked:
    """Check a receipt of the right form against the state's public keys; opens no file and no connection."""
    entry, head, faults = receipt["entry"], SignedHead(**receipt["head"]), []
    if not genuine(head, keys):
        known = "its signature is not that key's." if head.key in keys else "it was signed by another key."
        faults.append(f"The receipt is not the state's: {known}")
    path = [bytes.fromhex(each) for each in receipt["proof"]]
    leaf = merkle.leaf_hash(canonical(entry).encode())
    if not merkle.includes(leaf, entry["number"], head.size, path, bytes.fromhex(head.root)):
        faults.append("What the receipt says is not what was entered in the ledger.")
    if not _says_one_thing(receipt):
        faults.append("The receipt's id is not that of what it says.")
    return Checked(str(receipt["id"]), tuple(faults))


def _says_one_thing(receipt: Mapping[str, Any]) -> bool:
    entry = receipt["entry"]
    body = entry["body"]
    try:
        address = Address(body["district"], body["collection"], body["period"])
    except Refused:
        return False
    wanted = submission_id(address, body["sequence"], body["sha256"])
    return bool(entry["kind"] == JUDGED and receipt["id"] == body["id"] == wanted)


@cache
def _form() -> Any:
    import jsonschema_rs

    from dap.catalog import schemas_folder

    return jsonschema_rs.validator_for(json.loads((schemas_folder() / SCHEMA).read_text("utf-8")))


def as_json(receipt: Mapping[str, Any]) -> str:
    """The receipt as its file has it."""
    return json.dumps(receipt, indent=2, ensure_ascii=False) + "\n"


_VERDICTS = {
    "accepted": "Accepted. The file is taken.",
    "rejected": "Rejected. Correct what the report says and send it again.",
    "unreadable": "Not readable. Send the file again in a form the collection takes.",
}


def as_html(receipt: Mapping[str, Any]) -> str:
    """The receipt as a page to print: all that the JSON says, in words."""
    body, head = receipt["entry"]["body"], receipt["head"]
    counts = ", ".join(f"{number} {name}" for name, number in sorted(body["counts"].items()))
    rows = [
        ("Receipt", receipt["id"]),
        ("Verdict", _VERDICTS[body["verdict"]]),
        ("District", body["district"]),
        ("Collection", body["collection"]),
        ("Period", body["period"]),
        ("Number of the file for this district, collection and period", body["sequence"]),
        ("Takes the place of", body["supersedes"] or "none"),
        ("Received (UTC)", body["received"]),
        ("Judged (UTC)", receipt["entry"]["time"]),
        ("File", f"{body['bytes']} bytes, SHA-256 {body['sha256']}"),
        ("Counts", counts),
        ("Layout", body["resource"]),
        ("Version of the plan", body["plan_version"]),
        ("SHA-256 of the rules", body["suite_sha256"]),
        ("SHA-256 of the report", body["report_sha256"]),
        ("Entry in the ledger", f"number {receipt['entry']['number']} of {head['size']}, log {head['log']}"),
        ("Root of the ledger", head["root"]),
        ("Signature", f"{head['signature']} by key {head['key']}"),
    ]
    lines = "\n".join(
        f"<tr><th scope='row'>{html.escape(name)}</th><td>{html.escape(str(value))}</td></tr>" for name, value in rows
    )
    who = html.escape(str(receipt["publisher"]))
    return (
        "<!doctype html>\n<html lang='en'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width'>"
        f"<title>Receipt {html.escape(receipt['id'])}</title>\n<style>{_STYLE}</style></head>\n<body><main>"
        f"<h1>Receipt</h1>\n<p>{who}</p>\n<table>\n{lines}\n</table>\n"
        "<p>This page is for reading. The proof is the receipt's JSON file: <code>dap receipt verify FILE</code> "
        "checks it with the state's public key, without a connection.</p></main></body></html>\n"
    )


_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;margin:0;color:#1b1b1b;background:#fff}main{max-width:46rem;margin:auto;"
    "padding:1.5rem}table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;"
    "padding:.4rem .6rem;border-bottom:1px solid #767676;overflow-wrap:anywhere}th{width:34%;font-weight:600}"
    "@media print{main{padding:0}tr{break-inside:avoid}}"
)


def read_head(path: Path) -> SignedHead:
    """The signed head in a file: of its own, or of a receipt; RequestError where it holds none."""
    try:
        stated = json.loads(path.read_bytes())
        stated = stated.get("head", stated)
        head = SignedHead(**{name: stated[name] for name in SignedHead.__dataclass_fields__})
        bytes.fromhex(head.root + head.signature)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise RequestError("The file holds no head of a ledger.") from None
    if type(head.size) is not int or not all(isinstance(v, str) for n, v in vars(head).items() if n != "size"):
        raise RequestError("The file holds no head of a ledger.")
    return head


__all__ = ["Checked", "as_html", "as_json", "check_receipt", "key_id", "read_head", "read_receipt", "receipt_for"]
