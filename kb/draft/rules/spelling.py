"""Likely slips: a term one character off from the base's, words that are always misspelt, marks without a partner."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Final

from rapidfuzz.distance import OSA

from kb.draft.clauses import Group
from kb.draft.comparing import Comparison
from kb.draft.context import Context, against
from kb.draft.findings import Finding
from kb.models import Span
from kb.text import normalise, words
from kb.tokens import Token, equivalents, forces
from kb.vocabulary import table

_NEAR: Final = 0.6
_SKIP: Final = frozenset({"number", "document", "title", "agency", "level", "place"})
_HAN: Final = re.compile("[一-鿿]+")


@cache
def _confused() -> frozenset[tuple[str, str]]:
    return frozenset(pair for row in table("confused_words.tsv")
                     for pair in ((row["one"], row["other"]), (row["other"], row["one"])))


def terms(context: Context) -> Iterator[Finding]:
    """Terms of the base that the draft writes with one character wrong in the same place of the sentence."""
    for comparison in context.comparisons:
        whole = normalise(comparison.base.document.text)
        for group in comparison.groups:
            if group.score >= _NEAR:
                yield from _terms_in(context, comparison, group, whole)


def _terms_in(context: Context, comparison: Comparison, group: Group, whole: str) -> Iterator[Finding]:
    for tag, i, j, k, m in group.changes:
        if tag != "replace" or j - i > 4 or m - k > 6:
            continue
        own, new = group.a[i:j], group.b[k:m]
        if any(token.kind in _SKIP for token in (*own, *new)):
            continue
        found = _slip(context, group, own, new, whole)
        if found is not None:
            base, span = found
            right = base.of(group.base_text).strip("“”\"")
            yield against(comparison, group, "typo-term", span, base, f"疑为“{right}”之误", f"改为“{right}”")


def _slip(context: Context, group: Group, own: Sequence[Token], new: Sequence[Token],
          whole: str) -> tuple[Span, Span] | None:
    """The base's term and the draft's slip for it, where the changed tokens hold one."""
    base, span = Span(own[0].start, own[-1].end), Span(new[0].start, new[-1].end)
    one, other = base.of(group.base_text), span.of(group.draft_text)
    if confused := _mixed_up(group, base, span):
        return confused
    if len(one) == 2 and len(other) == 1 and other in one and own[0].kind != "slack":
        tail = group.draft_text[span.start:span.end + 2]
        lost = one in context.folded and tail not in whole and context.folded.count(tail) == 1 and _HAN.fullmatch(tail)
        return (base, span) if lost and len(tail) == 3 and not _is_word(other + tail[1]) else None
    if _off_by_one(one, other) and _is_slip(context, one, other, whole):
        return base, span
    return None


def _mixed_up(group: Group, base: Span, span: Span) -> tuple[Span, Span] | None:
    """Words that are taken for each other around the changed characters: 不动产权利, 不动产权力."""
    for one, other in _confused():
        for back in range(len(one)):
            own, new = Span(base.start - back, base.start - back + len(one)), Span(span.start - back, span.start - back + len(
                other))
            if min(own.start, new.start) >= 0 and own.overlaps(base) and (
                    own.of(group.base_text), new.of(group.draft_text)) == (one, other):
                return own, new
    return None


def _is_word(text: str) -> bool:
    return words(text) == [text]


def _off_by_one(one: str, other: str) -> bool:
    """Whether two words are one slip apart: a character exchanged, doubled, left out, or two swapped."""
    folded = normalise(one), normalise(other)
    return min(map(len, folded)) > 1 and OSA.distance(*folded) == 1 and bool(_HAN.search(one) and _HAN.search(other))


def _is_slip(context: Context, one: str, other: str, whole: str) -> bool:
    """Whether ``other`` is ``one`` mistyped, rather than another word: it stands nowhere else, and is no word or the
    draft writes ``one`` elsewhere."""
    a, b = normalise(one), normalise(other)
    if b in whole or context.folded.count(b) > 1 or _is_known(a) != _is_known(b) and _is_known(b):
        return False
    if any(word in forces() or word in equivalents() for word in (a, b)):
        return False
    if len(a) != len(b):        # 制造 for 制造业 is another word, 制造业业 a slip
        return len(b) > len(a) and _doubles(b) and not _doubles(a)
    if any(not ("一" <= x <= "鿿") or not ("一" <= y <= "鿿") for x, y in zip(a, b, strict=True) if x != y):
        return False
    pieces = [word for word in words(b) if _HAN.search(word)]
    broken = len(pieces) > len([word for word in words(a) if _HAN.search(word)])
    elsewhere = a in context.folded
    if len(a) >= 3:
        return elsewhere or broken and whole.count(a) > 1 or broken and len(pieces) > 1 and len(a) >= 4
    return broken and len(pieces) == len(b)


def _is_known(word: str) -> bool:
    """Whether a word of two characters stands in the dictionary."""
    return len(word) == 2 and words(word) == [word]


def _doubles(word: str) -> bool:
    return bool(re.search(r"(.)\1", word))


# --- words that are wrong wherever they stand ------------------------------------------------------------------------

@cache
def _wrong() -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(row["wrong"]), row["right"]) for row in table("wrong_words.tsv"))


#: A word or particle written twice: 的的, 工业工业用地; 一个一个 and 等等 are words.
_TWICE: Final = re.compile(r"(?P<word>[的了和与及在是将为由按把被])(?P=word)(?![一-鿿]?地)|"
                           r"(?P<long>(?![一某×])[一-鿿]{2,6})(?P=long)(?!\d)|(?P<mark>[，。、；：])[，。、；：]")
_LEGIT_TWICE: Final = re.compile(r"(?:研究|讨论|商量|考虑|轰轰|逐个|逐项|个个|家家|户户|层层|样样|步步|常常|往往){2}")


def slips(context: Context) -> Iterator[Finding]:
    """Misspelt words, words written twice, two marks in a row."""
    text = context.document.text
    for pattern, right in _wrong():
        for match in pattern.finditer(text):
            yield Finding("typo-word", context.at(match.start()), match[0], f"“{match[0]}”应为“{right}”",
                          mend=f"改为“{right}”", start=match.start())
    for match in _TWICE.finditer(text):
        if _LEGIT_TWICE.match(match[0]) or not (match["mark"] or _two_words(text, match)):
            continue
        if match["mark"]:
            reason, mend = f"标点“{match[0]}”重复", f"改为“{match[0][0]}”"
        else:
            word = match["word"] or match["long"]
            reason, mend = f"“{word}”重复", f"改为“{word}”"
        yield Finding("typo-word", context.at(match.start()), match[0], reason, mend=mend, start=match.start())


def _two_words(text: str, match: re.Match[str]) -> bool:
    """Whether the two halves are words of their own: not so in 目的的, 作为为 and 企业创业创新."""
    begin = max(text.rfind("\n", 0, match.start()) + 1, match.start() - 8)
    edges, at = {begin}, begin
    for word in words(text[begin:match.end() + 8].split("\n")[0]):
        at += len(word)
        edges.add(at)
    middle = (match.start() + match.end()) // 2
    return {match.start(), middle} <= edges and (match.end() in edges or middle - match.start() > 1)


# --- marks in pairs --------------------------------------------------------------------------------------------------

_OPENS: Final = {"“": "”", "‘": "’", "《": "》", "〈": "〉", "（": "）", "〔": "〕", "【": "】", "「": "」", "『": "』", "[": "]",
                 "(": "）", "［": "]"}
_CLOSES: Final = {"”": "”", "’": "’", "》": "》", "〉": "〉", "）": "）", ")": "）", "〕": "〕", "】": "】", "」": "」",
                  "』": "』", "]": "]", "］": "]"}
_ENUMERATOR: Final = re.compile(r"\s*#*\s*(?:[一二三四五六七八九十\d]{1,3}|[a-zA-Z])[)）]")


def unpaired(context: Context) -> Iterator[Finding]:
    """Quotation marks and brackets that open and do not close on their line, or close what nothing opened."""
    at = 0
    for line in context.document.text.split("\n"):
        if not line.startswith("|"):
            for place, reason in _loose(line):
                start = at + place
                quote = context.quoted(start, start + 1, 8)
                yield Finding("typo-pairs", context.at(start), quote, reason, start=start)
        at += len(line) + 1


def _loose(line: str) -> Iterator[tuple[int, str]]:
    """Places of the marks of a line that have no partner."""
    stack: list[tuple[str, int]] = []
    begin = match.end() if (match := _ENUMERATOR.match(line)) else 0
    quotes = [place for place, char in enumerate(line) if char in "\"＂"]
    if len(quotes) % 2:
        yield quotes[-1], "引号不成对"
    for place in range(begin, len(line)):
        char = line[place]
        if char in _OPENS:
            if char in "“‘" and any(open_ == char for open_, _ in stack):
                first = _last(stack, char)
                while stack[-1][0] != char:
                    stack.pop()
                stack.pop()
                if not re.search("[，。；：,;:]", line[first:place]):
                    yield place, f"前引号用作后引号，应为“{_OPENS[char]}”"     # “亩均论英雄“
                    continue
                yield first, f"“{char}”没有对应的“{_OPENS[char]}”"
            stack.append((char, place))
        elif char in _CLOSES:
            if stack and _OPENS[stack[-1][0]] == _CLOSES[char]:
                stack.pop()
            elif any(_OPENS[open_] == _CLOSES[char] for open_, _ in stack):
                while _OPENS[stack[-1][0]] != _CLOSES[char]:
                    open_, where = stack.pop()
                    yield where, f"“{open_}”没有对应的“{_OPENS[open_]}”"
                stack.pop()
            else:
                yield place, f"“{char}”没有对应的前半"
    for open_, where in stack:
        yield where, f"“{open_}”没有对应的“{_OPENS[open_]}”"


def _last(stack: list[tuple[str, int]], char: str) -> int:
    return next(where for open_, where in reversed(stack) if open_ == char)
