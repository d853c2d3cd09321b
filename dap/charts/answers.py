"""The charts that answer a steward's questions, each from a table of the plan, `dap.review` or a published file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

from dap.charts.figures import (
    _BAR,
    _WIDTH,
    JURISDICTIONS,
    Figure,
    Table,
    _bars,
    _folded,
    _inline,
    _listed,
    _many,
    _nothing,
    _pairs,
    _room,
    _row_axis,
    _tips,
    _titled,
)
from dap.charts.vega import alt

GRID = ("#eef4fa", "#7fb2e0")
"""The lightest and the darkest cell of a grid: dark letters can be read on both."""
HIDDEN = "#e4e4e4"
"""The cell of a number that was suppressed."""
_MOST_ROWS = 15
_NAMES_OF_SENSITIVITY = {
    "direct-identifier": "Names a person",
    "indirect-identifier": "Could tell who",
    "health": "Health",
    "disability": "Disability",
    "discipline": "Discipline",
    "socioeconomic": "Money at home",
}
_MATCHES = {
    "exact": "The same",
    "close": "Nearly the same",
    "narrower": "Narrower there",
    "broader": "Broader there",
    "none": "No counterpart",
}
_SUBJECTS = {
    "position": "where a column stands",
    "required": "whether it must be filled",
    "codes": "which values are permitted",
    "retention": "how long it is kept",
    "windows": "when it is due",
    "obligation": "whether it is mandatory",
    "purpose": "what it is for",
    "elements": "which facts are asked",
    "submittedAs": "how it reaches the state",
    "length": "how long a value may be",
    "status": "whether it is still asked",
    "requiredWhen": "when it must be filled",
    "forbiddenWhen": "when it must stay empty",
    "layout": "what the file looks like",
    "format": "how a value is written",
    "mandate": "which law demands it",
    "confidence": "whether it was read rightly",
    "frequency": "how often it is asked",
    "respondents": "who must answer",
    "definition": "what it means",
    "citation": "which law it is exactly",
    "source": "where it is written",
}
_QUESTIONS = {
    "S": "Can the file be read?",
    "P": "Does it hold what it must not?",
    "V": "Is each value valid?",
    "Q": "Is it plausible?",
}


def grounds(elements: pd.DataFrame, element_mandates: pd.DataFrame) -> Figure:
    """Count the elements by whose law is behind them, each once: federal alone, state alone, both, no law."""
    key = ["collection", "layout", "element"]
    behind: dict[Any, Any] = {}
    if len(element_mandates):
        behind = element_mandates.groupby(key)["jurisdiction"].agg(frozenset).to_dict()
    kinds = [frozenset(behind.get(place, frozenset())) for place in zip(*(elements[each] for each in key), strict=True)]
    wanted = sorted(set(kinds), key=lambda each: (-len(each), sorted(each)))
    rows = [(_said_ground(each), kinds.count(each)) for each in wanted]
    federal = sum(1 for each in kinds if "federal" in each)
    alone = kinds.count(frozenset({"federal"}))
    finding = f"Federal law is behind {federal} of {_many(len(kinds), 'element')}, and alone behind {alone}"
    return _counting(
        rows,
        finding if kinds else "The plan holds no element yet",
        "Each element is counted once. Repealing one law rarely ends the asking while another stands behind it.",
        ("Whose law", "Elements"),
        "Elements by whose law is behind them",
    )


def load_by_month(load: pd.DataFrame) -> Figure:
    """Count what a district owes in each month, from the table of `review.district_load`."""
    months, rest = load.iloc[:12], load.iloc[12:].set_index("month")["open"]
    due = [(str(month), int(number)) for month, number in _pairs(months, "month", "due")]
    most = max((number for _, number in due), default=0)
    busiest = [month for month, number in due if number == most]
    finding = (
        f"A district owes the most in {_listed(busiest)}: {_many(most, 'collection')}{' each' if busiest[1:] else ''}"
        if most
        else "No source gives a month in which something is owed"
    )
    running, undated = int(rest.get("all year", 0)), int(rest.get("no date stated", 0))
    note = f"{running} more are asked all through the year, and of {undated} no source gives a date."
    return _counting(due, finding, note, ("Month", "Collections due"), "Collections a district owes, by month")


def asked_twice(asked: pd.DataFrame) -> Figure:
    """Count how often each fact is asked, from the table of `review.asked_more_than_once`."""
    titles = asked.groupby("fact", sort=False)["title"].first() if len(asked) else pd.Series(dtype=str)
    rows = []
    for fact, title in titles.items():
        group = asked[asked["fact"] == fact]
        rows.append((str(title), len(group)))
    rows.sort(key=lambda row: -row[1])
    spare = int((asked["part"] == "could take it").sum())
    top = rows[0] if rows else ("", 0)
    finding = (
        f"{_many(len(rows), 'fact')} {'is' if len(rows) == 1 else 'are'} asked more than once; "
        f'"{top[0]}" most often, {top[1]} times'
        if rows
        else "Nothing is known to be asked twice"
    )
    note = f"How often each fact is asked. {_many(spare, 'asking')} could be dropped: the answer is there in time."
    return _counting(rows, finding, note, ("Fact", "Times asked"), "Facts that several collections ask for")


def sensitivity_by_collection(elements: pd.DataFrame, collections: pd.DataFrame) -> Figure:
    """Show where sensitive elements pile up: a grid of collections and kinds of sensitivity."""
    sensitive = elements[elements["sensitivity"].isin(list(_NAMES_OF_SENSITIVITY))]
    title = dict(_pairs(collections, "collection", "title")) if len(collections) else {}
    totals = sensitive["collection"].value_counts(sort=False).sort_values(ascending=False, kind="stable")
    kinds = [each for each in _NAMES_OF_SENSITIVITY if (sensitive["sensitivity"] == each).any()]
    table = pd.DataFrame({"Collection": [title[each] for each in totals.index]})
    for kind in kinds:
        own = sensitive[sensitive["sensitivity"] == kind]["collection"].value_counts()
        table[_NAMES_OF_SENSITIVITY[kind]] = [int(own.get(each, 0)) for each in totals.index]
    table["In all"] = [int(each) for each in totals]
    finding = "No element is known to be sensitive"
    if len(totals):
        half = int((totals.cumsum() < len(sensitive) / 2).sum()) + 1
        finding = (
            f"Half of the {_many(len(sensitive), 'sensitive element')} sit in {_many(half, 'collection')}; "
            f"the most, {totals.iloc[0]}, in {table['Collection'][0]}"
        )
    first = table.head(_MOST_ROWS)
    more = f" The table has {len(table) - len(first)} more." if len(table) > len(first) else ""
    note = f"How many elements of each kind a collection asks for; the collections with the most come first.{more}"
    cells = [
        (str(row["Collection"]), name, int(row[name]), str(row[name]) if row[name] else "")
        for row in first.to_dict("records")
        for name in table.columns[1:-1]
    ]
    chart = _grid(cells, list(first["Collection"]), list(table.columns[1:-1]), "Elements")
    return _figure(finding, note, chart, table, "Sensitive elements by collection and kind")


def crosswalk_by_match(crosswalk: pd.DataFrame) -> Figure:
    """Count the elements by how exactly the Common Education Data Standards (CEDS) know them."""
    ceds = crosswalk[crosswalk["standard"] == "CEDS"]
    order = [each for each in _MATCHES if (ceds["match"] == each).any()]
    best = ceds.assign(rank=[list(_MATCHES).index(each) for each in ceds["match"]]).sort_values("rank", kind="stable")
    best = best.drop_duplicates(["collection", "element"])
    rows = [(_MATCHES[each], int((best["match"] == each).sum())) for each in order]
    total = len(best)
    same = sum(number for label, number in rows if label in (_MATCHES["exact"], _MATCHES["close"]))
    finding = f"CEDS has the same or nearly the same for {same} of {_many(total, 'element')}"
    note = "Each element that was compared counts once, by its best match. Narrower and broader need a rule to convert."
    return _counting(
        rows,
        finding if total else "No element was compared with CEDS yet",
        note,
        ("In CEDS", "Elements"),
        "Elements by how exactly CEDS knows them",
    )


def edfacts_files(crosswalk: pd.DataFrame) -> Figure:
    """Count the elements behind each EDFacts file that the state must send to Washington."""
    rows = crosswalk[crosswalk["standard"] == "EDFacts"].copy()
    rows["file"] = [_file_title(target, note) for target, note in _pairs(rows, "target", "note")] if len(rows) else []
    files = rows.drop_duplicates(["collection", "element", "file"])["file"].value_counts(sort=False)
    ranked = [(str(file), int(number)) for file, number in files.items()]
    ranked.sort(key=lambda row: (-row[1], row[0]))
    elements = len(rows.drop_duplicates(["collection", "element"]))
    finding = (
        f"{_many(elements, 'element')} {'feeds' if elements == 1 else 'feed'} {_many(len(ranked), 'EDFacts file')}"
    )
    return _counting(
        ranked,
        finding if ranked else "No element is known to feed an EDFacts file",
        "How many of the plan's elements each federal file needs. One element can feed several files.",
        ("EDFacts file", "Elements"),
        "Elements behind each EDFacts file",
    )


def open_questions_by_subject(questions: pd.DataFrame) -> Figure:
    """Count the plan's open questions by what they ask."""
    counts = questions["about"].value_counts(sort=False) if len(questions) else pd.Series(dtype=int)
    named_counts = ((_SUBJECTS.get(str(about), str(about)), int(number)) for about, number in counts.items())
    ranked = sorted(named_counts, key=lambda row: (-row[1], row[0]))
    total = sum(number for _, number in ranked)
    first = ranked[:2]
    share = sum(number for _, number in first)
    named = _listed([each for each, _ in first]) if first else ""
    finding = f"{share:,} of {_many(total, 'open question')} ask {named}" if total else "No question is open"
    note = "Each is a fact that no source gave. Answering one takes a document, not a programmer."
    return _counting(ranked, finding, note, ("What is asked", "Open questions"), "Open questions by what they ask")


def sure_by_kind(coverage: pd.DataFrame) -> Figure:
    """Show how sure the reading of the plan's facts is, from the table of `review.confidence_coverage`."""
    kinds = list(dict.fromkeys(coverage["kind"]))
    grades = list(dict.fromkeys(coverage["confidence"]))
    number = {(kind, grade): int(facts) for kind, grade, facts in _pairs(coverage, "kind", "confidence", "facts")}
    share = {(kind, grade): each for kind, grade, each in _pairs(coverage, "kind", "confidence", "share")}
    table = pd.DataFrame(
        [{"Kind of fact": kind, **{each.capitalize(): number[kind, each] for each in grades}} for kind in kinds]
    )
    cells = [
        (str(row["Kind of fact"]), each.capitalize(), 0.0 if pd.isna(part) else float(part), _percent(part))
        for row in table.to_dict("records")
        for each in grades
        for part in [share[row["Kind of fact"], each]]
    ]
    total, high = int(coverage["facts"].sum()), int(coverage.loc[coverage["confidence"] == "high", "facts"].sum())
    low = int(coverage.loc[coverage["confidence"] == "low", "facts"].sum())
    unstated = int(coverage.loc[coverage["confidence"] == "unstated", "facts"].sum())
    finding = f"{high:,} of {_many(total, 'fact')} were read with high confidence, {low} with low"
    finding += f"; of {unstated:,} it is not stated how surely" if unstated else ""
    note = "The share of each kind of fact, by how sure the reading is. Unstated: the source itself says nothing."
    chart = _grid(cells, kinds, [each.capitalize() for each in grades], "Share")
    return _figure(finding, note, chart, table, "Facts by kind and by how sure their reading is")


def findings_by_rule(reports: Iterable[Any]) -> Figure:
    """Count the rows each rule finds fault with, over reports: never a value of a file."""
    totals: dict[tuple[str, str], int] = {}
    said: dict[tuple[str, str], str] = {}
    for report in reports:
        for finding in report.findings:
            kind = (finding.rule, finding.field or "")
            totals[kind] = totals.get(kind, 0) + finding.count
            said.setdefault(kind, finding.message.rstrip("."))
    kinds = sorted(totals, key=lambda each: (-totals[each], each))
    ranked = [(f"{said[each]} ({each[0]})", totals[each]) for each in kinds]
    total = sum(totals.values())
    found = "No rule finds fault"
    if kinds:
        most = totals[kinds[0]]
        found = f'{most} of {_many(total, "fault")} {"is" if most == 1 else "are"} of one kind: "{said[kinds[0]]}"'
    return _counting(
        ranked,
        found,
        "What is wrong and the rule that says so, with how many rows it is in. Begin with the longest bar.",
        ("What is wrong", "Faults"),
        "Faults by what is wrong",
    )


def rules_by_question(suite: Any) -> Figure:
    """Count the rules of a suite by the question they ask: reading, prohibited content, validity, plausibility."""
    letters = [str(each["meta"]["rule"])[0] for each in suite.content["expectations"]]
    rows = [(said, letters.count(letter)) for letter, said in _QUESTIONS.items() if letter in letters]
    most = max(rows, key=lambda row: row[1], default=("", 0))
    finding = f'{most[1]} of {_many(len(letters), "rule")} ask: "{most[0]}"'
    note = "Every rule comes from a fact of the plan; dap build writes them, and nobody edits them by hand."
    return _counting(rows, finding, note, ("Question", "Rules"), "Rules of the suite by the question they ask")


def published_rates(rates: pd.DataFrame, subject: str) -> Figure:
    """Show a published table as a grid of districts and grades, suppressed cells marked by an asterisk.

    `rates` has the columns district, grade and percent, which is empty (NaN) where the number was suppressed, in the
    order to be shown. `subject` says what the percentages are, such as "Chronically absent".
    """
    districts, grades = list(dict.fromkeys(rates["district"])), list(dict.fromkeys(rates["grade"]))
    value = {(a, b): c for a, b, c in _pairs(rates, "district", "grade", "percent")}
    hidden = int(rates["percent"].isna().sum())
    finding = f"{hidden} of {len(rates)} published cells are suppressed, because so few children stand behind them"
    known = rates[rates["percent"].notna()].sort_values("percent", ascending=False, kind="stable")
    said = ""
    if len(known):
        top = known.iloc[0]
        said = f" The highest that is shown: {top['percent']:.1f} percent, {top['grade']} in {top['district']}."
    note = f"{subject}, in percent; the darker, the more. An asterisk is a suppressed number.{said}"
    cells = [
        (
            a,
            b,
            None if pd.isna(value[a, b]) else float(value[a, b]),
            "*" if pd.isna(value[a, b]) else f"{value[a, b]:.1f}",
        )
        for a in districts
        for b in grades
        if (a, b) in value
    ]
    table = pd.DataFrame({"District": districts})
    for grade in grades:
        table[grade] = [next((shown for a, b, _, shown in cells if (a, b) == (each, grade)), "") for each in districts]
    chart = _grid(cells, districts, grades, "Percent", short={each: _short_grade(each) for each in grades})
    return _figure(finding, note, chart, table, f"{subject}, percent by district and grade (* suppressed)")


def _short_grade(grade: str) -> str:
    return "K" if grade.startswith("Kinder") else grade.removeprefix("Grade").strip()


def _said_ground(kinds: frozenset[str]) -> str:
    if not kinds:
        return "No law is known"
    said = [JURISDICTIONS[each][0] for each in JURISDICTIONS if each in kinds]
    return f"{said[0]} alone" if len(said) == 1 else " and ".join([said[0], *(each.lower() for each in said[1:])])


def _file_title(target: str, note: str) -> str:
    name = note.split(":", 1)[0].strip()
    return f"{target} {name}" if name and len(name) < 100 else target


def _percent(share: float) -> str:
    if pd.isna(share) or not share:
        return ""
    return "<1 %" if share < 0.005 else f"{share:.0%}".replace("%", " %")


def _counting(rows: Sequence[tuple[str, int]], finding: str, note: str, heads: tuple[str, str], caption: str) -> Figure:
    """A bar for each row in the order given; of more than a screen holds, the first are drawn and the table has all."""
    table = pd.DataFrame(list(rows), columns=list(heads))
    drawn = rows[:_MOST_ROWS] if len(rows) > _MOST_ROWS + 1 else rows
    if len(drawn) < len(rows):
        note = f"{note} The first {len(drawn)} are drawn; the table has {len(rows)}."
    if not any(number for _, number in drawn):
        return _figure(finding, note, _nothing(), table, caption)
    frame = pd.DataFrame(list(drawn), columns=["name", "number"])
    frame = frame.assign(label=[_folded(each, 44) for each in frame["name"]], shown=frame["number"].astype(str))
    frame["spoken"] = frame["name"] + ": " + frame["shown"]
    tips = _tips(name=heads[0], number=heads[1])
    chart = _bars(frame, frame["label"].to_list(), _room(frame, _WIDTH), tips, width=_WIDTH)
    return _figure(finding, note, chart, table, caption)


def _grid(
    cells: Sequence[tuple[str, str, float | None, str]],
    rows: Sequence[str],
    columns: Sequence[str],
    what: str,
    short: dict[str, str] | None = None,
) -> alt.ChartType:
    """A cell for each row and column with its number written in it, the darker the larger; grey without a number."""
    if not cells:
        return _nothing()
    head = short or {each: each for each in columns}
    label = {each: _folded(each, 34) for each in rows}
    frame = pd.DataFrame(cells, columns=["name", "column", "value", "shown"])
    frame["row"], frame["head"] = frame["name"].map(label), frame["column"].map(head)
    frame["spoken"] = (
        frame["name"] + ", " + frame["column"] + ": " + frame["shown"].replace({"*": "suppressed", "": "0"})
    )
    frame["hidden"] = frame["value"].isna()
    # JSON has no number that is none.
    frame["value"] = frame["value"].fillna(-1)
    lines = max(each.count("\n") + 1 for each in label.values())
    wide = 34 if short else 116
    tall = max(_BAR + 10, lines * 16 + 8)
    split = r"split(datum.label, '\n')"
    top = alt.Axis(orient="top", labelExpr=split, labelAngle=0, domain=False, ticks=False, title=None)
    low = max(float(frame.loc[~frame["hidden"], "value"].min()) if not frame["hidden"].all() else 0.0, 0.0)
    high = max(float(frame["value"].max()), low + 1e-9)
    colour = alt.Scale(domain=[low, high], range=list(GRID))
    tips = [
        alt.Tooltip("name:N", title="Row"),
        alt.Tooltip("column:N", title="Column"),
        alt.Tooltip("shown:N", title=what),
    ]
    # The number in a cell lies over it, and would keep the pointer from it: both tell the same.
    base = alt.Chart(_inline(frame)).encode(
        tooltip=tips,
        x=alt.X("head:N", scale=alt.Scale(domain=[head[each] for each in columns]), axis=top),
        y=alt.Y("row:N", scale=alt.Scale(domain=[label[each] for each in rows]), axis=_left(lines)),
    )
    shade = alt.condition(alt.datum.hidden, alt.value(HIDDEN), alt.Color("value:Q", scale=colour, legend=None))
    boxes = base.mark_rect(stroke="#ffffff", strokeWidth=2).encode(color=shade, description="spoken:N")
    words = base.mark_text(baseline="middle", aria=False, fontSize=11 if short else 13).encode(text="shown:N")
    return alt.LayerChart(layer=[boxes, words]).properties(width=wide * len(columns), height=tall * len(rows))


def _left(lines: int) -> alt.Axis:
    axis = _row_axis(lines)
    axis.title = None
    return axis


def _figure(finding: str, note: str, chart: alt.ChartType, table: pd.DataFrame, caption: str) -> Figure:
    first = [
        f"{row[0]}: " + ", ".join(f"{head} {cell}" for head, cell in zip(table.columns[1:], row[1:], strict=True))
        for row in table.head(3).itertuples(index=False, name=None)
    ]
    said = f"The first rows: {'; '.join(first)}." if first else ""
    description = " ".join(filter(None, [f"{note}", said, "The table gives every number."]))
    return Figure(finding, note, description, Table(table, caption), _titled(chart, finding, note, description))
