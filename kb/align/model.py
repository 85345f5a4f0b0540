"""The learnt combination of the evidence: two logistic regressions whose coefficients stand in weights.tsv.

``weights.tsv`` has a row for each feature of each regression, ``equivalent`` and ``any`` (equivalent or partial): its
``centre`` and ``spread`` over the pairs that this regression learnt from, and the coefficient of the standardised
feature. The two learn from different pairs (documents of other matters for ``any`` alone), so their scales differ.
benchmarks/alignment_weights.py makes the file and prints the cross-validation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from kb.align.space import Matrix

#: What the regressions use; the other features are for explaining only.
EQUIVALENT = ("relative", "relative_covered", "relative_heading", "heading_found", "no_heading", "owned",
              "sole_role", "goal_clash", "other_partner")
ANY = ("likeness", "relative", "relative_covered", "relative_meaning", "covered", "mutual_sentences",
       "sentence_in_clause_one", "sentence_in_clause_both", "heading_in_sentence", "length", "sole_role",
       "goal_clash", "comparable")


@dataclass(frozen=True, slots=True)
class Weight:
    """One feature in one regression."""

    name: str
    centre: float
    spread: float
    coefficient: float

    def share(self, values: Matrix) -> NDArray[np.float64]:
        """What the feature adds to the log odds."""
        return np.asarray((values.astype(np.float64) - self.centre) / self.spread * self.coefficient)


@dataclass(frozen=True, slots=True)
class Regression:
    """Log odds = constant + the features' shares."""

    constant: float
    weights: tuple[Weight, ...]

    def shares(self, features: Mapping[str, Matrix]) -> dict[str, NDArray[np.float64]]:
        """The share of each feature in the log odds of every pair."""
        return {weight.name: weight.share(features[weight.name]) for weight in self.weights}

    def probability(self, features: Mapping[str, Matrix]) -> NDArray[np.float64]:
        """Of every pair."""
        odds = self.constant + sum(self.shares(features).values(), start=np.float64(0))
        return np.asarray(1 / (1 + np.exp(-np.clip(odds, -30, 30))))


@dataclass(frozen=True, slots=True)
class Model:
    """The two regressions: the same matter with the same kind of instrument, and the same matter at all."""

    equivalent: Regression
    any: Regression

    def probabilities(self, features: Mapping[str, Matrix]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Of being equivalent, and of being equivalent or partial, for every pair. What is not even related is not
        equivalent: only the second regression was shown documents of other matters, where the best pairs are bad."""
        related = self.any.probability(features)
        equal = self.equivalent.probability({**features, "other_partner": other_partner(related, features)})
        return np.minimum(equal, related), related


def other_partner(related: NDArray[np.float64], features: Mapping[str, Matrix]) -> Matrix:
    """The best probability that either clause has yet another partner: then a clause was split or two were merged
    (台州 附件 12 and 13 against 临海 附件 12), and each pair is partial. Aims and preambles, which a document may
    state twice, have no such rivals."""
    rest = np.maximum(_best_other(related), _best_other(related.T).T)
    return np.asarray(np.where(features["sole_role"] > 0, 0, rest), dtype=np.float32)


def _best_other(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """The best of the row outside the cell itself."""
    if matrix.shape[1] < 2:
        return np.zeros_like(matrix)
    two = np.sort(matrix, axis=1)[:, -2:]
    return np.asarray(np.where(matrix >= two[:, 1:], two[:, :1], two[:, 1:]))


_COLUMNS = ("regression", "feature", "centre", "spread", "coefficient")


@cache
def shipped() -> Model:
    """The model of weights.tsv."""
    return from_table(files(__package__).joinpath("weights.tsv").read_text(encoding="utf-8"))


def from_table(text: str) -> Model:
    """The model that ``text`` writes down in the form of weights.tsv."""
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    rows = [dict(zip(_COLUMNS, line.split("\t"), strict=True)) for line in lines[1:]]
    return Model(_regression(rows, "equivalent"), _regression(rows, "any"))


def _regression(rows: Sequence[Mapping[str, str]], target: str) -> Regression:
    own = [row for row in rows if row["regression"] == target]
    constant = next(float(row["coefficient"]) for row in own if row["feature"] == "constant")
    return Regression(constant, tuple(
        Weight(row["feature"], float(row["centre"]), float(row["spread"]), float(row["coefficient"]))
        for row in own if row["feature"] != "constant"))


def as_table(model: Model) -> str:
    """``model`` in the form of weights.tsv, to four digits."""
    rows = [_COLUMNS]
    for target, regression in (("equivalent", model.equivalent), ("any", model.any)):
        rows.append((target, "constant", "", "", f"{regression.constant:.4f}"))
        rows += [(target, w.name, f"{w.centre:.4f}", f"{w.spread:.4f}", f"{w.coefficient:.4f}")
                 for w in regression.weights]
    return "".join("\t".join(row) + "\n" for row in rows)
