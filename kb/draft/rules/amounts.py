"""Amounts of the draft beside those of a base: floors, caps, and what merely changed.

An amount is compared with the amount in the same place of the sentence, else with that of the same indicator. What
binds is a floor or a cap of a rule; a target handed down is shared out among the places below, and a subsidy may be
smaller than its cap.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Final, Literal

from kb.draft.clauses import Clause, Line
from kb.draft.comparing import Comparison
from kb.draft.context import Context, against, longest, phrase
from kb.draft.findings import Finding
from kb.draft.rules.amount_pairs import AmountPair, comparable, pairs, same_indicator, scaled
from kb.models import Quantity, Span
from kb.text import normalise
from kb.tokens import core
from kb.vocabulary import table

Binding = Literal["floor", "cap"]

_SHARED_OUT: Final = 0.5        # share of changed targets from which on they have been shared out
_FEW: Final = 4                 # fewest targets of which a share can be told
#: Words that make an amount a rule, not an aim.
_RULE: Final = re.compile(
    r"不(?:得|应|能|可|准|允许)?(?:低于|少于|小于|短于|高于|超过|大于|多于|长于|超出)|至少|最[低少高多长短]|[上下]限|"
    r"放宽[至到]|控制在|封顶|以内|之内|内$|限额")


# --- what binds ------------------------------------------------------------------------------------------------------

def binding(quantity: Quantity, text: str, *, shared: bool) -> Binding | None:
    """Whether an amount of the base, in the clause ``text``, binds the draft from below or from above. ``shared``: the
    draft's place lies below, so that counts are handed down in shares."""
    ruled = bool(_RULE.search(normalise(quantity.quote)))
    if quantity.bound == "change":
        around = normalise(quantity.indicator + quantity.quote)
        return "cap" if "上限" in around else "floor" if "下限" in around else None
    if quantity.bound not in ("min", "max") or quantity.kind in ("date", "other"):
        return None
    side: Binding = "floor" if quantity.bound == "min" else "cap"
    if quantity.kind == "target":
        rate = scaled(quantity)[1] in ("%", "倍")
        return side if ruled and (rate or not shared or quantity.bound == "max") else None
    if quantity.kind == "threshold" or quantity.kind == "subsidy" and quantity.bound == "min":
        return side if ruled else None
    if quantity.kind == "duration":
        return side if ruled and not _in_principle(quantity, text) else None
    return side


def _in_principle(quantity: Quantity, text: str) -> bool:
    """原则上要求3个月内开工 binds in principle; 原则上不超过3宗 is a cap all the same."""
    before = normalise(text[max(0, quantity.start - 8):quantity.start])
    return "原则上" in before and not re.search("不[得应能]?[超高多长]", normalise(quantity.quote))


@cache
def _context_words() -> dict[str, re.Pattern[str]]:
    return {row["kind"]: re.compile(row["pattern"]) for row in table("context_words.tsv")}


def treatment(line: str) -> str:
    """What a sentence does with those whom a threshold admits: subsidy, burden, benefit, or nothing that can be told."""
    folded = normalise(line)
    return next((kind for kind in ("subsidy", "burden", "benefit") if _context_words()[kind].search(folded)), "")


def _eligibility(pair: AmountPair) -> Binding | None:
    """A threshold in front of something that the rule grants: 用地面积50亩以上的存量工业项目可…."""
    base = pair.base
    if base.kind != "threshold" or base.bound not in ("min", "max") or treatment(_sentence(pair)) != "benefit":
        return None
    return "floor" if base.bound == "min" else "cap"


def _sentence(pair: AmountPair) -> str:
    """The base's sentence from the phrase with the amount on: what stands before it is about something else."""
    text, quantity = pair.group.base_text, pair.base
    start = phrase(text, Span(quantity.start, quantity.end)).start
    line = next((line for line in pair.group.base if line.span.start <= quantity.start < line.span.end), None)
    return text[start:line.span.end if line else pair.group.base_span.end]


def breaks(side: Binding, base: Quantity, draft: Quantity) -> bool:
    """Whether the draft's amount lies below the floor or above the cap."""
    limit, value = scaled(base)[0], scaled(draft)[0]
    top = value * draft.value_to / draft.value if draft.value_to is not None and draft.value else value
    tiny = (1e-6 if base.base_unit == draft.base_unit else 1e-3) * max(1.0, abs(limit))    # 10亩 is 6667平方米
    if side == "floor":
        if draft.bound == "max":
            return True
        return value < limit - tiny or draft.bound == "approx" and value <= limit * 1.02
    if draft.bound == "min":
        return True
    return max(value, top) > limit + tiny or draft.bound == "approx" and value >= limit * 0.98


# --- floors and caps -------------------------------------------------------------------------------------------------

def floor(context: Context) -> Iterator[Finding]:
    """Amounts below a floor of the base."""
    return _breaches(context, "floor")


def cap(context: Context) -> Iterator[Finding]:
    """Amounts above a cap of the base."""
    return _breaches(context, "cap")


def _breaches(context: Context, side: Binding) -> Iterator[Finding]:
    for comparison in context.comparisons:
        shared = context.lower(comparison)
        for pair in pairs(context, comparison):
            if pair.draft is not None and pair.sure and _side(pair, shared) == side and _broken(pair, side):
                yield pair.finding(f"quantity-{side}", _reason(side, pair.base, pair.draft),
                                   f"改为“{pair.base.quote}”")
        for clause, quantity, other, answer in _elsewhere(context, comparison):
            if binding(quantity, clause.text, shared=shared) == side and breaks(side, quantity, answer):
                yield Finding(f"quantity-{side}", other.path, answer.quote, _reason(side, quantity, answer),
                              comparison.base.document.id, clause.path, quantity.quote, f"改为“{quantity.quote}”",
                              other.provision.start + answer.start)


def _side(pair: AmountPair, shared: bool) -> Binding | None:
    return binding(pair.base, pair.group.base_text, shared=shared) or _eligibility(pair)


def _broken(pair: AmountPair, side: Binding) -> bool:
    assert pair.draft is not None
    flipped = {pair.base.bound, pair.draft.bound} == {"min", "max"}
    return (comparable(pair.base, pair.draft) and breaks(side, pair.base, pair.draft)
            and (not flipped or pair.group.score >= 0.75))


def _reason(side: Binding, base: Quantity, draft: Quantity) -> str:
    what, how = ("下限", "低于该下限") if side == "floor" else ("上限", "高于该上限")
    if base.kind == "threshold":
        what, how = "条件", "放宽了该条件"
    elif {base.bound, draft.bound} == {"min", "max"}:
        how = "方向相反"
    return f"{base.indicator}：上级{what}为“{base.quote}”，本稿为“{draft.quote}”，{how}"


def _elsewhere(context: Context, comparison: Comparison) -> list[tuple[Clause, Quantity, Clause, Quantity]]:
    """Amounts of sentences that nothing answers, with an amount of the same indicator in any clause of the draft."""
    key = "elsewhere", comparison.base.document.id
    if key not in context.memo:
        paired = {(pair.group.draft_clause.path, pair.draft.start) for pair in pairs(context, comparison) if pair.draft}
        free = [(clause, quantity) for clause in context.clauses.values() for quantity in clause.statements.quantities
                if (clause.path, quantity.start) not in paired]
        lines = [line for line, _ in comparison.lone] + [line for clause in comparison.dropped for line in clause.lines]
        context.memo[key] = [
            (line.clause, quantity, other, answer) for line in lines for quantity in _of(line)
            for other, answer in free if comparable(quantity, answer) and same_indicator(quantity, answer)]
    found: list[tuple[Clause, Quantity, Clause, Quantity]] = context.memo[key]
    return found


def _of(line: Line) -> list[Quantity]:
    return [quantity for quantity in line.clause.statements.quantities
            if line.span.start <= quantity.start < line.span.end]


def dropped(context: Context) -> Iterator[Finding]:
    """Floors and caps of the base that the draft has cut out of a sentence that it keeps, or with its sentence."""
    for comparison in context.comparisons:
        shared = context.lower(comparison)
        for pair in pairs(context, comparison):
            if pair.draft is None and pair.sure and pair.lost is not None and _is_rule(pair.base, pair.group.base_text,
                                                                                      shared):
                around = phrase(pair.group.draft_text, pair.lost)
                if not _kept(pair.group.draft_clause, pair.base) and not _written(pair, around):
                    yield against(comparison, pair.group, "quantity-dropped", around,
                                  Span(pair.base.start, pair.base.end),
                                  f"上级的限额“{pair.base.quote}”（{pair.base.indicator}）在本稿中没有了",
                                  f"补上“{pair.base.quote}”")
        told = {(clause.path, quantity.start) for clause, quantity, _, _ in _elsewhere(context, comparison)}
        for line, clause in comparison.lone:
            lost = [quantity for quantity in _of(line) if _is_rule(quantity, line.clause.text, shared)
                    and quantity.kind != "subsidy"      # a place that does not give it needs no cap
                    and (line.clause.path, quantity.start) not in told and not _kept(clause, quantity)]
            if lost and comparison.keeps(line.clause.path) and treatment(line.text) != "subsidy":
                yield Finding("quantity-dropped", clause.path, "", f"上级的限额“{lost[0].quote}”所在的一句在本稿中没有了",
                              comparison.base.document.id, line.clause.path, line.text, f"补写“{line.text}”",
                              clause.provision.end)


def _is_rule(quantity: Quantity, text: str, shared: bool) -> bool:
    return binding(quantity, text, shared=shared) is not None and bool(_RULE.search(normalise(quantity.quote)))


def _kept(clause: Clause, quantity: Quantity) -> bool:
    """Whether the draft's clause has an amount of that value or indicator all the same."""
    value, unit = scaled(quantity)
    return any(abs(scaled(other)[0] - value) < 1e-6 * max(1.0, abs(value)) and scaled(other)[1] == unit
               or comparable(quantity, other) and same_indicator(quantity, other)
               for other in clause.statements.quantities)


def _written(pair: AmountPair, around: Span) -> bool:
    """Whether the figure stands there, in a form that is not read as an amount: 百分之60."""
    start, end = core(pair.group.base_text, pair.base)
    figure = re.match(r"[\d.]+", pair.group.base_text[start:end])
    return figure is not None and figure[0] in re.findall(r"[\d.]+", normalise(around.of(pair.group.draft_text)))


# --- what merely changed ---------------------------------------------------------------------------------------------

def changed(context: Context) -> Iterator[Finding]:
    """Amounts that differ from the base's without breaking a bound, and are not stricter."""
    for comparison in context.comparisons:
        shared = context.lower(comparison)
        found = [pair for pair in pairs(context, comparison) if _is_changed(pair, shared)]
        targets = [pair for pair in pairs(context, comparison) if pair.sure and _is_target(pair)]
        differing = [pair for pair in targets if _differs(pair)]
        handed_down = shared and len(targets) >= _FEW and len(differing) > _SHARED_OUT * len(targets)
        together: dict[tuple[str, str], list[AmountPair]] = {}
        for pair in found:
            if handed_down and _is_target(pair):
                together.setdefault((pair.group.base_clause.path, pair.group.draft_clause.path), []).append(pair)
            else:
                assert pair.draft is not None
                yield pair.finding("amount-changed", f"{pair.base.indicator}：上级为“{pair.base.quote}”，"
                                                     f"本稿为“{pair.draft.quote}”")
        for members in together.values():
            yield _handed_down(members)


def _handed_down(members: Sequence[AmountPair]) -> Finding:
    """One finding for the targets of a clause that a place below has shared out."""
    told = "；".join(f"{pair.base.indicator} {pair.base.quote}→{pair.draft.quote}" for pair in members if pair.draft)
    first = members[0]
    if len(members) == 1:
        return first.finding("amount-changed", f"指标与上级不同（上级→本稿）：{told}；如系上级下达的分解指标，请核对")
    members = sorted(members, key=lambda pair: pair.draft.start if pair.draft else 0)
    told = "；".join(f"{pair.base.indicator} {pair.base.quote}→{pair.draft.quote}" for pair in members if pair.draft)
    whole = longest([Span(pair.draft.start, pair.draft.end) for pair in members if pair.draft])
    base = longest([Span(pair.base.start, pair.base.end) for pair in members])
    return against(first.comparison, first.group, "amount-changed", whole, base,
                   f"有 {len(members)} 项指标低于上级（上级→本稿）：{told}；如系上级下达的分解指标，请核对")


def _is_target(pair: AmountPair) -> bool:
    return pair.base.kind == "target" and pair.draft is not None and pair.draft.kind == "target"


def _differs(pair: AmountPair) -> bool:
    assert pair.draft is not None
    one, other = scaled(pair.base), scaled(pair.draft)
    return abs(one[0] - other[0]) > 1e-6 * max(1.0, abs(one[0])) or (
        one[1] != other[1] and not comparable(pair.base, pair.draft)) or (
        (pair.base.value_to or 0) != (pair.draft.value_to or 0)) and pair.base.unit == pair.draft.unit


def _is_changed(pair: AmountPair, shared: bool) -> bool:
    base, draft = pair.base, pair.draft
    if draft is None or not pair.sure or "date" in (base.kind, draft.kind) or "duration" in (base.kind, draft.kind):
        return False
    if not comparable(base, draft):
        return _differs(pair) and pair.group.score >= 0.8
    side = _side(pair, shared)
    if side is not None:
        return False        # below the floor or above the cap is told elsewhere, the rest is stricter
    return _differs(pair) and not _stricter(pair)


def _stricter(pair: AmountPair) -> bool:
    """Whether the draft asks for more than the base, or gives to fewer."""
    base, draft = pair.base, pair.draft
    assert draft is not None
    more = scaled(draft)[0] > scaled(base)[0]
    if base.kind == "target":
        return more != (base.bound == "max")
    if base.kind == "threshold" and base.bound in ("min", "max"):
        how = treatment(_sentence(pair))
        if how in ("subsidy", "benefit"):
            return more == (base.bound == "min")
        return how == "burden" and more == (base.bound == "max")
    return False


def deadlines(context: Context) -> Iterator[Finding]:
    """Days later than the base's, and spans of time that differ without a bound."""
    for comparison in context.comparisons:
        shared = context.lower(comparison)
        for pair in pairs(context, comparison):
            if pair.draft is None or not pair.sure or _of_validity(pair):
                continue
            if pair.base.kind == pair.draft.kind == "date":
                late = last_day(pair.draft) > last_day(pair.base)
            elif pair.base.kind == pair.draft.kind == "duration":
                late = _differs(pair) and _side(pair, shared) is None
            else:
                continue
            if late:
                yield pair.finding("deadline-changed", f"期限：上级为“{pair.base.quote}”，本稿为“{pair.draft.quote}”")


def _of_validity(pair: AmountPair) -> bool:
    """Whether the day is one of the document's own validity, which has rules of its own."""
    return any(item.own and item.start < pair.base.end and pair.base.start < item.end
               for item in pair.group.base_clause.statements.validity)


def last_day(quantity: Quantity) -> str:
    """The last day that a date means, as an ISO string: 2023年 ends on its last day."""
    value = quantity.value_to or quantity.value
    digits = str(int(value))
    return f"{digits[:4]}-{digits[4:6] or '12'}-{digits[6:8] or '31'}"
