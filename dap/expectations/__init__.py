"""Our own Great Expectations classes, for what no stock expectation says. Importing this registers them.

Whoever loads a suite of `expectations/` into plain GX imports this first: GX 1.24 drops the types it does not know
with nothing but a log line, and a suite that lost its rules passes everything. `missing_rules` tells.
"""

from dap.expectations.header import ExpectHeaderToBeAuthorised
from dap.expectations.identifiers import ExpectNoProhibitedIdentifiers
from dap.expectations.loading import applicable, listed_types, load_suite, missing_rules
from dap.expectations.reading import ExpectSubmissionToBeWellFormed
from dap.expectations.state_ids import ExpectStateIdsToBeOpaque
from dap.expectations.values import (
    ExpectColumnPairValuesToCompare,
    ExpectColumnsToHoldNoControlCharacters,
    ExpectColumnValuesToBeDates,
    ExpectColumnValuesToBeDatesBetween,
    ExpectColumnValuesToBeNumbersBetween,
)

__all__ = [
    "ExpectColumnPairValuesToCompare",
    "ExpectColumnValuesToBeDates",
    "ExpectColumnValuesToBeDatesBetween",
    "ExpectColumnValuesToBeNumbersBetween",
    "ExpectColumnsToHoldNoControlCharacters",
    "ExpectHeaderToBeAuthorised",
    "ExpectNoProhibitedIdentifiers",
    "ExpectStateIdsToBeOpaque",
    "ExpectSubmissionToBeWellFormed",
    "applicable",
    "listed_types",
    "load_suite",
    "missing_rules",
]
