"""The parser against tables of provisions, and what it guarantees for any text."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.corpus import read_corpus
from kb.models import Document
from kb.numbering import read_number, to_han
from kb.parse import Parsed, label_of, parse
from kb.text import han_number, normalise

HERE = Path(__file__).parent


def cases(name: str) -> list[tuple[str, str, list[str]]]:
    """Title, text and expected lines of each case of a fixture file."""
    text = (HERE / "cases" / "parse" / name).read_text(encoding="utf-8")
    found = re.findall(r"^([^\n]+)\n\.\n(.*?)\n\.\n(.*?)\n\.\n", text, re.S | re.M)
    return [(title, body, expected.splitlines()) for title, body, expected in found]


def document(text: str) -> Document:
    return Document(id="x", title="x", region_code="331000", text=text)


def drawn(parsed: Parsed, expected: list[str]) -> list[str]:
    """The parsed provisions written like the expected lines, texts shortened where the expectation is."""
    rows = []
    for index, provision in enumerate(parsed.provisions):
        text = " ".join(provision.text.split("\n")).strip()
        heading = " ".join(provision.heading.split("\n")).strip()
        wanted = expected[index].split("|", 3) if index < len(expected) and expected[index].count("|") >= 3 else []
        rows.append("|".join([f"{provision.path} ", f" {provision.kind} ", _like(heading, wanted[2:3]),
                              _like(text, wanted[3:4])]).rstrip())
    return rows + [f"! {warning.path}" for warning in parsed.warnings]


def _like(actual: str, wanted: list[str]) -> str:
    """``actual``, or the expectation itself where it is an abridgement (甲…乙) of it."""
    if wanted and "…" in wanted[0]:
        pieces = [piece.strip() for piece in wanted[0].split("…")]
        squeezed = re.sub(r"\s+", "", actual)
        position, complete = 0, True
        for piece in (re.sub(r"\s+", "", piece) for piece in pieces):
            found = squeezed.find(piece, position)
            complete = complete and found >= 0
            position = found + len(piece)
        if complete and position == len(squeezed) and squeezed.startswith(re.sub(r"\s+", "", pieces[0])):
            return wanted[0]
    return f" {actual} " if actual else " "


@pytest.mark.parametrize(("title", "text", "expected"), cases("numbering.txt"), ids=lambda v: v if isinstance(v, str)
                         and len(v) < 120 and "\n" not in v else "")
def test_provisions(title: str, text: str, expected: list[str]) -> None:
    assert drawn(parse(document(text)), expected) == expected


def test_annotated_provisions_of_the_five_documents_are_found() -> None:
    wanted: dict[str, set[str]] = {}
    for row in (HERE / "gold" / "paths.tsv").read_text(encoding="utf-8").splitlines():
        region, path, _own = row.split("\t")
        wanted.setdefault(region, set()).add(path)
    documents = [item for item in read_corpus(HERE.parent / "corpus") if item.region_code in wanted]
    assert {item.region_code for item in documents} == set(wanted)
    for item in documents:
        assert wanted[item.region_code] <= {provision.path for provision in parse(item).provisions}


def test_the_five_documents_have_no_odd_numbering() -> None:
    for item in read_corpus(HERE.parent / "corpus"):
        assert parse(item).warnings == ()


PIECES = st.sampled_from([
    "# 标题", "## 一、总体要求", "一、", "二、甲", "（一）乙。丙丁", "(二)", "1.戊。己", "1. ", "１．庚", "（1）辛", "①壬",
    "——癸。子", "第一章 总则", "第一条　为了", "第二条之一 单位", "附件", "附件2", "# 附件：名单", "附件：1.名单", "某市人民政府",
    "2021年12月26日", "（此件公开发布）", "| 甲 | 乙 |", "| --- | --- |", "调优规划红线。", "本意见自发布之日起施行。", "",
    "以新一轮国土空间规划编制为契机，科学布局生态、农业、城镇三类空间，精准调整控制线。", "    缩进", "> 引", "```", "* 星"])


def check_guarantees(text: str) -> None:
    parsed = parse(document(text))
    last = 0
    for number, provision in enumerate(parsed.provisions, 1):
        assert provision.ordinal == number
        assert provision.text == text[provision.start:provision.end]
        assert provision.heading == text[provision.heading_start:provision.heading_end]
        for start, end in sorted([(provision.heading_start, provision.heading_end), (provision.start, provision.end)]):
            if end > start:
                assert start >= last
                last = end
    paths = [provision.path for provision in parsed.provisions]
    assert len(set(paths)) == len(paths)
    assert {provision.parent for provision in parsed.provisions} - {None} <= set(paths)


@given(st.lists(PIECES, max_size=30), st.sampled_from(["\n\n", "\n"]))
def test_guarantees_hold_for_any_sequence_of_lines(pieces: list[str], joint: str) -> None:
    check_guarantees(joint.join(pieces))


@given(st.text(alphabet=st.sampled_from("一二（）()1.、。第条章附件：\n #|-—①年月日甲乙丙 　"), max_size=200))
def test_guarantees_hold_for_any_text(text: str) -> None:
    check_guarantees(text)


@given(st.lists(PIECES, max_size=30))
def test_no_character_of_a_document_is_lost(pieces: list[str]) -> None:
    """What stands in no provision is a number, a mark of Markdown or the 附件 that opens a part."""
    text = "\n\n".join(pieces)
    covered = set()
    for provision in parse(document(text)).provisions:
        covered |= set(range(provision.start, provision.end))
        covered |= set(range(provision.heading_start, provision.heading_end))
    left = "".join(char if index not in covered else "" for index, char in enumerate(text))
    assert not set(normalise(left)) - set("一二12１()第章条之附件:。.、-—①# \n　名单")


@given(st.integers(1, 9999))
def test_numbers_survive_writing_in_han(value: int) -> None:
    assert han_number(to_han(value)) == value


@pytest.mark.parametrize(("line", "label"), [
    ("一、甲", "一"), ("十二、甲", "十二"), ("(一)甲", "（一）"), ("（十五）甲", "（十五）"), ("一）甲", "（一）"), ("㈢甲", "（三）"),
    ("1.甲", "1"), ("1、甲", "1"), ("１２．甲", "12"), ("⒊甲", "3"), ("（1）甲", "（1）"), ("(２)甲", "（2）"), ("③甲", "（3）"),
    ("⑷甲", "（4）"), ("——甲", "—"), ("第三章 附则", "第三章"), ("第二节　登记", "第二节"), ("第十二条　甲", "第十二条"),
    ("第12条 甲", "第十二条"), ("第一百二十条之一　甲", "第一百二十条之一"), ("第七十五 条 甲", "第七十五条"), ("**一、甲**", "一")])
def test_labels(line: str, label: str) -> None:
    number = read_number(normalise(line))
    assert number is not None and number.label == label


@pytest.mark.parametrize("line", ["1.3万亩", "2021年", "一是加强", "第十二条规定的", "第三章的规定", "-甲", "———", "十分重要", "1"])
def test_what_looks_like_a_number_and_is_none(line: str) -> None:
    assert read_number(normalise(line)) is None


@pytest.mark.parametrize(("path", "label"), [
    ("正文/二/（三）", "二（三）"), ("附件/三/（一）/1", "附件三（一）1"), ("正文/序", "序"), ("正文", "正文"), ("正文/第十二条", "第十二条")])
def test_labels_for_people(path: str, label: str) -> None:
    assert label_of(path) == label
