"""The inside of a paragraph: pieces of text, some of them tracked changes, with comments around spans of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from kb.draft.ooxml import element, run
from kb.models import Span

ChangeKind = Literal["ins", "del", "moveFrom", "moveTo"]
Letters = Mapping[str, Mapping[str, object]]


@dataclass(frozen=True, slots=True)
class Change:
    """A tracked change as it stands in the file; ``date`` as Word writes it."""

    kind: ChangeKind
    author: str
    date: str

    @property
    def gone(self) -> bool:
        """Whether the text is no longer there once the change is accepted."""
        return self.kind in ("del", "moveFrom")


@dataclass(frozen=True, slots=True)
class Piece:
    """Text with the ``changes`` that hold it, from the outside in."""

    text: str
    letters: Letters | None = None
    changes: tuple[Change, ...] = ()

    @property
    def gone(self) -> bool:
        """Whether the text is no longer there once all changes are accepted."""
        return any(change.gone for change in self.changes)


@dataclass(frozen=True, slots=True)
class Mark:
    """Comment ``number`` on a span of the accepted text of a paragraph; None for all of the paragraph."""

    number: int
    span: Span | None = None


class Ids:
    """Running numbers for tracked changes and bookmarks; no two of a file may be the same."""

    def __init__(self) -> None:
        self._last = 0

    def next(self) -> int:
        """The next number, from 1."""
        self._last += 1
        return self._last


def children(pieces: Sequence[Piece], marks: Sequence[Mark], ids: Ids) -> list[Any]:
    """What stands in ``w:p`` after ``w:pPr``: runs, the changes around them, the ranges of comments."""
    parts = cut(pieces, [place for mark in marks if mark.span for place in (mark.span.start, mark.span.end)])
    ranges = [(mark.number, *_range(parts, mark.span)) for mark in marks]
    made: list[Any] = []
    for index in range(len(parts) + 1):
        for number, start, end in ranges:
            if start < end == index:
                made += _end(number)
        for number, start, end in ranges:
            if start == index:
                made.append(element("commentRangeStart", {"id": number}))
                made += _end(number) if end <= start else []
        if index < len(parts):
            made.append(wrapped(parts[index], ids))
    return made


def _range(parts: Sequence[Piece], span: Span | None) -> tuple[int, int]:
    """First part of a span and the one after its last."""
    if span is None:
        return 0, len(parts)
    inside: list[int] = []
    at = 0
    for index, part in enumerate(parts):
        if not part.gone:
            if span.start <= at < span.end:
                inside.append(index)
            at += len(part.text)
    return (inside[0], inside[-1] + 1) if inside else (len(parts), len(parts))


def _end(number: int) -> list[Any]:
    return [element("commentRangeEnd", {"id": number}), element("r", None, element("commentReference", {"id": number}))]


def wrapped(piece: Piece, ids: Ids) -> Any:
    """The run of a piece inside the elements of its changes."""
    made = run(piece.text, piece.letters, deleted=any(change.kind == "del" for change in piece.changes))
    for change in reversed(piece.changes):
        made = tracked(change, ids, made)
    return made


def tracked(change: Change, ids: Ids, *inside: Any) -> Any:
    """The element of a change."""
    return element(change.kind, {"id": ids.next(), "author": change.author, "date": change.date}, *inside)


def cut(pieces: Iterable[Piece], offsets: Iterable[int]) -> list[Piece]:
    """The pieces with cuts at ``offsets`` of the accepted text, empty ones dropped."""
    places = sorted(set(offsets))
    found: list[Piece] = []
    at = 0
    for piece in pieces:
        if piece.gone:
            found.append(piece)
            continue
        begin = 0
        for place in places:
            if at + begin < place < at + len(piece.text):
                found.append(replace(piece, text=piece.text[begin:place - at]))
                begin = place - at
        found.append(replace(piece, text=piece.text[begin:]))
        at += len(piece.text)
    return [piece for piece in found if piece.text]
