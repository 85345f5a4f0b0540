"""Cleaning step that rebuilds a table whose cells a page put on a line each (鄞州's 任务分解表)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

from kb.sources import marks
from kb.sources.characters import Edited
from kb.sources.furniture import is_furniture
from kb.sources.page import Draft, Line
from kb.sources.tables import UNIT, merged, pipe_table
from kb.text import normalise

_MOST_COLUMNS = 12
_FIRST_HEADERS = ("序号", "编号", "序")


@dataclass(frozen=True, slots=True)
class _Table:
    end: int
    rows: list[list[str]]
    guessed: list[str]


def rebuild_tables(draft: Draft) -> Edited:
    """A run of lines 序号, further headers, 1, cells, 2, cells … becomes a pipe table.

    The lines of a row are shared out over the columns in order, so that each column gets lines of its kind
    (dates under 完成时限, units under 牵头单位, sentences under 具体举措); a row with more lines than columns is
    named in the notes as shared out by inference.
    """
    out: list[Line] = []
    edits: list[tuple[int, str, str]] = []
    notes: list[str] = []
    page = draft.lines
    index = 0
    while index < len(page):
        found = _table_at(page, index)
        if found is None:
            out.append(page[index])
            index += 1
            continue
        text = pipe_table(found.rows)
        out.append(replace(page[index], text=text, table=True, gap=True))
        edits.append((page[index].number, "⏎".join(line.text for line in page[index:found.end]), text))
        if not any(found.rows[-1][1:]):
            notes.append(f"第{page[index].number}行起的表格到第{found.rows[-1][0]}行中断，其余各行页面上没有")
        if found.guessed:
            notes.append(f"第{page[index].number}行起的表格由逐格成行的文字重建；"
                         f"第{'、'.join(found.guessed)}行的格数多于栏数，分栏为推断")
        index = found.end
    return replace(draft, lines=tuple(out)).saying(*notes), edits


def _table_at(page: Sequence[Line], index: int) -> _Table | None:
    if re.sub(r"\s", "", page[index].text) not in _FIRST_HEADERS:
        return None
    first = next((at for at in range(index + 2, min(index + _MOST_COLUMNS + 1, len(page)))
                  if _row_number(page[at].text) == 1), None)
    if first is None or any(page[at].table or len(page[at].text) > 20 for at in range(index, first)):
        return None
    header = [line.text for line in page[index:first]]
    starts = [first]
    end = first
    for at in range(first + 1, len(page)):
        if _ends_table(page[at], len(starts)):
            break
        if _row_number(page[at].text) == len(starts) + 1:
            starts.append(at)
        end = at
    bounds = [*starts, end + 1]
    rows = [header]
    guessed = []
    for begin, stop in zip(bounds, bounds[1:], strict=False):
        cells = [line.text for line in page[begin + 1:stop]]
        rows.append([page[begin].text, *share_out(cells, header[1:])])
        if len(cells) > len(header) - 1:
            guessed.append(page[begin].text)
    return _Table(end + 1, rows, guessed)


def _row_number(text: str) -> int | None:
    bare = normalise(text).strip().rstrip(".、")
    return int(bare) if bare.isdigit() and len(bare) <= 3 else None


def _ends_table(line: Line, rows: int) -> bool:
    number = marks.number_of(line.text)
    return (line.table or marks.attachment_mark(line.text) is not None or line.text[-1] in ":："
            or (marks.is_date_line(line.text) and line.text.endswith("日") and line.gap)
            or (number is not None and number.style.kind in ("section", "chapter", "article"))
            or (is_furniture(line) and not line.text.strip().isdigit() and len(line.text) > 2))


def share_out(cells: list[str], header: list[str]) -> list[str]:
    """``cells`` in order over the columns of ``header``, at the least cost (see ``_cost``); a column with several
    has them joined: halves of a broken phrase and sentences directly, units with a space."""
    columns = len(header)
    if len(cells) <= columns:
        return _place_few(cells, header)

    @cache
    def best(cell: int, column: int) -> tuple[float, tuple[int, ...]]:
        """Least cost of cells[cell:] over header[column:], and how many each of these columns takes."""
        if column == columns:
            return (0.0, ()) if cell == len(cells) else (float("inf"), ())
        choices = []
        for take in range(1, len(cells) - cell - (columns - column - 1) + 1):
            rest, shares = best(cell + take, column + 1)
            cost = sum(_cost(text, header[column]) for text in cells[cell:cell + take])
            choices.append((cost + _extra(cells[cell:cell + take], header[column]) + rest, (take, *shares)))
        return min(choices) if choices else (float("inf"), ())

    row, at = [], 0
    for take in best(0, 0)[1]:
        row.append(merged(cells[at:at + take]))
        at += take
    return row


def _place_few(cells: list[str], header: list[str]) -> list[str]:
    """A row with no more cells than columns: in order; empty columns stand where the cells fit worst."""
    columns = len(header)

    @cache
    def best(cell: int, column: int) -> tuple[float, tuple[bool, ...]]:
        if column == columns:
            return (0.0, ()) if cell == len(cells) else (float("inf"), ())
        choices = []
        if cell < len(cells):
            cost, rest = best(cell + 1, column + 1)
            choices.append((cost + _cost(cells[cell], header[column]), (True, *rest)))
        if len(cells) - cell <= columns - column - 1:
            cost, rest = best(cell, column + 1)
            choices.append((cost + 0.5 + column * 1e-3, (False, *rest)))
        return min(choices, key=lambda choice: choice[0]) if choices else (float("inf"), ())

    filled = iter(cells)
    return [next(filled) if used else "" for used in best(0, 0)[1]]


_DATE = re.compile(r"(?:\d{4}[.\-/年]\d{0,2}|\d{4}年底?|长期|全过程|持续|常态化|每年|\d+月底?前?|按.*要求|\d{1,2}月)")


def _cost(text: str, header: str) -> float:
    """0 where a cell is of the kind that its column's header asks for, up to 1."""
    unit, date = UNIT.search(text) is not None, _DATE.match(text) is not None
    long = text[-1:] in "。；" or len(text) > 24
    if re.search("单位|部门|责任|主体|机构|牵头|配合", header):
        return 0.0 if unit and not long else 1.0
    if re.search("时限|时间|日期|期限|进度", header):
        return 0.0 if date else 1.0
    if re.search("举措|内容|措施|要求|说明|备注|具体|目标", header):
        return 0.0 if long else 0.6
    return 0.8 if long or date else (0.3 if unit else 0.0)


def _extra(cells: list[str], header: str) -> float:
    """Cost of several cells in one column: one unit leads, a date stands alone, sentences go on."""
    more = len(cells) - 1
    if not more:
        return 0.0
    if re.search("牵头|时限|时间|日期", header):
        return 0.5 * more
    return 0.05 * more

