"""Cells, columns and files that a detector of Social Security numbers must find or let pass, made up from a seed.

Each group is one mechanism: ways in which a number can be written, hidden, named, spoilt or split, and beside them the
clean twins that look like it. Nothing here is a value: every number is drawn when it is asked for.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote


@dataclass(frozen=True)
class Cell:
    """One cell under a header, and whether it holds a prohibited identifier."""

    group: str
    header: str
    text: str
    positive: bool
    allows: str | None = None


@dataclass(frozen=True)
class Column:
    """A column, or neighbouring ones, and whether they hold prohibited identifiers."""

    group: str
    columns: tuple[tuple[str, tuple[str | None, ...]], ...]
    positive: bool
    allows: str | None = None


Chance = random.Random
Maker = Callable[[Chance], tuple[str, str]]

SEPARATORS = " -._/\\|:~*"
DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2043\u02d7\u30fc\ufe58\ufe63\uff0d\u2e3a\u2796\u207b\u1806\u058a"
BLANKS = "\u00a0\u2000\u2002\u2003\u2007\u2009\u202f\u205f\u3000\u1680\u2028\u2029\t\n"
INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u200e\u202a\u034f\u00ad\u2066"
ZEROS = "\u0660\u06f0\u0966\u09e6\u0ae6\u0e50\uff10\U0001d7ce\U0001d7d8\u1040"
SSN_HEADERS = (
    "SSN",
    "ssn",
    "Student SSN",
    "studentSsn",
    "EMP_SSN",
    "ParentSSN",
    "S.S.N.",
    "SS#",
    "SS No",
    "ss_num",
    "Soc Sec",
    "SocSecNum",
    "soc_sec_no",
    "Social Security Number",
    "social-security-no",
    "Social Security #",
    "Social",
    "Student Social",
    "Seguro Social",
    "N\u00famero de Seguro Social",
    "NSS",
    "SSA Number",
    "HICN",
    "TIN",
    "Taxpayer ID",
    "taxId",
    "ITIN",
    "ATIN",
    "SSNum",
    "SSNO",
    "S/S",
    "SSN (if known)",
    "Guardian 1 SSN",
    "mother.ssn",
    "\uff33\uff33\uff2e",
    "studentssn",
    "empssn",
    "Soc. Sec. No.",
    "SSN / ITIN",
    "Taxpayer Identification Number",
)
SSN_WORDS = (
    "SSN",
    "ssn",
    "SSN:",
    "ssn=",
    "SSN #",
    "SS#",
    "SS# ",
    "Soc Sec",
    "Soc. Sec. No.",
    "social security number",
    "Social Security:",
    "her social is",
    "social:",
    "Seguro Social",
    "n\u00famero de seguro social:",
    "NSS",
    "ITIN",
    "ATIN",
    "TIN:",
    "tax id",
    "Taxpayer ID",
    "HICN",
    "SSA number",
    "SSNs:",
    "SSNO",
    "S.S.N.",
    "SS no.",
    "student_ssn=",
    "studentSSN:",
)
NEUTRAL = (
    "Local id",
    "id",
    "student_no",
    "Employee number",
    "Comment",
    "note",
    "identifier",
    "key",
    "field 7",
    "value",
    "staff_id",
    "Guardian id",
    "code",
    "SASID",
    "SSID",
    "ISSN",
    "assn",
    "SOC code",
    "Social studies",
    "Session",
    "Lesson",
)
LOOK_ALIKES = (
    "Trabajadora social",
    "Razón social",
    "SSID",
    "ISSN",
    "SOC code",
    "Social studies",
    "social_worker",
    "socialEmotionalScore",
    "Social media",
    "Lessn",
    "classno",
    "passno",
    "Martin",
    "Satin",
    "Latin",
    "EIN",
    "FEIN",
    "Assn",
    "Mission",
    "Personal/Social",
    "tinted",
    "Access #",
    "boss no",
    "SSI",
    "SSDI",
    "Social skills",
    "Antisocial",
    "SS Grade",
)
THINGS = (
    "ZIP",
    "Meter Number",
    "Facility ID",
    "District Code",
    "Reference No",
    "zip+4",
    "Zip Code",
    "postal_code",
    "EIN",
    "FEIN",
    "Routing number",
    "ABA",
    "bank_routing",
    "Parcel",
    "parcel_no",
    "Invoice",
    "invoiceNumber",
    "PO number",
    "ISBN",
    "Vendor number",
    "account_no",
    "DUNS",
    "UEI",
    "NPI",
    "Purchase order",
    "Permit no",
    "Asset tag",
    "VIN",
)
PERSONS = (
    "Local id",
    "student_id",
    "Employee ID",
    "staffNumber",
    "guardian_id",
    "Teacher no",
    "person id",
    "Member number",
    "local student id",
    "Pupil no",
    "Student account no",
)


def digits(chance: Chance, count: int) -> str:
    """So many digits by chance."""
    return "".join(chance.choice("0123456789") for _ in range(count))


def number(chance: Chance) -> tuple[str, str, str]:
    """Area, group and serial as the SSA could have issued them; now and then never-issued ones, or those of the IRS."""
    kind = chance.random()
    if kind < 0.7:
        return issuable(chance)
    area = chance.choice(("000", "666", str(chance.randint(900, 999))))
    return area, f"{chance.randint(0, 99):02}", f"{chance.randint(0, 9999):04}"


def issuable(chance: Chance, areas: tuple[int, ...] = ()) -> tuple[str, str, str]:
    """Area, group and serial as the SSA could have issued them; of the areas given three times in five."""
    area = chance.choice(areas) if areas and chance.random() < 0.6 else chance.randint(1, 898)
    area = 899 if area == 666 else area
    return f"{area:03}", f"{chance.randint(1, 99):02}", f"{chance.randint(1, 9999):04}"


def bare(chance: Chance) -> str:
    """Nine digits of a number."""
    return "".join(number(chance))


def _word(chance: Chance) -> str:
    return chance.choice(
        ("Example", "see", "on file", "moved", "note:", "transfer", "(old)", "per office", "ok", "Nombre")
    )


def _around(chance: Chance, text: str) -> str:
    kind = chance.randrange(6)
    return (
        text,
        f"{_word(chance)} {text}",
        f"{text} {_word(chance)}",
        f"{_word(chance)} {text}, {_word(chance)}",
        f"({text})",
        f"{_word(chance)}: {text}.",
    )[kind]


def _neutral(chance: Chance, text: str) -> tuple[str, str]:
    return chance.choice((*NEUTRAL, *THINGS)), text


def _separated(chance: Chance) -> tuple[str, str]:
    area, group, serial = number(chance)
    first = chance.choice(SEPARATORS) * chance.choice((1, 1, 1, 2, 3))
    second = chance.choice((first, first, chance.choice(SEPARATORS)))
    return _neutral(chance, _around(chance, f"{area}{first}{group}{second}{serial}"))


def _spaced(chance: Chance) -> tuple[str, str]:
    mark = chance.choice(("-", ".", "/", "--", "\u2013"))
    return _neutral(chance, f" {mark} ".join(number(chance)))


def _letters_touch(chance: Chance) -> tuple[str, str]:
    text = "-".join(number(chance))
    return _neutral(
        chance, chance.choice((f"{text}A", f"{text}B1"[:12], f"Example{text}", f"id{text}x", f"{text}.csv"))
    )


def _unicode(chance: Chance) -> tuple[str, str]:
    area, group, serial = number(chance)
    first, second = chance.choice(DASHES + BLANKS), chance.choice(DASHES + BLANKS)
    text = f"{area}{first}{group}{second}{serial}"
    if chance.random() < 0.4:
        zero = ord(chance.choice(ZEROS))
        text = text.translate({ord(str(digit)): chr(zero + digit) for digit in range(10)})
    return _neutral(chance, text)


def _invisible(chance: Chance) -> tuple[str, str]:
    text = list("-".join(number(chance)))
    for _ in range(chance.randint(1, 4)):
        text.insert(chance.randrange(len(text) + 1), chance.choice(INVISIBLE))
    return _neutral(chance, "".join(text))


def _encoded(chance: Chance) -> tuple[str, str]:
    area, group, serial = number(chance)
    mark = chance.choice(
        ("&#45;", "&#x2d;", "&ndash;", "&nbsp;", "&minus;", "%2D", "%20", "%E2%80%93", "%2d", "&shy;", "&#8209;")
    )
    text = f"{area}{mark}{group}{mark}{serial}"
    if chance.random() < 0.3:
        text = "".join(f"&#{ord(each)};" for each in f"{area}-{group}-{serial}")
    return _neutral(chance, text)


def _markup(chance: Chance) -> tuple[str, str]:
    area, group, serial = number(chance)
    whole = f"{area}-{group}-{serial}"
    return _neutral(
        chance,
        chance.choice(
            (
                f"<b>{whole}</b>",
                f"<td>{area}</td><td>{group}</td><td>{serial}</td>",
                f"{area}<b>-{group}-</b>{serial}",
                f"<a href='x?n={whole}'>x</a>",
                f"https://example.org/s?ssn={area}{group}{serial}&y=1",
                f'{{"ssn":"{area}{group}{serial}"}}',
                f"<ssn>{area}{group}{serial}</ssn>",
                f"https://example.org/p?q={quote(f'{area} {group} {serial}')}",
                f"?ssn={area}+{group}+{serial}",
            )
        ),
    )


def _beside_others(chance: Chance) -> tuple[str, str]:
    whole = "-".join(number(chance))
    blank = " ".join(number(chance))
    return _neutral(
        chance,
        chance.choice(
            (
                f"2001-01-01 {whole}",
                f"{whole} 2001-01-01",
                f"05 {whole}",
                f"Grade 4 {blank}",
                f"{whole}, {whole[::-1].replace('-', '')}",
                f"v1.2.3 {whole}",
                f"860-555-0100 {whole}",
                f"00012-3456 {whole}",
                f"{whole};{digits(chance, 10)}",
                f"$12.50 {whole}",
                f"2001-01-01-{whole}",
                f"12/31/2001 {blank}",
            )
        ),
    )


def _chains(chance: Chance) -> tuple[str, str]:
    area, group, serial = number(chance)
    mark = chance.choice("-./:")
    return chance.choice(NEUTRAL), chance.choice(
        (
            mark.join((digits(chance, chance.randint(1, 3)), area, group, serial)),
            mark.join((area, group, serial, digits(chance, chance.randint(1, 3)))),
            f"v{mark.join(('2', area, group, serial))}",
            mark.join((digits(chance, 2), digits(chance, 3), digits(chance, 2), serial)),
        )
    )


_LAYOUTS = ((2, 7), (5, 4), (3, 3, 4), (3, 3, 3), (4, 2, 2), (2, 2, 4), (2, 3, 4), (3, 2, 3), (3, 2, 5), (4, 2, 4))


def _other_layouts(chance: Chance) -> tuple[str, str]:
    layout, mark = chance.choice(_LAYOUTS), chance.choice("-./ ")
    return chance.choice((*NEUTRAL, *THINGS)), mark.join(digits(chance, size) for size in layout)


def _other_numbers(chance: Chance) -> tuple[str, str]:
    return chance.choice((*NEUTRAL, *THINGS)), chance.choice(
        (
            digits(chance, 10),
            digits(chance, 9),
            digits(chance, 12),
            digits(chance, 16),
            f"0.{digits(chance, 9)}",
            f"{digits(chance, 3)}.{digits(chance, 6)}",
            f"-72.{digits(chance, 6)}, 41.{digits(chance, 6)}",
            f"${chance.randint(1, 999)},{digits(chance, 3)},{digits(chance, 3)}.{digits(chance, 2)}",
            f"{chance.randint(1, 999)},{digits(chance, 3)},{digits(chance, 3)}",
            f"{digits(chance, 9)}.{chance.randint(1, 99)}",
            f"2001-01-01T00:00:00.{digits(chance, 9)}",
            f"(860) 555-{digits(chance, 4)}",
            f"+1 860 555 {digits(chance, 4)}",
            f"{digits(chance, 4)} {digits(chance, 4)} {digits(chance, 4)} {digits(chance, 4)}",
            digits(chance, 4),
            digits(chance, 8),
        )
    )


def _codes(chance: Chance) -> tuple[str, str]:
    def hexed(size: int) -> str:
        return "".join(chance.choice("0123456789abcdef") for _ in range(size))

    return chance.choice(NEUTRAL), chance.choice(
        (
            "-".join(map(hexed, (8, 4, 4, 4, 12))),
            hexed(32),
            hexed(40),
            f"0x{digits(chance, 9)}",
            f"a{digits(chance, 9)}f0c1",
            ":".join(hexed(2) for _ in range(6)),
            ".".join(str(chance.randint(0, 255)) for _ in range(4)),
            f"00000000-0000-4000-8000-{digits(chance, 9)}abc",
        )
    )


def _labelled(chance: Chance) -> tuple[str, str]:
    word, nine = chance.choice(SSN_WORDS), bare(chance)
    kind = chance.randrange(5)
    text = (
        f"{word} {nine}",
        f"{_word(chance)}, {word} {nine}",
        f"{nine} ({word.strip(':= ')})",
        f"{word} {nine} {_word(chance)}",
        f"{word} {nine}",
    )[kind]
    if kind == 2 and word.startswith(("her", "student")):
        text = f"{word} {nine}"
    return _neutral(chance, text)


def _directly(chance: Chance) -> tuple[str, str]:
    word, nine = chance.choice(SSN_WORDS), bare(chance)
    return _neutral(
        chance,
        f"{word} "
        + chance.choice(
            (
                nine[1:],
                f"{nine[:3]}-{nine[3:]}",
                f"{nine[:5]}-{nine[5:]}",
                f"{nine[:5]} {nine[5:]}",
                f"{nine[:3]} {nine[3:]}",
            )
        ),
    )


def _glued(chance: Chance) -> tuple[str, str]:
    nine = bare(chance)
    return _neutral(
        chance,
        chance.choice(
            (
                f"SSN{nine}",
                f"{nine}SSN",
                f"ssn{nine}",
                f"SSN:{nine};DOB",
                f"studentSSN={nine}",
                f"SSN\n{nine}",
                f"S\u200bSN {nine}",
                f"SSN&nbsp;{nine}",
                f"SSN%20{nine}",
            )
        ),
    )


_OTHERS = (
    "ZIP",
    "record no.",
    "message id",
    "pedido",
    "cause no.",
    "meter",
    "contrato",
    "zip code",
    "PO",
    "P.O. Box",
    "invoice",
    "Invoice no.",
    "case",
    "case number",
    "SASID",
    "SSID",
    "class",
    "routing number",
    "account",
    "acct #",
    "EIN",
    "FEIN",
    "phone",
    "fax",
    "order",
    "ticket",
    "permit",
    "local id",
    "student ID",
    "parcel",
    "vendor no.",
    "check no",
    "ISBN",
    "policy",
    "badge #",
    "employee id",
    "tracking no.",
)


def _labelled_otherwise(chance: Chance) -> tuple[str, str]:
    other, nine = chance.choice(_OTHERS), digits(chance, 9)
    return chance.choice(NEUTRAL), chance.choice(
        (f"SSN on file; {other} {nine}", f"{other}: {nine} (no SSN)", f"{other} {nine}, social security card seen")
    )


def _word_without_number(chance: Chance) -> tuple[str, str]:
    word = chance.choice(("SSN", "Social Security", "ITIN", "Seguro Social", "SS#"))
    return chance.choice((*NEUTRAL, *SSN_HEADERS)), chance.choice(
        (
            f"{word} not provided",
            f"{word} on file: Y",
            f"no {word}",
            "Y",
            "N",
            "",
            "on file",
            "none",
            "unknown",
            "refused",
            f"{word} card seen 2001-01-01",
            f"{word} {digits(chance, 10)}",
            f"{word} on file, call 860-555-{digits(chance, 4)}",
            f"{word} on file, ZIP {digits(chance, 5)}-{digits(chance, 4)}",
            f"{word} on file since 20010101",
            "2001-01-01",
            f"{word} on file, lives in {digits(chance, 5)}-{digits(chance, 4)}",
            digits(chance, 10),
            "860-555-0100",
            "N/A",
        )
    )


def _far_away(chance: Chance) -> tuple[str, str]:
    return chance.choice(NEUTRAL), "SSN is not kept here. " + "Example " * chance.randint(6, 12) + digits(chance, 9)


def _look_alike_words(chance: Chance) -> tuple[str, str]:
    nine = digits(chance, 9)
    header = chance.choice(LOOK_ALIKES)
    return (header, nine) if chance.random() < 0.5 else (chance.choice(NEUTRAL), f"{header} {nine}")


def _no_evidence(chance: Chance) -> tuple[str, str]:
    nine = digits(chance, 9)
    return chance.choice((*NEUTRAL, *THINGS)), chance.choice(
        (nine, f"id {nine}", f"{nine}, Example", f"{nine} {digits(chance, 9)}", f"{nine}.0", f"'{nine}")
    )


def _header(chance: Chance) -> tuple[str, str]:
    return chance.choice(SSN_HEADERS), _around(chance, bare(chance))


def _spreadsheet(chance: Chance) -> tuple[str, str]:
    nine = "".join(issuable(chance))
    short = str(int(nine)) if int(nine) > 999_999 else nine
    mantissa = f"{short[0]}.{short[1:]}"
    text = chance.choice(
        (
            short,
            f"{short}.0",
            f"{nine}.0",
            f"{nine}.00",
            f'="{nine}"',
            f"'{nine}",
            f"{int(short):,}",
            f" {nine} ",
            f"{int(short):,}".replace(",", " "),
            f"{mantissa}E+0{len(short) - 1}",
            f"{mantissa}e{len(short) - 1}",
            f'"{nine}"',
            f"={nine}",
            f"{short}.",
            f"{mantissa[:6]}E+{len(short) - 1:02}",
            nine[1:],
            nine[2:],
        )
    )
    return chance.choice(SSN_HEADERS), text


def _one_separator(chance: Chance) -> tuple[str, str]:
    nine = bare(chance)
    mark = chance.choice(("-", " ", ".", "/", "_", " - ", "\u2013", "--"))
    cut = chance.choice((3, 5))
    return chance.choice(SSN_HEADERS), nine[:cut] + mark + nine[cut:]


def _misread(chance: Chance) -> tuple[str, str]:
    whole = "-".join(number(chance)) if chance.random() < 0.5 else bare(chance)
    letters = {"0": "Oo", "1": "lI", "2": "Zz", "5": "Ss"}
    places = [place for place, each in enumerate(whole) if each in letters]
    if not places:
        whole = "O" + whole[1:]
    for place in places[:2]:
        whole = whole[:place] + chance.choice(letters[whole[place]]) + whole[place + 1 :]
    return chance.choice(SSN_HEADERS), whole


def _one_letter(chance: Chance) -> tuple[str, str]:
    nine, letter = bare(chance), chance.choice("ABCDMTW")
    place = chance.randrange(9)
    return chance.choice(SSN_HEADERS), chance.choice(
        (nine + letter, letter + nine, f"{nine}-{letter}", nine[:place] + letter + nine[place + 1 :])
    )


def _other_under_header(chance: Chance) -> tuple[str, str]:
    return chance.choice(SSN_HEADERS), chance.choice(
        (
            digits(chance, 10),
            digits(chance, 6),
            digits(chance, 4),
            digits(chance, 12),
            f"860-555-{digits(chance, 4)}",
            "2001-01-01",
            "01/01/2001",
            f"ZIP {digits(chance, 9)}",
            "Y",
            "pending",
            f"{digits(chance, 2)}-{digits(chance, 7)}",
            f"{digits(chance, 3)}-{digits(chance, 3)}-{digits(chance, 4)}",
            "***-**-****",
            "XXX-XX-XXXX",
            "#########",
            "not provided",
            f"${chance.randint(1, 99)}.{digits(chance, 2)}",
            "see file 12",
        )
    )


def _denied_header(chance: Chance) -> tuple[str, str]:
    return chance.choice(
        (
            "Student id (not SSN)",
            "Local ID - do not enter SSN",
            "id other than SSN",
            "Number, never SSN",
            "Identifier (non-SSN)",
        )
    ), digits(chance, 9)


def _masked(chance: Chance) -> tuple[str, str]:
    area, group, serial = number(chance)
    symbol, mark = chance.choice("*xX#\u2022\u25cf\u2588"), chance.choice(("-", "-", " ", ".", "/", "\u2013"))
    if symbol == "#" and mark == " ":
        mark = "-"
    shown = chance.choice(((0, 0, 1), (0, 0, 1), (0, 0, 1), (1, 0, 0), (0, 1, 0), (0, 1, 1), (1, 1, 0), (1, 0, 1)))
    parts = [
        each if visible else symbol * len(each) for each, visible in zip((area, group, serial), shown, strict=True)
    ]
    return _neutral(chance, _around(chance, mark.join(parts)))


def _masked_under_header(chance: Chance) -> tuple[str, str]:
    symbol = chance.choice("*xX#")
    text = symbol * 5 + chance.choice(("", "", "-", " ")) + digits(chance, 4)
    return (chance.choice(SSN_HEADERS), text) if chance.random() < 0.7 else (chance.choice(NEUTRAL), f"SSN: {text}")


def _last_four(chance: Chance) -> tuple[str, str]:
    four = digits(chance, 4)
    word = chance.choice(("SSN", "ssn", "Social Security number", "social", "SS#"))
    return _neutral(
        chance,
        chance.choice(
            (
                f"last four of {word}: {four}",
                f"last 4 of {word} {four}",
                f"last 4 {word} {four}",
                f"{word} last four {four}",
                f"{word} (last 4): {four}",
                f"{word} ending in {four}",
                f"last four digits of her {word} are {four}",
                f"{four} (last four of {word})",
                f"\u00faltimos 4 del seguro social: {four}",
                f"{word} last 4 = {four}",
                f"final four of {word}: {four}",
            )
        ),
    )


_FOUR_HEADERS = (
    "Last 4 SSN",
    "ssn_last4",
    "SSN last four",
    "last4ssn",
    "SSNLast4",
    "Last four of Social Security number",
    "L4 SSN",
    "SSN4",
    "ssn_l4",
    "Last 4 of Social",
    "ssnLastFour",
)


def _last_four_column(chance: Chance) -> tuple[str, str]:
    four = digits(chance, 4)
    return chance.choice(_FOUR_HEADERS), chance.choice((four, four, f"{four}.0", f"'{four}", f'="{four}"'))


def _four_without(chance: Chance) -> tuple[str, str]:
    four = digits(chance, 4)
    return chance.choice(
        ("Last 4", "pin", "room", "year", "Local id", "card last four", "Extension", "count")
    ), chance.choice(
        (
            four,
            f"ext. {four}",
            f"card ending in {four}",
            f"SSN on file, room {four}",
            f"XXX-XXX-{four}",
            f"****-****-****-{four}",
            f"XXXXX{four}",
            "***-**-****",
            "XXX-XX-XXXX",
            f"XX/XX/{four}",
            f"*****{four}",
            f"###-###-{four}",
            f"last four of card {four}",
            f"### {four}",
        )
    )


def _allowed(chance: Chance) -> tuple[str, str]:
    return chance.choice(("SSN or ZIP", "Tax ID")), digits(chance, 9)


CELLS: dict[str, tuple[bool, Maker]] = {
    "separated": (True, _separated),
    "separated, blanks around marks": (True, _spaced),
    "separated, letters touch": (True, _letters_touch),
    "separated, foreign dashes, blanks and digits": (True, _unicode),
    "separated, invisible marks": (True, _invisible),
    "separated, encoded": (True, _encoded),
    "markup and addresses": (True, _markup),
    "separated beside other numbers": (True, _beside_others),
    "chains": (False, _chains),
    "other layouts": (False, _other_layouts),
    "other numbers": (False, _other_numbers),
    "codes": (False, _codes),
    "labelled": (True, _labelled),
    "directly behind a word": (True, _directly),
    "glued to a word": (True, _glued),
    "labelled otherwise": (False, _labelled_otherwise),
    "words without a number": (False, _word_without_number),
    "a word far away": (False, _far_away),
    "look-alike words": (False, _look_alike_words),
    "nine digits without evidence": (False, _no_evidence),
    "under a header": (True, _header),
    "spreadsheet text under a header": (True, _spreadsheet),
    "one separator under a header": (True, _one_separator),
    "letters read for digits": (True, _misread),
    "a letter among the digits": (True, _one_letter),
    "other values under a header": (False, _other_under_header),
    "a header that denies": (False, _denied_header),
    "masked": (True, _masked),
    "masked, with a word": (True, _masked_under_header),
    "last four in a text": (True, _last_four),
    "last four by header": (True, _last_four_column),
    "four digits and masks without": (False, _four_without),
}
_ALLOWED = "[0-9]{9}"


def cells(seed: int, each: int = 25) -> Iterator[Cell]:
    """So many cells of each group."""
    for group, (positive, make) in CELLS.items():
        chance = random.Random(f"{group}/{seed}")
        for _ in range(each):
            header, text = make(chance)
            yield Cell(group, header, text, positive)
    chance = random.Random(f"allowed/{seed}")
    for _ in range(each):
        header, text = _allowed(chance)
        yield Cell("allowed values under a header", header, text, False, _ALLOWED)
        header, text = chance.choice((_separated, _masked, _labelled))(chance)
        yield Cell("allowed column, never free", header, text, True, ".*")


Values = Callable[[Chance, int], list[str]]


def ssns(chance: Chance, count: int) -> list[str]:
    """Bare numbers of people from everywhere."""
    return ["".join(issuable(chance)) for _ in range(count)]


def one_state(chance: Chance, count: int) -> list[str]:
    """Bare numbers of people of whom three in five are from one state, born before 2011."""
    return ["".join(issuable(chance, tuple(range(40, 50)))) for _ in range(count)]


def _lost_zeros(chance: Chance, count: int) -> list[str]:
    return [str(int(each)) for each in ssns(chance, count)]


def _one_state_lost_zeros(chance: Chance, count: int) -> list[str]:
    return [str(int(each)) for each in one_state(chance, count)]


def _float_text(chance: Chance, count: int) -> list[str]:
    return [f"{each}.0" for each in _lost_zeros(chance, count)]


def _repeated(chance: Chance, count: int) -> list[str]:
    return [each for each in ssns(chance, count) for _ in range(3)]


def _guarded(chance: Chance, count: int) -> list[str]:
    return [f'="{each}"' for each in ssns(chance, count)]


def _foreign_digits(chance: Chance, count: int) -> list[str]:
    """As one_state, in full-width digits or with an invisible character in the middle."""
    wide = str.maketrans("0123456789", "".join(map(chr, range(0xFF10, 0xFF1A))))
    unseen = chance.choice(INVISIBLE.replace("\u00ad", ""))
    full_width = chance.random() < 0.5
    values = one_state(chance, count)
    return [each.translate(wide) if full_width else each[:4] + unseen + each[4:] for each in values]


def _with_placeholders(chance: Chance, count: int) -> list[str]:
    return [*ssns(chance, count), "9" * 9, "0" * 9]


def uniform(chance: Chance, count: int) -> list[str]:
    """Local ids over all nine digits."""
    return [digits(chance, 9) for _ in range(count)]


def _prefixed(chance: Chance, count: int) -> list[str]:
    head = digits(chance, chance.randint(1, 3))
    return [head + digits(chance, 9 - len(head)) for _ in range(count)]


def _without_zero(chance: Chance, count: int) -> list[str]:
    return [str(chance.randint(100_000_000, 999_999_999)) for _ in range(count)]


def _sequential(chance: Chance, count: int) -> list[str]:
    start, step = chance.randint(1_000_000, 300_000_000), chance.choice((1, 10, 100_007, 7_000_003))
    return [f"{(start + place * step) % 10**9:09}" for place in range(count)]


def routing(chance: Chance, count: int) -> list[str]:
    """Numbers of banks, by their check digit."""
    made = []
    for _ in range(count):
        head = f"{chance.choice((*range(1, 13), *range(21, 33))):02}{digits(chance, 6)}"
        total = sum(int(each) * weight for each, weight in zip(head, (3, 7, 1, 3, 7, 1, 3, 7), strict=True))
        made.append(head + str(-total % 10))
    return made


def zip_codes(chance: Chance, count: int) -> list[str]:
    """ZIP+4 without hyphen, of one state."""
    return [f"06{digits(chance, 3)}{digits(chance, 4)}" for _ in range(count)]


def _mixed_lengths(chance: Chance, count: int) -> list[str]:
    return [digits(chance, chance.randint(5, 11)) for _ in range(count)]


# A header, how many values, which values; and whether the column must be refused.
COLUMNS: dict[str, tuple[bool, tuple[str, ...], tuple[int, ...], Values]] = {
    "telling header": (True, SSN_HEADERS, (1, 5, 30), ssns),
    "neutral header": (True, (*NEUTRAL[:14], *PERSONS), (60, 100, 200, 400), ssns),
    "a person's header, one state": (True, PERSONS, (40, 60, 100, 200), one_state),
    "zeros lost": (True, PERSONS, (100, 200), _lost_zeros),
    "zeros lost, one state": (True, PERSONS, (60, 100, 200), _one_state_lost_zeros),
    "read as numbers": (True, PERSONS, (100, 200), _float_text),
    "text guards": (True, PERSONS, (100,), _guarded),
    "several rows a person": (True, PERSONS, (60, 100), _repeated),
    "with placeholders": (True, PERSONS, (100,), _with_placeholders),
    "digits of other scripts": (True, PERSONS, (100,), _foreign_digits),
    "uniform local ids": (False, PERSONS, (100, 200, 400), uniform),
    "ids with a prefix": (False, PERSONS, (20, 60, 200), _prefixed),
    "ids without leading zero": (False, PERSONS, (20, 60, 200), _without_zero),
    "ids that count up": (False, PERSONS, (20, 60, 200), _sequential),
    "routing numbers, neutral header": (False, NEUTRAL[:14], (20, 60, 200), routing),
    "zip codes, neutral header": (False, NEUTRAL[:14], (20, 60, 200), zip_codes),
    "a thing's header": (False, THINGS, (20, 60, 200), ssns),
    "a look-alike header": (False, LOOK_ALIKES, (1, 10), ssns),
    "too few": (False, PERSONS, (1, 5, 12, 19), ssns),
    "ids of all lengths": (False, PERSONS, (60, 200), _mixed_lengths),
}


def columns(seed: int, each: int = 6) -> Iterator[Column]:
    """So many columns of each group, and neighbouring ones that hold the parts of a number."""
    for group, (positive, headers, counts, make) in COLUMNS.items():
        chance = random.Random(f"{group}/{seed}")
        for _ in range(each):
            yield Column(group, ((chance.choice(headers), tuple(make(chance, chance.choice(counts)))),), positive)
    chance = random.Random(f"split/{seed}")
    for _ in range(each):
        yield from _split_columns(chance)
        yield Column("allowed", (("Local id", tuple(ssns(chance, 100))),), False, _ALLOWED)


def _columns_of(headers: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple((header, tuple(row[place] for row in rows)) for place, header in enumerate(headers))


def _split_columns(chance: Chance) -> Iterator[Column]:
    three = chance.choice(
        (("SSN1", "SSN2", "SSN3"), ("ssn_area", "ssn_group", "ssn_serial"), ("SSN", "", ""), ("a", "b", "soc sec"))
    )
    few = [number(chance) for _ in range(chance.choice((1, 5, 30)))]
    yield Column("split in three, named", _columns_of(three, few), True)
    lost = [tuple(str(int(part)) for part in issuable(chance)) for _ in range(40)]
    yield Column("split in three, zeros lost", _columns_of(three, [(a, b, c) for a, b, c in lost]), True)
    yield Column(
        "split in three, by numbers",
        _columns_of(("part a", "part b", "part c"), [issuable(chance) for _ in range(100)]),
        True,
    )
    two = [(area + group, serial) for area, group, serial in few]
    yield Column(
        "split in two, named", _columns_of(chance.choice((("SSN", "SSN 2"), ("ssn_first5", "ssn_rest"))), two), True
    )
    other = [(area + group, serial) for area, group, serial in (issuable(chance) for _ in range(100))]
    yield Column("five and four digits of a ZIP", _columns_of(("zip", "plus4"), other), False)
    years = [
        (f"{chance.randint(1, 199):03}", f"{chance.randint(1, 12):02}", str(chance.randint(2001, 2012)))
        for _ in range(200)
    ]
    yield Column("school, grade and year", _columns_of(("school", "grade", "year"), years), False)
    codes = [
        (f"{chance.randint(0, 999):03}", f"{chance.randint(1, 12):02}", str(chance.randint(2001, 2012)))
        for _ in range(200)
    ]
    yield Column("code, month and year", _columns_of(("code", "m", "n"), codes), False)
