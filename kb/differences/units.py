"""The phrases of a clause (what stands between commas, stops and long brackets), and which phrase of one clause
says the same as which of the other."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache

from rapidfuzz.distance import Indel

from kb.models import Document, Provision, SentenceMatch, Span, Statements
from kb.text import normalise
from kb.tokens import Token, bag, tokens

_BRACKET = 6        # characters of the shortest bracket that is a phrase of its own: （加层项目除外）, not （试行）
MANY = 40_000      # pairs of phrases (two tables, two annexes in one clause) from which on only near ones are compared
FAR = 0.2          # and how far apart they may then stand, as a share of the clause
_LIKE = 0.40        # least likeness of two phrases that say the same
#: What can follow in the bracket of a list and is no unit of it: ，各镇〔街道〕为责任主体，下同
_OTHER_STATEMENT = re.compile(r",[^,。;]{0,40}(?:为责任主体|为牵头|牵头单位|下同)")
_RESPONSIBLE = re.compile(r"[(]?(?:责任|牵头|配合|主管|实施|承办)(?:单位|部门|处室)[:：]")


@dataclass(frozen=True)
class Unit:
    """One phrase: its span without the punctuation around it, its sentence's number, its tokens."""

    index: int
    start: int
    end: int
    sentence: int
    tokens: tuple[Token, ...] = field(repr=False)
    bag: dict[str, float] = field(repr=False, compare=False)
    letters: str = field(repr=False)

    @property
    def span(self) -> Span:
        """Where the phrase stands in the clause's text."""
        return Span(self.start, self.end)

    @cached_property
    def weight(self) -> float:
        """Sum of the weights of its tokens."""
        return sum(self.bag.values())


@dataclass(frozen=True)
class Side:
    """One of the two clauses with everything that is known about it."""

    provision: Provision
    document: Document
    statements: Statements
    folded: str
    tokens: tuple[Token, ...]
    units: tuple[Unit, ...]
    responsible: tuple[Span, ...]

    @property
    def text(self) -> str:
        """The clause's own text."""
        return self.provision.text


def side(provision: Provision, statements: Statements, document: Document) -> Side:
    """Everything about one clause that the comparison needs. Its lists of responsible units are no phrases."""
    folded = normalise(provision.text)
    items = tokens(provision.text, statements, document.region_code)
    lists = tuple(_responsible_lists(folded))
    return Side(provision, document, statements, folded, items, tuple(_units(folded, items, lists)), lists)


def _responsible_lists(folded: str) -> Iterator[Span]:
    """（责任单位：…）; a list that another statement follows (，各镇〔街道〕为责任主体) ends there."""
    for match in _RESPONSIBLE.finditer(folded):
        depth, at = 1, match.end()
        while at < len(folded) and depth and not (folded[at] in ",。;\n" and depth == 1):
            depth += (folded[at] == "(") - (folded[at] == ")")
            at += 1
        if at < len(folded) and folded[at] == "," and not _OTHER_STATEMENT.match(folded, at):
            at = folded.find(")", at) + 1 or at     # （责任单位：甲，乙）: a comma inside the list
        yield Span(match.start(), max(at, match.end()))


def _cuts(folded: str, items: Sequence[Token]) -> Iterator[tuple[int, int, bool]]:
    """Marks between phrases: start, end, and whether the sentence ends with them."""
    brackets = {match.start(): match.end() - 1 for match in re.finditer(r"\([^()]*(?:\([^()]*\)[^()]*)*\)", folded)
                if match.end() - match.start() - 2 >= _BRACKET and len(re.findall("[一-鿿]", match[0])) >= 4}
    closing = set(brackets.values())
    inside = {at for token in items if token.kind != "mark" for at in range(token.start, token.end)}
    # “一次审批，分期实施，分幢验收”的审批方式: a quoted list ends with its mark
    quotes = {at for match in re.finditer(r"\"[^\"]*\"", folded) if "," in match[0]
              for at in (match.start(), match.end() - 1)}
    for at, char in enumerate(folded):
        if char in "。;!?\n" and at not in inside:
            yield at, at + 1, True
        elif (char in ",:|" or at in brackets or at in closing or at in quotes) and at not in inside:
            yield at, at + 1, False


def _units(folded: str, items: tuple[Token, ...], lists: Sequence[Span]) -> Iterator[Unit]:
    begin = sentence = index = 0
    for start, end, stop in (*_cuts(folded, items), (len(folded), len(folded), True)):
        found = _trimmed(folded, begin, start)
        begin = end
        if len(found) and not any(found.overlaps(span) for span in lists):
            own = tuple(token for token in items if token.start >= found.start and token.end <= found.end)
            letters = "".join(token.key for token in own if token.kind not in ("number", "slack", "title", "document"))
            yield Unit(index, found.start, found.end, sentence, own, bag(own), letters)
            index += 1
        sentence += stop


def _trimmed(folded: str, start: int, end: int) -> Span:
    """Without spaces and marks around, and without a quotation mark that has no partner inside."""
    while start < end and (folded[start].isspace() or folded[start] in "、)|") or (
            start < end and folded[start] in "\"'" and folded.count(folded[start], start, end) % 2):
        start += 1
    while start < end and (folded[end - 1].isspace() or folded[end - 1] in "、(") or (
            start < end and folded[end - 1] in "\"'" and folded.count(folded[end - 1], start, end) % 2):
        end -= 1
    return Span(start, end)


def balanced(own: Side, span: Span) -> Span:
    """``span`` with the bracket or quotation mark right behind it where it opens one and does not close it, and with
    the start of a short quotation that it begins in (“甲，乙”相关…)."""
    start, end = span.start, span.end
    quote = own.folded.rfind('"', max(0, start - 16), start)
    if own.folded[start:end].count('"') % 2 and quote >= 0 and own.folded.count('"', 0, quote) % 2 == 0:
        start = quote
    for opening, closing in ("()", '""'):
        inside = own.folded[start:end]
        odd = inside.count(opening) % 2 if opening == closing else inside.count(opening) > inside.count(closing)
        if odd and own.folded[end:end + 1] == closing:
            end += 1
    return Span(start, end)


# --- which phrase answers which --------------------------------------------------------------------------------------

@dataclass(frozen=True, slots=True)
class Match:
    """Two phrases that say the same, by their indices, and how like they are."""

    a: int
    b: int
    score: float


def alike(a: Unit, b: Unit) -> float:
    """Likeness of two phrases from 0 to 1, numbers aside: half by words, half by the order of characters."""
    total = a.weight + b.weight
    words = 2 * sum(min(weight, b.bag.get(key, 0.0)) for key, weight in a.bag.items()) / total if total else 0.0
    letters = Indel.normalized_similarity(a.letters, b.letters) if a.letters and b.letters else 0.0
    return (words + letters) / 2


def matches(a: Side, b: Side, sentences: Sequence[SentenceMatch], bonds: frozenset[tuple[int, int]]) -> list[Match]:
    """One-to-one matches of phrases, the best first. ``sentences`` the aligner found and ``bonds`` (phrases whose
    amounts measure one thing) speak for a pair; distance in the clause speaks a little against it."""
    found: list[Match] = []
    wide = len(a.units) * len(b.units) > MANY
    for one in a.units:
        for other in b.units:
            apart = abs(one.index / len(a.units) - other.index / len(b.units))
            if wide and apart > FAR:
                continue
            score = alike(one, other)
            if score < 0.15 and (one.index, other.index) not in bonds:
                continue
            score += 0.3 if (one.index, other.index) in bonds else 0.0
            near = any(pair.a.overlaps(one.span) and pair.b.overlaps(other.span) for pair in sentences)
            score += 0.08 if near else 0.0
            score -= 0.06 * apart
            if score >= _LIKE:
                found.append(Match(one.index, other.index, min(1.0, score)))
    found.sort(key=lambda match: (-match.score, abs(match.a - match.b), match.a, match.b))
    left: set[int] = set()
    right: set[int] = set()
    kept: list[Match] = []
    for match in found:
        if match.a not in left and match.b not in right:
            left.add(match.a)
            right.add(match.b)
            kept.append(match)
    return sorted(kept, key=lambda match: (match.a, match.b))


# --- a phrase that the other text splits in two ----------------------------------------------------------------------

def joined(a: Side, b: Side) -> tuple[Side, Side]:
    """The two sides with neighbouring phrases joined where together they say what one phrase of the other says
    (为甲的融资需求给予贷款支持 in one text, 对甲的融资需求，优先给予贷款支持 in the other)."""
    pairs = matches(a, b, (), frozenset())
    forth = {pair.a: b.units[pair.b] for pair in pairs}
    back = {pair.b: a.units[pair.a] for pair in pairs}
    return _rejoined(a, _joins(a, forth)), _rejoined(b, _joins(b, back))


def _joins(own: Side, answers: Mapping[int, Unit]) -> frozenset[int]:
    """Indices of phrases to be joined to the one before."""
    found: set[int] = set()
    for first, second in zip(own.units, own.units[1:], strict=False):
        if first.sentence != second.sentence or (first.index in answers) == (second.index in answers):
            continue
        if {first.index - 1, first.index, second.index + 1} & found:
            continue
        answer = answers.get(first.index) or answers[second.index]
        alone = first if first.index in answers else second
        added = second if alone is first else first
        common = sum(min(weight, answer.bag.get(key, 0.0)) for key, weight in added.bag.items())
        if common >= 0.5 * added.weight > 0 and alike(_union(first, second), answer) > alike(alone, answer) + 0.05:
            found.add(second.index)
    return frozenset(found)


def _union(first: Unit, second: Unit) -> Unit:
    return Unit(first.index, first.start, second.end, first.sentence, first.tokens + second.tokens,
                bag(first.tokens + second.tokens), first.letters + second.letters)


def _rejoined(own: Side, joins: Collection[int]) -> Side:
    units: list[Unit] = []
    for unit in own.units:
        if unit.index in joins and units:
            units[-1] = _union(units[-1], unit)
        else:
            units.append(unit)
    return replace(own, units=tuple(replace(unit, index=index) for index, unit in enumerate(units)))


def covered(unit: Unit, other: Side, part: float = 0.85) -> bool:
    """Whether nearly all that ``unit`` says stands in a stretch of three phrases of the other clause: split, merged
    or moved there, not left out."""
    if not unit.weight:
        return True
    for first in range(len(other.units)):
        window: dict[str, float] = {}
        for near in other.units[first:first + 3]:
            for key, weight in near.bag.items():
                window[key] = window.get(key, 0.0) + weight
        common = sum(min(weight, window.get(key, 0.0)) for key, weight in unit.bag.items())
        if common / unit.weight >= part:
            return True
    return False


# --- what stands in another clause of the document -------------------------------------------------------------------

def letters(folded: str) -> str:
    """Letters and digits of ``folded``; marks and spaces say nothing."""
    return re.sub(r"[\W_]", "", folded)


@lru_cache(maxsize=512)
def elsewhere(text: str, start: int, end: int) -> str:
    """Letters of a document's text outside ``text[start:end]``."""
    return letters(normalise(text[:start])) + letters(normalise(text[end:]))
