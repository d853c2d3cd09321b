"""Which nine digits the Social Security Administration and the IRS can have issued. It labels; it silences nothing."""

from __future__ import annotations

from collections.abc import Callable

from dap.identifiers.results import ATIN, ITIN, SHAPED, SSN

# Printed on so many leaflets and sample cards that they are nobody's. A test compares these rules with python-stdnum's,
# which takes a hundred times as long a number.
SPECIMENS = {
    "sample card": "078051120",
    "leaflet": "219099999",
    "advertisement": "457555462",
    "counted up": "123456789",
    "counted down": "987654321",
}
# https://en.wikipedia.org/wiki/ABA_routing_transit_number#Check_digit
_WEIGHTS = (3, 7, 1, 3, 7, 1, 3, 7, 1)
_TYPED = ("counted up", "counted down")
_NEVER = ("000", "666")
_EQUAL = frozenset(digit * 9 for digit in "0123456789")

# https://support.taxslayerpro.com/hc/en-us/articles/8250466982554-Valid-Range-for-ITINs. The middle two digits of an
# ITIN; python-stdnum 2.2 lacks 50 to 65.
ITIN_GROUPS = {"50 to 65": range(50, 66), "70 to 88": range(70, 89), "90 to 92": range(90, 93), "94 on": range(94, 100)}
ATIN_GROUPS = {"93": range(93, 94)}


def is_placeholder(digits: str) -> bool:
    """Whether nine digits are what people type to fill a field: all equal, or counted up or down."""
    return digits in _EQUAL or any(digits == SPECIMENS.get(name) for name in _TYPED)


def is_issuable(digits: str) -> bool:
    """Whether the SSA can have issued the number.

    Area 001-665 or 667-899, group 01-99, serial 0001-9999, and no specimen:
    https://secure.ssa.gov/apps10/poms.nsf/lnx/0110201035. Areas say nothing more since they are random (2011).
    """
    return not (breaks_ssa_rules(digits) or len(set(digits)) == 1 or digits in SPECIMENS.values())


def breaks_ssa_rules(digits: str) -> bool:
    """Whether the SSA never issues such an area, group or serial."""
    return digits[0] == "9" or digits[:3] in _NEVER or digits[3:5] == "00" or digits[5:] == "0000"


def is_routing_number(digits: str) -> bool:
    """Whether the check digit is that of a bank's routing number."""
    return sum(int(digit) * weight for digit, weight in zip(digits, _WEIGHTS, strict=True)) % 10 == 0


def label(digits: str) -> str:
    """The label of nine digits by validity: `ssn`, `itin`, `atin`, or `ssn-shaped` where nobody issued them."""
    if is_issuable(digits):
        return SSN
    if digits[0] == "9" and digits[5:] != "0000" and not is_placeholder(digits):
        for name, groups in _KINDS.items():
            if any(int(digits[3:5]) in each for each in groups().values()):
                return name
    return SHAPED


def what_tells(digits: str) -> tuple[object, ...] | None:
    """What of nine digits the label goes by: those alike in it have the same one. None where it goes by all of them."""
    if digits in _EQUAL or digits in SPECIMENS.values():
        return None
    return digits[0] == "9", digits[:3] in _NEVER, digits[3:5], digits[5:] == "0000"


_KINDS: dict[str, Callable[[], dict[str, range]]] = {ATIN: lambda: ATIN_GROUPS, ITIN: lambda: ITIN_GROUPS}
