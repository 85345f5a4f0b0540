"""Tables of an official document: the whole width of the text, a ruled grid, the head again on each page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from kb.draft.ooxml import element, run
from kb.draft.styles import HEI, STYLES, TEXT_WIDTH, font, width

_CHAR: Final = 210              # twips of a character of 五号
_SHORT: Final = 6               # characters of a cell that stands in the middle


def table(rows: Sequence[Sequence[str]], cell: Callable[[int, int, str], Sequence[Any]],
          row_properties: Callable[[int], Sequence[Any]] = lambda y: ()) -> Any:
    """The ``w:tbl`` of ``rows``. ``cell`` gives the paragraphs of a cell from its row, column and text, and
    ``row_properties`` what else stands in a row's ``w:trPr``."""
    sizes = column_widths(rows)
    made = element("tbl", None, element("tblPr", None, element("tblStyle", {"val": "KbTable"}),
                                        element("tblW", {"w": sum(sizes), "type": "dxa"}),
                                        element("tblLayout", {"type": "fixed"})),
                   element("tblGrid", None, *(element("gridCol", {"w": size}) for size in sizes)))
    for y, row in enumerate(rows):
        names = ("cantSplit",) if y else ("cantSplit", "tblHeader")
        line = element("tr", None, element("trPr", None, *map(element, names), *row_properties(y)))
        for x, size in enumerate(sizes):
            properties = element("tcPr", None, element("tcW", {"w": size, "type": "dxa"}),
                                 element("vAlign", {"val": "center"}))
            line.append(element("tc", None, properties, *cell(y, x, row[x] if x < len(row) else "")))
        made.append(line)
    return made


def cell_properties(text: str, *, head: bool) -> Any:
    """``w:pPr`` of a cell's paragraph: short texts and the head stand in the middle."""
    made = element("pPr", None, element("pStyle", {"val": STYLES["table"].key}))
    if head or width(text) <= _SHORT:
        made.append(element("jc", {"val": "center"}))
    return made


def cell_paragraph(text: str, *, head: bool) -> Any:
    """The paragraph of a cell that nobody changed."""
    made = element("p", None, cell_properties(text, head=head))
    if text:
        made.append(run(text, {"rFonts": font(HEI)} if head else None))
    return made


def column_widths(rows: Sequence[Sequence[str]]) -> list[int]:
    """Twips of the columns: what the longest word needs, and the rest by how much text they hold, long texts less."""
    columns = max(len(row) for row in rows)
    held = [max((width(row[x]) for row in rows if x < len(row)), default=1.0) for x in range(columns)]
    least = [min(2.0 + min(size, 4.0), 0.9 * TEXT_WIDTH / _CHAR / columns) for size in held]
    rest = TEXT_WIDTH / _CHAR - sum(least)
    weights = [max(size - 4, 0.0) ** 0.75 for size in held]
    total = sum(weights) or 1.0
    sizes = [round((base + rest * weight / total) * _CHAR) if any(weights) else round(TEXT_WIDTH / columns)
             for base, weight in zip(least, weights, strict=True)]
    sizes[-1] += TEXT_WIDTH - sum(sizes)
    return sizes
