from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.fulltext import (
    TOKENIZER,
    fold,
    index_text,
    literal,
    marks,
    match_expression,
    parse,
    relaxed,
    snippet,
    whole_words,
)
from kb.models import Span

CASES = Path(__file__).parent / "cases" / "fulltext" / "queries.txt"
CORPUS = Path(__file__).parent.parent / "corpus"
#: Few letters, so that strings drawn from them meet often: Han, digits, Latin, punctuation of both widths, white space.
ALPHABET = "工业用地發发5０%％,，（(）)“”\"-—|a Ａ\n\u3000是"


def index(texts: list[str]) -> sqlite3.Connection:
    db = sqlite3.connect(":memory:")
    db.execute(f'create virtual table f using fts5(t, content="", tokenize="{TOKENIZER}")')
    db.executemany("insert into f(rowid, t) values (?, ?)", ((i, index_text(text)) for i, text in enumerate(texts)))
    return db


def found(db: sqlite3.Connection, query: str) -> list[int]:
    return [row[0] for row in db.execute("select rowid from f where f match ? order by 1", [match_expression(query)])]


def holding(texts: list[str], string: str) -> list[int]:
    return [number for number, text in enumerate(texts) if fold(string) in fold(text)]


@pytest.fixture(scope="module")
def paragraphs() -> list[str]:
    return [p for file in sorted(CORPUS.glob("*.md")) for p in file.read_text("utf-8").split("\n\n") if p.strip()]


def cases() -> Iterator[tuple[str, str]]:
    for line in CASES.read_text("utf-8").splitlines():
        if not line.startswith("#"):
            query, meaning = line.split(" => ")
            yield query, meaning


@pytest.mark.parametrize(("query", "meaning"), list(cases()))
def test_meaning(query: str, meaning: str) -> None:
    wanted, _, excluded = meaning.partition(" / -")
    assert parse(query).groups == tuple(tuple(group.split("｜")) for group in wanted.split("；"))
    assert parse(query).excluded == ((excluded,) if excluded else ())


@pytest.mark.parametrize("length", [1, 2, 3, 4, 8])
def test_every_string_of_the_corpus_is_found_exactly(paragraphs: list[str], length: int) -> None:
    db, draw = index(paragraphs), random.Random(length)
    for _ in range(400):
        text = draw.choice([p for p in paragraphs if len(p) > length])
        at = draw.randrange(len(text) - length)
        string = text[at:at + length]
        if not fold(string):
            continue
        truth = holding(paragraphs, string)
        assert found(db, literal(string)) == truth
        assert set(found(db, string)) >= set(truth), string  # as typed, operators and all: never missed
        if not any(char.isspace() or char in "“\"「『" for char in string):
            assert found(db, string) == truth


@given(st.lists(st.text(ALPHABET, max_size=12), min_size=1, max_size=6), st.text(ALPHABET, min_size=1, max_size=5))
def test_literal_is_exact(texts: list[str], string: str) -> None:
    if fold(string):
        assert found(index(texts), literal(string)) == holding(texts, string)


@given(st.text(ALPHABET + 'ORNT*^:+{}~\x00\udc80', max_size=20))
def test_no_query_is_an_error(query: str) -> None:
    found(index(["工业用地"]), query)
    relaxed(query)
    marks("工业用地", query)


def test_an_empty_query_finds_nothing() -> None:
    assert found(index(["工业用地"]), " \u3000") == []


@given(st.text(ALPHABET, max_size=30), st.text(ALPHABET, min_size=1, max_size=4))
def test_marks_cover_the_string_and_nothing_else(text: str, string: str) -> None:
    spans = marks(text, literal(string))
    assert bool(spans) == bool(fold(string) and fold(string) in fold(text))
    assert all(fold(string) in fold(span.of(text)) for span in spans)
    assert all(a.end < b.start for a, b in zip(spans, spans[1:], strict=False))


def test_marks_merge_and_stand_on_the_original() -> None:
    text = "提取1%作为专项\n经费,专项经费"
    assert [span.of(text) for span in marks(text, "專項經費 項經")] == ["专项\n经费", "专项经费"]
    assert [span.of("地地地") for span in marks("地地地", "地地")] == ["地地地"]


@pytest.mark.parametrize(("text", "string"), [
    ("土地出让收入250万元", "50万"), ("增长１０％以上", "10%"), ("（三）简化", "(三)"), ("實用型工业 APP", "工业app"),
    ("浙政发〔2021〕31号", "浙政发(2021)31号"), ("乾潭镇", "乾潭")])
def test_width_case_and_script_do_not_matter(text: str, string: str) -> None:
    assert found(index([text, "别的"]), string) == [0]


def test_no_hit_across_runs() -> None:
    db = sqlite3.connect(":memory:")
    db.execute(f'create virtual table f using fts5(t, content="", tokenize="{TOKENIZER}")')
    db.execute("insert into f(rowid, t) values (1, ?)", [index_text("工业", "用地")])
    assert found(db, "业用") == [] and found(db, "用地") == [1] and found(db, "业") == [1]


def test_whole_words() -> None:
    for text, string, whole in (("不征税收入", "税收", False), ("亩均效益和税收贡献", "税收", True),
                                ("250万元", "50万元", False), ("达到50万元", "50万元", True)):
        assert whole_words(text, marks(text, string)) is whole, text


def test_relaxed_readings_narrow_first() -> None:
    pasted = relaxed("（三）简化优化审批流程。对多幢厂房进行改造；实行分类管理。")
    assert pasted[0].strings == ("简化优化审批流程", "对多幢厂房进行改造", "实行分类管理")
    first, second = relaxed("提取专项经费盘活工业用地")
    assert len(first.groups) > 1 and len(second.groups) == 1
    assert set(first.strings) == set(second.strings)
    assert relaxed("地") == ()


@given(st.text("工业用地。；\n", min_size=1, max_size=400), st.integers(20, 120))
def test_a_snippet_shows_the_first_hit(text: str, width: int) -> None:
    spans = marks(text, "工业用")
    shown = snippet(text, spans, width)
    part = shown.span.of(text)
    assert all(fold("工业用") in fold(mark.of(part)) for mark in shown.marks[:1])
    assert bool(shown.marks) == bool(spans)
    assert Span(0, len(text)) == shown.span or len(part) >= min(width, len(text) - shown.span.start)
