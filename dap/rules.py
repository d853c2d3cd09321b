"""Every rule id with its name, sentences and page: the one table behind findings, `dap explain` and `docs/rules/`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from dap.errors import RequestError, nearest

QUESTIONS = {
    "S": "Shape of the file",
    "P1": "Prohibited identifiers",
    "P2": "Unauthorised fields and content",
    "V": "Values",
    "Q": "Plausible, or to be explained",
    "L": "The plan itself",
}


@dataclass(frozen=True)
class Rule:
    """One kind of rule.

    `name` is the trouble's short name (with `{element}` where an element's name goes), `message` and `fix` are what
    a finding says (with `{label}` for the element and `{expected}` for what the plan asks for); `means`, `why`,
    `example` and `fix` make its page.
    """

    id: str
    name: str
    severity: str
    title: str
    message: str
    fix: str
    means: str
    why: str
    example: str
    since: str = "0.1.0"

    @property
    def question(self) -> str:
        """Which question the rule's letter asks."""
        return QUESTIONS.get(self.id[:2], QUESTIONS.get(self.id[0], ""))


@cache
def rules() -> Mapping[str, Rule]:
    """Every rule by its id, in the order of the table."""
    table = tomllib.loads((Path(__file__).parent / "rules.toml").read_text("utf-8"))
    return {id: Rule(id=id, **{key: value.strip() for key, value in entry.items()}) for id, entry in table.items()}


def rule(id: str) -> Rule:
    """The rule of that id; RequestError, with the nearest id, where there is none."""
    known = rules()
    if id.upper() in known:
        return known[id.upper()]
    # Whoever left a digit out meant one that begins so.
    begun = [each for each in known if each.startswith(id.upper())]
    raise RequestError(f"There is no such rule.{nearest(id.upper(), begun or known)}")


def is_rule_id(name: str) -> bool:
    """Whether the name has the form of a rule's id: a letter that asks a question, and three digits."""
    return re.fullmatch("[SPVQL][0-9]{1,4}", name.upper()) is not None


def page(rule: Rule) -> str:
    """The rule's page in Markdown, as `docs/rules/` holds it and `dap explain` prints it."""
    consequence = {
        "error": "A file that breaks it is rejected.",
        "warning": "A file that breaks it is accepted; look at it all the same.",
    }
    stands = consequence.get(rule.severity, "For information.") if rule.id[0] != "L" else "`dap lint` reports it."
    return (
        f"# {rule.id}: {rule.title}\n\n"
        f"*{rule.question}* · `{rule.name}` · {rule.severity} · since {rule.since}. {stands}\n\n"
        f"## What it means\n\n{rule.means}\n\n"
        f"## Why\n\n{rule.why}\n\n"
        f"## Example\n\n{rule.example}\n\n"
        f"## What to do\n\n{_plain(rule.fix)}\n"
    )


def index() -> str:
    """The list of all rules in Markdown."""
    lines = ["# Rules", "", "Every rule a report can name. `dap explain ID` prints the same page.", ""]
    question = ""
    for each in rules().values():
        if each.question != question:
            question = each.question
            lines += ["", f"## {question}", "", "| id | rule | severity |", "| --- | --- | --- |"]
        lines.append(f"| [{each.id}]({each.id}.md) | {each.title} | {each.severity} |")
    return "\n".join(lines).replace("\n\n\n", "\n\n") + "\n"


def _plain(text: str) -> str:
    return text.replace("{label}", "the element").replace("{expected}", "what the plan asks for")
