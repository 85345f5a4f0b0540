"""The process that opens a PDF: a hostile one may inflate without end, so it runs apart, with limits of its own.

``python -P pdf_worker.py`` reads a PDF from standard input and writes JSON: ``{"pages": [...], "pictures": n}`` or
``{"error": what, "mend": how}``. A page has lines of text with their geometry (points from the top left corner) and
tables in reading order.
"""

from __future__ import annotations

import io
import itertools
import json
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Final

MAX_PAGES: Final = 400
MEMORY: Final = 1_500_000_000       # bytes of address space
_SECONDS: Final = 90                # of processor time
_GAP: Final = 0.2                   # ems between two letters that make a space
_WIDE: Final = 1.6                  # ems between any two characters that set them apart


def main() -> None:
    """Read, extract, write. The first argument, if any, is another limit of the memory in bytes."""
    _limit(int(sys.argv[1]) if len(sys.argv) > 1 else MEMORY)
    try:
        result = _read(sys.stdin.buffer.read())
    except MemoryError:
        result = {"error": "it needs more memory than a document does", "mend": "print it to a new PDF"}
    except RecursionError:
        result = {"error": "the file is damaged or cut off", "mend": "copy it again, or print it to a new PDF"}
    sys.stdout.write(json.dumps(result, ensure_ascii=False))


def _limit(memory: int) -> None:
    with suppress(ImportError, OSError, ValueError):    # Windows has none
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))


def _read(data: bytes) -> dict[str, Any]:
    import logging

    import pdfplumber
    from pdfminer.pdfdocument import PDFEncryptionError, PDFPasswordIncorrect
    from pdfminer.pdfpage import PDFPage
    from pdfplumber.utils.exceptions import PdfminerException

    logging.disable(logging.CRITICAL)
    damaged = {"error": "the file is damaged or cut off", "mend": "copy it again, or print it to a new PDF"}
    try:
        pdf = pdfplumber.open(io.BytesIO(data))
        count = sum(1 for _ in itertools.islice(PDFPage.create_pages(pdf.doc), MAX_PAGES + 1))
        if count > MAX_PAGES:
            return {"error": f"it has more than {MAX_PAGES} pages", "mend": "split it"}
        if not count:
            return damaged
        pages, pictures = [], 0
        for page in pdf.pages:
            pages.append(list(_page(page)))
            pictures += len(page.images)
            page.close()
    except MemoryError:
        raise
    except Exception as error:      # pdfminer raises whatever a broken file leads it to
        causes = (error, *getattr(error, "args", ()), error.__cause__)
        if any(isinstance(cause, PDFPasswordIncorrect | PDFEncryptionError) for cause in causes):
            return {"error": "the file is protected by a password", "mend": "print it to a PDF without one"}
        if isinstance(error, PdfminerException | ValueError | TypeError | KeyError) or damaged:
            return damaged
    return {"pages": pages, "pictures": pictures}


def _page(page: Any) -> Iterator[dict[str, Any]]:
    """Lines and tables of a page from top to bottom."""
    tables = [table for table in page.find_tables() if len(table.rows) > 1 and _columns(table) > 1]
    boxes = [table.bbox for table in tables]
    loose = page.filter(lambda item: item["object_type"] != "char" or not any(
        left <= (item["x0"] + item["x1"]) / 2 <= right and top <= (item["top"] + item["bottom"]) / 2 <= bottom
        for left, top, right, bottom in boxes))
    found = [*_lines(loose.chars),
             *({"top": table.bbox[1], "bottom": table.bbox[3], "rows": _cells(table)} for table in tables)]
    yield from sorted(found, key=lambda item: item["top"])


def _columns(table: Any) -> int:
    return max((sum(cell is not None for cell in row.cells) for row in table.rows), default=0)


def _cells(table: Any) -> list[list[list[str]]]:
    """Rows of cells, each the paragraphs of its text (a line that fills the cell goes on in the next); a cell that
    another covers is empty."""
    page = table.page
    rows = []
    for row in table.rows:
        cells: list[list[str]] = []
        for box in row.cells:
            if box is None:
                cells.append([])
                continue
            left, top, right, bottom = box
            inside = [char for char in page.chars if left <= (char["x0"] + char["x1"]) / 2 < right
                      and top <= (char["top"] + char["bottom"]) / 2 < bottom]
            pieces: list[str] = []
            full = False
            for line in _lines(inside):
                if full and not (pieces[-1][-1:].isascii() and pieces[-1][-1:].isalnum()):
                    pieces[-1] += line["text"]
                else:
                    pieces.append(line["text"])
                full = line["x1"] > right - 1.7 * line["size"]
            cells.append(pieces)
        rows.append(cells)
    return rows


def _lines(chars: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Characters as lines: those whose middles are at one height, from left to right."""
    upright = sorted((char for char in chars if char.get("upright", True)), key=lambda char: _middle(char))
    line: list[dict[str, Any]] = []
    for char in upright:
        if line and _middle(char) - _middle(line[-1]) > 0.4 * min(char["size"], line[-1]["size"]):
            yield _line(line)
            line = []
        line.append(char)
    if line:
        yield _line(line)


def _middle(char: dict[str, Any]) -> float:
    return float(char["top"] + char["bottom"]) / 2


def _line(chars: list[dict[str, Any]]) -> dict[str, Any]:
    chars.sort(key=lambda char: char["x0"])
    text = ""
    before: dict[str, Any] | None = None
    for char in chars:
        if before is not None:
            gap = (char["x0"] - before["x1"]) / max(char["size"], 1.0)
            # beside a Han character a small gap is typesetting
            latin = before["text"].isascii() and char["text"].isascii()
            text += "\u3000" if gap > _WIDE else " " if latin and gap > _GAP else ""
        text += char["text"]
        before = char
    shown = [char for char in chars if char["text"].strip()] or chars
    return {"text": text, "x0": shown[0]["x0"], "x1": max(char["x1"] for char in shown),
            "top": min(char["top"] for char in shown), "bottom": max(char["bottom"] for char in shown),
            "size": max(char["size"] for char in shown)}


if __name__ == "__main__":
    main()
