"""What each ingredient of the alignment adds: alignment_ablation.py LAWS_DIR

Learns and validates again without each ingredient and writes the table into docs/alignment.md, between its two marks.
LAWS_DIR holds the law texts that tests/gold/laws names. Needs scikit-learn; takes some minutes.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import numpy as np
from alignment_weights import Learner, laws, policies, pooled, sets, unrelated

from kb.align import features, space
from kb.align.features import Matrix
from kb.align.space import Terms

DOCS = Path("docs/alignment.md")
BEGIN, END = "<!-- ablation: begin -->", "<!-- ablation: end -->"
#: Ingredients that are features: name -> the features that go with it.
FEATURES = {
    "relative to the best of row and column": {"relative", "relative_covered", "relative_heading", "relative_meaning"},
    "headings": {"relative_heading", "heading_found", "heading_in_sentence", "no_heading"},
    "sentences": {"relative_covered", "covered", "owned", "mutual_sentences"},
    "one sentence against a clause": {"sentence_in_clause_one", "sentence_in_clause_both", "heading_in_sentence"},
    "roles (aim or action)": {"sole_role", "goal_clash"},
    "length": {"length"},
    "another partner": {"other_partner"},
    "whether the documents are of one field": {"comparable"},
}


@contextmanager
def no_vectors() -> Iterator[None]:
    def nothing(a: list[Terms], b: list[Terms]) -> Matrix:
        return np.zeros((len(a), len(b)), dtype=np.float32)
    with patch.object(features, "meanings", nothing):
        yield


@contextmanager
def no_synonyms() -> Iterator[None]:
    with patch.object(space, "_synonyms", dict):
        space.terms.cache_clear()
        yield
    space.terms.cache_clear()


@contextmanager
def no_pairs() -> Iterator[None]:
    def nothing(_text: str) -> Terms:
        return ()
    with patch.object(features, "bigrams", nothing):
        yield


#: Ingredients of the texts themselves: name -> what takes it away.
TEXTS: dict[str, Callable] = {"static word vectors": no_vectors, "near-synonyms": no_synonyms,
                              "pairs of characters": no_pairs}


def main(folder: str) -> None:
    def learner() -> Learner:
        return Learner([*policies(), *laws(Path(folder)), *unrelated(Path(folder), 0)])
    whole = learner()
    rows = [("(nothing)", *scores(whole))]
    rows += [(name, *scores(whole, frozenset(gone))) for name, gone in FEATURES.items()]
    for name, without in TEXTS.items():
        with without():
            rows.append((name, *scores(learner())))
    head = ("without", "policies: equivalent", "any", "strictly: equivalent", "any", "regulations: equivalent", "any")
    table = "\n".join(f"| {' | '.join(row)} |" for row in (head, ("---",) * len(head), *rows))
    text = DOCS.read_text(encoding="utf-8")
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    DOCS.write_text(f"{before}{BEGIN}\n{table}\n{END}{after}", encoding="utf-8")
    print(table)


def scores(learner: Learner, without: frozenset[str] = frozenset()) -> Iterator[str]:
    found, strictly, names = learner.validate(without), learner.validate_strictly(without), sets(learner)
    for scored, name in ((found, "policies"), (strictly, "policies"), (found, "laws")):
        yield from (f"{count.f1:.3f}" for count in pooled(scored[bed] for bed in names[name]))


if __name__ == "__main__":
    main(*sys.argv[1:])
