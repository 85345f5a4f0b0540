"""Which sentences of two aligned units match."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz

from kb.align.features import Evidence
from kb.align.units import Unit

_LEAST = 0.25     # least likeness of two sentences that are shown as matching

Place = tuple[int, int]


def block(found: Evidence, a: Sequence[Unit], b: Sequence[Unit], i: int, j: int) -> NDArray[np.float32]:
    """Likeness of the sentences of two units."""
    first, second = int(found.a_starts[i]), int(found.b_starts[j])
    return found.likeness[first:first + len(a[i].sentences), second:second + len(b[j].sentences)]


def matches(likeness: NDArray[np.float32]) -> list[Place]:
    """Pairs of sentences that are each other's best in the two units and alike enough; at least the best pair."""
    row, column = likeness.max(axis=1, keepdims=True), likeness.max(axis=0, keepdims=True)
    floor = max(_LEAST, 0.5 * float(likeness.max()))
    found = [(int(x), int(y)) for x, y in np.argwhere((likeness >= row) & (likeness >= column) & (likeness >= floor))]
    x, y = divmod(int(likeness.argmax()), likeness.shape[1])
    return found or ([(x, y)] if likeness[x, y] > 0 else [])


def shown(a: str, b: str, likeness: float) -> float:
    """Likeness of two sentences as it is shown: of matter and, by half, letter for letter; 1 only for the same."""
    return round((min(1.0, likeness) + fuzz.ratio(a, b) / 100) / 2, 3)
