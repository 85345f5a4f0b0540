"""A draft beside one base, sentence by sentence: which sentences answer each other, and what has no answer.

The aligner says which clauses regulate the same matter. Inside them sentences are paired by their words with numbers
and names blinded, so that a changed amount or a localised name does not part them; a sentence that moved to another
clause is looked for in the whole draft.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from rapidfuzz import fuzz
from rapidfuzz.distance import Indel

from kb.draft.clauses import Clause, Group, Line, blind
from kb.draft.shelf import Base
from kb.models import Alignment, Span
from kb.tokens import Token, bag

_PAIR: Final = 0.5          # least likeness of two sentences that answer each other inside aligned clauses
_MOVED: Final = 72.0        # least likeness, of 100, of a sentence that stands in another clause
_PART: Final = 82.0         # least share, of 100, of a sentence that is one half of another
_COVERED: Final = 70.0      # least share, of 100, of a sentence whose words stand somewhere in the draft
_LIKELY: Final = 0.6         # least score of a partial alignment that says the draft has something of a clause
_WORDS: Final = 0.2          # least sum of the shares of common words of two clauses that partly say the same
_KEPT: Final = 0.25          # least share of a clause that has to be answered before one can say what it lost
_COPY: Final = 0.75         # least likeness of two clauses of which one is nearly a copy of the other
_SHORT: Final = 8           # characters of the shortest sentence that is looked for elsewhere
_NO_CLAUSE: Final = frozenset({"part", "signature"})

@dataclass(frozen=True)
class Comparison:
    """A draft beside one base.

    ``groups`` are the sentences that answer each other, headings among them; ``lone`` the base's sentences that
    nothing answers, in clauses that the draft has, with the draft's clause; ``scattered`` such of whose words most
    stand somewhere in the draft; ``dropped`` the base's clauses that the draft has not; ``pairs`` aligned clauses (address of
    the base, of the draft); ``added`` the draft's clauses that the base has not.
    """

    base: Base
    clauses: Mapping[str, Clause]
    groups: tuple[Group, ...]
    lone: tuple[tuple[Line, Clause], ...]
    scattered: tuple[tuple[Line, Clause], ...]
    dropped: tuple[Clause, ...]
    pairs: tuple[tuple[str, str, bool], ...]
    added: tuple[Clause, ...]
    texts: tuple[str, ...] = field(repr=False)

    @cached_property
    def shares(self) -> Mapping[str, float]:
        """Of each clause of the base, the share of what it says that has an answer."""
        answered = {id(line) for group in self.groups for line in group.base}
        found: dict[str, float] = {}
        for path, clause in self.clauses.items():
            total = sum(len(line.blind) for line in clause.lines)
            told = sum(len(line.blind) for line in clause.lines if id(line) in answered)
            found[path] = told / total if total else 0.0
        return found

    def keeps(self, path: str) -> bool:
        """Whether the draft keeps so much of the clause that what is missing has been left out of it."""
        return self.shares.get(path, 0.0) >= _KEPT

    def covers(self, tokens: Iterable[Token]) -> bool:
        """Whether the words ``tokens`` stand somewhere in the draft, in nearly that order."""
        return _covered("".join(blind(token) for token in tokens), self.texts, _PART)


def near_copies(base: Mapping[str, Clause], draft: Mapping[str, Clause]) -> tuple[Alignment, ...] | None:
    """Alignments of clauses that are nearly copies of each other, where these leave no clause of the one side or none
    of the other without its copy, so that nothing else has to be looked for; else None."""
    own = [clause for clause in base.values() if _is_clause(clause)]
    other = [clause for clause in draft.values() if _is_clause(clause)]
    words = {id(clause): "".join(line.blind for line in clause.lines) for clause in (*own, *other)}
    best: dict[int, tuple[float, Clause]] = {}
    back: dict[int, tuple[float, Clause]] = {}
    for one in own:
        for two in other:
            score = Indel.normalized_similarity(words[id(one)], words[id(two)], score_cutoff=_COPY)
            if score > best.get(id(one), (0.0, one))[0]:
                best[id(one)] = score, two
            if score > back.get(id(two), (0.0, two))[0]:
                back[id(two)] = score, one
    pairs = [(one, *best[id(one)]) for one in own if id(one) in best and back[id(best[id(one)][1])][1] is one]
    if len(pairs) not in (len(own), len(other)):
        return None
    return tuple(Alignment(one.document.id, one.path, two.document.id, two.path, "equivalent", round(score, 3),
                           Span(0, len(one.text)), Span(0, len(two.text))) for one, score, two in pairs)


def compare(base: Base, clauses: Mapping[str, Clause], draft: Mapping[str, Clause],
            alignments: Sequence[Alignment]) -> Comparison:
    """The comparison of ``draft`` with ``base``, the ``clauses`` of either by address; ``alignments`` have the base as
    ``a``."""
    partners: dict[str, list[str]] = defaultdict(list)
    whole = {(row.a_path, row.b_path) for row in alignments if row.relation == "equivalent"}
    likely = {(row.a_path, row.b_path) for row in alignments if row.relation == "equivalent" or (
        row.score >= _LIKELY and _share_words(clauses[row.a_path], draft[row.b_path]))}
    held = {own for own, _ in likely}
    for row in alignments:
        partners[row.a_path].append(row.b_path)
    pairer = _Pairer(draft)
    groups: list[Group] = []
    unanswered: list[Line] = []
    for path, clause in clauses.items():
        if _is_clause(clause):
            found, rest = pairer.pair(clause, [draft[other] for other in partners.get(path, ())])
            groups += found
            unanswered += rest
    answered: dict[str, set[str]] = defaultdict(set)
    for group in groups:
        answered[group.base_clause.path].add(group.draft_clause.path)
    dropped = tuple(clause for clause in clauses.values() if _is_clause(clause)
                    and clause.path not in held and pairer.lacks(clause, unanswered))
    gone = {clause.path for clause in dropped}
    lone: list[tuple[Line, Clause]] = []
    scattered: list[tuple[Line, Clause]] = []
    for line in unanswered:
        if line.clause.path not in gone and (answered[line.clause.path] or partners.get(line.clause.path)):
            there = draft[_main(line.clause.path, whole, answered, partners)]
            (scattered if pairer.covers(line) else lone).append((line, there))
    headings = _headings(clauses, draft, whole, answered)
    pairs = _pairs(clauses, whole, answered)
    taken = {other for _, other, _ in pairs} | {other for _, other in likely}
    added = tuple(clause for clause in draft.values() if _is_clause(clause) and clause.path not in taken
                  and not pairer.is_answer(clause))
    return Comparison(base, clauses, (*groups, *headings), tuple(lone), tuple(scattered), dropped, pairs, added,
                      tuple(pairer.whole.values()))


def _share_words(one: Clause, other: Clause) -> bool:
    """Whether two clauses that may regulate one matter share so many words that one can believe it."""
    a, b = (bag(token for line in clause.lines for token in line.tokens) for clause in (one, other))
    common = sum(min(weight, b.get(key, 0.0)) for key, weight in a.items())
    return common / max(1.0, sum(a.values())) + common / max(1.0, sum(b.values())) >= _WORDS


def _is_clause(clause: Clause) -> bool:
    return clause.provision.kind not in _NO_CLAUSE and bool(clause.lines)


def _main(path: str, whole: set[tuple[str, str]], answered: Mapping[str, set[str]],
          partners: Mapping[str, Sequence[str]]) -> str:
    """The draft's clause that stands for the base's clause at ``path``."""
    equal = [other for own, other in sorted(whole) if own == path]
    return (equal or sorted(answered[path]) or list(partners[path]))[0]


def _pairs(clauses: Mapping[str, Clause], whole: set[tuple[str, str]],
           answered: Mapping[str, set[str]]) -> tuple[tuple[str, str, bool], ...]:
    """Aligned addresses in the base's order; the third says whether the clauses are equivalent."""
    found: list[tuple[str, str, bool]] = []
    for path in clauses:
        equal = sorted(other for own, other in whole if own == path)
        found += [(path, other, True) for other in equal]
        found += [(path, other, False) for other in sorted(answered.get(path, ())) if other not in equal]
    return tuple(found)


class _Pairer:
    """Finds answers among the draft's sentences; each sentence of the draft answers in one group."""

    def __init__(self, draft: Mapping[str, Clause]) -> None:
        self.draft = draft
        self.lines = [line for clause in draft.values() if clause.provision.kind not in _NO_CLAUSE
                      for line in clause.lines]
        self.whole = {path: "".join(line.blind for line in clause.lines) for path, clause in draft.items()
                      if clause.provision.kind not in _NO_CLAUSE}
        self.used: set[int] = set()

    def pair(self, clause: Clause, partners: Sequence[Clause]) -> tuple[list[Group], list[Line]]:
        """Groups of the clause's sentences with those of its ``partners``, and sentences without an answer."""
        near = [line for partner in partners for line in partner.lines if id(line) not in self.used]
        links: list[tuple[float, Line, Line]] = []
        for one in clause.lines:
            for other in near:
                score = Indel.normalized_similarity(one.blind, other.blind)
                if score >= _PAIR:
                    links.append((score, one, other))
        chosen = _best_first(links)
        chosen += self._halves(clause.lines, near, chosen)
        rest = [line for line in clause.lines if all(line is not one for _, one, _ in chosen)]
        chosen += self._moved(rest)
        self.used |= {id(other) for _, _, other in chosen}
        groups = list(_grouped(chosen))
        return groups, [line for line in rest if all(line is not one for _, one, _ in chosen)]

    def _halves(self, lines: Sequence[Line], near: Sequence[Line],
                chosen: Sequence[tuple[float, Line, Line]]) -> list[tuple[float, Line, Line]]:
        """Sentences of either side that are one part of a sentence which has its partner already."""
        one_taken = {id(one) for _, one, _ in chosen}
        other_taken = {id(other) for _, _, other in chosen}
        found: list[tuple[float, Line, Line]] = []
        for free, others, turned in (([line for line in lines if id(line) not in one_taken],
                                      [line for line in near if id(line) in other_taken], False),
                                     ([line for line in near if id(line) not in other_taken],
                                      [line for line in lines if id(line) in one_taken], True)):
            for line in free:
                best = max(others, key=lambda other: fuzz.partial_ratio(line.blind, other.blind), default=None)
                if best is None or len(line.blind) >= len(best.blind) or len(line.blind) < _SHORT:
                    continue
                score = fuzz.partial_ratio(line.blind, best.blind)
                if score >= _PART:
                    found.append((score / 100, best, line) if turned else (score / 100, line, best))
        return found

    def _moved(self, rest: Sequence[Line]) -> list[tuple[float, Line, Line]]:
        """Sentences that stand in another clause of the draft."""
        found: list[tuple[float, Line, Line]] = []
        for line in rest:
            if len(line.blind) < _SHORT:
                continue
            free = [other for other in self.lines if id(other) not in self.used]
            best = max(free, key=lambda other: fuzz.ratio(line.blind, other.blind), default=None)
            if best is not None and (score := fuzz.ratio(line.blind, best.blind)) >= _MOVED:
                found.append((score / 100, line, best))
        return _best_first(found)

    def covers(self, line: Line) -> bool:
        """Whether the words of ``line`` stand somewhere in the draft, though no sentence answers it."""
        return _covered(line.blind, self.whole.values(), _COVERED)

    def is_answer(self, clause: Clause) -> bool:
        """Whether half of what the draft's clause says answers something of the base."""
        total = sum(len(line.blind) for line in clause.lines)
        return 2 * sum(len(line.blind) for line in clause.lines if id(line) in self.used) >= total

    def lacks(self, clause: Clause, unanswered: Sequence[Line]) -> bool:
        """Whether less than a third of what the base's ``clause`` says stands anywhere in the draft."""
        total = sum(len(line.blind) for line in clause.lines)
        free = {id(line) for line in unanswered}
        kept = sum(len(line.blind) for line in clause.lines if id(line) not in free or self.covers(line))
        return 3 * kept < total


def _covered(words: str, texts: Iterable[str], least: float) -> bool:
    """Whether ``words`` stand in one of ``texts``, in nearly that order; too few of them say nothing."""
    if len(words) < _SHORT:
        return True
    return any(len(text) >= len(words) / 2 and fuzz.partial_ratio(words, text, score_cutoff=least) >= least
               for text in texts)


def _best_first(links: Sequence[tuple[float, Line, Line]]) -> list[tuple[float, Line, Line]]:
    """One-to-one pairs, the likest first; of those as like, the earliest."""
    taken: set[int] = set()
    found: list[tuple[float, Line, Line]] = []
    for link in sorted(links, key=lambda item: (-round(item[0], 3), abs(item[1].span.start - item[2].span.start))):
        if id(link[1]) not in taken and id(link[2]) not in taken:
            taken |= {id(link[1]), id(link[2])}
            found.append(link)
    return found


def _grouped(links: Sequence[tuple[float, Line, Line]]) -> Iterator[Group]:
    """Connected sentences as groups; where the draft spread them over several clauses, one group for each."""
    parents: dict[int, int] = {}

    def root(key: int) -> int:
        while parents.setdefault(key, key) != key:
            key = parents[key]
        return key

    for _, one, other in links:
        parents[root(id(one))] = root(id(other))
    sets: dict[int, list[tuple[float, Line, Line]]] = defaultdict(list)
    for link in links:
        sets[root(id(link[1]))].append(link)
    for members in sets.values():
        by_clause: dict[str, list[tuple[float, Line, Line]]] = defaultdict(list)
        for link in members:
            by_clause[link[2].clause.path].append(link)
        for found in by_clause.values():
            base = sorted({id(one): one for _, one, _ in found}.values(), key=lambda line: line.span)
            draft = sorted({id(other): other for _, _, other in found}.values(), key=lambda line: line.span)
            score = Indel.normalized_similarity("".join(line.blind for line in base),
                                                "".join(line.blind for line in draft))
            yield Group(tuple(base), tuple(draft), score)


def _headings(clauses: Mapping[str, Clause], draft: Mapping[str, Clause], whole: set[tuple[str, str]],
              answered: Mapping[str, set[str]]) -> list[Group]:
    """Headings of aligned clauses, and of the sections that hold them."""
    found: dict[tuple[str, str], Group] = {}
    for own, other in sorted(whole | {(own, other) for own, others in answered.items() for other in others}):
        up, down = clauses.get(own), draft.get(other)
        while up is not None and down is not None and up.provision.kind == down.provision.kind:
            key = up.path, down.path
            if key in found:
                break
            if up.provision.heading and down.provision.heading:
                score = Indel.normalized_similarity(up.heading.blind, down.heading.blind)
                if score >= _PAIR:
                    found[key] = Group((up.heading,), (down.heading,), score)
            up, down = clauses.get(up.provision.parent or ""), draft.get(down.provision.parent or "")
    return list(found.values())


