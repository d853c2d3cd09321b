"""Topics and translations are tables of the plan: what families look for, and its own texts in other languages."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from dap.catalog import examine, open_plan
from dap.plan import Collection, Element, Plan, Topic
from tests.conftest import PLAN, NewPlan, edit

ROOT = Path(__file__).resolve().parent.parent
TOPICS = ["topic", "title", "statement", "group", "domains", "collections", "elements", "terms", "words"]


def with_table(root: Path, name: str, header: list[str], *rows: list[str]) -> Path:
    """Give an invented plan one more table."""
    with (root / "catalog" / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *rows])
    schema = json.loads((ROOT / "schemas" / f"{name}.table.json").read_text("utf-8"))
    table = {"name": name, "path": f"{name}.csv", "schema": schema}
    edit(root, PLAN, lambda document: document["resources"].append(table))
    return root


def test_a_plan_without_topics_is_a_plan(new_plan: NewPlan) -> None:
    plan = open_plan(new_plan())
    assert (plan.all_topics, dict(plan.translations), plan.changes) == ((), {}, ())


def test_a_topic_holds_what_its_row_names(new_plan: NewPlan) -> None:
    row = ["moving", "Moving", "We moved", "situation", "", "", "example-roster/program", "exit*", "move; leave"]
    plan = open_plan(with_table(new_plan(), "topics", TOPICS, row))
    topic = plan.all_topics[0]
    held = [element.name for collection, _, element in plan.every_element() if topic.holds(collection, element)]
    assert held == ["program", "exit_date", "exit_reason"]
    assert topic.words == ("move", "leave")


def test_a_term_is_a_whole_word_unless_it_ends_with_a_star() -> None:
    collection, element = Collection("a", "A", ()), Element("x", "Grace period and RACE", "string", 1)
    assert Topic("t", "T", "everyone", terms=("race",)).holds(collection, element)
    assert not Topic("t", "T", "everyone", terms=("rac",)).holds(collection, element)
    assert Topic("t", "T", "everyone", terms=("peri*",)).holds(collection, element)
    assert not Topic("t", "T", "everyone", terms=("race",)).holds(collection)


def test_what_a_topic_names_must_exist(new_plan: NewPlan) -> None:
    row = ["moving", "Moving", "", "subject", "", "example-rooster", "example-roster/programm", "", ""]
    _, problems = examine(with_table(new_plan(), "topics", TOPICS, row))
    assert [str(each) for each in problems] == [
        'catalog/topics.csv, row 2: no collection "example-rooster". Did you mean "example-roster"?  (L113)',
        'catalog/topics.csv, row 2: no element "example-roster/programm". '
        'Did you mean "example-roster/program"?  (L113)',
    ]


def test_a_text_is_translated_once_into_a_language(new_plan: NewPlan) -> None:
    rows = [["es", "Grade", "Grado"], ["es", "Grade", "Curso"], ["pt", "Grade", "Série"]]
    root = with_table(new_plan(), "translations", ["language", "text", "translation"], *rows)
    plan, problems = examine(root)
    assert plan is not None
    assert dict(plan.translations) == {("es", "Grade"): "Grado", ("pt", "Grade"): "Série"}
    assert [each.rule for each in problems] == ["L120"]


def test_every_element_about_pupils_and_every_collection_is_in_a_topic(connecticut: Plan) -> None:
    topics = connecticut.all_topics
    homeless = [
        f"{collection.id}/{element.name}"
        for collection, _, element in connecticut.every_element()
        if not any(topic.holds(collection, element) for topic in topics)
    ]
    assert homeless == []
    assert [
        each.id
        for each in connecticut.all_collections
        if not each.layouts and not any(topic.holds(each) for topic in topics)
    ] == []


def test_the_newest_change_is_that_of_the_plans_version_and_date(connecticut: Plan) -> None:
    assert (connecticut.changes[0].version, connecticut.changes[0].date) == (connecticut.version, connecticut.created)
