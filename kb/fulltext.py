"""Full-text search of Chinese in SQLite FTS5: what is indexed, what a query means, where the hits stand.

The index holds overlapping pairs of characters. A text is folded (:func:`fold`), and from ``出让收入`` the index
gets the tokens ``出让 让收 收入 入``: every character opens a token, so a string of two characters or more is a phrase
of pairs and a lone character is a prefix. The pairs run through punctuation, digits and Latin letters as well
(``50万`` is found in ``250万元``, ``10%`` and ``（三）`` are found as they stand), so a MATCH is *exact*: it
returns the rows whose folded text contains the folded string, no more and no fewer, and nothing has to be checked
afterwards. White space is not indexed: a phrase copied across a line break is found.

Everything here is pure; a query never raises, whatever is typed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import accumulate, pairwise

from opencc import OpenCC

from kb.models import Span
from kb.text import normalise, words

#: FTS5's ``ascii`` tokenizer takes every character beyond ASCII as part of a token; printable ASCII is therefore
#: written as its full-width twin, which also keeps quotes and operators of a query from reaching FTS5.
TOKENIZER = "ascii"
_WIDE = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
_INVISIBLE = {"Cc", "Cf", "Cs", "Zs", "Zl", "Zp"}
_QUOTES = {'"': '"', "＂": "＂", "“": "”", "「": "」", "『": "』"}
_SENTENCE = re.compile(r"[。；;！!？?\n]+")
#: What numbers a clause at the start of a pasted line: 一、 （三） 1. ① ——
_HAN = "一二三四五六七八九十"
_NUMBER = re.compile(rf"^\s*(?:[（(][{_HAN}\d]+[)）]|[{_HAN}]+、|\d+[.．、](?!\d)|[①-⑳]|[—-]{{1,2}})\s*")
_OR = {"OR", "|", "｜"}


@cache
def _simplifier() -> OpenCC:
    return OpenCC("t2s")


@cache
def _key(char: str) -> str:
    """The one character that ``char`` is indexed as; empty for white space and format characters."""
    if unicodedata.category(char) in _INVISIBLE:
        return ""
    simple = _simplifier().convert(char) if char > "\u2e7f" else char
    plain = normalise(simple if len(simple) == 1 else char)
    return (plain.lower() if plain.isascii() else plain).translate(_WIDE)


def fold(text: str) -> str:
    """``text`` as the index sees it: width and style of punctuation folded (:func:`kb.text.normalise`), Latin letters
    in lower case, traditional characters simplified one by one, white space and invisible characters dropped.
    Two strings are equal for the search exactly when their folds are."""
    return "".join(map(_key, text))


def index_text(*runs: str) -> str:
    """Tokens of ``runs`` for the FTS table, separated by spaces. No hit crosses from one run into the next."""
    return " ".join(token for run in runs for token in _pairs(fold(run), last=True))


def _pairs(folded: str, *, last: bool) -> Iterator[str]:
    yield from map("".join, pairwise(folded))
    if last or len(folded) == 1:
        yield from folded[-1:]


@dataclass(frozen=True, slots=True)
class Query:
    """What a query means: every group must be met, by any of its strings, and no excluded string may stand in
    the clause. Strings are as typed, without operators."""

    groups: tuple[tuple[str, ...], ...] = ()
    excluded: tuple[str, ...] = ()

    @property
    def strings(self) -> tuple[str, ...]:
        """The strings looked for, in the order typed."""
        return tuple(string for group in self.groups for string in group)


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    raw: str
    quoted: bool = False
    minus: bool = False


def parse(query: str) -> Query:
    """The meaning of what a user typed.

    Words separated by white space must each stand in the clause as a string. ``"…"`` or ``“…”`` around a word or
    words makes one string of them; ``OR`` or ``｜`` between two accepts either; ``-word`` or ``NOT word`` excludes.
    Operators that have nothing to work on (``-3家`` alone, ``OR`` at an end) are part of the string.
    """
    tokens = list(_tokens(query))
    groups: list[tuple[str, ...]] = []
    excluded: list[str] = []
    either = negate = False
    for token in tokens:
        if not token.quoted and token.raw in _OR and groups:
            either = True
        elif not token.quoted and token.raw in {"NOT", "AND"} and groups:
            negate = token.raw == "NOT"
        elif not fold(token.text):
            continue
        elif token.minus or negate:
            excluded.append(token.text)
            either = negate = False
        elif either:
            groups[-1] += (token.text,)
            either = False
        else:
            groups.append((token.text,))
    if groups:
        return Query(tuple(groups), tuple(excluded))
    return Query(tuple((token.raw,) for token in tokens if fold(token.raw)))


def _tokens(query: str) -> Iterator[_Token]:
    at, end = 0, len(query)
    while at < end:
        if query[at].isspace():
            at += 1
            continue
        begin = at
        minus = query[at] == "-" and at + 1 < end and not query[at + 1].isspace()
        at += minus
        close = _closing(query, at)
        if close:
            yield _Token(query[at + 1:close], query[begin:close + 1], quoted=True, minus=minus)
            at = close + 1
            continue
        while at < end and not query[at].isspace():
            at += 1
        yield _Token(query[begin + minus:at], query[begin:at], minus=minus)


def _closing(query: str, at: int) -> int:
    """Index of the mark that closes the quotation opened at ``at``, 0 if none. It must end the word, so that
    the quotes in ``“零增地”技改`` are taken as part of the string."""
    mark = _QUOTES.get(query[at])
    if mark is None:
        return 0
    found = query.find(mark, at + 1)
    while found > 0:
        if found + 1 == len(query) or query[found + 1].isspace():
            return found
        found = query.find(mark, found + 1)
    return 0


def literal(string: str) -> str:
    """A query for exactly ``string``, whatever operators or quotes stand in it."""
    return '"' + re.sub(r'["＂]', "“", string) + '"'


def match_expression(query: str | Query) -> str:
    """The FTS5 MATCH expression for a query; one that matches nothing for an empty query."""
    parsed = parse(query) if isinstance(query, str) else query
    if not parsed.groups:
        return '""'
    wanted = " AND ".join(_any(group) for group in parsed.groups)
    return f"({wanted}) NOT {_any(parsed.excluded)}" if parsed.excluded else wanted


def _any(strings: Iterable[str]) -> str:
    phrases = list(dict.fromkeys(map(_phrase, strings)))
    return phrases[0] if len(phrases) == 1 else f"({' OR '.join(phrases)})"


def _phrase(string: str) -> str:
    folded = fold(string)
    return f'"{" ".join(_pairs(folded, last=False))}"' + (" *" if len(folded) == 1 else "")


def relaxed(query: str | Query) -> tuple[Query, ...]:
    """Wider readings of a query that finds nothing, the narrower first: all of its sentences without their numbers (a
    clause pasted with number and heading, which are stored apart), then all of its words, then any of them. Words
    of one character are left out; no reading is given that says the same as the query."""
    parsed = parse(query) if isinstance(query, str) else query
    parts = tuple((part,) for string in parsed.strings for piece in _SENTENCE.split(string)
                  if len(fold(part := _NUMBER.sub("", piece))) > 1)
    # a terminal can hand over lone surrogates, which no encoder takes
    typed = (string.encode("utf-8", "ignore").decode() for string in parsed.strings)
    found = (word for string in typed for word in words(_simplifier().convert(string)))
    kept = tuple(dict.fromkeys(w for w in map(str.strip, found) if len(fold(w)) > 1 and w[0].isalnum()))
    wider = (Query(parts, parsed.excluded),
             Query(tuple((word,) for word in kept), parsed.excluded), Query((kept,), parsed.excluded))
    return tuple(dict.fromkeys(q for q in wider if any(q.groups) and q != parsed))


def marks(text: str, query: str | Query) -> list[Span]:
    """Spans of the hits of ``query`` on the original ``text``, in order, overlapping and touching ones merged."""
    parsed = parse(query) if isinstance(query, str) else query
    keys = [(key, position) for position, char in enumerate(text) if (key := _key(char))]
    folded = "".join(key for key, _ in keys)
    found: list[Span] = []
    for string in dict.fromkeys(map(fold, parsed.strings)):
        at = folded.find(string) if string else -1
        while at >= 0:
            found.append(Span(keys[at][1], keys[at + len(string) - 1][1] + 1))
            at = folded.find(string, at + 1)
    return _merged(sorted(found))


def _merged(spans: Iterable[Span]) -> list[Span]:
    merged: list[Span] = []
    for span in spans:
        if merged and span.start <= merged[-1].end:
            merged[-1] = Span(merged[-1].start, max(merged[-1].end, span.end))
        else:
            merged.append(span)
    return merged


def whole_words(text: str, spans: Iterable[Span]) -> bool:
    """Whether any of ``spans`` begins and ends where a word of ``text`` does: 税收 does not in 不征税收入, nor does
    50万元 in 250万元. Such hits stay in the result and rank lower."""
    edges = {0, *accumulate(map(len, words(text)))}
    return any(span.start in edges and span.end in edges for span in spans)


@dataclass(frozen=True, slots=True)
class Snippet:
    """A stretch of a text worth showing: its span, and the hits inside it, counted from the stretch's start."""

    span: Span
    marks: tuple[Span, ...]


def snippet(text: str, spans: Iterable[Span], width: int = 120) -> Snippet:
    """About ``width`` characters of ``text`` around the first hit, from the start of its sentence where that is near,
    else from the start of the text if there is no hit."""
    hits = list(spans)
    first = hits[0].start if hits else 0
    stop = max(text.rfind(mark, 0, first) for mark in "。；\n") + 1
    start = 0 if first < width // 3 else stop if first - stop < width // 2 else first - width // 4
    end = max(start + width, hits[0].end if hits else 0)
    end = len(text) if len(text) - end < 12 else end  # no cut for the sake of a few characters
    shown = tuple(Span(max(s.start, start) - start, min(s.end, end) - start)
                  for s in hits if s.start < end and s.end > start)
    return Snippet(Span(start, end), shown)
