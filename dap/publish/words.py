"""The site's own words in each language: gettext catalogs, and the words of the plan's fixed vocabulary."""

from __future__ import annotations

import gettext
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dap.languages import OWN, _, catalog

LOCALE = Path(__file__).parent / "locale"


VOCABULARY: Mapping[str, Mapping[str, str]] = {
    "frequency": {
        "continuous": _("all year, whenever something changes"),
        "per incident": _("each time it happens"),
        "at enrollment": _("when a child enrolls"),
        "at entry and exit": _("when a child enters and leaves"),
        "weekly": _("every week"),
        "monthly": _("every month"),
        "quarterly": _("every quarter"),
        "three a year": _("three times a year"),
        "semiannual": _("twice a year"),
        "October and June": _("in October and June"),
        "annual": _("once a year"),
        "biennial": _("every two years"),
        "every two years": _("every two years"),
        "every five years": _("every five years"),
        "once": _("once only"),
        "on request": _("on request"),
        "per application": _("with each application"),
        "per project": _("for each project"),
        "per hire": _("for each person hired"),
        "per grant, annual": _("once a year for each grant"),
        "continuous, closed yearly": _("all year, closed once a year"),
        "three windows a year": _("three times a year"),
        "": _("not stated"),
    },
    "sensitivity": {
        "direct-identifier": _("Names a person"),
        "indirect-identifier": _("Could help to tell who a person is"),
        "health": _("Health"),
        "disability": _("Disability"),
        "discipline": _("Discipline"),
        "socioeconomic": _("Money and living conditions"),
        "none": _("Not about one person"),
        "": _("Not stated"),
    },
    "sensitivity explained": {
        "direct-identifier": _("A name, number or date that says who somebody is."),
        "indirect-identifier": _("Does not name anybody, but together with other facts it could tell who it is about."),
        "health": _("Says something about a person's body, health or disability."),
        "disability": _("Says something about a person's disability."),
        "discipline": _("Says that a person was in trouble, restrained or hurt."),
        "socioeconomic": _("Says something about a family's money or home."),
        "none": _("A count, a code or a fact about a school, a class or money."),
        "": _("The plan does not say how sensitive it is."),
    },
    "domain": {
        "student": _("Students"),
        "staff": _("Staff"),
        "facility": _("Schools and buildings"),
        "fiscal": _("Money"),
        "program": _("Programs"),
    },
    "level": {
        "individual": _("one record for each person"),
        "school": _("numbers or facts for each school"),
        "district": _("numbers or facts for each district"),
        "aggregate": _("numbers for groups"),
    },
    "obligation": {
        "mandatory": _("must be answered"),
        "for-benefit": _("must be answered to get a benefit"),
        "voluntary": _("may be answered or not"),
    },
    "jurisdiction": {
        "federal": _("Federal law"),
        "state": _("State law"),
        "other": _("Another reason"),
    },
    "submitted": {
        "file": _("as a file"),
        "form": _("on a form"),
        "system": _("in an online system"),
        "local": _("it stays in the school or district"),
        "": _("no source says how"),
    },
    "status": {
        "active": _("collected now"),
        "planned": _("planned"),
        "ended": _("no longer collected"),
        "replaced": _("replaced by another collection"),
        "suspended": _("suspended"),
        "": _("no source says whether it is still collected"),
    },
    "classification": {
        "directory-information": _("directory information"),
        "student-information": _("student information"),
        "student-record": _("student record"),
        "student-generated-content": _("made by a student"),
        "persistent-unique-identifier": _("a number that stays with a person"),
        "de-identified": _("without names"),
        "staff": _("about staff"),
        "public": _("public"),
    },
    "type": {
        "string": _("text"),
        "integer": _("whole number"),
        "number": _("number"),
        "boolean": _("yes or no"),
        "date": _("date"),
        "time": _("time of day"),
        "datetime": _("date and time"),
        "year": _("year"),
        "yearmonth": _("month of a year"),
        "object": _("several answers in one"),
        "array": _("a list"),
        "any": _("any"),
    },
    "about": {
        "mandate": _("which law demands it"),
        "frequency": _("how often it is collected"),
        "codes": _("which values are permitted"),
        "position": _("where it stands in the file"),
        "status": _("whether it is still collected"),
        "format": _("in which form it is written"),
        "type": _("what kind of value it is"),
        "length": _("how long it may be"),
        "required": _("whether it must be filled"),
        "requiredWhen": _("when it must be filled"),
        "forbiddenWhen": _("when it must stay empty"),
        "windows": _("when it is collected"),
        "respondents": _("who must answer"),
        "layout": _("the whole layout of the file"),
        "purpose": _("what it is for"),
        "uses": _("what it is used for"),
        "retention": _("how long it is kept"),
        "sensitivity": _("how sensitive it is"),
        "definition": _("what exactly it means"),
        "confidence": _("how sure the reading is"),
        "elements": _("what exactly is asked"),
        "source": _("where it is written"),
        "steward": _("who is in charge of it"),
        "certifiedBy": _("who signs for it"),
        "obligation": _("whether it must be answered"),
        "submittedAs": _("how it reaches the state"),
        "citation": _("which law it is exactly"),
    },
    "date": {
        "opens": _("opens"),
        "due": _("due"),
        "accurate": _("must be accurate"),
        "freeze": _("frozen"),
    },
    "severity": {
        "error": _("A file that breaks it is rejected."),
        "warning": _("A file that breaks it is accepted; it should be looked at all the same."),
        "info": _("For information."),
    },
    "question": {
        "Shape of the file": _("Shape of the file"),
        "Prohibited identifiers": _("Numbers that may never be sent"),
        "Unauthorised fields and content": _("What nobody asked for"),
        "Values": _("Values"),
        "Plausible, or to be explained": _("Plausible, or to be explained"),
        "The plan itself": _("The plan itself"),
    },
    "match": {
        "exact": _("the same"),
        "close": _("nearly the same"),
        "broader": _("the standard's is wider"),
        "narrower": _("the standard's is narrower"),
        "related": _("related"),
        "none": _("no counterpart"),
    },
    "confidence": {"high": _("sure"), "medium": _("fairly sure"), "low": _("not sure")},
    "month": {
        "01": _("January"),
        "02": _("February"),
        "03": _("March"),
        "04": _("April"),
        "05": _("May"),
        "06": _("June"),
        "07": _("July"),
        "08": _("August"),
        "09": _("September"),
        "10": _("October"),
        "11": _("November"),
        "12": _("December"),
    },
}
"""How each word of the plan's fixed vocabulary reads to a family, by kind; translated like any sentence of ours."""


@dataclass(frozen=True)
class Words:
    """Our sentences in one language, and the plan's texts as far as it has translated them."""

    language: str
    catalog: gettext.NullTranslations
    of_plan: Mapping[tuple[str, str], str]

    def say(self, text: str) -> str:
        """A sentence of ours in this language."""
        return self.catalog.gettext(text)

    def count(self, one: str, many: str, number: int) -> str:
        """The form of a sentence of ours for the number, with the number in it."""
        return self.catalog.ngettext(one, many, number) % {"num": number}

    def term(self, kind: str, value: str) -> str | None:
        """A word of the plan's vocabulary as a family reads it; None where the word is not one of ours."""
        known = VOCABULARY[kind].get(value)
        return None if known is None else self.catalog.gettext(known)

    def translated(self, text: str) -> str | None:
        """A text of the plan in this language; None where the plan has no translation of it."""
        return text if self.language == OWN else self.of_plan.get((self.language, text))

    def day(self, written: str) -> str:
        """A date of the plan, `YYYY-MM-DD` or `YYYY-MM`, as a family writes it."""
        year, month, *day = written.split("-")
        name = self.term("month", month) or month
        if not day:
            form = self.say("%(month)s %(year)s")
            return form % {"month": name, "year": year}
        form = self.say("%(month)s %(day)s, %(year)s")
        return form % {"month": name, "day": int(day[0]), "year": year}


def words(language: str, of_plan: Mapping[tuple[str, str], str] | None = None) -> Words:
    """The words of a language of `LANGUAGES`; `of_plan` is `Plan.translations`."""
    return Words(language, catalog(LOCALE, language), of_plan or {})


def po_file(language: str) -> Path:
    """Where the translations of our sentences lie."""
    return LOCALE / f"{language}.po"
