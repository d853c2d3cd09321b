"""What the service cannot answer: each problem with its status and sentences, as RFC 9457 has them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from starlette.responses import Response

from dap.intake.http.words import say
from dap.languages import _

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True)
class Kind:
    """A kind of problem: its HTTP status, what is the matter, and what to do; sentences of ours only."""

    status: int
    title: str
    fix: str


_SEND_AGAIN = _("Send the file again.")
_TOKEN = _("Ask the data steward for a token. It is sent as the header `Authorization: Bearer <token>`.")
_LATER = _("Wait as long as the header Retry-After says, then send it again. Nothing is lost: it was not taken.")
_ADDRESS = _("The addresses are listed in /openapi.json.")

KINDS: Mapping[str, Kind] = {
    "no-token": Kind(401, _("The request has no token."), _TOKEN),
    "token-malformed": Kind(
        401, _("This is no whole token."), _("Copy the token again, all of it: it begins with dap_.")
    ),
    "token-unknown": Kind(401, _("There is no such token."), _TOKEN),
    "token-expired": Kind(401, _("The token has expired."), _("Ask the data steward for a new token.")),
    "token-revoked": Kind(401, _("The token was revoked."), _("Ask the data steward for a new token.")),
    "action-not-allowed": Kind(
        403, _("The token is not for this."), _("Ask the data steward for a token that is for this action.")
    ),
    "other-district": Kind(
        403,
        _("The token is another district's than the one in the address."),
        _("Put the code of your own district in the address, or use that district's token."),
    ),
    "not-found": Kind(404, _("There is nothing at this address."), _ADDRESS),
    "unknown-submission": Kind(
        404,
        _("Your district has no submission of this id."),
        _("GET /v1/submissions lists the submissions of your district."),
    ),
    "method-not-allowed": Kind(405, _("The address does not answer this method."), _ADDRESS),
    "not-judged": Kind(
        409, _("The file was received and is not judged yet."), _("Ask again after the time in the header Retry-After.")
    ),
    "no-verdict": Kind(
        409,
        _("The file was received, and could not be judged."),
        _("Nothing is lost and nothing has to be sent again: the data steward has to mend it first."),
    ),
    "upload-stalled": Kind(408, _("The file stopped arriving and was given up."), _SEND_AGAIN),
    "upload-broken-off": Kind(400, _("The connection ended before the whole file had arrived."), _SEND_AGAIN),
    "length-required": Kind(
        411,
        _("The request does not say how long the file is."),
        _("Send the header Content-Length with the number of bytes; curl does so with `--upload-file FILE`."),
    ),
    "too-large": Kind(
        413,
        _("The file is larger than any that is taken."),
        _("Send one file for one collection, uncompressed or in one zip archive, and only the columns asked for."),
    ),
    "wrong-encoding": Kind(
        415,
        _("The body has a Content-Encoding."),
        _("Send the file's own bytes. To send it compressed, put the one file into a zip archive."),
    ),
    "hash-required": Kind(
        400,
        _("The request does not say which SHA-256 the file has."),
        _("Send `Repr-Digest: sha-256=:<base64>:`, or `X-Checksum-SHA256: <hexadecimal>` as sha256sum prints it."),
    ),
    "hash-malformed": Kind(
        400,
        _("The SHA-256 in the header is none, or two headers disagree."),
        _("Send `Repr-Digest: sha-256=:<base64>:`, or `X-Checksum-SHA256: <hexadecimal>` as sha256sum prints it."),
    ),
    "wrong-parameter": Kind(
        400, _("The query has a parameter that is not known, or a value it cannot have."), _ADDRESS
    ),
    "too-many-requests": Kind(429, _("There were too many requests in one minute."), _LATER),
    "too-many-uploads": Kind(
        429, _("The district is sending too many files at once."), _("Wait until one has arrived, then send the next.")
    ),
    "busy": Kind(503, _("The service has all it can do at this moment."), _LATER),
    "stopping": Kind(503, _("The service is being stopped or started."), _LATER),
    "could-not-judge": Kind(
        503,
        _("The check could not be carried out, so there is no verdict."),
        _("Try again later; if it goes on, tell the data steward."),
    ),
    "unexpected": Kind(
        500,
        _("The service failed, and the request was not carried out."),
        _("Send it again. If it goes on, tell the data steward the time and the request id."),
    ),
}
"""Every kind of problem that the service itself can have, by the last part of its type."""

REFUSED_STATUS: Mapping[str, int] = {
    "bad-address": 400,
    "unknown-collection": 404,
    "replaced-collection": 422,
    "not-a-file": 422,
    "unknown-district": 404,
    "unknown-period": 404,
    "period-not-open": 422,
    "period-not-in-layout": 422,
    "bad-extension": 415,
    "bad-sha256": 400,
    "empty": 422,
    "too-large": 413,
    "too-short": 400,
    "too-long": 400,
    "wrong-sha256": 422,
    "changed": 422,
    "storage-full": 507,
    "storage-failed": 503,
    "busy": 503,
    "contradicts": 409,
    "no-statement": 404,
}
"""The status of what the store refuses (`records.REFUSALS`), and of a statement that a standing file contradicts."""


OTHERWISE = _("GET /v1/me lists what your district may send, and for which periods.")
"""What to do where the store itself did not say."""


class Problem(Exception):
    """A request that cannot be answered; `title` and `fix` stand in for the kind's own where the store gave some."""

    def __init__(
        self,
        code: str,
        *,
        status: int | None = None,
        title: str | None = None,
        fix: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        kind = KINDS.get(code)
        self.code = code
        self.status = status if status is not None else kind.status if kind is not None else 422
        self.title = title if title is not None else kind.title if kind is not None else ""
        self.fix = fix if fix is not None else kind.fix if kind is not None else ""
        self.headers = dict(headers or {})
        super().__init__(code)

    def as_dict(self, language: str, request_id: str) -> dict[str, object]:
        """The problem as its JSON has it; `type` leads to a page that says the same to a person."""
        return {
            "type": f"/problems/{self.code}",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": say(self.title, language),
            "fix": say(self.fix, language),
            "code": self.code,
            "instance": f"urn:dap:request:{request_id}",
        }

    def response(self, language: str, request_id: str) -> Response:
        """The answer: problem+json with the headers its status asks for."""
        headers = {"Content-Language": language, **self.headers}
        if self.status == 401:
            headers.setdefault("WWW-Authenticate", 'Bearer realm="dap"')
        if self.status in (429, 503, 507) or self.code == "not-judged":
            headers.setdefault("Retry-After", "5")
        body = json.dumps(self.as_dict(language, request_id), ensure_ascii=False).encode()
        return Response(body, self.status, headers, media_type=MEDIA_TYPE)
