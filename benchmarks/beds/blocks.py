"""A document as blocks that can be dropped, moved, split and merged, and printed again.

A block is what one provision owns of the document's text: its number, its heading, its own text. Blocks remember from
which clauses of the document they come, so after any edits the counterparts of each clause are known exactly.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from beds.wording import split_tail
from kb.models import Document, Provision, ProvisionKind
from kb.numbering import to_han
from kb.parse import parse

NUMBERED: frozenset[ProvisionKind] = frozenset({"section", "subsection", "item", "subitem"})
_COUNTED = {"heading": "·", "dash": "—"}                       # addressed by their place, whatever stands before them
_NUMERAL = re.compile(r"[〇零一二三四五六七八九十百]+|\d+")


@dataclass(slots=True, eq=False)
class Block:
    """One provision's stretch of text. ``pieces`` says which clause how many of its own text's characters come from,
    ``edits`` what was done to it. ``prefix`` holds Markdown mark and number, ``gap`` what parts heading and text."""

    kind: ProvisionKind
    label: str
    parent: Block | None
    prefix: str
    heading: str
    gap: str
    text: str
    pieces: dict[str, int] = field(default_factory=dict)
    edits: set[str] = field(default_factory=set)

    def __str__(self) -> str:
        return self.prefix + self.heading + self.gap + self.text

    @property
    def under(self) -> Iterator[Block]:
        """The blocks that this one stands under, nearest first."""
        block = self.parent
        while block is not None:
            yield block
            block = block.parent


class Draft:
    """The blocks of a document in their order, to be edited in place.

    ``base`` are the document's provisions, by address, ``lengths`` the characters that pieces count; ``run_on`` the
    (part, kind) whose numbers run on over their parents, as 1…16 over six sub-headings do.
    """

    def __init__(self, document: Document) -> None:
        self.document = document
        provisions = parse(document).provisions
        self.base = {provision.path: provision for provision in provisions}
        self.blocks = list(_cut(document.text, provisions))
        self.lengths = {path: length for block in self.blocks for path, length in block.pieces.items()}
        self.run_on = {(part.label, kind) for part in self.parts for kind in NUMBERED if self._runs_on(part, kind)}

    @property
    def parts(self) -> list[Block]:
        return [block for block in self.blocks if block.kind == "part"]

    def children(self, parent: Block) -> list[Block]:
        return [block for block in self.blocks if block.parent is parent]

    def subtree(self, root: Block) -> list[Block]:
        """``root`` and everything under it, in order."""
        return [block for block in self.blocks if block is root or root in block.under]

    def remove(self, root: Block) -> list[Block]:
        """Take ``root`` and everything under it out of the document."""
        gone = self.subtree(root)
        self.blocks = [block for block in self.blocks if block not in gone]
        return gone

    def insert(self, blocks: list[Block], parent: Block, place: int) -> None:
        """Hang ``blocks`` (a subtree) under ``parent`` so that its head becomes the numbered child ``place``."""
        blocks[0].parent = parent
        siblings = [child for child in self.children(parent) if child.kind == blocks[0].kind]
        before = self.subtree(siblings[place - 1])[-1] if place else None
        at = self.blocks.index(before) + 1 if before else self.blocks.index(siblings[0])
        self.blocks[at:at] = blocks

    def _runs_on(self, part: Block, kind: ProvisionKind) -> bool:
        last, parent = 0, None
        for block in self.subtree(part):
            if block.kind == kind:
                if parent is not None and block.parent is not parent and number(block) == last + 1 > 1:
                    return True
                last, parent = number(block), block.parent
        return False

    def renumber(self) -> None:
        """Give every numbered block the number of its place."""
        counts: Counter[tuple[int, str]] = Counter()
        part = ""
        for block in self.blocks:
            if block.kind == "part":
                part = block.label
            if block.kind in NUMBERED:
                scope = (-1 if (part, block.kind) in self.run_on else id(block.parent), f"{part} {block.kind}")
                counts[scope] += 1
                set_number(block, counts[scope])

    def paths(self) -> dict[Block, str]:
        """The address that each block has where it stands."""
        found: dict[Block, str] = {}
        counts: Counter[tuple[Block | None, str]] = Counter()
        for block in self.blocks:
            label = block.label
            if sign := _COUNTED.get(block.kind):
                counts[block.parent, sign] += 1
                label = f"{sign}{counts[block.parent, sign]}"
            found[block] = label if block.parent is None else f"{found[block.parent]}/{label}"
        return found

    def render(self) -> str:
        """The document's text as it stands."""
        return "\n\n".join(printed for block in self.blocks if (printed := str(block))) + "\n"


def number(block: Block) -> int:
    """The number that a block's label shows; 0 for none."""
    match = _NUMERAL.search(block.label)
    if not match:
        return 0
    return int(match[0]) if match[0].isdigit() else next(n for n in range(1000) if to_han(n) == match[0])


def set_number(block: Block, value: int) -> None:
    """Write ``value`` into a block's label and into the number before its text, each in its own numerals."""
    def numeral(match: re.Match[str]) -> str:
        return str(value) if match[0].isdigit() else to_han(value)

    block.label = _NUMERAL.sub(numeral, block.label, count=1)
    block.prefix = _NUMERAL.sub(numeral, block.prefix, count=1)


def _cut(text: str, provisions: tuple[Provision, ...]) -> Iterator[Block]:
    """Blocks that tile ``text``: each begins where the line after the last one's content begins."""
    by_path: dict[str, Block] = {}
    position = 0
    for provision in provisions:
        heading = (provision.heading_start, provision.heading_end) if provision.heading else (provision.start,) * 2
        if not provision.heading and not provision.text and position >= max(provision.end, 1):
            heading = (position, position)                      # a part without a title of its own
        stop = max(heading[1], provision.end)
        end = text.find("\n", stop)
        end = len(text) if end < 0 else end
        tail = provision.start if provision.text else end
        block = Block(
            provision.kind, provision.path.rpartition("/")[2], by_path.get(provision.parent or ""),
            prefix=text[position:heading[0]].strip("\n"), heading=text[slice(*heading)],
            gap=text[heading[1]:tail] if provision.text else text[heading[1]:end].rstrip(), text=provision.text)
        if provision.text:
            block.pieces = {provision.path: len(split_tail(provision.text)[0])}
        by_path[provision.path] = block
        yield block
        position = max(position, len(text) if end == len(text) else end + 1) if stop else position
