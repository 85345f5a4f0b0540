"""Quantities: every amount of a clause with its quote, bound, value and unit, indicator and kind.

The grammar is data: units.tsv, bounds.tsv, number_words.tsv, not_quantities.txt, enumerating_nouns.txt and
indicator_words.tsv under kb/vocabulary. Here is the way of the data: cover names, find dates and numbers, join what
belongs together, attach bounds, drop what only looks like an amount, name, classify.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache

from kb.extract import bounds, dates, distribute, indicators, kinds, ranges
from kb.extract.amounts import DATE, Amount, cover_names, scan
from kb.extract.units import base, units
from kb.models import Quantity, QuantityKind
from kb.text import normalise
from kb.vocabulary import lines

_HAN_LETTER = re.compile(r"[一-鿿A-Za-z0-9]")
#: 亿元企业, 亿元以上项目, 百亿元产业: what stands after a bare magnitude that means "of one such".
_SIZED = re.compile(r"(?:\(不?含\))?(?:及|或)?(?:以上|以下|规模|企业|项目|楼宇|产业|园区|平台|单体|大关|村|镇)")
#: Right before a bare Chinese numeral these make it refer or enumerate: 上述三类, 前两款, “…”等四个环节, 上一年.
_REFERS = tuple("等这那前后上下该此同某另其各每述列任之首唯统单专\"”)）的")
_SAME_YEAR = frozenset("上下同这某每本任另当首前后")
_ONCE = re.compile(r"(?:期限?|连续|满|为期|试行|期为|缩短|延长|不少于|不超过|至少)$")
_SPAN_FOLLOWS = re.compile(r"(?:内|以内|后|期(?!间)|前|以上|以下|之内|届满|的?有期|的?期限)")


def find(text: str, heading: str = "") -> tuple[Quantity, ...]:
    """All amounts of the clause ``text``, in its order, quotes apart from each other.

    ``heading`` names the indicator where the text does not. The value stands beside its unit as written
    (1.3, 万亩), a date as a number (20231231, 年月日), 三分之一 as 0.3333 without a unit. Not taken: ordinals,
    document numbers, titles, short quoted names (“2513”), counts that only enumerate (六大行动, 三个档次).
    """
    norm = normalise(text)
    dated, working = dates.find_dates(cover_names(norm, text))
    numbers = ranges.join(working, scan(working))
    apart = sorted(_apart(dated, numbers), key=lambda amount: amount.start)
    # twice: what is dropped shall not stand between a bound word and its number (不低于上一年余额的8%)
    tried = zip(apart, bounds.attach(working, apart), strict=True)
    kept = [amount for amount, bound in tried if _is_quantity(working, bound)]
    amounts = distribute.share_bounds(norm, [_sized(working, a) for a in bounds.attach(working, kept)])
    return tuple(_quantities(norm, text, heading, amounts))


def _apart(dated: Iterable[Amount], numbers: Sequence[Amount]) -> Iterable[Amount]:
    """A date inside a change (由2020年的7%提高到2025年的15%) gives way to the change."""
    yield from numbers
    for date in dated:
        if not any(a.quote_start < date.quote_end and date.quote_start < a.quote_end for a in numbers):
            yield date


@cache
def _enumerating() -> re.Pattern[str]:
    nouns = "|".join(map(re.escape, lines("enumerating_nouns.txt")))
    return re.compile(f"(?:重要|主要|关键|重点|不同|基本)?(?:{nouns})")


def _sized(text: str, amount: Amount) -> Amount:
    """亿元企业 is of one 亿元 or more; the quote takes in what is sized, as far as it is one word."""
    match = None if amount.numeral.strip("百千万亿") or amount.category != "money" else _SIZED.match(text, amount.end)
    if match is None or amount.bound:
        return amount
    return replace(amount, bound="min", quote_end=match.end())


def _is_quantity(text: str, amount: Amount) -> bool:
    """Whether the amount is one that a reader would note, not a word that contains a numeral."""
    if text.endswith(("(含", "(不含", "(包括"), 0, amount.start):  # 八十公顷以下（含八十公顷）
        return False
    if amount.category == "time" and amount.numeral == "一" and text[amount.start - 1:amount.start] in _SAME_YEAR:
        return False  # 上一年, 同一天, whatever stands around
    bound = amount.bound in ("min", "max", "approx", "range", "change")
    if amount.category in (DATE, "ratio", "percent", "points", "times") or amount.bound == "change":
        return True
    if not amount.category:
        return _unitless(text, amount, bound)
    if amount.category == "bare":
        return bound
    if amount.category == "share" and not bound:
        return bool(re.match(r"[,。;、的]|$", text[amount.quote_end:]))
    if not amount.han:
        return amount.bound is not None or not _enumerating().match(text, amount.end) or bound
    if not amount.numeral.strip("百千万亿"):
        return _magnitude_only(text, amount)
    return bound or _bare_han(text, amount)


def _unitless(text: str, amount: Amount, bound: bool) -> bool:
    """容积率不低于2.0; 3.0 after the name of a system is its version."""
    if amount.han or _HAN_LETTER.match(text[amount.end:amount.end + 1]) and not re.match(
            r"以上|以下|以内|左右|的", text[amount.end:]):
        return False
    before = re.split(r"[,。;:\n]", text[max(0, amount.start - 20):amount.start])[-1]
    known = any(word in before for word in indicators.words("unitless"))
    return known and (bound or "." in amount.numeral)


def _magnitude_only(text: str, amount: Amount) -> bool:
    """亿元企业 and 突破千亿元 are amounts; 万元工业增加值能耗, 百日攻坚 and 万人助企 are not."""
    adjacent = amount.quote_start < amount.start and amount.bound in ("min", "max", "approx")
    if amount.category != "money":
        return adjacent
    return adjacent or (bool(_SIZED.match(text, amount.end)) and amount.numeral != "万") or bool(
        re.match(r"(?:及|或)?以[上下]", text[amount.end:]))


def _bare_han(text: str, amount: Amount) -> bool:
    """A Chinese numeral with its unit and no bound word: mostly a manner of counting what the text lists."""
    before, after = text[max(0, amount.start - 4):amount.start], text[amount.end:]
    if amount.category == "time":
        spans = bool(_SPAN_FOLLOWS.match(after)) or bool(_ONCE.search(before))
        return spans or not (amount.numeral == "一" or before[-1:] in ("第", "每"))
    if amount.category not in ("count", "people", "score", "degree"):
        return True
    unit = units().get(amount.unit)
    if amount.numeral in ("一", "二") or unit is None or not unit.after_han:
        return False
    if before.endswith(_REFERS) or _enumerating().match(after):
        return False
    # 生产、加工、销售三个环节: the row before is what is counted
    segment = text[indicators.segment_start(text, amount.start):amount.start]
    return "、" not in segment and "\x00" not in segment[-3:] and amount.unit not in ("类", "种", "条", "批", "项")


def _quantities(norm: str, text: str, heading: str, amounts: list[Amount]) -> Iterable[Quantity]:
    classes = distribute.labels(norm, text, amounts)
    sorts = _kinds(norm, amounts)
    named: list[indicators.Named] = []
    given = ""
    for i, (amount, kind) in enumerate(zip(amounts, sorts, strict=True)):
        name = indicators.name(norm, text, amounts, i, named)
        named.append(name)
        indicator = name.indicator
        if kind == "subsidy":
            indicator = indicators.subsidy_name(norm, text, amount, amounts, indicator) or given
        elif kinds.fines(norm, amount):
            indicator = indicators.fine_name(norm, text, amount)
        if row := classes.get(i):
            indicator = row.label if row.whole else f"{indicator}（{row.label}）"
        given = indicator if kind == "subsidy" else given
        yield _quantity(text, amount, indicator or _default_name(amount, heading), kind)


def _kinds(norm: str, amounts: Sequence[Amount]) -> list[QuantityKind]:
    """The kinds, where the first of a bare row (4层、5层、6层及以上厂房) are what its last is."""
    sorts = [kinds.kind(norm, amount, indicators.segment_start(norm, amount.quote_start)) for amount in amounts]
    for i in range(len(amounts) - 2, -1, -1):
        one, other = amounts[i], amounts[i + 1]
        if one.category == other.category and norm[one.quote_end:other.start] in ("、", "和", "或"):
            sorts[i] = sorts[i + 1] = "threshold" if "threshold" in sorts[i:i + 2] else sorts[i + 1]
    for i in range(1, len(amounts)):  # 每亩补助5万元，最高不超过500万元
        gap = norm[amounts[i - 1].quote_end:amounts[i].quote_start]
        capped = amounts[i].category == "money" and amounts[i].bound == "max" and sorts[i] in ("target", "limit")
        if capped and sorts[i - 1] == "subsidy" and not re.search("[。;]", gap):
            sorts[i] = "subsidy"
    return sorts


def _default_name(amount: Amount, heading: str) -> str:
    if amount.category == DATE:
        return "起始时间" if amount.bound == "min" else "期间" if amount.bound == "range" else "时间"
    return "期限" if amount.category == "time" else heading.strip("。 ")


def _quantity(text: str, amount: Amount, indicator: str, kind: QuantityKind) -> Quantity:
    each = amount.each if amount.category == "money" else ()
    base_value, base_unit = (amount.value, amount.unit) if amount.category == DATE else base(
        amount.value, amount.unit, each)
    start, end = amount.quote_start, amount.quote_end
    return Quantity(
        quote=text[start:end], start=start, end=end, indicator=indicator, bound=amount.bound or "exact",
        value=amount.value, unit=amount.unit, kind=kind, base_value=base_value, base_unit=base_unit,
        value_to=amount.value_to, value_from=amount.value_from)
