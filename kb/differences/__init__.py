"""An alignment and the statements of both sides -> typed differences.

What is no difference (spelling, width, an agency's other name, the place's own name) has vanished with the keys of
:mod:`kb.tokens`. Then, in this order: amounts of one indicator, documents cited, dates, responsible units, phrases
that say the same with another word of substance, phrases that replace each other, phrases that stand on one side only.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from kb.differences.amounts import Amount, amounts, horizons, kind_of, left_over, pairs, principal, rows, salience
from kb.differences.references import citation_rows, responsibility_rows, validity_rows
from kb.differences.report import summary
from kb.differences.units import Match, Side, Unit, alike, balanced, covered, joined, matches, side
from kb.differences.wording import groups, holds, lone_kind, pair_row, rewritten, rewritten_row
from kb.models import (
    Alignment,
    Difference,
    DifferenceType,
    Direction,
    Document,
    Provision,
    SentenceMatch,
    Span,
    Statements,
)
from kb.text import normalise

__all__ = ["differences", "mirrored"]

_RULE = 0.42    # salience from which a one-sided phrase of a partial match is told though it stands apart
_PASSAGE = 80   # characters of the longest rewritten passage that is quoted as one
_SAME = 0.5     # least likeness of a phrase without amount to the phrase with one that it answers
_MIRROR: dict[Direction, Direction] = {"stricter": "looser", "looser": "stricter", "higher": "lower", "lower": "higher"}
_SIDES: dict[DifferenceType, DifferenceType] = {"addition": "omission", "omission": "addition"}


def differences(alignment: Alignment, a: Provision, b: Provision, a_statements: Statements, b_statements: Statements,
                a_document: Document, b_document: Document) -> tuple[Difference, ...]:
    """What really differs between two aligned clauses, the most important first.

    ``direction`` tells how ``b`` stands to ``a``. Quotes are substrings of the clauses' texts at their spans. The
    result for (b, a) is the result for (a, b) mirrored.
    """
    one, other = joined(side(a, a_statements, a_document), side(b, b_statements, b_document))
    if _order(one) <= _order(other):
        found = _compare(one, other, alignment.sentences, alignment.relation == "partial",
                         alignment.a_span, alignment.b_span)
    else:                                   # difflib reads its first sequence otherwise than its second
        turned = tuple(SentenceMatch(pair.b, pair.a, pair.score) for pair in alignment.sentences)
        found = [mirrored(row) for row in _compare(other, one, turned, alignment.relation == "partial",
                                                   alignment.b_span, alignment.a_span)]
    named = (replace(row, summary=summary(row, a_document, b_document)) for row in found)
    return tuple(sorted(named, key=lambda row: (-row.salience, row.a_span, row.b_span, row.type)))


def mirrored(row: Difference) -> Difference:
    """``row`` as it reads with the two sides exchanged; its summary has to be written anew."""
    return replace(
        row, type=_SIDES.get(row.type, row.type), a_quote=row.b_quote, b_quote=row.a_quote, a_span=row.b_span,
        b_span=row.a_span, a_value=row.b_value, b_value=row.a_value,
        direction=_MIRROR.get(row.direction, row.direction))


def _order(item: Side) -> tuple[str, str]:
    return item.text, item.document.region_code


@dataclass
class _State:
    """What has been said already, by phrase."""

    a: Side
    b: Side
    found: list[Difference]
    measured: set[tuple[int, int]]     # pairs of phrases whose amount has a row
    said_a: set[int]                   # phrases of one side that have a row as a whole
    said_b: set[int]


def _compare(a: Side, b: Side, sentences: Sequence[SentenceMatch], partial: bool, a_span: Span,
             b_span: Span) -> list[Difference]:
    left, right = amounts(a), amounts(b)
    measured = pairs(left, right, sentences)
    bonds = frozenset((one.unit.index, other.unit.index) for one, other in measured)
    matched = matches(a, b, sentences, bonds)
    measured += horizons(*_unmeasured(left, right, measured))
    measured += left_over(*_unmeasured(left, right, measured), matched)
    state = _State(a, b, [], set(), set(), set())
    for one, other in measured:
        if row := next(rows([(one, other)]), None):
            state.found.append(row)
            state.measured.add((one.unit.index, other.unit.index))
    state.found += citation_rows(a, b, matched)
    valid = list(validity_rows(a, b))
    state.found = [row for row in state.found if row.type != "date" or not any(
        row.a_span.overlaps(told.a_span) or row.b_span.overlaps(told.b_span) for told in valid)] + valid
    state.measured |= {(pair.a, pair.b) for pair in matched for row in state.found if row.type in ("date", "citation")
                       and row.a_span.overlaps(a.units[pair.a].span) and row.b_span.overlaps(b.units[pair.b].span)}
    cited = [row for row in state.found if row.type == "citation" and row.a_quote and row.b_quote]
    state.said_a |= {unit.index for unit in a.units if any(row.a_span.overlaps(unit.span) for row in cited)}
    state.said_b |= {unit.index for unit in b.units if any(row.b_span.overlaps(unit.span) for row in cited)}
    state.found += responsibility_rows(a, b)
    _one_sided_amounts(state, left, right, measured, matched)
    matched = _matched(state, matched)
    lone_a = _lone(a, b, {pair.a for pair in matched} | state.said_a)
    lone_b = _lone(b, a, {pair.b for pair in matched} | state.said_b)
    _rewritten(state, lone_a, lone_b, matched)
    scope_a, scope_b = _scopes(a, b, matched, partial, a_span, b_span)
    near_a, near_b = scope_a, scope_b
    if partial:
        near_a = _stretch(a, sorted(pair.a for pair in matched), a_span)
        near_b = _stretch(b, sorted(pair.b for pair in matched), b_span)
    state.found += _lone_rows(state, a, [unit for unit in lone_a if unit.index not in state.said_a], near_a, True)
    state.found += _lone_rows(state, b, [unit for unit in lone_b if unit.index not in state.said_b], near_b, False)
    return _without_twins(_anchored(_inside(state.found, scope_a, scope_b), matched, a, b))


def _unmeasured(left: Sequence[Amount], right: Sequence[Amount],
                measured: Sequence[tuple[Amount, Amount]]) -> tuple[list[Amount], list[Amount]]:
    done_a, done_b = {id(one) for one, _ in measured}, {id(other) for _, other in measured}
    return [one for one in left if id(one) not in done_a], [one for one in right if id(one) not in done_b]


# --- amounts on one side ---------------------------------------------------------------------------------------------

def _one_sided_amounts(state: _State, left: Sequence[Amount], right: Sequence[Amount],
                       measured: Sequence[tuple[Amount, Amount]], matched: Sequence[Match]) -> None:
    taken_a, taken_b = {one.phrase for one, _ in measured}, {other.phrase for _, other in measured}
    dated = [row for row in state.found if row.type == "date"]
    answer_a = {pair.a: state.b.units[pair.b] for pair in matched}
    answer_b = {pair.b: state.a.units[pair.a] for pair in matched}
    for own, taken, answers, other, first in ((left, taken_a, answer_a, state.b, True),
                                              (right, taken_b, answer_b, state.a, False)):
        for amount in _by_phrase(own, taken):
            if any((row.a_span if first else row.b_span).overlaps(amount.phrase) for row in dated):
                continue
            free = [unit for unit in other.units if unit.index not in {answer.index for answer in answers.values()}]
            shared = any(phrase.overlaps(amount.unit.span) for phrase in taken)
            _one_sided(state, amount, answers, other, free, first, shared)


def _by_phrase(own: Sequence[Amount], taken: Collection[Span]) -> Iterator[Amount]:
    """One amount for each phrase that has none paired."""
    phrases: dict[Span, list[Amount]] = {}
    for amount in own:
        if amount.phrase not in taken and amount.first.kind != "other":
            phrases.setdefault(amount.phrase, []).append(amount)
    for found in phrases.values():
        yield principal(found)


def _one_sided(state: _State, amount: Amount, answers: dict[int, Unit], other: Side,
               free: Sequence[Unit], first: bool, shared: bool) -> None:
    unit, quantity = amount.unit, amount.first
    answer = answers.get(unit.index)
    if answer is None and (covered(unit, other) or quantity.kind in ("date", "threshold", "duration")):
        return
    opposite = Span(0, 0)
    if answer is None and (named := _named_there(amount, free, other)):
        opposite = named.span
    if answer is not None and not shared and _named_there(amount, [answer], other, _SAME):
        opposite = answer.span
    if answer is not None and quantity.kind in ("date", "duration", "threshold") and (
            shared or quantity.kind == "threshold"):
        return
    quote = amount.phrase if answer is not None else unit.span
    mine, theirs = (quote, opposite) if first else (opposite, quote)
    state.found.append(Difference(
        kind_of(quantity), mine.of(state.a.text), theirs.of(state.b.text), mine, theirs, salience(quantity, None), "",
        a_value=quantity.value if first else None, b_value=None if first else quantity.value, unit=quantity.unit))
    (state.said_a if first else state.said_b).add(unit.index)
    if answer is not None:
        state.measured.add((unit.index, answer.index) if first else (answer.index, unit.index))
    elif len(opposite):
        (state.said_b if first else state.said_a).update(item.index for item in free if item.span == opposite)


def _named_there(amount: Amount, free: Sequence[Unit], other: Side, enough: float = 1.0) -> Unit | None:
    """The phrase of the other clause, not matched otherwise, that names what the amount counts, without an amount of
    its own: 新制国家标准15项 in one, 引导企业参与制修订国家标准 in the other."""
    own = normalise(amount.first.indicator)
    best: tuple[int, Unit] | None = None
    for unit in free:
        if any(token.kind == "number" for token in unit.tokens):
            continue
        theirs = unit.span.of(other.folded)
        common = difflib.SequenceMatcher(None, own, theirs, autojunk=False).find_longest_match()
        name = own[common.a:common.a + common.size]
        counted = common.a + common.size >= len(own) - 3 and bool(re.search(r"[一-鿿]{4}", name))
        weight = len(name) if counted or alike(amount.unit, unit) >= enough else 0
        if weight and (best is None or weight > best[0]):
            best = weight, unit
    return best[1] if best else None


# --- phrases ---------------------------------------------------------------------------------------------------------

def _matched(state: _State, matched: Sequence[Match]) -> list[Match]:
    """Rows of matched phrases. Returns the matches that hold: two phrases hardly alike whose difference has no type
    do not say the same, and are told of as standing alone."""
    kept: list[Match] = []
    for pair in matched:
        one, other = state.a.units[pair.a], state.b.units[pair.b]
        measured = (pair.a, pair.b) in state.measured
        row = pair_row(state.a, state.b, one, other, measured=measured)
        if row is not None:
            state.found.append(row)
        told = row is not None or measured or pair.a in state.said_a or pair.b in state.said_b
        if told or holds(state.a, state.b, one, other):
            kept.append(pair)
    return kept


def _lone(own: Side, other: Side, done: Collection[int]) -> list[Unit]:
    return [unit for unit in own.units if unit.index not in done and not covered(unit, other)]


def _rewritten(state: _State, lone_a: Sequence[Unit], lone_b: Sequence[Unit], matched: Sequence[Match]) -> None:
    gaps = {(one.index, other.index) for one in lone_a for other in lone_b if _same_gap(one, other, matched)}
    for one, other in rewritten(state.a, state.b, lone_a, lone_b, gaps):
        if one.index in state.said_a or other.index in state.said_b:
            continue
        row = rewritten_row(state.a, state.b, one, other)
        if row is None:
            continue
        mine: tuple[Unit, ...] = (one,)
        theirs: tuple[Unit, ...] = (other,)
        if row.type == "procedure":
            mine, theirs = _passage(one, lone_a, state.said_a), _passage(other, lone_b, state.said_b)
            span, opposite = (balanced(own, Span(units[0].start, units[-1].end))
                              for own, units in ((state.a, mine), (state.b, theirs)))
            row = replace(row, a_quote=span.of(state.a.text), b_quote=opposite.of(state.b.text), a_span=span,
                          b_span=opposite)
        state.found.append(row)
        state.said_a |= {unit.index for unit in mine}
        state.said_b |= {unit.index for unit in theirs}


def _passage(unit: Unit, lone: Sequence[Unit], said: Collection[int]) -> tuple[Unit, ...]:
    """``unit`` with its neighbours in the sentence that answer nothing either: the steps of one procedure are read
    together."""
    found = [unit]
    free = {other.index: other for other in lone if other.sentence == unit.sentence and other.index not in said}
    grown = True
    while grown:
        grown = False
        for near in (found[0].index - 1, found[-1].index + 1):
            ends = [*found, free[near]] if near in free else found
            if near in free and max(item.end for item in ends) - min(item.start for item in ends) <= _PASSAGE:
                found = sorted(ends, key=lambda item: item.index)
                grown = True
    return tuple(found)


def _same_gap(one: Unit, other: Unit, matched: Sequence[Match]) -> bool:
    """Whether the two stand between the same matched neighbours."""
    before = max((pair for pair in matched if pair.a < one.index), key=lambda pair: pair.a, default=None)
    after = min((pair for pair in matched if pair.a > one.index), key=lambda pair: pair.a, default=None)
    first = one.index == other.index == 0
    return (before is None or before.b < other.index) and (after is None or other.index < after.b) and bool(
        before or after or first)


def _scopes(a: Side, b: Side, matched: Sequence[Match], partial: bool, a_span: Span,
            b_span: Span) -> tuple[Span, Span]:
    """The stretch of each clause of which one-sided phrases are told. Of a partial match the container tells only
    what stands in its matched stretch: the rest of it is another matter."""
    whole_a, whole_b = Span(0, len(a.text)), Span(0, len(b.text))
    if not partial:
        return whole_a, whole_b
    share_a = sum(a.units[pair.a].weight for pair in matched) / max(1.0, sum(unit.weight for unit in a.units))
    share_b = sum(b.units[pair.b].weight for pair in matched) / max(1.0, sum(unit.weight for unit in b.units))
    if (share_a, -len(a.text), a.text) < (share_b, -len(b.text), b.text):
        return _stretch(a, sorted(pair.a for pair in matched), a_span), whole_b
    return whole_a, _stretch(b, sorted(pair.b for pair in matched), b_span)


def _stretch(own: Side, indices: Sequence[int], aligned: Span) -> Span:
    """From the first matched phrase to the last with their neighbours in the sentence, and what the aligner found to
    match, where that is not the clause as a whole."""
    spans = [aligned] if len(aligned) < len(own.text) else []
    if indices:
        first, last = own.units[indices[0]], own.units[indices[-1]]
        near = [unit for unit in own.units if first.index - 1 <= unit.index <= last.index + 1
                and (first.index <= unit.index <= last.index or unit.sentence in (first.sentence, last.sentence))]
        spans.append(Span(near[0].start, near[-1].end))
    spans = [span for span in spans if len(span)]
    return Span(min(span.start for span in spans), max(span.end for span in spans)) if spans else Span(0, 0)


def _lone_rows(state: _State, own: Side, units: Sequence[Unit], scope: Span,
               first: bool) -> Iterator[Difference]:
    for group in groups(own, units):
        span = balanced(own, Span(group[0].start, group[-1].end))
        if _has_row(state.found, span, first):
            continue
        kind, level = lone_kind(own, group)
        if level and (level >= _RULE or span.overlaps(scope)):
            mine, theirs = (span, Span(0, 0)) if first else (Span(0, 0), span)
            default: DifferenceType = "omission" if first else "addition"
            yield Difference(kind or default, mine.of(state.a.text), theirs.of(state.b.text), mine, theirs, level, "")


def _anchored(found: Sequence[Difference], matched: Sequence[Match], a: Side, b: Side) -> Iterator[Difference]:
    """Empty sides of rows moved to where the words would stand: behind the phrase that answers the one before."""
    forth = {pair.a: b.units[pair.b].end for pair in matched}
    back = {pair.b: a.units[pair.a].end for pair in matched}
    for row in found:
        if not row.b_quote:
            at = _behind(a, row.a_span, forth)
            row = replace(row, b_span=Span(at, at))
        elif not row.a_quote:
            at = _behind(b, row.b_span, back)
            row = replace(row, a_span=Span(at, at))
        yield row


def _behind(own: Side, span: Span, ends: Mapping[int, int]) -> int:
    """End of the other side's phrase that answers the nearest matched phrase at or before ``span``."""
    before = [unit.index for unit in own.units if unit.start <= span.start and unit.index in ends]
    return ends[before[-1]] if before else 0


def _has_row(found: Sequence[Difference], span: Span, first: bool) -> bool:
    """Whether a citation or date of the stretch is told already and makes up half of it."""
    told = sum(len(row.a_span if first else row.b_span) for row in found
               if row.type in ("citation", "date") and (row.a_span if first else row.b_span).overlaps(span))
    return 2 * told > len(span)


def _inside(found: Sequence[Difference], scope_a: Span, scope_b: Span) -> list[Difference]:
    """Rows that stand on one side only and outside the matched stretch are dropped, citations aside."""
    kept = []
    for row in found:
        if row.type != "citation" and not row.b_quote and not row.a_span.overlaps(scope_a) or (
                row.type != "citation" and not row.a_quote and not row.b_span.overlaps(scope_b)):
            continue
        kept.append(row)
    return kept


def _without_twins(found: Iterable[Difference]) -> list[Difference]:
    """Each pair of quotes once for each type."""
    seen: dict[tuple[DifferenceType, Span, Span, float | None, float | None], Difference] = {}
    for row in found:
        seen.setdefault((row.type, row.a_span, row.b_span, row.a_value, row.b_value), row)
    return list(seen.values())
