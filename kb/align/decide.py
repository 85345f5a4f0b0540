"""Which pairs of units are alignments: what the regressions say, held against the rivals of either side."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from kb.align.features import Evidence
from kb.align.model import Model
from kb.align.units import Unit
from kb.models import Relation

#: Least probabilities. Strictly validated on tests/gold: equivalent loses 1.5 points of F1 at 0.3, any none.
LEAST_EQUIVALENT = 0.4
LEAST_ANY = 0.4
_AS_GOOD = 0.7       # two clauses of one document may both be equivalent to one of the other (two lists of aims)

Place = tuple[int, int]
#: Why a pair is what it is: said word for word; each other's best; likely enough without being that; a list of targets
#: against one item of another; not likely enough.
Reason = Literal["repeated", "best", "related", "whole and part", "unlikely"]


@dataclass(frozen=True)
class Decisions:
    """``equal`` and ``related``: the two probabilities of every pair, units of a x units of b; ``best``: whether the
    pair is each other's best equivalent; ``repeated``: pairs that say the same word for word."""

    equal: NDArray[np.float64]
    related: NDArray[np.float64]
    best: NDArray[np.bool_]
    repeated: frozenset[Place]
    split: frozenset[Place]

    def of(self, i: int, j: int) -> tuple[Relation | None, float, Reason]:
        """Relation (None where the two are not aligned), score and reason of one pair."""
        if (i, j) in self.repeated:
            return "equivalent", 1.0, "repeated"
        if self.best[i, j] and self.equal[i, j] >= LEAST_EQUIVALENT:
            return "equivalent", _rounded(self.equal[i, j]), "best"
        if self.related[i, j] < LEAST_ANY:
            return None, _rounded(self.related[i, j]), "unlikely"
        if (i, j) in self.split:
            return None, _rounded(self.related[i, j]), "whole and part"
        return "partial", _rounded(self.related[i, j]), "related"

    def aligned(self) -> Mapping[Place, tuple[Relation, float]]:
        """All pairs that are aligned, in order, with relation and score."""
        likely = np.argwhere((self.related >= LEAST_ANY) | (self.best & (self.equal >= LEAST_EQUIVALENT)))
        found: dict[Place, tuple[Relation, float]] = {}
        for i, j in sorted({*self.repeated, *((int(x), int(y)) for x, y in likely)}):
            relation, score, _ = self.of(i, j)
            if relation is not None:
                found[i, j] = relation, score
        return found


def decide(a: Sequence[Unit], b: Sequence[Unit], found: Evidence, model: Model) -> Decisions:
    """What ``model`` makes of the evidence ``found`` for the units ``a`` and ``b``."""
    same = repeated(a, b)
    equal, related = model.probabilities(found.features)
    equal -= 1e-6 * found.features["distance"]  # of two that are as good, the nearer
    for i, j in same:  # what is repeated word for word has its counterpart and looks for no other
        equal[i, :] = equal[:, j] = related[i, :] = related[:, j] = 0
    split = frozenset((int(i), int(j)) for i, j in np.argwhere(related >= LEAST_ANY) if _whole_and_part(a[i], b[j]))
    return Decisions(equal, related, _mutual(equal), frozenset(same), split)


def _rounded(score: float) -> float:
    return round(min(max(float(score), 0.0), 0.999), 3)


def _mutual(equal: NDArray[np.float64]) -> NDArray[np.bool_]:
    row, column = equal.max(axis=1, keepdims=True), equal.max(axis=0, keepdims=True)
    as_good = (equal >= _AS_GOOD * row) & (equal >= _AS_GOOD * column) & (equal > 0.5)
    return np.asarray(((equal >= row) & (equal >= column)) | as_good)


def repeated(a: Sequence[Unit], b: Sequence[Unit]) -> list[Place]:
    """Units that say the same word for word, the first with the first where a document says it twice."""
    places: dict[tuple[str, str], list[int]] = defaultdict(list)
    for j, unit in enumerate(b):
        places[unit.heading, unit.text].append(j)
    for waiting in places.values():
        waiting.reverse()
    return [(i, places[key].pop()) for i, unit in enumerate(a) if places.get(key := (unit.heading, unit.text))]


def _whole_and_part(a: Unit, b: Unit) -> bool:
    """Whether a list of targets meets one item of another list: list is compared with list, item with item."""
    def item(unit: Unit) -> bool:
        return unit.head.kind == "dash"

    def listing(unit: Unit) -> bool:
        return any(member.kind == "dash" for member in unit.members[1:])

    return (listing(a) and item(b)) or (item(a) and listing(b))
