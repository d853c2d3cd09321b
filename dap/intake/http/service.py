"""The service: which address answers what. Start reading at `routes`; a submission comes in at `submit`."""

from __future__ import annotations

import base64
import hashlib
import re
import tempfile
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from functools import partial
from typing import IO, Any, TypeVar

import anyio
import anyio.to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route, Router

from dap.intake import tokens
from dap.intake.config import IntakeConfig
from dap.intake.http import page
from dap.intake.http.arriving import handed_over, promised
from dap.intake.http.guard import CONTENT_POLICY, Guard
from dap.intake.http.openapi import document
from dap.intake.http.problems import Problem
from dap.intake.http.rates import AtOnce, Rate
from dap.intake.http.verdicts import Verdicts
from dap.intake.records import Address, Received, Refused, State, Submission
from dap.intake.store import Store
from dap.intake.tokens import Token, TokenRefused

T = TypeVar("T")
Judging = Callable[[IntakeConfig, IO[bytes], Address], dict[str, Any]]
"""Gives the report on a file that is not kept; CouldNotRun where there is none."""

_THREADS = 16
"""Looks into the database at once; more would only wait for each other."""
_LISTED = 100
_PREFER = re.compile(r"(?:^|[,\s])wait=([0-9]{1,4})(?:$|[,;\s])")


class Service:
    """What the service works with; `app` is the ASGI application. `judge` judges a file that is not kept."""

    def __init__(self, store: Store, judge: Judging | None = None) -> None:
        self.store, self.config, self.http = store, store.config, store.config.http
        self.judge = judge or _judge_only
        self.requests = Rate(self.http.requests_per_minute)
        self.failures = Rate(self.http.failures_per_minute)
        self.uploads = AtOnce(self.http.uploads, self.http.uploads_per_district)
        self.checks = AtOnce(self.http.checks_at_once, 1)
        self.verdicts = Verdicts(self._look)
        self.app = Guard(Router(self.routes(), redirect_slashes=False, lifespan=self._lifespan))

    def routes(self) -> list[Route]:
        """Every address with what answers it; `openapi.py` describes the same ones, and a test compares the two."""
        here = "/v1/submissions/{district}/{collection}/{period}"
        return [
            Route("/", partial(page.upload, self), methods=["GET"]),
            Route("/es/", partial(page.upload, self, language="es"), methods=["GET"]),
            Route("/assets/{name}", page.asset, methods=["GET"]),
            Route("/problems/{code}", page.problem, methods=["GET"]),
            Route("/openapi.json", self.openapi, methods=["GET"]),
            Route("/health", self.health, methods=["GET"]),
            Route("/ready", self.ready, methods=["GET"]),
            Route("/metrics", self.metrics, methods=["GET"]),
            Route("/v1/ledger/head", self.head, methods=["GET"]),
            Route("/v1/ledger/key", self.key, methods=["GET"]),
            Route("/v1/me", self.me, methods=["GET"]),
            Route("/v1/checks", self.check, methods=["POST"]),
            Route(here, self.submit, methods=["PUT"]),
            Route(f"{here}/nothing-to-report", self.nothing, methods=["PUT", "DELETE"]),
            Route("/v1/submissions", self.listed, methods=["GET"]),
            Route("/v1/submissions/{id}", self.one, methods=["GET"]),
            Route("/v1/submissions/{id}/report", self.report, methods=["GET"]),
            Route("/v1/submissions/{id}/receipt", self.receipt, methods=["GET"]),
        ]

    @asynccontextmanager
    async def _lifespan(self, _: object) -> AsyncIterator[None]:
        # An upload holds its thread while the network is slow, so that looking something up has threads of its own.
        self._uploading = anyio.CapacityLimiter(self.http.uploads)
        self._judging = anyio.CapacityLimiter(max(1, self.http.checks_at_once))
        self._looking = anyio.CapacityLimiter(_THREADS)
        yield

    # Sending

    async def submit(self, request: Request) -> Response:
        """PUT /v1/submissions/{district}/{collection}/{period}: take a file in, and answer with its receipt."""
        token = await self._token(request, tokens.SUBMIT, "submit")
        address = self._address(request, token)
        _parameters(request, ())
        file = promised(request, self.config.max_bytes)
        if why := self.uploads.why_not(token.district):
            raise Problem("too-many-uploads" if why == "each" else "busy")
        with self.uploads.one(token.district):

            def take(chunks: Iterator[bytes]) -> Received:
                return self.store.receive(
                    address, chunks, extension=file.extension, channel="http", length=file.length, sha256=file.sha256
                )

            received = await handed_over(request, take, self.http.idle_seconds, self._uploading)
        submission = await self.verdicts.of(received.submission, self._wait(request))
        return await self._answer(submission, received.repeated)

    async def _answer(self, submission: Submission, repeated: bool) -> Response:
        where = f"/v1/submissions/{submission.id}"
        headers = {"Location": where, "Link": f'<{where}/report>; rel="related", <{where}/receipt>; rel="alternate"'}
        receipt = await self._run(self.store.receipt, submission.id)
        if receipt is None:
            headers["Retry-After"] = "5"
            return JSONResponse(submission.as_dict(), 202, headers)
        return JSONResponse(receipt, 200 if repeated else 201, headers)

    async def nothing(self, request: Request) -> Response:
        """PUT .../nothing-to-report: a district states that it has nothing to report; DELETE takes that back."""
        token = await self._token(request, tokens.SUBMIT, "nothing-to-report")
        address = self._address(request, token)
        _parameters(request, ())
        from dap.intake.statements import declare_nothing, withdraw_nothing

        if request.method == "DELETE":
            return JSONResponse(await self._run(partial(withdraw_nothing, self.store, address, by=token.id)))
        stated = await self._run(partial(declare_nothing, self.store, address, by=token.id))
        return JSONResponse(stated, 201)

    async def check(self, request: Request) -> Response:
        """POST /v1/checks: judge a file and keep nothing of it."""
        token = await self._token(request, tokens.CHECK, "check")
        asked = _parameters(request, ("collection", "period"))
        if len(asked) != 2:
            raise Problem("wrong-parameter")
        address = Address(token.district, asked["collection"], asked["period"])
        file = promised(request, self.config.max_bytes)
        await self._run(partial(self._demand_known, address))
        if why := self.checks.why_not(token.district):
            raise Problem("too-many-uploads" if why == "each" else "busy")
        with self.checks.one(token.district):

            def take(chunks: Iterator[bytes]) -> dict[str, Any]:
                return self._judged_only(address, chunks, file.length, file.sha256)

            return JSONResponse(await handed_over(request, take, self.http.idle_seconds, self._judging))

    def _demand_known(self, address: Address) -> None:
        collection = next((each for each in self.store.plan.all_collections if each.id == address.collection), None)
        if collection is None:
            raise Refused("unknown-collection", fix="GET /v1/me lists the collections that take a file.")
        if not collection.file_layouts:
            raise Refused("not-a-file", fix="GET /v1/me lists the collections that take a file.")

    def _judged_only(self, address: Address, chunks: Iterable[bytes], length: int, sha256: str) -> dict[str, Any]:
        # The file has no name, so that nothing is left of it whenever the process ends.
        with tempfile.TemporaryFile(dir=self.config.folder / "tmp") as file:
            digest, size = hashlib.sha256(), 0
            for chunk in chunks:
                size += len(chunk)
                digest.update(chunk)
                file.write(chunk)
            if size != length:
                raise Refused("too-short" if size < length else "too-long", fix="Send it again.")
            if digest.hexdigest() != sha256:
                raise Refused("wrong-sha256", fix="Send it again; where that does not help, compute the SHA-256 anew.")
            file.seek(0)
            return self.judge(self.config, file, address)

    # Looking

    async def listed(self, request: Request) -> Response:
        """GET /v1/submissions: what the token's district has sent, the oldest first."""
        token = await self._token(request, tokens.READ, "submissions")
        asked = _parameters(request, ("collection", "period", "state", "after", "limit"))
        limit = _limit(asked.pop("limit", str(_LISTED)))
        states = _states(asked.pop("state", None))
        after = asked.get("after")
        if after is not None:
            await self._own(after, token)
        found = await self._run(
            partial(self.store.submissions, district=token.district, states=states, limit=limit + 1, **asked)
        )
        shown = found[:limit]
        more = shown[-1].id if len(found) > limit else None
        return JSONResponse({"submissions": [each.as_dict() for each in shown], "next": more})

    async def one(self, request: Request) -> Response:
        """GET /v1/submissions/{id}: where a submission stands; with `Prefer: wait=10` as soon as it has a verdict."""
        token = await self._token(request, tokens.READ, "submission")
        _parameters(request, ())
        submission = await self._own(request.path_params["id"], token)
        wait = self._wait(request) if "Prefer" in request.headers else 0
        return JSONResponse((await self.verdicts.of(submission, wait)).as_dict())

    async def report(self, request: Request) -> Response:
        """GET /v1/submissions/{id}/report: the report on it."""
        token = await self._token(request, tokens.READ, "report")
        _parameters(request, ())
        submission = await self._own(request.path_params["id"], token)
        return JSONResponse(_there(await self._run(self.store.report, submission.id), submission))

    async def receipt(self, request: Request) -> Response:
        """GET /v1/submissions/{id}/receipt: its receipt, as JSON, or as a page to print for who asks for HTML."""
        token = await self._token(request, tokens.READ, "receipt")
        _parameters(request, ())
        submission = await self._own(request.path_params["id"], token)
        receipt = _there(await self._run(self.store.receipt, submission.id), submission)
        if not request.headers.get("Accept", "").startswith("text/html"):
            return JSONResponse(receipt)
        from dap.intake.receipts import as_html

        text = as_html(receipt)
        return Response(text, 200, {"Content-Security-Policy": _with_styles(text)}, media_type="text/html")

    async def me(self, request: Request) -> Response:
        """GET /v1/me: whose token it is, what it is for, and which collections take a file."""
        token = await self._token(request, "", "me")
        _parameters(request, ())
        return JSONResponse(
            {
                "district": token.district,
                "actions": list(token.actions),
                "expires": token.expires.isoformat(timespec="seconds"),
                "max_bytes": self.config.max_bytes,
                "collections": await self._run(self._collections),
            }
        )

    def _collections(self) -> list[dict[str, Any]]:
        from datetime import date

        from dap.intake import periods

        # What a collection's periods are called in a school year is another part's to say; without it the years are.
        named = getattr(periods, "periods", None)
        this = date.today().year - (date.today().month < 7)
        years = [f"{year}-{(year + 1) % 100:02}" for year in (this, this - 1)]
        return [
            {
                "id": each.id,
                "title": each.title,
                "periods": list(dict.fromkeys(p for y in years for p in (named(each, y) if named else (y,)))),
            }
            for each in self.store.plan.all_collections
            if each.file_layouts
        ]

    # For everyone, and for the operator

    async def openapi(self, request: Request) -> Response:
        """GET /openapi.json: this service, described for programs."""
        return JSONResponse(document(self.config, self.http.address))

    async def head(self, request: Request) -> Response:
        """GET /v1/ledger/head: the ledger's signed head, which holds nothing of anybody's submission."""
        return JSONResponse((await self._run(self.store.head)).as_dict())

    async def key(self, request: Request) -> Response:
        """GET /v1/ledger/key: the state's public key, as `dap receipt verify --key` takes it."""
        from dap.intake.keys import public_text

        return PlainTextResponse(public_text(self.store.signer.public))

    async def ready(self, request: Request) -> Response:
        """GET /ready: whether a submission would be taken now; 503 while it would not."""
        await self._run(self.store.head)
        return JSONResponse({"status": "ok"})

    async def health(self, request: Request) -> Response:
        """GET /health: what the operation watches, in words and numbers; 503 where something fails."""
        from dap.intake.operation import health

        told = await self._run(partial(health, self.store))
        return JSONResponse(told, 200 if told["status"] == "ok" else 503)

    async def metrics(self, request: Request) -> Response:
        """GET /metrics: numbers for a monitoring system, with the operator's token."""
        await self._token(request, tokens.METRICS, "metrics")
        from dap.intake.operation import CONTENT_TYPE, metrics

        return Response(await self._run(partial(metrics, self.store)), 200, {"Content-Type": CONTENT_TYPE})

    # Helpers

    async def _token(self, request: Request, action: str, route: str) -> Token:
        """The request's token, where it is for the action; what the log may say of both goes into the state."""
        request.state.route = route
        peer = request.client.host if request.client else ""
        if self.failures.empty(peer):
            raise Problem("too-many-requests", headers={"Retry-After": "60"})
        scheme, _, text = request.headers.get("Authorization", "").partition(" ")
        if scheme.casefold() != "bearer" or not text.strip():
            raise Problem("no-token")
        try:
            token = await self._run(partial(tokens.authenticate, self.store, text.strip()))
        except TokenRefused as refused:
            self.failures.take(peer)
            raise Problem(f"token-{refused.code}") from None
        request.state.token, request.state.district = token.id, token.district
        if wait := self.requests.take(token.id):
            raise Problem("too-many-requests", headers={"Retry-After": str(wait)})
        if (action and not token.may(action)) or (not action and token.district == tokens.OPERATOR):
            raise Problem("action-not-allowed")
        return token

    def _address(self, request: Request, token: Token) -> Address:
        """The address in the path, which must be the token's district's."""
        parts = request.path_params
        if parts["district"] != token.district:
            raise Problem("other-district")
        return Address(parts["district"], parts["collection"], parts["period"])

    async def _own(self, id: str, token: Token) -> Submission:
        """The district's own submission; another's is told apart from none in no way."""
        found = await self._run(self.store.submission, id)
        if found is None or found.address.district != token.district:
            raise Problem("unknown-submission")
        return found

    def _wait(self, request: Request) -> float:
        asked = _PREFER.search(request.headers.get("Prefer", ""))
        return min(self.http.wait_seconds, float(asked[1])) if asked else self.http.wait_seconds

    def _look(self, ids: Iterable[str]) -> list[Submission]:
        return [found for id in ids if (found := self.store.submission(id)) is not None]

    async def _run(self, call: Callable[..., T], *arguments: Any) -> T:
        return await anyio.to_thread.run_sync(call, *arguments, limiter=self._looking)


def _judge_only(config: IntakeConfig, file: IO[bytes], address: Address) -> dict[str, Any]:
    from dap.intake.judge import judge_only

    return judge_only(config, file, address)


def _parameters(request: Request, known: Iterable[str]) -> dict[str, str]:
    """The query's parameters; a Problem for one that is not known, twice there, or holds what no database takes."""
    asked = request.query_params.multi_items()
    names = [name for name, _ in asked]
    if not set(names) <= set(known) or len(set(names)) != len(names) or any("\0" in value for _, value in asked):
        raise Problem("wrong-parameter")
    return dict(asked)


def _limit(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,4}", text) or not 1 <= int(text) <= _LISTED:
        raise Problem("wrong-parameter")
    return int(text)


def _states(text: str | None) -> list[State] | None:
    if text is None:
        return None
    if text not in {each.value for each in State}:
        raise Problem("wrong-parameter")
    return [State(text)]


def _there(document: dict[str, Any] | None, submission: Submission) -> dict[str, Any]:
    if document is None:
        raise Problem("no-verdict" if submission.state is State.BROKEN else "not-judged")
    return document


def _with_styles(html: str) -> str:
    """The policy for a page that brings its own styles: those very ones, and no script."""
    styles = re.findall(r"<style>(.*?)</style>", html, re.S)
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(each.encode()).digest()).decode()}'" for each in styles
    )
    return CONTENT_POLICY.replace("script-src 'self'", "script-src 'none'").replace(
        "style-src 'self'", f"style-src {hashes}"
    )


def open_service(config: IntakeConfig) -> Service:
    """A service over the intake of the settings; errors as those of `Store.open`."""
    return Service(Store.open(config))
