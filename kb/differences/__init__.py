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

from rapidfuzz import fuzz

from kb.differences.across import across
from kb.differences.amounts import (
    Amount,
    amounts,
    domain_terms,
    horizons,
    kind_of,
    left_over,
    opens,
    pairs,
    principal,
    rows,
    salience,
)
from kb.differences.references import citation_rows, responsibility_rows, validity_rows
from kb.differences.report import summary
from kb.differences.units import Match, Side, Unit, alike, balanced, covered, elsewhere, joined, letters, matches, side
from kb.differences.wording import (
    groups,
    holds,
    kinds_of,
    lone_kind,
    pair_row,
    preamble,
    rewritten,
    rewritten_row,
    rhetorical,
)
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

__all__ = ["across", "differences", "mirrored"]

_RULE = 0.42    # salience from which a phrase of one side only is a rule, not a measure
_SURE = 0.55    # score of an alignment from which what one side does not say is a difference of these two clauses
_TRUSTED = 0.9  # score of an alignment from which its differences weigh in full
_PART: Mapping[DifferenceType, float] = {"procedure": 0.66, "condition": 0.6}     # most that one of a part can weigh
_GENERIC = ("", "数", "数量", "总数", "企业", "项目", "额", "金额")     # what may follow the name of the thing counted
_MOSTLY = 0.6   # share of a phrase that stands in the other clause from which it says nothing new
_HANGING = 20   # characters of the longest phrase that only opens the next one: 对成功收购的
_ALIKE = 0.65   # least likeness of two phrases of a doubtful match whose difference is one of scope
_BESIDE = 14    # characters beside a citation that only say that it holds
_COVERED = 0.5  # share of a clause that answers the other one from which it has no other matter
_SHORT = 6      # characters from which a phrase can be looked for in the rest of a document
_MOVED = 86     # likeness of a phrase to a stretch of another clause from which it stands there, of 100
_RHYTHM = frozenset({"appraisal"})      # steps that are read together with their neighbours of the same kind
_RHYTHMS = 160  # characters of the longest passage of them
_PASSAGE = 80   # characters of the longest rewritten passage that is quoted as one
_SAME = 0.6     # least likeness of a phrase without amount to the phrase with one that it answers
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
        found = _compare(one, other, alignment.sentences, alignment.relation == "partial", alignment.score)
    else:                                   # difflib reads its first sequence otherwise than its second
        turned = tuple(SentenceMatch(pair.b, pair.a, pair.score) for pair in alignment.sentences)
        found = [mirrored(row) for row in _compare(other, one, turned, alignment.relation == "partial",
                                                   alignment.score)]
    trust = 1.0 - 0.25 * max(0.0, _TRUSTED - alignment.score)
    cap = _PART if alignment.relation == "partial" else {}
    found = [replace(row, salience=round(min(row.salience, cap.get(row.type, 1.0)) * trust, 3)) for row in found]
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
    firm: bool                         # the alignment is sure: neighbours of matched phrases belong together
    close: bool                        # the clauses are equivalent: so do phrases that share half of their words
    found: list[Difference]
    measured: set[tuple[int, int]]     # pairs of phrases whose amount has a row
    said_a: set[int]                   # phrases of one side that have a row as a whole
    said_b: set[int]


def _compare(a: Side, b: Side, sentences: Sequence[SentenceMatch], partial: bool,
             score: float) -> list[Difference]:
    left, right = amounts(a), amounts(b)
    measured = pairs(left, right, sentences)
    bonds = frozenset((one.unit.index, other.unit.index) for one, other in measured)
    matched = matches(a, b, sentences, bonds)
    if not partial:                         # a part of a clause has no horizon of its own
        measured += horizons(*_unmeasured(left, right, measured))
    measured += left_over(*_unmeasured(left, right, measured), matched)
    state = _State(a, b, score >= _TRUSTED, not partial, [], set(), set(), set())
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
    _extended(state, lone_a, lone_b)
    _joined_rows(state)
    shared_a, shared_b = _shared(a, b, matched, sentences) if partial else (None, None)
    if score >= _SURE:
        state.found += _lone_rows(state, a, _new(a, b, lone_a, state.said_a), True)
        state.found += _lone_rows(state, b, _new(b, a, lone_b, state.said_b), False)
    kept = [row for row in state.found if row.a_quote and row.b_quote or _told(a, b, row, shared_a, shared_b)]
    return _without_twins(_anchored(kept, matched, a, b))


def _unmeasured(left: Sequence[Amount], right: Sequence[Amount],
                measured: Sequence[tuple[Amount, Amount]]) -> tuple[list[Amount], list[Amount]]:
    done_a, done_b = {id(one) for one, _ in measured}, {id(other) for _, other in measured}
    return [one for one in left if id(one) not in done_a], [one for one in right if id(one) not in done_b]


# --- amounts on one side ---------------------------------------------------------------------------------------------

def _one_sided_amounts(state: _State, left: Sequence[Amount], right: Sequence[Amount],
                       measured: Sequence[tuple[Amount, Amount]], matched: Sequence[Match]) -> None:
    taken_a, taken_b = {one.phrase for one, _ in measured}, {other.phrase for _, other in measured}
    dated = [row for row in state.found if row.type == "date"]
    staged = not state.close or all(any(opens(amount) for amount in side) for side in (left, right))
    answer_a = {pair.a: state.b.units[pair.b] for pair in matched}
    answer_b = {pair.b: state.a.units[pair.a] for pair in matched}
    for own, taken, answers, other, first in ((left, taken_a, answer_a, state.b, True),
                                              (right, taken_b, answer_b, state.a, False)):
        for amount in _by_phrase(own, taken):
            if staged and opens(amount) or any(
                    (row.a_span if first else row.b_span).overlaps(amount.phrase) for row in dated):
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
    own = re.sub(r"\([^()]*\)", "", normalise(amount.first.indicator))
    best: tuple[int, Unit] | None = None
    for unit in free:
        if any(token.kind == "number" for token in unit.tokens):
            continue
        theirs = re.sub(r"\([^()]*\)", "", unit.span.of(other.folded))
        common = difflib.SequenceMatcher(None, own, theirs, autojunk=False).find_longest_match()
        name = own[common.a:common.a + common.size]
        counted = own[common.a + common.size:] in _GENERIC and bool(re.search(r"[一-鿿]{4}", name)) and (
            len(name) > 4 or not re.match(r"(?!数|企业|项目)[一-鿿]", theirs[common.b + common.size:]))
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
        if row is not None and row.type == "scope" and not state.close and alike(one, other) < _ALIKE:
            row = None
        if row is not None:
            state.found.append(row)
        told = row is not None or measured or pair.a in state.said_a or pair.b in state.said_b
        if told or holds(state.a, state.b, one, other):
            kept.append(pair)
    return kept


def _lone(own: Side, other: Side, done: Collection[int]) -> list[Unit]:
    return [unit for unit in own.units if unit.index not in done and not covered(unit, other)]


def _new(own: Side, other: Side, units: Sequence[Unit], said: Collection[int]) -> list[Unit]:
    """Phrases that tell by themselves what the other text does not say: not for the most part in the other clause in
    other words, nor word for word in another clause of its document."""
    found = []
    for unit in units:
        quote = letters(unit.span.of(own.folded))
        moved = _stands(quote, other) and not _stands(quote, own)
        hangs = unit.index + 1 in said and len(unit.span) < _HANGING and quote.endswith(("的", "后", "时"))
        if unit.index not in said and not moved and not hangs and not covered(unit, other, _MOSTLY):
            found.append(unit)
    return found


def _rewritten(state: _State, lone_a: Sequence[Unit], lone_b: Sequence[Unit], matched: Sequence[Match]) -> None:
    gaps = {(one.index, other.index) for one in lone_a for other in lone_b if _same_gap(one, other, matched)}
    answered = {(pair.a, pair.b) for pair in matched}
    beside = {(i, j) for i, j in gaps if (i - 1, j - 1) in answered or (i + 1, j + 1) in answered}
    for one, other in rewritten(state.a, state.b, lone_a, lone_b, gaps, beside if state.firm else ()):
        if one.index in state.said_a or other.index in state.said_b:
            continue
        row = rewritten_row(state.a, state.b, one, other, state.firm and (one.index, other.index) in beside)
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


def _extended(state: _State, lone_a: Sequence[Unit], lone_b: Sequence[Unit]) -> None:
    """Rows of procedure with the neighbouring steps of one kind that answer nothing by themselves: the whole rhythm of
    an appraisal (月通报、季擂台，考核优秀的激励) is read against the other one's."""
    for own, lone, said, first in ((state.a, lone_a, state.said_a, True), (state.b, lone_b, state.said_b, False)):
        for unit in lone:
            if unit.index in said or not kinds_of(own, unit) & _RHYTHM:
                continue
            for at, row in enumerate(state.found):
                span = row.a_span if first else row.b_span
                wide = Span(min(span.start, unit.start), max(span.end, unit.end))
                rowed = [other for other in own.units if other.span.overlaps(span)]
                if row.type == "procedure" and row.a_quote and row.b_quote and len(wide) <= _RHYTHMS and any(
                        other.sentence == unit.sentence and kinds_of(own, other) & kinds_of(own, unit) & _RHYTHM
                        for other in rowed):
                    state.found[at] = replace(row, a_span=wide, a_quote=wide.of(own.text)) if first else replace(
                        row, b_span=wide, b_quote=wide.of(own.text))
                    said.add(unit.index)
                    break


def _joined_rows(state: _State) -> None:
    """Several rows about the rhythm of one appraisal, in one sentence of either text, as one."""
    def sentence(own: Side, span: Span) -> int | None:
        found = {unit.sentence for unit in own.units if unit.span.overlaps(span) and kinds_of(own, unit) & _RHYTHM}
        return found.pop() if len(found) == 1 else None

    places: dict[tuple[int, int], Difference] = {}
    for row in [row for row in state.found if row.type == "procedure" and row.a_quote and row.b_quote]:
        at = sentence(state.a, row.a_span), sentence(state.b, row.b_span)
        if at[0] is None or at[1] is None:
            continue
        place = at[0], at[1]
        if place not in places:
            places[place] = row
            continue
        other = places[place]
        wide = [Span(min(one.start, two.start), max(one.end, two.end))
                for one, two in ((row.a_span, other.a_span), (row.b_span, other.b_span))]
        if max(map(len, wide)) <= _RHYTHMS:
            state.found.remove(row)
            places[place] = replace(other, a_span=wide[0], b_span=wide[1], a_quote=wide[0].of(state.a.text),
                                    b_quote=wide[1].of(state.b.text), salience=max(row.salience, other.salience))
            state.found[state.found.index(other)] = places[place]


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


def _shared(a: Side, b: Side, matched: Sequence[Match], sentences: Sequence[SentenceMatch]) -> tuple[
        frozenset[int], frozenset[int]]:
    """Sentences of either clause of a partial match that speak of the matter both share, by number: those with a
    phrase that answers one of the other clause, and those that the aligner matched. Of a clause that the other one
    covers for the most part, all."""
    found: list[frozenset[int]] = []
    for own, answered, spans in ((a, {pair.a for pair in matched}, [pair.a for pair in sentences]),
                                 (b, {pair.b for pair in matched}, [pair.b for pair in sentences])):
        total = sum(unit.weight for unit in own.units)
        covers = sum(unit.weight for unit in own.units if unit.index in answered) >= _COVERED * total
        found.append(frozenset(unit.sentence for unit in own.units if covers or unit.index in answered
                               or any(span.overlaps(unit.span) for span in spans)))
    return found[0], found[1]


def _smaller(a: Side, b: Side) -> Side:
    """The clause of a partial match that the other one takes in; its aims are told though its sentence is its own."""
    return min(a, b, key=lambda own: (sum(unit.weight for unit in own.units), own.text, own.document.region_code))


def _told(a: Side, b: Side, row: Difference, shared_a: frozenset[int] | None,
          shared_b: frozenset[int] | None) -> bool:
    """Whether a row of one side only is a difference: it belongs to the matter that both clauses share, and the other
    document does not say it in another clause."""
    own, other, span, shared = (a, b, row.a_span, shared_a) if row.a_quote else (b, a, row.b_span, shared_b)
    if row.type == "target" and _counted_elsewhere(quote_of(own, span), other):
        return False
    aim = (row.type == "target" or row.salience >= _RULE) and own is _smaller(a, b)
    if shared is not None and not aim and not preamble(own) and not any(
            unit.sentence in shared for unit in own.units if unit.span.overlaps(span)):
        return False
    if row.type == "citation":
        number = letters(span.of(own.folded)).removesuffix("号")
        return len(number) < _SHORT or number not in elsewhere(
            other.document.text, other.provision.start, other.provision.end)
    quote = letters(span.of(own.folded))
    return len(quote) < _SHORT or not _stands(quote, other) or _stands(quote, own)


def quote_of(own: Side, span: Span) -> str:
    """What stands at ``span``, in one spelling."""
    return span.of(own.folded)


def _counted_elsewhere(quote: str, other: Side) -> bool:
    """Whether the other document has an amount of its own for each term of the field that ``quote`` counts: 未来工厂 is
    no aim that it lacks if its list of aims has one."""
    named = [term for term in domain_terms() if len(term) > 2 and re.search(
        re.escape(term) + r"[^,。;\d]{0,8}\d+[家个项]", quote)]
    if not named:
        return False
    text = normalise(other.document.text)
    return all(re.search(re.escape(term) + r"[^。;\n]{0,30}?(?:\d|翻番)", text) for term in named)


def _stands(quote: str, side: Side) -> bool:
    """Whether a document says ``quote`` outside the clause that is compared."""
    rest = elsewhere(side.document.text, side.provision.start, side.provision.end)
    if len(quote) < _SHORT:
        return quote in rest
    return len(rest) >= len(quote) and fuzz.partial_ratio(quote, rest, score_cutoff=_MOVED) > 0


def _lone_rows(state: _State, own: Side, units: Sequence[Unit], first: bool) -> Iterator[Difference]:
    if preamble(own):
        return
    for group in groups(own, units):
        span = balanced(own, Span(group[0].start, group[-1].end))
        if _has_row(state.found, own, span, first):
            continue
        kind, level = lone_kind(own, group, state.b if first else state.a)
        if level and (kind == "target" or not rhetorical(own)):
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


def _has_row(found: Sequence[Difference], own: Side, span: Span, first: bool) -> bool:
    """Whether a citation or date of the stretch is told already and it says hardly more than that."""
    told = [row.a_span if first else row.b_span for row in found if row.type in ("citation", "date")]
    told = [other for other in told if other.overlaps(span)]
    quoted = [Span(item.start, item.end) for item in own.statements.citations]
    whole = [next((item for item in quoted if item.overlaps(other)), other) for other in told]
    return bool(told) and len(span) - sum(map(len, whole)) < max(_BESIDE, len(span) // 2)


def _without_twins(found: Iterable[Difference]) -> list[Difference]:
    """Each pair of quotes once for each type."""
    seen: dict[tuple[DifferenceType, Span, Span, float | None, float | None], Difference] = {}
    for row in found:
        both = row.a_quote and row.b_quote      # two amounts of one phrase that the other side has not are one row
        seen.setdefault((row.type, row.a_span, row.b_span, row.a_value if both else None,
                         row.b_value if both else None), row)
    return list(seen.values())
