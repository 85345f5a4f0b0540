"""Concordance: rows drawn as text. Documents A (province), B (prefecture), C and D (counties)."""

from __future__ import annotations

import pytest

from kb.concordance import concordance
from kb.models import Alignment, Document, Provision, Relation, Span

CODES = {"A": "330000", "B": "331000", "C": "331081", "D": "331082"}
DOCUMENTS = tuple(Document(id=name, title=name, region_code=code, text="") for name, code in CODES.items())


def clause(document: str, number: int, heading: str = "", kind: str = "section", parent: str | None = "正文",
           path: str = "") -> Provision:
    heading = heading or f"{document}{number}事项"
    return Provision(document, path or f"正文/{number}", str(number), parent, number, 1, kind,  # type: ignore[arg-type]
                     heading, "内容。", 0, 3, 0, len(heading))


def rows(links: str, counts: str = "A2 B2 C2 D2") -> list[str]:
    """Rows as ``A1 B1`` from links such as ``A1=B1 B1~C2``."""
    provisions = {item[0]: [clause(item[0], n) for n in range(1, int(item[1:]) + 1)] for item in counts.split()}
    alignments = []
    for link in links.split():
        relation: Relation = "equivalent" if "=" in link else "partial"
        a, b = link.replace("~", "=").split("=")
        alignments.append(Alignment(a[0], f"正文/{a[1:]}", b[0], f"正文/{b[1:]}", relation, 0.9, Span(0, 3), Span(0, 3)))
    documents = [document for document in DOCUMENTS if document.id in provisions]
    found = concordance(documents, provisions, alignments)
    assert [row.row for row in found] == list(range(1, len(found) + 1))
    return [" ".join(f"{document}{path.split('/')[1]}" for document, path in row.clauses) for row in found]


@pytest.mark.parametrize(("links", "counts", "expected"), [
    ("", "A1 B1", ["A1", "B1"]),                                             # who stands alone has a row
    ("A1=B1", "A2 B1", ["A1 B1", "A2"]),
    ("A1=B1 B1=C1 A1=C1", "A1 B1 C1", ["A1 B1 C1"]),
    ("A1=B1 B1=C1", "A1 B1 C1", ["A1 B1", "B1 C1"]),                         # not glued: b stands in both
    ("A1=B1 A1=C1 B1=C1 B1=D1", "A1 B1 C1 D1", ["A1 B1 C1", "B1 D1"]),       # one chance link of three
    ("A1=B1 A1=C1 B1=C1 A1=D1 C1=D1", "A1 B1 C1 D1", ["A1 B1 C1 D1"]),       # two of three
    ("A1~B1 A1~B2", "A1 B2", ["A1 B1 B2"]),                                  # a split
    ("A1~B1 A2~B1", "A2 B1", ["A1 B1", "A2 B1"]),                            # a merger: in both rows
    ("A1=B1 A1~C1 B1~C1", "A1 B1 C1", ["A1 B1 C1"]),
    ("A2=B1", "A2 B1", ["A1", "A2 B1"]),                                     # order of the uppermost
    ("B2=C1", "A1 B2 C1", ["A1", "B1", "B2 C1"]),
    ("A1=B1 A1=B2", "A1 B2", ["A1 B1 B2"]),                                  # two aims of one document
])
def test_rows(links: str, counts: str, expected: list[str]) -> None:
    assert rows(links, counts) == expected


def test_every_clause_and_every_link_has_a_row() -> None:
    found = [set(row.split()) for row in rows("A1=B1 B1=C1 B1~D2 C2~D1 A2~D1")]
    assert set.union(*found) == {f"{d}{n}" for d in "ABCD" for n in (1, 2)}
    for link in ("A1 B1", "B1 C1", "B1 D2", "C2 D1", "A2 D1"):
        assert any(set(link.split()) <= row for row in found), link


def test_the_order_of_the_input_does_not_matter() -> None:
    assert rows("A1=B1 B1=C1 C1=D1 A1~D1") == rows("A1~D1 C1=D1 B1=C1 A1=B1")


def test_a_finer_clause_has_no_row_of_its_own() -> None:
    provisions = {"A": [clause("A", 1), clause("A", 2, "细目", "heading", "正文/1", "正文/1/·1")], "B": [clause("B", 1)]}
    found = concordance(DOCUMENTS[:2], provisions, [])
    assert [row.clauses for row in found] == [(("A", "正文/1"),), (("B", "正文/1"),)]


@pytest.mark.parametrize(("heading", "label"), [
    ("加快建设保障性租赁住房", "建设保障性租赁住房"),
    ("进一步加快推进项目建设", "推进项目建设"),
    ("加强领导，压实责任", "加强领导，压实责任"),
    ("深入人心", "深入人心"),
])
def test_label(heading: str, label: str) -> None:
    (row,) = concordance(DOCUMENTS[:1], {"A": [clause("A", 1, heading)]}, [])
    assert row.label == label
