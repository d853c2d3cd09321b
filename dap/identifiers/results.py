"""What the detector answers: hits in a text or a column, places in a table. Neither holds a value, by type."""

from __future__ import annotations

from dataclasses import dataclass

SSN = "ssn"
ITIN = "itin"
ATIN = "atin"
SHAPED = "ssn-shaped"
PARTIAL = "ssn-partial"

SEPARATED = "separated"
LABELLED = "labelled"
HEADER = "header"
STATISTICS = "statistics"
STATISTICS_FEW = "statistics_few"
SPLIT = "split"
MASKED = "masked"
FORMS = (SEPARATED, LABELLED, HEADER, STATISTICS, STATISTICS_FEW, SPLIT, MASKED)
"""The forms in which a prohibited identifier is found in texts, columns and tables. Each of them refuses."""

TOO_FEW = "too_few"
ALLOWED = "allowed"
DOUBTS = (TOO_FEW, ALLOWED)
"""What is only worth a look: too few bare values to tell, and an allowed column that looks like SSNs as a whole."""


@dataclass(frozen=True)
class Hit:
    """One number found: its label, by which form, on what evidence.

    The label is `ssn`, `itin`, `atin`, `ssn-shaped` (never issued, or a specimen) or `ssn-partial` (masked, last four).
    """

    label: str
    form: str
    evidence: str


@dataclass(frozen=True)
class Place:
    """One column in which a form was found: its position from 1, the row numbers, the labels, the evidence.

    A number split over columns stands at the first of them; `width` says over how many. `count` is how many rows there
    are where only the first of them are named, otherwise 0.
    """

    form: str
    column: int
    rows: tuple[int, ...]
    labels: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    width: int = 1
    count: int = 0


@dataclass(frozen=True)
class Screen:
    """What a table holds: the places that refuse it, and those that are only worth a look."""

    places: tuple[Place, ...] = ()
    doubts: tuple[Place, ...] = ()
