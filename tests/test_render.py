"""Two clauses side by side, and whole comparisons in five formats."""

from __future__ import annotations

import csv
import html
import io
import json
import re
from dataclasses import dataclass, replace
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from kb.extract import statements
from kb.models import Difference, Document, KbError, Provision, Span
from kb.render import FORMATS, Segment, comparison, html_sides, rewritten, segments
from kb.render.views import as_csv


def facts(text: str) -> object:
    document = Document("x", "x", "331082", text)
    return statements(Provision("x", "一", "一", None, 1, 1, "section", "", text, 0, len(text), 0, 0), document)


def shown(found: tuple[Segment, ...], a: str, b: str) -> list[str]:
    """Changed stretches as [a→b], minor ones as (a→b), in order."""
    return [("({}→{})" if segment.minor else "[{}→{}]").format(segment.a.of(a), segment.b.of(b))
            for segment in found if segment.kind != "equal"]


@pytest.mark.parametrize(("a", "b", "expected"), [
    ("最高补助500万元。", "最高补助50万元。", ["[500万元→50万元]"]),
    ("最高补助1.3亿元。", "最高补助1.5亿元。", ["[1.3亿元→1.5亿元]"]),
    ("由市自然资源规划局办理。", "由市自然资源和规划局办理。", ["(市自然资源规划局→市自然资源和规划局)"]),
    ("由市经信局办理。", "由市科技局办理。", ["[市经信局→市科技局]"]),
    ("开展检查，实行分类管理。", "开展检查,实行分类管理。", ["(，→,)"]),
    ("实行分类管理。", "实行年度更新、分类管理。", ["[→年度更新、]"]),
    ("各县（市、区）政府负责。", "各镇（街道）负责。", ["[各县（市、区）政府→各镇（街道）]"]),
    ("按照A/B类企业排序。", "按照A、B类企业排序。", ["(A/B类→A、B类)"]),
    ("加强监管。", "强化监管。", ["(加强→强化)"]),
    ("同样的话。", "同样的话。", []),
])
def test_changed_stretches(a: str, b: str, expected: list[str]) -> None:
    assert shown(segments(a, b, facts(a), facts(b), "331000", "331082"), a, b) == expected


TEXTS = st.lists(st.sampled_from([
    "最高500万元", "市经信局", "“零增地”技改", "《办法》", "浙政发〔2021〕31号", "A/B类", "，", "。", " ", "\n", "<b>", "&amp;", "的", "企业",
    "各县（市、区）", "１２％", "—"]) | st.text(max_size=4), max_size=14).map("".join)


@settings(deadline=None)
@given(TEXTS, TEXTS)
def test_segments_give_back_both_texts(a: str, b: str) -> None:
    found = segments(a, b)
    assert "".join(segment.a.of(a) for segment in found) == a
    assert "".join(segment.b.of(b) for segment in found) == b
    for segment in found:
        if segment.kind == "equal":
            assert segment.a.of(a) == segment.b.of(b)
        assert {"delete": not len(segment.b), "insert": not len(segment.a)}.get(segment.kind, True)


class Text(HTMLParser):
    """The text of a fragment without hidden words and notes; fails on a tag that nobody wrote."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text, self.hidden = "", 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in ("del", "ins", "span", "sup", "a"), tag
        self.hidden += tag == "sup" or ("class", "vh") in attrs or bool(self.hidden and tag == "span")

    def handle_endtag(self, tag: str) -> None:
        self.hidden -= bool(self.hidden) and tag in ("sup", "span")

    def handle_data(self, data: str) -> None:
        self.text += "" if self.hidden else data


def visible(fragment: str) -> str:
    parser = Text()
    parser.feed(fragment)
    parser.close()
    return parser.text


@settings(deadline=None)
@given(TEXTS, TEXTS, st.integers(0, 12), st.integers(0, 12))
def test_html_shows_the_texts_and_nothing_else(a: str, b: str, start: int, length: int) -> None:
    row = Difference("scope", "", "", *(Span(min(start, len(text)), min(start + length, len(text))) for text in (a, b)),
                     0.5, "")
    left, right = html_sides(a, b, segments(a, b), (row,))
    newlines = str.maketrans({"\r": "\n"})          # as an HTML parser reads them
    assert visible(left).translate(newlines).replace("\x00", "") == a.translate(newlines).replace("\x00", "")
    assert visible(right).translate(newlines).replace("\x00", "") == b.translate(newlines).replace("\x00", "")
    assert left.count("#d-1") == bool(len(row.a_span))


def test_marks_are_read_without_colour() -> None:
    a, b = "由市经信局办理，收费<5元。", "由市科技局办理,收费<9元。"
    left, right = html_sides(a, b, segments(a, b))
    assert '<del><span class="vh">〔删〕</span>市经信局<span class="vh">〔删止〕</span></del>' in left
    assert '<ins><span class="vh">〔增〕</span>市科技局<span class="vh">〔增止〕</span></ins>' in right
    assert '<ins class="minor"><span class="vh">〔增〕</span>,<span class="vh">〔增止〕</span></ins>' in right
    assert "&lt;" in left
    assert "<5" not in left


def test_a_rewritten_clause_has_no_strikes() -> None:
    a, b = "对多幢厂房允许分期验收。", "鼓励园区统一建设宿舍，提高配套比例。"
    found = segments(a, b)
    assert rewritten(found)
    row = Difference("procedure", "允许分期验收", "统一建设宿舍", Span(5, 11), Span(4, 10), 0.5, "")
    left, right = html_sides(a, b, found, (row,), "m")
    assert left == ('对多幢厂房<span class="key">允许分期验收</span><sup><a href="#m-1"><span class="vh">差异</span>1</a></sup>。')
    assert '<span class="key">统一建设宿舍</span>' in right
    assert not rewritten(segments(a, a))


# --- comparisons -----------------------------------------------------------------------------------------------------

@dataclass(frozen=True)
class Head:
    id: str
    name: str
    bare: str
    region_code: str | None
    title: str
    doc_number: str | None


@dataclass(frozen=True)
class Clause:
    path: str
    label: str
    heading: str
    text: str


@dataclass(frozen=True)
class Pair:
    a: Clause
    b: Clause
    relation: str
    differences: tuple[Difference, ...]
    moved: str = ""


@dataclass(frozen=True)
class View:
    a: Head
    b: Head
    pairs: tuple[Pair, ...]
    only_a: tuple[Clause, ...] = ()
    only_b: tuple[Clause, ...] = ()


HOSTILE = "<script>alert(1)</script> | [x](javascript:y) *z* =1+1"
VIEW = View(
    Head("taizhou", "台州 台政发〔2021〕27号", "台州", "331000", "若干意见", "台政发〔2021〕27号"),
    Head("linhai", "临海 临政发〔2022〕22号", "临海", "331082", HOSTILE, None),
    (
        Pair(Clause("正文/一", "一", "加大支持", "最高补助500万元。"), Clause("正文/二", "二", "加大支持", "最高补助50万元。"), "equivalent",
             (Difference("number", "最高补助500万元", "最高补助50万元", Span(0, 9), Span(0, 8), 0.95, "临海：最高补助50万元；台州：最高补助500万元", 500, 50, "万元",
                         "lower"),)),
        Pair(Clause("正文/三", "三", HOSTILE, HOSTILE), Clause("正文/三", "三", "监管", "=SUM(A1)\n第二行"), "partial",
             (Difference("omission", HOSTILE, "", Span(0, len(HOSTILE)), Span(0, 0), 0.3, "临海未载；台州：长……文"),
              Difference("addition", "", "=SUM(A1)\n第二行", Span(0, 0), Span(0, 12), 0.5, "增"))),
        Pair(Clause("正文/四", "四", "", "同文。"), Clause("正文/四", "四", "", "同文。"), "equivalent", ()),
    ),
    (Clause("正文/五", "五", "独有", "只在台州。"),), ())


@pytest.mark.parametrize(("moved", "said"), [("order", "移位"), ("section", "移入他节"), ("number", "改号")])
def test_moves_are_said(moved: str, said: str) -> None:
    view = replace(VIEW, pairs=(replace(VIEW.pairs[0], moved=moved), *VIEW.pairs[1:]))
    assert f"／ 临海 二　加大支持　[对应，{said}]" in comparison(view, "text")
    assert f"／ 临海 二 加大支持（{said}）" in comparison(view, "md")
    assert said in comparison(view, "html")
    assert [pair["moved"] for pair in json.loads(comparison(view, "json"))["pairs"]] == [moved, "", ""]
    assert not any(word in comparison(VIEW, form) for form in ("text", "md", "html") for word in ("移位", "移入他节", "改号"))
    assert ("1 条移位" in comparison(view, "text")) == (moved != "number")


def test_text() -> None:
    found = comparison(VIEW, "text")
    assert "3 条对应，3 处差异，1 条相同；台州独有 1 条，临海独有 0 条" in found
    assert "  1. 数额 ●●● 临海：最高补助50万元；台州：最高补助500万元\n\n" in found
    assert "  1. 未载 ●○○ 临海未载；台州：长……文\n     台州：" + HOSTILE + "\n  2. 增补" in found
    assert "两地相同" in found
    assert "台州独有\n  五　独有　只在台州。" in found


def test_markdown_is_no_markup_of_the_documents() -> None:
    found = comparison(VIEW, "md")
    page = MarkdownIt("commonmark", {"html": True}).enable("table").render(found)
    assert "<script" not in page
    assert "<em>" not in page
    assert "javascript:y" not in re.sub(r">[^<]*<", "><", page)
    rows = re.findall(r"<tr>.*?</tr>", page, re.S)
    assert {row.count("<td") for row in rows} <= {0, 6}
    assert "<td>最高补助500万元</td>" in page


def test_html_is_one_safe_page() -> None:
    found = comparison(VIEW, "html")
    assert found.startswith("<!doctype html>")
    assert 'lang="zh-CN"' in found
    assert "<script" not in found
    assert "http" not in found
    assert html.escape(HOSTILE) in found
    anchors = set(re.findall(r'href="#([^"]+)"', found))
    assert anchors
    assert anchors <= set(re.findall(r'id="([^"]+)"', found))


def test_json_holds_everything() -> None:
    found = json.loads(comparison(VIEW, "json"))
    assert found["pairs"][0]["differences"][0] == {
        "type": "number", "a_quote": "最高补助500万元", "b_quote": "最高补助50万元", "a_start": 0, "a_end": 9, "b_start": 0, "b_end": 8,
        "a_value": 500, "b_value": 50, "unit": "万元", "direction": "lower", "salience": 0.95, "summary": "临海：最高补助50万元；台州：最高补助500万元"}
    assert found["pairs"][1]["a"]["text"] == HOSTILE
    assert [clause["path"] for clause in found["only_a"]] == ["正文/五"]


def test_csv_opens_in_a_spreadsheet() -> None:
    found = comparison(VIEW, "csv")
    rows = list(csv.DictReader(io.StringIO(found, newline="")))
    assert len(rows) == 5
    assert (rows[0]["类型"], rows[0]["底本数值"], rows[0]["对照本数值"], rows[0]["方向"]) == ("数额", "500", "50", "更低")
    assert rows[2]["对照本原文"] == "'=SUM(A1)\n第二行"                # no formula
    assert [row["对应"] for row in rows] == ["对应", "部分对应", "部分对应", "对应", "台州独有"]
    assert not found.startswith("\ufeff")
    assert as_csv(VIEW, bom=True) == "\ufeff" + found


def test_two_documents_of_one_place_go_by_their_names() -> None:
    found = comparison(replace(VIEW, b=replace(VIEW.a, name="台州 台政发〔2018〕13号")), "text")
    assert "台州 台政发〔2021〕27号 一　加大支持 ／ 台州 台政发〔2018〕13号 二　加大支持" in found


def test_an_unknown_format_is_an_error() -> None:
    with pytest.raises(KbError, match="unknown format 'pdf'; use one of text, md, html, json, csv"):
        comparison(VIEW, "pdf")
    assert list(FORMATS) == ["text", "md", "html", "json", "csv"]
