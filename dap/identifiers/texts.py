"""What a single text holds: cell, header, title line, file name alike."""

from __future__ import annotations

import re
import string
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from functools import cache, cached_property

from dap.identifiers import candidates, prefilter, words
from dap.identifiers.explanations import explained, in_code
from dap.identifiers.normal import normalised
from dap.identifiers.results import LABELLED, MASKED, PARTIAL, SEPARATED, Hit
from dap.identifiers.validity import label, what_tells

WORD_REACH = 40
"""How many characters may stand between a word for Social Security number and the digits it is about."""

_JOINT = r"[ .:=#()\-\"',\[]"
# The words that may stand between a word for the number and the number it is directly before.
SAID_BEFORE: dict[str, str] = {"number": "{number}|value|id", "is": "is|was|es"}
# The words that may stand between "last four", a word for the number and the four digits themselves.
LINKS: dict[str, str] = {
    "digits": "digits?|digitos|numbers|{number}",
    "of": "of|the|for|de|del|la",
    "whose": "her|his|their|my|your|su",
    "is": "is|are|was|were|es|son",
}
_FOUR = r"(?<![0-9])(?<![0-9][./\-])[x*#]{0,9}[0-9]{4}(?![0-9a-z]|[./\-][0-9])"

LAST_FOUR_ORDERS: dict[str, str] = {
    "last four of the number": "{four}{link}{ssn}{link}{digits}",
    "the number's last four": "{ssn}{link}{four}{link}{digits}",
    "the number with a four": r"(?<![a-z0-9])ssn ?4[\"'\])]{{0,2}} ?[:=]{{1,2}} ?[\"']?{digits}",
    "last four, digits, then the number": r"{four}{link}{digits} ?[(\[]{{1,2}}{ssn}",
    "digits, then last four of the number": "{digits}{link}{four}{link}{ssn}",
    "digits, then the number's last four": "{digits}{link}{ssn}{link}{four}",
}


def find_in_text(text: str) -> tuple[Hit, ...]:
    """What a single text holds, each kind of hit once."""
    return tuple(dict.fromkeys(hit for variant in candidates_of(text) for hit in _found(variant)))


class Alike:
    """Finds what many texts hold: of those that repeat it looks at one, of usual numbers at one of each label."""

    def __init__(self) -> None:
        self._texts: dict[str, tuple[Hit, ...]] = {}
        self._numbers: dict[tuple[str, tuple[object, ...]], tuple[Hit, ...]] = {}

    def find(self, text: str) -> tuple[Hit, ...]:
        """What `find_in_text` finds."""
        usual = _USUAL.fullmatch(text)
        if usual is None:
            return self._again(text)
        area, separator, group, serial = usual.groups()
        told_by = what_tells(area + group + serial)
        if told_by is None:
            return find_in_text(text)
        alike = separator, told_by
        found = self._numbers.get(alike)
        if found is None:
            found = self._numbers[alike] = find_in_text(text)
        return found

    def _again(self, text: str) -> tuple[Hit, ...]:
        """What a text holds that others may repeat, as codes and places do."""
        found = self._texts.get(text)
        if found is None:
            found = find_in_text(text)
            if len(self._texts) < _REMEMBERED and len(text) <= _SHORT:
                self._texts[text] = found
        return found


_REMEMBERED, _SHORT = 500, 100
_USUAL = re.compile(r"([0-9]{3})([ -])([0-9]{2})\2([0-9]{4})")


def find_in_texts(texts: Sequence[str]) -> Iterator[tuple[int, tuple[Hit, ...]]]:
    """What each of many texts holds by itself: the places in `texts`, ascending, where something is found."""
    alike = Alike()
    for place in prefilter.worth_a_look(texts):
        if hits := alike.find(texts[place]):
            yield place, hits


def candidates_of(text: str) -> tuple[str, ...]:
    """The normalised readings of a text that hold digits enough to be worth a search."""
    return tuple(each for each in normalised(text) if _FEWEST.search(each))


# The middle group alone may be shown by a mask: a text with fewer digits in a row holds no identifier.
_FEWEST = re.compile(r"[0-9]{2}")


class Said:
    """One normalised reading of a text, with what all finders ask of it worked out once."""

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The text as words are looked for in it, see `words.words`."""
        return words.words(self.text)

    @cached_property
    def names_ssn(self) -> bool:
        """Whether a word for Social Security number stands anywhere in it."""
        return any(words.ssn_words().search(said) for said in self.words)


def _found(variant: str) -> Iterator[Hit]:
    said = Said(variant)
    for find in FINDERS.values():
        yield from find(said)


def _separated(said: Said) -> Iterator[Hit]:
    text = said.text
    seen: set[str] = set()
    for number, beside in _with_neighbours(candidates.separated(text)):
        if (kind := label(number.digits)) in seen:
            continue
        # Two such numbers in a row vouch for each other, and a word for Social Security number for all.
        repeated = any(
            max(number.start, other.start) - min(number.end, other.end) <= candidates.LONGEST_SEPARATOR
            for other in beside
        )
        if repeated or not explained(text, number) or said.names_ssn:
            seen.add(kind)
            yield Hit(kind, SEPARATED, "three, two and four digits with separators between")


def _with_neighbours(
    found: Iterator[candidates.Separated],
) -> Iterator[tuple[candidates.Separated, tuple[candidates.Separated, ...]]]:
    """Each number with those before and behind it: held are three at a time, and a text can have a million."""
    before: tuple[candidates.Separated, ...] = ()
    number = next(found, None)
    while number is not None:
        behind = next(found, None)
        yield number, (*before, *((behind,) if behind else ()))
        before, number = (number,), behind


def _labelled(said: Said) -> Iterator[Hit]:
    text = said.text
    if text.isdigit() or not _EIGHT_IN_A_ROW.search(text) or not said.names_ssn:
        return
    otherwise = _called_otherwise(said)
    for each in said.words:
        spans = [match.span() for match in words.ssn_words().finditer(each)]
        if not spans:
            continue
        yield from _near(each, spans, text, otherwise[each])
        directly = {match.end() for match in _directly_before().finditer(each)}
        for match in candidates.nearly_nine(each):
            if match.start() in directly:
                yield _named(match.group(), "directly behind a word for Social Security number")


_EIGHT_IN_A_ROW = re.compile(r"[0-9]{8}|[0-9]{3}[ \-._/\\|:~*]{1,4}[0-9]{6}|[0-9]{5}[ \-._/\\|:~*]{1,4}[0-9]{4}")


def _called_otherwise(said: Said) -> dict[str, frozenset[int]]:
    """For each way in which words are looked for, where nine digits begin that a word directly before calls otherwise.

    What one way tells of a number counts in all: only split up is "caseNumber" a word.
    """
    labelled = {each: words.labels_something_else(each) for each in said.words}
    if len(labelled) == 1 or not any(labelled.values()):
        return labelled
    begins = {each: [match.start() for match in candidates.nine(each)] for each in said.words}
    if len(set(map(len, begins.values()))) != 1:
        return labelled
    labels = ([at in labelled[each] for at in begins[each]] for each in begins)
    called = [any(ways) for ways in zip(*labels, strict=True)]
    return {each: frozenset(at for at, other in zip(begins[each], called, strict=True) if other) for each in begins}


def _near(said: str, spans: list[tuple[int, int]], text: str, otherwise: frozenset[int]) -> Iterator[Hit]:
    """Nine digits with a word near them, and no word for something else directly before them: at `otherwise`."""
    starts, ends = [start for start, _ in spans], [end for _, end in spans]
    codes = _codes(text)
    kinds: set[str] = set()
    for match in candidates.nine(said):
        before, after = bisect_right(ends, match.start()) - 1, bisect_left(starts, match.end())
        near = (before >= 0 and ends[before] >= match.start() - WORD_REACH) or (
            after < len(starts) and starts[after] <= match.end() + WORD_REACH
        )
        if not near or match.start() in otherwise or match.group() in codes:
            continue
        if (kind := label(match.group())) not in kinds:
            kinds.add(kind)
            yield Hit(kind, LABELLED, "nine digits near a word for Social Security number")


def _codes(text: str) -> frozenset[str]:
    """The nine digits of a text that stand in a longer code only: looked for before joined words are split."""
    inside: dict[str, bool] = {}
    named: dict[str, bool] = {}
    for match in candidates.nine(text):
        # Most numbers touch nothing: the characters beside them are asked first.
        touched = (
            text[max(0, match.start() - 1) : match.start()].isalnum() or text[match.end() : match.end() + 1].isalnum()
        )
        code = touched and in_code(text, match.start(), match.end()) and not _is_glued(text, match, named)
        inside[match.group()] = inside.get(match.group(), True) and code
    return frozenset(digits for digits, code in inside.items() if code)


def _is_glued(text: str, match: re.Match[str], named: dict[str, bool]) -> bool:
    """Whether digits are glued to a word for the number, and to nothing behind them that makes a code.

    `named` keeps which words were asked about.
    """
    if not text[max(0, match.start() - 1)].isalpha() or in_code(
        text[match.start() : match.end() + _LONGEST_WORD], 0, 9
    ):
        return False
    before = text[max(0, match.start() - _LONGEST_WORD) : match.start()]
    head = before[len(before.rstrip(string.ascii_letters)) :].casefold()
    if head not in named:
        named[head] = words.ssn_words().fullmatch(head) is not None
    return named[head]


_LONGEST_WORD = 24


def _masked(said: Said) -> Iterator[Hit]:
    if candidates.masked(said.text):
        yield Hit(PARTIAL, MASKED, "a mask of three, two and four with a group visible")
    if not _FOUR_IN_A_ROW.search(said.text) or not said.names_ssn:
        return
    for each in said.words:
        directly = {match.end() for match in _directly_before(masked=True).finditer(each)}
        if any(match.start() in directly for match in candidates.half_masked(each)):
            yield Hit(PARTIAL, MASKED, "a mask and four digits directly behind a word for Social Security number")
        if _last_four().search(each):
            yield Hit(PARTIAL, MASKED, "four digits said to be the last of a Social Security number")


_FOUR_IN_A_ROW = re.compile(r"(?<![0-9])[0-9]{4}(?![0-9])")


def _misread(said: Said) -> Iterator[Hit]:
    """Letters for digits in the layout of an SSN, or in nine characters, directly behind a word for it."""
    if not _MISREAD.search(said.text) or not said.names_ssn:
        return
    first = said.words[0]
    ends = {match.end() for match in _directly_before(masked=True).finditer(first)}
    for match in _MISREAD.finditer(first):
        digits = candidates.UNDER_HEADER["letters read for digits"](match.group()) if match.start() in ends else None
        if digits:
            yield Hit(
                label(digits), LABELLED, "letters that look like digits, behind a word for Social Security number"
            )


_MISREAD = re.compile(
    r"(?<![0-9A-Za-z])(?=[0-9OolIiZzSsB\-. ]{0,10}[0-9])[0-9OolIiZzSsB]{3}[ \-._/]{1,3}[0-9OolIiZzSsB]{2}[ \-._/]{1,3}"
    r"[0-9OolIiZzSsB]{4}(?![0-9A-Za-z])"
    r"|(?<![0-9A-Za-z])(?=[0-9]{0,8}[OolIiZzSsB])(?=[OolIiZzSsB]{0,4}[0-9])[0-9OolIiZzSsB]{9}(?![0-9A-Za-z])"
)


def _named(number: str, evidence: str) -> Hit:
    return Hit(label(candidates.digits_of(number)), LABELLED, evidence)


# Every way in which a text by itself shows an identifier.
FINDERS: dict[str, Callable[[Said], Iterator[Hit]]] = {
    "separated": _separated,
    "labelled": _labelled,
    "masked": _masked,
    "misread": _misread,
}


@cache
def _directly_before(masked: bool = False) -> re.Pattern[str]:
    # Before a mask of "#" the sign is the mask's, unless it stands alone.
    joint = r"(?:[ .:=()\-\"',\[]|#(?!#))" if masked else _JOINT
    said = words.written(rf"(?: ?(?:{words.any_of(SAID_BEFORE)})(?![a-z])){{0,3}}{joint}{{0,6}}")
    following = r"(?=[0-9A-Za-z*#?_])" if masked else "(?=[0-9])"
    return re.compile(rf"{words.ssn_words().pattern}{said}{following}")


@cache
def _last_four() -> re.Pattern[str]:
    link = rf"{_JOINT}{{0,4}}(?:(?:{words.any_of(LINKS)})(?![a-z]){_JOINT}{{0,3}}){{0,5}}"
    parts = {
        "four": words.last_four().pattern,
        "ssn": words.ssn_words().pattern,
        "link": words.written(link),
        "digits": _FOUR,
    }
    return re.compile("|".join(each.format(**parts) for each in LAST_FOUR_ORDERS.values()))


def forget() -> None:
    """Build the patterns anew: for whoever changed a table of this module."""
    _directly_before.cache_clear()
    _last_four.cache_clear()
