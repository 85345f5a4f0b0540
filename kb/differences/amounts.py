"""Amounts of two clauses: which measures the same thing, and what it means that they differ.

A quantity is compared with the quantity of the same indicator, not with the next number. Amounts that share one
noun (10%、12%、15%的超额累进补助) are one series.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property, lru_cache

from rapidfuzz.distance import Indel

from kb.differences.units import FAR, MANY, Match, Side, Unit
from kb.models import Difference, DifferenceType, Direction, Quantity, SentenceMatch, Span
from kb.tokens import Token, amount_key, bag, core, tokens
from kb.vocabulary import lines

_SAME_NAME = 0.6             # least likeness of the names of an amount and of a multiple of it
_LIKE = 0.42                 # least likeness of two amounts that measure one thing
_COUNTERS = frozenset("家个项件台款条户宗幢名人种座所处批套支块")
_INTENSITY = re.compile(r"亩均|人均|每(?:亩|人|户|平方米)|单位|生产率|强度|密度")
_BETWEEN = re.compile(r"\s*[、和及或]\s*")
_LIST = re.compile(r"[,、]|和|及|与|以及|或")
_RULE = re.compile(
    r"不(?:得|应|能)?(?:低于|少于|小于|高于|超过|大于|多于)|上限|下限|控制在|以内|最[高低多少]|至少|放宽")
_SALIENCE = {"subsidy": 0.92, "limit": 0.92, "threshold": 0.84, "target": 0.66, "duration": 0.66, "date": 0.58,
             "other": 0.7}
_SHARE_RULE = 0.88           # a share that a rule demands: 工业用地比例不低于30%
_COUNT = 0.54                # an aim that counts or sums up, and so follows the size of the place
_RANK = {"subsidy": 0, "target": 1, "limit": 2, "threshold": 3, "duration": 4, "date": 5, "other": 6}


@dataclass(frozen=True)
class Amount:
    """One quantity, or a series of quantities of one noun, with the phrase it stands in."""

    quantities: tuple[Quantity, ...]
    unit: Unit
    phrase: Span
    side: Side

    @property
    def first(self) -> Quantity:
        """The quantity that speaks for the series."""
        return self.quantities[0]

    @property
    def key(self) -> tuple[str, ...]:
        """Equal where value and unit are the same."""
        return tuple(amount_key(quantity) for quantity in self.quantities)

    @cached_property
    def terms(self) -> frozenset[str]:
        """Terms of the field and quoted ones that the indicator is named by."""
        return frozenset(token.key for token in tokens(self.first.indicator)
                         if token.kind == "quoted" or token.key in domain_terms())

    @cached_property
    def about(self) -> tuple[dict[str, float], tuple[str, ...]]:
        """What is measured: words of the indicator and of the phrase, numbers aside; and the spelling of either,
        each item of a list of indicators (亩均税收、亩均增加值实现翻番) by itself."""
        words = tokens(self.first.indicator)
        near = [token for token in self.side.tokens
                if token.start >= self.phrase.start and token.end <= self.phrase.end and token.kind != "number"]
        names = [_letters(words), _letters(near)]
        if _many(self):
            names += [_letters(tokens(item)) for item in re.split("[、和及]", self.first.indicator)]
        return {key: weight for key, weight in bag([*words, *near]).items() if key != "#"}, tuple(names)


@cache
def domain_terms() -> frozenset[str]:
    """Terms of the field that the general dictionary does not know."""
    return frozenset(lines("domain_words.txt"))


def _letters(words: Sequence[Token]) -> str:
    return "".join(token.key for token in words if token.kind != "number")


def _many(amount: Amount) -> bool:
    """Whether ``amount`` is said of several indicators at once: 亩均税收、亩均增加值实现翻番, 淘汰和整治企业1000家."""
    return amount.first.kind == "target" and bool(re.search(r"\w[、和及]\w", amount.first.indicator))


def amounts(side: Side) -> tuple[Amount, ...]:
    """Amounts of a clause in order, those in lists of responsible units left out."""
    found: list[Amount] = []
    listed = sorted(side.statements.quantities, key=lambda quantity: (quantity.start, quantity.end))
    series: list[Quantity] = []
    for place, quantity in enumerate(listed):
        following = listed[place + 1] if place + 1 < len(listed) else None
        series.append(quantity)
        if following is None or not _one_series(side, quantity, following):
            unit = _unit_of(side, series[0])
            if unit is not None:
                found.append(Amount(tuple(series), unit, _phrase(side, unit, series, listed), side))
            series = []
    return tuple(found)


def _one_series(side: Side, one: Quantity, other: Quantity) -> bool:
    between = side.folded[core(side.text, one)[1]:core(side.text, other)[0]]
    return (bool(_BETWEEN.fullmatch(between)) and one.base_unit == other.base_unit and one.kind == other.kind)


def _unit_of(side: Side, quantity: Quantity) -> Unit | None:
    at = core(side.text, quantity)[0]
    return next((unit for unit in side.units if unit.start <= at < unit.end), None)


def _phrase(side: Side, unit: Unit, series: Sequence[Quantity], listed: Sequence[Quantity]) -> Span:
    """The part of the unit that speaks of these quantities: between the list marks that part them from others."""
    start, end = unit.start, unit.end
    first, last = core(side.text, series[0])[0], core(side.text, series[-1])[1]
    for other in listed:
        left, right = core(side.text, other)
        if unit.start <= left and right <= first:
            for mark in _LIST.finditer(side.folded, right, first):
                if _is_mark(side, mark):
                    start = max(start, mark.end())
                    break
        elif last <= left and right <= unit.end:
            marks = [mark for mark in _LIST.finditer(side.folded, last, left) if _is_mark(side, mark)]
            if marks:
                end = min(end, marks[0].start())
    return Span(start, end)


def _is_mark(side: Side, match: re.Match[str]) -> bool:
    return any(token.start == match.start() and token.end == match.end() for token in side.tokens)


# --- pairing ---------------------------------------------------------------------------------------------------------

def pairs(a: Sequence[Amount], b: Sequence[Amount], sentences: Sequence[SentenceMatch]) -> list[tuple[Amount, Amount]]:
    """Amounts of one indicator, one to one, the likeliest first taken."""
    scored: list[tuple[float, int, int]] = []
    for i, one in enumerate(a):
        for j, other in enumerate(b):
            apart = abs(i / len(a) - j / len(b))
            if opens(one) or opens(other):
                continue
            score = _like(one, other) if len(a) * len(b) <= MANY or apart <= FAR else 0.0
            if score <= 0:
                continue
            near = any(pair.a.overlaps(one.phrase) and pair.b.overlaps(other.phrase) for pair in sentences)
            score += 0.06 if near else 0.0
            score += 0.04 if one.key == other.key else 0
            score -= (0.4 if _one_role(one, other) else 0.12) * apart
            if score >= _LIKE:
                scored.append((score, i, j))
    scored.sort(key=lambda item: (-item[0], abs(item[1] - item[2]), item[1], item[2]))
    left: set[int] = set()
    right: set[int] = set()
    found: list[tuple[Amount, Amount]] = []
    for _, i, j in scored:
        if (i not in left or _many(a[i])) and (j not in right or _many(b[j])):
            left.add(i)
            right.add(j)
            found.append((a[i], b[j]))
    return found


_HORIZON = re.compile(r"(?:到|至|用|通过|截至|力争到|力争|在)?.{0,8}(?:年|年底|月底|期间|攻坚|末)前?")


def opens(amount: Amount) -> bool:
    """Whether an amount is the time that a clause opens with: 到2025年, 通过三年攻坚."""
    return amount.first.kind in ("date", "duration") and bool(
        _HORIZON.fullmatch(amount.phrase.of(amount.side.folded)))


def horizons(a: Sequence[Amount], b: Sequence[Amount]) -> list[tuple[Amount, Amount]]:
    """The time by which either clause wants its aims reached, where it opens with one: 到2025年, 通过三年攻坚."""
    found = [[amount for amount in side if opens(amount)] for side in (a, b)]
    same = [(one, other) for one in found[0] for other in found[1] if one.key == other.key]
    if same or not (found[0] and found[1]):
        return same                         # 到2022年…；到2025年…: stages, of which the other has one
    return [(found[0][0], found[1][0])] if found[0][0] is a[0] and found[1][0] is b[0] else []


def left_over(a: Sequence[Amount], b: Sequence[Amount], matched: Sequence[Match]) -> list[tuple[Amount, Amount]]:
    """Amounts of one unit in phrases that answer each other, though their indicators are named differently."""
    found: list[tuple[Amount, Amount]] = []
    for pair in matched:
        others = [amount for amount in b if amount.unit.index == pair.b]
        for one in (amount for amount in a if amount.unit.index == pair.a and not opens(amount)):
            if answer := next((other for other in others if _units(one.first, other.first)
                               and _kinds(one.first, other.first)), None):
                others.remove(answer)
                found.append((one, answer))
    return found


def _like(one: Amount, other: Amount) -> float:
    factor = _kinds(one.first, other.first) * _units(one.first, other.first)
    if not factor:
        return 0.0
    (words_a, names_a), (words_b, names_b) = one.about, other.about
    total = sum(words_a.values()) + sum(words_b.values())
    common = sum(min(weight, words_b.get(key, 0.0)) for key, weight in words_a.items())
    words = 2 * common / total if total else 0.0
    smaller = min(sum(words_a.values()), sum(words_b.values()))
    inside = common / smaller if smaller else 0.0
    if 0.35 * words + 0.25 * inside + 0.4 < _LIKE - 0.1 and not _one_role(one, other):
        return 0.0
    named = max(_spelling(x, y) for x in names_a for y in names_b)
    if "倍" in (one.first.base_unit, other.first.base_unit) and one.first.base_unit != other.first.base_unit and (
            named < _SAME_NAME):
        return 0.0
    if one.first.kind == "target" and one.terms and other.terms and not one.terms & other.terms:
        factor *= 0.5                       # 单项冠军 and 小巨人 are counted apart, however alike the rest
    likeness = factor * (0.35 * words + 0.25 * inside + 0.4 * named)
    return 0.5 + 0.4 * likeness if factor == 1.0 and _one_role(one, other) else likeness


def _one_role(one: Amount, other: Amount) -> bool:
    """Two rates or two caps of subsidies: a cap is compared with the cap in its place, whatever the programme is
    called."""
    return one.first.kind == other.first.kind == "subsidy" and one.first.bound == other.first.bound


@lru_cache(maxsize=65536)
def _spelling(a: str, b: str) -> float:
    """Likeness of two names by their characters; 整治淘汰提升企业 is much like 淘汰落后及整治提升企业."""
    if not a or not b:
        return 0.0
    common = sum((Counter(a) & Counter(b)).values())
    return max(Indel.normalized_similarity(a, b), 0.92 * 2 * common / (len(a) + len(b)))


def _kinds(one: Quantity, other: Quantity) -> float:
    dated = ("date", "duration")
    if (one.kind in dated) != (other.kind in dated):
        return 0.0
    if one.kind == other.kind:
        return 1.0
    return 0.6 if {one.kind, other.kind} in ({"subsidy", "threshold"}, {"target", "threshold"}) else 0.85


def _units(one: Quantity, other: Quantity) -> float:
    if one.base_unit == other.base_unit:
        return 1.0
    if one.kind in ("date", "duration") or one.base_unit[:1] in _COUNTERS and other.base_unit[:1] in _COUNTERS:
        return 0.95
    if "倍" in (one.base_unit, other.base_unit) and one.kind == other.kind == "target":
        return 0.9                                     # 亩均税收达到40万元 against 亩均税收实现翻番
    return 0.0


# --- what it means ---------------------------------------------------------------------------------------------------

def kind_of(one: Quantity, other: Quantity | None = None) -> DifferenceType:
    """``target`` for an aim, ``date`` for a time, ``number`` for a rule's amount."""
    kinds = {one.kind} | ({other.kind} if other else set())
    if kinds <= {"date", "duration"}:
        return "date"
    if "target" in kinds and not kinds & {"subsidy", "limit"}:
        rule = _RULE.search(one.quote) or (other and _RULE.search(other.quote))
        share = one.base_unit in ("%", "") and one.bound in ("min", "max")
        return "number" if rule and share else "target"
    return "number"


def direction(one: Quantity, other: Quantity) -> Direction:
    """How ``other`` stands to ``one``: stricter or looser for a rule, higher or lower for an aim or a subsidy."""
    if one.base_unit != other.base_unit or one.kind == "date":
        return "n/a"
    if one.base_value == other.base_value:
        return "n/a"
    more = other.base_value > one.base_value
    ruled = one.kind in ("limit", "threshold") or one.kind == "duration" or bool(
        _RULE.search(one.quote) and _RULE.search(other.quote))
    if one.kind == "subsidy" or other.kind == "subsidy" or not ruled:
        return "higher" if more else "lower"
    if one.bound != other.bound or one.bound not in ("min", "max"):
        return "higher" if more else "lower"
    return "stricter" if more == (one.bound == "min") else "looser"


def values(one: Quantity, other: Quantity) -> tuple[float | None, float | None, str]:
    """Both values in one unit: as written where the units agree, else brought to the base unit; none where they
    measure the same in different ways (40万元, 翻番; 到2025年, 三年)."""
    if one.base_unit != other.base_unit and not (
            one.base_unit[:1] in _COUNTERS and other.base_unit[:1] in _COUNTERS):
        return None, None, ""
    if one.unit == other.unit or one.base_unit != other.base_unit:
        return one.value, other.value, one.unit
    return one.base_value, other.base_value, one.base_unit


def _sums(unit: str) -> bool:
    """Whether amounts in ``unit`` count or sum up, and so follow the size of the place."""
    return unit[:1] in _COUNTERS or unit in ("", "亩", "元") or unit.startswith("吨")


def salience(one: Quantity, other: Quantity | None) -> float:
    """How much the difference matters: money and limits first, one-sided and mere wording of a bound later."""
    base = _SALIENCE[one.kind]
    if kind_of(one, other) == "number" and one.kind == "target":
        base = _SHARE_RULE
    elif one.kind == "target" and _sums(one.base_unit) and not _INTENSITY.search(one.indicator):
        base = _COUNT
    if other is None:
        return round(base * 0.7, 3)
    if (one.kind == "date") != (other.kind == "date"):
        return 0.45
    if one.base_unit != other.base_unit and "倍" in (one.base_unit, other.base_unit):
        return 0.56
    if one.base_value == other.base_value and one.base_unit == other.base_unit:
        return 0.35
    low, high = sorted((abs(one.base_value), abs(other.base_value)))
    size = min(1.0, math.log2(high / low) / 4) if low and one.base_unit == other.base_unit else 1.0
    return round(min(0.99, base + (0.06 if base > 0.6 else 0.03) * size), 3)


def rows(found: Sequence[tuple[Amount, Amount]]) -> Iterator[Difference]:
    """Differences of paired amounts; none where value, unit and bound agree."""
    for one, other in found:
        flow = _flows(one, other)
        if one.key == other.key and one.first.bound == other.first.bound and not flow:
            continue
        q, r = _comparable(*_first_unlike(one, other))
        if one.key == other.key and not flow and (not _bounds_differ(one, other) or len(one.quantities) > 1):
            continue
        a_value, b_value, unit = values(q, r)
        yield Difference(
            type=kind_of(q, r), a_quote=one.phrase.of(one.side.text), b_quote=other.phrase.of(other.side.text),
            a_span=one.phrase, b_span=other.phrase, salience=salience(q, r), summary="",
            a_value=a_value, b_value=b_value, unit=unit, direction=direction(q, r))


def _flows(one: Amount, other: Amount) -> bool:
    """Whether one amount is a stock and the other its growth: 建成孵化器10家 and 新增孵化器10家."""
    texts = [amount.phrase.of(amount.side.folded) for amount in (one, other)]
    grows = ["新增" in text for text in texts]
    stock = texts[grows.index(False)] if any(grows) and not all(grows) else ""
    return one.first.kind == "target" and bool(re.search("建成|保有|累计|拥有", stock))


def _comparable(q: Quantity, r: Quantity) -> tuple[Quantity, Quantity]:
    """The ends that differ: of two ranges the upper one if it does; of a range the upper one against a cap or a fixed
    amount (处二百元以上五百元以下罚款 against 处1000元以下罚款), the lower one against a floor."""
    if q.value_to is None and r.value_to is None:
        return q, r
    if q.value_to is not None and r.value_to is not None:
        upper = (q.value_to, q.unit) != (r.value_to, r.unit)
    else:
        upper = "min" not in (q.bound, r.bound)
    return _end(q, upper), _end(r, upper)


def _end(quantity: Quantity, upper: bool) -> Quantity:
    if quantity.value_to is None:
        return quantity
    scale = quantity.base_value / quantity.value if quantity.value else 1.0
    value = quantity.value_to if upper else quantity.value
    return replace(quantity, value=value, base_value=value * scale, bound="max" if upper else "min", value_to=None)


def _bounds_differ(one: Amount, other: Amount) -> bool:
    """Whether the bounds of one value differ in earnest: 突破 and 达到 do, a bare number and 以上 do, 约 does not."""
    return {one.first.bound, other.first.bound} in ({"min", "exact"}, {"max", "exact"}, {"min", "max"})


def _first_unlike(one: Amount, other: Amount) -> tuple[Quantity, Quantity]:
    for q, r in zip(one.quantities, other.quantities, strict=False):
        if amount_key(q) != amount_key(r):
            return q, r
    if len(one.quantities) != len(other.quantities):
        return one.quantities[-1], other.quantities[-1]
    return one.first, other.first


def principal(found: Sequence[Amount]) -> Amount:
    """Of several amounts in one phrase the one it is about: the subsidy or the aim before the threshold."""
    return min(found, key=lambda amount: (_RANK[amount.first.kind], amount.phrase.start))
