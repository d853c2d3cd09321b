"""Which periods a collection has, and why a submission for one is refused."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from dap.errors import RequestError, nearest
from dap.intake.records import Address

if TYPE_CHECKING:
    from dap.plan import Plan


def refusal(plan: Plan, address: Address, today: date) -> tuple[str, str, str] | None:
    """Why nothing is taken for the address on that day: code, message and what to do; None where it is taken."""
    known = [each.id for each in plan.all_collections]
    try:
        collection = plan.collection(address.collection)
    except RequestError:
        return "unknown-collection", "The plan has no such collection.", nearest(address.collection, known).strip()
    if not collection.file_layouts:
        return "not-a-file", "The collection is not submitted as a file.", "See the plan for how it is reported."
    if not any(not layout.valid_for or address.school_year in layout.valid_for for layout in collection.file_layouts):
        return "period-not-in-layout", "No layout of the collection is for that period.", "Correct the school year."
    return None
