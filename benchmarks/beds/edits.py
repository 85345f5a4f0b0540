"""What can be done to a document, one function a kind: each edits a draft in place and marks the blocks it touched.

``share`` runs from 0 to 1: how much of what could be edited is. All chance comes from ``rng``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from random import Random

from beds.blocks import NUMBERED, Block, Draft
from beds.wording import other_amounts, reword, split_tail
from kb.models import Span
from kb.text import sentences

_RUN_IN_HEADING = 38            # characters; a longer one would be read as text
_NO_HEADING = re.compile(r"[\d。；;“”《》（）()、\s]|给予|不得|应当|可以|按照")
_SHORTEST = 24                  # characters of the shortest clause that splitting leaves


def leaves(draft: Draft) -> list[Block]:
    """Numbered clauses with nothing finer under them."""
    parents = {block.parent for block in draft.blocks}
    return [block for block in draft.blocks if block.kind in NUMBERED and block.text and block not in parents]


def small(draft: Draft) -> list[Block]:
    """Numbered clauses with no numbered ones under them: what can go or move without taking half the document."""
    above = {block.parent for block in draft.blocks if block.kind in NUMBERED}
    return [block for block in draft.blocks if block.kind in NUMBERED and block not in above
            and any(under.text for under in draft.subtree(block))]


def siblings(draft: Draft, block: Block) -> list[Block]:
    """The numbered blocks of the same kind under the same parent, ``block`` among them."""
    return [other for other in draft.blocks if other.parent is block.parent and other.kind == block.kind]


def chosen(blocks: list[Block], rng: Random, share: float) -> list[Block]:
    """``share`` of ``blocks``, at least one of them, in a random order."""
    return rng.sample(blocks, min(len(blocks), max(1, round(share * len(blocks))))) if blocks else []


def drop(draft: Draft, rng: Random, share: float) -> None:
    """Clauses go, and the numbers behind them close up; no heading is left with nothing under it."""
    for block in chosen(small(draft), rng, share):
        if len(siblings(draft, block)) > 1:
            draft.remove(block)
    draft.renumber()


def move_within(draft: Draft, rng: Random, share: float) -> None:
    """Clauses take another place under the same heading."""
    for block in chosen([block for block in small(draft) if len(siblings(draft, block)) >= 3], rng, share):
        group = siblings(draft, block)
        here = group.index(block)
        places = [place for place in range(len(group)) if abs(place - here) > 1] or [0 if here else len(group) - 1]
        place, parent = rng.choice(places), block.parent
        assert parent is not None
        draft.insert(draft.remove(block), parent, place)
        block.edits.add("moved")
    draft.renumber()


def move_across(draft: Draft, rng: Random, share: float) -> None:
    """Clauses move under another heading, of any part, that has clauses of their kind."""
    for block in chosen(small(draft), rng, share):
        homes = list(dict.fromkeys(other.parent for other in small(draft)
                                   if other.kind == block.kind and other.parent is not block.parent))
        if homes and len(siblings(draft, block)) > 1:
            home = rng.choice(homes)
            assert home is not None
            moved = draft.remove(block)
            draft.insert(moved, home, rng.randint(0, sum(child.kind == block.kind for child in draft.children(home))))
            block.edits.add("moved")
    draft.renumber()


def split(draft: Draft, rng: Random, share: float, *, even: bool = True) -> None:
    """Clauses are cut in two at the end of a sentence, near the middle or well off it; who is in charge stays with
    both, and the second half opens with a heading where its first words make one."""
    for block in chosen([block for block in leaves(draft) if _cuts(block, even)], rng, share):
        body, tail = split_tail(block.text)
        cut = rng.choice(_cuts(block, even))
        first, second = body[:cut].rstrip("；; \n") , body[cut:].strip()
        first += "" if first.endswith("。") else "。"
        rest = Block(block.kind, block.label, block.parent, block.prefix, "", "", second + tail, edits={"split"})
        if heading := _opening(second):
            rest.heading, rest.gap = heading, block.gap if block.heading else "。"
        else:
            rest.prefix = block.prefix.lstrip("# ")             # a heading line cannot hold a paragraph
        (path, length), = block.pieces.items()
        at = round(length * cut / len(body))
        block.pieces, rest.pieces = {path: at}, {path: length - at}
        block.text = first + tail
        block.edits.add("split")
        draft.blocks.insert(draft.blocks.index(block) + 1, rest)
    draft.renumber()


def _cuts(block: Block, even: bool) -> list[int]:
    """Where the text of ``block`` can be cut."""
    body, _ = split_tail(block.text)
    if "\n" in body or len(block.pieces) != 1:
        return []
    ends = [span.end for span in sentences(body)][:-1]
    shares = {end: end / len(body) for end in ends if min(end, len(body) - end) >= _SHORTEST}
    return [end for end, part in shares.items()
            if (.38 <= part <= .62 if even else .2 <= part < .35 or .65 < part <= .8)]


def _opening(text: str) -> str:
    """The words before the first comma of ``text`` where they can stand as a heading."""
    words = text.split("，")[0].split(",")[0]
    return words if 6 <= len(words) <= 16 and not _NO_HEADING.search(words) else ""


def merge(draft: Draft, rng: Random, share: float) -> None:
    """Neighbours under one heading become one clause: headings, texts and units in charge joined."""
    pairs = [(one, two) for one in leaves(draft) for two in leaves(draft)
             if one.parent is two.parent and one.kind == two.kind
             and siblings(draft, one).index(one) + 1 == siblings(draft, two).index(two)]
    used: set[Block] = set()
    for one, two in rng.sample(pairs, min(len(pairs), max(1, round(share * len(pairs) / 2)))):
        if one in used or two in used or "\n" in one.text + two.text:
            continue
        used |= {one, two}
        heading = "，".join(filter(None, (one.heading, two.heading)))
        one.heading = heading if len(heading) <= _RUN_IN_HEADING else one.heading or two.heading
        one.gap = one.gap or two.gap
        if one.heading and not one.prefix.startswith("#") and two.prefix.startswith("#"):
            one.prefix = two.prefix
        (first, tail), (second, other) = split_tail(one.text), split_tail(two.text)
        stop = "" if first.endswith("。") else "。"
        one.text = first.rstrip("；; ") + stop + second + _units(tail, other)
        one.pieces = {**one.pieces, **two.pieces}
        one.edits.add("merged")
        draft.remove(two)
    draft.renumber()


def _units(one: str, two: str) -> str:
    """The units in charge of both clauses in one bracket."""
    if not one or not two or one.count("（") + one.count("(") > 1 or two.count("（") + two.count("(") > 1:
        return one or two
    names = one[:-1].split("、")
    known = {name.rpartition("：")[2].rpartition(":")[2] for name in names}
    more = [name for name in two[:-1].replace("：", ":").rpartition(":")[2].split("、") if name not in known]
    return "、".join(names + more) + one[-1]


def shorten(draft: Draft, rng: Random, share: float) -> None:
    """Of each clause's sentences about ``share`` are kept, at least one, and who is in charge."""
    for block in leaves(draft):
        body, tail = split_tail(block.text)
        parts = [span.of(body) for span in sentences(body)]
        if "\n" in body or len(parts) < 2:
            continue
        kept = sorted(rng.sample(range(len(parts)), max(1, round(share * len(parts)))))
        if len(kept) < len(parts):
            block.text = "".join(parts[place] for place in kept).rstrip("；; ").removesuffix("。") + "。" + tail
            block.edits.add("shortened")


def rewrite(draft: Draft, rng: Random, words_share: float, turns_share: float) -> None:
    """Everything is said in other words; headings as well, but nothing is turned round in them."""
    for block in draft.blocks:
        if block.kind in ("part", "signature"):
            continue
        text = reword(block.text, rng, words_share, turns_share)
        heading = reword(block.heading, rng, words_share, 0)
        if (text, heading) != (block.text, block.heading):
            block.edits.add("reworded")
        block.text, block.heading = text, heading if len(heading) <= _RUN_IN_HEADING else block.heading


@dataclass(frozen=True, slots=True)
class Changed:
    """An amount that is another in the derived document: where it stands in either clause's own text."""

    path: str
    block: Block
    a_span: Span
    b_span: Span


def change_amounts(draft: Draft, rng: Random, share: float) -> list[Changed]:
    """``share`` of the amounts become others; nothing else changes."""
    found = []
    for block in draft.blocks:
        if len(block.pieces) == 1 and block.kind not in ("part", "signature"):
            (path,) = block.pieces
            block.text, changes = other_amounts(block.text, rng, share)
            found += [Changed(path, block, *spans) for spans in changes]
            block.edits |= {"amount"} if changes else set()
    return found
