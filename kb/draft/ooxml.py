"""Pieces of WordprocessingML that the writers share: elements, runs, a package whose bytes depend on its content alone.
"""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from collections.abc import Mapping
from typing import Any, Final

from docx.document import Document as WordDocument
from docx.oxml.ns import qn
from docx.oxml.parser import OxmlElement

#: Characters that XML 1.0 cannot hold; a page broken by a converter has some.
_ILLEGAL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)       # the earliest date that a zip can hold


def element(tag: str, attributes: Mapping[str, object] | None = None, *children: Any) -> Any:
    """``<w:tag …>`` with the ``attributes`` (their names without prefix are in w) and ``children``."""
    made = OxmlElement(tag if ":" in tag else f"w:{tag}")
    for name, value in (attributes or {}).items():
        made.set(qn(name if ":" in name else f"w:{name}"), str(value))
    for child in children:
        made.append(child)
    return made


def run(text: str, style: Mapping[str, Any] | None = None, *, deleted: bool = False) -> Any:
    """A run of ``text``: line ends become breaks, tabs stay. ``style`` maps elements of ``w:rPr`` to their attributes,
    in the schema's order. ``deleted`` text stands in ``w:delText``."""
    made = element("r")
    if style:
        made.append(element("rPr", None, *(element(name, values) for name, values in style.items())))
    for piece in re.split(r"([\n\t])", legal(text)):
        if piece == "\n":
            made.append(element("br"))
        elif piece == "\t":
            made.append(element("tab"))
        elif piece:
            holder = element("delText" if deleted else "t")
            holder.text = piece
            holder.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
            made.append(holder)
    return made


def legal(text: str) -> str:
    """``text`` without what XML cannot hold."""
    return _ILLEGAL.sub("", text)


def stamp(moment: dt.datetime) -> str:
    """``moment`` as Word writes it: to the second, UTC where it knows its zone."""
    if moment.tzinfo is not None:
        moment = moment.astimezone(dt.UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def packed(word: WordDocument) -> bytes:
    """The file of ``word``; equal documents give equal bytes (python-docx stamps the zip's entries with the clock)."""
    raw = io.BytesIO()
    word.save(raw)
    out = io.BytesIO()
    with zipfile.ZipFile(raw) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(zipfile.ZipInfo(name, _EPOCH), old.read(name), zipfile.ZIP_DEFLATED)
    return out.getvalue()
