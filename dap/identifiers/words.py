"""Words for a Social Security number, words for something else, and what a header says about its column.

English and Spanish. Joined words are split (camelCase, underscores, digits), accents and case folded; then whole words
are matched. Every quantifier is bounded, so that a search takes time in proportion to the text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache

from dap.identifiers.normal import normalised

_JOINT = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[A-Za-z])(?=[0-9])|(?<=[0-9])(?=[A-Za-z])")

# The end of a word: a number may follow "#" or a currency's sign at once.
_END = r"(?:(?<=[#$\u20ac\u00a3])|(?![a-z0-9]))"
# What is called a number, in one of the words for it.
NUMBER_WORDS: dict[str, str] = {"english": r"no|nr|nbr|num|number", "spanish": "numero"}
# Whose the number is, and which part of it, in words glued to it or beside it: "studentssn", "My SSN".
WHOSE: dict[str, str] = {
    "pupil": r"student|stu|stud|stdnt|pupil",
    "staff": r"employee|empl|emp|staff|teacher",
    "family": r"parent|guardian|mother|father|spouse|child",
    "anybody": r"applicant|member|person|patient|payee",
    "possessive": r"my|your|his|her|their",
    "part": r"full|last ?four",
}
# What is done with a number, and where it is from: "TIN provided: ...", "Social on card: ...".
SAID_OF: dict[str, str] = {
    "done": "provided|given|verified|confirmed|entered|listed|shown|received|reported|recorded|stated|corrected"
    "|updated|changed|issued",
    "from": "on|in|from|as|per",
    "spanish": r"con|en",
}

# Each is one way to write it; {number}, {whose} and {said} stand for the words above, "#" is written out.
SSN_WORDS: dict[str, str] = {
    "ssn": r"ssns?",
    "ssno, ssnum": r"ssn(?:o|um|br|r|umber|num|nbr|number|no|id)",
    "studentssn": r"{whose}{1,2}ssn(?:s|no|num|nbr|number|id|last4|l4)?|ssn(?:last|lastfour|l)",
    "s.s.n.": r"s\.s\.n\.?",
    "s s n": r"s s n",
    "ss#": r"ss ?#",
    "ss no": r"ss {number}",
    "s.s.": r"(?<!\.)s\. ?s\.(?: ?{number})?",
    "s/s": r"s/s",
    # "No SS" says that there is none.
    "number of ss": r"(?:(?:num|numero|nr|nbr)\.? ?(?:de |del )?|no\.? (?:de |del )|no\. ?|# ?)ss",
    "ss card": r"ss card(?: ?{number})?",
    "ss last four": r"(?:ss|soc) last ?(?:4|four)|(?:last ?(?:4|four)|l4)(?: digits)?(?: of)? (?:ss|soc)",
    "soc sec": r"(?:soc|social)\.? ?sec\.?(?: ?{number})?",
    "social security": r"(?:soc\.?|social) ?security(?: ?{number})?",
    "social": r"social{social}",
    "seguro social": r"seg(?:uro)?\.? ?soc(?:ial)?\.?",
    "seguridad social": r"seguridad social",
    "nss": r"nss|n\.s\.s\.?",
    "ssa number": r"ssa ?(?:{number}|#)",
    "hicn": r"hicn|hic ?(?:{number}|#)",
    "tin": r"tins?{tin}",
    "t.i.n.": r"i?\.?t\.i\.n\.?",
    "taxpayer id": r"tax ?payer(?:'?s)? ?(?:ids?|identification|{number})",
    # The number of a piece of land, or of a shop, is nobody's.
    "tax id": r"(?<!property )(?<!sales )tax ?(?:ids?|i\.d\.?|identification)",
    "contribuyente": r"identificacion (?:de |del )?contribuyente",
    "itin": r"itins?",
    "atin": r"atins?",
}

# "Social" alone is the number only where nothing follows that makes it an adjective: end, a mark, a number, a verb.
SOCIAL_BEFORE: dict[str, str] = {
    "end": r"$",
    "digits": r"[^a-z0-9]{0,6}[0-9]",
    "brackets": r"\( ?(?:#|(?:{number}|{said})(?![a-z])|optional|last|if )|[)\]}]",
    "mark": r"[#:=|]",
    "number": r"(?:{number}|is|was|are|were|ends?|ending|last|of|for|to|es|de|del)(?![a-z])",
    "said": r"{said}(?![a-z])",
}
# With one of these behind it not even a word of child development before it makes it an adjective.
_CERTAIN = ("mark", "number")
# Fields of child development, and compounds: "Personal/social" is a report card's line.
SOCIAL_AFTER: dict[str, tuple[str, ...]] = {
    "development": ("personal", "emotional", "academic", "cognitive", "physical", "adaptive", "behavioral", "motor"),
    "compounds": ("anti", "psycho", "pro", "bio", "ice cream", "language", "communication", "moral", "civic"),
    "joints": ("and", "&", "y"),
    "gatherings": ("fall", "spring", "winter", "summer", "holiday", "pta", "pto", "annual", "welcome"),
    "nouns": (
        "trabajador",
        "trabajadora",
        "trabajo",
        "servicio",
        "servicios",
        "asistente",
        "asistencia",
        "bienestar",
        "desarrollo",
        "razon",
        "obra",
        "capital",
        "red",
        "medio",
        "comportamiento",
        "conducta",
        "interaccion",
        "integracion",
        "apoyo",
        "educador",
        "educadora",
        "distanciamiento",
        "responsabilidad",
        "programa",
        "proyecto",
        "ayuda",
        "ficha",
        "grupo",
        "nivel",
        "ciencia",
        "area",
        "clase",
        "proteccion",
        "accion",
        "inclusion",
        "situacion",
        "contexto",
        "entorno",
        "aprendizaje",
        "habilidad",
        "justicia",
        "convivencia",
        "club",
    ),
}
# The Spanish adjective stands behind its noun, and so it is none of the number whatever follows: "Razón social: ...".
_NEVER = ("nouns",)
# Without one of these behind it "tin" in a sentence is a metal.
TIN_BEFORE: dict[str, str] = {
    "end": "$",
    "mark": r"[#:=(),.;/\]]",
    "digits": r"[^a-z0-9]{0,6}[0-9]",
    "either": r"(?:or|o) f?ein",
    "number": r"(?:{number}|is|was|es|of|for|to|de|del|type|last|ends?|ending)(?![a-z])",
    "said": r"{said}(?![a-z])",
}

# Something else that a number directly behind it is, whatever is said elsewhere in the text.
OTHER_LABELS: dict[str, str] = {
    "zip": r"zip(?: ?\+ ?4)?|postal|postcode",
    "post box": r"box|p\.o\.|apartado",
    "purchase order": r"po|order|orden|pedido|requisition|req|bid",
    "invoice": r"invoice|inv|factura|bill|receipt|recibo|conf|confirmation|transaction|trans|txn|batch"
    r"|tracking",
    "case": r"case|caso|cause|docket|warrant|expediente|claim|complaint|incident|ticket",
    "state id": r"sasid|ssid|state(?:[ \-]assigned)?(?: student)? id|lasid|suid",
    "local id": r"(?:id|numero) (?:de |del )?(?:estudiante|estudiantil|alumno|empleado)"
    r"|(?:local|student|stu|stud|pupil|employee|empl?|staff|member|badge|teacher|educator|parent|user|customer) ?{id}",
    "badge": r"badge|lunch|pin|library card|locker|bus|pass",
    "class": r"class|clase|course|curso|section|crn|room|salon|iep|ceeb|uic|ged|p?sat",
    "examination": r"(?:test|exam|act|sat|reg|registration|enrollment) ?{id}",
    "routing": r"routing|aba|rtn|transit|bank",
    "account": r"account|acct|a/c|cuenta|iban|gl|fund|project|(?:org|object) ?{id}",
    "employer": r"ein|fein|employer identification|employer id|fed(?:eral)? ?{id}|duns|uei|npi|cage",
    "telephone": r"phone|ph|telephone|tel|telefono|cell|cel|celular|mobile|whatsapp|fax|call|ext|extension",
    "reference": r"ref|reference|referencia|folder|item",
    "policy": r"policy|poliza|permit|license|licence|licencia|dl|certificate|cert|contract|contrato|grant|award"
    r"|voucher",
    # "On file", "of record" and "form" by themselves say where the number is from.
    "paper": r"(?:record|file|document|documento|doc|form|formulario|message|request|report|application|event|session"
    r"|occupation|soc) ?{id}|matricula",
    "machine": r"pid|build|version|chromebook|job|log(?: id)?|meter|medidor|vehicle|vehiculo|device|equipment",
    "check": r"(?:check|cheque|ck) ?{id}",
    "parcel": r"parcel|apn|lot|plot|map",
    "book": r"isbn|issn|upc|ean|sku|model|part|serial|s/n|barcode|asset|tag|vin|plate",
    "vendor": r"vendor|supplier|provider|proveedor",
    "immigration": r"passport|pasaporte|visa|alien|uscis|extranjero|green card|tarjeta verde|cedula|curp|dni",
    "insurance": r"insurance|medicaid|husky|mrn|group|grupo|(?:medical|dental) plan|seguro (?:medico|dental)",
    "money": r"[$\u20ac\u00a3]|usd|amount|amt|total|budget|balance|cost|price|monto|importe|saldo|presupuesto",
    "measure": r"lat|latitude|lon|lng|longitude|timestamp|epoch|census|tract|fips|geoid",
    "school": r"school|district|facility|building|site|lea|nces|escuela|distrito|autobus",
}

# What may stand between such a word and its number.
OTHER_SAID: dict[str, str] = {
    "number": "{number}|id|code",
    "is": "is|was|es",
    "done": "(?:given|listed|recorded|entered) as",
}

# Headers that name a thing: bare nine digits under them are that thing's and no statistics are asked. A telephone is
# none of them: its numbers have ten digits or seven.
THINGS: dict[str, str] = {
    "zip": r"zip|zips|zip ?code|postal|postcode|plus ?4",
    "employer": r"ein|fein|employer (?:identification|id|no|number)|duns|uei|npi|cage|naics",
    "routing": r"routing|ruta|aba|rtn|transit|iban|swift|bank",
    "parcel": r"parcel|apn|lot|plat|deed|property|asset|equipment|inventory|device|barcode|tag|vin|plate",
    "invoice": r"invoice|factura|receipt|transaction|batch|tracking|shipment|shipping|voucher|check|cheque|payment",
    "order": r"po|purchase|order|requisition",
    "book": r"isbn|issn|upc|ean|book|textbook|booklet|catalog|call number|accession|oclc|lccn",
    "part": r"sku|(?:model|part) (?:no|number|num)|serial",
    "money": r"amount|amt|total|balance|price|cost|salary|wages?|budget|revenue|expenditures?|funds?|dollars?",
    "measure": r"latitude|longitude|lat|lon|lng|coordinates?|population|count|bytes|size|area|quantity|qty",
    "place": r"geoid|fips|tract|census|block|gnis|osm|nces|ceeb|cip|soc code",
    "time": r"timestamp|epoch|time|date|datetime|year|month|day|dob|birthdate",
    "version": r"version|build|hash|checksum|guid|uuid|hex",
}
# Headers that may name a thing or a person's: a person's word beside them decides.
LOOSE_THINGS: dict[str, str] = {
    "account": r"account|acct|cuenta|ledger|gl",
    "case": r"case|caso|docket|claim|ticket|incident|complaint",
    "paper": r"policy|permit|license|licence|certificate|form|warranty|contract|grant|award|document|doc|application",
    "vendor": r"vendor|supplier|proveedor|company|organization|organisation|agency",
    # Not a school or district: a "school id" is as often a child's.
    "class": r"course|section|class|room|bus|route|program|project",
    "office": r"reference|ref|referencia|confirmation|request|row|item|event|session|message|log|job|bid|warrant"
    r"|pedido",
    "premises": r"facility|building|site|warehouse|locker|meter|medidor|vehicle|vehiculo|lea|leaid"
    r"|(?:school|district|org) (?:code|no|nbr|number)",
}
# Titles that name a person. "User", "manager" and "payee" may have accounts of their own.
PERSONS: dict[str, str] = {
    "pupil": "student|pupil|participant|local id|alumno|estudiante",
    "staff": "employee|emp|staff|teacher|educator|manager|counselor|driver|nurse|principal|coach|aide|empleado",
    "family": "guardian|parent|mother|father|spouse|child|dependent|beneficiary",
    "anybody": "person|member|applicant|patient|client|payee|user",
}

LAST_FOUR: dict[str, str] = {
    "last four": r"(?:last|final|lst) ?(?:four|4)",
    "l4": r"l ?4",
    "partial": r"partial|truncated|trunc",
    "ending": r"(?:ends?|ending) (?:in|with)|ending|ends",
    "ultimos cuatro": r"ultimos ?(?:cuatro|4)|termina(?:dos?|das?|cion)? en|terminacion",
}
# "SSN4" as a whole header.
LAST_FOUR_HEADERS: dict[str, str] = {
    "glued": "ssnl(?:ast)? ?(?:4|four)",
    "four of it": r"ssn ?\(? ?(?:4|last|suffix)(?: ?digits?)? ?\)?$",
    "its four": "^(?:4|four) (?:digits? )?(?:of )?(?:the )?ssn",
}

# The SSA's names of the three parts of a number.
PARTS: dict[str, str] = {"area": "area", "group": "group|grupo", "serial": "serial|serie"}

# A header that says what it does not hold: "Student id (not SSN)".
DENIALS: dict[str, str] = {
    "not": r"not|non|never|without|instead of|other than|except|excluding|exclude|excl",
    "do not": r"(?:do not|don't|dont) (?:enter|use)",
    "spanish": r"\(no|no es|sin|excepto",
}
# Headers of the day on which a number was seen.
DAYS: dict[str, str] = {
    "day": "date|dt|day|timestamp|fecha",
    "since": "since|verified on|issued on",
    "until": "expires?|expiration",
}

# Greek and Cyrillic letters that draw like Latin ones.
_LATIN = str.maketrans(
    "\u0405\u0455\u0421\u0441\u041e\u043e\u0410\u0430\u0415\u0435\u0406\u0456\u0422\u039d\u0399\u03a4\u0391\u039f\u03bf",
    "SsCcOoAaEeIiTNITAOo",
)


@cache
def _pattern(table: str) -> re.Pattern[str]:
    return re.compile({"ssn": _ssn, "other": _other, "four": _four, "denied": _denied}[table]())


def _ssn() -> str:
    noun = "".join(rf"(?<!(?<![a-z]){word} social)" for name in _NEVER for word in SOCIAL_AFTER.get(name, ()))
    certain = "|".join(form for name, form in SOCIAL_BEFORE.items() if name in _CERTAIN) or "(?!)"
    likely = "|".join(form for name, form in SOCIAL_BEFORE.items() if name not in _CERTAIN) or "(?!)"
    words = [each for name, group in SOCIAL_AFTER.items() if name not in _NEVER for each in group]
    # A look-behind has a fixed width: one for each word and each joint.
    adjective = "".join(
        rf"(?<!(?<![a-z]){word}{joint}social)" for word in words for joint in (" ", "/", "-", " / ", " - ")
    )
    social = rf"{noun}(?:(?= ?(?:{certain}))|(?= ?(?:{likely})){adjective})"
    tin = rf"(?= ?(?:{any_of(TIN_BEFORE)}))"
    forms = any_of(SSN_WORDS).replace("{social}", social).replace("{tin}", tin)
    return rf"(?<![a-z0-9])(?:{written(forms)}){_END}"


def any_of(table: Mapping[str, str]) -> str:
    """The pattern of any of a table's forms; of none of them where the table is empty."""
    return "|".join(table.values()) or "(?!)"


def written(form: str) -> str:
    """A form with the words that {number}, {whose} and {said} stand for."""
    for name, table in (("number", NUMBER_WORDS), ("whose", WHOSE), ("said", SAID_OF)):
        form = form.replace(f"{{{name}}}", f"(?:{any_of(table)})")
    return form


def _other() -> str:
    forms = any_of(OTHER_LABELS).replace("{id}", "(?:ids?|{number}|code|#)")
    return written(
        rf"(?<![a-z0-9])(?:{forms}){_END}"
        rf"(?:[ .\-]{{0,2}}(?:{any_of(OTHER_SAID)})(?![a-z])){{0,3}}"
        r"[ .:#=(\[\-\"'|,>]{0,6}(?=[0-9])"
    )


def _four() -> str:
    return rf"(?<![a-z0-9])(?:{any_of(LAST_FOUR)})(?![a-z0-9])"


def _denied() -> str:
    return rf"(?<![a-z])(?:{any_of(DENIALS)})[ ,:-]{{1,3}}(?:an? |the |your |el |la |de ){{0,2}}$"


def ssn_words() -> re.Pattern[str]:
    """Finds a word for Social Security number in a text as `words` gives it."""
    return _pattern("ssn")


def other_labels() -> re.Pattern[str]:
    """Finds a word for something else, up to the number that stands directly behind it."""
    return _pattern("other")


def labels_something_else(said: str) -> frozenset[int]:
    """Where in a text of `words` numbers begin that a word directly before them calls something else.

    "TIN/EIN" and "SSN or local id" leave open which of the two it is: such a label says nothing.
    """
    ends, either = [match.end() for match in ssn_words().finditer(said)], EITHER.values()
    return frozenset(
        match.end()
        for match in other_labels().finditer(said)
        if not any(said[end : match.start()] in either for end in ends if match.start() - _LONGEST_EITHER <= end)
    )


EITHER: dict[str, str] = {
    "slash": "/",
    "or": " or ",
    "and/or": " and/or ",
    "o": " o ",
    "u": " u ",
    "y/o": " y/o ",
}
_LONGEST_EITHER = 8


def last_four() -> re.Pattern[str]:
    """Finds words for the last four digits."""
    return _pattern("four")


def words(text: str) -> tuple[str, ...]:
    """A normalised text as words are looked for in it, lower case without accents: as it stands, and split up."""
    split = _JOINT.sub(" ", text).replace("-", " ")
    return tuple(dict.fromkeys((plain(text), plain(split))))


def plain(text: str) -> str:
    """A normalised text in lower case without accents, with single blanks."""
    if not text.isascii():
        text = unicodedata.normalize("NFD", text.translate(_LATIN)).translate(_UNACCENTED)
    return " ".join(text.casefold().replace("_", " ").split())


class _Unaccented(dict[int, str | None]):
    """Marks above and below letters are nothing; the rest stays."""

    def __missing__(self, code: int) -> str | None:
        self[code] = found = None if unicodedata.category(chr(code)) == "Mn" else chr(code)
        return found


_UNACCENTED = _Unaccented()


def names_ssn(header: str) -> bool:
    """Whether a header or name holds a word for Social Security number (whole words, English or Spanish)."""
    return any(ssn_words().search(said) for said in _said(header))


def heads_ssns(header: str) -> bool:
    """Whether a header says that its column holds Social Security numbers: it names them, and not to deny it."""
    spans = [(said, match) for said in _said(header) for match in ssn_words().finditer(said)]
    return any(not _pattern("denied").search(said[: match.start()]) for said, match in spans)


def calls_ssn(cell: str) -> bool:
    """Whether a cell is a word for Social Security number and nothing else but whose: "Student SSN:"."""
    if len(cell) > _LONGEST_NAME or (not _HINT.search(cell) and cell.isascii()):
        return False
    whose = r"(?:{whose}(?:'?s)? |{number}\.? (?:de |of )?){0,2}"
    named = re.compile(written(rf"{whose}(?:{ssn_words().pattern})(?: ?(?:{{number}}|id|#)){{0,2}}"))
    # "Social" by itself is as often a field of child development.
    return any(named.fullmatch(said.strip(" :#.=-")) and said != "social" for said in _said(cell))


_LONGEST_NAME = 40
# What every word for the number holds: most cells stop here.
_HINT = re.compile(r"ss|s[./ -]{1,2}s|soc|nss|hic|tin|t\.i|tax|contrib", re.IGNORECASE)


def heads_last_four(header: str) -> bool:
    """Whether a header says that its column holds the last four digits of Social Security numbers."""
    return heads_ssns(header) and any(
        last_four().search(said) or re.search(any_of(LAST_FOUR_HEADERS), said) for said in _said(header)
    )


def names_parts(headers: Sequence[str]) -> bool:
    """Whether three neighbouring headers are what the SSA calls the parts of a number: area, group, serial."""
    return len(headers) == len(PARTS) and all(
        any(_whole(each, part) for each in _said(header)) for header, part in zip(headers, PARTS.values(), strict=True)
    )


def names_thing(header: str) -> bool:
    """Whether a header names a thing (a ZIP, a bank, a parcel), so that bare digits under it are that thing's.

    What may be a person's as well, such as an account or a case, is no thing beside a word for a person.
    """
    said = _said(header)
    if any(_whole(each, *THINGS.values()) for each in said):
        return True
    return any(_whole(each, *LOOSE_THINGS.values()) for each in said) and not names_person(header)


def names_person(title: str) -> bool:
    """Whether a title names a person, so that a number it is the title of is the person's."""
    return any(_whole(each, *PERSONS.values()) for each in _said(title))


def names_date(header: str) -> bool:
    """Whether a header names a date, such as the day on which a number was verified."""
    return any(_whole(each, *DAYS.values()) for each in _said(header))


def _whole(said: str, *alternatives: str) -> bool:
    return re.search(rf"(?<![a-z0-9])(?:{'|'.join(alternatives) or '(?!)'})(?![a-z0-9])", said) is not None


def _said(header: str) -> list[str]:
    return [said for variant in normalised(header) for said in words(variant)]


def forget() -> None:
    """Build the patterns anew: for whoever changed a table of this module."""
    _pattern.cache_clear()
