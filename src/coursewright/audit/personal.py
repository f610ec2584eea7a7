"""Data of people in a text: addresses of all kinds and numbers with check digits.

Candidates are found by RE2 patterns, in time proportional to the text; what has a checksum is
checked by `python-stdnum`. Numbers without one need their usual grouping, or a word before them
that says what they are: plain numbers stand in every exam. Names are not looked for.
"""

from __future__ import annotations

import ipaddress
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module

from coursewright.config import PersonalKind, compiled

Valid = Callable[[str], bool]

_HIDDEN = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff"))
_LABEL = r"(?i:\b(?:tel|telephone|phone|mobile|cell|fax|whatsapp|handy|telefon|t[ée]l[ée]phone|call(?: (?:me|us|him|her))?(?: (?:at|on))?|text (?:me|us) (?:at|on))\b\.?(?: (?:number|no\.?|nummer))?(?: is)?)[\s:#.]{0,3}"  # noqa: E501
_ID_LABEL = r"(?i:\b(?:ssn|social security|national id|id number|id no\.?|identity number|tax id|tax number|tin|passport|pesel|bsn|idnr|steuer-?id|nhs|aadhaar|personnummer|cpf|nir|codice fiscale|dni|nie)\b(?: (?:number|no\.?|nummer))?(?: is)?)[\s:#.]{0,3}"  # noqa: E501


@dataclass(frozen=True)
class _Finder:
    kind: PersonalKind
    pattern: str
    group: int = 0
    """Group that holds the datum."""
    valid: Valid | None = None


@dataclass(frozen=True)
class Found:
    """A datum in a text."""

    kind: PersonalKind
    start: int
    end: int


def plain(text: str) -> str:
    """Return a text as it is looked at: compatible forms made one, invisible characters gone."""
    if text.isascii():
        return text
    return unicodedata.normalize("NFKC", text).translate(_HIDDEN)


def personal_data(text: str, kinds: Sequence[PersonalKind]) -> Iterator[Found]:
    """Yield the data of these kinds in a `plain` text, kind by kind."""
    if not any(c.isdigit() or c == "@" or c in "[(" for c in text):
        return  # nothing that is looked for does without
    for finder, pattern in _compiled():
        if finder.kind not in kinds:
            continue
        for match in pattern.finditer(text):
            if finder.valid is None or finder.valid(match.group(finder.group)):
                yield Found(finder.kind, *match.span(finder.group))


def redacted(text: str, kinds: Sequence[PersonalKind]) -> str:
    """Return a text with the kind in brackets in the place of each datum; unchanged without any."""
    looked_at = plain(text)
    found = sorted(personal_data(looked_at, kinds), key=lambda f: (f.start, -f.end))
    if not found:
        return text
    pieces, at = [], 0
    for one in found:
        if one.start >= at:
            pieces += [looked_at[at : one.start], f"[{one.kind}]"]
            at = one.end
    return "".join([*pieces, looked_at[at:]])


# ---------------------------------------------------------------- what is valid


def _card(number: str) -> bool:
    """Luhn's check digit (ISO/IEC 7812-1) and a first digit that cards have."""
    digits = "".join(filter(str.isdigit, number))
    usual = 13 <= len(digits) <= 19 and digits[0] in "23456" and len(set(digits)) > 1
    return usual and _by("luhn")(digits)


def _iban(number: str) -> bool:
    return _by("iban")(number)


def _phone(number: str) -> bool:
    """At most 15 digits by E.164; fewer than 7 are no number of a person."""
    return 7 <= sum(map(str.isdigit, number)) <= 15


def _international(number: str) -> bool:
    digits = sum(map(str.isdigit, number))
    return 9 <= digits <= 15


def _ip(address: str) -> bool:
    """An address of somebody: not of this machine, a local network or a group."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    documentation = found.version == 4 and address.startswith(("192.0.2.", "198.51.100.", "203.0."))
    return found.is_global or documentation


def _by(*modules: str) -> Valid:
    """Whether one of these modules of python-stdnum takes the number."""
    return lambda number: any(_stdnum(module)(number) for module in modules)


@cache
def _stdnum(module: str) -> Valid:
    # Loaded when it is needed: a module a country, of which a run meets few.
    found: Valid = import_module(f"stdnum.{module}").is_valid
    return found


# ---------------------------------------------------------------- where to look

_STREET = (
    r"Street|Avenue|Ave\.?|Road|Rd\.?|Boulevard|Blvd\.?|Lane|Drive|Court|Crescent|Terrace|Square|"
    r"Parkway|Pkwy\.?|Highway|Hwy\.?|Circle|Close|Gardens|St\.|Dr\.|Ln\.?|Ct\.|Pl\.|St,|Dr,|Ct,|Pl,"
)
_WORD = r"\p{Lu}[\p{L}'’.-]+"
_FINDERS = (
    _Finder(
        "email",
        r"[\p{L}\d._%+'-]+(?:@|\s?[\[(]at[\])]\s?)"
        r"(?:[\p{L}\d-]+(?:\.|\s?[\[(]dot[\])]\s?))+\p{L}{2}\p{L}*",
    ),
    _Finder("phone", r"(?:^|[^\w+])(\+\d[\d ().\x{2011}/-]{6,20}\d)(?:\D|$)", 1, _international),
    _Finder(
        "phone",
        r"(?:^\s*|[^\w\s.+-]|[^\d\s]\s+)(00[1-9][\d ()./-]{7,18}\d)(?:\D|$)",
        1,
        _international,
    ),
    # North America: area code and exchange begin with 2 to 9.
    _Finder(
        "phone",
        r"(?:^|[^\w.+-])((?:1[ .-])?(?:\([2-9]\d\d\) ?|[2-9]\d\d[-. ])[2-9]\d\d[-. ]\d{4})"
        r"(?:[^\w-]|$)",
        1,
        _phone,
    ),
    # Elsewhere: a leading zero, then groups; not in the midst of further groups.
    _Finder(
        "phone",
        r"(?:^\s*|[^\w\s.,+-]|[^\d\s]\s+)(\(?0[1-9]\d{0,3}\)?[ /-]\d{2,8}(?:[ -]\d{2,5}){0,4})"
        r"(?:[^\w.,-]|[.,]\s|[.,]?$)",
        1,
        lambda number: 9 <= sum(map(str.isdigit, number)) <= 12,
    ),
    _Finder("phone", _LABEL + r"(\+?\(?\d[\d ().-]{5,18}\d)", 1, _phone),
    _Finder("card", r"(?:^|[^\w.])(\d{4}(?:[ -]?\d{4}){2}[ -]?\d{1,7})(?:[^\w]|$)", 1, _card),
    _Finder("card", r"(?:^|[^\w.])(3\d{3}[ -]?\d{6}[ -]?\d{4,5})(?:[^\w]|$)", 1, _card),
    _Finder("iban", r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b", 0, _iban),
    _Finder("national-id", r"(?:^|[^\w-])(\d{3}-\d{2}-\d{4})(?:[^\w-]|$)", 1, _by("us.ssn")),
    _Finder("national-id", r"\b[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d\d ?\d\d ?\d\d ?[A-D]\b"),
    _Finder("national-id", r"\b[A-Z]{6}\d\d[A-Z]\d\d[A-Z]\d{3}[A-Z]\b", 0, _by("it.codicefiscale")),
    _Finder("national-id", r"\b(?:\d{8}|[XYZ]\d{7})-?[A-Z]\b", 0, _by("es.dni", "es.nie")),
    _Finder(
        "national-id",
        r"\b[12] ?\d\d ?(?:0[1-9]|1[0-2]) ?\d[\dAB] ?\d{3} ?\d{3} ?\d\d\b",
        0,
        _by("fr.nir"),
    ),
    _Finder("national-id", r"\b\d{6}[-+A]\d{3}[\dA-Y]\b", 0, _by("fi.hetu")),
    _Finder("national-id", r"\b(?:\d\d)?\d{6}[-+]\d{4}\b", 0, _by("se.personnummer", "dk.cpr")),
    _Finder("national-id", r"\b\d{6}-[1-4]\d{6}\b", 0, _by("kr.rrn")),
    _Finder("national-id", r"\b\d{3}\.\d{3}\.\d{3}-\d\d\b", 0, _by("br.cpf")),
    _Finder("national-id", r"\b756\.\d{4}\.\d{4}\.\d\d\b", 0, _by("ch.ssn")),
    _Finder("national-id", r"\b\d\d\.\d\d\.\d\d-\d{3}\.\d\d\b", 0, _by("be.nn")),
    _Finder("national-id", r"\b[2-9]\d{3} \d{4} \d{4}\b", 0, _by("in_.aadhaar")),
    _Finder("national-id", r"\b[1-9]\d{16}[\dX]\b", 0, _by("cn.ric")),
    _Finder("national-id", r"\b\d{3} \d{3} \d{4}\b", 0, _by("gb.nhs")),
    _Finder("national-id", _ID_LABEL + r"([A-Z]{0,2}\d[\d .-]{5,16}[\dA-Z])", 1),
    _Finder("ip", r"(?:^|[^\w.])(\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3})(?:[^\w.]|\.\s|\.?$)", 1, _ip),
    # Global unicast begins with 2 or 3 (RFC 4291); anything shorter is a slice or a time.
    _Finder(
        "ip", r"(?:^|[^\w:])([23][0-9A-Fa-f]{3}(?::[0-9A-Fa-f]{0,4}){2,7})(?:[^\w:]|$)", 1, _ip
    ),
    _Finder(
        "address",
        rf"\b\d{{1,5}}[A-Za-z]?,? (?:[NSEW]\.? |North |South |East |West )?"
        rf"(?:(?:{_WORD}|\d{{1,3}}(?:st|nd|rd|th)) ){{1,3}}(?:{_STREET})(?:[^\p{{L}}]|$)",
    ),
    _Finder(
        "address",
        r"[\p{Lu}][\p{L}-]*"
        r"(?:[sS]traße|[sS]trasse|[sS]tr\.|weg|platz|allee|gasse|straat|laan|plein|gatan|vägen) "
        r"\d{1,4} ?[a-z]?(?:[^\p{L}\d]|$)",
    ),
    _Finder(
        "address",
        r"\b\d{1,4}(?: ?(?:bis|ter))?,? (?:rue|avenue|boulevard|place|impasse|allée|chemin|quai) "
        r"(?:de |du |des |la |le |les |l['’]|d['’]){0,2}[\p{Lu}][\p{L}'’-]+",
    ),
    _Finder(
        "address",
        r"\b(?:Calle|Avenida|Avda\.|Plaza|Paseo|Via|Viale|Piazza|Corso|Rua|Ulica|ul\.) "
        rf"(?:de |del |la |dei |da |do )?(?:{_WORD} ?){{1,3}},? (?:n\.º |n° )?\d{{1,4}}\b",
    ),
    _Finder("address", r"(?i)\bP\.? ?O\.? box \d{1,6}\b"),
)


@cache
def _compiled():  # type: ignore[no-untyped-def]
    return tuple((finder, compiled(finder.pattern)) for finder in _FINDERS)
