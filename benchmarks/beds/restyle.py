"""Other ways to number and to punctuate the same clauses: nothing that is said changes, but addresses do."""

from __future__ import annotations

from beds.blocks import Block, Draft, number, set_number
from kb.models import ProvisionKind

_WIDE, _NARROW = "，；：（）？！", ",;:()?!"
#: Label and written form of the first number of a kind.
_FIRST = {"subsection": ("（一）", "（一）"), "item": ("1", "1. "), "subitem": ("（1）", "（1）")}
_DEEPER: dict[ProvisionKind, ProvisionKind] = {"subsection": "item", "item": "subitem"}


def punctuate(draft: Draft) -> None:
    """Full-width brackets and commas become half-width and the other way round, 1. becomes 1、"""
    narrow = sum(map(draft.document.text.count, _WIDE)) > sum(map(draft.document.text.count, _NARROW))
    width = str.maketrans(_WIDE, _NARROW) if narrow else str.maketrans(_NARROW, _WIDE)
    for block in draft.blocks:
        block.text, block.heading = block.text.translate(width), block.heading.translate(width)
        block.prefix = block.prefix.translate(width)
        if block.kind == "item":
            block.prefix = block.prefix.replace(". ", ".").replace(".", "、")


def renumber(draft: Draft) -> None:
    """Numbers that run on through a part begin anew under each heading, and the other way round."""
    if draft.run_on:
        draft.run_on.clear()
    else:
        for part in draft.parts:
            for kind in ("item", "subsection"):
                heads = {block.parent for block in draft.subtree(part) if block.kind == kind}
                if len(heads) > 1:
                    draft.run_on.add((part.label, kind))
                    break
    draft.renumber()


def shift(draft: Draft) -> None:
    """（一） becomes 1. and 1. becomes （1）; where a document has no （一）, its 1. becomes （一）."""
    kinds = {block.kind for block in draft.blocks}
    other: dict[ProvisionKind, ProvisionKind] = _DEEPER if "subsection" in kinds else {"item": "subsection"}
    draft.run_on = {(part, other.get(kind, kind)) for part, kind in draft.run_on}
    for block in draft.blocks:
        if block.kind in other:
            _restyle(block, other[block.kind])


def _restyle(block: Block, kind: ProvisionKind) -> None:
    value = number(block)
    mark = block.prefix[:len(block.prefix) - len(block.prefix.lstrip("# "))]
    block.kind = kind
    block.label, written = _FIRST[kind]
    block.prefix = mark + written
    set_number(block, value)

