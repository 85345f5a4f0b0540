"""Text to HTML for the site: hits, differences and statements marked on a clause's text, everything else escaped."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from urllib.parse import quote

from markupsafe import Markup, escape

from kb.fulltext import Snippet
from kb.models import Span
from kb.vocabulary import table

_HAN = "\u3400-\u9fff\u3001-\u3011\uff01-\uff60“”‘’—…"
_HALF = re.compile(rf"(?<=[{_HAN}])[,;:!?()]|[,;:!?()](?=[{_HAN}])|(?<=\))[,;:](?=\S)")
_FULL = {ord(half): full for half, full in zip(",;:!?()", "，；：！？（）", strict=True)}


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
    """HTML put around a span of a text: ``before`` and ``after`` are markup, the text between is escaped."""

    span: Span
    before: Markup
    after: Markup


HIT = (Markup("<mark>"), Markup("</mark>"))
QUANTITY = (Markup('<span class="qty">'), Markup("</span>"))


def hits(spans: Iterable[Span]) -> list[Mark]:
    """Marks for search hits."""
    return [Mark(span, *HIT) for span in spans]


def inline(text: str, marks: Sequence[Mark] = (), start: int = 0, end: int | None = None) -> Markup:
    """``text[start:end]`` as one line of HTML with the marks that fall into it; a mark that overlaps the one before
    begins where that ends."""
    stop = len(text) if end is None else end
    shown, at, out = typeset(text), start, Markup()
    for mark in sorted(marks, key=lambda m: (m.span.start, m.span.end)):
        begin, close = max(mark.span.start, at), min(mark.span.end, stop)
        if begin < close:
            out += escape(shown[at:begin]) + mark.before + escape(shown[begin:close]) + mark.after
            at = close
    return out + escape(shown[at:stop])


def paragraphs(text: str, marks: Sequence[Mark] = ()) -> Markup:
    """``text`` as paragraphs, Markdown table rows in it as a table. A mark that runs over a line end is set on each
    line."""
    lines = [(found.start(), found.end()) for found in re.finditer(r"[^\n]+", text) if found[0].strip()]
    out = Markup()
    for is_table, group in groupby(lines, key=lambda line: text[line[0]] == "|"):
        if is_table:
            out += _table(text, list(group), marks)
        else:
            for start, end in group:
                out += Markup('<p class="text">{}</p>').format(inline(text, marks, start, end))
    return out


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


def numbered(spans: Iterable[tuple[int, Span]], tag: str, label: str, prefix: str) -> list[Mark]:
    """Marks for differences: ``tag`` is del, ins or span, ``label`` what a screen reader says; each mark ends in its
    number, a link to the note ``prefix``-number."""
    said = Markup('<span class="vh">{}</span>').format(label) if label else ""
    return [
        Mark(span, Markup('<{0} class="key">{1}' if tag == "span" else "<{0}>{1}").format(Markup(tag), said),
             Markup('</{0}><sup><a href="#{1}-{2}">{2}</a></sup>').format(Markup(tag), prefix, number))
        for number, span in spans if len(span)]


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


def dots(salience: float) -> int:
    """Salience from 0 to 1 as one to three dots."""
    return 3 if salience >= 2 / 3 else 2 if salience >= 1 / 3 else 1


def day(date: str | None) -> str:
    """An ISO date in Chinese: 2022年6月16日; other text as it is."""
    found = re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)", date or "")
    return f"{found[1]}年{int(found[2])}月{int(found[3])}日" if found else date or ""


def anchor(document_id: str, path: str = "") -> str:
    """Address of a document's page, or of a clause on it."""
    return f"/doc/{quote(document_id)}" + (f"#{quote(path, safe='/')}" if path else "")
