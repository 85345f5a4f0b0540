"""Tokens of the domain: they tile the text, are never cut, and two spellings of one matter have one key."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kb.extract import statements
from kb.models import Document, Provision
from kb.tokens import changes, tokens


def of(text: str, region: str = "331082") -> tuple[list[str], list[str]]:
    """Words and keys of ``text`` with its statements, punctuation left out."""
    document = Document("x", "x", region, text)
    clause = Provision("x", "正文/一", "一", None, 1, 1, "section", "", text, 0, len(text), 0, 0)
    found = [token for token in tokens(text, statements(clause, document), region) if token.kind != "mark"]
    return [text[token.start:token.end] for token in found], [token.key for token in found]


@pytest.mark.parametrize(("text", "whole"), [
    ("最高补助1.3万元", "1.3万元"),
    ("全员劳动生产率超过24.23万元/人", "24.23万元/人"),
    ("根据浙政发〔2021〕31号文件", "浙政发〔2021〕31号"),
    ("执行《闲置土地处置办法》", "《闲置土地处置办法》"),
    ("实施“零增地”技改", "“零增地”"),
    ("由市自然资源和规划局办理", "市自然资源和规划局"),
    ("各县（市、区）政府负责", "各县（市、区）政府"),
    ("亩均评价A/B类企业", "A/B类"),
    ("不再增收土地价款", "不再增收"),
    ("执行DB33/1021-2013标准", "DB33/1021-2013"),
])
def test_never_cut(text: str, whole: str) -> None:
    assert whole in of(text)[0]


@pytest.mark.parametrize(("one", "other"), [
    ("盘活1.3万亩", "盘活13000亩"),
    ("不低于三分之一", "不低于1/3"),
    ("其它企业", "其他企业"),
    ("A/B类企业", "A类、B类企业"),
    ("市发改局会同市资规局", "市发展改革委会同市自然资源和规划局"),
    ("全市工业用地", "临海市工业用地"),
    ("規上工業".translate(str.maketrans("規業", "规业")), "规模以上工业"),
])
def test_one_key_for_two_spellings(one: str, other: str) -> None:
    assert of(one)[1] == of(other)[1]


@pytest.mark.parametrize(("one", "other"), [
    ("盘活1.3万亩", "盘活1.4万亩"), ("A/B类企业", "A/C类企业"), ("经市政府批准", "经县（市、区）政府批准"), ("参照执行", "按照执行"),
    ("市经信局", "市科技局"), ("《土地办法》（临政发〔2020〕1号）", "《土地办法》（临政发〔2021〕1号）"),
])
def test_another_key_for_another_matter(one: str, other: str) -> None:
    assert of(one)[1] != of(other)[1]


@settings(deadline=None)
@given(st.text("市县区局委《》〔〕（）“”，。、0123456789.%/万亩元A类B各 \n企业", max_size=40), st.sampled_from([None, "331082", "330114"]))
def test_tokens_tile_the_text(text: str, region: str | None) -> None:
    found = tokens(text, None, region)
    assert "".join(text[token.start:token.end] for token in found) == text
    assert all(token.start < token.end for token in found)


@settings(deadline=None)
@given(st.text("企业用地，。0123%亩", max_size=20), st.text("企业用地，。0123%亩", max_size=20))
def test_changes_cover_both_sequences(a: str, b: str) -> None:
    left, right = tokens(a), tokens(b)
    found = changes(left, right)
    assert [index for _, i, j, _, _ in found for index in range(i, j)] == list(range(len(left)))
    assert [index for _, _, _, k, m in found for index in range(k, m)] == list(range(len(right)))
