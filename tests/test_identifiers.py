"""Social Security numbers are found however they are written, and what only looks a little like one passes.

The numbers are made up and look it: area 000, or 900 with group 00, wherever the rule asks for nothing else.
"""

from __future__ import annotations

import itertools
import string
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dap.identifiers import (
    HEADER,
    LABELLED,
    MASKED,
    SEPARATED,
    Hit,
    Place,
    find_in_column,
    find_in_table,
    find_in_text,
    names_ssn,
    names_thing,
    texts,
)
from dap.identifiers.explanations import CHAIN_MARKS
from dap.identifiers.texts import Alike
from dap.identifiers.validity import SPECIMENS

NINE = "000123456"
SEPARATED_NUMBER = "000-12-3456"
SEPARATORS = " -._/\\|:~*"


def _forms(text: str) -> set[str]:
    return {hit.form for hit in find_in_text(text)}


def _labels(text: str) -> set[str]:
    return {hit.label for hit in find_in_text(text)}


def _number(first: str, second: str | None = None) -> str:
    return f"000{first}12{first if second is None else second}3456"


# Separated: three, two and four digits.

DIGITS = st.builds(
    "".join,
    st.tuples(
        st.one_of(
            st.sampled_from(["000", "666", "900", "987", "123", "111"]), st.text("0123456789", min_size=3, max_size=3)
        ),
        st.one_of(
            st.sampled_from(["00", "50", "70", "93", "94", "45", "65", "11"]), st.text("019", min_size=2, max_size=2)
        ),
        st.one_of(st.sampled_from(["0000", "6789", "4321", "1111"]), st.text("0129", min_size=4, max_size=4)),
    ),
)


@given(st.lists(st.tuples(DIGITS, st.sampled_from("- .")), max_size=30))
def test_numbers_that_answer_for_each_other_are_found_as_each_alone(numbers: list[tuple[str, str]]) -> None:
    alike = Alike()
    for digits, separator in [*numbers, *((each, "-") for each in SPECIMENS.values())]:
        for beside in ("", " "):
            text = f"{digits[:3]}{separator}{digits[3:5]}{separator}{digits[5:]}{beside}"
            assert alike.find(text) == find_in_text(text)


def test_one_number_answers_for_those_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    find = find_in_text

    def noted(text: str) -> tuple[Hit, ...]:
        asked.append(text)
        return find(text)

    monkeypatch.setattr(texts, "find_in_text", noted)
    column = [f"000-12-{serial:04}" for serial in range(500)] + ["SSN 000-12-3456"]
    assert len(dict(find_in_column(column, "note"))) == 501
    assert asked == ["000-12-0000", "000-12-0001", "SSN 000-12-3456"]
    asked.clear()
    assert len(dict(find_in_column(["SSN 000123456", "no 000-12-3456", "é12"] * 3, "note"))) == 6
    assert asked == ["SSN 000123456", "no 000-12-3456", "é12"]
    monkeypatch.setattr(texts, "_REMEMBERED", 1)
    assert len(dict(find_in_column(["SSN 000123456", "no 000-12-3456"] * 2, "note"))) == 4
    assert len(asked) == 3 + 3


@pytest.mark.parametrize("separator", SEPARATORS)
@pytest.mark.parametrize("length", [1, 2, 3, 4])
def test_a_separated_number_is_found_with_one_to_four_of_any_separator(separator: str, length: int) -> None:
    assert _forms(_number(separator * length)) == {SEPARATED}
    assert _forms(_number(separator * 5)) == set()


@pytest.mark.parametrize(("first", "second"), itertools.permutations(SEPARATORS, 2))
def test_the_two_separators_may_differ(first: str, second: str) -> None:
    assert _forms(_number(first, second)) == {SEPARATED}
    assert _forms(_number(first + second)) == {SEPARATED}


@pytest.mark.parametrize(
    "text",
    [
        "Example 000-12-3456 Example",
        "Example000-12-3456Example",
        "000-12-3456A",
        "(000-12-3456)",
        "000-12-3456.",
        "000-12-3456, 000-12-3457",
        "x=000-12-3456;",
        "000 - 12 - 3456",
        "000-12\n3456",
        "000\r\n12\t3456",
        "000\v12\f3456",
        "000\x1c12\x1f3456",
        "ZIP 000-12-3456",
        "invoice 000-12-3456",
        "born 2001-01-01 000-12-3456",
        "1.000-12-3456",
        "05 000-12-3456 05",
        "000-12.3456.7",
        "1-000-12.3456",
        "900-00-1234",
        "https://example.org/?id=000-12-3456&x=1",
    ],
)
def test_a_separated_number_is_found_in_any_text(text: str) -> None:
    assert _forms(text) == {SEPARATED}


# Every dash and blank that counts as one; zero-width marks; digits of other scripts; encoded text.
_DASHES = (
    "\u058a\u05be\u1806\u2010\u2011\u2012\u2013\u2014\u2015"
    "\u2e3a\u301c\ufe58\ufe63\uff0d\u2212\u2043\u02d7\u30fc\uff70\u2796\u207b"
)
_BLANKS = "\u00a0\u1680\u2000\u2003\u2007\u2009\u202f\u205f\u3000\u2028\u2029\x85"
_INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u200e\u202a\u2066\u034f\u00ad"


@pytest.mark.parametrize("separator", _DASHES + _BLANKS, ids=ascii)
def test_dashes_and_blanks_of_all_scripts_are_separators(separator: str) -> None:
    assert _forms(_number(separator)) == {SEPARATED}
    assert _forms(_number(separator, "-")) == {SEPARATED}


@pytest.mark.parametrize("mark", _INVISIBLE, ids=ascii)
def test_invisible_marks_hide_nothing(mark: str) -> None:
    assert SEPARATED in _forms(mark.join(SEPARATED_NUMBER))
    assert _forms(f"0{mark}00-12-34{mark}56") == {SEPARATED}
    assert _forms(f"SSN {mark.join(NINE)}") == {LABELLED}
    assert names_ssn(mark.join("SSN"))


def test_a_soft_hyphen_is_a_hyphen_and_nothing() -> None:
    assert _forms("000\u00ad12\u00ad3456") == {SEPARATED}
    assert _forms("00\u00ad0-12-3456") == {SEPARATED}
    assert _forms("000&shy;12&shy;3456") == {SEPARATED}


@pytest.mark.parametrize(
    "zero", ["\u0660", "\u06f0", "\u0966", "\u0e50", "\uff10", "\U0001d7ce", "\U0001e950"], ids=ascii
)
def test_digits_of_all_scripts_are_digits(zero: str) -> None:
    digits = {ord(digit): chr(ord(zero) + int(digit)) for digit in string.digits}
    assert _forms(SEPARATED_NUMBER.translate(digits)) == {SEPARATED}
    assert _forms(f"SSN {NINE}".translate(digits)) == {LABELLED}
    assert _forms(SEPARATED_NUMBER[:6] + SEPARATED_NUMBER[6:].translate(digits)) == {SEPARATED}


@pytest.mark.parametrize(
    "text",
    [
        "000&#45;12&#x2d;3456",
        "000&ndash;12&mdash;3456",
        "000&nbsp;12&nbsp;3456",
        "&#48;00-12-3456",
        "000%2D12%2d3456",
        "000%2012%203456",
        "%30%30%30-12-3456",
        "000%E2%80%9312%E2%80%933456",
        "95%000-12-3456",
        "&#000-12-3456",
        "%ff 000-12-3456",
    ],
)
def test_entities_and_percent_codes_hide_nothing_whether_they_are_codes_or_not(text: str) -> None:
    assert _forms(text) == {SEPARATED}


_GRAPHIC = st.text(st.characters(min_codepoint=0, max_codepoint=127, exclude_characters=string.digits), max_size=30)


@settings(max_examples=300, deadline=None)
@given(
    before=_GRAPHIC,
    after=_GRAPHIC,
    first=st.text(SEPARATORS, min_size=1, max_size=4),
    second=st.text(SEPARATORS, min_size=1, max_size=4),
)
def test_a_separated_number_between_blanks_is_found_in_any_ascii_text_without_digits(
    before: str, after: str, first: str, second: str
) -> None:
    text = f"{before} {_number(first, second)} {after}"
    assert SEPARATED in _forms(text)
    assert [place for place, hit in find_in_column([None, text], "note") if hit.form == SEPARATED] == [1]


# Which label: by validity, which never silences a number.


@pytest.mark.parametrize(
    ("area", "group", "serial", "label"),
    [
        ("000", "12", "3456", "ssn-shaped"),
        ("666", "12", "3456", "ssn-shaped"),
        ("001", "00", "3456", "ssn-shaped"),
        ("001", "12", "0000", "ssn-shaped"),
        ("001", "12", "3456", "ssn"),
        ("665", "12", "3456", "ssn"),
        ("667", "12", "3456", "ssn"),
        ("899", "12", "3456", "ssn"),
        ("900", "00", "1234", "ssn-shaped"),
        ("900", "01", "1234", "ssn-shaped"),
        ("900", "49", "1234", "ssn-shaped"),
        ("900", "50", "1234", "itin"),
        ("999", "65", "1234", "itin"),
        ("900", "66", "1234", "ssn-shaped"),
        ("900", "69", "1234", "ssn-shaped"),
        ("900", "70", "1234", "itin"),
        ("900", "88", "1234", "itin"),
        ("900", "89", "1234", "ssn-shaped"),
        ("900", "90", "1234", "itin"),
        ("900", "92", "1234", "itin"),
        ("900", "93", "1234", "atin"),
        ("900", "94", "1234", "itin"),
        ("999", "99", "1234", "itin"),
        ("900", "93", "0000", "ssn-shaped"),
        ("999", "99", "9999", "ssn-shaped"),
        ("111", "11", "1111", "ssn-shaped"),
        ("123", "45", "6789", "ssn-shaped"),
        ("987", "65", "4321", "ssn-shaped"),
    ],
)
def test_validity_chooses_the_label_and_every_label_is_found(area: str, group: str, serial: str, label: str) -> None:
    assert _labels("-".join((area, group, serial))) == {label}
    assert _labels("SSN " + area + group + serial) == {label}
    assert [hit.label for _, hit in find_in_column([area + group + serial], "SSN")] == [label]


# What must pass.


@pytest.mark.parametrize(
    "text",
    [
        "00-1234567",  # EIN
        "00012-3456",  # ZIP+4
        "000-123-4567",  # telephone
        "000-123-456",
        "0001-23-45",
        "00-12-3456",
        "00-123-4567",
        "000-12-345",
        "000-1-23456",
        "000-12-34567",
        "000-123-45",
        "0000-12-3456",
        "0001234567",
        "0-000123456789",
        "0000000001",
        "2001-01-01",
        "01/01/2001",
        "2001-01-01T00:00:00.000000123",
        "0.123456789",
        "123456789.5",
        "$123,456,789.00",
        "1,000,123,456",
        "v1.000.12.3456",
        "000.12.3456.7",
        "1-000-12-3456",
        "000-12-3456-7",
        "10.000.12.3456",
        "0-000--12--3456".replace("--", "-"),
        "00000000-0000-4000-8000-000123456000",
        "a000123456f0c1d2e3f4",
        "0x000123456",
        "000,12,3456",
        "000;12;3456",
        "000x12x3456",
        "000-12",
        "3456",
        "***-**-****",
        "XXX-XX-XXXX",
        "not provided",
        "SSN on file: Y",
        "SSN",
        "",
        "000-12-",
        "000\u200b12\u200b3456",
    ],
)
def test_other_layouts_and_other_numbers_pass(text: str) -> None:
    assert find_in_text(text) == ()
    assert list(find_in_column([text], "note")) == []


@settings(max_examples=200, deadline=None)
@example([1, 3, 2, 4], " ")
@example([1, 3, 2, 4], "-")
@given(st.lists(st.integers(1, 12), min_size=1, max_size=5), st.text(SEPARATORS, min_size=1, max_size=4))
def test_digits_in_any_other_grouping_pass(lengths: list[int], separator: str) -> None:
    text = separator.join("0" * length for length in lengths)
    among_others = any(lengths[place : place + 3] == [3, 2, 4] for place in range(len(lengths)))
    chained = len(lengths) > 3 and set(separator) <= set(CHAIN_MARKS.values())
    assert _forms(text) == ({SEPARATED} if among_others and not chained else set())


# Nine bare digits: with evidence only.


@pytest.mark.parametrize("text", [NINE, f"id {NINE}", f"Example {NINE}, Example", f"{NINE} {NINE}", f"0{NINE}"])
def test_nine_bare_digits_without_evidence_pass(text: str) -> None:
    assert find_in_text(text) == ()
    assert list(find_in_column([text] * 30, "local id")) == []


@pytest.mark.parametrize(
    "text",
    [
        f"SSN {NINE}",
        f"ssn:{NINE}",
        f"SSN{NINE}",
        f"{NINE}SSN",
        f"SSNs: {NINE},{NINE}",
        f"{NINE} (SSN)",
        f"{NINE} is the student's social security number",
        f"student_ssn={NINE}",
        f"studentSSN={NINE}",
        f"SS#{NINE}",
        f"SS # {NINE}",
        f"ss no. {NINE}",
        f"S.S.N. {NINE}",
        f"SSN No.{NINE}",
        f"Soc Sec {NINE}",
        f"Soc. Sec. No. {NINE}",
        f"Social Security Number {NINE}.",
        f"social: {NINE}",
        f"her social is {NINE}",
        f"Social on card: {NINE}",
        f"[Social] {NINE}",
        f"Social|{NINE}",
        f"TIN provided: {NINE}",
        f"Seguro Social {NINE}",
        f"N\u00famero de Seguro Social: {NINE}",
        f"NSS {NINE}",
        f"TIN {NINE}",
        f"Taxpayer ID {NINE}",
        f"taxpayer identification number {NINE}",
        f"Tax ID: {NINE}",
        f"ITIN {NINE}",
        f"ATIN {NINE}",
        f"HICN {NINE}A",
        f"HIC no. {NINE}A",
        f"SS card no. {NINE}",
        f"social -> {NINE}",
        f"my social {NINE}",
        f"shared social: {NINE}",
        f"her social, {NINE}",
        f"social (verified): {NINE}",
        f"TIN [{NINE}]",
        f"TIN recorded as {NINE}",
        f"num. SS: {NINE}",
        f"No. de SS={NINE}",
        f"T.I.N. {NINE}",
        f"I.T.I.N.: {NINE}",
        f"tax i.d. {NINE}",
        f"01/01/2001SSN{NINE}",
        "SSN 0O0l23456",
        f"SSA number {NINE}",
        f"\uff33\uff33\uff2e {NINE}",
        f"case 12, SSN {NINE}",
        f"SSN&nbsp;{NINE}",
        f"SSN%20{NINE}",
        f"SSN\n{NINE}",
    ],
)
def test_nine_bare_digits_beside_a_word_for_the_number_are_found(text: str) -> None:
    assert _forms(text) == {LABELLED}
    assert [place for place, _ in find_in_column([text], "note")] == [0]


@pytest.mark.parametrize(
    "label",
    [
        "ZIP", "zip code", "PO", "P.O. Box", "invoice", "Invoice no.", "case", "case number", "SASID", "SSID", "class",
        "routing number", "account", "acct #", "EIN", "FEIN", "phone", "fax", "order", "ticket", "permit", "local id",
        "student ID", "invoice (", "passport no.", "Alien number", "Medicaid", "HUSKY id", "DL", "conf.", "IEP",
        "insurance", "total", "$", "USD ", "ZIP is", "case number was", "Order-No.", "caseNumber", "classId",
        "invoice,", "ZIP recorded as", "case [", "ZIP ->", "zip|", "Emp #", "Stu ID", "n\u00famero de estudiante",
        "Fed ID", "green card", "ck#",
        "exam no.", "GL", "fips", "S/N", "cel",
    ],
)  # fmt: skip
def test_nine_bare_digits_directly_after_another_label_pass(label: str) -> None:
    assert find_in_text(f"SSN on file; {label} {NINE}") == ()
    assert find_in_text(f"{label}: {NINE} (no SSN)") == ()
    assert _forms(f"{label} 1, SSN {NINE}") == {LABELLED}


@pytest.mark.parametrize(
    "said", ["TIN/EIN", "EIN/TIN", "TIN or EIN", "SSN or EIN", "SSN/EIN", "FEIN or SSN", "SSN/SASID"]
)
def test_a_label_that_may_mean_either_fails_closed_unless_the_layout_is_an_employers(said: str) -> None:
    assert {hit.form for hit in find_in_text(f"{said} 000123456")} == {"labelled"}
    assert [hit.form for _, hit in find_in_column(["000123456", "00-0123456"], said)] == ["header"]
    assert find_in_text(f"{said} 00-0123456") == ()
    # Where a sentence goes on to the other number, nothing is left open.
    assert find_in_text("TIN not given; EIN 000123456") == ()


def test_a_hash_of_a_number_is_no_number_and_a_claim_number_is() -> None:
    assert not list(find_in_column(["ab000123456cdef0123aa"], "SSN hash"))
    assert [hit.form for _, hit in find_in_column(["000123456A", "WA000123456"], "SSN")] == ["header"] * 2


def test_a_text_may_hold_both_forms() -> None:
    assert _forms(f"{SEPARATED_NUMBER}, SSN {NINE}") == {SEPARATED, LABELLED}


def test_a_word_far_away_is_no_evidence() -> None:
    assert find_in_text("SSN is not kept here. " + "Example " * 10 + NINE) == ()
    assert find_in_text(NINE + " Example" * 10 + " without SSN") == ()


def test_a_word_cut_in_the_middle_is_no_word() -> None:
    # "lessn" ends 40 letters before the number: read from there, it would begin with "ssn".
    assert find_in_text("lessn" + " " + "x" * 35 + " " + NINE) == ()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("SSN 00123456", True),
        ("SSN: 000-123456", True),
        ("SSN 00012 3456", True),
        ("SSN is 00012-3456", True),
        ("social security no. 00012-3456", True),
        ("SSN on file, ZIP 00012-3456", False),
        ("SSN on file, lives in 00012-3456", False),
        ("00012-3456 without SSN", False),
        ("SSN on file since 20010101", False),
        ("SSN 0001234567", False),
        ("SSN on file, call 000-123-4567", False),
        ("SSN 000123456.75", False),
        ("SSN 0.123456789", False),
        ("SSN .123456789", False),
        ("SSN 1234", False),
        ("SSN 1234567", False),
    ],
)
def test_eight_digits_and_one_separator_count_only_directly_after_a_word(text: str, found: bool) -> None:
    assert _forms(text) == ({LABELLED} if found else set())


# Headers.

_SSN_HEADERS = [
    "SSN", "ssn", "SSNs", "SSNO", "SSNum", "S.S.N.", "SS#", "SS no", "ss_no", "SS-No", "S/S", "Soc Sec", "SocSec",
    "SocSecNum", "soc_sec_nbr", "Social Security", "SocialSecurityNumber", "socialsecuritynumber", "Social",
    "social_no", "Social #", "Seguro Social", "N\u00famero de Seguro Social", "numero_seguro_social", "NSS",
    "SSA number", "HICN", "TIN",
    "Taxpayer ID", "TaxpayerIdentificationNumber", "Tax ID", "taxId", "ITIN", "ATIN", "studentSSN", "StudentSsn",
    "student_ssn", "STUDENT-SSN", "SSN1", "ssn_2", "Parent2SSN", "SSNumber", "Guardian's SSN", "SSN (optional)",
    "\uff33\uff33\uff2e", "S\u200bSN", "mother.ssn", "SSN/ITIN", "EMPLSSN",
    "S\u00e9guro S\u00f3cial",
]  # fmt: skip
_OTHER_HEADERS = [
    "SSID", "SASID", "ISSN", "EIN", "FEIN", "SOC code", "soc_code", "Social studies", "socialStudiesGrade",
    "Social worker", "social_emotional", "Social media", "Social norms", "Social notes",
    "Programa Social", "Fall Social", "Property Tax ID",
    "Educator Identification Number (EIN)",
    "Session", "Lesson no", "Mission number", "Essn", "assn", "Passno", "Class no", "Latin", "Martin", "Tinted",
    "Satin", "Meeting", "Grade", "Student number", "Local ID", "business number", "Access#", "Illness #", "#1",
    "", "   ",
]  # fmt: skip


@pytest.mark.parametrize("header", _SSN_HEADERS, ids=ascii)
def test_a_header_that_names_the_number_is_known_in_english_and_spanish(header: str) -> None:
    assert names_ssn(header)
    assert [(place, hit.form) for place, hit in find_in_column([None, "0010011", NINE], header)] == [
        (1, HEADER),
        (2, HEADER),
    ]


@pytest.mark.parametrize("header", _OTHER_HEADERS, ids=ascii)
def test_a_header_that_only_holds_the_letters_names_something_else(header: str) -> None:
    assert not names_ssn(header)
    assert list(find_in_column([NINE], header)) == []


@pytest.mark.parametrize("word", [each for each in _OTHER_HEADERS if each.strip("# 1")])
def test_a_word_that_only_holds_the_letters_is_no_evidence(word: str) -> None:
    assert find_in_text(f"{word} and then {NINE}") == ()


@pytest.mark.parametrize(
    "value",
    [
        NINE, "00123456", "0123456", "000123456.0", "000123456.00", '="000123456"', "'000123456", " 000123456 ",
        "$000,123,456.00", "000.123.456,00",
        "000-123456", "00012-3456", "000 123456", f"none yet: {NINE}", f"{NINE} (pending)", "\uff10\uff10\uff10123456",
        "000\u200b123456",
    ],
    ids=ascii,
)  # fmt: skip
def test_under_such_a_header_digits_are_found_whatever_a_spreadsheet_made_of_them(value: str) -> None:
    assert [(place, hit.form) for place, hit in find_in_column(["Y", value], "SSN")] == [(1, HEADER)]


@pytest.mark.parametrize(
    "value",
    ["Y", "N", "", "on file", "1234", "123456", "0000000001", "2001-01-01", "000-123-4567", f"ZIP {NINE}", None],
)
def test_under_such_a_header_other_values_pass(value: str | None) -> None:
    assert list(find_in_column([value], "SSN")) == []


def test_lost_zeros_are_put_back_before_validity_chooses_the_label() -> None:
    assert [hit.label for _, hit in find_in_column(["1123456", "11123456"], "SSN")] == ["ssn", "ssn"]
    assert [hit.label for _, hit in find_in_column(["0123456", "9123456"], "SSN")] == ["ssn-shaped", "ssn"]


def test_under_such_a_header_a_separated_number_is_still_a_separated_one() -> None:
    assert [hit.form for _, hit in find_in_column([SEPARATED_NUMBER], "SSN")] == [SEPARATED]


# A table.


def _where(places: tuple[Place, ...]) -> list[tuple[str, int, tuple[int, ...]]]:
    return [(place.form, place.column, place.rows) for place in places]


def test_a_table_tells_position_form_and_rows() -> None:
    columns: list[tuple[str, list[str | None]]] = [
        ("id", ["1", "2", "3"]),
        ("SSN", [NINE, None, SEPARATED_NUMBER]),
        ("note", [f"{SEPARATED_NUMBER} and 900-70-1234", "x", f"SSN {NINE}"]),
    ]
    assert _where(find_in_table(columns, [6, 8, 9], 5)) == [
        (HEADER, 2, (6,)),
        (SEPARATED, 2, (9,)),
        (SEPARATED, 3, (6,)),
        (LABELLED, 3, (9,)),
    ]


def test_a_cell_that_is_a_word_for_the_number_names_the_nine_digits_to_its_right() -> None:
    names = ["SSN", "Tax ID:", "student SSN", "N\u00famero de Seguro Social", "ssn #", None]
    others = ["SASID", "Social", "SSN on file", "Example SSN", "Martin", "not SSN", "SSID"]
    columns: list[tuple[str, list[str | None]]] = [("kind", [*names, *others]), ("value", [NINE] * 13)]
    assert _where(find_in_table(columns, range(2, 15), 1)) == [(HEADER, 2, (2, 3, 4, 5, 6))]
    assert (
        _where(find_in_table([("kind", ["SSN"] * 3), ("value", ["0001234567", "", "00012-3456"])], [2, 3, 4], 1)) == []
    )
    # Only to the right, and only beside it.
    assert find_in_table([("value", [NINE]), ("kind", ["SSN"]), ("note", ["x"]), ("other", [NINE])], [2], 1) == ()


def test_a_number_in_a_header_stands_in_the_headers_row_once() -> None:
    columns = [(f"{SEPARATED_NUMBER} 900-70-1234", ["x", SEPARATED_NUMBER]), (f"SSN {NINE}", ["x", "y"])]
    assert _where(find_in_table(columns, [6, 7], 5)) == [(SEPARATED, 1, (5, 7)), (LABELLED, 2, (5,))]


def test_an_empty_table_holds_nothing() -> None:
    assert find_in_table([], [], 0) == ()
    assert find_in_table([("SSN", [])], [], 1) == ()


# What leaves.


@given(st.sampled_from([SEPARATED_NUMBER, f"SSN {NINE}", "900-70-1234 900-93-1234"]), _GRAPHIC)
def test_no_hit_and_no_place_holds_a_digit_of_the_number(number: str, around: str) -> None:
    text = f"Canary {around} {number}"
    shown = (
        f"{find_in_text(text)!r} {list(find_in_column([text], 'note'))!r} {find_in_table([(text, [text])], [7], 7)!r}"
    )
    assert "Canary" not in shown
    assert not set("0123456") & set(shown) - set("01"), "place 0, column 1 and row 7 are all the digits there are"
    assert set(Hit.__dataclass_fields__) == {"label", "form", "evidence"}


def test_the_same_text_gives_the_same_hits_in_the_same_order() -> None:
    text = f"900-93-1234 900-70-1234 {SEPARATED_NUMBER}"
    assert [hit.label for hit in find_in_text(text)] == ["atin", "itin", "ssn-shaped"]
    assert find_in_text(text) == find_in_text(text)


_HOSTILE = {
    "digits": "0" * 1_000_000,
    "digits and dashes": "0-" * 500_000,
    "beginnings": "000-12-" * 150_000,
    "nearly": "000-12-345 " * 90_000,
    "nine digits": "000123456 " * 100_000,
    "nine digits and words": "ssn 000123456 " * 70_000,
    "words": "ssn " * 250_000,
    "other labels": "ssn 000123456 zip " + "po.box " * 140_000,
    "dashes after a label": "ssn 000123456 zip" + "-" * 1_000_000,
    "numbers of a label": "ssn" + " no" * 300_000 + " 000123456",
    "percent codes": "%2D" * 330_000,
    "entities": "&#45;" * 200_000,
    "open entities": "&#" * 500_000,
    "soft hyphens": "0\u00ad" * 300_000,
    "blanks": " " * 1_000_000,
}


@pytest.mark.parametrize("name", _HOSTILE)
def test_a_hostile_megabyte_is_searched_in_seconds(name: str) -> None:
    started = time.monotonic()
    list(find_in_column([_HOSTILE[name]], "SSN"))
    names_ssn(_HOSTILE[name])
    # A search that begins anew at each letter needs hours.
    assert time.monotonic() - started < 60


@pytest.mark.parametrize(
    "text",
    [
        "000 12 3456 000 12 3457",
        "000-12-3456-000-12-3457",
        "Grade 4 000 12 3456",
        "01/01/2001 000 12 3456",
        "000 12 3456 4",
        "4_000_12_3456.csv",
        "SSN: 1-000-12-3456",
        "000-12\ufe0f-3456",
        "000\u00b712\u20223456",
        "000\u204412\u22153456",
        "000-12-3456\u00b9",
        "00\x010-12-3456",
        "2001-01-01-000-12-3456",
        "000-12-3456-2001-01-01",
        "2025-26-000-12-3456.csv",
        "000-12-3456-2025-26.csv",
    ],
)
def test_what_stands_beside_a_separated_number_does_not_hide_it(text: str) -> None:
    assert [hit.form for hit in find_in_text(text)][:1] == ["separated"]


@pytest.mark.parametrize(
    "text",
    ["1.000.12.3456", "000-12-3456-7", "12-345-67-8901", "10.000.12.3456.1", "2025-000-12-3456", "2025-30-000-12-3456"],
)
def test_versions_and_codes_of_many_parts_pass(text: str) -> None:
    assert find_in_text(text) == ()


@pytest.mark.parametrize("mask", ["000-**-****", "***-**-3456", "000_xx_xxxx", "xxx*12*xxxx"])
@pytest.mark.parametrize("around", ["{}", "{} 0000000001", "0000000001 {}", "{} 12 {}"])
def test_a_symbol_that_also_separates_hides_no_mask_from_its_neighbours(mask: str, around: str) -> None:
    assert {hit.form for hit in find_in_text(around.format(mask, mask))} == {MASKED}


@pytest.mark.parametrize(
    "mask",
    [
        "***-XX-3456",
        "000-XX-****",
        "XXX-12-####",
        "\u0445\u0445\u0445-\u0445\u0445-3456",
        "\u2591\u2591\u2591-\u2591\u2591-3456",
        "SSN: ***3456",
        "SSN *****-3456",
    ],
)
def test_a_mask_may_be_of_any_symbols_and_only_be_shorter_where_a_word_calls_it(mask: str) -> None:
    assert _forms(mask) == {MASKED}


@pytest.mark.parametrize("text", ["***-XX-****", "*X*-XX-3456", "****-XX-3456", "***3456", "SSN ??? 2024", "SSN *3456"])
def test_other_marks_before_four_digits_pass(text: str) -> None:
    assert find_in_text(text) == ()


@pytest.mark.parametrize("header", ["SSN last 4", "TIN Last 4", "Last 4 of Soc", "Last Four SS"])
@pytest.mark.parametrize("value", ["3456", "*3456", "xxxxx3456", "\u20263456", "XXX-3456"])
def test_under_a_header_for_the_last_four_any_mask_before_them_is_one(header: str, value: str) -> None:
    assert [hit.form for _, hit in find_in_column([value], header)] == [MASKED]


@pytest.mark.parametrize(
    ("header", "thing"),
    [
        ("Employer ID", True),
        ("N\u00famero de Ruta", True),
        ("Textbook Number", True),
        ("CEEB", True),
        ("CertificateNo", True),
        ("Form ID", True),
        ("School Number", True),
        ("Request ID", True),
        ("Student School Number", False),
        ("Employee Certificate", False),
        ("School ID", False),
        ("Record ID", False),
    ],
)
def test_a_header_that_names_a_thing_exempts_and_one_that_may_be_a_persons_does_not(header: str, thing: bool) -> None:
    assert names_thing(header) == thing
