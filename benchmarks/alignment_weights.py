"""Learns kb/align/weights.tsv from the annotations and says how good it is: alignment_weights.py LAWS_DIR [--write]
[--ablation]

LAWS_DIR holds the law texts that tests/gold/laws names. Every pair is scored with weights learnt from the others: a
pair of policies from all other pairs, a pair of laws from the pairs of other topics. ``--write`` then learns from all
and writes the file. ``--ablation`` repeats the validation without each feature. Needs scikit-learn.

What the validation leaves out is the coefficients alone. The features, the constants here and in kb.align and the lists
of words were chosen by people who had read all five documents and saw these scores, so new documents will score lower.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

from kb.align import align
from kb.align.features import evidence
from kb.align.model import ANY, EQUIVALENT, Model, Regression, Weight, as_table, from_table, other_partner
from kb.align.units import units
from kb.corpus import read_corpus
from kb.evaluate import AlignmentScores, Count, Gold, read_gold, score_alignments
from kb.models import Document, Provision
from kb.parse import parse

GOLD = Path("tests/gold")
STRENGTH = 0.5     # inverse regularisation
NEAR_COPY = 0.5    # weight of 台州-临海, which is easy
UNRELATED = 0.3    # weight of two documents of other matters
BOILERPLATE = 0.3  # likeness from which two clauses of such documents may well say the same
LAWS = 0.15        # weight of a pair of laws: their articles have no headings, and there are twelve pairs of them
RIVALS = 0.7       # pairs that are this near to being each other's best are what the equivalents are told from
SKIP = "skip"


@dataclass(frozen=True)
class Bed:
    """One annotated pair of documents."""

    name: str
    group: str
    weight: float
    a: tuple[Provision, ...]
    b: tuple[Provision, ...]
    regions: tuple[str, str]
    gold: Gold

    def truth(self) -> np.ndarray:
        """The annotated relation of each pair of units; SKIP outside what was read."""
        a = [self.gold.clause(self.regions[0], unit.head.path) for unit in units(self.a)]
        b = [self.gold.clause(self.regions[1], unit.head.path) for unit in units(self.b)]
        return np.array([[self._relation(x, y) for y in b] for x in a])

    def _relation(self, x: str, y: str) -> str:
        if not (self.gold.counted(self.regions[0], x) and self.gold.counted(self.regions[1], y)):
            return SKIP
        return self.gold.pairs.get((self.regions[0], x, self.regions[1], y), "none")

    def scores(self, model: Model) -> AlignmentScores:
        rows = []
        for row in align(self.a, self.b, model):
            key = (self.regions[0], self.gold.clause(self.regions[0], row.a_path),
                   self.regions[1], self.gold.clause(self.regions[1], row.b_path))
            if self.gold.counted(*key[:2]) and self.gold.counted(*key[2:]):
                rows.append((key, row.relation, row.score))
        return score_alignments(rows, self.gold)


def policies() -> list[Bed]:
    documents = {document.region_code: document for document in read_corpus(Path("corpus"))}
    gold = read_gold(GOLD / "dev.json")
    pairs = dict(gold.pairs)
    for line in (GOLD / "read.tsv").read_text(encoding="utf-8").splitlines():
        if not line.startswith(("#", "a_region")):
            a, x, b, y, relation = line.split("\t")
            pairs[a, x, b, y] = relation
    beds = []
    for a, b in dict.fromkeys((key[0], key[2]) for key in pairs):
        own = {key: relation for key, relation in pairs.items() if (key[0], key[2]) == (a, b)}
        easy = sum(relation == "equivalent" for relation in own.values()) > 0.7 * len(own)
        beds.append(Bed(f"{a}-{b}", f"{a}-{b}", NEAR_COPY if easy else 1.0, parse(documents[a]).provisions,
                        parse(documents[b]).provisions, (a, b), replace(gold, pairs=own)))
    return beds


def laws(folder: Path) -> list[Bed]:
    @cache
    def provisions(name: str) -> tuple[Provision, ...]:
        text = (folder / name).read_text(encoding="utf-8", errors="replace").split("<!-- INFO END -->", 1)[1]
        return parse(Document(id=name, title=name, region_code="", text=f"# x\n{text}")).provisions

    beds = []
    for file in sorted((GOLD / "laws").glob("*.tsv")):
        lines = file.read_text(encoding="utf-8").splitlines()
        head = dict(line[2:].split(": ", 1) for line in lines if line.startswith("# ") and ": " in line)
        rows = [line.split("\t") for line in lines if line.startswith("正文")]
        a, b = provisions(head["a"]), provisions(head["b"])
        gold = Gold({("a", row[0], "b", row[1]): row[2] for row in rows if row[1] != "-"},
                    paths={"a": frozenset(row[0] for row in rows),
                           "b": frozenset(p.path for p in b if p.kind == "article")})
        beds.append(Bed(file.stem, f"law {head['topic']}", LAWS, a, b, ("a", "b"), gold))
    return beds


def unrelated(folder: Path, first: int) -> list[Bed]:
    """Policies against laws, and laws against laws, of other matters: nobody has read them, so what is alike
    (自…起施行) is left out, and everything else is no counterpart. Without them a model learns nothing about two
    documents whose best pairs are bad ones. ``first`` picks the sample: learnt from 0, measured on another."""
    sample = []
    for kind in ("经济法", "行政法"):
        for file in sorted((folder / kind).glob("*.md"))[first::8]:
            text = file.read_text(encoding="utf-8", errors="replace").split("<!-- INFO END -->", 1)[-1]
            provisions = parse(Document(id=file.stem, title=file.stem, region_code="", text=f"# x\n{text}")).provisions
            if 8 <= sum(provision.kind == "article" for provision in provisions) <= 80:
                sample.append((file.stem, provisions))
    policies_ = [(d.id, parse(d).provisions) for d in read_corpus(Path("corpus"))]
    beds = []
    for number, (name, provisions) in enumerate(sample):
        for other, theirs in (policies_[number % len(policies_)], sample[number - 1]):
            paths = {side: frozenset(unit.head.path for unit in units(found))
                     for side, found in (("a", theirs), ("b", provisions))}
            beds.append(Bed(f"{other}-{name}", "unrelated", UNRELATED, theirs, provisions, ("a", "b"),
                            Gold({}, paths=paths)))
    return beds


# --- learning --------------------------------------------------------------------------------------------------

class Learner:
    """Features and truth of every bed, computed once."""

    def __init__(self, beds: Sequence[Bed]) -> None:
        self.beds = [bed for bed in beds if bed.group != "unrelated"]
        self.negative = [bed for bed in beds if bed.group == "unrelated"]
        self.truth = {bed.name: bed.truth() for bed in beds}
        self.features = {bed.name: evidence(units(bed.a), units(bed.b)).features for bed in beds}
        for bed in self.negative:
            self.truth[bed.name] = np.where(self.features[bed.name]["likeness"] >= BOILERPLATE, SKIP,
                                            self.truth[bed.name])

    def model(self, beds: Iterable[Bed], equivalent: Sequence[str] = EQUIVALENT, related: Sequence[str] = ANY) -> Model:
        beds = list(beds)
        right = ("equivalent", "partial", "either")
        any_model = self._fit([*beds, *self.negative], related, right, ("debatable", SKIP))
        for bed in beds:
            features = self.features[bed.name]
            features["other_partner"] = other_partner(any_model.probability(features), features)
        return Model(self._fit(beds, equivalent, ("equivalent",), ("either", "debatable", SKIP), RIVALS), any_model)

    def _fit(self, beds: Sequence[Bed], names: Sequence[str], right: tuple[str, ...],
             left_out: tuple[str, ...], least: float = 0.0) -> Regression:
        values, truth, weight = [], [], []
        for bed in beds:
            use = ~np.isin(self.truth[bed.name], left_out) & (self.features[bed.name]["relative"] >= least)
            values.append(np.stack([self.features[bed.name][name][use] for name in names], axis=1))
            truth.append(np.isin(self.truth[bed.name][use], right))
            weight.append(np.full(int(use.sum()), bed.weight))
        table = np.vstack(values).astype(np.float64)
        centre, spread = table.mean(axis=0), table.std(axis=0) + 1e-6
        fitted = LogisticRegression(C=STRENGTH, max_iter=3000).fit(
            (table - centre) / spread, np.concatenate(truth), sample_weight=np.concatenate(weight))
        return Regression(float(fitted.intercept_[0]), tuple(
            Weight(name, float(c), float(s), float(k))
            for name, c, s, k in zip(names, centre, spread, fitted.coef_[0], strict=True)))

    def validate(self, without: str = "") -> dict[str, AlignmentScores]:
        """Scores of every bed with weights learnt on the beds of other groups, without the feature ``without``."""
        equivalent = [name for name in EQUIVALENT if name != without]
        related = [name for name in ANY if name != without]
        found, models = {}, {}
        for bed in self.beds:
            if bed.group not in models:
                models[bed.group] = self.model((b for b in self.beds if b.group != bed.group), equivalent, related)
            found[bed.name] = bed.scores(models[bed.group])
        return found


def pooled(scores: Iterable[AlignmentScores]) -> tuple[Count, Count]:
    scores = list(scores)
    return sum((s.equivalent for s in scores), Count()), sum((s.any for s in scores), Count())


def report(learner: Learner) -> None:
    found = learner.validate()
    print(f"{'pair':<28}{'equivalent':>12}{'any':>8}   any: hits, false, missed")
    for name, scores in found.items():
        count = scores.any
        print(f"{name:<28}{scores.equivalent.f1:>12.3f}{count.f1:>8.3f}   {count.hits} {count.false} {count.missed}")
    dev = {"-".join((p["a_region"], p["b_region"]))
           for p in json.loads((GOLD / "dev.json").read_text(encoding="utf-8"))["pairs"]}
    sets = {"dev.json": [found[name] for name in found if name in dev],
            "read.tsv": [found[b.name] for b in learner.beds if b.name not in dev and not b.group.startswith("law")],
            "laws": [found[b.name] for b in learner.beds if b.group.startswith("law")]}
    for name, scores in sets.items():
        equivalent, related = pooled(scores)
        print(f"pooled {name:<21}{equivalent.f1:>12.3f}{related.f1:>8.3f}")
    print("reliability: score, rows, mean, right")
    bins: dict[tuple[float, float], list[float]] = defaultdict(lambda: [0, 0.0, 0])
    for name, scores in sets.items():
        if name != "laws":
            for r in (r for s in scores for r in s.reliability):
                cell = bins[r.low, r.high]
                cell[0], cell[1], cell[2] = cell[0] + r.rows, cell[1] + r.mean * r.rows, cell[2] + r.right
    for (low, high), (rows, total, right) in sorted(bins.items()):
        print(f"  {low:.1f}-{high:.1f} {rows:>5} {total / rows:.2f} {right / rows:.2f}")


def false_alarms(learner: Learner, beds: Sequence[Bed]) -> None:
    """Rows between documents of other matters that were not learnt from, closing provisions aside."""
    model = learner.model(learner.beds)
    rows = [row for bed in beds for row in align(bed.a, bed.b, model)
            if "施行" not in next(p.text for p in bed.b if p.path == row.b_path)]
    equivalent = sum(row.relation == "equivalent" for row in rows)
    print(f"documents of other matters: {len(beds)} pairs, {len(rows)} rows, {equivalent} of them equivalent")


def ablation(learner: Learner) -> None:
    print("without: F1 equivalent and any, policies and laws")
    for name in ("", *dict.fromkeys((*EQUIVALENT, *ANY))):
        found = learner.validate(name)
        policy = pooled(found[b.name] for b in learner.beds if not b.group.startswith("law"))
        law = pooled(found[b.name] for b in learner.beds if b.group.startswith("law"))
        print(f"{name or '(nothing)':<22}" + "".join(f"{count.f1:>8.3f}" for count in (*policy, *law)))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("laws", type=Path)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--ablation", action="store_true")
    arguments = parser.parse_args()
    learner = Learner([*policies(), *laws(arguments.laws), *unrelated(arguments.laws, 0)])
    report(learner)
    false_alarms(learner, unrelated(arguments.laws, 3))
    if arguments.ablation:
        ablation(learner)
    if arguments.write:
        notes = ("# Made by benchmarks/alignment_weights.py from tests/gold. A feature's share in the log odds is\n"
                 "# coefficient * (value - centre) / spread.\n")
        learnt = learner.model(learner.beds)
        file = Path("kb/align/weights.tsv")
        file.write_text(notes + as_table(learnt), encoding="utf-8")
        written = from_table(file.read_text(encoding="utf-8"))
        print("learnt from all, scored on the same (NOT a validation): from memory and from the file")
        for model in (learnt, written):
            equivalent, related = pooled(bed.scores(model) for bed in learner.beds if not bed.group.startswith("law"))
            print(f"{equivalent.f1:>8.3f}{related.f1:>8.3f}")


if __name__ == "__main__":
    main()
