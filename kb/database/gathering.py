"""What the build gathers from its statements and differences so that no page has to: deadlines of amounts, amounts of
several places under one indicator, and the differences most worth seeing."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kb.fulltext import fold
from kb.indicators import Entry, grouped, label
from kb.models import Quantity

Row = dict[str, Any]
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

def indicators(quantities: Sequence[Row], alignments: Iterable[Row]) -> list[Row]:
    """One row for each indicator; sets ``indicator_id`` on the quantities it takes in.

    :func:`kb.indicators.grouped` says which amounts are one indicator; dates are none. Rows come with the most
    documents first, then in the order of the text.
    """
    measured = {quantity["id"]: quantity for quantity in quantities if quantity["kind"] not in ("date", "other")}
    entries = [Entry(q["id"], q["document_id"], q["clause_id"], q["indicator"], q["kind"], q["base_unit"] or "")
               for q in measured.values()]
    groups = grouped(entries, {(row["a_clause_id"], row["b_clause_id"]) for row in alignments})
    rows = []
    for number, group in enumerate(sorted(groups, key=lambda group: -len({entry.document for entry in group})), 1):
        for entry in group:
            measured[entry.id]["indicator_id"] = number
        rows.append({"name": label(group), "kind": group[0].kind, "unit": measured[group[0].id]["base_unit"],
                     "documents": len({entry.document for entry in group}), "quantities": len(group)})
    return rows


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

    A difference weighs its salience, times how sure the alignment is, less where only parts correspond. A document
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
    part = 1.0 if alignment["relation"] == "equivalent" else 0.8
    return float(difference["salience"] * alignment["score"] * part * (0.85 if long else 1.0))
