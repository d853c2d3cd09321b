"""What the plan's elements rest on: laws and uses, or nothing; and how sure its facts are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from dap.plan import Collection, Element, Layout, MandateLink, Plan, Source
from dap.review.words import is_asked, table

if TYPE_CHECKING:
    import pandas as pd

_CONFIDENCES = ("high", "medium", "low", "")
_JURISDICTIONS = ("federal", "state", "other")
# From the strongest: an element two laws speak of is as obligatory as the stronger makes it.
_OBLIGATIONS = ("mandatory", "for-benefit", "voluntary", "")

_Asked = tuple[Collection, Layout, Element]


def unsupported_elements(plan: Plan) -> pd.DataFrame:
    """Every element that no mandate, or no use and no purpose, stands behind, in catalog order.

    Columns: collection, layout, element, title, domain, status, lacks (`mandate`, `use` or `mandate and use`), in_force
    (whether it is asked, for all that is known), open (which of `mandate`, `purpose`, `uses` are open questions of the
    element, its layout or collection; empty: nobody has asked yet).

    A mandate or use that the element inherits from its collection counts. One stated purpose, or one use, is a use.
    """
    rows = [
        {
            "collection": collection.id,
            "layout": layout.name,
            "element": element.name,
            "title": element.title,
            "domain": collection.domain,
            "status": element.status,
            "lacks": " and ".join(lacking),
            "in_force": is_asked(collection, element),
            "open": "; ".join(_asked_about(lacking, collection, layout, element)),
        }
        for collection, layout, element in plan.every_element()
        if (lacking := _lacking(element))
    ]
    return table(rows, "collection layout element title domain status lacks in_force:bool open")


def _lacking(element: Element) -> list[str]:
    missing = {"mandate": not element.mandates, "use": not (element.uses or element.purpose)}
    return [what for what, lacks in missing.items() if lacks]


def _asked_about(lacking: list[str], *where: Collection | Layout | Element) -> list[str]:
    abouts = {question.about for each in where for question in each.open}
    wanted = [about for what in lacking for about in (["mandate"] if what == "mandate" else ["purpose", "uses"])]
    return [about for about in wanted if about in abouts]


def confidence_coverage(plan: Plan) -> pd.DataFrame:
    """How many facts were read with which confidence, by kind of fact.

    One row a kind (collection, layout, element, mandate, code list, code) and confidence (high, medium, low, unstated),
    the rows without facts too. Columns: kind, confidence, facts, share (of the kind's facts, 0 to 1; empty where
    there are none).

    The confidence is that of the first source, as in the plan's tables; a code has that of its list, for its own source
    says none. Windows have no source of their own: theirs is the collection's.
    """
    found = {
        "collection": Counter(_confidence(each.sources) for each in plan.all_collections),
        "layout": Counter(_confidence(layout.sources) for each in plan.all_collections for layout in each.layouts),
        "element": Counter(_confidence(element.sources) for _, _, element in plan.every_element()),
        "mandate": Counter(each.confidence for each in plan.all_mandates),
        "code list": Counter(_confidence(each.sources) for each in plan.all_code_lists),
        "code": Counter(_confidence(each.sources) for each in plan.all_code_lists for _ in each.codes),
    }
    rows = [
        {
            "kind": kind,
            "confidence": confidence or "unstated",
            "facts": counts[confidence],
            "share": counts[confidence] / counts.total() if counts else float("nan"),
        }
        for kind, counts in found.items()
        for confidence in _CONFIDENCES
    ]
    return table(rows, "kind confidence facts:int share:float64")


def _confidence(sources: tuple[Source, ...]) -> str:
    return sources[0].confidence if sources else ""


_DEMANDS = """collections:int collections_undocumented:int elements:int in_force:int mandatory:int for_benefit:int
    voluntary:int unstated:int alone:int"""


def demands_by_law(plan: Plan) -> pd.DataFrame:
    """What each mandate demands, the one behind the most elements first; a mandate nothing rests on is there too.

    Columns: mandate, citation, title, jurisdiction, then counts: collections (that rest on it, themselves or by an
    element), collections_undocumented (of these, those none of whose elements is documented: the law demands more than
    the counts of elements show), elements, in_force (of the elements, those that are asked, for all that is known),
    mandatory, for_benefit, voluntary, unstated (the elements by the obligation this law gives them), alone (the
    elements that rest on no other mandate), stated (the elements whose own descriptor names it), inherited (those
    that have it from their collection).
    """
    rows: list[dict[str, Any]] = []
    for mandate in plan.all_mandates:
        resting = [each for each in plan.every_element() if _links(each[2], {mandate.id})]
        inherited = sum(1 for _, _, element in resting if "mandates" in element.inherited)
        rows.append(
            {
                "mandate": mandate.id,
                "citation": mandate.citation,
                "title": mandate.title,
                "jurisdiction": mandate.jurisdiction,
                **_demands(plan, {mandate.id}, resting),
                "stated": len(resting) - inherited,
                "inherited": inherited,
            }
        )
    rows.sort(key=lambda row: (-row["elements"], -row["collections"], row["mandate"]))
    return table(rows, f"mandate citation title jurisdiction {_DEMANDS} stated:int inherited:int")


def demands_by_jurisdiction(plan: Plan) -> pd.DataFrame:
    """What federal law, state law and other reasons demand; and, last, what no mandate is known for.

    Columns: jurisdiction (`federal`, `state`, `other`, and `none known`), mandates, unused (mandates nothing in the
    plan rests on), then the counts of `demands_by_law`, each collection and element counted once: collections,
    collections_undocumented, elements, in_force, mandatory, for_benefit, voluntary, unstated (by the strongest
    obligation of this jurisdiction), alone (on mandates of this jurisdiction alone).

    An element may rest on laws of several jurisdictions, so the rows of the first three may add up to more than there
    are.
    """
    everything = list(plan.every_element())
    rows = []
    for jurisdiction in _JURISDICTIONS:
        ids = {each.id for each in plan.all_mandates if each.jurisdiction == jurisdiction}
        resting = [each for each in everything if _links(each[2], ids)]
        used = {link.id for each in everything for link in each[2].mandates}
        used |= {link.id for each in plan.all_collections for link in each.mandates}
        counts = {"mandates": len(ids), "unused": len(ids - used), **_demands(plan, ids, resting)}
        rows.append({"jurisdiction": jurisdiction, **counts})
    rows.append({"jurisdiction": "none known", "mandates": 0, "unused": 0, **_undemanded(plan, everything)})
    return table(rows, f"jurisdiction mandates:int unused:int {_DEMANDS}")


def _demands(plan: Plan, ids: set[str], resting: list[_Asked]) -> dict[str, int]:
    strongest = Counter(_strongest(element, ids) for _, _, element in resting)
    owners = {collection.id for collection, _, _ in resting}
    collections = [each for each in plan.all_collections if each.id in owners or _links(each, ids)]
    return {
        **_sizes(collections, resting),
        **{obligation.replace("-", "_") or "unstated": strongest[obligation] for obligation in _OBLIGATIONS},
        "alone": sum(1 for _, _, element in resting if {link.id for link in element.mandates} <= ids),
    }


def _undemanded(plan: Plan, everything: list[_Asked]) -> dict[str, int]:
    resting = [each for each in everything if not each[2].mandates]
    collections = [
        each
        for each in plan.all_collections
        if not each.mandates and not any(element.mandates for layout in each.layouts for element in layout.elements)
    ]
    none = dict.fromkeys(("mandatory", "for_benefit", "voluntary", "unstated", "alone"), 0)
    return {**_sizes(collections, resting), **none}


def _sizes(collections: Iterable[Collection], resting: list[_Asked]) -> dict[str, int]:
    found = list(collections)
    return {
        "collections": len(found),
        "collections_undocumented": sum(1 for each in found if not any(_elements(each))),
        "elements": len(resting),
        "in_force": sum(1 for collection, _, element in resting if is_asked(collection, element)),
    }


def _elements(collection: Collection) -> Iterator[Element]:
    return (element for layout in collection.layouts for element in layout.elements)


def _links(owner: Collection | Element, ids: set[str]) -> list[MandateLink]:
    return [link for link in owner.mandates if link.id in ids]


def _strongest(element: Element, ids: set[str]) -> str:
    return min((link.obligation for link in _links(element, ids)), key=_OBLIGATIONS.index)
