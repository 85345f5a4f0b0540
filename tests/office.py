"""What the tests of .docx files share: accepting and rejecting over the XML, and LibreOffice where it is installed."""

from __future__ import annotations

import io
import shutil
import subprocess
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import pytest
from lxml import etree

from kb.draft.flow import Block

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
View = Literal["accept", "reject"]
Content = list[str | list[list[str]]]
#: Changes that each view takes away.
GONE = {"accept": (W + "del", W + "moveFrom"), "reject": (W + "ins", W + "moveTo")}

needs_soffice = pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")


def part(data: bytes, name: str = "word/document.xml") -> Any:
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        return etree.fromstring(file.read(name))


def replaced(data: bytes, parts: dict[str, bytes]) -> bytes:
    """The file with other or more parts."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in [*old.namelist(), *(name for name in parts if name not in old.namelist())]:
            new.writestr(name, parts.get(name, b"") if name in parts else old.read(name))
    return out.getvalue()


def view(data: bytes, which: View) -> Content:
    """Paragraphs with text, and tables, once all tracked changes are accepted or rejected. An end that goes lets the
    next paragraph flow on."""
    found: Content = []
    pending = ""
    for child in part(data).find(W + "body"):
        if child.tag == W + "p":
            pending += text_of(child, which)
            if not _goes(child.find(f"{W}pPr/{W}rPr"), which):
                found += [pending] if pending else []
                pending = ""
        elif child.tag == W + "tbl":
            assert not pending, "a paragraph runs into a table"
            rows = [[_cell(cell, which) for cell in row.findall(W + "tc")] for row in child.findall(W + "tr")
                    if not _goes(row.find(W + "trPr"), which)]
            found += [rows] if rows else []
    assert not pending, "the last paragraph has no end"
    return found


def _cell(cell: Any, which: View) -> str:
    return "".join(text_of(paragraph, which) for paragraph in cell.findall(W + "p"))


def _goes(properties: Any | None, which: View) -> bool:
    return properties is not None and any(properties.find(tag) is not None for tag in GONE[which])


def text_of(paragraph: Any, which: View) -> str:
    signs = {W + "tab": " ", W + "br": "\n"}
    return "".join(signs.get(piece.tag, piece.text or "") for piece in paragraph.iter(W + "t", W + "delText", *signs)
                   if not any(above.tag in GONE[which] for above in piece.iterancestors())
                   and piece.getparent().tag == W + "r")


def content(blocks: Sequence[Block]) -> Content:
    """What the blocks hold, to compare with a view."""
    return [[list(row) for row in block.rows] if block.rows else block.text for block in blocks]


def soffice(data: bytes, folder: Path, form: str) -> bytes:
    """The file in another format by LibreOffice, headless, with a profile of its own."""
    source = folder / "in.docx"
    source.write_bytes(data)
    subprocess.run(["soffice", f"-env:UserInstallation={(folder / 'profile').as_uri()}", "--headless", "--convert-to", form,
                    "--outdir", str(folder), str(source)], check=True, capture_output=True, timeout=180)
    return next(folder.glob(f"in.{form.split(':')[0]}")).read_bytes()


def texts(items: Content) -> Iterator[str]:
    for item in items:
        if isinstance(item, str):
            yield item
        else:
            for row in item:
                yield from row
