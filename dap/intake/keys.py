"""The state's signing key: made once, kept in the folder's `keys/`, its public half published beside the plan."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dap.errors import CouldNotRun, RequestError
from dap.intake import steps

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

SECRET_FILE = "signing.key"
PUBLIC_FILE = "state-key.pub"
_WORD = "dap-ed25519"


@dataclass(frozen=True)
class Signer:
    """Signs with an Ed25519 key (RFC 8032); `public` is its public half, 32 bytes, `key` what heads call it."""

    public: bytes
    _private: Ed25519PrivateKey

    @property
    def key(self) -> str:
        """What a head calls the key: the first 16 digits of its SHA-256."""
        return key_id(self.public)

    def sign(self, message: bytes) -> str:
        """The signature in hexadecimal; the same message always has the same one."""
        return self._private.sign(message).hex()


def key_id(public: bytes) -> str:
    """What heads call a public key."""
    return hashlib.sha256(public).hexdigest()[:16]


def public_text(public: bytes) -> str:
    """The public key as its file has it: one line."""
    return f"{_WORD} {public.hex()}\n"


def read_public_keys(path: Path) -> dict[str, bytes]:
    """The public keys of a file, one a line, by what heads call them; RequestError where it holds none."""
    try:
        lines = [line.split() for line in path.read_text("ascii").splitlines() if line.strip()]
        found = [bytes.fromhex(words[1]) for words in lines if words[0] == _WORD]
    except (OSError, ValueError, IndexError):
        found = []
    if not found or any(len(each) != 32 for each in found):
        raise RequestError("The file given with --key is not a state's public key (state-key.pub).")
    return {key_id(each): each for each in found}


def signed_by(public: bytes, message: bytes, signature: str) -> bool:
    """Whether the signature is that key's, of that message."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(public).verify(bytes.fromhex(signature), message)
    except (InvalidSignature, ValueError):
        return False
    return True


def open_signer(folder: Path, temporary: Path) -> Signer:
    """The signer of the folder's key, which is made where there is none; CouldNotRun where the key cannot be used."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    secret = folder / SECRET_FILE
    if not secret.exists():
        steps.make_durably(secret, secrets.token_hex(32).encode() + b"\n", temporary, 0o400)
    try:
        private = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(secret.read_text("ascii").strip()))
    except (OSError, ValueError):
        raise CouldNotRun("the intake's signing key cannot be read. Restore keys/ from its backup.") from None
    signer = Signer(private.public_key().public_bytes_raw(), private)
    line = public_text(signer.public)
    public = folder / PUBLIC_FILE
    if not public.exists() or line not in public.read_text("ascii"):
        known = public.read_text("ascii") if public.exists() else ""
        steps.write_durably(public, (known + line).encode(), temporary.with_suffix(".pub"), 0o644)
    return signer
