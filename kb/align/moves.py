"""What stands elsewhere in the other document: another section, another order, another number.

Told of equivalents alone, and always against what their neighbours do: where a whole section was renamed or a whole
document is numbered otherwise, nothing moved.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from kb.models import Moved


@dataclass(frozen=True, slots=True)
class Placed:
    """Two equivalent clauses of one pair of documents: path and place in the order of either document."""

    a_path: str
    a_ordinal: int
    b_path: str
    b_ordinal: int


def moves(pairs: Sequence[Placed]) -> tuple[Moved, ...]:
    """For each of ``pairs``, all the equivalents between two documents, what moved:

    section  it stands in another section than most of its section's clauses do, and that section's clauses came from
             elsewhere; a section that was split or merged moved nothing
    order    it is not among the most clauses that can be picked in the same order in both documents
    number   it only bears another number, where most bear the same
    ''       nothing
    """
    order = sorted(range(len(pairs)), key=lambda n: (pairs[n].a_ordinal, pairs[n].b_ordinal))
    kept = {order[n] for n in _longest_rise([pairs[n].b_ordinal for n in order])}
    elsewhere = _elsewhere([(_section(p.a_path), _section(p.b_path)) for p in pairs])
    alike = 2 * sum(p.a_path == p.b_path for p in pairs) > len(pairs)
    return tuple(_moved(pair, number in elsewhere, number not in kept, alike) for number, pair in enumerate(pairs))


def _moved(pair: Placed, elsewhere: bool, out_of_order: bool, alike: bool) -> Moved:
    if elsewhere:
        return "section"
    if out_of_order:
        return "order"
    return "number" if alike and pair.a_path != pair.b_path else ""


def _section(path: str) -> str:
    return path.rpartition("/")[0]


def _elsewhere(sections: Sequence[tuple[str, str]]) -> set[int]:
    """Positions of pairs whose sections belong, by most of their clauses, each to another one."""
    to_b, to_a = _most(sections), _most([(b, a) for a, b in sections])
    return {number for number, (a, b) in enumerate(sections) if to_b.get(a, b) != b and to_a.get(b, a) != a}


def _most(sections: Sequence[tuple[Hashable, Hashable]]) -> dict[Hashable, Hashable]:
    """Section -> the one where more than half of its clauses are, if they are two at least."""
    counts: dict[Hashable, Counter[Hashable]] = defaultdict(Counter)
    for section, other in sections:
        counts[section][other] += 1
    found = {}
    for section, others in counts.items():
        other, number = others.most_common(1)[0]
        if number > 1 and 2 * number > others.total():
            found[section] = other
    return found


def _longest_rise(numbers: Sequence[int]) -> set[int]:
    """Positions of a longest sequence that never falls."""
    tails: list[int] = []       # least last number of a sequence of each length, and where it stands
    ends: list[int] = []
    before: list[int] = []
    for at, number in enumerate(numbers):
        length = bisect_right(tails, number)
        before.append(ends[length - 1] if length else -1)
        tails[length:length + 1] = [number]
        ends[length:length + 1] = [at]
    kept: set[int] = set()
    at = ends[-1] if ends else -1
    while at >= 0:
        kept.add(at)
        at = before[at]
    return kept
