"""A document as an official file (.docx) after GB/T 9704-2012: the writer for scaffolds, drafts and corpus documents.

What it writes reads back through the import with the same text and the same provisions.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Sequence
from typing import Any, Final

from docx.document import Document as WordDocument
from docx.oxml.ns import qn

from kb.draft.comments import Comment, add_comment, place
from kb.draft.flow import Block, flow
from kb.draft.ooxml import element, legal, packed
from kb.draft.pieces import Ids, Letters, Mark, Piece, children
from kb.draft.styles import HEI, KAI, STYLES, font, new_document, width
from kb.draft.tables import cell_paragraph, table
from kb.models import Document, Span
from kb.text import words

_TITLE_LINE: Final = 20         # characters of 2号 on a line


def write(document: Document, *, dated: dt.datetime, comments: Sequence[Comment] = (), number: bool = True) -> bytes:
    """``document`` as the bytes of a .docx. ``number`` puts its document number, where it has one, above the title.
    The same arguments give the same bytes; ``dated`` stands in the file's properties and on the comments."""
    word = new_document()
    blocks = flow(document)
    if number and document.doc_number:
        blocks = (Block("number", document.doc_number, "正文", Span(0, 0)), *blocks)
    marks: dict[int, list[Mark]] = {}
    for comment in comments:
        at, span = place(comment, blocks)
        marks.setdefault(at, []).append(Mark(add_comment(word, comment, dated), span))
    ids = Ids()
    for index, block in enumerate(blocks):
        append(word, table(block.rows, plain_cell) if block.rows
               else paragraph(index, blocks, marks.get(index, ()), ids))
    finish(word, document.title, dated)
    return packed(word)


def append(word: WordDocument, made: Any) -> None:
    """Put a paragraph or table at the end of the text, before the section's properties."""
    word.element.body.insert(len(word.element.body) - 1, made)


def plain_cell(y: int, x: int, text: str) -> Sequence[Any]:
    """The one paragraph of a cell that nobody changed."""
    return (cell_paragraph(text, head=not y),)


def finish(word: WordDocument, title: str, dated: dt.datetime) -> None:
    """What Word wants at the end, and the file's properties."""
    body = word.element.body
    if len(body) < 2 or body[-2].tag == qn("w:tbl"):
        append(word, element("p"))        # after a table a paragraph has to follow
    properties(word, title, dated)


def properties(word: WordDocument, title: str, dated: dt.datetime) -> None:
    """Title, author and dates of the file; nothing of python-docx's template."""
    core = word.core_properties
    core.title, core.author, core.comments, core.keywords = legal(title)[:255], "", "", ""
    core.last_modified_by = ""
    core.created = core.modified = dated
    core.revision = 1


def paragraph(index: int, blocks: Sequence[Block], marks: Sequence[Mark], ids: Ids) -> Any:
    """The ``w:p`` of the block at ``index``; ``marks`` are comments on spans of its text."""
    return element("p", None, paragraph_properties(index, blocks), *children(pieces(blocks[index]), marks, ids))


def pieces(block: Block) -> list[Piece]:
    """The text of a block cut where its letters change: a heading that runs in has its own font."""
    text = shown(block)
    letters = lead_letters(block)
    if letters is None:
        return [Piece(text)]
    return [Piece(text[:block.lead], letters), Piece(text[block.lead:])]


def lead_letters(block: Block) -> Letters | None:
    """Letters of the heading that runs in, where they differ from those of the text."""
    fonts = {"heading1": HEI, "heading2": KAI}
    return {"rFonts": font(fonts[block.role])} if block.lead and block.role in fonts else None


def shown(block: Block) -> str:
    """The text to set. In 印发机关 2021年4月30日印发 a tab pushes the date to the right edge; reading gives a space.
    A title is broken into even lines; reading joins them."""
    if block.role in ("title", "subtitle"):
        return title_lines(block.text)
    if block.role == "imprint":
        return re.sub(r"[ \u3000](?=\d{4}年)", "\t", block.text, count=1)
    return block.text


def paragraph_properties(index: int, blocks: Sequence[Block]) -> Any:
    """``w:pPr``: the role's style (body text where the heading runs in), and what depends on the text."""
    block = blocks[index]
    style = STYLES["body" if block.lead else block.role]
    made = element("pPr", None, element("pStyle", {"val": style.key}))
    if block.role == "subtitle" and index and blocks[index - 1].role != "attachment":
        made.append(element("pageBreakBefore"))
    if indent := _indent(block, blocks):
        made.append(element("ind", indent))
    return made


def _indent(block: Block, blocks: Sequence[Block]) -> dict[str, object]:
    if block.role == "issuer":      # its middle above the middle of the date
        date = next((item for item in blocks if item.role == "date" and item.path == block.path), None)
        right = max(2.0, 4 + (width(date.text) - width(block.text)) / 2) if date is not None else 2.0
        return {"rightChars": round(right * 100), "right": round(right * 315)}
    if block.role in ("list", "list_item"):
        prefix = re.match(r"(?:附\s*件\s*[:：]\s*)?(?:\d+\s*[.．、]\s*)?", block.text)
        hang = width(prefix[0]) if prefix else 0.0
        first = 2.0 if block.role == "list" else 5.0
        return {"leftChars": round((first + hang) * 100), "left": round((first + hang) * 315),
                "hangingChars": round(hang * 100), "hanging": round(hang * 315)}
    return {}


def title_lines(text: str) -> str:
    """A title with line ends where its lines are as even as they can be, breaking between words only."""
    units = _units(text)
    total = sum(map(width, units))
    count = math.ceil(total / _TITLE_LINE)
    if count <= 1 or any(width(unit) > _TITLE_LINE for unit in units):
        return text
    for lines in range(count, count + 2):
        found = _broken(tuple(map(width, units)), lines)
        if found is not None:
            return "".join(unit + ("\n" if at in found else "") for at, unit in enumerate(units, 1))
    return text


def _broken(sizes: tuple[float, ...], lines: int) -> frozenset[int] | None:
    """Where to break units of ``sizes`` into ``lines`` so that the squares of their widths are least; None where a
    line would be too long."""
    best: list[tuple[float, tuple[int, ...]] | None] = [(0.0, ())] + [None] * len(sizes)
    for _ in range(lines):
        step: list[tuple[float, tuple[int, ...]] | None] = [None] * (len(sizes) + 1)
        for start, held in enumerate(best):
            line = 0.0
            for end in range(start + 1, len(sizes) + 1):
                line += sizes[end - 1]
                if held is None or line > _TITLE_LINE:
                    break
                cost = (held[0] + line * line, (*held[1], end))
                step[end] = min(filter(None, (step[end], cost)))
        best = step
    return None if (last := best[-1]) is None else frozenset(last[1][:-1])


def _units(text: str) -> list[str]:
    """Words of a title, a closing sign with the word before it and an opening one with the word after it."""
    units: list[str] = []
    for word in words(text):
        glued = units and (word[0] in "、，。）》”’:：)," or units[-1][-1] in "（《“‘(")
        if glued:
            units[-1] += word
        else:
            units.append(word)
    return units
