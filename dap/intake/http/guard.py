"""Around every answer: what goes wrong becomes a problem of ours, and every answer has its headers and its log line."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dap.errors import DapError
from dap.intake import logs
from dap.intake.http.arriving import drain
from dap.intake.http.problems import OTHERWISE, REFUSED_STATUS, Problem
from dap.intake.http.words import preferred
from dap.intake.records import Refused

CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'none'; frame-ancestors 'none'; base-uri 'none'"
)
SECURITY_HEADERS: Mapping[str, str] = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": CONTENT_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""What every answer has; Strict-Transport-Security is the reverse proxy's, which alone knows that it speaks TLS."""


class Guard:
    """Wraps the service: nothing it raises reaches the server's own log, whose words may quote a request."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; `scope` is that of ASGI 3."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = _Exchange(scope, send)
        request = Request(scope, receive)
        scope["state"] = {**scope.get("state", {}), "request_id": exchange.id}
        # Starlette raises what it cannot route where there is an application to catch it.
        scope["app"] = self
        try:
            await self._app(scope, exchange.receiving(receive), exchange.send)
        except Exception as error:
            problem = problem_of(error)
            exchange.code = problem.code
            if not exchange.begun:
                if not exchange.whole and not await drain(request):
                    problem.headers["Connection"] = "close"
                language = preferred(request.headers.get("Accept-Language", ""))
                await problem.response(language, exchange.id)(scope, receive, exchange.send)
        finally:
            exchange.log()


def problem_of(error: Exception) -> Problem:
    """The problem that an exception is to whoever asked; nothing of an unknown exception but its type is kept."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, Refused):
        return Problem(
            error.code, status=REFUSED_STATUS.get(error.code, 422), title=error.message, fix=error.fix or OTHERWISE
        )
    if isinstance(error, HTTPException):
        code = {405: "method-not-allowed"}.get(error.status_code, "not-found")
        return Problem(code, headers=dict(error.headers or {}))
    if isinstance(error, DapError):
        logs.note("could-not-judge", type=type(error).__name__)
        return Problem("could-not-judge")
    logs.note("unexpected", type=type(error).__name__, at=logs.place_of(error))
    return Problem("unexpected")


class _Exchange:
    """One request and its answer: what the log line says of it, which is no address and nothing that was sent."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self.id = secrets.token_hex(8)
        self.begun, self.whole, self.status, self.code = False, False, 0, ""
        self._scope, self._send, self._start = scope, send, time.monotonic()

    def receiving(self, receive: Receive) -> Receive:
        """The same, noting when the whole body was read: nothing more may be waited for then."""

        async def noted() -> Message:
            message = await receive()
            self.whole = self.whole or not message.get("more_body", False)
            return message

        return noted

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.begun, self.status = True, message["status"]
            present = {name.lower() for name, _ in message["headers"]}
            more = [(name.lower().encode(), value.encode()) for name, value in SECURITY_HEADERS.items()]
            message["headers"] = [
                *message["headers"],
                *((name, value) for name, value in more if name not in present),
                (b"x-request-id", self.id.encode()),
            ]
        await self._send(message)

    def log(self) -> None:
        state: Mapping[str, Any] = self._scope["state"]
        line: dict[str, Any] = {
            "id": self.id,
            "method": self._scope["method"] if self._scope["method"] in _METHODS else "other",
            "route": state.get("route", ""),
            "status": self.status,
            "problem": self.code,
            "district": state.get("district", ""),
            "token": state.get("token", ""),
            "milliseconds": round((time.monotonic() - self._start) * 1000),
        }
        logs.note("request", **{name: value for name, value in line.items() if value != ""})


_METHODS = frozenset({"GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS", "PATCH"})
