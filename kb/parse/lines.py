"""The lines of a document, and what a line is on its own: attachment opener, date, issuer, trailer.

markdown-it-py says where headings, paragraphs and tables are. Everything else in Markdown is switched off:
各县<市、区>, four spaces or a row of dashes in a policy document are text, not markup.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from markdown_it import MarkdownIt

from kb.models import Span
from kb.numbering import Number, decimal_outline, read_number
from kb.text import han_number, normalise

_MARKDOWN = MarkdownIt("zero").enable(["heading", "table"])
_HEADING_MARK = re.compile(r" {0,3}#{1,6}[ \t\u3000]*")
# A law that runs on in one paragraph: 第十条 … 。第十一条 … (飞行基本规则)
_MID_ARTICLE = re.compile(r"(?<=[。；;\s])第\s*[一二三四五六七八九十百零]+\s*条(?=[\s\u3000])")

# 附件1-2 is a part of 附件1; 附：分工表 does without 件
_ATTACHMENT = re.compile(r"附\s*(?P<kind>件|表|录)?\s*(?P<n>[0-9〇一二三四五六七八九十]*(?:-\d{1,2})?)"
                         r"(?(kind)|(?=\s*(?::|$)))\s*:?\s*(?P<title>.*)")
_LIST_OF_ATTACHMENTS = re.compile(r"附\s*件?\s*\d*\s*:")
# a draft leaves month and day open: 2026年　月　日
_DATE = re.compile(r"\d{4}\s*年\s*\d{0,2}\s*月\s*\d{0,2}\s*日|[一二][〇○零O0一二三四五六七八九]{3}年.{1,3}月.{1,3}日")
# （此件公开发布）, 抄送：…, 慈溪市人民政府办公室 2021年4月30日印发
_TRAILER = re.compile(
    r"\(此件|抄\s*送|主题词|\(?联系人\s*:|.{2,40}(?:办公室|办公厅|局|委)\s*\d{4}\s*年\s*\d+\s*月\s*\d+\s*日\s*印发")
_CONTACT = re.compile(r"\(?联系人\s*:")
_ISSUER = re.compile(r"[^\s,。;:、]{2,30}(?:人民政府|办公室|办公厅|委员会|管委会|局|厅|委|部|院)")
_SIGNATURE_LINE = 60    # characters of the longest line that can open a signature


@dataclass(frozen=True, slots=True)
class Line:
    """One line, or one whole table. ``span`` leaves out the Markdown mark and white space around; ``level`` is that of
    a Markdown heading, 0 for none; ``row`` counts from 1; ``folded`` is the normalised text (same length)."""

    span: Span
    level: int
    row: int
    table: bool
    folded: str
    number: Number | None

    @property
    def attachment(self) -> re.Match[str] | None:
        """Match if the line opens an attachment (附件, 附件2, ``# 附件1：名单``): groups n, its number, and title."""
        match = None if self.table else _ATTACHMENT.fullmatch(self.folded)
        if match and (self.level == 1 or not (match["title"] or self.folded[-1] in ":：")):
            return match
        return None

    @property
    def attachment_number(self) -> str | None:
        """The number that an attachment's opener shows, in Arabic digits: 2, 1-2."""
        match = self.attachment
        if not match or not match["n"]:
            return None
        number, *part = match["n"].split("-")
        return "-".join([*([str(han_number(number))] if number else []), *part])

    @property
    def is_date(self) -> bool:
        """Whether the line is a date and nothing else, as under an issuer's name."""
        return bool(_DATE.fullmatch(self.folded))

    @property
    def is_issuer(self) -> bool:
        """Whether the line could be the name of an issuing body and nothing else."""
        return not self.level and bool(_ISSUER.fullmatch(self.folded))

    @property
    def is_contact(self) -> bool:
        """Whether the line names whom to call."""
        return bool(_CONTACT.match(self.folded))

    @property
    def opens_signature(self) -> bool:
        """Whether a signature block begins here whatever follows: list of attachments, date, （此件公开发布）, 抄送."""
        if self.level or self.table:
            return False
        if len(self.folded) > _SIGNATURE_LINE and not _TRAILER.match(self.folded):
            return False
        return bool(_LIST_OF_ATTACHMENTS.match(self.folded) or _TRAILER.match(self.folded) or self.is_date)


def read_lines(text: str) -> list[Line]:
    """The lines and tables of a Markdown ``text`` in order, without blank ones; articles in mid-line are cut apart.
    HTML comments are a drafter's notes and no lines of the document."""
    text = _without_comments(text)
    starts = [0, *(match.end() for match in re.finditer("\n", text)), len(text) + 1]
    found: list[Line] = []
    for token in _MARKDOWN.parse(text):
        if token.level or token.map is None:
            continue
        first, last = token.map
        if token.type == "table_open":
            found += _cut(text, Span(starts[first], starts[last] - 1), 0, first, table=True)
        elif token.type in ("heading_open", "paragraph_open"):
            level = int(token.tag[1]) if token.type == "heading_open" else 0
            for row in range(first, last):
                found += _cut(text, Span(starts[row], starts[row + 1] - 1), level, row, table=False)
    outline = decimal_outline(["" if line.table else line.folded for line in found])
    return [replace(line, number=outline.get(index, line.number)) for index, line in enumerate(found)]


def _without_comments(text: str) -> str:
    """``text`` with ``<!-- … -->`` blanked out, line ends kept: the same length."""
    at = 0
    while (start := text.find("<!--", at)) >= 0 and (end := text.find("-->", start)) >= 0:
        at = end + 3
        text = text[:start] + re.sub(r"[^\n]", " ", text[start:at]) + text[at:]
    return text


def _cut(text: str, span: Span, level: int, row: int, *, table: bool) -> Iterator[Line]:
    start, end = span.start, min(span.end, len(text))
    if level and (mark := _HEADING_MARK.match(text, start, end)):
        start = mark.end()
    inner = [] if table else [match.start() for match in _MID_ARTICLE.finditer(text, start + 1, end)]
    for begin, stop in zip([start, *inner], [*inner, end], strict=True):
        if len(stripped := strip(text, Span(begin, stop))):
            folded = normalise(stripped.of(text))
            yield Line(stripped, level, row + 1, table, folded, None if table else read_number(folded))


def strip(text: str, span: Span) -> Span:
    """``span`` without white space at either end."""
    start, end = span.start, span.end
    while start < end and text[start].isspace():
        start += 1
    while start < end and text[end - 1].isspace():
        end -= 1
    return Span(start, end)
