"""A file on its way in: what its headers promise, and its bytes handed from the network to a thread, few at a time."""

from __future__ import annotations

import asyncio
import base64
import binascii
import re
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

import anyio.from_thread
import anyio.to_thread
from starlette.requests import ClientDisconnect, Request

from dap.intake.http.problems import Problem

T = TypeVar("T")

HASH_HEADERS = ("Repr-Digest", "Content-Digest", "X-Checksum-SHA256")
"""Where the SHA-256 may stand: the two fields of RFC 9530, the same here, or hexadecimal as tools print it."""

_DIGEST = re.compile(r"sha-256=:([A-Za-z0-9+/=]{0,88}):(?:;.*)?")
_HEXADECIMAL = re.compile(r"[0-9A-Fa-f]{64}")
_EXTENSIONS = {
    "text/csv": "csv",
    "text/plain": "txt",
    "text/tab-separated-values": "txt",
    "application/zip": "zip",
    "application/x-zip-compressed": "zip",
    "application/gzip": "gz",
    "application/vnd.ms-excel": "xls",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/vnd.oasis.opendocument.spreadsheet": "ods",
    "application/vnd.apache.parquet": "parquet",
}
OTHER = "dat"
# After a refusal so much of the body is still read, or so long: a client that is writing does not hear an answer
# when its connection is cut.
_DRAINED_BYTES = 1_000_000
_DRAINED_SECONDS = 5.0


@dataclass(frozen=True)
class Promised:
    """What the headers say of a file: its bytes, its SHA-256 in hexadecimal, and the ending its media type has."""

    length: int
    sha256: str
    extension: str


def promised(request: Request, most: int) -> Promised:
    """What the headers promise; a Problem where they promise too little, too much, or two things."""
    if request.headers.get("Content-Encoding", "identity").strip().casefold() not in ("", "identity"):
        raise Problem("wrong-encoding")
    length = request.headers.get("Content-Length", "")
    if not re.fullmatch(r"[0-9]{1,18}", length):
        raise Problem("length-required")
    if int(length) > most:
        raise Problem("too-large")
    media_type = request.headers.get("Content-Type", "").partition(";")[0].strip().casefold()
    return Promised(int(length), promised_hash(request), _EXTENSIONS.get(media_type, OTHER))


def promised_hash(request: Request) -> str:
    """The SHA-256 of the headers, in lower-case hexadecimal."""
    found: set[str] = set()
    for name in HASH_HEADERS:
        for value in request.headers.getlist(name):
            found.add(_hexadecimal(value) if name.startswith("X-") else _of_digest(value))
    found.discard("")
    if not found:
        raise Problem("hash-required")
    if len(found) > 1:
        raise Problem("hash-malformed")
    return found.pop()


def _hexadecimal(value: str) -> str:
    if not _HEXADECIMAL.fullmatch(value.strip()):
        raise Problem("hash-malformed")
    return value.strip().lower()


def _of_digest(value: str) -> str:
    """The SHA-256 of a digest field; empty where it names other algorithms only."""
    for part in value.split(","):
        name, _, _ = part.strip().partition("=")
        if name.casefold() != "sha-256":
            continue
        form = _DIGEST.fullmatch(part.strip().replace(name, name.casefold(), 1))
        try:
            raw = base64.b64decode(form[1], validate=True) if form else b""
        except binascii.Error:
            raw = b""
        if len(raw) != 32:
            raise Problem("hash-malformed")
        return raw.hex()
    return ""


async def handed_over(
    request: Request, take: Callable[[Iterator[bytes]], T], idle_seconds: float, limiter: anyio.CapacityLimiter
) -> T:
    """Run `take` in a thread on the body's chunks, each fetched when it is asked for: so no more than one is held.

    A client that sends nothing for `idle_seconds`, or goes away, makes a Problem inside `take`, which cleans up.
    """
    stream = request.stream()

    def chunks() -> Iterator[bytes]:
        while chunk := anyio.from_thread.run(_next, stream, idle_seconds):
            yield chunk

    return await anyio.to_thread.run_sync(lambda: take(chunks()), limiter=limiter)


async def _next(stream: AsyncIterator[bytes], idle_seconds: float) -> bytes:
    """The next chunk that holds anything; empty at the end."""
    try:
        async with asyncio.timeout(idle_seconds):
            async for chunk in stream:
                if chunk:
                    return chunk
    except TimeoutError:
        raise Problem("upload-stalled", headers={"Connection": "close"}) from None
    except ClientDisconnect:
        raise Problem("upload-broken-off", headers={"Connection": "close"}) from None
    return b""


async def drain(request: Request) -> bool:
    """Read on after a refusal, so that the answer is heard; whether all was read, and the connection is good.

    A client that waits for leave to send (`Expect: 100-continue`) is not made to.
    """
    if request.headers.get("Expect", "").casefold() == "100-continue":
        return False
    length = request.headers.get("Content-Length", "")
    if "Transfer-Encoding" not in request.headers and length in ("", "0"):
        return True
    seen = 0
    try:
        async with asyncio.timeout(_DRAINED_SECONDS):
            while seen <= _DRAINED_BYTES:
                message = await request.receive()
                if message["type"] == "http.disconnect":
                    return False
                seen += len(message.get("body", b""))
                if not message.get("more_body", False):
                    return True
    except TimeoutError:
        pass
    return False
