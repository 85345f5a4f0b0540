"""What the paragraph styles of a .docx say, as far as reading needs it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kb.sources.docx_numbering import W


class Styles:
    """What a paragraph's style says: its name, outline level and indentation, with those it is based on."""

    def __init__(self, root: Any | None) -> None:
        self._styles = {style.get(W + "styleId", ""): style for style in
                        (() if root is None else root.iter(W + "style"))}

    def _chain(self, properties: Any | None) -> Iterator[Any]:
        style = None if properties is None else properties.find(W + "pStyle")
        key: str | None = None if style is None else style.get(W + "val")
        seen: set[str] = set()
        while key and key in self._styles and key not in seen:
            seen.add(key)
            yield self._styles[key]
            based = self._styles[key].find(W + "basedOn")
            key = None if based is None else based.get(W + "val")

    def name(self, properties: Any | None) -> str:
        """The style's name in small letters."""
        return next(map(_name, self._chain(properties)), "")

    def outline(self, properties: Any | None) -> int | None:
        """-1 for a title, 0 to 8 for a heading, None for body text."""
        if any(_name(style) in ("title", "标题") for style in self._chain(properties)):
            return -1
        for holder in (properties, *(style.find(W + "pPr") for style in self._chain(properties))):
            level = None if holder is None else holder.find(W + "outlineLvl")
            if level is not None:
                value = level.get(W + "val", "")
                return int(value) if value in tuple("012345678") else None
        return None

    def indent(self, properties: Any | None) -> bool:
        """Whether the first line is indented."""
        for holder in (properties, *(style.find(W + "pPr") for style in self._chain(properties))):
            found = None if holder is None else holder.find(W + "ind")
            if found is None:
                continue
            for name in ("firstLineChars", "firstLine"):
                if (value := found.get(W + name)) is not None:
                    return str(value).isdigit() and int(value) > 0
        return False


def _name(style: Any) -> str:
    name = style.find(W + "name")
    return "" if name is None else str(name.get(W + "val", "")).lower()
