"""How a number binds: the words before and after it (vocabulary/bounds.tsv)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import cast

from kb.extract.amounts import DATE, Amount
from kb.extract.units import denominators, each_pattern
from kb.models import Bound
from kb.vocabulary import table

#: （含）, （不含）, （含本数）, （含80公顷）: whether the limit itself counts.
INCLUDING = r"(?:\s*\((?:不?含|不?包[含括])(?:本数|[\d.一二两三四五六七八九十百千万亿]+[^(),。]{0,6})?\))"
_FLIP: dict[Bound, Bound] = {"min": "max", "max": "min", "exact": "max"}
#: Words whose bound 不 or 未 turns round: 不低于, 未达到, 不得超过; 不足 and 不满 are words of their own.
_COMPARING = ("超过", "超出", "突破", "高于", "大于", "多于", "长于", "低于", "少于", "小于", "短于", "达到", "达")
_NEGATION = re.compile(r"(?:不|未|没有|没)(?:得|能够|能|应当|应|可|宜|再|准|会|许)?$|达不$")
#: Words of the list that only bridge (最高|可|达) and mean nothing at the left end of a quote.
_BRIDGES = ("可",)


@dataclass(frozen=True, slots=True)
class _Word:
    text: str
    bound: Bound
    category: str
    guard: str


@cache
def _words(place: str) -> tuple[_Word, ...]:
    """The words of one place, the longest first."""
    rows = [_Word(row["word"], cast(Bound, row["bound"]), row.get("category", ""), row.get("not_before", ""))
            for row in table("bounds.tsv") if place in row["place"].split()]
    return tuple(sorted(rows, key=lambda word: -len(word.text)))


def _fits(word: _Word, amount: Amount) -> bool:
    return not word.category or word.category == amount.category


def _before(text: str, end: int, amount: Amount) -> tuple[int, Bound] | None:
    """The bound word that ends at ``end``: where it starts, and its bound with a negation counted in."""
    for word in _words("before"):
        start = end - len(word.text)
        if start < 0 or not text.endswith(word.text, 0, end) or not _fits(word, amount):
            continue
        if word.guard and start and text[start - 1] in word.guard:
            continue
        bound = word.bound
        if word.text == "近" and amount.category == "time":  # 近三年 looks back, it does not estimate
            bound = "exact"
        return _negated(text, start, word.text, bound)
    return None


def _negated(text: str, start: int, word: str, bound: Bound) -> tuple[int, Bound]:
    if word in _COMPARING and (match := _NEGATION.search(text, max(0, start - 4), start)):
        return match.start(), _FLIP.get(bound, bound)
    return start, bound


def _absorb(text: str, floor: int, amount: Amount) -> tuple[int, Bound | None, tuple[str, ...]]:
    """Steps to the left over bound words that touch each other: 最高|不超过|, 每户|最高|奖励|."""
    at, kept, bound = amount.start, amount.start, None
    each: tuple[str, ...] = ()
    for _ in range(5):
        while at > floor and text[at - 1] == " ":
            at -= 1
        if amount.category == "money" and (match := each_pattern().search(text, max(floor, at - 12), at)):
            at = kept = match.start()
            each += denominators(match[0])
            continue
        found = _before(text, at, amount)
        if found is None or found[0] < floor:
            break
        at, new = found
        if not text.startswith(_BRIDGES, at):
            kept = at
        if bound in (None, "exact"):
            bound = new
    return kept, bound, each


_SEGMENT = re.compile(r"[,。;:、()\n|!?]")


def _far(text: str, floor: int, at: int, amount: Amount) -> tuple[int, Bound] | None:
    """A bound word with a noun phrase between it and the number: 不低于新增建设用地指标的5%, 至少组织一个."""
    if amount.category in ("points", DATE):  # 高于全省平均水平2个百分点 is two points, not at least two
        return None
    for match in _SEGMENT.finditer(text, floor, at):
        floor = match.end()
    best: tuple[int, int, Bound] | None = None
    for word in _words("far"):
        place = text.rfind(word.text, floor, at)
        if place >= 0 and _fits(word, amount) and (best is None or place + len(word.text) > best[1]):
            start, bound = _negated(text, place, word.text, word.bound)
            best = (start, place + len(word.text), bound)
    if best is None or at - best[1] > 30:
        return None
    between = text[best[1]:at]
    if any(stop.text in between for stop in _words("stop")):
        return None
    return best[0], best[2]


def _after(text: str, end: int, amount: Amount) -> tuple[int, Bound] | None:
    """The bound word right after the amount: where the quote ends, and the bound."""
    including = re.compile(INCLUDING)
    first = including.match(text, end)
    at = first.end() if first else end
    for word in _words("after"):
        if text.startswith(word.text, at) and _fits(word, amount):
            stop = at + len(word.text)
            if word.guard and text[stop:stop + 1] and text[stop] in word.guard:
                continue
            if "前" in word.text and amount.unit.endswith("年"):  # 三年前 is long ago, 三十日前 leaves thirty days
                continue
            last = including.match(text, stop)
            return (last.end() if last else stop), word.bound
    return None


def attach(text: str, amounts: Sequence[Amount]) -> list[Amount]:
    """``amounts`` with bounds, and with quotes that take in the words that carry them. Dates come with theirs."""
    done: list[Amount] = []
    floor = 0
    for amount in amounts:
        if amount.bound == "change":  # 由15个工作日压缩至5个工作日|以内|
            after = _after(text, amount.end, amount)
            amount = replace(amount, quote_end=after[0] if after else amount.quote_end)
        elif amount.category != DATE:
            amount = _attached(text, floor, amount)
        floor = amount.quote_end
        done.append(amount)
    return done


def _attached(text: str, floor: int, amount: Amount) -> Amount:
    start, before, each = _absorb(text, floor, amount)
    after = _after(text, amount.end, amount)
    if before in (None, "exact") and (far := _far(text, floor, start, amount)):
        start, before = far
    bound = amount.bound or _resolve(before, after[1] if after else None)
    return replace(amount, bound=bound, quote_start=start, quote_end=after[0] if after else amount.quote_end,
                   each=amount.each + each)


def _resolve(before: Bound | None, after: Bound | None) -> Bound | None:
    """达到…以上 is min; 未达到…以上 is max; 控制在…左右 is approx."""
    if after == "approx":
        return after
    if before in ("min", "max"):
        return before
    if after in ("min", "max"):
        return after
    return before or after
