"""The learnt combination of the evidence: two logistic regressions whose coefficients stand in weights.tsv.

``weights.tsv`` has a row for each feature with its ``centre`` and ``spread`` over the training pairs, and the
coefficient with which the standardised feature enters ``equivalent`` and ``any`` (equivalent or partial); the row
``intercept`` holds the constants. benchmarks/alignment_weights.py makes the file and prints the cross-validation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from kb.align.space import Matrix

#: What the regressions use; the other features are for explaining only.
EQUIVALENT = ("relative", "relative_covered", "relative_heading", "heading_found", "no_heading", "owned",
              "sole_role", "goal_clash", "other_partner")
ANY = ("relative", "relative_covered", "relative_meaning", "covered", "mutual_sentences", "sentence_in_clause_one",
       "sentence_in_clause_both", "heading_in_sentence", "length", "sole_role", "goal_clash")


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
        """Of being equivalent, and of being equivalent or partial, for every pair."""
        related = self.any.probability(features)
        equal = self.equivalent.probability({**features, "other_partner": other_partner(related, features)})
        return equal, np.maximum(equal, related)


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


@cache
def shipped() -> Model:
    """The model of weights.tsv."""
    text = files(__package__).joinpath("weights.tsv").read_text(encoding="utf-8")
    header, *rows = (line.split("\t") for line in text.splitlines() if line and not line.startswith("#"))
    table = {row[0]: dict(zip(header, row, strict=True)) for row in rows}
    return Model(_regression(table, "equivalent"), _regression(table, "any"))


def _regression(table: Mapping[str, Mapping[str, str]], target: str) -> Regression:
    weights = tuple(Weight(name, float(row["centre"]), float(row["spread"]), float(row[target]))
                    for name, row in table.items() if name != "intercept" and row[target])
    return Regression(float(table["intercept"][target]), weights)


def as_table(model: Model) -> str:
    """``model`` in the form of weights.tsv."""
    rows = ["feature\tcentre\tspread\tequivalent\tany",
            f"intercept\t\t\t{model.equivalent.constant:.4f}\t{model.any.constant:.4f}"]
    equivalent = {weight.name: weight for weight in model.equivalent.weights}
    related = {weight.name: weight for weight in model.any.weights}
    for name in {**equivalent, **related}:
        scale = equivalent.get(name) or related[name]
        one, two = equivalent.get(name), related.get(name)
        rows.append(f"{name}\t{scale.centre:.4f}\t{scale.spread:.4f}\t{f'{one.coefficient:.4f}' if one else ''}"
                    f"\t{f'{two.coefficient:.4f}' if two else ''}")
    return "\n".join(rows) + "\n"
