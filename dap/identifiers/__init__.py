"""Finds Social Security numbers and their kin in a text, a column with its header, and a whole table.

The specification in public words is `docs/identifiers.md`. Where to read on: `texts` (one text), `columns` (header and
statistics), `table` (neighbouring columns), `words`, `candidates`, `explanations`, `validity`, `normal`. Each rule is
an entry of a table with a name, so that a test can take one out and see what it was good for. No result holds a value.
"""

from dap.identifiers.columns import find_in_column
from dap.identifiers.results import (
    ALLOWED,
    ATIN,
    DOUBTS,
    FORMS,
    HEADER,
    ITIN,
    LABELLED,
    MASKED,
    PARTIAL,
    SEPARATED,
    SHAPED,
    SPLIT,
    SSN,
    STATISTICS,
    STATISTICS_FEW,
    TOO_FEW,
    Hit,
    Place,
    Screen,
)
from dap.identifiers.sheets import find_in_sheets
from dap.identifiers.table import TableScreen, find_in_table, screen_table
from dap.identifiers.texts import find_in_text, find_in_texts
from dap.identifiers.words import names_person, names_ssn, names_thing

__all__ = [
    "ALLOWED",
    "ATIN",
    "DOUBTS",
    "FORMS",
    "HEADER",
    "ITIN",
    "LABELLED",
    "MASKED",
    "PARTIAL",
    "SEPARATED",
    "SHAPED",
    "SPLIT",
    "SSN",
    "STATISTICS",
    "STATISTICS_FEW",
    "TOO_FEW",
    "Hit",
    "Place",
    "Screen",
    "TableScreen",
    "find_in_column",
    "find_in_sheets",
    "find_in_table",
    "find_in_text",
    "find_in_texts",
    "names_person",
    "names_ssn",
    "names_thing",
    "screen_table",
]
