"""Tokens: one secret a district, kept as a hash only, for stated actions, until a day, until it is revoked."""

from __future__ import annotations

import hashlib
import re
import secrets
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, String, Table, insert, select, update

from dap.errors import RequestError
from dap.intake.database import metadata, reading

if TYPE_CHECKING:
    from dap.intake.store import Store

SUBMIT = "submit"
CHECK = "check"
READ = "read"
METRICS = "metrics"
DISTRICT_ACTIONS = (SUBMIT, CHECK, READ)
"""What a district's token may do unless fewer are named: send, try out, and look up what was sent."""

OPERATOR = ""
"""The district of a token that belongs to none: it may read the metrics and nothing else."""

DAYS = 400
"""How long a token holds unless told otherwise: a school year and the summer after it."""
MOST_DAYS = 1_100

_FORM = re.compile(r"dap_([0-9a-f]{12})_([0-9A-Za-z_-]{43})_([0-9a-f]{8})")
_DISTRICT = re.compile(r"[0-9A-Za-z]{1,20}")
_ID = re.compile(r"[0-9a-f]{12}")
_NOTE_CHARACTERS = 80

TOKENS = Table(
    "tokens",
    metadata,
    Column("id", String(12), primary_key=True),
    Column("district", String(20), nullable=False),
    Column("actions", String(60), nullable=False),
    Column("note", String(_NOTE_CHARACTERS), nullable=False),
    Column("issued", String(32), nullable=False),
    Column("expires", String(32), nullable=False),
    Column("revoked", String(32)),
    # The secret has 256 random bits, so that a plain hash of it cannot be searched; a slow one would only slow us.
    Column("sha256", String(64), nullable=False),
)


@dataclass(frozen=True)
class Token:
    """What is kept of a token; the secret is not. Times are UTC; `revoked` is None while it holds."""

    id: str
    district: str
    actions: tuple[str, ...]
    note: str
    issued: datetime
    expires: datetime
    revoked: datetime | None

    def state(self, now: datetime) -> str:
        """`revoked`, `expired` or `valid`."""
        if self.revoked is not None:
            return "revoked"
        return "expired" if now >= self.expires else "valid"

    def may(self, action: str) -> bool:
        """Whether it was issued for the action."""
        return action in self.actions


class TokenRefused(Exception):
    """A token that opens nothing: `code` is `malformed`, `unknown`, `expired` or `revoked`."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


def issue(
    store: Store,
    district: str,
    *,
    actions: Iterable[str] = DISTRICT_ACTIONS,
    days: int = DAYS,
    note: str = "",
    now: datetime | None = None,
) -> tuple[str, Token]:
    """Issue a token: its text, which is kept nowhere and cannot be shown again, and what is kept of it.

    `district` is a code of letters and digits, or OPERATOR for a token that may only read the metrics; RequestError
    where district, actions, days or note cannot be taken.
    """
    wanted = (METRICS,) if district == OPERATOR else tuple(dict.fromkeys(actions))
    _demand(district, wanted, days, note)
    now = now or datetime.now(UTC)
    token = Token(secrets.token_hex(6), district, wanted, note, now, now + timedelta(days=days), None)
    secret = secrets.token_urlsafe(32)
    row = {
        "id": token.id,
        "district": district,
        "actions": " ".join(wanted),
        "note": note,
        "issued": now.isoformat(),
        "expires": token.expires.isoformat(),
        "revoked": None,
        "sha256": _digest(secret),
    }
    entered = {"token": token.id, "district": district, "actions": list(wanted), "days": days}
    with store.transaction() as connection:
        connection.execute(insert(TOKENS).values(**row))
        store.append_in(connection, "token.issued", entered)
    return _text(token.id, secret), token


def tokens(store: Store, district: str | None = None) -> list[Token]:
    """Every token ever issued, or a district's, the oldest first."""
    query = select(TOKENS).order_by(TOKENS.c.issued, TOKENS.c.id)
    if district is not None:
        query = query.where(TOKENS.c.district == district)
    with reading(store.engine) as connection:
        return [_token(row) for row in connection.execute(query)]


def revoke(store: Store, id: str, *, now: datetime | None = None) -> Token:
    """Revoke a token by its id, at once and for good; a second time changes nothing. RequestError for an unknown id."""
    now = now or datetime.now(UTC)
    before = _find(store, id)
    if before is None:
        raise RequestError("There is no token of that id. `dap token list` shows every one.")
    if before[0].revoked is None:
        still_valid = (TOKENS.c.id == id) & TOKENS.c.revoked.is_(None)
        with store.transaction() as connection:
            if connection.execute(update(TOKENS).where(still_valid).values(revoked=now.isoformat())).rowcount:
                store.append_in(connection, "token.revoked", {"token": id, "district": before[0].district})
    after = _find(store, id)
    assert after is not None  # tokens are never deleted
    return after[0]


def authenticate(store: Store, text: str, *, now: datetime | None = None) -> Token:
    """The token whose text this is; TokenRefused where it is none, or no longer one.

    A text with a wrong check sum is refused without a look at the database: it was copied in part, or guessed.
    """
    form = _FORM.fullmatch(text)
    if form is None or _check(form[1], form[2]) != form[3]:
        raise TokenRefused("malformed")
    found = _find(store, form[1])
    # Compared whether it is known or not, in constant time.
    same = secrets.compare_digest(_digest(form[2]), found[1] if found else _digest(""))
    if found is None or not same:
        raise TokenRefused("unknown")
    state = found[0].state(now or datetime.now(UTC))
    if state != "valid":
        raise TokenRefused(state)
    return found[0]


def _demand(district: str, actions: tuple[str, ...], days: int, note: str) -> None:
    if district != OPERATOR and not _DISTRICT.fullmatch(district):
        raise RequestError("The district is a code of letters and digits, such as 001.")
    if district != OPERATOR and (not actions or not set(actions) <= set(DISTRICT_ACTIONS)):
        raise RequestError(f"A district's token is for one or more of: {', '.join(DISTRICT_ACTIONS)}.")
    if not 1 <= days <= MOST_DAYS:
        raise RequestError(f"A token holds for 1 to {MOST_DAYS:,} days.")
    if len(note) > _NOTE_CHARACTERS or not note.isprintable():
        raise RequestError(f"A note has at most {_NOTE_CHARACTERS} characters, all of them printable.")


def _find(store: Store, id: str) -> tuple[Token, str] | None:
    if not _ID.fullmatch(id):
        return None
    with reading(store.engine) as connection:
        row = connection.execute(select(TOKENS).where(TOKENS.c.id == id)).one_or_none()
    return None if row is None else (_token(row), row.sha256)


def _token(row: Any) -> Token:
    return Token(
        row.id,
        row.district,
        tuple(row.actions.split()),
        row.note,
        datetime.fromisoformat(row.issued),
        datetime.fromisoformat(row.expires),
        datetime.fromisoformat(row.revoked) if row.revoked else None,
    )


def _text(id: str, secret: str) -> str:
    return f"dap_{id}_{secret}_{_check(id, secret)}"


def _check(id: str, secret: str) -> str:
    # Tells a text that was copied in part from one that is unknown; it protects nothing.
    return f"{zlib.crc32(f'{id}_{secret}'.encode()):08x}"


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
