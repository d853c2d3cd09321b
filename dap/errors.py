"""What can go wrong outside the data, each with its exit code."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

ACCEPTED = 0
REJECTED = 1
WRONG_REQUEST = 2
COULD_NOT_RUN = 3


class DapError(Exception):
    """Anything that kept `dap` from answering; never a fault of the data, which is a finding."""

    exit_code = COULD_NOT_RUN


class RequestError(DapError):
    """The request cannot be answered as it stands: an unknown collection, plan folder or file."""

    exit_code = WRONG_REQUEST


class CouldNotRun(DapError):
    """The check could not be carried out, so there is no verdict: stale suites, a rule that broke."""

    exit_code = COULD_NOT_RUN


class PlanError(CouldNotRun):
    """The catalog could not be read as a plan; `problems` says where and why, all of them."""

    def __init__(self, problems: Sequence[object]) -> None:
        self.problems = tuple(problems)
        many = f"{len(self.problems)} problems" if len(self.problems) > 1 else "1 problem"
        listing = "\n".join(f"  {problem}" for problem in self.problems)
        super().__init__(f"the plan could not be read, {many}:\n{listing}\nRun `dap lint` for what to do.")


def nearest(wanted: str, known: Iterable[str]) -> str:
    """The half sentence that names the nearest known name, or nothing where none is near."""
    by_folded = {name.casefold(): name for name in known}
    close = get_close_matches(wanted.casefold(), by_folded, n=1, cutoff=0.6)
    return f' Did you mean "{by_folded[close[0]]}"?' if close else ""
