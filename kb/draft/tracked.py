"""Paragraphs with tracked changes: from edits to what stands in the file.

Every paragraph end is a token like any other: one that only the base has is deleted, one that only the draft has is
inserted. So accepting all changes leaves the draft's tokens and rejecting them the base's, whatever happened between.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from lxml import etree

from kb.draft.edits import Edit, Token
from kb.draft.flow import Block
from kb.draft.official import lead_letters, paragraph_properties
from kb.draft.ooxml import element
from kb.draft.pieces import Change, ChangeKind, Ids, Letters, Mark, Piece, children, tracked
from kb.models import Span
from kb.sources.docx_content import Revision

#: What the author's name ends with on changes of the width or style of signs.
FORM: Final = "（仅标点字形）"
_KINDS: Final[dict[str, ChangeKind]] = {"insert": "ins", "delete": "del", "move_to": "ins", "move_from": "del"}


@dataclass(frozen=True, slots=True)
class Author:
    """Who makes the changes of this redline, and when (as Word writes it)."""

    name: str
    date: str

    def change(self, kind: ChangeKind, *, form: bool = False) -> Change:
        """A change of this author. Those of mere ``form`` have a name of their own, so that a reader can hide or accept
        them by themselves."""
        return Change(kind, self.name + FORM if form else self.name, self.date)


@dataclass(slots=True)
class Paragraph:
    """A paragraph to be written. ``mark`` holds the changes of its end (empty: both sides have it), ``base`` and
    ``draft`` the blocks whose properties it has before and after; ``places`` tell which characters of which draft block
    stand where in its accepted text: (block, offset in the block, offset here, length). ``earlier`` are insertions of
    what the base has too, by whom, in which block, of what: they cannot be tracked, since rejecting would take text
    away from the base."""

    pieces: list[Piece] = field(default_factory=list)
    mark: tuple[Change, ...] = ()
    base: int | None = None
    draft: int | None = None
    move: str = ""
    blocks: set[int] = field(default_factory=set)      # of the base
    places: list[tuple[int, int, int, int]] = field(default_factory=list)
    comments: list[Mark] = field(default_factory=list)
    earlier: list[tuple[Revision, int, str]] = field(default_factory=list)

    @property
    def in_base(self) -> bool:
        """Whether its end is there once all changes are rejected."""
        return not any(change.kind in ("ins", "moveTo") for change in self.mark)

    @property
    def in_draft(self) -> bool:
        """Whether its end is there once all changes are accepted."""
        return not any(change.gone for change in self.mark)

    @property
    def length(self) -> int:
        """Characters of the accepted text."""
        return sum(len(piece.text) for piece in self.pieces if not piece.gone)

    def add(self, piece: Piece) -> None:
        """Add a piece; it joins the last where nothing differs but the text."""
        if self.pieces and (self.pieces[-1].letters, self.pieces[-1].changes) == (piece.letters, piece.changes):
            piece = replace(piece, text=self.pieces.pop().text + piece.text)
        self.pieces.append(piece)


@dataclass(frozen=True, slots=True)
class Side:
    """The blocks of one document, for the letters and properties of what comes from them."""

    blocks: Sequence[Block]

    def letters(self, token: Token) -> Letters | None:
        """Letters of a token: a heading that runs in has its own font."""
        block = self.blocks[token.block]
        return lead_letters(block) if token.at < block.lead else None


def paragraphs(found: Sequence[Edit], base: Side, draft: Side, author: Author, *, move: str = "") -> list[Paragraph]:
    """The paragraphs of the edits, the last of which is a paragraph end. ``move`` names the move whose target they
    are: what was deleted on the way stands at the old place only."""
    made = [Paragraph(move=move)]
    for edit in found:
        token = edit.draft or edit.base
        if token is None or move and (edit.draft is None or edit.kind == "equal" and token.gone):
            continue
        changes = _changes(edit, author, moved=bool(move))
        now = made[-1]
        if edit.base is not None:
            now.blocks.add(edit.base.block)
        if token.is_end:
            now.mark = changes
            now.base = edit.base.block if edit.base is not None else None
            now.draft = edit.draft.block if edit.draft is not None else None
            made.append(Paragraph(move=move))
            continue
        if edit.draft is not None and not any(change.gone for change in changes):
            now.places.append((edit.draft.block, edit.draft.at, now.length, len(token.text)))
            if edit.kind == "equal" and edit.draft.revision is not None:
                now.earlier.append((edit.draft.revision, edit.draft.block, token.text))
        side = draft if edit.draft is not None else base
        now.add(Piece(token.text, side.letters(token), changes))
    assert not made[-1].pieces
    return made[:-1]


def _changes(edit: Edit, author: Author, *, moved: bool) -> tuple[Change, ...]:
    """The changes that hold the text of an edit, from the outside in."""
    revision = edit.draft.revision if edit.draft is not None else None
    earlier = earlier_change(revision) if revision is not None and revision.kind != "format" else None
    deleted = (earlier,) if earlier is not None and earlier.gone else ()
    if edit.kind == "equal":
        return (author.change("moveTo"),) if moved else deleted
    if edit.kind == "delete":
        return (author.change("del", form=edit.form),)
    if earlier is not None and not earlier.gone:
        return (earlier,)
    return (author.change("ins", form=edit.form), *deleted)


def earlier_change(revision: Revision) -> Change:
    """An earlier tracked change under its own author's name and date."""
    return Change(_KINDS[revision.kind], revision.author, revision.date or "1970-01-01T00:00:00Z")


def moved_from(found: Sequence[Edit], base: Side, author: Author, move: str) -> Paragraph:
    """The old place of the paragraph that the edits move: what went along, and what was deleted on the way."""
    made = Paragraph(mark=(author.change("moveFrom"),), move=move)
    for edit in found:
        if edit.base is None:
            continue
        made.base = edit.base.block
        made.blocks.add(edit.base.block)
        change = author.change("del", form=edit.form) if edit.draft is None else author.change("moveFrom")
        if edit.draft is not None and edit.draft.gone and edit.draft.revision is not None:
            change = earlier_change(edit.draft.revision)
        if not edit.base.is_end:
            made.add(Piece(edit.base.text, base.letters(edit.base), (change,)))
    return made


def settle(run: list[Paragraph], *, last: bool) -> list[Paragraph]:
    """The paragraphs between two tables, the end of the last one there on both sides: no table, and not the end of the
    file, can take in what stands before it.

    Past the last end of a side there is nothing of that side, so that its end may as well stand behind all that
    follows. ``last`` says that no table comes after.
    """
    _part(run)
    common = next((at for at in reversed(range(len(run))) if run[at].in_base and run[at].in_draft), -1)
    tail = run[common + 1:]
    nowhere: list[Paragraph] = []
    while tail and not (tail[-1].in_base or tail[-1].in_draft):
        nowhere.insert(0, tail.pop())
    if not tail:
        return [*run[:max(common, 0)], *nowhere, *run[max(common, 0):common + 1]]
    made = [*run[:common + 1], *nowhere, *tail]
    base = next((item for item in reversed(tail) if item.in_base), None)
    draft = next((item for item in reversed(tail) if item.in_draft), None)
    final = tail[-1]
    if base is not None and draft is not None:
        other = draft if final is base else base
        final.base, final.draft = base.base, draft.draft
        at = next(index for index, item in enumerate(made) if item is other)
        made[at:at + 2] = [_joined(other, made[at + 1])]
        made[-1].mark = ()
    elif common >= 0:
        before = run[common]
        kind: ChangeKind = "ins" if base is None else "del"
        before.mark = (replace(final.mark[0], kind=kind),)
        if base is None:
            final.base, before.base = before.base, None
        else:
            final.draft, before.draft = before.draft, None
        final.mark = ()
    elif last:
        final.mark = ()
    return made


def _part(run: list[Paragraph]) -> None:
    """Where a paragraph ends with an insertion and inserted paragraphs follow, its own end is the inserted one:
    LibreOffice takes the end between two insertions for inserted too, and rejecting would run the paragraph on."""
    for index, item in enumerate(run):
        if item.mark or not item.pieces or not item.pieces[-1].changes or item.pieces[-1].gone:
            continue
        stop = index + 1
        while stop < len(run) and run[stop].in_draft and not run[stop].in_base:
            stop += 1
        if stop > index + 1:
            item.mark, run[stop - 1].mark = (replace(run[stop - 1].mark[0], kind="ins"),), ()
            run[stop - 1].base, item.base = item.base, None


def _joined(one: Paragraph, other: Paragraph) -> Paragraph:
    """The two as one paragraph with the end of the second."""
    moved = [(block, at, offset + one.length, size) for block, at, offset, size in other.places]
    return replace(other, pieces=[*one.pieces, *other.pieces], move=one.move or other.move,
                   blocks=one.blocks | other.blocks, places=[*one.places, *moved],
                   earlier=[*one.earlier, *other.earlier])


def write(paragraph: Paragraph, base: Side, draft: Side, author: Author, ids: Ids) -> Any:
    """The ``w:p``: properties with what they were before, the end's changes, the pieces."""
    before = None if paragraph.base is None else paragraph_properties(paragraph.base, base.blocks)
    after = None if paragraph.draft is None else paragraph_properties(paragraph.draft, draft.blocks)
    properties = after if after is not None else before if before is not None else element("pPr")
    changed = after is not None and before is not None and etree.tostring(after) != etree.tostring(before)
    if paragraph.mark:
        order = ("ins", "del", "moveFrom", "moveTo")
        marks = sorted(paragraph.mark, key=lambda change: order.index(change.kind))
        properties.append(element("rPr", None, *(tracked(change, ids) for change in marks)))
    if changed:
        properties.append(element("pPrChange", {"id": ids.next(), "author": author.name, "date": author.date}, before))
    return element("p", None, properties, *children(paragraph.pieces, paragraph.comments, ids))


def mark_comment(found: Sequence[Paragraph], number: int, block: int, span: Span | None) -> bool:
    """Hang comment ``number`` on ``span`` of the draft's block (None for all of it); False where no paragraph shows
    it."""
    start = 0 if span is None else span.start
    end = None if span is None else span.end
    for paragraph in found:
        own = [place for place in paragraph.places if place[0] == block]
        inside = [place for place in own if place[1] + place[3] > start and (end is None or place[1] < end)]
        if not inside:
            continue
        if span is None:
            paragraph.comments.append(Mark(number))
            return True
        _, at, offset, _ = inside[0]
        _, last_at, last_offset, last_size = inside[-1]
        begin = offset + max(start - at, 0)
        stop = last_offset + min(last_size, span.end - last_at)
        paragraph.comments.append(Mark(number, Span(begin, stop)))
        return True
    return False
