"""What clauses state, kind by kind: tables of real and made-up clauses, and the five documents read in full."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from itertools import groupby
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.corpus import read_corpus
from kb.extract import citations, modality, responsibilities, statements, validity
from kb.models import Citation, Document, Provision, Statements
from kb.parse import parse
from kb.text import normalise, sentences

HERE = Path(__file__).parent
CASES = HERE / "cases" / "extract"


def cases(name: str) -> list[tuple[str, list[str]]]:
    """Clauses of a case file and the lines expected of each: blocks between blank lines, # a comment, two spaces
    before an expectation."""
    lines = (CASES / name).read_text(encoding="utf-8").splitlines()
    blocks = [list(block) for filled, block in groupby(lines, key=lambda line: bool(line.strip())) if filled]
    found = []
    for block in blocks:
        kept = [line for line in block if not line.startswith("#")]
        text = "\n".join(line for line in kept if not line.startswith("  "))
        if text:
            found.append((text, [line.strip() for line in kept if line.startswith("  ")]))
    return found


def _citations(text: str) -> list[str]:
    return [f"{found.relation} | {found.number or '-'} | {found.title or '-'} | {found.quote}"
            for found in citations.find(text)]


def _responsibilities(text: str) -> list[str]:
    return [f"{found.role} | {found.unit} | {found.agency}" for found in responsibilities.find(text)]


def _validity(text: str) -> list[str]:
    return [f"{found.aspect} | {found.on or '-'} | {'own' if found.own else 'other'} | {found.quote}"
            for found in validity.find(text)]


def _modality(text: str) -> list[str]:
    return [f"{found.force} | {found.word} | {found.subject or '-'}" for found in modality.find(text)]


KINDS: dict[str, Callable[[str], list[str]]] = {
    "citations.txt": _citations, "responsibilities.txt": _responsibilities, "validity.txt": _validity,
    "modality.txt": _modality,
}


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [pytest.param(kind, text, expected, id=f"{kind}-{text[:24]}") for kind in KINDS for text, expected in cases(kind)])
def test_cases(kind: str, text: str, expected: list[str]) -> None:
    assert KINDS[kind](text) == expected


# Width of punctuation

_WIDE = str.maketrans(",:;()", "，：；（）")


@pytest.mark.parametrize("kind", KINDS)
def test_full_and_half_width_punctuation_say_the_same(kind: str) -> None:
    for text, expected in cases(kind):
        for other in (text.translate(_WIDE), normalise(text)):
            found = [re.sub(r"\s", "", normalise(line)) for line in KINDS[kind](other)]
            assert found == [re.sub(r"\s", "", normalise(line)) for line in expected]


# Any text

_PIECES = [piece for kind in KINDS for text, _ in cases(kind) for piece in re.split(r"(?<=[，。、（）《》])", text)]
_ANY = st.lists(st.one_of(st.sampled_from(_PIECES), st.text(max_size=6)), max_size=8).map("".join)


@given(_ANY)
def test_every_quote_is_cut_from_its_clause(text: str) -> None:
    for citation in citations.find(text):
        assert citation.quote == text[citation.start:citation.end] != ""
    for unit in responsibilities.find(text):
        assert unit.unit == text[unit.start:unit.end] != ""
    for statement in validity.find(text):
        assert statement.quote == text[statement.start:statement.end] != ""
    for modal in modality.find(text):
        assert modal.word == text[modal.start:modal.end] != ""
        assert modal.subject in text
        assert modal.sentence in [*sentences(text)]
        assert modal.sentence.start <= modal.start and modal.end <= modal.sentence.end


@given(_ANY)
def test_order_is_the_texts(text: str) -> None:
    for found in (citations.find(text), responsibilities.find(text), validity.find(text), modality.find(text)):
        starts = [statement.start for statement in found]
        assert starts == sorted(starts)


# The five documents

def _provisions(corpus: Path) -> list[tuple[Document, Provision]]:
    return [(document, provision) for document in read_corpus(corpus) for provision in parse(document).provisions]


def test_all_citations_of_the_corpus(corpus: Path) -> None:
    lines = (CASES / "citations_corpus.tsv").read_text(encoding="utf-8").splitlines()
    expected = {(row["region"], row["path"], row["relation"], row["number"], row["title"])
                for row in csv.DictReader((line for line in lines if not line.startswith("#")), delimiter="\t")}
    found: list[tuple[str, str, str, str, str]] = []
    for document, provision in _provisions(corpus):
        for citation in statements(provision, document).citations:
            path = re.sub(r"/·\d+$", "", provision.path)
            found.append((document.region_code, path, citation.relation, citation.number or "", citation.title or ""))

    def matches(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
        return one[:4] == other[:4] and other[4].startswith(one[4])

    missed = [row for row in expected if not any(matches(row, other) for other in found)]
    spurious = [row for row in found if not any(matches(other, row) for other in expected)]
    assert (missed, spurious) == ([], [])
    assert len(found) == len(expected)


def test_no_responsible_unit_of_the_corpus_is_lost(corpus: Path) -> None:
    rest = re.compile(r"\(|\)|责任单位|[:、,。\s]|列第一位的为牵头单位|为责任主体|下同(?:不再列出)?|及")
    groups = 0
    for _, provision in _provisions(corpus):
        units = responsibilities.find(provision.text)
        plain = normalise(provision.text)
        for start in (match.start() for match in re.finditer(r"\(责任单位", plain)):
            groups += 1
            depth, end = 0, start
            for end in range(start, len(plain)):
                depth += (plain[end] == "(") - (plain[end] == ")")
                if depth == 0:
                    break
            inside = [unit for unit in units if start <= unit.start and unit.end <= end]
            assert [unit.role for unit in inside] == ["lead"] + ["member"] * (len(inside) - 1)
            left = list(plain[start:end + 1])
            for unit in inside:
                left[unit.start - start:unit.end - start] = " " * (unit.end - unit.start)
            assert rest.sub("", "".join(left)) == ""
    assert groups == 103


def test_a_clause_states_everything_at_once(corpus: Path) -> None:
    document = next(document for document in read_corpus(corpus) if document.region_code == "331082")
    provision = next(provision for provision in parse(document).provisions if provision.path == "正文/二/（一）")
    found = statements(provision, document)
    assert [citation.number for citation in found.citations] == ["临政办发〔2021〕13号"]
    assert [unit.agency for unit in found.responsibilities] == ["自然资源和规划", "镇街"]
    assert [(statement.on, statement.own) for statement in found.validity] == [("2023-06-30", False)]
    assert [modal.force for modal in found.modality] == ["may"]


def test_a_document_does_not_cite_itself() -> None:
    document = Document(id="a", title="某市人民政府关于促进工业的若干意见", region_code="331000", text="",
                        doc_number="台政发〔2021〕27号")
    text = "根据浙政发〔2021〕31号和台政发〔2021〕27号，另见《某市人民政府关于促进工业的若干意见》。"
    provision = Provision("a", "正文/一", "一", "正文", 1, 1, "section", "", text, 0, len(text), 0, 0)
    assert [found.number for found in statements(provision, document).citations] == ["浙政发〔2021〕31号"]


def test_a_provision_without_text_states_nothing() -> None:
    document = Document(id="a", title="题", region_code="331000", text="")
    provision = Provision("a", "正文", "正文", None, 1, 0, "part", "", "", 0, 0, 0, 0)
    assert statements(provision, document) == Statements()


# Numbers, titles, resolution

@pytest.mark.parametrize(("written", "number"), [
    ("浙政发[2021]31", "浙政发〔2021〕31号"), ("（浙政发〔2021〕 31 号）", "浙政发〔2021〕31号"),
    ("浙政发（2021）31号", "浙政发〔2021〕31号"), ("浙政发【2021】031号", "浙政发〔2021〕31号"),
    ("国务院令第698号", "国务院令第698号"), ("GB/T9704—2012", "GB/T 9704-2012"), ("DB33／1021－2013", "DB33/1021-2013"),
    ("DB331021-2013", "DB331021-2013"), ("T/ZZB 0001-2019", "T/ZZB 0001-2019"), ("主动公开", None), ("", None),
])
def test_normalise_number(written: str, number: str | None) -> None:
    assert citations.normalise_number(written) == number
    if number:
        assert citations.normalise_number(number) == number


@pytest.mark.parametrize(("one", "other", "same"), [
    ("慈溪市人民政府办公室印发关于加快治理的指导意见的通知", "关于加快治理的指导意见", True),
    ("浙江省人民政府关于印发浙江省行动方案（2021—2023年）的通知", "浙江省行动方案(2021-2023)", True),
    ("临海市人民政府办公室印发<关于加强利用的若干意见>的通知", "临海市人民政府办公室印发〈关于加强利用的若干意见〉的通知", True),
    ("台州市人民政府关于深化“亩均论英雄”改革的实施意见", "台州市人民政府关于深化\"亩均论英雄\"改革的实施意见", True),
    ("台州市人民政府关于深化改革的实施意见", "临海市人民政府关于深化改革的实施意见", False),
    ("浙江省行动方案", "台州市行动方案", False),
    ("", "", False),
])
def test_same_title(one: str, other: str, same: bool) -> None:
    assert citations.same_title(one, other) is same
    assert citations.same_title(other, one) is same


def _document(name: str, title: str, number: str | None) -> Document:
    return Document(id=name, title=title, region_code="331000", text="", doc_number=number)


def _citation(title: str | None, number: str | None) -> Citation:
    return Citation("", 0, 0, title, number, "reference")


def test_resolve_by_number_then_by_title() -> None:
    known = [_document("a", "甲市人民政府关于工业的若干意见", "甲政发〔2021〕1号"),
             _document("b", "乙市人民政府关于工业的若干意见", None),
             _document("c", "丙市工业用地办法", None)]
    assert citations.resolve(_citation("随便写的题名", "甲政发〔2021〕1号"), known) == known[0]
    assert citations.resolve(_citation("乙市人民政府关于工业的若干意见", "乙政发〔2020〕9号"), known) == known[1]
    assert citations.resolve(_citation("丙市工业用地办法", None), known) == known[2]
    assert citations.resolve(_citation("甲市人民政府关于工业的若干意见", "甲政发〔2019〕8号"), known) is None
    assert citations.resolve(_citation("关于工业的若干意见", None), known) is None  # two places have one
    assert citations.resolve(_citation(None, "丁政发〔2019〕8号"), known) is None


def test_merge_joins_mentions_of_one_document() -> None:
    text = "根据《甲市行动方案》（甲政发〔2021〕1号）制定。按照甲政发〔2021〕1号执行，参照《乙市工业办法》。"
    merged = citations.merge(citations.find(text))
    assert [(found.title, found.number, found.relation) for found in merged] == [
        ("甲市行动方案", "甲政发〔2021〕1号", "basis"), ("乙市工业办法", None, "reference")]
