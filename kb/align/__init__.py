"""Clauses of two documents -> scored alignments, down to the sentence.

How it decides: every clause of the one is compared with every clause of the other (:mod:`kb.align.features`); two small
logistic regressions (:mod:`kb.align.model`) turn the evidence into the probabilities that the two regulate the same
matter, and that one covers at least an identifiable part of the other. Equivalent is what is each other's best.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from kb.align.decide import Place, decide
from kb.align.encoder import Encode
from kb.align.features import evidence
from kb.align.model import Model, shipped
from kb.align.moves import Placed, moves
from kb.align.sentences import block, matches, shown
from kb.align.units import Unit, units
from kb.models import Alignment, Document, Provision, Relation, SentenceMatch, Span
from kb.vocabulary.regions import level_order

__all__ = ["align", "upper_first"]


def upper_first(a: Document, b: Document) -> tuple[Document, Document]:
    """The two documents with the upper one first: province before prefecture before county, then by region code,
    then by id."""
    first, second = sorted((a, b), key=lambda d: (level_order(d.region_code), d.region_code, d.id))
    return first, second


def align(a: Sequence[Provision], b: Sequence[Provision], model: Model | None = None,
          encode: Encode | None = None) -> tuple[Alignment, ...]:
    """Alignments between the clauses of two documents, in the order of ``a``, then of ``b``.

    ``a`` and ``b`` are all provisions of one document each (:func:`kb.parse.parse`), the upper document first
    (:func:`upper_first`). ``score`` is the probability that the pair is what ``relation`` says; ``moved`` what
    :func:`kb.align.moves.moves` finds.
    ``model`` stands in for the shipped weights (cross-validation); ``encode`` joins a text encoder to the word vectors
    (:mod:`kb.align.encoder`).
    """
    a_units, b_units = units(a), units(b)
    if not a_units or not b_units:
        return ()
    found = evidence(a_units, b_units, encode)
    pairs = decide(a_units, b_units, found, model or shipped()).aligned()
    rows: dict[tuple[str, str], Alignment] = {}
    for (i, j), (relation, score) in pairs.items():
        for row in _rows(a_units[i], b_units[j], relation, score, block(found, a_units, b_units, i, j)):
            known = rows.get((row.a_path, row.b_path))
            if known is None or (row.relation, -row.score) < (known.relation, -known.score):
                rows[row.a_path, row.b_path] = row
    a_order, b_order = {p.path: p.ordinal for p in a}, {p.path: p.ordinal for p in b}
    ordered = sorted(rows.values(), key=lambda row: (a_order[row.a_path], b_order[row.b_path]))
    whole = [row for row in ordered if row.relation == "equivalent"]
    moved = dict(zip(map(id, whole), moves([Placed(row.a_path, a_order[row.a_path], row.b_path, b_order[row.b_path])
                                            for row in whole]), strict=True))
    return tuple(replace(row, moved=moved.get(id(row), "")) for row in ordered)


# --- which sentences -------------------------------------------------------------------------------------------

def _rows(a: Unit, b: Unit, relation: Relation, score: float, likeness: NDArray[np.float32]) -> Iterator[Alignment]:
    """The pair as rows between clauses: equivalent units are joined at their heads; what matches in finer pieces
    under a head (but not in dash items, which are units of their own) is a partial row of its own."""
    groups: dict[Place, list[SentenceMatch]] = defaultdict(list)
    for x, y in matches(likeness):
        one, other = a.sentences[x], b.sentences[y]
        groups[one.member, other.member].append(
            SentenceMatch(one.span, other.span, shown(one.text, other.text, float(likeness[x, y]))))
    if relation == "equivalent":
        yield _row(a, b, (0, 0), relation, score, tuple(groups.pop((0, 0), ())))
    fine = {members: matches for members, matches in groups.items() if not _dash(a, b, members)}
    if relation == "partial" and not fine:
        yield _row(a, b, (0, 0), relation, score, ())
    for members, inside in fine.items():
        yield _row(a, b, members, "partial", score, tuple(inside))


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
