"""What became of the base's 必须, 应当 and 不得, and what the draft loosens or takes out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal

from kb.draft.clauses import Clause, Group, Line
from kb.draft.comparing import Comparison
from kb.draft.context import Context, against, phrase
from kb.draft.findings import Finding
from kb.models import ModalStatement, Span
from kb.text import normalise
from kb.tokens import Token, forces
from kb.vocabulary import table

Fate = Literal["dropped", "weakened", "softened"]

_NEAR: Final = 0.55         # least likeness of two sentences whose words are compared
_CLOSE: Final = 0.62        # … whose words of duty are
_STRONG: Final = 2          # least strength of a word of duty that must not be lost
#: What the duty has become where no modal word stands in its place.
_WEAK: Final = re.compile(r"尽量|尽可能|力争|争取|努力|适当|酌情|视情|原则上|可以|可(?![持行能靠再])|允许|鼓励|支持|引导|提倡|探索|建议|"
                          r"希望|不宜|一般")
_DUTIES: Final = ("must", "must_not")


@cache
def _strengths() -> dict[str, int]:
    return {row["word"]: int(row["strength"]) for row in table("modal_strength.tsv")}


def strength(word: str) -> int:
    """How much a word of duty binds: 3 without exception, 2 a duty, 1 a request."""
    return _strengths().get(normalise(word), 1)


@dataclass(frozen=True)
class Lost:
    """A word of duty of the base that the draft has not kept: what became of it, and where it would stand."""

    comparison: Comparison
    group: Group
    modal: ModalStatement
    fate: Fate
    place: Span

    def finding(self, rule: str, reason: str) -> Finding:
        """The finding on it."""
        base = phrase(self.group.base_text, Span(self.modal.start, self.modal.end))
        quote = self.place if len(self.place) else Span(*_near(self.group, self.place))
        return against(self.comparison, self.group, rule, quote, base, reason,
                       f"恢复“{base.of(self.group.base_text).strip('，。； ')}”")


def _near(group: Group, place: Span) -> tuple[int, int]:
    """The phrase beside an empty place."""
    text = group.draft_text
    near = phrase(text, Span(max(place.start - 1, 0), max(place.start - 1, 0)))
    near = Span(max(near.start, group.draft_span.start), min(near.end, group.draft_span.end))
    return (near.start, near.end) if near.end > near.start else (group.draft_span.start, group.draft_span.end)


def lost(context: Context) -> tuple[Lost, ...]:
    """All words of duty of the bases that the draft has not kept."""
    if "duties" not in context.memo:
        context.memo["duties"] = tuple(
            found for comparison in context.comparisons for group in comparison.groups
            if group.score >= _CLOSE and group.base[0].where == "text"
            for found in _lost_in(context, comparison, group))
    found: tuple[Lost, ...] = context.memo["duties"]
    return found


def _lost_in(context: Context, comparison: Comparison, group: Group) -> Iterator[Lost]:
    inside = [modal for modal in group.base_clause.statements.modality if modal.force in _DUTIES and any(
        line.span.start <= modal.start < line.span.end for line in group.base)]
    for modal in inside:
        kind, place = group.answer(Span(modal.start, modal.end))
        if kind == "equal" and normalise(place.of(group.draft_text)) == normalise(modal.word):
            if not _loosened(group, modal, place):
                continue
        around = _grown(group, place)
        fate = _fate(group, modal, around)
        gone = fate == "dropped" and _phrase_is_gone(group, modal)
        if fate is None or gone and comparison.covers(_phrase_tokens(group, modal)):
            continue
        if fate == "dropped" and (_kept_elsewhere(group, modal) or _governed(context, group, modal, around)):
            continue
        place_of = Span(place.start, place.start) if gone and kind == "delete" else around
        yield Lost(comparison, group, modal, fate, place_of)


def _phrase_tokens(group: Group, modal: ModalStatement) -> list[Token]:
    """The base's words in the phrase of the duty."""
    own = phrase(group.base_text, Span(modal.start, modal.end))
    return [token for token in group.a if own.start <= token.start and token.end <= own.end]


def _governed(context: Context, group: Group, modal: ModalStatement, around: Span) -> bool:
    """Whether a word of duty before the draft's phrase governs it too: 应当…，并征求意见; an item under 不得有下列行为."""
    def binds(clause: Clause, start: int, end: int) -> bool:
        return any(item.force == modal.force and strength(item.word) >= _STRONG and start <= item.start < end
                   for item in clause.statements.modality)

    clause = group.draft_clause
    sentence = max(clause.text.rfind(mark, 0, around.start) for mark in "。；\n") + 1
    if re.match("并|且|同时|以及", clause.text[around.start:]) and binds(clause, sentence, around.start):
        return True
    above = context.clauses.get(clause.provision.parent or "")
    return above is not None and bool(above.text) and clause.provision.kind in ("subsection", "item", "subitem") and (
        binds(above, 0, len(above.text)) or modal.force == "must_not" and "禁止" in above.text)


def _loosened(group: Group, modal: ModalStatement, place: Span) -> bool:
    """Whether the word is kept and 原则上 put before it."""
    before = group.draft_text[max(0, place.start - 5):place.start]
    own = group.base_text[max(0, modal.start - 5):modal.start]
    return bool(re.search(r"原则上|一般", before)) and not re.search(r"原则上|一般", own)


def _grown(group: Group, place: Span) -> Span:
    found = phrase(group.draft_text, place)
    return Span(max(found.start, group.draft_span.start), max(place.start, min(found.end, group.draft_span.end)))


def _fate(group: Group, modal: ModalStatement, around: Span) -> Fate | None:
    """What the draft's phrase makes of the duty; None where it binds as much."""
    wanted = strength(modal.word)
    here = [item for item in group.draft_clause.statements.modality if around.start <= item.start < around.end]
    text = normalise(around.of(group.draft_text))
    if any(item.force == "in_principle" for item in here) and not re.search(
            "原则上|一般", group.base_text[max(0, modal.start - 5):modal.start]):
        return "weakened" if wanted >= _STRONG else None
    same = [strength(item.word) for item in here if item.force == modal.force]
    if same:
        best = max(same)
        if best >= wanted or best >= _STRONG > 1 and wanted < 3:
            return None
        return "softened" if modal.force == "must" or best >= _STRONG else "weakened" if wanted >= _STRONG else None
    if _phrase_is_gone(group, modal):
        return "dropped" if wanted >= _STRONG else None
    own = normalise(phrase(group.base_text, Span(modal.start, modal.end)).of(group.base_text))
    if _WEAK.search(text) and not _WEAK.search(own):
        return "weakened"
    return "dropped" if wanted >= _STRONG else None


def _phrase_is_gone(group: Group, modal: ModalStatement) -> bool:
    """Whether nothing but scraps of the base's phrase is left in the draft."""
    own = phrase(group.base_text, Span(modal.start, modal.end))
    total = kept = 0
    for tag, i, j, _, _ in group.changes:
        for token in group.a[i:j]:
            if own.start <= token.start < own.end and token.kind not in ("slack", "mark"):
                total += len(token.key)
                kept += len(token.key) * (tag == "equal")
    return total > 0 and kept * 4 < total


def _kept_elsewhere(group: Group, modal: ModalStatement) -> bool:
    """Whether the duty stands in another phrase of the draft's sentence: more such words than the base has."""
    def count(clause: Clause, lines: tuple[Line, ...]) -> int:
        return sum(item.force == modal.force and strength(item.word) >= _STRONG
                   and any(line.span.start <= item.start < line.span.end for line in lines)
                   for item in clause.statements.modality)

    return strength(modal.word) >= _STRONG and count(group.draft_clause, group.draft) >= max(
        1, count(group.base_clause, group.base))


def dropped(context: Context) -> Iterator[Finding]:
    """Duties of the base that the draft has left out: the word, or the whole sentence."""
    for found in lost(context):
        if found.fate == "dropped":
            yield found.finding("modal-dropped", f"上级用“{found.modal.word}”，本稿没有相应的约束用语")
    for comparison in context.comparisons:
        for line, clause in comparison.lone:
            words = [modal.word for modal in line.clause.statements.modality if modal.force in _DUTIES
                     and strength(modal.word) >= _STRONG and line.span.start <= modal.start < line.span.end]
            if words and comparison.keeps(line.clause.path):
                yield Finding("modal-dropped", clause.path, "", f"上级含“{words[0]}”的一句在本稿中没有了",
                              comparison.base.document.id, line.clause.path, line.text, f"补写“{line.text}”",
                              clause.provision.end)
        for line, clause in comparison.scattered:
            if not comparison.keeps(line.clause.path):
                continue
            yield from _lost_phrases(comparison, line, clause)


def _lost_phrases(comparison: Comparison, line: Line, clause: Clause) -> Iterator[Finding]:
    """Duties in a sentence of which the draft has kept other parts."""
    told: set[Span] = set()
    for modal in line.clause.statements.modality:
        if modal.force not in _DUTIES or strength(modal.word) < _STRONG or not (
                line.span.start <= modal.start < line.span.end):
            continue
        span = phrase(line.source, Span(modal.start, modal.end))
        if span in told or comparison.covers(token for token in line.tokens
                                             if span.start <= token.start and token.end <= span.end):
            continue
        told.add(span)
        lost = span.of(line.source)
        yield Finding("modal-dropped", clause.path, "", f"上级含“{modal.word}”的“{lost}”在本稿中没有了",
                      comparison.base.document.id, line.clause.path, lost, f"补写“{lost}”", clause.provision.end)


def weakened(context: Context) -> Iterator[Finding]:
    """Duties that the draft leaves to discretion."""
    for found in lost(context):
        if found.fate == "weakened":
            yield found.finding("modal-weakened", f"上级用“{found.modal.word}”，本稿的约束弱于上级")


def softened(context: Context) -> Iterator[Finding]:
    """Duties put in milder words, and aims that are only striven for."""
    for found in lost(context):
        if found.fate == "softened":
            yield found.finding("modal-softened", f"上级用“{found.modal.word}”，本稿用语较轻")
    for comparison in context.comparisons:
        for group in comparison.groups:
            if group.score >= _NEAR:
                yield from _milder_aims(comparison, group)


def _milder_aims(comparison: Comparison, group: Group) -> Iterator[Finding]:
    """确保 that became 力争."""
    for tag, i, j, k, m in group.changes:
        if tag != "replace":
            continue
        own = [token for token in group.a[i:j] if forces().get(token.key, ("", 0)) == ("aim", 2)]
        new = [token for token in group.b[k:m] if forces().get(token.key, ("", 0)) == ("aim", 1)]
        if own and new:
            yield against(comparison, group, "modal-softened", Span(new[0].start, new[0].end),
                          Span(own[0].start, own[0].end), f"上级为“{own[0].key}”，本稿为“{new[0].key}”",
                          f"改为“{own[0].key}”")


# --- discretion and exceptions ---------------------------------------------------------------------------------------

@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str, bool], ...]:
    return tuple((re.compile(row["pattern"]), row["kind"], row.get("alone") == "yes")
                 for row in table("exception_words.tsv"))


def exceptions(context: Context) -> Iterator[Finding]:
    """Words that loosen a rule, or except cases from it, which the base has not."""
    for comparison in context.comparisons:
        grouped: set[int] = set()
        for group in comparison.groups:
            grouped |= {id(line) for line in group.draft}
            if group.draft[0].where == "text" and group.score >= _NEAR:
                told = [found.place for found in lost(context) if found.group is group and found.fate == "weakened"]
                yield from _new_in(comparison, group, told)
        yield from _new_sentences(context, comparison, grouped)


def _new_in(comparison: Comparison, group: Group, weakened: Sequence[Span]) -> Iterator[Finding]:
    own, folded = normalise(group.base_clause.text), normalise(group.draft_clause.text)
    done: list[Span] = []
    for pattern, kind, _ in _patterns():
        inside = [match for line in group.draft for match in pattern.finditer(folded, line.span.start, line.span.end)]
        known = sum(1 for line in group.base for _ in pattern.finditer(own, line.span.start, line.span.end))
        if len(inside) <= known or len(pattern.findall(folded)) <= len(pattern.findall(own)):
            continue
        match = _newest(group, inside) if known else inside[0]
        span = phrase(group.draft_clause.text, Span(*match.span()))
        if any(span.overlaps(other) or kind == "exception" and 0 <= span.start - other.end <= 2 for other in done):
            continue        # 另有规定的，从其规定 is one exception
        done.append(span)
        at = match.start()
        if not re.search("原则|视情", match[0]) and any(span.overlaps(other) for other in weakened):
            continue        # 尽量 for 应 is told as a duty that was weakened
        answered = _answered(group, at)
        yield against(comparison, group, "exception-new", span, answered, _reason(kind, match[0]),
                      f"删去“{match[0]}”")


def _newest(group: Group, inside: list[re.Match[str]]) -> re.Match[str]:
    """Of several, the one that stands among changed words."""
    for match in inside:
        for tag, _, _, k, m in group.changes:
            if tag != "equal" and any(match.start() <= token.start < match.end() for token in group.b[k:m]):
                return match
    return inside[-1]


def _answered(group: Group, at: int) -> Span:
    """The base's phrase in the place of the draft's words at ``at``."""
    if not group.a:
        return group.base_span
    own = phrase(group.draft_text, Span(at, at))
    inside = [i + index - k for tag, i, _, k, m in group.changes if tag == "equal" for index in range(k, m)
              if own.start <= group.b[index].start < own.end]
    nearest = inside[0] if inside else next((i for _, i, _, k, m in group.changes if k <= m and group.b[
        k:m] and group.b[m - 1].end > at and i < len(group.a)), len(group.a) - 1)
    return phrase(group.base_text, Span(group.a[nearest].start, group.a[nearest].end))


def _new_sentences(context: Context, comparison: Comparison, grouped: set[int]) -> Iterator[Finding]:
    """Whole sentences of exception that stand in a clause of the base, and not in the base."""
    partner = {other: own for own, other, equal in comparison.pairs if equal}
    for path, own_path in partner.items():
        clause, base = context.clauses[path], comparison.clauses[own_path]
        folded, own = normalise(clause.text), normalise(base.text)
        for line in clause.lines:
            if id(line) in grouped:
                continue
            for pattern, kind, alone in _patterns():
                match = pattern.search(folded, line.span.start, line.span.end)
                if alone and match and len(pattern.findall(folded)) > len(pattern.findall(own)):
                    yield Finding("exception-new", path, line.text, _reason(kind, match[0]),
                                  comparison.base.document.id, own_path, "", f"删去或说明依据：“{line.text}”", line.start)
                    break


def _reason(kind: str, word: str) -> str:
    return f"上级没有“{word}”，" + ("本稿放宽了执行尺度" if kind == "slack" else "本稿新设例外")
