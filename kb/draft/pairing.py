"""Which paragraph of the draft stands for which of the base: in its place, or moved.

Clauses that the alignment calls one matter are paired first; titles, salutation and signature by the part they play;
the rest by their words. The heaviest chain of pairs in which nothing crosses stays in its place, and what of the others
is alike enough has moved.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from rapidfuzz import fuzz, process

from kb.draft.flow import Block, Role
from kb.models import Alignment, KbError
from kb.text import normalise

_ALIKE: Final = 0.5             # likeness of paragraphs that nothing else connects
_ALIGNED: Final = 0.2           # … of paragraphs of one matter
_MOVED: Final = 0.6             # … of paragraphs that changed places
_MOVED_ALIGNED: Final = 0.45    # … of paragraphs of one matter that did
_MOVED_LENGTH: Final = 12       # characters of the shortest that is shown as moved
_MERGED: Final = 0.08           # what taking in a neighbour has to add to the likeness
_MOST: Final = 5_000_000        # pairs of paragraphs; two laws of 2,000 paragraphs have 4 million, in ten seconds
_HEADINGS: Final = frozenset[Role](("heading1", "heading2", "heading3", "heading4", "heading5"))
#: Roles that each part of a document has once or in a fixed order.
_FIXED: Final = frozenset[Role](("title", "subtitle", "number", "salutation", "attachment", "issuer", "date", "remark",
                                 "copies", "imprint", "list"))


@dataclass(frozen=True, slots=True)
class Pair:
    """Blocks ``base`` (a range of indices) and ``draft`` stand for each other. A ``moved`` pair has one block each."""

    base: range
    draft: range
    moved: bool = False


def pair(base: Sequence[Block], draft: Sequence[Block], alignments: Sequence[Alignment], base_id: str,
         ghosts: Collection[int] = ()) -> list[Pair]:
    """Pairs in the order of the base, those in place first.

    ``alignments`` are between the document ``base_id`` and the draft, either way round. ``ghosts`` are blocks of the
    draft that an earlier change deleted: they pair with one block at most, in its place. Raises KbError for more
    paragraphs than can be compared.
    """
    if len(base) * len(draft) > _MOST:
        raise KbError(f"{len(draft):,} paragraphs against {len(base):,} are too many for a redline",
                      mend="redline the document part by part")
    scores = _scores(base, draft, _votes(alignments, base_id))
    chain = _chain(scores, base, draft)
    in_place = dict(chain)
    taken = set(in_place.values())
    moved = []
    for (one, other), score in sorted(scores.items(), key=lambda item: (-item[1], item[0])):
        short = min(len(base[one].text), len(draft[other].text)) < _MOVED_LENGTH
        if short or one in in_place or other in taken or base[one].rows or other in ghosts:
            continue
        alike = _likeness(base[one].text, draft[other].text)
        if (alike >= _MOVED or alike >= _MOVED_ALIGNED and score >= _MOVED) and not _neighbours(one, other, chain):
            moved.append(Pair(range(one, one + 1), range(other, other + 1), moved=True))
            in_place[one] = other
            taken.add(other)
    free_base = set(range(len(base))) - set(in_place)
    free_draft = set(range(len(draft))) - taken - set(ghosts)
    grown = [Pair(range(one, one + 1), range(other, other + 1)) if other in ghosts
             else _grown(one, other, base, draft, free_base, free_draft) for one, other in chain]
    return [*grown, *sorted(moved, key=lambda item: item.base.start)]


def _neighbours(one: int, other: int, chain: Sequence[tuple[int, int]]) -> bool:
    """Whether the two stand between the same pairs of the chain, so that nothing has moved."""
    return bisect_left(chain, (one, -1)) == bisect_left([(b, a) for a, b in chain], (other, -1))


Scores = Mapping[tuple[int, int], float]


def _votes(alignments: Sequence[Alignment], base_id: str) -> dict[tuple[str, str], float]:
    """How strongly provisions are connected, by (address in the base, address in the draft). Clauses pass part of it
    to the sections they stand in."""
    votes: dict[tuple[str, str], float] = defaultdict(float)
    below: dict[tuple[str, str], float] = defaultdict(float)
    count: dict[str, float] = defaultdict(float)
    for item in alignments:
        one, other = (item.a_path, item.b_path) if item.a_document == base_id else (item.b_path, item.a_path)
        votes[one, other] = max(votes[one, other], item.score * (1.0 if item.relation == "equivalent" else 0.6))
        up, down = _above(one), _above(other)
        for a in up:
            count[a] += item.score
            for b in down:
                if a.count("/") == b.count("/"):
                    below[a, b] += item.score
    for (a, b), weight in below.items():
        votes[a, b] = max(votes[a, b], 0.8 * weight / count[a])
    return votes


def _above(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:size]) for size in range(2, len(parts))]


def _scores(base: Sequence[Block], draft: Sequence[Block],
            votes: Mapping[tuple[str, str], float]) -> dict[tuple[int, int], float]:
    """Score from 0 to 1 of each pair that can be one at all."""
    if not base or not draft:
        return {}
    alike = process.cdist([_key(block) for block in base], [_key(block) for block in draft], scorer=fuzz.ratio,
                          dtype=np.float32) / 100
    found: dict[tuple[int, int], float] = {}
    ranks = _ranks(base), _ranks(draft)
    for one, a in enumerate(base):
        for other, b in enumerate(draft):
            score = _score(a, b, float(alike[one, other]), votes.get((a.path, b.path), 0.0),
                           ranks[0][one] == ranks[1][other])
            if score > 0:
                found[one, other] = score
    return found


def _score(a: Block, b: Block, alike: float, vote: float, same_rank: bool) -> float:
    if bool(a.rows) != bool(b.rows):
        return 0.0
    if a.rows:
        columns = len(a.rows[0]) == len(b.rows[0])
        return alike if columns and alike >= 0.3 else 0.0
    if a.role in _FIXED or b.role in _FIXED:
        return max(alike, 0.5) if a.role == b.role and same_rank else alike if alike > 0.8 else 0.0
    together = 0.6 * alike + 0.4 * vote
    if vote >= 0.3 and alike >= _ALIGNED and (a.role in _HEADINGS) == (b.role in _HEADINGS):
        return max(together, 0.3)
    if vote >= 0.3 and a.role == b.role and a.role in _HEADINGS:
        return max(together, 0.25)      # a section under another name
    return together if alike >= _ALIKE else 0.0


def _ranks(blocks: Sequence[Block]) -> list[tuple[str, int]]:
    """For each block its part and how many of its role stand before it there."""
    seen: dict[tuple[str, Role], int] = defaultdict(int)
    found = []
    for block in blocks:
        part = block.path.split("/")[0]
        found.append((part, seen[part, block.role]))
        seen[part, block.role] += 1
    return found


def _key(block: Block) -> str:
    text = block.text or "\n".join(cell for row in block.rows for cell in row)
    return normalise(text)


def _likeness(a: str, b: str) -> float:
    return fuzz.ratio(normalise(a), normalise(b)) / 100


def _chain(scores: Scores, base: Sequence[Block], draft: Sequence[Block]) -> list[tuple[int, int]]:
    """The heaviest set of pairs that do not cross, each block in one pair at most; long blocks weigh more."""
    best: list[tuple[float, tuple[int, int] | None]] = [(0.0, None)] * (len(draft) + 1)     # by first free draft block
    before: dict[tuple[int, int], tuple[int, int] | None] = {}
    by_base: dict[int, list[tuple[int, float]]] = defaultdict(list)
    for (one, other), score in scores.items():
        size = min(len(_key(base[one])), len(_key(draft[other]))) + 1
        by_base[one].append((other, score * score * size ** 0.5))
    for one in sorted(by_base):
        fresh: list[tuple[int, float]] = []
        for other, weight in by_base[one]:
            total, last = best[other]
            before[one, other] = last
            fresh.append((other, total + weight))
        for other, total in sorted(fresh):
            at = other + 1
            while at <= len(draft) and best[at][0] < total:
                best[at] = (total, (one, other))
                at += 1
    chain = []
    item = best[-1][1]
    while item is not None:
        chain.append(item)
        item = before[item]
    return chain[::-1]


def _grown(one: int, other: int, base: Sequence[Block], draft: Sequence[Block], free_base: set[int],
           free_draft: set[int]) -> Pair:
    """The pair with the neighbours that belong to it: a paragraph that was split, or two that became one."""
    span_base, span_draft = range(one, one + 1), range(other, other + 1)
    if base[one].rows or base[one].role in _FIXED:
        return Pair(span_base, span_draft)
    score = _likeness(base[one].text, draft[other].text)
    changed = True
    while changed:
        changed = False
        for wide_base, wide_draft in _wider(span_base, span_draft):
            if not (set(wide_base) - {one} <= free_base | set(span_base) and
                    set(wide_draft) - {other} <= free_draft | set(span_draft)):
                continue
            if any(item.rows or item.role in _FIXED for item in (*map(base.__getitem__, wide_base),
                                                                *map(draft.__getitem__, wide_draft))):
                continue
            wider = _likeness("".join(base[at].text for at in wide_base), "".join(draft[at].text for at in wide_draft))
            if wider >= score + _MERGED:
                span_base, span_draft, score, changed = wide_base, wide_draft, wider, True
                free_base.difference_update(wide_base)
                free_draft.difference_update(wide_draft)
                break
    return Pair(span_base, span_draft)


def _wider(base: range, draft: range) -> Iterator[tuple[range, range]]:
    yield base, range(draft.start, draft.stop + 1)
    yield base, range(draft.start - 1, draft.stop)
    yield range(base.start, base.stop + 1), draft
    yield range(base.start - 1, base.stop), draft
