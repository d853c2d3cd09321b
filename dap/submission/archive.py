"""Opens a zip file by its own rules: what one program would unpack and another not is refused, and no name is a path.

Python's `zipfile` finds overlapping members only from 3.11.8 on, believes declared sizes, and takes the last of two
members of one name. Source of the format: PKWARE's APPNOTE.TXT 6.3.10.
"""

from __future__ import annotations

import struct
import unicodedata
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from dap.submission.limits import LIMITS

_END = struct.Struct("<4s4H2LH")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_ENCRYPTED = 0x1 | 0x40 | 0x2000
_DESCRIPTOR_FOLLOWS = 0x8
_PATCH = 0x20
# The latest version that APPNOTE defines, 6.3: what says that it needs a later one is packed in a way nobody knows.
_NEWEST = 63
_UTF8 = 0x800
_DESCRIPTORS = (12, 16, 20, 24)
# No type, a file, a folder: a link or a pipe is none of these.
_KINDS = frozenset({0, 0o100000, 0o040000})
# Ids of extra fields: sizes of more than 32 bits, and Info-ZIP's comment in UTF-8 (APPNOTE 4.5.3, 4.6.8).
_LARGE_FIELD, _COMMENT_FIELD = 0x0001, 0x6375
# Fields that packers fill by themselves, with numbers or with the name again: NTFS, Unix and universal times, owners,
# Unicode name, security descriptor, a Macintosh's (two), Office's room to grow, Java, Android (APPNOTE 4.5.2, 4.6).
_OWN_FIELDS = frozenset({_LARGE_FIELD, 0x000A, 0x000D, 0x5455, 0x5855, 0x7855, 0x7875, 0x756E, 0x7075, 0x4453, 0x334D,
                         0x2605, 0xA220, 0xCAFE, 0xD935})  # fmt: skip
_CHUNK = 1 << 20
_FED = 1 << 16


class ReadError(Exception):
    """The file cannot be read; `kind` is that of the fault. Holds nothing of the file."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


@dataclass(frozen=True)
class Member:
    """One file in an archive: its name, how it is packed, and where its bytes stand."""

    name: str = field(repr=False)
    method: int
    crc: int
    packed: int
    size: int
    header: int
    start: int
    end: int
    """Where its own header and its bytes begin, and where these end: there stands a descriptor or the next member."""
    beside: bytes = field(default=b"", repr=False)
    """Its comment and the fields that packers add to it, which no program unpacks."""
    comments: tuple[str, ...] = field(default=(), repr=False)
    """What somebody wrote on it."""
    foreign: bytes = field(default=b"", repr=False)
    """What its extra fields hold that no packer is known to write."""

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder: an empty member whose name ends with a slash."""
        return self.name.endswith("/") and self.size == 0


@dataclass(frozen=True)
class Archive:
    """The members of a zip file, in the order of their bytes, and the file's comment."""

    content: bytes = field(repr=False)
    members: tuple[Member, ...]
    comment: str = field(repr=False)

    @property
    def comments(self) -> tuple[str, ...]:
        """What somebody wrote on it and on its members: text that is sent along with the file."""
        return self.comment, *(comment for member in self.members for comment in member.comments)

    def chunks(self, member: Member) -> Iterator[bytes]:
        """The member's bytes, a piece at a time; ReadError where they are not those the archive promises."""
        packed = memoryview(self.content)[member.start : member.end]
        crc, size = 0, 0
        for piece in _stored(packed) if member.method == 0 else _inflated(packed):
            size += len(piece)
            if size > member.size:
                raise ReadError("archive_damaged")
            crc = zlib.crc32(piece, crc)
            yield piece
        if size != member.size or crc != member.crc:
            raise ReadError("archive_damaged")

    def bytes_of(self, member: Member) -> bytes:
        """All of the member's bytes."""
        return b"".join(self.chunks(member))


def open_archive(content: bytes) -> Archive:
    """Read the directory of a zip file and hold it against the members themselves.

    Raises ReadError: `encrypted`, `unpacks_too_large`, or `archive_damaged` for anything that two programs could read
    in two ways: bytes before, between or behind the members, names or sizes that differ between the two directories,
    members that overlap, names twice, absolute names, links, other packing than deflate.
    """
    end, comment = _end_record(content)
    _, disk, first_disk, here, count, size, offset, _ = end
    if disk or first_disk or here != count or count > LIMITS.members:
        raise ReadError("unpacks_too_large" if count > LIMITS.members and here == count else "archive_damaged")
    start_of_end = len(content) - _END.size - len(comment)
    if offset + size != start_of_end:
        raise ReadError("archive_damaged")
    members = sorted(_directory(content[offset:start_of_end], content, count), key=lambda each: each.start)
    _demand_seamless(members, offset)
    names = [unicodedata.normalize("NFC", member.name).casefold() for member in members]
    if len(set(names)) != len(names):
        raise ReadError("archive_damaged")
    if sum(member.size for member in members) > LIMITS.unpacked_bytes or any(map(_is_bomb, members)):
        raise ReadError("unpacks_too_large")
    return Archive(content, tuple(members), comment.decode("cp437"))


def gunzip(content: bytes) -> tuple[bytes, str, str, str]:
    """The one file in a gzip file, its stored name, its comment and its extra field (empty where there is none).

    Raises ReadError: `unpacks_too_large`, `archive_members` where a second one follows, `archive_damaged`.
    """
    beside = _gzip_header(content)
    unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS)
    parts: list[bytes] = []
    size = 0
    try:
        for place in range(0, len(content), _FED):
            rest = content[place : place + _FED]
            while rest and not unpacker.eof:
                parts.append(unpacker.decompress(rest, _CHUNK))
                rest = unpacker.unconsumed_tail
                size += len(parts[-1])
                if size > LIMITS.unpacked_bytes or _is_out_of_ratio(len(content), size):
                    raise ReadError("unpacks_too_large")
            if unpacker.eof:
                _demand_nothing_behind(unpacker.unused_data + content[place + _FED :])
                return b"".join(parts), *beside
    except zlib.error:
        raise ReadError("archive_damaged") from None
    raise ReadError("archive_damaged")


def _demand_nothing_behind(rest: bytes) -> None:
    # Tapes were filled up with noughts, and some programs still do it.
    if rest.strip(b"\0"):
        raise ReadError("archive_members" if rest.startswith(b"\x1f\x8b") else "archive_damaged")


def _end_record(content: bytes) -> tuple[tuple[bytes, int, int, int, int, int, int, int], bytes]:
    place = content.rfind(b"PK\x05\x06", max(0, len(content) - _END.size - 0xFFFF))
    if place < 0 or place + _END.size > len(content):
        raise ReadError("archive_damaged")
    record = _END.unpack_from(content, place)
    comment = content[place + _END.size :]
    if len(comment) != record[7]:
        raise ReadError("archive_damaged")
    return record, comment


def _directory(directory: bytes, content: bytes, count: int) -> Iterator[Member]:
    place = 0
    for _ in range(count):
        if place + _CENTRAL.size > len(directory):
            raise ReadError("archive_damaged")
        (magic, _, needed, flags, method, _, _, crc, packed, size, name_length, extra_length, comment_length, _, _,
         external, offset) = _CENTRAL.unpack_from(directory, place)  # fmt: skip
        place += _CENTRAL.size
        raw = directory[place : place + name_length]
        extra = directory[place + name_length : place + name_length + extra_length]
        comment = directory[place + name_length + extra_length : place + name_length + extra_length + comment_length]
        place += name_length + extra_length + comment_length
        if magic != b"PK\x01\x02" or place > len(directory):
            raise ReadError("archive_damaged")
        if flags & _ENCRYPTED:
            raise ReadError("encrypted")
        size, packed, offset = _large(extra, size, packed, offset)
        if method not in (0, 8) or _is_beyond(needed, flags) or (external >> 16) & 0o170000 not in _KINDS:
            raise ReadError("archive_damaged")
        start = _local_start(content, offset, flags, method, raw, (crc, packed, size))
        if start + packed > len(content):
            raise ReadError("archive_damaged")
        own_extra = content[offset + _LOCAL.size + name_length : start]
        beside = b"\0".join((comment, extra, own_extra))
        fields = _fields(extra) + _fields(own_extra)
        # Info-ZIP's field begins with its version and the check sum of the plain comment.
        noted = (content[5:] for kind, content in fields if kind == _COMMENT_FIELD)
        comments = tuple(each.decode("utf-8", "replace") for each in (comment, *noted))
        foreign = b"\0".join(content for kind, content in fields if kind not in _OWN_FIELDS)
        yield Member(
            _name(raw, flags), method, crc, packed, size, offset, start, start + packed, beside, comments, foreign
        )
    if place != len(directory):
        raise ReadError("archive_damaged")


def _large(extra: bytes, *numbers: int) -> list[int]:
    """Sizes and offset, those of more than 32 bits taken from the extra field that holds them."""
    content = dict(_fields(extra)).get(_LARGE_FIELD, b"")
    wide = list(struct.unpack(f"<{len(content) // 8}Q", content[: len(content) // 8 * 8]))
    if sum(number == 0xFFFFFFFF for number in numbers) > len(wide):
        raise ReadError("archive_damaged")
    return [wide.pop(0) if number == 0xFFFFFFFF else number for number in numbers]


def _fields(extra: bytes) -> list[tuple[int, bytes]]:
    """The extra fields of a member, each with its id; what is left behind them is one of no packer, with the id -1."""
    found = []
    place = 0
    while place + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, place)
        found.append((kind, extra[place + 4 : place + 4 + length]))
        place += 4 + length
    return [*found, (-1, extra[place:])]


def _local_start(
    content: bytes, offset: int, flags: int, method: int, raw: bytes, promised: tuple[int, int, int]
) -> int:
    """Where a member's bytes begin, once its own header says what the directory says."""
    if offset + _LOCAL.size > len(content):
        raise ReadError("archive_damaged")
    magic, needed, own_flags, own_method, _, _, crc, packed, size, name_length, extra_length = _LOCAL.unpack_from(
        content, offset
    )
    name_at = offset + _LOCAL.size
    start: int = name_at + name_length + extra_length
    same = (magic, own_method, content[name_at : name_at + name_length]) == (b"PK\x03\x04", method, raw)
    if not same or _is_beyond(needed, own_flags) or (own_flags ^ flags) & (_DESCRIPTOR_FOLLOWS | _UTF8 | _ENCRYPTED):
        raise ReadError("archive_damaged")
    own = (crc, *reversed(_large(content[name_at + name_length : start], size, packed)))
    if own != promised and not (flags & _DESCRIPTOR_FOLLOWS and not any((crc, packed, size))):
        # A packer that streams writes noughts here and the sizes behind the member.
        streamed = flags & _DESCRIPTOR_FOLLOWS and crc == 0 and {packed, size} <= {0, 0xFFFFFFFF}
        if not streamed:
            raise ReadError("archive_damaged")
    return start


def _is_beyond(needed: int, flags: int) -> bool:
    """Whether a member is packed in a way that some programs refuse. The second byte of the version names a system."""
    return needed & 0xFF > _NEWEST or bool(flags & _PATCH)


def _name(raw: bytes, flags: int) -> str:
    try:
        name = raw.decode("utf-8" if flags & _UTF8 else "cp437")
    except UnicodeDecodeError:
        raise ReadError("archive_damaged") from None
    parts = name.replace("\\", "/").split("/")
    if not name or ".." in parts or name.startswith(("/", "\\")) or name[1:2] == ":":
        raise ReadError("archive_damaged")
    if any(unicodedata.category(letter) == "Cc" for letter in name):
        raise ReadError("archive_damaged")
    return name


def _demand_seamless(members: list[Member], directory_at: int) -> None:
    """Every byte before the directory belongs to one member: nothing overlaps, and nothing hides in between."""
    ends = [0, *(member.end for member in members)]
    starts = [*(member.header for member in members), directory_at]
    for end, start in zip(ends, starts, strict=True):
        gap = start - end
        if gap and (end == 0 or gap not in _DESCRIPTORS):
            raise ReadError("archive_damaged")


def _is_bomb(member: Member) -> bool:
    return _is_out_of_ratio(member.packed, member.size)


def _is_out_of_ratio(packed: int, size: int) -> bool:
    return size > LIMITS.ratio_from and size > packed * LIMITS.ratio


def _stored(packed: memoryview) -> Iterator[bytes]:
    for place in range(0, len(packed), _CHUNK):
        yield bytes(packed[place : place + _CHUNK])


def _inflated(packed: memoryview, wbits: int = -zlib.MAX_WBITS) -> Iterator[bytes]:
    """The unpacked bytes, a piece at a time; what stands behind their end is damage."""
    unpacker = zlib.decompressobj(wbits)
    try:
        for place in range(0, len(packed), _FED):
            if unpacker.eof:
                raise ReadError("archive_damaged")
            rest: bytes | memoryview = packed[place : place + _FED]
            while rest:
                if piece := unpacker.decompress(rest, _CHUNK):
                    yield piece
                rest = unpacker.unconsumed_tail
            if unpacker.unused_data:
                raise ReadError("archive_damaged")
        if piece := unpacker.flush():
            yield piece
    except zlib.error:
        raise ReadError("archive_damaged") from None
    if not unpacker.eof:
        raise ReadError("archive_damaged")


def _gzip_header(content: bytes) -> tuple[str, str, str]:
    """The name, the comment and the extra field that a gzip file may hold (RFC 1952)."""
    flags, place = content[3] if len(content) > 10 else 0, 10
    extra = ""
    if flags & 4:
        length = int.from_bytes(content[place : place + 2], "little")
        extra = content[place + 2 : place + 2 + length].decode("latin-1")
        place += 2 + length
    said = []
    for flag in (8, 16):
        end = content.find(b"\0", place, place + 4096) if flags & flag else -1
        if flags & flag and end < 0:
            raise ReadError("archive_damaged")
        said.append(content[place:end].decode("latin-1") if flags & flag else "")
        place = end + 1 if flags & flag else place
    return said[0], said[1], extra
