"""Statements of "nothing to report": entries of the ledger, so that they are kept and proved like every receipt."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING, Any

from dap.intake.obligations import Statement
from dap.intake.periods import refusal
from dap.intake.records import Address, LedgerEntry, Refused

if TYPE_CHECKING:
    from dap.intake.store import Store

DECLARED, WITHDRAWN = "zero.declared", "zero.withdrawn"


def declare_nothing(store: Store, address: Address, *, by: str) -> dict[str, Any]:
    """Enter that a district has nothing to report, and give the entry as JSON.

    `by` says who stated it: a token's id, or operator. Said twice, it is said once. Refused like a file for the
    address would be, and "contradicts" where an accepted file stands.
    """
    if refused := refusal(store.plan, address, date.today()):
        raise Refused(*refused)
    with store.transaction() as connection:
        # The lock is held: nobody appends between what is read here and what is entered.
        known = _standing(store.entries((DECLARED, WITHDRAWN))).get(address)
        if known is not None:
            return _told(known)
        if any(each.standing for each in store.submissions(**vars(address), limit=None)):
            fix = "Send a file that takes its place, or ask the department."
            raise Refused(
                "contradicts", "An accepted file stands for this period, so there is something to report.", fix
            )
        return _told(store.append_in(connection, DECLARED, {**vars(address), "by": by}))


def withdraw_nothing(store: Store, address: Address, *, by: str) -> dict[str, Any]:
    """Take the statement back, and give the entry that says so; Refused "no-statement" where there is none."""
    with store.transaction() as connection:
        if address not in _standing(store.entries((DECLARED, WITHDRAWN))):
            raise Refused("no-statement", "The district has not stated that it has nothing to report.", "")
        return _told(store.append_in(connection, WITHDRAWN, {**vars(address), "by": by}))


def statements(store: Store) -> list[Statement]:
    """The statements that stand, in the order they were made."""
    found = _standing(store.entries((DECLARED, WITHDRAWN)))
    return [Statement(address, entry.time) for address, entry in found.items()]


def _standing(entries: Iterable[LedgerEntry]) -> dict[Address, LedgerEntry]:
    found: dict[Address, LedgerEntry] = {}
    for entry in entries:
        address = Address(*(entry.body[name] for name in ("district", "collection", "period")))
        found.pop(address, None)
        if entry.kind == DECLARED:
            found[address] = entry
    return found


def _told(entry: LedgerEntry) -> dict[str, Any]:
    return {"number": entry.number, "time": entry.time, "kind": entry.kind, **entry.body}
