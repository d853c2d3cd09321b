"""The letters of a file: where it is no UTF-8, what it is in UTF-8, and how much memory a text may take."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dap.plan import Element, Layout
from dap.submission import Content, Opened, text
from dap.submission.limits import LIMITS
from dap.submission.text import RowError, decode, in_utf8, is_utf8, not_utf8_at

LAYOUT = Layout(
    name="made",
    title="Made",
    collection="made",
    elements=tuple(Element(name, name, "string", place) for place, name in enumerate(("id", "note"), start=1)),
    encodings=("utf-8", "utf-16", "windows-1252"),
)

LETTERS = st.text(st.sampled_from("a,\n\ufeff\ufffdé€日\U0001f600\x00"), max_size=12)
STEPS = st.sampled_from([1, 2, 3, 5])


@given(st.one_of(st.binary(max_size=20), LETTERS.map(str.encode), st.tuples(LETTERS, st.binary(max_size=3)).map(
    lambda both: both[0].encode() + both[1]
)), STEPS)  # fmt: skip
def test_the_first_byte_that_is_no_utf8_is_found_part_by_part(content: bytes, step: int) -> None:
    try:
        expected = None if content.decode("utf-8") is not None else 0
    except UnicodeDecodeError as error:
        expected = error.start
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text, "_STEP", step)
        assert not_utf8_at(content) == expected
        assert is_utf8(content) is (expected is None)


@given(LETTERS, st.sampled_from(["utf-8", "utf-16-le", "utf-16-be", "cp1252"]), STEPS, st.sampled_from([b"", b"\x81"]))
def test_what_a_content_is_in_utf8_is_made_part_by_part(letters: str, encoding: str, step: int, more: bytes) -> None:
    mark = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}.get(encoding, b"")
    content = mark + letters.encode(encoding, "ignore") + more
    try:
        expected = decode(content, LAYOUT, lambda before: 0).encode()
    except RowError:
        expected = None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text, "_STEP", 2 * step)
        found = in_utf8(content, LAYOUT)
    if is_utf8(content) and not mark:
        assert found is None
    elif found is None or expected is not None:
        assert found == expected
    else:
        # Blanks are a text in UTF-8 as well, and only `decode` calls them no content.
        assert not found.strip(b"\xef\xbb\xbf \t\r\n")


@pytest.mark.parametrize(
    ("letters", "encoding", "room"),
    [
        ("a" * 100, "utf-8", 110),
        ("a" * 100 + "é", "utf-8", 110),
        ("a" * 100 + "日", "utf-8", 220),
        ("a" * 100 + "\U0001f600", "utf-8", 440),
        ("a" * 100 + "é", "cp1252", 110),
        ("a" * 100 + "€", "cp1252", 220),
        ("a" * 100 + "日", "utf-16", 220),
        ("a" * 100 + "\U0001f600", "utf-16", 450),
    ],
)
def test_a_text_that_takes_more_memory_than_a_text_may_is_too_large(
    letters: str, encoding: str, room: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = ("id,note\n" + letters).encode(encoding)
    for most, kinds in ((room, []), (room - 20, ["too_large"])):
        monkeypatch.setattr(text, "LIMITS", replace(LIMITS, text_bytes=most))
        found = Opened(Content.of(content)).read(LAYOUT).reading.faults
        assert [each.kind for each in found if each.kind in ("too_large", "not_utf8")] == kinds


def test_what_is_no_text_in_utf8_is_called_so_and_not_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "LIMITS", replace(LIMITS, text_bytes=200))
    content = b"id,note\n" + b"a" * 100 + b"\xf0\xff"
    found = Opened(Content.of(content)).read(replace(LAYOUT, encodings=("utf-8",))).reading.faults
    assert [(each.kind, each.rows) for each in found] == [("not_utf8", (2,))]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be", "cp1252"])
def test_a_header_is_read_of_the_first_lines_alone(encoding: str, end: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """However large the text, and whatever is wrong with the rest of it."""
    mark = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}.get(encoding, b"")
    # In UTF-16 the bytes of these letters look like line ends where they meet.
    rows = f"\u0a00{end}é\u0d0d" if mark else f"é{end}"
    content = mark + f"id,note{end}{rows * 30}".encode(encoding) + b"\xf0\xff"
    monkeypatch.setattr(text, "_BEGINNING", 40)
    monkeypatch.setattr(text, "LIMITS", replace(LIMITS, text_bytes=60))
    assert len(text.beginning(content)) <= 40
    assert Opened(Content.of(content)).header(LAYOUT) == ("id", "note")


def test_a_text_without_lines_has_no_beginning_but_all_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "_BEGINNING", 4)
    for content in (b"no line", "no line".encode("utf-16"), b"\xfe\xff" + "no line".encode("utf-16-be"), b"a\n"):
        assert text.beginning(content) == content
