"""Tables with tracked changes: rows that went and came, and cells that changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rapidfuzz import fuzz

from kb.draft.edits import edits, stream
from kb.draft.ooxml import element
from kb.draft.pieces import Change, ChangeKind, Ids, Piece, children, tracked
from kb.draft.styles import HEI, font
from kb.draft.tables import cell_properties, table
from kb.draft.tracked import Author
from kb.sources.docx_content import Run

Row = Sequence[str]
_ALIKE = 50.0       # least likeness of two rows that are one row changed
_MOST = 1_000_000   # pairs of rows beyond which a table is shown as another


def whole_table(rows: Sequence[Row], change: Change, ids: Ids) -> Any:
    """A table that only one side has."""
    return table(rows, lambda y, x, text: (_cell([Piece(text, None, (change,))], change, text, y, ids),),
                 lambda y: (tracked(change, ids),))


def changed_table(base: Sequence[Row], draft: Sequence[Row], author: Author, ids: Ids) -> Any:
    """A table that both sides have: rows paired by their words, cells compared token by token."""
    merged = _merged(base, draft)
    shown = [other if other is not None else one or () for one, other in merged]

    def cell(y: int, x: int, text: str) -> Sequence[Any]:
        one, other = merged[y]
        if one is None or other is None:
            change = author.change("ins" if one is None else "del")
            return (_cell([Piece(text, None, (change,))], change, text, y, ids),)
        return (_cell(_pieces(one[x] if x < len(one) else "", text, author), None, text, y, ids),)

    def properties(y: int) -> Sequence[Any]:
        one, other = merged[y]
        if one is not None and other is not None:
            return ()
        return (tracked(author.change("ins" if one is None else "del"), ids),)

    return table(shown, cell, properties)


def _pieces(one: str, other: str, author: Author) -> list[Piece]:
    found = []
    for edit in edits(stream(0, [Run(one)]), stream(0, [Run(other)])):
        token = edit.draft or edit.base
        assert token is not None
        kinds: dict[str, ChangeKind] = {"delete": "del", "insert": "ins"}
        change = () if edit.kind == "equal" else (author.change(kinds[edit.kind], form=edit.form),)
        found.append(Piece(token.text, None, change))
    return found


def _cell(pieces: Sequence[Piece], mark: Change | None, text: str, y: int, ids: Ids) -> Any:
    properties = cell_properties(text, head=not y)
    if mark is not None:
        properties.append(element("rPr", None, tracked(mark, ids)))
    letters = {"rFonts": font(HEI)} if not y else None
    shown = [Piece(piece.text, letters, piece.changes) for piece in _together(pieces) if piece.text]
    return element("p", None, properties, *children(shown, (), ids))


def _together(pieces: Sequence[Piece]) -> list[Piece]:
    found: list[Piece] = []
    for piece in pieces:
        if found and found[-1].changes == piece.changes:
            found[-1] = Piece(found[-1].text + piece.text, None, piece.changes)
        else:
            found.append(piece)
    return found


def _merged(base: Sequence[Row], draft: Sequence[Row]) -> list[tuple[Row | None, Row | None]]:
    """Rows of both in one order: pairs, rows of the base alone, rows of the draft alone. The heaviest chain of pairs
    that do not cross."""
    if len(base) * len(draft) > _MOST:
        return [*((one, None) for one in base), *((None, other) for other in draft)]
    alike = [[fuzz.ratio("\n".join(one), "\n".join(other)) for other in draft] for one in base]
    best = [[0.0] * (len(draft) + 1) for _ in range(len(base) + 1)]
    for a in reversed(range(len(base))):
        for b in reversed(range(len(draft))):
            paired = alike[a][b] + best[a + 1][b + 1] if alike[a][b] >= _ALIKE else 0.0
            best[a][b] = max(paired, best[a + 1][b], best[a][b + 1])
    found: list[tuple[Row | None, Row | None]] = []
    a = b = 0
    while a < len(base) or b < len(draft):
        both = a < len(base) and b < len(draft) and alike[a][b] >= _ALIKE
        if both and best[a][b] == alike[a][b] + best[a + 1][b + 1]:
            found.append((base[a], draft[b]))
            a, b = a + 1, b + 1
        elif a < len(base) and (b == len(draft) or best[a][b] == best[a + 1][b]):
            found.append((base[a], None))
            a += 1
        else:
            found.append((None, draft[b]))
            b += 1
    return found
