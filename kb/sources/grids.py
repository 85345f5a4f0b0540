"""Cleaning steps that rebuild tables whose columns show by themselves: cells parted by tabs, and cells a line each of
which a column holds nothing but numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from kb.sources import labels, marks
from kb.sources.characters import Edited
from kb.sources.furniture import is_furniture
from kb.sources.page import Draft, Line
from kb.sources.tables import pipe_table
from kb.text import normalise


def rebuild_tabbed(draft: Draft) -> Edited:
    """Lines with tabs between cells, the same number in each (a table copied from Word or Excel), become a pipe table.
    A site's particulars (索引号：⇥…⇥文号：⇥…) are rows of labels, not of a table."""
    out: list[Line] = []
    edits: list[tuple[int, str, str]] = []
    page = draft.lines
    index = 0
    while index < len(page):
        end = index
        width = _tabs(page[index])
        while width and end < len(page) and _tabs(page[end]) == width:
            end += 1
        rows = [[cell.strip() for cell in line.text.strip(" \u3000").split("\t")] for line in page[index:end]]
        if len(rows) < 2 or not all(rows[0]) or _particulars(rows):
            out.append(page[index])
            index += 1
            continue
        text = pipe_table(rows)
        out.append(replace(page[index], text=text, table=True, gap=True))
        edits.append((page[index].number, "⏎".join(line.text for line in page[index:end]), text))
        index = end
    return replace(draft, lines=tuple(out)), edits


def _tabs(line: Line) -> int:
    """Tabs between the cells of a line; 0 where it is no row of cells."""
    text = line.text.strip(" \u3000")
    return 0 if line.table or text[:1] == "\t" else text.count("\t")


def _particulars(rows: Sequence[Sequence[str]]) -> bool:
    cells = [cell for row in rows for cell in row]
    return any(cell.endswith((":", "：")) or labels.is_label(cell) or labels.pairs(cell) for cell in cells)


_CELL = 24              # characters of the longest cell
_MOST_COLUMNS = 10
_AMOUNT = re.compile(r"[<>≥≤＜＞±+-]?\s*\d[\d.,]*\s*(?:%|‰|以[上下]|左右|[万亿]元?|元|个|家|亩)*")
_HEADER_YEAR = re.compile(r"(?:19|20)\d{2}年?(?:底|末|目标|现状)?.{0,4}")


def rebuild_grids(draft: Draft) -> Edited:
    """A run of short lines that falls into rows of one width, some columns of nothing but amounts under a header that
    is none (指标 / 单位 / 2021年 / 2022年 / 亩均税收 / 万元 / 28 / 30 …), becomes a pipe table."""
    out: list[Line] = []
    edits: list[tuple[int, str, str]] = []
    notes: list[str] = []
    page = draft.lines
    index = 0
    while index < len(page):
        end = index
        while end < len(page) and _is_cell(page[end]):
            end += 1
        found = _grid([line.text for line in page[index:end]])
        if found is None:
            end = max(end, index + 1)
            out += page[index:end]
            index = end
            continue
        skipped, rows = found
        first = index + skipped
        text = pipe_table(rows)
        out += page[index:first]
        out.append(replace(page[first], text=text, table=True, gap=True))
        edits.append((page[first].number, "⏎".join(line.text for line in page[first:end]), text))
        notes.append(f"第{page[first].number}行起的表格由逐格成行的文字重建，请核对分栏")
        index = end
    return replace(draft, lines=tuple(out)).saying(*notes), edits


def _is_cell(line: Line) -> bool:
    text = line.text
    if line.table or len(text) > _CELL or text[-1] in "。；;：:，," or (is_furniture(text) and not _is_amount(text)):
        return False
    return not (marks.attachment_mark(text) or marks.number_of(text) or marks.is_date_line(text)
                or marks.opens_trailer(text))


def _is_amount(text: str) -> bool:
    return _AMOUNT.fullmatch(normalise(text).strip()) is not None


def _grid(cells: Sequence[str]) -> tuple[int, list[list[str]]] | None:
    """Lines before the table, and its rows; None where the cells fall into no columns."""
    for skipped in range(min(3, len(cells))):       # the table's name and its unit may stand above the header
        rest = cells[skipped:]
        for width in range(2, _MOST_COLUMNS + 1):
            if len(rest) % width == 0 and len(rest) >= 3 * width:
                rows = [list(rest[at:at + width]) for at in range(0, len(rest), width)]
                if _has_columns(rows):
                    return skipped, rows
    return None


def _has_columns(rows: Sequence[Sequence[str]]) -> bool:
    header, *body = rows
    if any(_is_amount(name) and not _HEADER_YEAR.fullmatch(name) for name in header) or _is_amount(header[0]):
        return False
    kinds = [{_is_amount(row[column]) for row in body if row[column] not in ("-", "/", "—", "——")}
             for column in range(len(header))]
    return all(len(kind) <= 1 for kind in kinds) and {True} in kinds and kinds[0] == {False}
