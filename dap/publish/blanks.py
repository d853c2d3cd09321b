"""May it be left blank? What the plan says of a district's file, and of a family's answer; and when it does not say."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dap.plan import Condition, Plan, Term
from dap.publish.facts import Entry
from dap.publish.words import Words

# Labels of permitted values that stand for no answer, as code lists word them.
_NO_ANSWER = re.compile(r"\b(not reported|unknown|declin\w*|not (?:provided|stated|available|given))\b", re.IGNORECASE)


def in_the_file(entry: Entry, words: Words) -> str:
    """Whether the file or form that reaches the state must have it filled, in a sentence."""
    element, _ = entry.element, words.say
    where = {"layout": entry.layout}
    if element.required:
        return _("No. Every record must have it.")
    if element.required_when:
        said = condition_words(element.required_when, words, **where)
        return _("It must be filled when this holds: %(condition)s. Otherwise it may be empty.") % {"condition": said}
    if any(question.about == "required" for question in entry.element.open):
        return _("No source says. It is an open question of the plan.")
    if not entry.layout.is_file:
        return _("The plan does not say that it must be filled, and no file of it is checked.")
    if element.name in entry.layout.optional:
        return _("Yes. A district may leave the whole column out of its file.")
    return _("Yes. A file is accepted when it is empty.")


def by_the_family(entry: Entry, words: Words) -> str:
    """Whether a family may leave it blank: only the obligation that the plan names for a law can say so."""
    _ = words.say
    said = {link.obligation for link in entry.element.mandates if link.obligation}
    if said == {"voluntary"}:
        return _("Yes. The plan says that answering is voluntary.")
    if "mandatory" in said:
        return _("No. The plan says that it must be answered.")
    if "for-benefit" in said:
        return _("Yes, but it must be answered to get the benefit it is asked for.")
    return _(
        "The plan does not know. None of its sources says whether a family may leave this blank. "
        "Ask your school district before you answer."
    )


def no_answer_labels(plan: Plan, entry: Entry) -> tuple[str, ...]:
    """The permitted values that say that there is no answer."""
    if not entry.element.codes:
        return ()
    return tuple(each.label for each in plan.code_list(entry.element.codes).codes if _NO_ANSWER.search(each.label))


def condition_words(condition: Condition, words: Words, layout: object) -> str:
    """A condition on other elements of the same record, in words."""
    titles = {each.name: each.title for each in getattr(layout, "elements", ())}
    joint = words.say(" and ") if condition.every else words.say(" or ")
    return joint.join(_terms(condition, titles, words))


def _terms(condition: Condition, titles: dict[str, str], words: Words) -> Iterator[str]:
    for term in condition.terms:
        title = words.translated(titles[term.field]) or titles[term.field]
        yield _term_form(term, words) % {"field": title, "values": words.say(" or ").join(term.values)}


def _term_form(term: Term, words: Words) -> str:
    if term.empty is not None:
        return words.say("%(field)s is empty") if term.empty else words.say("%(field)s is filled")
    return words.say("%(field)s is not %(values)s") if term.negated else words.say("%(field)s is %(values)s")
