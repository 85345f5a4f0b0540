"""A document as an official reads it: paragraphs with the part each plays, tables, in order.

The Markdown of the corpus puts a run-in heading on a line of its own; on paper it opens its paragraph, so the two are
one block here. Each block knows its address and where its text stands in the document.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from kb.models import Document, Provision, Span
from kb.parse import parse
from kb.parse.headings import split_heading
from kb.parse.lines import Line, read_lines

Role = Literal[
    "title",        # 公文标题
    "number",       # 发文字号
    "salutation",   # 主送机关
    "heading1",     # 一、 and chapters
    "heading2",     # （一） and divisions
    "heading3",     # 1.
    "heading4",     # （1） ①
    "heading5",     # a sub-heading without a number
    "body",
    "attachment",   # 附件1 above an attachment
    "subtitle",     # an attachment's title, or that of the plan which a notice sends out
    "list",         # 附件：1.… above the signature
    "list_item",    # 2.…
    "issuer",       # 发文机关署名
    "date",         # 成文日期
    "remark",       # （此件公开发布）
    "copies",       # 抄送
    "imprint",      # 印发机关和印发日期
    "table",
]
_RUN_IN: Final = 30     # characters of the longest heading that runs in; the import parts these again
_HEADINGS: Final[dict[str, Role]] = {
    "chapter": "heading1", "division": "heading2", "section": "heading1", "subsection": "heading2", "item": "heading3",
    "subitem": "heading4"}


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph (``text``) or a table (``rows``, ``text`` empty). ``lead`` counts the characters of ``text`` that are
    a heading which runs in. ``path`` is the address of its provision, ``span`` where it stands in the document's
    text."""

    role: Role
    text: str
    path: str
    span: Span
    lead: int = 0
    rows: tuple[tuple[str, ...], ...] = ()


def flow(document: Document) -> tuple[Block, ...]:
    """The blocks of ``document`` in order."""
    lines = read_lines(document.text)
    provisions = parse(document).provisions
    openings = [provision.heading_start if provision.heading else provision.start for provision in provisions]
    blocks: list[Block] = []
    index = 0
    while index < len(lines):
        line = lines[index]
        owner = _owner(line, provisions, openings)
        role = _role(index, lines, owner, blocks)
        text = line.span.of(document.text)
        if line.table:
            blocks.append(Block(role, "", owner.path, line.span, rows=rows(text)))
        elif (joined := _run_in(document.text, lines, index, owner, openings, provisions)) is not None:
            index += 1
            blocks.append(Block(role, joined, owner.path, Span(line.span.start, lines[index].span.end), len(text)))
        else:
            blocks.append(Block(role, text, owner.path, line.span))
        index += 1
    return tuple(blocks)


def rows(table: str) -> tuple[tuple[str, ...], ...]:
    r"""The cells of a pipe table, its row of dashes left out; ``\|`` in a cell is a bar."""
    found = []
    for at, line in enumerate(table.split("\n")):
        if at != 1:
            cells = re.split(r"(?<!\\)\|", line.strip().removeprefix("|").removesuffix("|"))
            found.append(tuple(cell.strip().replace(r"\|", "|") for cell in cells))
    return tuple(found)


def _owner(line: Line, provisions: Sequence[Provision], openings: Sequence[int]) -> Provision:
    """The provision that the line opens or belongs to: the last that has begun where the line ends."""
    at = bisect_right(openings, line.span.end - 1) - 1
    if line.attachment is not None:     # 附件 stands above the title that opens its part
        at = next((later for later in range(max(at, 0), len(provisions))
                   if provisions[later].kind == "part" and openings[later] >= line.span.start), at)
    return provisions[max(at, 0)]


def _role(index: int, lines: Sequence[Line], owner: Provision, before: Sequence[Block]) -> Role:
    line = lines[index]
    if line.table:
        return "table"
    if line.attachment is not None:
        return "attachment"
    if line.level == 1 and line.number is None:
        return "title" if index == 0 else "subtitle"
    if owner.kind == "signature":
        return _signature(line, before)
    if line.number is not None:
        heading = _HEADINGS.get(line.number.style.kind, "body")
        named = owner.heading and owner.kind == line.number.style.kind
        return heading if named and (line.level or heading in ("heading1", "heading2")) else "body"
    if line.level > 1 or owner.kind == "heading" and line.span.start <= owner.heading_start < line.span.end:
        return "heading5"
    opens = not before or before[-1].role in ("title", "subtitle", "number")
    return "salutation" if owner.kind in ("preamble", "part") and opens and line.folded[-1] == ":" else "body"


def _signature(line: Line, before: Sequence[Block]) -> Role:
    text = line.folded
    if re.match(r"附\s*件\s*:", text):
        return "list"
    if line.is_date:
        return "date"
    if re.match(r"抄\s*送|主题词", text):
        return "copies"
    if re.search(r"\d日\s*印\s*发$", text):
        return "imprint"
    if before and before[-1].role in ("list", "list_item") and (line.number is not None or not line.is_issuer):
        return "list_item"
    if line.is_issuer:
        return "issuer"
    return "remark" if text.startswith("(") else "body"


def _run_in(text: str, lines: Sequence[Line], index: int, owner: Provision, openings: Sequence[int],
            provisions: Sequence[Provision]) -> str | None:
    """Heading line and paragraph under it as one, where the parser reads the same heading in it; else None."""
    line = lines[index]
    if index + 1 == len(lines) or not line.level or line.number is None or line.folded[-1] != "。":
        return None
    under = lines[index + 1]
    if under.level or under.table or under.number is not None or under.attachment is not None or not owner.heading:
        return None
    if len(owner.heading) > _RUN_IN or _owner(under, provisions, openings) is not owner:
        return None
    heading = line.span.of(text)
    joined = heading + under.span.of(text)
    again = read_lines(joined)
    if len(again) != 1 or again[0].number is None:
        return None
    found, own = split_heading(joined, again[0], owner.kind, followed=False)
    return joined if own is not None and found.end + 1 == len(heading) else None


def plain(blocks: Sequence[Block]) -> Iterator[str]:
    """The text of each paragraph; of a table its cells, row by row."""
    for block in blocks:
        if block.rows:
            for row in block.rows:
                yield from row
        else:
            yield block.text
