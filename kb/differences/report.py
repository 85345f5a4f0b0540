"""One line of Chinese for a difference, good enough to paste into a report: 临海：甲；台州：乙."""

from __future__ import annotations

from kb.differences.references import mistyped
from kb.models import Difference, Document
from kb.text import words
from kb.vocabulary import table
from kb.vocabulary.regions import bare

_LONG = 44      # characters of the longest quote that is given in full



def _direction(code: str) -> str:
    """A direction as a reader calls it, seen from the second document: 更严, 更高."""
    return next(row["word"] for row in table("site_words.tsv") if row["column"] == "direction" and row["code"] == code)


def places(a: Document, b: Document) -> tuple[str, str]:
    """Short names that tell the two documents apart: places, with number or title where the place is the same."""
    names = bare(a.region_code), bare(b.region_code)
    if names[0] != names[1]:
        return names
    marks = a.doc_number or a.title, b.doc_number or b.title
    if marks[0] == marks[1]:
        marks = a.id, b.id
    return f"{names[0]}（{marks[0]}）", f"{names[1]}（{marks[1]}）"


def short(quote: str, limit: int = _LONG) -> str:
    """``quote`` on one line; a long one by its first and last words, cut between words."""
    quote = " ".join(quote.split())
    if len(quote) <= limit:
        return quote
    pieces = words(quote)
    head = tail = ""
    while pieces and len(head) + len(pieces[0]) <= limit * 2 // 3:
        head += pieces.pop(0)
    while pieces and len(tail) + len(pieces[-1]) <= limit // 3:
        tail = pieces.pop() + tail
    return (head or quote[:limit * 2 // 3]) + "……" + tail


def summary(row: Difference, a: Document, b: Document) -> str:
    """The line for ``row``, the second document first, as one reports on it against its parent."""
    one, other = places(a, b)
    mine, theirs = short(row.a_quote), short(row.b_quote)
    if not row.b_quote:
        return f"{other}未载；{one}：{mine}"
    if not row.a_quote:
        return f"{one}未载；{other}：{theirs}"
    line = f"{other}：{theirs}；{one}：{mine}"
    if row.type == "citation" and mistyped(row.a_quote, row.b_quote):
        line += "（疑为笔误）"
    if row.direction != "n/a" and row.type in ("number", "target", "modality", "date"):
        line += f"（{other}{_direction(row.direction)}）"
    return line
