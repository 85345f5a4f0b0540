"""A draft as a redline needs it: its blocks as they stand in the file, with the tracked changes that it came with."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from kb.draft.flow import Block, flow
from kb.models import Document, Span
from kb.sources.doc import to_docx
from kb.sources.docx import read_content
from kb.sources.docx_content import PARAGRAPH_END, Content, Paragraph, Revision, Run, Table

_OLD: Final = frozenset({".doc", ".wps"})
_WORD: Final = _OLD | {".docx", ".docm"}
_FAR: Final = 4000      # characters that an import may have cut between two paragraphs


@dataclass(frozen=True, slots=True)
class DraftBlock:
    """A block of a draft. ``runs`` are its text with what earlier tracked changes deleted in between; ``mark`` is the
    earlier change that made the paragraph's end. A ``ghost`` is a paragraph that an earlier change deleted: its block's
    text is what stood there, and it is no part of the draft."""

    block: Block
    runs: tuple[Run, ...]
    mark: Revision | None = None
    ghost: bool = False


@dataclass(frozen=True, slots=True)
class DraftSource:
    """A draft: what the import made of it, and its blocks in order, ghosts among them."""

    document: Document
    blocks: tuple[DraftBlock, ...]

    @property
    def plain(self) -> tuple[Block, ...]:
        """The blocks that are part of the draft."""
        return tuple(item.block for item in self.blocks if not item.ghost)


def draft_source(document: Document, path: Path | None = None, data: bytes | None = None) -> DraftSource:
    """The draft ``document``. Of a Word file (its name in ``path``, its bytes in ``data`` or the file) the paragraphs
    are taken as they stand, numbers written out; of any other format as the import made them.

    Raises KbError where the Word file cannot be read.
    """
    if path is None or path.suffix.lower() not in _WORD:
        return DraftSource(document, tuple(DraftBlock(block, (Run(block.text),)) for block in flow(document)))
    data = path.read_bytes() if data is None else data
    if path.suffix.lower() in _OLD and not data.startswith(b"PK"):
        data = to_docx(path, data)
    return from_content(document, read_content(data, path))


def from_content(document: Document, content: Content) -> DraftSource:
    """The draft ``document`` with the blocks of ``content``, each with the role and address that it has in the
    document."""
    finder = _Finder(flow(document))
    found: list[DraftBlock] = []
    for item in content.blocks:
        if isinstance(item, Table) and not item.is_layout:
            rows = tuple(map(tuple, item.grid()))
            known = finder.find("".join(cell for row in rows for cell in row))
            path = known.path if known is not None else _last_path(found)
            found.append(DraftBlock(Block("table", "", path, Span(0, 0), rows=rows), ()))
            continue
        for paragraph in item.paragraphs() if isinstance(item, Table) else (item,):
            found += _paragraph(paragraph, finder, found)
    return DraftSource(document, tuple(found))


def _paragraph(paragraph: Paragraph, finder: _Finder, before: Sequence[DraftBlock]) -> Iterator[DraftBlock]:
    """The paragraph, after the paragraphs that tracked changes deleted before it."""
    runs = paragraph.shown()
    while (cut := _ghost(runs)) is not None:
        text = "".join(run.text for run in runs[:cut])
        if text.strip():
            block = Block("body", text.strip(), _last_path(before), Span(0, 0))
            yield DraftBlock(block, _stripped(runs[:cut]), runs[cut].revision, ghost=True)
        runs = runs[cut + 1:]
    text = "".join(run.text for run in runs if not run.deleted)
    if text:
        yield DraftBlock(finder.block(text, _last_path(before)), runs, paragraph.mark)
    elif deleted := "".join(run.text for run in runs).strip():
        block = Block("body", deleted, _last_path(before), Span(0, 0))
        yield DraftBlock(block, _stripped(runs), runs[-1].revision, ghost=True)


def _ghost(runs: Sequence[Run]) -> int | None:
    """Index of the run that ends a deleted paragraph at the start of ``runs``."""
    for index, run in enumerate(runs):
        if not run.deleted:
            return None
        if run.text == PARAGRAPH_END:
            return index
    return None


def _stripped(runs: Sequence[Run]) -> tuple[Run, ...]:
    """Deleted runs without the white space around them."""
    kept = list(runs)
    while kept and not kept[0].text.lstrip():
        del kept[0]
    while kept and not kept[-1].text.rstrip():
        del kept[-1]
    if kept:
        kept[0] = replace(kept[0], text=kept[0].text.lstrip())
        kept[-1] = replace(kept[-1], text=kept[-1].text.rstrip())
    return tuple(kept)


def _last_path(before: Sequence[DraftBlock]) -> str:
    return before[-1].block.path if before else "正文"


class _Finder:
    """Finds paragraphs of a file among the blocks that the import made of it, in order."""

    def __init__(self, blocks: Sequence[Block]) -> None:
        self.blocks = blocks
        self.starts: list[int] = []
        self.text = ""
        for block in blocks:
            self.starts.append(len(self.text))
            self.text += _squeezed(block.text or "".join(cell for row in block.rows for cell in row))
        self.at = 0

    def find(self, text: str) -> Block | None:
        """The block in which ``text`` begins."""
        key = _squeezed(text)
        reach = self.at + len(key) + (_FAR if len(key) > 8 else 200)
        place = self.text.find(key, self.at, reach) if key else -1
        if place < 0 and len(key) > 30:         # the import changed a character of it
            place = self.text.find(key[:15], self.at, reach)
        if place < 0:
            return None
        self.at = place + len(key)
        return self.blocks[bisect_right(self.starts, place) - 1]

    def block(self, text: str, path: str) -> Block:
        """A block of ``text``, with role and address of where it stands; body text of ``path`` where it does not."""
        known = self.find(text)
        if known is None or known.rows:
            return Block("body", text, path, Span(0, 0))
        if len(text) > len(known.text) and known.role.startswith("heading") and text.startswith(known.text):
            return replace(known, text=text, lead=len(known.text))
        return replace(known, text=text, lead=known.lead if text.startswith(known.text[:known.lead]) else 0)


def _squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)
