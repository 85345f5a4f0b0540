"""What a .docx holds: paragraphs of runs, tables of cells, and the tracked changes that a reader told apart. Frozen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from kb.sources.docx_numbering import Label
from kb.sources.tables import merged

RevisionKind = Literal["insert", "delete", "move_from", "move_to", "format"]

#: Stands in the text of a run for the end of a paragraph that a tracked change deletes.
PARAGRAPH_END: Final = "\u2029"


@dataclass(frozen=True, slots=True)
class Revision:
    """Who changed what when (``date`` as the file writes it, '' where it does not)."""

    kind: RevisionKind
    author: str
    date: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of text; with a ``revision`` that deletes, it is no longer part of the document."""

    text: str
    revision: Revision | None = None

    @property
    def deleted(self) -> bool:
        """Whether an earlier tracked change deletes it."""
        return self.revision is not None and self.revision.kind in ("delete", "move_from")


@dataclass(frozen=True, slots=True)
class Paragraph:
    """``runs`` in order, deleted ones among them. ``mark`` is the tracked change that made the paragraph's end,
    ``outline`` its level in the outline (0 the highest; -1 for a title), ``note`` says that it is a footnote's text."""

    runs: tuple[Run, ...]
    label: Label | None = None
    mark: Revision | None = None
    outline: int | None = None
    indent: bool = False
    note: bool = False

    @property
    def own(self) -> str:
        """The text without the automatic number, all tracked changes accepted, without white space around it. Breaks
        in a title only even out its lines."""
        text = "".join(run.text for run in self.runs if not run.deleted).strip()
        return text.replace("\n", "") if self.outline == -1 else text

    @property
    def lead(self) -> str:
        """The automatic number as it stands before the text; '' where there is none. 第一条 takes the ideographic
        space that print gives it, a bare digit a space."""
        if self.label is None or not self.label.text:
            return ""
        text = self.label.text.strip()
        if not self.own:
            return text
        if re.fullmatch(r"第.+[编章节条]", text):
            return text + "\u3000"
        return text + (" " if text[-1].isalnum() and text[-1].isascii() else "")

    @property
    def text(self) -> str:
        """The text as read, number and all; a soft line break is a line end."""
        return self.lead + self.own

    def shown(self) -> tuple[Run, ...]:
        """The runs with the number before them and without the white space around: those that are not deleted, joined,
        are ``text``."""
        kept = "".join(run.text for run in self.runs if not run.deleted)
        start, end = len(kept) - len(kept.lstrip()), len(kept.rstrip())
        found = [Run(self.lead)] if self.lead else []
        at = 0
        for run in self.runs:
            text = run.text
            if not run.deleted:
                text = text[max(start - at, 0):max(end - at, 0)]
                at += len(run.text)
                text = text.replace("\n", "") if self.outline == -1 else text
            if text:
                found.append(Run(text, run.revision))
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell over ``columns`` columns; ``below`` says that it goes on with the cell above."""

    paragraphs: tuple[Paragraph, ...]
    columns: int = 1
    below: bool = False

    @property
    def text(self) -> str:
        """The text of the cell in one line."""
        return merged([" ".join(item.text.split("\n")) for item in self.paragraphs if item.text])


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells; rows that a tracked change deletes are not among them."""

    rows: tuple[tuple[Cell, ...], ...]

    def grid(self) -> list[list[str]]:
        """Rectangular texts: a cell over several columns or rows has its text in the first, nothing in the others."""
        width = max((sum(cell.columns for cell in row) for row in self.rows), default=0)
        grid = []
        for row in self.rows:
            texts: list[str] = []
            for cell in row:
                texts += ["" if cell.below else cell.text, *[""] * (cell.columns - 1)]
            grid.append(texts + [""] * (width - len(texts)))
        grid = [row for row in grid if any(row)]
        used = [at for at in range(width) if any(row[at] for row in grid)]
        return [[row[at] for at in used] for row in grid]

    @property
    def is_layout(self) -> bool:
        """Whether it only lays out the page: one column, or long prose in few rows."""
        grid = self.grid()
        longest = max((len(cell) for row in grid for cell in row), default=0)
        return not grid or len(grid[0]) < 2 or (longest > 1500 and len(grid) < 4)

    def paragraphs(self) -> Iterator[Paragraph]:
        """All paragraphs of all cells."""
        for row in self.rows:
            for cell in row:
                yield from cell.paragraphs


Block = Paragraph | Table


@dataclass(frozen=True, slots=True)
class Content:
    """What a .docx holds. ``revisions`` are the tracked changes in it, each with its text; ``notes`` are doubts in
    Chinese for a person."""

    blocks: tuple[Block, ...]
    revisions: tuple[tuple[Revision, str], ...] = ()
    notes: tuple[str, ...] = ()
