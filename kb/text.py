"""What every stage shares about characters: one-for-one normalisation, sentences, words.

``normalise`` never changes a text's length, so an offset found in the normalised text is an offset in the original.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache

import rjieba

from kb.models import Span
from kb.vocabulary import lines

#: One character for one character, beyond what NFKC folds: quotes, dashes and brackets of any style.
_FOLD = str.maketrans({
    "“": '"', "”": '"', "‘": "'", "’": "'", "「": '"', "」": '"', "『": '"', "』": '"', "＂": '"',
    "—": "-", "–": "-", "－": "-", "―": "-", "─": "-", "−": "-",
    "〔": "(", "〕": ")", "【": "(", "】": ")", "[": "(", "]": ")", "［": "(", "］": ")",
    "〈": "<", "〉": ">", "。": "。", "、": "、", "·": "·", "•": "·", "・": "·",
})


@cache
def _fold(char: str) -> str:
    if "①" <= char <= "⑳":  # a number of its own kind in the numbering grammar, not the digit 1
        return char
    folded = unicodedata.normalize("NFKC", char)
    return (folded if len(folded) == 1 else char).translate(_FOLD)


def normalise(text: str) -> str:
    """``text`` with width and style of punctuation, brackets and quotes folded; the same length, so offsets hold.

    Full-width letters, digits and punctuation become half-width; 〔〕【】 become (); “”「」 become "; dashes
    become -. Chinese 。 and 、 stay. Case stays.
    """
    return "".join(map(_fold, text))


_SENTENCE_END = re.compile(r"[。；;！？!?](?:[”’」』\"')）〕】]*)|\n+")


def sentences(text: str) -> Iterator[Span]:
    """Spans of the sentences and half-sentences (cut at 。；！？ and line ends) of ``text``, without white space
    around them, in order; brackets and quotes that close after the mark belong to it."""
    begin = 0
    for match in _SENTENCE_END.finditer(text):
        yield from _stripped(text, begin, match.end())
        begin = match.end()
    yield from _stripped(text, begin, len(text))


def _stripped(text: str, start: int, end: int) -> Iterator[Span]:
    while start < end and text[start].isspace():
        start += 1
    while start < end and text[end - 1].isspace():
        end -= 1
    if start < end:
        yield Span(start, end)


@cache
def segmenter() -> rjieba.Jieba:
    """rjieba with the field's words added."""
    jieba = rjieba.Jieba()
    for word in lines("domain_words.txt"):
        jieba.add_word(word, 100_000, "n")
    return jieba


def words(text: str) -> list[str]:
    """``text`` cut into words (HMM off, so that the cut depends on the dictionaries alone). Joined they give
    ``text`` again."""
    return list(segmenter().cut(text, False))


_DIGIT = {char: value for value, char in enumerate("零一二三四五六七八九")} | {"〇": 0, "○": 0, "两": 2}
_POWER = {"十": 10, "百": 100, "千": 1000, "万": 10000}


def han_number(text: str) -> int:
    """The whole number that ``text`` spells (``二十一``, ``一百零三``, ``二〇二一``, ``12``).

    Raises ValueError where it spells none. For numbers of provisions and years, not for amounts.
    """
    if text.isascii() and text.isdigit():
        return int(text)
    if text and all(char in _DIGIT for char in text):  # read out digit by digit: 二〇二一
        return int("".join(str(_DIGIT[char]) for char in text))
    total = digit = 0
    for char in text:
        if char in _DIGIT:
            digit = _DIGIT[char]
        elif char in _POWER:
            total += (digit or 1) * _POWER[char]
            digit = 0
        else:
            raise ValueError(f"no number: {text!r}")
    if not text:
        raise ValueError("no number: ''")
    return total + digit


_LOOSE = re.compile(r"(?<=[\u3000-\u9fff\uff00-\uffef])\s+|\s+(?=[\u3000-\u9fff\uff00-\uffef])")


def plain(text: str) -> str:
    """``text`` on one line: runs of white space become one space, none is left beside a Han character or its marks."""
    return _LOOSE.sub("", " ".join(text.split()))
