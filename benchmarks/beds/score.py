"""Found alignments against what is true. The counting itself is that of ``kb eval``.

A finer piece (an unnumbered sub-heading, a sub-item, an item of an article) counts as the clause it stands under.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kb.evaluate import AlignmentScores, Gold, Pair, score_alignments
from kb.models import Alignment, Provision, Relation

_PIECES = frozenset({"heading", "subitem"})


@dataclass(frozen=True)
class Truth:
    """``pairs``: (path in a, path in b) -> equivalent, partial, either (either label is right) or debatable (counts
    neither way). Pairs are complete for the clauses ``complete`` of a; others of a are not judged."""

    pairs: Mapping[tuple[str, str], str]
    complete: frozenset[str]


@dataclass(frozen=True)
class Result:
    """What was found between the documents ``a`` and ``b``, and what is true of them."""

    a: str
    b: str
    found: Mapping[tuple[str, str], tuple[Relation, float]]
    truth: Truth

    def right(self, pair: tuple[str, str]) -> bool:
        """Whether a pair that is true was found with a relation that is right."""
        wanted = self.truth.pairs[pair]
        return pair in self.found and wanted in (self.found[pair][0], "either")


def unit_paths(provisions: Iterable[Provision]) -> dict[str, str]:
    """Path of each provision -> path of the clause it counts as. The items of an article count as the article."""
    by_path = {provision.path: provision for provision in provisions}
    found: dict[str, str] = {}
    for path, provision in by_path.items():         # parents stand before their children
        above = by_path.get(provision.parent or "")
        piece = above is not None and bool(above.text) and (
            provision.kind in _PIECES or by_path[found[above.path]].kind == "article")
        found[path] = found[above.path] if above is not None and piece else path
    return found


def result(alignments: Iterable[Alignment], a: Iterable[Provision], b: Iterable[Provision], truth: Truth,
           names: tuple[str, str]) -> Result:
    """The pairs of clauses that ``alignments`` name, finer pieces rolled up; equivalent wins over partial, and the
    higher score over the lower."""
    a_units, b_units = unit_paths(a), unit_paths(b)
    found: dict[tuple[str, str], tuple[Relation, float]] = {}
    for alignment in alignments:
        pair = a_units[alignment.a_path], b_units[alignment.b_path]
        relation, score = found.get(pair, ("partial", 0.0))
        found[pair] = ("equivalent" if "equivalent" in (relation, alignment.relation) else "partial",
                       max(score, alignment.score))
    return Result(*names, found, truth)


def scores(results: Iterable[Result]) -> AlignmentScores:
    """Counts over all ``results`` and for each of them, as ``kb eval`` counts."""
    pairs: dict[Pair, str] = {}
    found: list[tuple[Pair, Relation, float]] = []
    for one in results:
        pairs |= {(one.a, a, one.b, b): relation for (a, b), relation in one.truth.pairs.items()}
        found += [((one.a, a, one.b, b), relation, score) for (a, b), (relation, score) in one.found.items()
                  if a in one.truth.complete]
    return score_alignments(found, Gold(pairs))
