"""Judges one column of an unknown file: its type, lengths and candidate codes, without keeping who has which value."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections import Counter
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from dap.identifiers import names_ssn
from dap.values import ANY_FORMAT, as_date

_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,14})")
_NUMBER = re.compile(r"[+-]?(?:(?:0|[1-9][0-9]{0,14})(?:\.[0-9]*)?|\.[0-9]+)")
_JOINT = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[A-Za-z])(?=[0-9])")
_DATE_LIKE = re.compile(r"[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}")
_YEAR = re.compile(r"(?:19|20)[0-9]{2}(?:-[0-9]{2}|-(?:19|20)[0-9]{2})?")
_SIGNS = frozenset(" ./&+()'-")
_NOT_CLEAN = re.compile(r"[\x00-\x1f\x7f]|\A\s+\Z")
_FORGET_AT = 50_000
# Fewer rows prove no fixed width.
_LEAST_ROWS = 6
# A whole number this wide, of one width and rarely the same twice, counts nothing: it is a number that names.
_NAMING_WIDTH = 5


@cache
def known() -> Mapping[str, Any]:
    """The word lists, thresholds and sentences of `words.toml`."""
    return tomllib.loads((Path(__file__).parent / "words.toml").read_text("utf-8"))


def words_of(header: str) -> tuple[str, ...]:
    """The header's words, lower case without accents."""
    plain = unicodedata.normalize("NFD", _JOINT.sub(" ", header))
    letters = "".join(each for each in plain if unicodedata.category(each) != "Mn").casefold()
    return tuple(re.findall(r"[^\W_]+", letters))


def is_identifying(header: str) -> bool:
    """Whether a column of this name may say who somebody is, so that nothing of what it holds is shown."""
    words, lists = words_of(header), known()["identifying"]
    squashed = "".join(words)
    if names_ssn(header) or set(words) & set(lists["words"]) or squashed.endswith(tuple(lists["ends"])):
        return True
    if any(stem in squashed for stem in lists["stems"]):
        return True
    return names_role(header) and not set(words) & set(known()["codes"]["named"])


def names_role(header: str) -> bool:
    """Whether the header names a person's role, such as teacher."""
    return bool(set(words_of(header)) & set(known()["identifying"]["roles"]))


def names_codes(header: str) -> bool:
    """Whether the header says that the column holds codes."""
    words, lists = set(words_of(header)), known()["codes"]
    return bool(words & set(lists["named"])) or bool(
        words & set(lists["named_without_role"]) and not names_role(header)
    )


def proves_header(cell: str) -> bool:
    """Whether a cell of the first row can only be a column's name: it has a word for one, or an underscore."""
    lists = known()
    words = {*lists["header"]["words"], *lists["identifying"]["words"], *lists["identifying"]["roles"]}
    words |= {*lists["codes"]["named"], *lists["codes"]["named_without_role"]}
    squashed = "".join(words_of(cell))
    return "_" in cell or bool(words & set(words_of(cell))) or any(s in squashed for s in lists["identifying"]["stems"])


def looks_like_data(cell: str) -> bool:
    """Whether a cell of the first row looks like a value: a number, a date, an address; a school year is neither."""
    if _YEAR.fullmatch(cell):
        return False
    digits, letters = sum(map(str.isdigit, cell)), sum(map(str.isalpha, cell))
    return (
        len(cell) > 100
        or (digits > 0 and letters == 0)
        or digits >= 5
        or "@" in cell
        or "://" in cell
        or _DATE_LIKE.search(cell) is not None
    )


class Column:
    """What is known of one column after `add` has met its values; `field` is what the draft says of it."""

    def __init__(self, header: str) -> None:
        self.header = header
        self.filled = self.empty = 0
        self.shortest, self.longest = 10**9, 0
        self.integer = self.number = True
        lists = known()
        words = set(words_of(header))
        bare = lists["dates"]["bare"] if words & set(lists["dates"]["words"]) else []
        self.formats: list[str] = [*lists["dates"]["formats"], *bare]
        self.any_date = True
        self.all_digits = True
        self.marks: Counter[str] = Counter()
        self.counts: Counter[str] | None = Counter()
        self.unclean = 0
        self.has_header_again = False
        self._labels = {each["value"]: each["label"] for each in lists["marks"]}
        self._dates: dict[str, tuple[str, ...]] = {}

    def add(self, values: Counter[str]) -> None:
        """Take in the values of some rows, each with the number of rows that have it."""
        self.empty += values.pop("", 0)
        self.filled += values.total()
        self.has_header_again |= self.header in values
        self._count(values)
        for value in values:
            self._length(value)
            if _NOT_CLEAN.search(value):
                self.unclean += values[value]
            if value in self._labels:
                self.marks[value] += values[value]
                continue
            self._narrow(value)

    def _length(self, value: str) -> None:
        length = len(value)
        if length < self.shortest:
            self.shortest = length
        if length > self.longest:
            self.longest = length

    def _count(self, values: Counter[str]) -> None:
        if self.counts is None:
            return
        limits = known()["codes"]
        if len(values) > limits["distinct"] or any(len(value) > limits["longest"] for value in values):
            self.counts = None
            return
        self.counts.update(values)
        if len(self.counts) > limits["distinct"]:
            self.counts = None

    def _narrow(self, value: str) -> None:
        """Give up each type that the value is not of."""
        if self.number and not _NUMBER.fullmatch(value):
            self.number = self.integer = False
        if self.integer and not _INTEGER.fullmatch(value):
            self.integer = False
        if self.all_digits and not (value.isascii() and value.isdigit()):
            self.all_digits = False
        if self.formats or self.any_date:
            if not any(map(str.isdigit, value)) or len(value) > 12:
                self.formats, self.any_date = [], False
                return
            of = self._dates.get(value)
            if of is None:
                if len(self._dates) > _FORGET_AT:
                    self._dates.clear()
                of = self._dates[value] = _formats(value, (*self.formats, *([ANY_FORMAT] if self.any_date else [])))
            self.formats = [each for each in self.formats if each in of]
            self.any_date = self.any_date and ANY_FORMAT in of

    @property
    def identifying(self) -> bool:
        """Whether the column's name says that it may identify somebody."""
        return is_identifying(self.header)

    @property
    def type(self) -> str:
        """The Table Schema type that every value has, marks for missing ones aside."""
        if self.filled == self.marks.total() or self.filled == 0:
            return "string"
        if self.date_format:
            return "date"
        if self._is_boolean:
            return "boolean"
        if not self.number or self._names_things:
            return "string"
        return "integer" if self.integer else "number"

    @property
    def date_format(self) -> str:
        """The format that all dates are written in, `any` where that is not proven; empty where they are no dates."""
        if len(self.formats) == 1:
            return self.formats[0]
        # A number is written like a date in eight digits, so only words in the header could prove that.
        return ANY_FORMAT if self.any_date and not self.number and not self.all_digits else ""

    @property
    def _is_boolean(self) -> bool:
        return self._pair is not None

    @property
    def _pair(self) -> list[str] | None:
        """The yes and no of the column, where it holds these two, each in so many rows that nobody is pointed out."""
        if self.counts is None or self.identifying or min(self.counts.values(), default=0) < known()["codes"]["rows"]:
            return None
        pairs: list[list[str]] = known()["booleans"]["pairs"]
        return next((pair for pair in pairs if set(pair) == set(self.counts)), None)

    @property
    def _names_things(self) -> bool:
        """Whether its numbers are names of something: an identifier, or a code."""
        if self.identifying or (self.integer and names_codes(self.header) and self._low_cardinality):
            return True
        wide = self.all_digits and not self.marks and self.shortest == self.longest >= _NAMING_WIDTH
        return wide and self.counts is None

    @property
    def _low_cardinality(self) -> bool:
        limits = known()["codes"]
        return bool(self.counts) and self.filled >= limits["rows_a_value"] * len(self.counts or ())

    def candidates(self) -> list[str]:
        """The codes that may be shown, in order: none unless the column is of few values and identifies nobody."""
        limits = known()["codes"]
        if self.counts is None or self.identifying or not self._low_cardinality:
            return []
        if not all(_like_a_code(value, limits["digits"]) for value in self.counts):
            return []
        if not names_codes(self.header) and self.longest > limits["longest_unnamed"]:
            return []
        many = [value for value, rows in self.counts.items() if rows >= limits["rows"]]
        return sorted(value for value in many if value not in self._labels)

    def field(self, source: Mapping[str, Any]) -> dict[str, Any]:
        """The column as a field of the draft. Holds no value but candidate codes, a yes and no, and known marks."""
        type = self.type
        stated: dict[str, Any] = {"name": self.header, "title": _title(self.header), "type": type}
        if type == "date":
            stated["format"] = self.date_format
        if type == "boolean" and (pair := self._pair):
            stated |= {"trueValues": pair[:1], "falseValues": pair[1:]}
        if constraints := self._constraints(type):
            stated["constraints"] = constraints
        if self.marks and type != "string":
            marks = [{"value": value, "label": self._labels[value]} for value in sorted(self.marks)]
            stated["missingValues"] = [{"value": ""}, *marks]
        stated["sources"] = [dict(source)]
        if acquisition := self._acquisition(type):
            stated["acquisition"] = acquisition
        return stated

    def _constraints(self, type: str) -> dict[str, Any]:
        rules: dict[str, Any] = {}
        if self.filled and not self.empty and not self.marks:
            rules["required"] = True
        if type != "string" or not self.filled:
            return rules
        fixed = self.shortest == self.longest and self.filled >= _LEAST_ROWS and not self.marks
        if fixed and self.all_digits:
            return rules | {"pattern": f"[0-9]{{{self.longest}}}", "maxLength": self.longest}
        # One value alone has its own length: that is no width.
        if fixed and not self.identifying and (self.counts is None or len(self.counts) > 1):
            return rules | {"minLength": self.longest, "maxLength": self.longest}
        rounded = next((step for step in known()["lengths"]["steps"] if step >= self.longest), None)
        return rules | ({"maxLength": rounded} if rounded else {})

    def _acquisition(self, type: str) -> dict[str, Any]:
        acquisition: dict[str, Any] = {}
        if self.identifying:
            acquisition["sensitivity"] = "direct-identifier"
        if type == "date" and self.date_format == ANY_FORMAT:
            why = "The values fit more than one way of writing dates."
            acquisition["open"] = [{"about": "format", "why": why}]
        codes = self.candidates() if type == "string" else []
        if codes:
            listed = ", ".join(f'"{code}"' for code in codes)
            least = known()["codes"]["rows"]
            why = f"Candidate codes, each in {least} rows or more: {listed}. Values of fewer rows are not listed."
            acquisition["open"] = [{"about": "codes", "why": why}]
        return acquisition


def _formats(value: str, formats: tuple[str, ...]) -> tuple[str, ...]:
    found = []
    for each in formats:
        day = as_date(value, each)
        if day is not None and 1900 <= day.year <= 2100:
            found.append(each)
    return tuple(found)


def _like_a_code(value: str, most_digits: int) -> bool:
    return (
        all(each.isalnum() or each in _SIGNS for each in value)
        and sum(map(str.isdigit, value)) <= most_digits
        and value.strip() == value
    )


def _title(header: str) -> str:
    """The header as a person reads it: `lunchStatus` as `Lunch status`; words in capitals stay."""
    words = _JOINT.sub(" ", header).replace("_", " ").split()
    plain = ["ID" if each.lower() == "id" else each.lower() if each.istitle() else each for each in words]
    title = " ".join(plain)
    return title[:1].upper() + title[1:] if title else header
