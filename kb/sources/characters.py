"""Cleaning steps on the characters of a line: what mirrors and broken exports put into a text. See ``cleaning.STEPS``.

Each step maps a draft to a draft and the edits it made: (line number, before, after).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from functools import cache

import opencc

from kb.sources.page import Draft
from kb.vocabulary import lines, table

Edit = tuple[int, str, str]
Edited = tuple[Draft, list[Edit]]

_HAN = r"[\u3400-\u9fff\U00020000-\U0003ffff]"
#: Share of Han characters that t2s changes on a traditional page: 30 in 100 on 钱塘's; below 1 on simplified ones.
_TRADITIONAL = 0.08


def each_line(draft: Draft, change: Callable[[str], str]) -> Edited:
    """``change`` applied to every line; a line that becomes empty is dropped."""
    kept, edits = [], []
    for line in draft.lines:
        text = change(line.text)
        if text != line.text:
            edits.append((line.number, line.text, text))
        if text.strip():
            kept.append(line if text == line.text else line.reading(text))
        elif text == line.text:
            kept.append(line)
    return replace(draft, lines=tuple(kept)), edits


# <dfn id="eserq"><video id="eserq"></video></dfn>: tags in a text file, and what a broken page leaves of them. Only
# names of tags in ASCII: 各县<市、区>政府 and 印发<关于…>的通知 stay.
_TAG = re.compile(r"</?(?:[a-z][a-z0-9]*)(?:\s+[a-z_:-]+(?:\s*=\s*(?:\"[^\"<>]*\"|'[^'<>]*'|[^\s<>\"']+))?)*\s*/?>",
                  re.IGNORECASE)
_BULLET_ALONE = re.compile(r"^\s*[•·●■◆▪\ufffd]\s*$")
_ENTITY = re.compile(r"&(?:nbsp|ensp|emsp|thinsp|zwnj|zwj|#160|#xa0|amp|lt|gt|quot|ldquo|rdquo|lsquo|rsquo|mdash|"
                     r"ndash|middot|hellip|#\d{2,5}|#x[0-9a-f]{2,5});", re.IGNORECASE)


def strip_tags(draft: Draft) -> Edited:
    """Tags and entities that stand in the text as text."""
    from html import unescape

    def change(text: str) -> str:
        bare = _ENTITY.sub(lambda match: unescape(match[0]), text)
        if "<" in bare:
            bare = _TAG.sub("", bare)
            bare = re.sub(r"<!--.*?-->", "", bare)
        return "" if bare != text and _BULLET_ALONE.match(bare) else bare

    return each_line(draft, change)


_BOLD = re.compile(r"\*\*(?=\S)(.+?)(?<=\S)\*\*")


def strip_markdown(draft: Draft) -> Edited:
    """The marks of a page saved as Markdown: # before a heading, ** around bold words."""
    texts = [line.text.lstrip() for line in draft.lines]
    if not any(re.match(r"#{1,6} ", text) for text in texts) and \
            sum(re.match(r"#{1,6}[^#]|\*\*", text) is not None for text in texts) < 2:
        return draft, []

    def change(text: str) -> str:
        return text if "\n" in text else _BOLD.sub(r"\1", re.sub(r"^\s*#{1,6}\s*(?=[^\s#])|\s*#+\s*$", "", text))

    return each_line(draft, change)


_MOJIBAKE = re.compile(r"\?{3,}|\ufffd+|锟斤拷(?:锟斤拷)*|(?:烫烫)+烫*|(?<=\s)\?(?=\s*[>»›])|^\?(?=\s*[>»›])")


def strip_mojibake(draft: Draft) -> Edited:
    """Question marks and replacement characters that stand for lost spaces and symbols (????, ?>)."""
    return each_line(draft, lambda text: _MOJIBAKE.sub("", text))


#: Private-use characters that fonts of old exports use, by what they showed (2\ue0105米 is 2.5米).
_PRIVATE = {"\ue010": ".", "\ue5e5": " ", "\ue004": " ", "\ue003": " ", "\ue011": "·", "\uf0b7": "•", "\uf06c": "•"}


def map_private_use(draft: Draft) -> Edited:
    """Known private-use characters become what they showed; unknown ones stay and are noted."""
    draft, edits = each_line(draft, lambda text: "".join(_PRIVATE.get(char, char) for char in text))
    notes = [f"第{line.number}行有无法辨认的私用区字符，已保留：{line.text[:40]}"
             for line in draft.lines if re.search(r"[\ue000-\uf8ff]", line.text)]
    return draft.saying(*notes), edits


_ZERO_WIDTH = re.compile(r"[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\u0000-\u0008\u000e-\u001f]")
_SPACES = re.compile(r"[ \t\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+")
_SPREAD = re.compile(rf"{_HAN}(?: {_HAN})+")
_ARTICLE_SPACE = re.compile(r"^(第 ?[〇零一二三四五六七八九十百千两\d]+ ?[编章节条](?: ?之[一二三四五六七八九十]+)?) ")
# 第一章 总 则, 三、附 则: a name, spread
_SPREAD_NAME = re.compile(rf"^(第 ?[〇零一二三四五六七八九十百\d]+ ?[编章节]|[一二三四五六七八九十]+、) ?"
                          rf"({_HAN}(?: {_HAN})+)$")


_EMPTY_CELL = re.compile(r"\| (?=\|)")     # a pipe table's empty cell, as it is written everywhere else


def _closed(match: re.Match[str]) -> str:
    return match[1] + ("" if match[1][-1] == "、" else " ") + match[2].replace(" ", "")


def tidy_spaces(draft: Draft) -> Edited:
    """Zero-width characters go; ideographic, hard and repeated spaces become one; a word spread over a line
    (通　知) closes up. The one space after 第一条 is ideographic, as printed."""
    def change(text: str) -> str:
        if "\n" in text:                                  # a table: its cells, one row a line
            return "\n".join(_EMPTY_CELL.sub("|  ", change(row)) for row in text.split("\n"))
        bare = _SPACES.sub(" ", _ZERO_WIDTH.sub("", text)).strip(" ")
        if _SPREAD.fullmatch(bare):
            bare = bare.replace(" ", "")
        return _ARTICLE_SPACE.sub(lambda match: match[1] + "\u3000", _SPREAD_NAME.sub(_closed, bare))

    return each_line(draft, change)


_SYLLABLE = re.compile(r"(?:[bpmfdtnlgkhjqxrzcsyw]|[zcs]h)?(?:a|o|e|ai|ei|ao|ou|an|en|ang|eng|ong|er|i|ia|ie|iao|iu|"
                       r"ian|in|iang|ing|iong|u|ua|uo|uai|ui|uan|un|uang|ue|v|ve|ü|üe|üan|ün|ê)")
_TONES = str.maketrans("", "", "\u0300\u0301\u0304\u030c\u0306")
_READING = re.compile(rf"(?<={_HAN})\s?[（(]\s*([a-zA-Zāáǎăàōóǒŏòēéěĕèīíǐĭìūúǔŭùǖǘǚǜüńňǹḿê\u0300-\u030c]+)\s*[）)]")

# 我?guī)推髽I for 我帮企: where the bytes of a character were eaten, what is left is a reading without its bracket
_LOST = re.compile(r"\?[a-zāáǎàōóǒòēéěèīíǐìūúǔùǖǘǚǜü]{1,6}[)）].{0,4}")


def strip_readings(draft: Draft) -> Edited:
    """A pinyin syllable in brackets after a character, 制(zhì)造業(yè). Syllables without a tone are only taken on
    a page that has several toned ones or a few dozen in all: (an) and (A) are also English and labels."""
    text = "\n".join(line.text for line in draft.lines)
    found = [match[1] for match in _READING.finditer(text) if _is_syllable(match[1])]
    toned = sum(not syllable.isascii() for syllable in found)
    bold = toned >= 2 or len(found) >= 12

    def change(line: str) -> str:
        while True:         # one mirror sets a reading once for each meaning of the character: 业(ye)(ye)(ye)
            bare = _READING.sub(lambda match: "" if _is_syllable(match[1]) and (bold or not match[1].isascii())
                                else match[0], line)
            if bare == line:
                return bare
            line = bare

    draft, edits = each_line(draft, change)
    notes = [f"第{line.number}行有残缺的注音，那里可能少了一个字：{match[0]}" for line in draft.lines
             for match in _LOST.finditer(line.text)]
    return draft.saying(*notes), edits


def _is_syllable(word: str) -> bool:
    if word != word.lower():
        return False
    plain = unicodedata.normalize("NFC", unicodedata.normalize("NFD", word).translate(_TONES))
    return _SYLLABLE.fullmatch(plain) is not None


@cache
def _converter() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")


@cache
def _fixes() -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(row["pattern"]), row["replacement"]) for row in table("t2s_fixes.tsv"))


def simplify(text: str) -> str:
    """``text`` in simplified characters: OpenCC's t2s and the fixes of ``t2s_fixes.tsv``."""
    simple: str = _converter().convert(text)
    for pattern, replacement in _fixes():
        simple = pattern.sub(replacement, simple)
    return simple


def is_traditional(text: str) -> bool:
    """Whether ``text`` is written in traditional characters, rather than holding a name or two in them."""
    han = re.findall(_HAN, text)
    if len(han) < 20:
        return False
    plain = "".join(han)
    simple = _converter().convert(plain)
    changed = sum(a != b for a, b in zip(plain, simple, strict=False))
    return bool(changed >= _TRADITIONAL * len(plain))


def simplify_page(draft: Draft) -> Edited:
    """Traditional characters become simplified, on pages detected as traditional only."""
    if not is_traditional("\n".join(line.text for line in draft.lines)):
        return draft, []
    draft, edits = each_line(draft, simplify)
    meta = {name: simplify(value) for name, value in draft.meta.items()}
    return replace(draft, meta=meta), edits


@cache
def _spam() -> re.Pattern[str]:
    words = sorted(lines("spam.txt"), key=len, reverse=True)
    return re.compile("|".join(map(re.escape, words)))


_SENTENCE = re.compile(r"[。；]")


def strip_spam(draft: Draft) -> Edited:
    """Injected words. A line without a sentence that holds one goes as a whole; inside a sentence or a site's own
    line (慈溪's breadcrumb) the word alone goes."""
    def change(text: str) -> str:
        if not _spam().search(text):
            return text
        rest = _spam().sub("", text)
        words = len(re.findall(_HAN, rest))
        sentence = _SENTENCE.search(rest) and words >= 12
        return rest if sentence or words > 2 * len(text) // 3 or re.search(r"[>》：:|]", rest) else ""

    return each_line(draft, change)
