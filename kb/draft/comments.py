"""Remarks in the margin of a draft or a redline."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from docx.document import Document as WordDocument
from docx.oxml.ns import qn

from kb.draft.flow import Block
from kb.draft.ooxml import legal, stamp
from kb.models import Span


@dataclass(frozen=True, slots=True)
class Comment:
    """A remark. It hangs on ``quote`` in the provision at ``address``; on the provision's first block where the quote
    is empty or does not stand there; on the document's first where there is no such provision."""

    address: str
    text: str
    quote: str = ""
    author: str = "kb"


def place(comment: Comment, blocks: Sequence[Block]) -> tuple[int, Span | None]:
    """Where the comment hangs: the index of one of the ``blocks``, and a span of its text (None for all of it)."""
    own = [index for index, block in enumerate(blocks) if block.path == comment.address and block.text]
    for index in own:
        start = blocks[index].text.find(comment.quote) if comment.quote else -1
        if start >= 0:
            return index, Span(start, start + len(comment.quote))
    # a quote that runs over a heading's end into the text, or over two paragraphs: the block that holds its beginning
    for index in own:
        start = blocks[index].text.find(comment.quote[:8]) if comment.quote else -1
        if start >= 0:
            return index, Span(start, len(blocks[index].text))
    if not own:     # a provision without a line of its own: the first below it
        own = [index for index, block in enumerate(blocks)
               if block.path.startswith(comment.address + "/") and block.text]
    return (own[0] if own else next((at for at, block in enumerate(blocks) if block.text), 0)), None


def add_comment(word: WordDocument, comment: Comment, dated: dt.datetime) -> int:
    """Put the comment's text into the file; its number there."""
    made = word.part._comments_part.comments.add_comment(legal(comment.text), comment.author, comment.author[:2])
    made._comment_elm.set(qn("w:date"), stamp(dated))
    return made.comment_id
