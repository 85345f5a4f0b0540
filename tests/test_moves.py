"""Moves, drawn as text: clauses of a with the clause of b that each is equivalent to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.align import align
from kb.align.moves import Placed, moves
from kb.models import Document
from kb.parse import parse


def placed(drawn: str) -> list[Placed]:
    """``1/1=1/2`` is the clause 一/（一） of a against 一/（二） of b."""
    pairs = [pair.split("=") for pair in drawn.split()]
    order = [{path: n for n, path in enumerate(sorted({pair[side] for pair in pairs}))} for side in (0, 1)]
    return [Placed(a, order[0][a], b, order[1][b]) for a, b in pairs]


@pytest.mark.parametrize(("drawn", "moved"), [
    ("1/1=1/1 1/2=1/2 1/3=1/3", ""),
    ("1/1=1/1 1/2=1/3 1/3=1/2 1/4=1/4", "1/2:order"),                          # two changed places: one is told
    ("1/1=1/4 1/2=1/1 1/3=1/2 1/4=1/3", "1/1:order"),                          # first became last: not three moves
    ("1/1=1/1 1/2=1/2 1/4=1/3", "1/4:number"),                                 # a clause before it was dropped
    ("1/1=2/1 1/2=2/2 1/3=2/3", ""),                                           # all numbered otherwise
    ("1/1=1/1 1/2=1/2 1/3=2/3 2/1=2/1 2/2=2/2", "1/3:section"),
    ("1/1=1/1 1/2=1/2 1/3=2/1 1/4=2/2", ""),                                   # a section was split: no move
    ("1/1=1/1 1/2=1/2 2/1=1/3 2/2=1/4", ""),                                   # two were merged: no move
    ("1/1=2/1 1/2=2/2 2/1=1/1 2/2=1/2", "1/1:order 1/2:order"),                # two sections changed places
    ("1/1=1/1 1/1=1/2 1/2=1/3", ""),                                           # a clause was split
    ("", ""),
])
def test_moves(drawn: str, moved: str) -> None:
    pairs = placed(drawn)
    told = {pair.a_path: found for pair, found in zip(pairs, moves(pairs), strict=True) if found}
    assert told == dict(item.split(":") for item in moved.split())


@given(st.permutations(range(8)))
def test_what_is_left_is_in_order(shuffled: list[int]) -> None:
    pairs = [Placed(f"1/{n}", n, f"1/{place}", place) for n, place in enumerate(shuffled)]
    found = moves(pairs)
    rest = [place for place, moved in zip(shuffled, found, strict=True) if moved != "order"]
    assert rest == sorted(rest)
    assert len(found) == len(pairs) and ("order" in found) == (shuffled != sorted(shuffled))


MATTERS = ("犬只免疫。\n\n犬只应当每年接种狂犬病疫苗。", "道路保洁。\n\n道路每日清扫两次。", "用地保障。\n\n工业用地比例不低于30%。",
           "人才引进。\n\n对高层次人才给予住房补贴。", "税收优惠。\n\n减按15%征收企业所得税。")


def document(order: str, name: str) -> Document:
    text = "".join(f"## {'一二三四五'[n]}、{MATTERS[int(matter)]}\n\n" for n, matter in enumerate(order))
    return Document(id=name, title=name, region_code="330000", text=f"# 题\n\n{text}")


@pytest.mark.parametrize(("b", "told"), [("01234", {}), ("12340", {"正文/一": "order"}), ("02134", {"正文/二": "order", "正文/三": "number"}),
                                         ("0124", {"正文/五": "number"})])
def test_alignments_tell_moves(b: str, told: dict[str, str]) -> None:
    rows = align(parse(document("01234", "one")).provisions, parse(document(b, "two")).provisions)
    assert {row.relation for row in rows} == {"equivalent"} and len(rows) == len(b)
    assert {row.a_path: row.moved for row in rows if row.moved} == told
