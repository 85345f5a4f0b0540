"""Clauses of two documents -> scored alignments, down to the sentence.

How it decides: every clause of the one is compared with every clause of the other (:mod:`kb.align.features`); two small
logistic regressions (:mod:`kb.align.model`) turn the evidence into the probabilities that the two regulate the same
matter, and that one covers at least an identifiable part of the other. Equivalent is what is each other's best.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz

from kb.align.features import Evidence, evidence
from kb.align.model import Model, shipped
from kb.align.units import Unit, units
from kb.models import Alignment, Document, Provision, Relation, SentenceMatch, Span
from kb.vocabulary.regions import level_order

__all__ = ["align", "upper_first"]

# Least probabilities, chosen on tests/gold: equivalent loses 3 points of F1 there at 0.3, any 4 on read.tsv at 0.5.
_EQUIVALENT = 0.4
_ANY = 0.4
_AS_GOOD = 0.7       # two clauses of one document may both be equivalent to one of the other (two lists of aims)
_SENTENCE = 0.25     # least likeness of two sentences that are shown as matching

Place = tuple[int, int]


def upper_first(a: Document, b: Document) -> tuple[Document, Document]:
    """The two documents with the upper one first: province before prefecture before county, then by region code,
    then by id."""
    first, second = sorted((a, b), key=lambda d: (level_order(d.region_code), d.region_code, d.id))
    return first, second


def align(a: Sequence[Provision], b: Sequence[Provision], model: Model | None = None) -> tuple[Alignment, ...]:
    """Alignments between the clauses of two documents, in the order of ``a``, then of ``b``.

    ``a`` and ``b`` are all provisions of one document each (:func:`kb.parse.parse`), the upper document first
    (:func:`upper_first`). ``score`` is the probability that the pair is what ``relation`` says.
    ``model`` stands in for the shipped weights (cross-validation).
    """
    a_units, b_units = units(a), units(b)
    if not a_units or not b_units:
        return ()
    found = evidence(a_units, b_units)
    pairs = _decide(a_units, b_units, found, model or shipped())
    rows: dict[tuple[str, str], Alignment] = {}
    for (i, j), (relation, score) in pairs.items():
        for row in _rows(a_units[i], b_units[j], relation, score, _block(found, a_units, b_units, i, j)):
            known = rows.get((row.a_path, row.b_path))
            if known is None or (row.relation, -row.score) < (known.relation, -known.score):
                rows[row.a_path, row.b_path] = row
    order = {(p.document_id, p.path): p.ordinal for p in (*b, *a)}
    return tuple(sorted(rows.values(), key=lambda row: (order[row.a_document, row.a_path],
                                                        order[row.b_document, row.b_path])))


# --- which pairs -----------------------------------------------------------------------------------------------

def _decide(a: Sequence[Unit], b: Sequence[Unit], found: Evidence,
            model: Model) -> dict[Place, tuple[Relation, float]]:
    same = _repeated(a, b)
    equal, related = model.probabilities(found.features)
    equal -= 1e-6 * found.features["distance"]  # of two that are as good, the nearer
    for i, j in same:  # what is repeated word for word has its counterpart and looks for no other
        equal[i, :] = equal[:, j] = related[i, :] = related[:, j] = 0
    best = _mutual(equal)
    decided: dict[Place, tuple[Relation, float]] = dict.fromkeys(same, ("equivalent", 1.0))
    for i, j in np.argwhere((related >= _ANY) | (best & (equal >= _EQUIVALENT))).tolist():
        if best[i, j] and equal[i, j] >= _EQUIVALENT:
            decided[i, j] = "equivalent", _rounded(equal[i, j])
        elif not _whole_and_part(a, b, i, j):
            decided[i, j] = "partial", _rounded(related[i, j])
    return dict(sorted(decided.items()))


def _rounded(score: float) -> float:
    return round(min(max(float(score), 0.0), 0.999), 3)


def _mutual(equal: NDArray[np.float64]) -> NDArray[np.bool_]:
    row, column = equal.max(axis=1, keepdims=True), equal.max(axis=0, keepdims=True)
    as_good = (equal >= _AS_GOOD * row) & (equal >= _AS_GOOD * column) & (equal > 0.5)
    return np.asarray(((equal >= row) & (equal >= column)) | as_good)


def _repeated(a: Sequence[Unit], b: Sequence[Unit]) -> list[Place]:
    """Units that say the same word for word, the first with the first where a document says it twice."""
    places: dict[tuple[str, str], list[int]] = defaultdict(list)
    for j, unit in enumerate(b):
        places[unit.heading, unit.text].append(j)
    for waiting in places.values():
        waiting.reverse()
    return [(i, places[key].pop()) for i, unit in enumerate(a) if places.get(key := (unit.heading, unit.text))]


def _whole_and_part(a: Sequence[Unit], b: Sequence[Unit], i: int, j: int) -> bool:
    """Whether a list of targets meets one item of another list: list is compared with list, item with item."""
    def item(unit: Unit) -> bool:
        return unit.head.kind == "dash"

    def listing(unit: Unit) -> bool:
        return any(member.kind == "dash" for member in unit.members[1:])

    return (listing(a[i]) and item(b[j])) or (item(a[i]) and listing(b[j]))


# --- which sentences -------------------------------------------------------------------------------------------

def _block(found: Evidence, a: Sequence[Unit], b: Sequence[Unit], i: int, j: int) -> NDArray[np.float32]:
    """Likeness of the sentences of two units."""
    first, second = int(found.a_starts[i]), int(found.b_starts[j])
    return found.likeness[first:first + len(a[i].sentences), second:second + len(b[j].sentences)]


def _rows(a: Unit, b: Unit, relation: Relation, score: float, likeness: NDArray[np.float32]) -> Iterator[Alignment]:
    """The pair as rows between clauses: equivalent units are joined at their heads; what matches in finer pieces
    under a head (but not in dash items, which are units of their own) is a partial row of its own."""
    groups: dict[Place, list[SentenceMatch]] = defaultdict(list)
    for x, y in _matches(likeness):
        one, other = a.sentences[x], b.sentences[y]
        groups[one.member, other.member].append(
            SentenceMatch(one.span, other.span, _shown(one.text, other.text, float(likeness[x, y]))))
    if relation == "equivalent":
        yield _row(a, b, (0, 0), relation, score, tuple(groups.pop((0, 0), ())))
    fine = {members: matches for members, matches in groups.items() if not _dash(a, b, members)}
    if relation == "partial" and not fine:
        yield _row(a, b, (0, 0), relation, score, ())
    for members, matches in fine.items():
        yield _row(a, b, members, "partial", score, tuple(matches))


def _shown(a: str, b: str, likeness: float) -> float:
    """Likeness of two sentences as it is shown: of matter and, by half, letter for letter; 1 only for the same."""
    return round((min(1.0, likeness) + fuzz.ratio(a, b) / 100) / 2, 3)


def _dash(a: Unit, b: Unit, members: Place) -> bool:
    return any(number > 0 and unit.members[number].kind == "dash" for unit, number in zip((a, b), members, strict=True))


def _row(a: Unit, b: Unit, members: Place, relation: Relation, score: float,
         matches: tuple[SentenceMatch, ...]) -> Alignment:
    one, other = a.members[members[0]], b.members[members[1]]
    a_span, b_span = Span(0, len(one.text)), Span(0, len(other.text))
    if relation == "partial" and matches:
        a_span = Span(min(m.a.start for m in matches), max(m.a.end for m in matches))
        b_span = Span(min(m.b.start for m in matches), max(m.b.end for m in matches))
    return Alignment(one.document_id, one.path, other.document_id, other.path, relation, score, a_span, b_span, matches)


def _matches(likeness: NDArray[np.float32]) -> list[Place]:
    """Pairs of sentences that are each other's best in the two units and alike enough; at least the best pair."""
    row, column = likeness.max(axis=1, keepdims=True), likeness.max(axis=0, keepdims=True)
    floor = max(_SENTENCE, 0.5 * float(likeness.max()))
    found = [(int(x), int(y)) for x, y in np.argwhere((likeness >= row) & (likeness >= column) & (likeness >= floor))]
    x, y = divmod(int(likeness.argmax()), likeness.shape[1])
    return found or ([(x, y)] if likeness[x, y] > 0 else [])
