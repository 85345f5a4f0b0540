"""Text to HTML for the site: hits, differences and statements marked on a clause's text, everything else escaped."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from html import escape
from itertools import groupby
from urllib.parse import quote

from markupsafe import Markup

from kb.fulltext import Snippet
from kb.models import Span
from kb.vocabulary import table

_HAN = "\u3400-\u9fff\u3001-\u3011\uff01-\uff60“”‘’—…"
_HALF = re.compile(rf"(?<=[{_HAN}])[,;:!?()]|[,;:!?()](?=[{_HAN}])|(?<=\))[,;:](?=\S)")
_FULL = {ord(half): full for half, full in zip(",;:!?()", "，；：！？（）", strict=True)}


@lru_cache(maxsize=512)
def typeset(text: str) -> str:
    """``text`` with half-width punctuation beside Chinese characters set full-width: for display only, one for one, so
    that offsets hold. Words and digits stay as published."""
    return _HALF.sub(lambda found: found[0].translate(_FULL), text)


@cache
def _words() -> Mapping[tuple[str, str], str]:
    return {(row["column"], row["code"]): row["word"] for row in table("site_words.tsv")}


def word(column: str, code: object) -> str:
    """The Chinese word for a code of ``column`` (``a_`` and ``b_`` aside); the code itself if there is none."""
    return _words().get((column.removeprefix("a_").removeprefix("b_"), str(code)), str(code))


@dataclass(frozen=True, slots=True)
class Mark:
    """HTML put around a span of a text: ``before`` and ``after`` are markup, the text between is escaped. A mark on an
    empty span is put in at that place, inside other marks too."""

    span: Span
    before: Markup
    after: Markup = Markup()


HIT = (Markup("<mark>"), Markup("</mark>"))
QUANTITY = (Markup('<span class="qty">'), Markup("</span>"))


def hits(spans: Iterable[Span]) -> list[Mark]:
    """Marks for search hits."""
    return [Mark(span, *HIT) for span in spans]


def inline(text: str, marks: Sequence[Mark] = (), start: int = 0, end: int | None = None) -> Markup:
    """``text[start:end]`` as one line of HTML with the marks that fall into it; a mark that overlaps the one before
    begins where that ends."""
    stop = len(text) if end is None else end
    shown, at = typeset(text), start
    points = sorted((m for m in marks if not len(m.span) and start <= m.span.start <= stop), key=lambda m: m.span.start)
    out: list[str] = []

    def copy(until: int, mark: Mark | None = None) -> None:
        """Text up to ``until``, inside ``mark``, which is closed for each point on the way and opened again."""
        nonlocal at
        while points and points[0].span.start <= until:
            piece(points[0].span.start, mark)
            point = points.pop(0)
            out.extend((point.before, point.after))
        piece(until, mark)

    def piece(until: int, mark: Mark | None) -> None:
        nonlocal at
        if at < until:
            part = escape(shown[at:until])
            out.extend((mark.before, part, mark.after) if mark else (part,))
            at = until

    for mark in sorted((m for m in marks if len(m.span)), key=lambda m: (m.span.start, m.span.end)):
        begin, close = max(mark.span.start, at), min(mark.span.end, stop)
        if begin < close:
            copy(begin)
            copy(close, mark)
    copy(stop)
    return Markup("".join(out))


def paragraphs(text: str, marks: Sequence[Mark] = (), end: int | None = None) -> Markup:
    """``text[:end]`` as paragraphs, Markdown table rows in it as a table. A mark that runs over a line end is set on
    each line."""
    found = re.finditer(r"[^\n]+", text[:end])
    lines = [(line.start(), line.end()) for line in found if line[0].strip()]
    out = Markup()
    for is_table, group in groupby(lines, key=lambda line: text[line[0]] == "|"):
        if is_table:
            out += _table(text, list(group), marks)
        else:
            for start, stop in group:
                out += Markup('<p class="text">{}</p>').format(inline(text, marks, start, stop))
    return out


def units_at(text: str, first: int) -> int:
    """Where the bracket with the responsible units opens that closes a clause, given where the first unit stands; the
    end of the text if there is none. It is set apart on the page, not left out."""
    start = max(text.rfind(bracket, 0, first) for bracket in "（(")
    closes = text.rstrip("。\n ").endswith(("）", ")"))
    return start if start > 0 and closes and "\n" not in text[start:].strip() else len(text)


def units_line(text: str, start: int, marks: Sequence[Mark] = ()) -> Markup:
    """What :func:`units_at` found, as a quiet line of its own: its label, then the units; empty if there is none."""
    head = re.compile(r"[（(]\s*([^：:，,（(]{2,8})[：:]").match(text, start)
    if start >= len(text.rstrip()):
        return Markup()
    end = len(text.rstrip("。\n "))
    if head is None:
        return Markup('<p class="resp">{}</p>').format(inline(text, marks, start, end))
    return Markup('<p class="resp"><b>{}</b>{}</p>').format(head[1].strip(), inline(text, marks, head.end(), end - 1))


def _table(text: str, lines: Sequence[tuple[int, int]], marks: Sequence[Mark]) -> Markup:
    rows = Markup()
    for start, end in lines:
        if re.fullmatch(r"[|\s:-]+", text[start:end]):
            continue
        cells = [(start + c.start(), start + c.end()) for c in re.finditer(r"(?<=\|)[^|]*(?=\|)", text[start:end])]
        rows += Markup("<tr>{}</tr>").format(Markup().join(
            Markup("<td>{}</td>").format(inline(text, marks, *cell)) for cell in cells))
    return Markup('<div class="wide"><table class="inset"><tbody>{}</tbody></table></div>').format(rows)


def excerpt(text: str, shown: Snippet) -> Markup:
    """A snippet with its hits marked and … where it was cut."""
    part = shown.span.of(text)
    return Markup("{}{}{}").format("…" if shown.span.start else "", inline(part.replace("\n", " "), hits(shown.marks)),
                                   "…" if shown.span.end < len(text) else "")


def clip(quote_: str, length: int = 34) -> str:
    """A long reading by its first and last characters, cut in the middle but never inside a number or a word in Latin
    letters."""
    text = typeset(" ".join(quote_.split()))
    if len(text) <= length:
        return text
    head, tail = length * 2 // 3, length // 3
    while head > 4 and re.match(r"[\w.%]{2}", text[head - 1:head + 1], re.ASCII):
        head -= 1
    while tail > 4 and re.match(r"[\w.%]{2}", text[-tail - 1:len(text) - tail + 1], re.ASCII):
        tail -= 1
    return f"{text[:head]}……{text[-tail:]}"


#: Salience from which a difference has two and three dots.
DOTS = (0.45, 0.75)


def dots(salience: float) -> int:
    """Salience from 0 to 1 as one to three dots."""
    return 1 + sum(salience >= least for least in DOTS)


def day(date: str | None) -> str:
    """An ISO date in Chinese: 2022年6月16日; other text as it is."""
    found = re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)", date or "")
    return f"{found[1]}年{int(found[2])}月{int(found[3])}日" if found else date or ""


def anchor(document_id: str, path: str = "") -> str:
    """Address of a document's page, or of a clause on it."""
    return f"/doc/{quote(document_id)}" + (f"#{quote(path, safe='/')}" if path else "")


def clause_address(document_id: str, path: str) -> str:
    """Address of a clause's own page."""
    return f"/doc/{quote(document_id)}/{quote(path, safe='/')}"


def amount(value: float | None) -> str:
    """A number as people write it: at most four decimals, no trailing zeros."""
    return "" if value is None else f"{value:.4f}".rstrip("0").rstrip(".")
