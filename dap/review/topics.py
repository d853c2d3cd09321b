"""Which elements about a topic a law requires, and when they are due: the question stewards are asked most."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dap.errors import RequestError, nearest
from dap.review.words import is_asked, latest_windows

if TYPE_CHECKING:
    import pandas as pd

    from dap.plan import Collection, Plan, Topic

_COLUMNS = ["collection", "collection_title", "layout", "element", "title", "laws", "obligation", "due"]
_JURISDICTIONS = ("federal", "state", "other")
UNDATED = "no source gives a date"


def elements_about(plan: Plan, topic: str, jurisdiction: str) -> pd.DataFrame:
    """The elements of a topic that are asked and rest on laws of a jurisdiction, in catalog order.

    Columns: collection, collection_title, layout, element, title, laws (citations, joined by `; `), obligation (those
    stated; otherwise `not stated`), due (the newest due dates a source gives, with their school year; or the source's
    words; or that no source gives a date). RequestError for an unknown topic or jurisdiction.
    """
    import pandas as pd

    subject = _topic(plan, topic)
    if jurisdiction not in _JURISDICTIONS:
        raise RequestError(f"A jurisdiction is one of {', '.join(_JURISDICTIONS)}.")
    laws = {each.id: each for each in plan.all_mandates if each.jurisdiction == jurisdiction}
    rows: list[dict[str, Any]] = []
    for collection, layout, element in plan.every_element():
        links = [link for link in element.mandates if link.id in laws]
        if not links or not is_asked(collection, element) or not subject.holds(collection, element):
            continue
        stated = dict.fromkeys(link.obligation for link in links if link.obligation)
        row = (
            collection.id,
            collection.title,
            layout.name,
            element.name,
            element.title,
            "; ".join(laws[link.id].cited for link in links),
            "; ".join(stated) or "not stated",
            _due(collection),
        )
        rows.append(dict(zip(_COLUMNS, row, strict=True)))
    return pd.DataFrame(rows, columns=_COLUMNS)


def _topic(plan: Plan, wanted: str) -> Topic:
    known = {each.id: each for each in plan.all_topics}
    if wanted not in known:
        raise RequestError(f"There is no such topic.{nearest(wanted, known)}")
    return known[wanted]


def _due(collection: Collection) -> str:
    dates = [
        " ".join(filter(None, (window.due, f"({window.school_year}{', ' * bool(window.name)}{window.name})")))
        for window in latest_windows(collection)
        if window.due
    ]
    said = collection.dates_note.rstrip(".")
    if dates:
        return "; ".join(dates)
    return f"in the source's words: {said}" if said else UNDATED
