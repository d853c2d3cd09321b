"""The page for those who send with a browser, and what goes with it: its script, its looks, a page for each problem."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from dap.intake.http.problems import KINDS, REFUSED_STATUS, Problem
from dap.intake.http.words import preferred, say
from dap.intake.records import REFUSALS
from dap.languages import LANGUAGES, OWN, _

if TYPE_CHECKING:
    from dap.intake.http.service import Service

HERE = Path(__file__).parent
ASSETS = {"intake.css": "text/css", "intake.js": "text/javascript"}

SAID_BY_SCRIPT = {
    "unknown": _("The service did not answer. Look at your connection and try again; nothing was sent."),
    "insecure": _("This page has to be opened with https, or no file can be sent from it."),
    "district": _("District"),
    "expires": _("The token holds until"),
    "choose": _("Choose one"),
    "large": _("The file is larger than any that is taken."),
    "empty": _("The file is empty."),
    "missing": _("Choose a collection, a period and a file first."),
    "hashing": _("Reading the file"),
    "sending": _("Sending"),
    "judging": _("Received. It is being judged; you may leave this page, nothing is lost."),
    "checking": _("Being judged; nothing of it is kept."),
    "accepted": _("Accepted"),
    "rejected": _("Rejected"),
    "unreadable": _("Not readable"),
    "broken": _("Received, and not judged: the data steward has to mend something first. Send nothing again."),
    "accepted-next": _("The file is taken. Save the receipt."),
    "rejected-next": _("Mend what is named at its source, export the file again and send it."),
    "unreadable-next": _("Nothing in it was judged. Mend what is named and send it again."),
    "check-only": _("This was a try: nothing was sent and nothing was kept."),
    "error": _("Error"),
    "warning": _("Warning"),
    "info": _("Note"),
    "rows": _("Rows"),
    "in-all": _("in all"),
    "column": _("Column"),
    "whole": _("The whole file"),
    "none": _("Nothing to mend."),
    "nothing-stated": _("It is entered that your district has nothing to report for this period."),
    "nothing-withdrawn": _("The statement is taken back: a file is awaited again."),
    "confirm": _("Does your district have nothing to report for this period?"),
}
"""The sentences that the script shows."""


async def upload(service: Service, request: Request, language: str = OWN) -> Response:
    """The page to send files with, in one language."""
    said = {name: say(text, language) for name, text in SAID_BY_SCRIPT.items()}
    html = _render(
        "upload.html",
        language,
        said=json.dumps(said, ensure_ascii=False),
        publisher=service.store.plan.title,
        megabytes=service.config.max_bytes // 1_000_000,
    )
    return HTMLResponse(html, headers={"Content-Language": language})


async def asset(request: Request) -> Response:
    """The page's script or looks."""
    name = request.path_params["name"]
    if name not in ASSETS:
        raise Problem("not-found")
    return Response((HERE / "assets" / name).read_bytes(), media_type=ASSETS[name])


async def problem(request: Request) -> Response:
    """A page on one kind of problem: what a problem's `type` leads to."""
    code = request.path_params["code"]
    kind = KINDS.get(code)
    if kind is None and code not in REFUSED_STATUS:
        raise Problem("not-found")
    title = kind.title if kind is not None else REFUSALS.get(code, "")
    status = kind.status if kind is not None else REFUSED_STATUS[code]
    language = preferred(request.headers.get("Accept-Language", ""))
    fix = kind.fix if kind is not None else _("The answer itself says what to do.")
    html = _render(
        "problem.html", language, status=status, code=code, what=say(title, language), fix=say(fix, language)
    )
    return HTMLResponse(html, headers={"Content-Language": language})


def _render(template: str, language: str, **values: Any) -> str:
    made = _environment().get_template(template)
    return made.render(language=language, languages=LANGUAGES, _=lambda text: say(text, language), **values)


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
