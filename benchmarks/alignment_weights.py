"""Learns kb/align/weights.tsv from the annotations and says how good it is: alignment_weights.py LAWS_DIR [--write]
[--encoder PATH_OR_NAME]

LAWS_DIR holds the law texts that tests/gold/laws names. Every pair is scored with weights learnt from the others: a
pair of policies from all other pairs, a pair of laws from the pairs of other topics; and once more, strictly, a pair of
policies from pairs without either of its documents. ``--write`` then learns from all and writes the file. ``--encoder``
measures what a text encoder adds to the same weights. Needs scikit-learn. alignment_ablation.py measures the
ingredients.

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
from kb.align.encoder import Encode, load
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
# Weight of a pair of laws: their articles have no headings, and there are twelve pairs of them. What makes two clauses
# equivalent is the same in laws and policies (0.5 to 1 are as good, strictly validated; less is worse), what makes
# them partial is less so (0.3 loses a point, 0.6 two).
LAWS = {"equivalent": 0.5, "any": 0.15}
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

    @property
    def law(self) -> bool:
        """Whether the two are laws."""
        return self.group.startswith("law")

    @property
    def documents(self) -> frozenset[str]:
        """The two documents."""
        return frozenset({self.a[0].document_id, self.b[0].document_id})

    def truth(self) -> np.ndarray:
        """The annotated relation of each pair of units; SKIP outside what was read."""
        a = [self.gold.clause(self.regions[0], unit.head.path) for unit in units(self.a)]
        b = [self.gold.clause(self.regions[1], unit.head.path) for unit in units(self.b)]
        return np.array([[self._relation(x, y) for y in b] for x in a])

    def _relation(self, x: str, y: str) -> str:
        if not (self.gold.counted(self.regions[0], x) and self.gold.counted(self.regions[1], y)):
            return SKIP
        return self.gold.pairs.get((self.regions[0], x, self.regions[1], y), "none")

    def scores(self, model: Model, encode: Encode | None = None) -> AlignmentScores:
        rows = []
        for row in align(self.a, self.b, model, encode):
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
        beds.append(Bed(head.get("name", file.stem), f"law {head['topic']}", 1.0, a, b, ("a", "b"), gold))
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

    def model(self, beds: Iterable[Bed], without: frozenset[str] = frozenset(),
              unseen: frozenset[str] = frozenset()) -> Model:
        """Learnt from ``beds`` and from documents of other matters, but for ``unseen`` documents; ``without``:
        features that it may not use."""
        beds = list(beds)
        right = ("equivalent", "partial", "either")
        negative = [bed for bed in self.negative if not bed.documents & unseen]
        equivalent, related = ([name for name in names if name not in without] for names in (EQUIVALENT, ANY))
        any_model = self._fit("any", [*beds, *negative], related, right, ("debatable", SKIP))
        for bed in beds:
            features = self.features[bed.name]
            features["other_partner"] = other_partner(any_model.probability(features), features)
        found = self._fit("equivalent", beds, equivalent, ("equivalent",), ("either", "debatable", SKIP))
        return Model(found, any_model)

    def _fit(self, target: str, beds: Sequence[Bed], names: Sequence[str], right: tuple[str, ...],
             left_out: tuple[str, ...]) -> Regression:
        values, truth, weight = [], [], []
        for bed in beds:
            use = ~np.isin(self.truth[bed.name], left_out)
            values.append(np.stack([self.features[bed.name][name][use] for name in names], axis=1))
            truth.append(np.isin(self.truth[bed.name][use], right))
            weight.append(np.full(int(use.sum()), bed.weight * (LAWS[target] if bed.law else 1)))
        table = np.vstack(values).astype(np.float64)
        centre, spread = table.mean(axis=0), table.std(axis=0) + 1e-6
        fitted = LogisticRegression(C=STRENGTH, max_iter=3000).fit(
            (table - centre) / spread, np.concatenate(truth), sample_weight=np.concatenate(weight))
        return Regression(float(fitted.intercept_[0]), tuple(
            Weight(name, float(c), float(s), float(k))
            for name, c, s, k in zip(names, centre, spread, fitted.coef_[0], strict=True)))

    def validate(self, without: frozenset[str] = frozenset(),
                 encode: Encode | None = None) -> dict[str, AlignmentScores]:
        """Scores of every bed with weights learnt on the beds of other groups, without the features ``without``."""
        found, models = {}, {}
        for bed in self.beds:
            if bed.group not in models:
                models[bed.group] = self.model((b for b in self.beds if b.group != bed.group), without)
            found[bed.name] = bed.scores(models[bed.group], encode)
        return found

    def validate_strictly(self, without: frozenset[str] = frozenset(),
                          encode: Encode | None = None) -> dict[str, AlignmentScores]:
        """Scores of every bed of policies with weights learnt without either of its documents."""
        return {bed.name: bed.scores(self.model((b for b in self.beds if not b.documents & bed.documents), without,
                                                bed.documents), encode)
                for bed in self.beds if not bed.law}


def pooled(scores: Iterable[AlignmentScores]) -> tuple[Count, Count]:
    scores = list(scores)
    return sum((s.equivalent for s in scores), Count()), sum((s.any for s in scores), Count())


def sets(learner: Learner) -> dict[str, list[str]]:
    """The names of the beds of each set of annotations."""
    dev = {"-".join((p["a_region"], p["b_region"]))
           for p in json.loads((GOLD / "dev.json").read_text(encoding="utf-8"))["pairs"]}
    policies_ = [bed.name for bed in learner.beds if not bed.law]
    return {"dev.json": [name for name in policies_ if name in dev],
            "read.tsv": [name for name in policies_ if name not in dev],
            "policies": policies_, "laws": [bed.name for bed in learner.beds if bed.law]}


def report(learner: Learner, encode: Encode | None = None) -> None:
    found, strictly = learner.validate(encode=encode), learner.validate_strictly(encode=encode)
    print(f"{'pair':<28}{'equivalent':>12}{'any':>8}   any: hits, false, missed   strictly: equivalent, any")
    for name, scores in found.items():
        count = scores.any
        strict = f"{strictly[name].equivalent.f1:>16.3f}{strictly[name].any.f1:>8.3f}" if name in strictly else ""
        print(f"{name:<28}{scores.equivalent.f1:>12.3f}{count.f1:>8.3f}   {count.hits:>3}{count.false:>3}"
              f"{count.missed:>3}{strict}")
    for name, beds in sets(learner).items():
        line = "".join(f"{count.f1:>8.3f}" for count in pooled(found[bed] for bed in beds))
        if name != "laws":
            line += "   strictly" + "".join(f"{count.f1:>8.3f}" for count in pooled(strictly[bed] for bed in beds))
        print(f"pooled {name:<21}    {line}")
    for how, scored in (("", found), (" (strictly)", strictly)):
        print(f"reliability{how}: score, rows, mean, right")
        for low, high, rows, mean, right in reliability(scored[bed] for bed in sets(learner)["policies"]):
            print(f"  {low:.1f}-{high:.1f} {rows:>5} {mean:.2f} {right:.2f}")


def reliability(scores: Iterable[AlignmentScores]) -> list[tuple[float, float, int, float, float]]:
    """Of all alignments by their score: from, to, rows, mean score, share of the right ones."""
    bins: dict[tuple[float, float], list[float]] = defaultdict(lambda: [0, 0.0, 0])
    for row in (row for one in scores for row in one.reliability):
        cell = bins[row.low, row.high]
        cell[0], cell[1], cell[2] = cell[0] + row.rows, cell[1] + row.mean * row.rows, cell[2] + row.right
    return [(*limits, int(rows), total / rows, right / rows) for limits, (rows, total, right) in sorted(bins.items())]


def false_alarms(learner: Learner, beds: Sequence[Bed]) -> None:
    """Rows between documents of other matters that were not learnt from, closing provisions aside."""
    model = learner.model(learner.beds)
    rows = [row for bed in beds for row in align(bed.a, bed.b, model)
            if "施行" not in next(p.text for p in bed.b if p.path == row.b_path)]
    equivalent = sum(row.relation == "equivalent" for row in rows)
    print(f"documents of other matters: {len(beds)} pairs, {len(rows)} rows, {equivalent} of them equivalent")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("laws", type=Path)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--encoder")
    arguments = parser.parse_args()
    learner = Learner([*policies(), *laws(arguments.laws), *unrelated(arguments.laws, 0)])
    report(learner)
    if arguments.encoder:
        print(f"with the encoder {arguments.encoder}")
        report(learner, load(arguments.encoder))
    false_alarms(learner, unrelated(arguments.laws, 3))
    if arguments.write:
        notes = ("# Made by benchmarks/alignment_weights.py from tests/gold. A feature's share in the log odds is\n"
                 "# coefficient * (value - centre) / spread.\n")
        learnt = learner.model(learner.beds)
        file = Path("kb/align/weights.tsv")
        file.write_text(notes + as_table(learnt), encoding="utf-8")
        written = from_table(file.read_text(encoding="utf-8"))
        print("learnt from all, scored on the same (NOT a validation): from memory and from the file")
        for model in (learnt, written):
            equivalent, related = pooled(bed.scores(model) for bed in learner.beds if not bed.law)
            print(f"{equivalent.f1:>8.3f}{related.f1:>8.3f}")


if __name__ == "__main__":
    main()
