"""Normalisation keeps offsets, sentences tile, and rjieba cuts as its reference jieba does."""

from __future__ import annotations

from pathlib import Path

import jieba
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.corpus import read_corpus
from kb.parse import parse
from kb.text import normalise, plain, sentences, words
from kb.vocabulary import lines


@given(st.text())
def test_normalising_keeps_the_length_and_is_done_once(text: str) -> None:
    assert len(normalise(text)) == len(text)
    assert normalise(normalise(text)) == normalise(text)


@pytest.mark.parametrize(("text", "folded"), [
    ("（浙政发〔2021〕31号）", "(浙政发(2021)31号)"), ("“腾笼换鸟”", '"腾笼换鸟"'), ("１．３万亩，５％", "1.3万亩,5%"),
    ("2021—2023年", "2021-2023年"), ("①第一", "①第一"), ("甲。乙、丙", "甲。乙、丙"), ("［１］【二】", "(1)(二)")])
def test_width_and_style_vanish(text: str, folded: str) -> None:
    assert normalise(text) == folded


@given(st.text(alphabet="甲乙。；！\n ”）“", max_size=60))
def test_sentences_hold_every_character_but_white_space_around_them(text: str) -> None:
    spans = list(sentences(text))
    assert all(one.end <= other.start for one, other in zip(spans, spans[1:], strict=False))
    assert "".join("".join(span.of(text).split()) for span in spans) == "".join(text.split())


def test_a_closing_quote_or_bracket_belongs_to_the_sentence() -> None:
    text = "他说：“甲。”乙；（丙。）丁"
    assert [span.of(text) for span in sentences(text)] == ["他说：“甲。”", "乙；", "（丙。）", "丁"]


@given(st.text(alphabet="零增地亩均税收企业的技改甲 1.5万元，。\n", max_size=80))
def test_words_joined_give_the_text(text: str) -> None:
    assert "".join(words(text)) == text


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> jieba.Tokenizer:
    """jieba with the same words of the field; its cache goes to a directory of our own."""
    tokenizer = jieba.Tokenizer()
    tokenizer.tmp_dir = str(tmp_path_factory.mktemp("jieba"))
    for word in lines("domain_words.txt"):
        tokenizer.add_word(word, 100_000)
    return tokenizer


def test_every_clause_of_the_corpus_is_cut_as_jieba_cuts_it(corpus: Path, reference: jieba.Tokenizer) -> None:
    texts = [p.text for document in read_corpus(corpus) for p in parse(document).provisions if p.text]
    assert len(texts) > 200
    differing = [text for text in texts if words(text) != reference.lcut(text, HMM=False)]
    assert differing == []


def test_words_of_the_field_are_not_cut(reference: jieba.Tokenizer) -> None:
    assert words("零增地技改后亩均税收") == ["零增地", "技改", "后", "亩均税收"]
    assert jieba.Tokenizer().lcut("亩均税收", HMM=False) != ["亩均税收"]


@pytest.mark.parametrize(("text", "line"), [("甲\n\n乙", "甲乙"), ("ab  cd", "ab cd"), ("A 类 的", "A类的"), ("", "")])
def test_plain(text: str, line: str) -> None:
    assert plain(text) == line
