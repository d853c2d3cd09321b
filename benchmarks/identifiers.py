"""Measure the detector of Social Security numbers: found and false, group by group, beside peers; time; false alarms.

The peers Presidio and scrubadub are asked where they are installed (`pip install dap[peers]`). Presidio runs on a blank
English pipeline, for its language model is on no package index; its context words work.
"""

from __future__ import annotations

import random
import re
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from math import log2
from statistics import linear_regression
from typing import Any

from benchmarks.conformance import COLUMNS, Cell, Column, cells, columns, digits, one_state, routing, ssns, uniform
from dap.identifiers import find_in_column, screen_table

SEEDS = range(10)
CELL_TARGETS, COLUMN_TARGETS = (0.99, 0.98), (0.97, 0.98)
HOSTILE_SECONDS, HOSTILE_RATIO = 1.0, 2.2
MEGABYTES, ROWS = 100, 50_000

Detector = Callable[[Sequence[str], str], list[bool]]


def main(words: Sequence[str]) -> int:
    """Print every figure beside its target, and answer 1 when one is missed. `--quick` takes a tenth of the rows."""
    quick = "--quick" in words
    met = [_accuracy(), _rates(), _hostile(), _submissions(MEGABYTES // 10 if quick else MEGABYTES)]
    return 0 if all(met) else 1


# Found and false.


def _ours(texts: Sequence[str], header: str) -> list[bool]:
    found = {place for place, _ in find_in_column(list(texts), header)}
    return [place in found for place in range(len(texts))]


def _by_regex(pattern: str) -> Detector:
    compiled = re.compile(pattern)
    return lambda texts, header: [compiled.search(text) is not None for text in texts]


_DASHED = r"\b[0-9]{3}-[0-9]{2}-[0-9]{4}\b"


class _GreatExpectations:
    """The stock expectation that no value matches the dashed regex, asked for the places where one does."""

    def __init__(self) -> None:
        import great_expectations as gx
        from great_expectations.data_context.types.base import ProgressBarsConfig

        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
        asset = context.data_sources.add_pandas("bench").add_dataframe_asset("cells")
        self._batch = asset.add_batch_definition_whole_dataframe("whole")

    def __call__(self, texts: Sequence[str], header: str) -> list[bool]:
        import great_expectations as gx
        import pandas as pd

        frame = pd.DataFrame({"text": [text or None for text in texts]}, dtype=object)
        expectation = gx.expectations.ExpectColumnValuesToNotMatchRegex(column="text", regex=_DASHED)
        batch = self._batch.get_batch(batch_parameters={"dataframe": frame})
        result: Any = batch.validate(expectation, result_format={"result_format": "COMPLETE"})
        found = set(result.result.get("unexpected_index_list") or ())
        return [place in found for place in range(len(texts))]


def _presidio() -> Detector:
    import spacy
    from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
    from presidio_analyzer.nlp_engine import SpacyNlpEngine
    from presidio_analyzer.predefined_recognizers import UsSsnRecognizer

    class Blank(SpacyNlpEngine):  # type: ignore[misc,unused-ignore]
        def __init__(self) -> None:
            super().__init__()
            self.nlp = {"en": spacy.blank("en")}

        def load(self) -> None:
            """Load nothing: the pipeline is blank."""

    registry = RecognizerRegistry(recognizers=[UsSsnRecognizer()], supported_languages=["en"])
    engine = AnalyzerEngine(registry=registry, nlp_engine=Blank(), supported_languages=["en"])

    def detect(texts: Sequence[str], header: str) -> list[bool]:
        context = re.findall("[A-Za-z]+", header.lower())
        return [
            bool(text)
            and bool(engine.analyze(text, language="en", entities=["US_SSN"], context=context, score_threshold=0.35))
            for text in texts
        ]

    return detect


def _scrubadub() -> Detector:
    import scrubadub
    from scrubadub.detectors.en_US import SocialSecurityNumberDetector

    scrubber = scrubadub.Scrubber(detector_list=[SocialSecurityNumberDetector(locale="en_US")], locale="en_US")
    return lambda texts, header: [any(True for _ in scrubber.iter_filth(text)) for text in texts]


def _peers() -> Iterator[tuple[str, Detector]]:
    yield "dap", _ours
    yield "regex", _by_regex(_DASHED)
    yield "9 digits", _by_regex(r"(?<![0-9])[0-9]{3}[- ]?[0-9]{2}[- ]?[0-9]{4}(?![0-9])")
    yield "GX stock", _GreatExpectations()
    for name, make in (("presidio", _presidio), ("scrubadub", _scrubadub)):
        try:
            yield name, make()
        except ImportError:
            print(f"{name} is not installed, so it is not asked (pip install dap[peers]).")


def _accuracy() -> bool:
    peers = list(_peers())
    print(f"\nCells and columns of {len(SEEDS)} seeds: what is found of each group; with a star it is false.\n")
    print(f"{'':44}" + "".join(f"{name:>11}" for name, _ in peers))
    met = True
    for kind, targets in (("cells", CELL_TARGETS), ("columns", COLUMN_TARGETS)):
        answers: dict[str, dict[str, list[tuple[bool, bool]]]] = {name: defaultdict(list) for name, _ in peers}
        for seed in SEEDS if kind == "cells" else islice(SEEDS, 3):
            for group, wanted, got in _asked(kind, seed, peers):
                for (name, _), flag in zip(peers, got, strict=True):
                    answers[name][group].append((wanted, flag))
        for group, listed in answers["dap"].items():
            shares = [sum(flag for _, flag in answers[name][group]) / len(listed) for name, _ in peers]
            twin = "  " if listed[0][0] else "* "
            print(f"{twin}{group:42}" + "".join(f"{share:11.3f}" for share in shares))
        for name, rate in (("recall", _recall), ("precision", _precision)):
            rates = [rate([pair for pairs in answers[peer].values() for pair in pairs]) for peer, _ in peers]
            print(f"{kind + ', ' + name:44}" + "".join(f"{each:11.3f}" for each in rates))
            met &= rates[0] >= targets[name == "precision"]
        print(f"{kind}: recall and precision of {targets} wanted: {'reached' if met else 'MISSED'}\n")
    return met


def _asked(kind: str, seed: int, peers: Sequence[tuple[str, Detector]]) -> Iterator[tuple[str, bool, list[bool]]]:
    if kind == "cells":
        yield from _asked_cells(list(cells(seed, each=10)), peers)
    else:
        for column in columns(seed, each=2):
            yield column.group, column.positive, [_flags(name, detector, column) for name, detector in peers]


def _asked_cells(made: list[Cell], peers: Sequence[tuple[str, Detector]]) -> Iterator[tuple[str, bool, list[bool]]]:
    whole = {name: detector([cell.text for cell in made], "") for name, detector in peers if name == "GX stock"}
    for place, cell in enumerate(made):
        got = []
        for name, detector in peers:
            if name == "dap":
                got.append(any(True for _ in find_in_column([cell.text], cell.header, cell.allows)))
            else:
                got.append(whole[name][place] if name in whole else detector([cell.text], cell.header)[0])
        yield cell.group, cell.positive, got


def _flags(name: str, detector: Detector, column: Column) -> bool:
    if name == "dap":
        rows = range(2, 2 + len(column.columns[0][1]))
        return bool(screen_table(column.columns, rows, 1, {1: column.allows} if column.allows else None).places)
    return any(any(detector([value or "" for value in values], header)) for header, values in column.columns)


def _recall(pairs: list[tuple[bool, bool]]) -> float:
    return sum(wanted and got for wanted, got in pairs) / sum(wanted for wanted, _ in pairs)


def _precision(pairs: list[tuple[bool, bool]]) -> float:
    return sum(wanted and got for wanted, got in pairs) / max(1, sum(got for _, got in pairs))


# How often a bare column is refused by its numbers alone.


def _within_areas(chance: random.Random, count: int) -> list[str]:
    return [f"{(area := chance.randint(1, 898)) + (area >= 666):03}{digits(chance, 6)}" for _ in range(count)]


def _rates() -> bool:
    counts, runs = (20, 40, 60, 100, 200, 400), 200
    kinds = {
        "SSNs, all areas": ssns,
        "SSNs, 60 % from one state": one_state,
        "uniform ids over all nine digits": uniform,
        "uniform ids without leading zero": COLUMNS["ids without leading zero"][3],
        "uniform ids within the issuable areas": _within_areas,
        "routing numbers": routing,
    }
    print(
        f"Share of bare columns refused, by number of values ({runs} columns each)\n\n{'':40}"
        + "".join(f"{count:8}" for count in counts)
    )
    for name, make in kinds.items():
        chance = random.Random(name)
        shares = [
            sum(any(True for _ in find_in_column(make(chance, count), "id")) for _ in range(runs)) / runs
            for count in counts
        ]
        print(f"{name:40}" + "".join(f"{share:8.3f}" for share in shares))
    print()
    return True


# Hostile cells.

HOSTILE = {
    "digits": "0",
    "digits and dashes": "0-",
    "beginnings": "000-12-",
    "nearly": "000-12-345 ",
    "numbers": "000-12-3456 ",
    "nine digits": "000123456 ",
    "nine digits and words": "ssn 000123456 ",
    "words": "ssn ",
    "percent codes": "%2D",
    "entities": "&#45;",
    "soft hyphens": "0\u00ad",
    "masks": "***-**-",
    "tags": "<b>0</b>-",
    "foreign digits": "\u0660\u2013",
}


# Cells of these megabytes show how the time grows: short ones of what takes long, longer ones of the rest, so that
# each takes a tenth of a second and more.
_LENGTHS = {True: (0.5, 1.0, 2.0), False: (2.0, 4.0, 8.0)}
_SLOW, _ROUNDS = 0.2, 5


def _hostile() -> bool:
    print(
        "Hostile cells under the header SSN: CPU seconds for a megabyte, and how many times as long twice as much takes"
    )
    print(
        f"(the best of {_ROUNDS} of each of three lengths, and a line through them)\n\n{'':32}{'s/MB':>8}{'ratio':>8}"
    )
    met = True
    _seconds("warm")
    for name, piece in HOSTILE.items():
        slow = min(_seconds(_cell(piece, 1)) for _ in range(2)) > _SLOW
        lengths = (*_LENGTHS[slow], *(() if slow else (1.0,)))
        # Length by length in turn: what else the machine does for a while meets all of them.
        times = [[_seconds(_cell(piece, length)) for length in lengths] for _ in range(_ROUNDS)]
        best = dict(zip(lengths, map(min, zip(*times, strict=True)), strict=True))
        once, ratio = best[1.0], 2 ** _slope({length: best[length] for length in _LENGTHS[slow]})
        good = once <= HOSTILE_SECONDS and ratio <= HOSTILE_RATIO
        met &= good
        print(f"{name:32}{once:8.2f}{ratio:8.2f}{'' if good else '  MISSED'}")
    print(f"{HOSTILE_SECONDS:g} s/MB and {HOSTILE_RATIO:g} times for twice wanted: {'reached' if met else 'MISSED'}\n")
    return met


def _cell(piece: str, megabytes: float) -> str:
    return piece * int(megabytes * 1_000_000 / len(piece.encode("utf-8")))


def _slope(seconds: dict[float, float]) -> float:
    """The slope of the line through the logarithms of length and time: 1 for a search in proportion to the length."""
    found = linear_regression([log2(length) for length in seconds], [log2(each) for each in seconds.values()])
    return found.slope


def _seconds(cell: str) -> float:
    begin = time.process_time()
    for _ in find_in_column([cell], "SSN"):
        pass
    return time.process_time() - begin


# Invented submissions without a number.

_NAMES = ("Example", "Invented", "Pe\u00f1a-Example", "O'Example", "Nguy\u1ec5n", "Ross", "Martin")
_NOTES = (
    "",
    "",
    "moved 2001-02-03",
    "SSN on file",
    "see invoice 000123",
    "Grade 05, room 12",
    "call 860-555-0100",
    "R&D club, 5 %",
)


def _submission(chance: random.Random, rows: int) -> list[tuple[str, list[str | None]]]:
    def column(header: str, make: Callable[[], str]) -> tuple[str, list[str | None]]:
        return header, [make() or None for _ in range(rows)]

    return [
        column("SASID", lambda: str(chance.randint(10**9, 10**10 - 1))),
        column("Local id", lambda: str(chance.randint(100_000_000, 999_999_999))),
        column("Last name", lambda: chance.choice(_NAMES)),
        column("Birth date", lambda: f"2001-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}"),
        column("Entry date", lambda: f"{chance.randint(1, 12):02}/{chance.randint(1, 28):02}/2025"),
        column("ZIP+4", lambda: f"06{digits(chance, 3)}-{digits(chance, 4)}"),
        column("Postal code", lambda: f"06{digits(chance, 7)}"),
        column("Phone", lambda: f"860-555-{digits(chance, 4)}"),
        column("Guardian phone", lambda: f"(860) 555-{digits(chance, 4)}"),
        column("Tuition", lambda: f"${chance.randint(1, 99)},{digits(chance, 3)}.{digits(chance, 2)}"),
        column("Amount", lambda: f"{chance.randint(100_000, 999_999_999)}.{digits(chance, 2)}"),
        column("EIN", lambda: f"{chance.randint(10, 99)}-{digits(chance, 7)}"),
        column("Routing number", lambda: routing(chance, 1)[0]),
        column("Grant", lambda: f"{digits(chance, 5)}-{digits(chance, 2)}-{digits(chance, 3)}"),
        column("Latitude", lambda: f"41.{digits(chance, 6)}"),
        column("Note", lambda: chance.choice(_NOTES)),
        column("Homeless", lambda: chance.choice("YN")),
    ]


def _submissions(megabytes: int) -> bool:
    chance = random.Random("submissions")
    size = alarms = files = 0
    seconds = 0.0
    while size < megabytes * 1_000_000:
        table = _submission(chance, ROWS)
        size += sum(len(value or "") + 1 for _, values in table for value in values)
        begin = time.process_time()
        screen = screen_table(table, range(2, 2 + ROWS), 1)
        seconds += time.process_time() - begin
        alarms += len(screen.places) + len(screen.doubts)
        files += 1
    cells_a_second = files * ROWS * len(table) / seconds
    print(f"Invented submissions: {size / 1e6:.0f} MB in {files} files, {cells_a_second:,.0f} cells a second")
    print(f"false alarms, at most 0 wanted: {alarms}: {'MISSED' if alarms else 'reached'}")
    return not alarms


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
