"""Which amount of the draft stands for which of the base: the one in its place in the sentence, else the one of the same
indicator."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from rapidfuzz import fuzz

from kb.draft.clauses import Clause, Group
from kb.draft.comparing import Comparison
from kb.draft.context import Context, against
from kb.draft.findings import Finding
from kb.models import Quantity, Span
from kb.text import normalise
from kb.tokens import Token, core

_NEAR: Final = 0.6              # least likeness of two sentences whose amounts are compared by their place
_COPY: Final = 0.72             # least likeness of two sentences of which one has lost an amount
_SAME: Final = 90.0             # least likeness, of 100, of two indicators that are one
_LONG_NAME: Final = 6           # characters of the shortest indicator that is looked for elsewhere
_MU: Final = 2000 / 3           # square metres of a 亩
_COUNTERS: Final = frozenset(("家", "个", "项", "件", "台", "条", "户", "宗", "幢", "名", "人", "种", "座", "所", "处", "批", "家（个）",
                              "个（家）", "支", "块"))


@dataclass(frozen=True)
class AmountPair:
    """An amount of the base and the draft's amount in its place, if there is one. ``sure`` says that the sentences are
    nearly the same; ``lost`` where the draft would have the amount that it has not."""

    comparison: Comparison
    group: Group
    base: Quantity
    draft: Quantity | None
    sure: bool
    lost: Span | None = None

    def finding(self, rule: str, reason: str, mend: str = "") -> Finding:
        """A finding on the two amounts."""
        assert self.draft is not None
        return against(self.comparison, self.group, rule, Span(self.draft.start, self.draft.end),
                       Span(self.base.start, self.base.end), reason, mend)


def pairs(context: Context, comparison: Comparison) -> tuple[AmountPair, ...]:
    """All amounts of the base in sentences that the draft answers, with what answers them."""
    key = "amounts", comparison.base.document.id
    if key not in context.memo:
        context.memo[key] = tuple(pair for group in comparison.groups if group.base[0].where == "text"
                                  for pair in _in_group(comparison, group))
    found: tuple[AmountPair, ...] = context.memo[key]
    return found


def _in_group(comparison: Comparison, group: Group) -> Iterator[AmountPair]:
    own, other = _numbers(group.base_clause), _numbers(group.draft_clause)
    done: set[int] = set()
    free = {token.start: other[token.start] for token in group.b if token.kind == "number" and token.start in other}
    for tag, i, j, k, m in group.changes:
        if tag not in ("equal", "replace"):
            continue
        left = [token for token in group.a[i:j] if token.start in own and token.kind == "number"]
        right = [token for token in group.b[k:m] if token.start in other and token.kind == "number"]
        settled = j - i > 1 or group.score >= 0.8 if tag == "equal" else len(left) == len(right)
        for one, answer in _in_order(left, right, own, other, settled=settled):
            done.add(one.start)
            free.pop(answer.start, None)
            yield AmountPair(comparison, group, own[one.start], other[answer.start], group.score >= _NEAR)
    rest = [token for token in group.a if token.kind == "number" and token.start in own and token.start not in done]
    for token in rest:
        quantity = own[token.start]
        only = [start for start, item in free.items() if comparable(quantity, item)]
        if len(only) == 1 and group.score >= 0.8 and sum(comparable(own[other.start], quantity) for other in rest) == 1:
            yield AmountPair(comparison, group, quantity, free.pop(only[0]), True)
            continue
        best = max((start for start, item in free.items() if comparable(quantity, item)),
                   key=lambda start: fuzz.ratio(quantity.indicator, free[start].indicator), default=None)
        if best is not None and fuzz.ratio(quantity.indicator, free[best].indicator) >= 60:
            answered = free.pop(best)
            yield AmountPair(comparison, group, quantity, answered, same_indicator(quantity, answered))
        else:
            yield AmountPair(comparison, group, quantity, None, group.score >= _COPY,
                             group.answer(Span(token.start, token.end))[1])


def _numbers(clause: Clause) -> dict[int, Quantity]:
    """Amounts by where their number begins; 000家 in 1，000家 is none."""
    found = {core(clause.text, quantity)[0]: quantity for quantity in clause.statements.quantities}
    return {start: quantity for start, quantity in found.items()
            if not re.search(r"\d[,，]$", clause.text[max(0, start - 2):start])}


def _in_order(left: Sequence[Token], right: Sequence[Token], own: dict[int, Quantity], other: dict[int, Quantity], *,
              settled: bool) -> Iterator[tuple[Token, Token]]:
    """Amounts that stand in the same order; where their number differs, only those of one unit and indicator."""
    if settled:
        yield from ((one, answer) for one, answer in zip(left, right, strict=False)
                    if comparable(own[one.start], other[answer.start])
                    or len(left) == len(right) == 1 and own[one.start].kind == other[answer.start].kind)
        return
    free = list(right)
    for one in left:
        best = next((answer for answer in free if comparable(own[one.start], other[answer.start])
                     and own[one.start].bound == other[answer.start].bound
                     and fuzz.ratio(own[one.start].indicator, other[answer.start].indicator) >= 60), None)
        if best is not None:
            free.remove(best)
            yield one, best


def comparable(one: Quantity, other: Quantity) -> bool:
    """Whether two amounts are on one scale: 10亩 and 公顷, 三分之一 and 30%, 家 and 个."""
    if (one.kind == "date") != (other.kind == "date"):
        return False
    a, b = scaled(one)[1], scaled(other)[1]
    return one.kind == "date" or a == b or a in _COUNTERS and b in _COUNTERS


def scaled(quantity: Quantity) -> tuple[float, str]:
    """Value and unit on one scale; a ratio is per cent."""
    if not quantity.base_unit and 0 < quantity.base_value <= 1:
        return quantity.base_value * 100, "%"
    if quantity.base_unit == "‰":
        return quantity.base_value / 10, "%"
    if quantity.base_unit == "平方米":
        return quantity.base_value / _MU, "亩"
    return quantity.base_value, quantity.base_unit


def same_indicator(one: Quantity, other: Quantity) -> bool:
    """Whether two amounts measure one thing by its name: 每年出让土地总量中工业用地比例, with or without 工业大市大县."""
    names = sorted((normalise(one.indicator), normalise(other.indicator)), key=len)
    return len(names[0]) >= _LONG_NAME and fuzz.partial_ratio(*names) >= _SAME and 2 * len(names[0]) >= len(names[1])
