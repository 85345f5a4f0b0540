"""What the build gathers from its statements and differences so that no page has to: deadlines of amounts, amounts of
several places under one indicator, and the differences most worth seeing."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kb.fulltext import fold
from kb.models import Quantity

Row = dict[str, Any]
#: A stock and its yearly growth are two matters, however alike the names: 高新技术企业, 每年新增高新技术企业.
_CHANGE = ("每年", "年均", "当年", "累计", "新增", "增长", "下降")
_SHARED = 0.75          # share of the shorter name's characters that the longer has, from which two names are one
_MATTERS = 50
_LONG = 36              # readings longer than this say little in a list


def deadline(quantity: Quantity, text: str, found: Sequence[Quantity]) -> str | None:
    """By when an amount is due, as written: the nearest date before it in its paragraph (到2023年底，力争……达到28万元);
    None for a date itself, and where there is none."""
    if quantity.kind == "date":
        return None
    line = text.rfind("\n", 0, quantity.start) + 1
    dates = [q for q in found if q.kind == "date" and line <= q.start and q.end <= quantity.start
             and re.match(r"到|至|截至|力争到", q.quote)]
    return max(dates, key=lambda q: q.start).quote if dates else None


# --- indicators ------------------------------------------------------------------------------------------------------

def indicators(quantities: Sequence[Row], differences: Iterable[Row]) -> list[Row]:
    """One row for each indicator; sets ``indicator_id`` on the quantities it takes in.

    Amounts of one kind, unit and name are one indicator. Two names become one where a difference of amounts opposes
    them and they are mostly the same characters (减碳, 减少碳排放), unless some document has both. Dates are none.
    Rows come with the most documents first, then in the order of the text.
    """
    groups: dict[tuple[str, str, str], list[Row]] = {}
    for quantity in quantities:
        if quantity["kind"] not in ("date", "other"):
            groups.setdefault((quantity["kind"], quantity["base_unit"] or "", fold(quantity["indicator"])),
                              []).append(quantity)
    merged = _merged(list(groups.values()), quantities, differences)
    ordered = sorted(merged, key=lambda group: (-len({q["document_id"] for q in group}), group[0]["id"]))
    rows = []
    for number, group in enumerate(ordered, 1):
        for quantity in group:
            quantity["indicator_id"] = number
        rows.append({"name": group[0]["indicator"], "kind": group[0]["kind"], "unit": group[0]["base_unit"],
                     "documents": len({q["document_id"] for q in group}), "quantities": len(group)})
    return rows


def _merged(groups: list[list[Row]], quantities: Sequence[Row], differences: Iterable[Row]) -> list[list[Row]]:
    home = {q["id"]: number for number, group in enumerate(groups) for q in group}
    by_clause: dict[int, list[Row]] = defaultdict(list)
    for quantity in quantities:
        by_clause[quantity["clause_id"]].append(quantity)
    for difference in differences:
        if difference["type"] not in ("number", "target"):
            continue
        a, b = (_inside(by_clause[difference[f"{side}_clause_id"]], difference[f"{side}_start"],
                        difference[f"{side}_end"]) for side in "ab")
        if not (a and b and a["id"] in home and b["id"] in home):
            continue
        one, other = home[a["id"]], home[b["id"]]
        both = {q["document_id"] for q in groups[one]} & {q["document_id"] for q in groups[other]}
        same_kind = (a["kind"], a["base_unit"]) == (b["kind"], b["base_unit"])
        if one != other and same_kind and not both and alike(a["indicator"], b["indicator"]):
            for quantity in groups[other]:
                home[quantity["id"]] = one
            groups[one] = sorted(groups[one] + groups[other], key=lambda q: int(q["id"]))
            groups[other] = []
    return [group for group in groups if group]


def _inside(found: Sequence[Row], start: int, end: int) -> Row | None:
    """The one amount between ``start`` and ``end``; None if there are none or several."""
    inside = [q for q in found if start < q["end"] and q["start"] < end and q["kind"] != "date"]
    return inside[0] if len(inside) == 1 else None


def alike(one: str, other: str) -> bool:
    """Whether two names of indicators are mostly the same characters and speak of the same change."""
    if [word in one for word in _CHANGE] != [word in other for word in _CHANGE]:
        return False
    short, long = sorted((fold(one), fold(other)), key=len)
    return bool(short) and sum(char in long for char in set(short)) / len(set(short)) >= _SHARED


# --- highlights ------------------------------------------------------------------------------------------------------

@dataclass(frozen=True, slots=True)
class Picked:
    """What :func:`highlights` needs beside the rows: clauses' texts and headings, the rows of the concordance that
    hold a clause, the order of documents."""

    texts: Mapping[int, str]
    labels: Mapping[int, str]
    matters: Mapping[int, frozenset[int]]
    documents: Mapping[str, int]


def highlights(differences: Sequence[Row], alignments: Sequence[Row], about: Picked) -> Iterator[Row]:
    """The most salient differences, no matter twice, each with the readings of all places, the uppermost first.

    A difference weighs its salience, times how sure the alignment is, halved where only parts correspond. A document
    that has the base's very words stands with the base.
    """
    partners: dict[int, list[Row]] = defaultdict(list)
    for row in alignments:
        partners[row["a_clause_id"]].append(row)
        partners[row["b_clause_id"]].append(row)
    by_alignment = {row["id"]: row for row in alignments}
    by_base: dict[int, list[Row]] = defaultdict(list)
    for row in differences:
        by_base[row["a_clause_id"]].append(row)
    used: set[int] = set()
    rank = 0
    for row in sorted(differences, key=lambda d: (-_weight(d, by_alignment[d["alignment_id"]]), d["id"])):
        matters = about.matters.get(row["a_clause_id"], frozenset()) | about.matters.get(row["b_clause_id"],
                                                                                          frozenset())
        if matters & used or rank >= _MATTERS:
            continue
        used |= matters
        rank += 1
        readings = {row["a_document_id"]: (row["a_clause_id"], row["a_quote"]),
                    row["b_document_id"]: (row["b_clause_id"], row["b_quote"])}
        for other in by_base[row["a_clause_id"]]:
            shared = min(row["a_end"], other["a_end"]) - max(row["a_start"], other["a_start"])
            if other["type"] == row["type"] and shared * 2 > row["a_end"] - row["a_start"] and other["b_quote"]:
                readings.setdefault(other["b_document_id"], (other["b_clause_id"], other["b_quote"]))
        for partner in partners[row["a_clause_id"]]:
            side = "b" if partner["a_clause_id"] == row["a_clause_id"] else "a"
            clause = partner[f"{side}_clause_id"]
            if len(row["a_quote"]) > 2 and fold(row["a_quote"]) in fold(about.texts[clause]):
                readings.setdefault(partner[f"{side}_document_id"], (clause, row["a_quote"]))
        for document in sorted(readings, key=about.documents.__getitem__):
            clause, quote = readings[document]
            yield {"rank": rank, "label": about.labels[row["a_clause_id"]], "difference_id": row["id"],
                   "document_id": document, "clause_id": clause, "quote": quote}


def _weight(difference: Row, alignment: Row) -> float:
    long = max(len(difference["a_quote"]), len(difference["b_quote"])) > _LONG
    part = 1.0 if alignment["relation"] == "equivalent" else 0.5
    return float(difference["salience"] * alignment["score"] * part * (0.85 if long else 1.0))
