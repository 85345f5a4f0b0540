"""The judgements made by reading: complete, of the known kinds, and of rows whose quotes stand in the corpus."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from kb.corpus import read_corpus

GOLD = Path(__file__).parent / "gold"


def _rows(name: str) -> list[dict[str, str]]:
    lines = (line for line in (GOLD / name).read_text("utf-8").splitlines() if not line.startswith("#"))
    return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


@pytest.mark.parametrize(("name", "least"), [
    ("judged_differences.tsv", 600), ("judged_responsibilities.tsv", 100), ("judged_citations.tsv", 21),
    ("judged_fines.tsv", 50),
])
def test_every_row_has_a_judgement_and_what_is_wrong_a_reason(name: str, least: int) -> None:
    rows = _rows(name)
    assert len(rows) == least
    assert {row["judgement"] for row in rows} <= {"right", "type", "noise"}
    assert all(row["reason"] for row in rows if row["judgement"] != "right")


def test_the_judged_quotes_stand_in_the_corpus(corpus: Path) -> None:
    texts = {document.id: " ".join(document.text.split()) for document in read_corpus(corpus)}
    for row in _rows("judged_differences.tsv"):
        assert row["a_quote"] in texts[row["a_document"]]
        assert row["b_quote"] in texts[row["b_document"]]
