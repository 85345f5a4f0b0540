"""Tables as GFM pipe tables, and the text of a cell that a page broke into pieces."""

from __future__ import annotations

import re
from collections.abc import Sequence

#: How the name of a body ends: two of them side by side in a cell are two, not halves of one.
UNIT = re.compile(r"(?:局|办|委|室|院|部|厅|中心|公司|街道|园区|平台|政府|单位|支队|大队|镇|乡|会)[)）]?$")


def pipe_table(rows: Sequence[Sequence[str]]) -> str:
    """``rows`` (the first is the header) as a GFM pipe table."""
    width = max(len(row) for row in rows)
    padded = [[*row, *[""] * (width - len(row))] for row in rows]
    return "\n".join([_row(padded[0]), "|" + " --- |" * width, *map(_row, padded[1:])])


def _row(row: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in row) + " |"


def merged(pieces: Sequence[str]) -> str:
    """The pieces of one cell as one text: sentences and halves of a phrase (良渚 / 街道) join directly, units and
    anything that begins with a number with a space between them."""
    text = ""
    for piece in pieces:
        apart = text and (UNIT.search(text) and UNIT.search(piece) and len(piece) > 2
                          or not re.search(r"[\u4e00-\u9fff，。；、：:]$", text)
                          or not re.match(r"[\u4e00-\u9fff（(“《]", piece))
        text += (" " if apart else "") + piece
    return text
