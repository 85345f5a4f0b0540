"""Typed differences: cases that a person can read, the rows of the repository's documents, and properties."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kb.corpus import read_corpus
from kb.differences import across, differences, mirrored
from kb.extract import statements
from kb.models import Alignment, Difference, Document, Provision, Relation, Span
from kb.parse import parse

CASES = Path(__file__).parent / "cases" / "differences"


def clause(text: str, region: str, identity: str = "") -> tuple[Provision, Document]:
    document = Document(identity or region, f"{region} 文件", region, text)
    return Provision(document.id, "正文/一", "一", None, 1, 1, "section", "", text, 0, len(text), 0, 0), document


def compared(a: tuple[Provision, Document], b: tuple[Provision, Document],
             relation: Relation = "equivalent") -> tuple[Difference, ...]:
    (one, first), (other, second) = a, b
    alignment = Alignment(first.id, one.path, second.id, other.path, relation, 1.0, Span(0, len(one.text)),
                          Span(0, len(other.text)))
    return differences(alignment, one, other, statements(one, first), statements(other, second), first, second)


def line_of(row: Difference) -> str:
    line = f"{row.type} | {row.a_quote} | {row.b_quote}"
    values = ["_" if value is None else f"{value:.12g}" for value in (row.a_value, row.b_value)]
    if values != ["_", "_"] or row.direction != "n/a":
        line += f" | {' '.join(values)} {row.unit or '_'} {'' if row.direction == 'n/a' else row.direction}".rstrip()
    return line.rstrip()


def _cases() -> Iterator[pytest.param]:
    for file in sorted(CASES.glob("*.txt")):
        for block in re.split(r"^= ", file.read_text("utf-8"), flags=re.M)[1:]:
            title, *lines = [line.rstrip() for line in block.splitlines() if line.strip() and not line.startswith("#")]
            texts = [line.split(" ", 2)[1:] for line in lines if line[:2] in ("a ", "b ")]
            rows = [line[2:] for line in lines if line.startswith("- ")]
            yield pytest.param(*texts, rows, id=f"{file.stem}: {title}")


cases = list(_cases())


@pytest.mark.parametrize(("a", "b", "expected"), cases)
def test_cases(a: list[str], b: list[str], expected: list[str]) -> None:
    found = compared(clause(a[1], a[0]), clause(b[1], b[0]))
    assert [line_of(row) for row in found] == expected


@pytest.mark.parametrize(("a", "b", "expected"), cases)
def test_cases_turned_round(a: list[str], b: list[str], expected: list[str]) -> None:
    found = compared(clause(b[1], b[0]), clause(a[1], a[0]))
    assert sorted(line_of(mirrored(row)) for row in found) == sorted(expected)


def test_a_line_for_a_report() -> None:
    rows = compared(clause("每年出让用地中公共设施用地比例不低于12%。实施清单管理，建立台账。", "331000"),
                    clause("每年出让用地中公共设施用地比例不低于18%。", "331082"))
    assert [row.summary for row in rows] == [
        "临海：每年出让用地中公共设施用地比例不低于18%；台州：每年出让用地中公共设施用地比例不低于12%（临海更严）",
        "临海未载；台州：实施清单管理，建立台账",
    ]


def test_two_documents_of_one_place_are_told_apart_by_number() -> None:
    old, new = (clause(f"最高补助{amount}万元。", "331082") for amount in (20, 30))
    rows = compared((old[0], replace(old[1], id="a", doc_number="临政发〔2019〕5号")),
                    (new[0], replace(new[1], id="b", doc_number="临政发〔2022〕9号")))
    assert [row.summary for row in rows] == [
        "临海（临政发〔2022〕9号）：最高补助30万元；临海（临政发〔2019〕5号）：最高补助20万元（临海（临政发〔2022〕9号）更高）"]


def test_what_matters_comes_first() -> None:
    rows = compared(
        clause("各地要加强宣传。培育示范企业20家。经县（市、区）政府批准后，单个项目最高补助50万元。支持企业建设屋顶光伏电站。", "331000"),
        clause("各镇（街道）要加强宣传。培育示范企业5家。经市政府批准后，单个项目最高补助30万元。", "331082"))
    assert [row.type for row in rows] == ["number", "authority", "target", "omission", "authority"]
    assert rows[-1].a_quote == "各地要加强宣传"


def test_of_a_partial_match_the_container_does_not_tell_its_other_matters() -> None:
    whole = clause("每年培育示范企业20家。新增研发机构9家。推广工业机器人500台。盘活工业用地900亩。", "331000")
    part = clause("每年培育示范企业5家，建设培训基地2个。", "331082")
    assert [line_of(row) for row in compared(whole, part, "partial")] == [
        "target | 每年培育示范企业20家 | 每年培育示范企业5家 | 20 5 家 lower", "target |  | 建设培训基地2个 | _ 2 个"]
    assert len(compared(whole, part)) == 5


def test_an_empty_quote_stands_where_the_words_would() -> None:
    text = "加强宣传引导。推进数据共享。"
    rows = compared(clause("加强宣传引导。支持企业建设屋顶光伏电站。推进数据共享。", "331000"), clause(text, "331082"))
    assert [(row.type, row.b_span) for row in rows] == [("omission", Span(6, 6))]


# --- the documents of the repository ---------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def clauses(corpus: Path) -> dict[tuple[str, str], tuple[Provision, Document]]:
    return {(document.region_code, provision.path): (provision, document)
            for document in read_corpus(corpus) for provision in parse(document).provisions if provision.text}


@pytest.mark.parametrize(("a", "b", "expected"), [
    (("331000", "正文/二/（三）"), ("331082", "正文/二/（三）"), "procedure | 整体发证 | 分批发证"),
    (("331082", "正文/二/（十五）"), ("330114", "正文/四/（一）"),
     "number | 提取土地出让收入的0.5%以上作为“腾笼换鸟”专项经费 | 提取土地出让收入的1%以上作为“腾笼换鸟”专项经费 | 0.5 1 % stricter"),
    (("331000", "附件/二"), ("331082", "附件/二"),
     "target | 力争全市规上工业亩均税收达到28万元以上 | 力争全市规上工业亩均税收超过20.3万元 | 28 20.3 万元 lower"),
    (("331000", "正文/二/（四）"), ("331082", "正文/二/（四）"), "citation | DB33/1021-2013 | DB331021-2013"),
])
def test_rows_of_the_corpus(clauses: dict[tuple[str, str], tuple[Provision, Document]], a: tuple[str, str],
                            b: tuple[str, str], expected: str) -> None:
    assert expected in [line_of(row) for row in compared(clauses[a], clauses[b])]


def test_a_third_is_a_third(clauses: dict[tuple[str, str], tuple[Provision, Document]]) -> None:
    rows = compared(clauses["331000", "附件/三/（三）/10"], clauses["331082", "附件/三/（三）/10"])
    assert rows
    assert not [row for row in rows if "三分之一" in row.a_quote or "1/3" in row.b_quote]


def test_clauses_that_say_the_same_have_no_difference(
        clauses: dict[tuple[str, str], tuple[Provision, Document]]) -> None:
    assert compared(clauses["331000", "正文/二/（七）"], clauses["331082", "正文/二/（七）"]) == ()


def test_a_document_against_itself(clauses: dict[tuple[str, str], tuple[Provision, Document]]) -> None:
    assert clauses
    for one in clauses.values():
        assert compared(one, one) == ()


def test_one_number_changed_is_one_difference(clauses: dict[tuple[str, str], tuple[Provision, Document]]) -> None:
    tried = 0
    for provision, document in clauses.values():
        for quantity in statements(provision, document).quantities:
            number = re.search(r"(?<![\d.])[1-9]\d*(?![\d.])", quantity.quote)
            if number is None or quantity.kind == "date":
                continue
            tried += 1
            at = quantity.start + number.start()
            new = str(int(number[0]) + 7)
            text = provision.text[:at] + new + provision.text[at + len(number[0]):]
            rows = compared((provision, document), (replace(provision, text=text), document))
            assert len(rows) == 1, (quantity.quote, [line_of(row) for row in rows])
            assert number[0] in rows[0].a_quote
            assert new in rows[0].b_quote
    assert tried > 100


# --- properties ------------------------------------------------------------------------------------------------------

PHRASES = ("对实际投资额500万元以上的项目", "按设备投资额的10%给予补助", "最高不超过200万元", "经市政府研究同意", "由市经信局牵头",
           "不得分割转让", "鼓励企业入园", "应当公示", "培育“小巨人”企业30家", "到2025年", "实行闭环管理", "参照《闲置土地处置办法》执行",
           "（责任单位：市经信局、市财政局）", "其他企业除外", "A、B类企业优先", "——绿色发展", "", " ", "100", "〔2021〕", "（", "”", "\n")
TEXTS = st.lists(st.sampled_from(PHRASES) | st.text("企业用地，。；、“”（）0123456789%亩\n", max_size=6), max_size=9).map("，".join)
REGIONS = st.sampled_from(["330000", "331000", "331082", "330114"])


@settings(deadline=None, max_examples=150)
@given(TEXTS, TEXTS, REGIONS, REGIONS, st.sampled_from(["equivalent", "partial"]))
def test_quotes_stand_at_their_spans_and_turning_round_mirrors(a: str, b: str, left: str, right: str,
                                                              relation: Relation) -> None:
    one, other = clause(a, left, "x"), clause(b, right, "y")
    rows = compared(one, other, relation)
    for row in rows:
        assert row.a_span.of(a) == row.a_quote
        assert row.b_span.of(b) == row.b_quote
        assert row.a_quote or row.b_quote
        assert 0 < row.salience <= 1
        assert row.summary
        assert "\n" not in row.summary
    turned = [replace(mirrored(row), summary="") for row in compared(other, one, relation)]
    assert sorted(turned, key=repr) == sorted((replace(row, summary="") for row in rows), key=repr)


@settings(deadline=None, max_examples=80)
@given(TEXTS, REGIONS)
def test_the_same_text_has_no_difference(text: str, region: str) -> None:
    assert compared(clause(text, region), clause(text, region)) == ()


# --- clauses of two documents read together --------------------------------------------------------------------------

def _row(a: str, b: str, a_at: int = 0, b_at: int = 0) -> Difference:
    return Difference("scope" if a and b else "omission" if a else "addition", a, b, Span(a_at, a_at + len(a)),
                      Span(b_at, b_at + len(b)), 0.4, "")


def _aligned(a_path: str, b_path: str, score: float, relation: Relation = "partial") -> Alignment:
    return Alignment("x", a_path, "y", b_path, relation, score, Span(0, 50), Span(0, 50))


def test_what_another_clause_answers_is_not_left_out() -> None:
    rows = across([_aligned("正文/一", "正文/一", 0.9), _aligned("正文/一", "正文/二", 0.8)],
                  [[_row("支持企业建设园区", "", 10)], [_row("支持企业建设园区", "鼓励企业建设园区", 10)]])
    assert [len(found) for found in rows] == [0, 1]


def test_what_no_clause_answers_is_told_once_by_the_best_match() -> None:
    lone = _row("支持企业建设园区", "", 10)
    rows = across([_aligned("正文/一", "正文/一", 0.6), _aligned("正文/一", "正文/二", 0.8),
                   _aligned("正文/二", "正文/二", 0.8)], [[lone], [lone], [lone]])
    assert [len(found) for found in rows] == [0, 1, 1]


def test_what_stands_in_another_clause_of_the_document_is_not_left_out() -> None:
    text = "加强宣传引导。\n推进数据共享。\n支持企业建设屋顶光伏电站。"
    own, document = clause(text, "331082")
    part = replace(own, text=text[:14], end=14)
    rows = compared(clause("加强宣传引导。推进数据共享。支持企业建设屋顶光伏电站。", "331000"), (part, document))
    assert rows == ()
