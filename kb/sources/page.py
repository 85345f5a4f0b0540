"""Values that the reading and cleaning of a page pass along. All frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

from kb.models import Document


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a page's text, or one whole table.

    ``number`` counts the page's lines from 1 (an HTML page's lines are its blocks). ``gap``: an empty line stood
    before it; ``indent``: it began with white space; ``link``: all of it was a link; ``level``: 1 to 6 where the
    page marked it as a heading. A ``table`` line holds a finished pipe table.
    """

    number: int
    text: str
    gap: bool = False
    indent: bool = False
    link: bool = False
    level: int = 0
    table: bool = False

    def reading(self, text: str) -> Line:
        """The same line with another text."""
        return replace(self, text=text)


@dataclass(frozen=True, slots=True)
class Change:
    """What a cleaning step cut or changed: at ``line`` of the page, ``before`` became ``after`` ('' when cut)."""

    step: str
    line: int
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Page:
    """A page as read: its bytes, the encoding found, its lines without empty ones, and what it says of itself.

    ``meta`` maps labels as the page writes them (索引号, or a meta tag's name) to values; ``notes`` are doubts of its
    reader, in Chinese.
    """

    path: Path
    data: bytes
    encoding: str
    lines: tuple[Line, ...]
    meta: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """A page on its way through the cleaning steps.

    ``meta`` maps fields of a document (``index_number`` …) to values as written; ``notes`` are doubts that the
    report passes on to a person. ``start`` and ``body`` are the indices in ``lines`` of the title and of the
    first line after it, ``title`` is the title in one line; they are known after the step that finds the title.
    """

    lines: tuple[Line, ...]
    meta: Mapping[str, str]
    title: str = ""
    changes: tuple[Change, ...] = ()
    notes: tuple[str, ...] = ()

    def saying(self, *notes: str) -> Draft:
        """The draft with ``notes`` added."""
        return replace(self, notes=(*self.notes, *notes))


@dataclass(frozen=True, slots=True)
class ImportedPage:
    """What an import makes of a page.

    ``changes`` lists all that was cut and changed, in order; ``missing`` names the fields of the front matter
    that the page does not give; ``notes`` are doubts in Chinese for a person to check.
    """

    document: Document
    changes: tuple[Change, ...]
    missing: tuple[str, ...]
    page: bytes = field(repr=False)
    encoding: str = "utf-8"
    notes: tuple[str, ...] = ()
