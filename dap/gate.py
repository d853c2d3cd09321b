"""One submission, from bytes to report."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from dap.catalog import open_plan
from dap.errors import CouldNotRun, RequestError
from dap.plan import NO_SSN, Collection, Layout, Plan
from dap.report import ACCEPTED, REJECTED, UNREADABLE, Finding, Report, Scanned
from dap.submission import Fault, HiddenText, Opened, Outside, Reading, Submission, load, load_stream
from dap.submission.beside import times_met
from dap.submission.reading import Columns, Pieces, demand_regular, digest, same_name
from dap.suites import DISTRICT, PERIOD, suite_path, suite_text

if TYPE_CHECKING:
    from dap.engine import Outcome

AUTO = "auto"
SPARK = "spark"
FIRST_ROWS = 100

_FILE_NAME = r"[0-9]{{3,7}}-{collection}-[0-9]{{4}}-[0-9]{{2}}(?:-[0-9]{{1,3}})?\.[a-z]{{2,4}}"
_PERIOD = re.compile(r"([0-9]{4})-([0-9]{2})")
_DISTRICT = re.compile(r"[0-9A-Za-z]{1,20}")


def check(
    path: str | Path | BinaryIO,
    collection: str,
    *,
    resource: str | None = None,
    plan: Plan | None = None,
    period: str | None = None,
    district: str | None = None,
    rows: int | None = FIRST_ROWS,
    number: int = 1,
    engine: str = AUTO,
) -> Report:
    """Judge one file by the suite of its collection and layout.

    `path` is where the file lies, or a stream of its bytes, such as standard input. `collection` is an id, or `auto`
    where exactly one layout of the plan has the file's header. `resource` names the layout; without it the one whose
    header the file has. `rows` is how many row numbers a finding lists (None: all); `number` is what the file is called
    in the report (`file 1`) unless its name has the agreed form. `engine` is what runs the suite,
    `pandas`, `polars`, or the faster one for the file's size; the report is the same but for saying which. With `spark`
    the path is any that Spark reads (`s3a://...`), the collection is named, and no limit on the file's size holds.

    Raises RequestError for an unknown collection, layout or file and CouldNotRun where the suite is stale or missing,
    or where the machine is too busy to read the file.
    A fault in the file is a finding, never an exception.
    """
    plan = plan or open_plan()
    _demand_form(period, district)
    if rows is not None and rows < 0:
        raise RequestError("The number of rows a finding lists is 0 or more.")
    chosen = None if collection == AUTO else plan.collection(collection)
    if engine == SPARK:
        return _on_spark(path, plan, chosen, resource, period, district, rows, number)
    opened = _opened(path, f"file {number}")
    owner, layout = _layout_for(opened, plan, chosen, resource, f"file {number}")
    _demand_valid(layout, period)
    submission = _read(opened, layout, engine)
    # Once the table is there nobody needs the bytes, and a large file's are as much again.
    del opened
    return _judged(submission, plan, owner, layout, period, district, rows, number, engine)


def _demand_valid(layout: Layout, period: str | None) -> None:
    if period is not None and layout.valid_for and period not in layout.valid_for:
        years = ", ".join(layout.valid_for)
        raise RequestError(f'The layout "{layout.name}" is that of other school years: {years}.')


def _read(opened: Opened, layout: Layout, engine: str) -> Submission:
    """The file as a table; a large one is read while Great Expectations is imported, which takes as long."""
    if not opened.is_large:
        return opened.read(layout)
    # Imported before the thread needs them, so that no module is imported from two sides at once.
    import numpy  # noqa: F401
    import polars  # noqa: F401

    from dap.engine import PANDAS

    with ThreadPoolExecutor(1) as pool:
        plain = pool.submit(opened.plain, layout, whole=engine == PANDAS)
        _start_gx()
        import dap.engine.datasource
        import dap.expectations  # noqa: F401

        found = plain.result()
    return opened.read(layout) if found is None else found


def _on_spark(
    path: str | Path | BinaryIO,
    plan: Plan,
    collection: Collection | None,
    resource: str | None,
    period: str | None,
    district: str | None,
    rows: int | None,
    number: int,
) -> Report:
    """Judge a file by its path on Spark, which no process of ours but a child ever loads."""
    _start_gx()
    from dap.engine import Outcome, Spot
    from dap.engine.spark import Job, judged_on_spark
    from dap.expectations import applicable

    if not isinstance(path, str | Path):
        raise RequestError("Spark reads files by their paths, not a stream: name the file.")
    if collection is None:
        raise RequestError("On Spark the collection is named, not found by the header: say which.")
    layout = file_layout(collection, resource)
    _demand_valid(layout, period)
    if "://" not in str(path):
        path = Path(path).absolute()
        demand_regular(path, f"file {number}")
    suite, suite_hash, parameters = _asked(plan, collection, layout, period, district)
    text = json.dumps(suite.to_json_dict())
    given = path.as_uri() if isinstance(path, Path) else path
    answer = judged_on_spark(Job(given, f"file {number}", layout, text, parameters, rows))
    reading = _told(answer["reading"])
    suite, _ = applicable(suite, reading.columns, readable=reading.readable, format=reading.format)
    _demand_judge(suite, reading)
    told = {(each["rule"], each["name"]): each for each in answer["outcomes"]}
    metas = [dict(each.meta or {}) for each in suite.expectations]
    if [(meta["rule"], meta["name"]) for meta in metas] != list(told) or len(told) != len(answer["outcomes"]):
        raise CouldNotRun("Spark's verdict does not answer each rule of the suite once.")
    outcomes = [
        Outcome(
            meta,
            each["held"] is True and each["broke"] is False,
            each["broke"] is not False,
            tuple(Spot(spot[0], spot[1], tuple(spot[2]), spot[3], tuple(spot[4])) for spot in each["spots"]),
        )
        for meta, each in zip(metas, told.values(), strict=True)
    ]
    not_asked = _not_asked(suite, layout, parameters)
    return _report(reading, outcomes, plan, collection, layout, period, district, number, SPARK, suite_hash, not_asked)


def _told(answer: dict[str, Any]) -> Reading:
    """What another process says of a file, without any of its texts: how many there are is all a report says."""
    return Reading(
        file_name=answer["file_name"],
        bytes=answer["bytes"],
        sha256=answer["sha256"],
        header=("",) * answer["header"],
        columns=tuple(answer["columns"]),
        faults=tuple(Fault(kind) for kind in answer["faults"]),
        outside=(Outside((0,), ""),) * answer["outside"],
        rows=answer["rows"],
        hidden=(HiddenText("", ""),) * answer["hidden"],
        format=answer["format"],
        sheets=answer["sheets"],
        archive_members=answer["archive_members"],
    )


def _start_gx() -> None:
    """Import Great Expectations; CouldNotRun where that ends the process as if all were well.

    GX loads pyspark where it is installed, and pyspark ends a process that runs no program file with exit code 0.
    """
    from dap.engine.starting import import_gx

    ended = False
    try:
        import_gx()
    except SystemExit as error:
        if error.code:
            raise
        ended = True
    if ended:
        raise CouldNotRun(
            "pyspark, which Great Expectations loads, would end this process. Call dap from a program file, not from "
            "code given with -c or on standard input, or use the command `dap check`."
        )


def _opened(path: str | Path | BinaryIO, label: str) -> Opened:
    if isinstance(path, str | Path):
        return Opened(load(Path(path), label, in_parts=True), Path(path).name, label)
    return Opened(load_stream(path, label, in_parts=True), label=label)


def _judged(
    submission: Submission,
    plan: Plan,
    collection: Collection,
    layout: Layout,
    period: str | None,
    district: str | None,
    rows: int | None,
    number: int,
    engine: str,
) -> Report:
    _start_gx()
    from dap.engine import judge
    from dap.expectations import applicable

    reading = submission.reading
    engine = _engine(engine, submission)
    suite, suite_hash, parameters = _asked(plan, collection, layout, period, district)
    suite, _ = applicable(suite, reading.columns, readable=reading.readable, format=reading.format)
    _demand_judge(suite, reading)
    not_asked = _not_asked(suite, layout, parameters)
    outcomes = judge(suite, submission, parameters, rows, engine)
    return _report(reading, outcomes, plan, collection, layout, period, district, number, engine, suite_hash, not_asked)


def _asked(
    plan: Plan, collection: Collection, layout: Layout, period: str | None, district: str | None
) -> tuple[Any, str, dict[str, list[str]]]:
    """The suite's rules that the request can be asked, the hash of the whole, and the rules' parameters."""
    suite, suite_hash = _suite(plan, collection, layout)
    parameters = {name: [value] for name, value in ((DISTRICT, district), (PERIOD, period)) if value is not None}
    return _without_unanswerable(suite, parameters), suite_hash, parameters


def _report(
    reading: Reading,
    outcomes: list[Outcome],
    plan: Plan,
    collection: Collection,
    layout: Layout,
    period: str | None,
    district: str | None,
    number: int,
    engine: str,
    suite_hash: str,
    not_asked: tuple[str, ...],
) -> Report:
    broken = tuple(sorted({outcome.meta["rule"] for outcome in outcomes if outcome.broke}))
    findings = _findings(outcomes)
    return Report(
        verdict=_verdict(reading, outcomes),
        file_name=_sayable_name(reading.file_name, collection, number),
        bytes=reading.bytes,
        sha256=reading.sha256,
        rows=reading.rows,
        columns=len(reading.columns),
        collection=collection.id,
        resource=layout.name,
        plan_version=plan.version,
        suite_sha256=suite_hash,
        engine=engine,
        dap_version=_version(),
        scanned=_scanned(reading),
        findings=findings,
        broken=broken,
        not_asked=not_asked,
        period=period,
        district=district,
        laws={each.id: each.cited for each in plan.all_mandates},
        promise=next((each.text for each in plan.promises if each.id == NO_SSN), ""),
    )


def _engine(asked: str, submission: Submission) -> str:
    """The engine that was asked for, or the faster one; RequestError where it cannot take the file."""
    from dap.engine import PANDAS, POLARS, engine_for

    table = submission.table
    if isinstance(table, Pieces) and not table.held:
        if asked == PANDAS:
            raise RequestError("A file of this size is too large for pandas. Leave --engine out, or name polars.")
        return POLARS
    # A small archive may hold a large table.
    faster = POLARS if isinstance(table, Columns | Pieces) else engine_for(submission.reading.bytes)
    return faster if asked == AUTO else asked


def _demand_judge(suite: Any, reading: Reading) -> None:
    """Every fault that the reader found has a rule that judges it; CouldNotRun where one would go unheard."""
    asked = {getattr(each, "fault", None) for each in suite.expectations}
    if unheard := sorted({fault.kind for fault in reading.faults} - asked):
        raise CouldNotRun(f"the suite has no rule for what the reader found ({', '.join(unheard)}).")


def _demand_form(period: str | None, district: str | None) -> None:
    form = _PERIOD.fullmatch(period) if period is not None else None
    if period is not None and (form is None or (int(form[1]) + 1) % 100 != int(form[2])):
        raise RequestError("The period is a school year, written like 2025-26.")
    if district is not None and not _DISTRICT.fullmatch(district):
        raise RequestError("The district is a code of letters and digits, such as 001.")


def _layout_for(
    opened: Opened, plan: Plan, chosen: Collection | None, resource: str | None, label: str
) -> tuple[Collection, Layout]:
    """The layout to judge by: the one named, the only one, or the one whose header the file has."""
    if chosen is not None and (resource is not None or not chosen.file_layouts):
        return chosen, file_layout(chosen, resource)
    candidates = [
        (each, layout)
        for each in ([chosen] if chosen else plan.all_collections)
        for layout in each.file_layouts
        if resource in (None, layout.name)
    ]
    if not candidates:
        raise RequestError("No collection of the plan has a file layout of that name.")
    if chosen is not None and len(candidates) == 1:
        return candidates[0]
    distances = [_distance(opened.header(layout), layout) for _, layout in candidates]
    fitting = [candidate for candidate, distance in zip(candidates, distances, strict=True) if distance == 0]
    if chosen is not None:
        # Judged by the nearest layout, a file with a faulty header gets the findings that help to mend it.
        return candidates[distances.index(min(distances))]
    if len(fitting) != 1:
        raise RequestError(
            f"{label}: {len(fitting) or 'no'} layouts of the plan have this header. "
            "Name the collection with --collection."
        )
    return fitting[0]


def file_layout(collection: Collection, resource: str | None) -> Layout:
    """The file layout of that name, or the only one; RequestError where it is no file's, or several are meant."""
    chosen = collection.layout(resource) if resource is not None else None
    layouts = collection.file_layouts if chosen is None else (chosen,) if chosen.is_file else ()
    if len(layouts) == 1:
        return layouts[0]
    if layouts:
        names = ", ".join(layout.name for layout in layouts)
        raise RequestError(f'"{collection.id}" has several layouts: name one with --resource ({names}).')
    if collection.layouts:
        raise RequestError(f'"{collection.id}" is not submitted as a file.')
    raise RequestError(f'"{collection.id}" has no documented file layout.')


def _distance(header: Iterable[str], layout: Layout) -> int:
    """How many columns of the header are not the layout's, or the other way round."""
    found = [same_name(cell) for cell in header]
    known = {same_name(element.name) for element in layout.elements}
    required = {same_name(name) for name in layout.required_columns}
    return (
        len([cell for cell in found if cell not in known]) + len(required - set(found)) + len(found) - len(set(found))
    )


def _suite(plan: Plan, collection: Collection, layout: Layout) -> tuple[Any, str]:
    """The committed suite and its hash; CouldNotRun where it is not the one the catalog gives."""
    from dap.expectations import load_suite

    path = suite_path(plan.root, collection.id, layout.name)
    suite = load_suite(path)
    if path.read_text("utf-8") != suite_text(plan, collection, layout):
        raise CouldNotRun(f"the suite {collection.id}/{layout.name} is not the one the catalog gives. Run `dap build`.")
    return suite, digest(path.read_bytes())


def _without_unanswerable(suite: Any, parameters: dict[str, list[str]]) -> Any:
    """The suite without the rules whose parameter the request does not give."""
    from great_expectations import ExpectationSuite

    asked = []
    for expectation in suite.expectations:
        value_set = getattr(expectation, "value_set", None)
        wanted = value_set.get("$PARAMETER") if isinstance(value_set, dict) else None
        if wanted is None or wanted in parameters:
            asked.append(expectation)
    return ExpectationSuite(name=suite.name, expectations=asked, meta=suite.meta)


def _not_asked(suite: Any, layout: Layout, parameters: dict[str, list[str]]) -> tuple[str, ...]:
    """The rules on whose file it is that are not asked: request, layout or file gives nothing to compare."""
    asked = {expectation.meta["rule"] for expectation in suite.expectations}
    known = (("V160", DISTRICT, layout.district_field), ("V161", PERIOD, layout.period_field))
    return tuple(id for id, name, field in known if id not in asked and (field or name in parameters))


def _findings(outcomes: list[Outcome]) -> tuple[Finding, ...]:
    """The findings, errors first; in each severity privacy, then shape, values and the rest, each rule's together."""
    found = [
        Finding(
            rule=outcome.meta["rule"],
            name=outcome.meta["name"],
            severity=outcome.meta["severity"],
            message=_labelled(outcome.meta["message"], spot.field),
            fix=_labelled(outcome.meta["fix"], spot.field),
            field=outcome.meta["element"] or spot.field,
            column=spot.column,
            rows=spot.rows,
            count=spot.count,
            mandate=outcome.meta["mandate"],
            labels=spot.labels,
        )
        for outcome in outcomes
        if not outcome.held and not outcome.broke
        for spot in outcome.spots
    ]
    weight = {"error": 0, "warning": 1, "info": 2}
    return tuple(
        sorted(found, key=lambda finding: (weight[finding.severity], "PSVQ".index(finding.rule[0]), finding.rule))
    )


def _labelled(text: str, field: str | None) -> str:
    """A header rule's sentence is about whichever element the spot names; of the plan's names only."""
    return text.replace("{label}", field or "the column")


def _verdict(reading: Reading, outcomes: list[Outcome]) -> str | None:
    """What the suite says, not what the findings list: a rule that failed refuses even where no place could be told."""
    if any(outcome.broke for outcome in outcomes):
        return None
    if not reading.readable:
        return UNREADABLE
    failed = any(not outcome.held and outcome.meta["severity"] == "error" for outcome in outcomes)
    return REJECTED if failed else ACCEPTED


def _sayable_name(name: str, collection: Collection, number: int) -> str:
    """The file's name where it has the agreed form; any other may hold an identifier and is replaced by a number."""
    form = _FILE_NAME.format(collection=re.escape(collection.id))
    return name if re.fullmatch(form, name) else f"file {number}"


def _scanned(reading: Reading) -> Scanned:
    """What the suite's rules on prohibited identifiers went through; of an unreadable file nothing."""
    if not reading.readable:
        return Scanned()
    return Scanned(
        cells=reading.rows * len(reading.columns) + times_met(reading.outside),
        headers=len(reading.header),
        file_name=int(bool(reading.file_name)),
        sheets=reading.sheets,
        hidden_parts=len(reading.hidden),
        archive_members=reading.archive_members,
    )


def _version() -> str:
    from importlib.metadata import version

    return version("dap")
