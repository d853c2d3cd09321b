"""A stored number is read as the text its own format shows, to the letter, or not at all."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dap.submission.cell_text import BUILT_IN, literals, shown_number, shows_dates, text_is_hidden


@pytest.mark.parametrize(
    ("raw", "code", "text", "kind"),
    [
        ("5", "General", "5", "n"), ("0.1", "General", "0.1", "n"), ("0.30000000000000004", "General", "0.3", "n"),
        ("-0", "General", "0", "n"), ("1E3", "General", "1000", "n"), ("0.00000000001", "General", "1E-11", "n"),
        ("5", "@", "5", "n"), ("12", "0000000000", "0000000012", "n"), ("-12", "0000", "-0012", "n"),
        ("1234567", "#,##0", "1,234,567", "n"), ("999", "#,##0", "999", "n"), ("0", "#", "0", "i"),
        ("123456", "000-00-0000", "000-12-3456", "n"), ("0.125", "0.0%", "12.5%", "n"), ("0.125", "0%", "13%", "s"),
        ("5.4", "0", "5", "s"), ("0.5", "0", "1", "s"), ("1.005", "0.00", "1.01", "s"), ("1.25", "0.##", "1.25", "n"),
        ("36892", "yyyy-mm-dd", "2001-01-01", "d"), ("36892", "m/d/yyyy", "1/1/2001", "d"),
        ("36892", "mmddyyyy;@", "01012001", "d"), ("36892", "[$-409]d\\-mmm\\-yy;@", "1-Jan-01", "d"),
        ("36892.75", "m/d/yyyy h:mm AM/PM", "1/1/2001 6:00 PM", "d"), ("36892", "dddd", "Monday", "d"),
        ("0.5", "h:mm:ss", "12:00:00", "d"), ("0.5006944444444444", "mm:ss", "01:00", "d"),
        ("5550100", "[<=9999999]###-####;(###) ###-####", "555-0100", "n"),
        ("8605550100", "[<=9999999]###-####;(###) ###-####", "(860) 555-0100", "n"),
        ("-5", "#,##0;(#,##0)", "(5)", "n"), ("-5", "#,##0;[Red]-#,##0", "-5", "n"), ("0", '0;-0;"none"', "none", "n"),
        ("1234.5", BUILT_IN[43], " 1,234.50 ", "n"), ("12.5", '"$"#,##0.00', "$12.50", "n"),
        ("5", '"Grade "0', "Grade 5", "n"), ("5", '"x"', "x", "s"), ("12345", "0.00E+00", "1.23E+04", "s"),
        ("1234567890123456", "0", "1234567890123460", "r"), ("1E20", "General", "100000000000000000000", "r"),
        ("5", ";;;", "5", "i"),
        ("0.5", "# ?/?", "0.5", "f"), ("1.5", "[h]:mm", "1.5", "f"), ("5", "[$-411]ggge", "5", "f"),
        ("59", "yyyy-mm-dd", "59", "f"),
        ("-1", "yyyy-mm-dd", "-1", "f"), ("5", '0"', "5", "f"), ("5", "0;0;0;0;0", "5", "f"),
    ],
)  # fmt: skip
def test_a_number_is_shown_as_excel_shows_it(raw: str, code: str, text: str, kind: str) -> None:
    shown = shown_number(raw, code)
    assert (shown.text, shown.kind) == (text, kind)


@pytest.mark.parametrize("raw", ["", "nan", "inf", "1_000", "0x1", "１", " 1", "1\n", "1e9999"])
def test_what_is_no_number_is_not_read_as_one(raw: str) -> None:
    with pytest.raises(ValueError, match="not written as one"):
        shown_number(raw, "General")


@given(st.integers(-(10**15) + 1, 10**15 - 1))
def test_every_whole_number_that_excel_can_keep_is_read_whole(number: int) -> None:
    for code in ("General", "0", "@"):
        assert shown_number(str(number), code).text == str(number)
    assert shown_number(str(number), "#,##0").text == f"{number:,}"
    assert shown_number(str(number), "000").text == f"{number:0{4 if number < 0 else 3}d}"


@given(st.dates(date(1900, 3, 1), date(9999, 12, 31)))
def test_every_day_since_march_1900_is_read_as_itself(day: date) -> None:
    serial = str((day - date(1899, 12, 30)).days)
    assert shown_number(serial, "yyyy-mm-dd").text == day.isoformat()
    assert shown_number(serial, "m/d/yyyy").text == f"{day.month}/{day.day}/{day.year}"
    later = str((day - date(1904, 1, 1)).days)
    if day >= date(1904, 1, 1):
        assert shown_number(later, "yyyy-mm-dd", from_1904=True).text == day.isoformat()


@given(
    st.text('0#?,.%;@ymdhs[]"\\_*E+-$()/ aAGeneral<=>19', max_size=12), st.floats(allow_nan=False, allow_infinity=False)
)
def test_any_format_gives_a_text_and_raises_nothing(code: str, number: float) -> None:
    shown = shown_number(repr(number).removesuffix(".0"), code)
    assert shown.text
    assert shown.kind in "ndrsfi"
    assert isinstance(literals(code), tuple)
    assert isinstance(shows_dates(code), bool)
    assert isinstance(text_is_hidden(code), bool)


def test_words_in_a_format_are_told() -> None:
    assert literals('"SSN "000000000') == ("SSN ",)
    assert literals("#,##0.00") == ()
