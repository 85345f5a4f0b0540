"""Units as written and on one scale. The units themselves are data: vocabulary/units.tsv."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from kb.extract.numerals import MAGNITUDES
from kb.vocabulary import table


@dataclass(frozen=True, slots=True)
class Unit:
    """One row of units.tsv: a ``written`` unit, what sort it is, and how to reach its ``base``."""

    written: str
    category: str
    base: str
    factor: float
    not_before: str
    after_han: bool


@cache
def units() -> dict[str, Unit]:
    """All units by their spelling."""
    return {row["unit"]: Unit(row["unit"], row["category"], row["base"], float(row["factor"]),
                              row["not_before"], row["han"] == "yes") for row in table("units.tsv")}


@cache
def unit_pattern() -> str:
    """A regular expression for one unit, the longest first, not where it is the start of another word (10部|门)."""
    parts = []
    for unit in sorted(units().values(), key=lambda u: (-len(u.written), u.written)):
        follow = f"[{re.escape(unit.not_before)}]" if unit.not_before else ""
        if unit.written.isascii() and unit.written != "%":
            follow = "[A-Za-z0-9]"
        parts.append(re.escape(unit.written) + (f"(?!{follow})" if follow else ""))
    return "(?:" + "|".join(parts) + ")"


#: What an amount may be divided by besides the units themselves: 元/人·月, 万元/台（套）.
_DENOMINATOR = r"(?:月|套|生|班|床|学年|学期|车|例|村|镇|校|企业|天|平方)"


@cache
def per_pattern() -> str:
    """``/平方米``, ``每平方米``, ``/人·月``: zero or more denominators."""
    return rf"(?: ?(?:/|每|·) ?(?:{unit_pattern()}|{_DENOMINATOR}))*"


@cache
def each_pattern() -> re.Pattern[str]:
    """``每人每月`` right before an amount, or before the words that introduce it."""
    return re.compile(rf"(?:每(?:{unit_pattern()}|{_DENOMINATOR}))+$")


_SPLIT = re.compile(r"[/每·]")


def denominators(written: str) -> tuple[str, ...]:
    """The parts after / or 每 in ``written``: 元/人·月 gives (人, 月)."""
    return tuple(part.strip() for part in _SPLIT.split(written)[1:] if part.strip())


def base(value: float, unit: str, each: tuple[str, ...] = ()) -> tuple[float, str]:
    """``value`` with ``unit`` brought to one scale: (1.3, 万亩) is (13000, 亩), (2000, 元每平方米) is
    (2000, 元/平方米). ``each`` are denominators written before the number (每月3元/平方米)."""
    head = _SPLIT.split(re.sub(r"\(.*?\)|（.*?）|\s", "", unit))[0]
    factor = 1.0
    for word, power in MAGNITUDES.items():
        if head not in units() and head.startswith(word):
            head, factor = head.removeprefix(word), power
            break
    known = units().get(head)
    if known is not None:
        head, factor = known.base, factor * known.factor
    below = []
    for part in (*denominators(unit), *each):
        of = units().get(part)
        below.append(of.base if of is not None and of.factor == 1 else part)
    number = float(f"{value * factor:.12g}")
    return number, "/".join((head, *sorted(below)))
