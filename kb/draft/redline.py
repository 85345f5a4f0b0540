"""A draft against its base as a .docx with real tracked changes: accepting all gives the draft, rejecting all the base.

Clauses that the alignment pairs are compared token by token; what stands elsewhere is shown as moved, with its edits;
findings hang in the margin. Numbers are written out, so that a renumbering is shown as such and either side's numbers
are exact. Tracked changes that the draft came with keep their authors and dates: what they deleted and the base has is
their deletion, what they inserted and the base lacks their insertion; the rest of them stands in comments.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from docx.document import Document as WordDocument

from kb.draft.comments import Comment, add_comment, place
from kb.draft.edits import Edit, Token, edits, stream
from kb.draft.findings import SEVERITY_NAMES, Finding
from kb.draft.flow import Block, flow
from kb.draft.official import append, finish
from kb.draft.ooxml import element, packed, stamp
from kb.draft.pairing import Pair, pair
from kb.draft.pieces import Ids, Mark, Piece
from kb.draft.redline_tables import changed_table, whole_table
from kb.draft.source import DraftBlock, DraftSource
from kb.draft.styles import new_document
from kb.draft.tracked import Author, Paragraph, Side, mark_comment, moved_from, paragraphs, settle, write
from kb.models import Alignment, Document
from kb.sources.docx_content import PARAGRAPH_END, Revision, Run

#: The author of the changes and comments.
AUTHOR: Final = "对勘"


_Move = tuple[str, list[Edit]]


@dataclass(frozen=True, slots=True)
class _Table:
    """A table to be written: of the base, of the draft, or of both."""

    base: int | None
    draft: int | None


def redline(base: Document, draft: DraftSource, alignments: Sequence[Alignment] = (), findings: Sequence[Finding] = (),
            *, dated: dt.datetime, author: str = AUTHOR) -> bytes:
    """The bytes of a .docx that turns ``base`` into ``draft`` by tracked changes of ``author`` on the date ``dated``.

    ``alignments`` are between the clauses of the two, either way round; without any the paragraphs are paired by their
    words alone. ``findings`` become comments on their quotes. The same arguments give the same bytes.
    """
    return _Redline(base, draft, Author(author, stamp(dated)), dated).make(alignments, findings)


def of_finding(finding: Finding, author: str = AUTHOR) -> Comment:
    """A finding as a comment: rule, reason, the base's words, what to write instead."""
    text = f"【{SEVERITY_NAMES[finding.severity]}】{finding.name}：{finding.reason}"
    if finding.base_quote:
        where = f"（{finding.base_address}）" if finding.base_address else ""
        text += f"\n依据{where}：“{finding.base_quote}”"
    if finding.mend:
        text += f"\n建议：{finding.mend}"
    return Comment(finding.address or finding.base_address, text, finding.quote, author)


@dataclass(slots=True)
class _Redline:
    """One redline in the making; ``items`` are its paragraphs and tables in order."""

    document: Document
    draft: DraftSource
    author: Author
    dated: dt.datetime
    base: Side = field(init=False)
    own: Side = field(init=False)
    items: list[Paragraph | _Table] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.base = Side(flow(self.document))
        self.own = Side([item.block for item in self.draft.blocks])

    def make(self, alignments: Sequence[Alignment], findings: Sequence[Finding]) -> bytes:
        """Pair, compare, settle, comment, write."""
        ghosts = {index for index, item in enumerate(self.draft.blocks) if item.ghost}
        self._lay_out(pair(self.base.blocks, self.own.blocks, alignments, self.document.id, ghosts))
        self._settle()
        word = new_document()
        self._comment(word, findings)
        ids = Ids()
        for index, item in enumerate(self.items):
            if isinstance(item, _Table):
                if index and isinstance(self.items[index - 1], _Table):
                    append(word, self._separator(ids))
                append(word, self._table(item, ids))
                continue
            made = write(item, self.base, self.own, self.author, ids)
            append(word, made)
            if item.move:
                _move_range(made, item.move, self.author, ids)
        finish(word, self.draft.document.title, self.dated)
        return packed(word)

    # The order of things

    def _lay_out(self, pairs: Sequence[Pair]) -> None:
        """Both documents in one order: pairs in place, before each what only the base has, then what only the draft
        has; of a moved pair the old place and the new one."""
        moves = {item.base.start: (f"move{number}", self._moved(item)) for number, item in enumerate(
            (item for item in pairs if item.moved), 1)}
        targets = {item.draft.start: item.base.start for item in pairs if item.moved}
        at_base = at_draft = 0
        for item in (*(item for item in pairs if not item.moved), None):
            end_base = len(self.base.blocks) if item is None else item.base.start
            end_draft = len(self.own.blocks) if item is None else item.draft.start
            for index in range(at_base, end_base):
                self._gone(index, moves.get(index))
            for index in range(at_draft, end_draft):
                self._come(index, moves.get(targets.get(index, -1)))
            if item is not None:
                self._pair(item)
                at_base, at_draft = item.base.stop, item.draft.stop

    def _moved(self, item: Pair) -> list[Edit]:
        one, other = item.base.start, item.draft.start
        draft = self._stream(other)
        found = edits(stream(one, [Run(self.base.blocks[one].text)]), draft[:-1])
        return [*found, Edit("equal", Token(PARAGRAPH_END, one), draft[-1])]

    def _gone(self, index: int, move: _Move | None) -> None:
        block = self.base.blocks[index]
        if block.rows:
            self.items.append(_Table(index, None))
        elif move is not None:
            self.items.append(moved_from(move[1], self.base, self.author, move[0]))
        else:
            change = self.author.change("del")
            self.items.append(Paragraph([Piece(block.text, None, (change,))], (change,), base=index, blocks={index}))

    def _come(self, index: int, move: _Move | None) -> None:
        if self.own.blocks[index].rows:
            self.items.append(_Table(None, index))
        elif move is not None:
            self.items += paragraphs(move[1], self.base, self.own, self.author, move=move[0])
        else:
            found = [Edit("insert", None, token) for token in self._stream(index)]
            self.items += paragraphs(found, self.base, self.own, self.author)

    def _pair(self, item: Pair) -> None:
        if self.base.blocks[item.base.start].rows:
            self.items.append(_Table(item.base.start, item.draft.start))
            return
        one = [token for index in item.base for token in
               (*stream(index, [Run(self.base.blocks[index].text)]), Token(PARAGRAPH_END, index))]
        other = [token for index in item.draft for token in self._stream(index)]
        found = edits(one[:-1], other[:-1])
        found.append(Edit("equal", one[-1], other[-1]))
        self.items += paragraphs(found, self.base, self.own, self.author)

    def _stream(self, index: int) -> list[Token]:
        """Tokens of a block of the draft and its end, with the earlier changes that hold them."""
        source: DraftBlock = self.draft.blocks[index]
        return [*stream(index, source.runs), Token(PARAGRAPH_END, index, len(source.block.text), source.mark)]

    def _settle(self) -> None:
        """Every run of paragraphs between tables ends with an end that both sides have."""
        settled: list[Paragraph | _Table] = []
        held: list[Paragraph] = []
        for item in self.items:
            if isinstance(item, _Table):
                settled += settle(held, last=False)
                settled.append(item)
                held = []
            else:
                held.append(item)
        self.items = [*settled, *settle(held, last=True)]

    # Tables

    def _table(self, item: _Table, ids: Ids) -> Any:
        if item.base is not None and item.draft is not None:
            return changed_table(self.base.blocks[item.base].rows, self.own.blocks[item.draft].rows, self.author, ids)
        if item.base is not None:
            return whole_table(self.base.blocks[item.base].rows, self.author.change("del"), ids)
        assert item.draft is not None
        return whole_table(self.own.blocks[item.draft].rows, self.author.change("ins"), ids)

    def _separator(self, ids: Ids) -> Any:
        """A paragraph of neither side between two tables, which would be one without it."""
        return write(Paragraph(mark=(self.author.change("ins"), self.author.change("del"))), self.base, self.own,
                     self.author, ids)

    # Comments

    def _comment(self, word: WordDocument, findings: Sequence[Finding]) -> None:
        written = [item for item in self.items if isinstance(item, Paragraph)]
        for finding in findings:
            comment = of_finding(finding, self.author.name)
            number = add_comment(word, comment, self.dated)
            if not (finding.address and self._on_draft(written, comment, number)):
                self._on_base(written, finding, number)
        for paragraph in written:
            self._earlier(word, paragraph)

    def _earlier(self, word: WordDocument, paragraph: Paragraph) -> None:
        """Comments on earlier insertions that cannot be tracked, one for each author and time."""
        kept: dict[Revision, tuple[int, str]] = {}
        for revision, block, text in paragraph.earlier:
            kept[revision] = (block, kept.get(revision, (0, ""))[1] + text)
        for revision, (block, text) in kept.items():
            day = f"（{revision.date[:10]}）" if revision.date else ""
            said = f"此前修订：{revision.author}{day}插入“{text}”，与底本相同，故不再标为插入"
            number = add_comment(word, Comment("", said, author=self.author.name), self.dated)
            mark_comment([paragraph], number, block, None)

    def _on_draft(self, written: Sequence[Paragraph], comment: Comment, number: int) -> bool:
        blocks: list[Block] = [item.block for item in self.draft.blocks]
        known = any(block.path == comment.address or block.path.startswith(comment.address + "/") for block in blocks)
        if not known:
            return False
        index, span = place(comment, blocks)
        return mark_comment(written, number, index, span)

    def _on_base(self, written: Sequence[Paragraph], finding: Finding, number: int) -> None:
        """What the draft lacks: the comment hangs where the base has it, else on the first paragraph."""
        own = [index for index, block in enumerate(self.base.blocks) if finding.base_address
               and finding.base_document in ("", self.document.id) and block.path == finding.base_address]
        quoted = [index for index in own if finding.base_quote and finding.base_quote in self.base.blocks[index].text]
        own = quoted or own
        target = next((item for item in written if own and item.blocks & set(own)), None)
        if target is None and written:
            target = written[0]
        if target is not None:
            target.comments.append(Mark(number))


def _move_range(made: Any, name: str, author: Author, ids: Ids) -> None:
    """The marks around a moved paragraph; one name joins its two places."""
    source = any(child.tag.endswith("}moveFrom") for child in made.iter())
    kind = "moveFrom" if source else "moveTo"
    number = ids.next()
    who = {"author": author.name, "date": author.date}
    made.insert(1, element(f"{kind}RangeStart", {"id": number, **who, "name": name}))
    made.addnext(element(f"{kind}RangeEnd", {"id": number}))
