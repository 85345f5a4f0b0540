"""A .pdf -> lines in reading order and tables. The file is opened by a process of its own (``pdf_worker``), so that a
hostile one costs neither memory nor time here. Page numbers and broken lines are left to the cleaning steps."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from kb.models import KbError
from kb.sources.package import MAX_FILE
from kb.sources.page import Line, Page
from kb.sources.pdf_worker import MEMORY
from kb.sources.tables import merged, pipe_table

_SECONDS: Final = 120
_WORKER: Final = str(Path(__file__).with_name("pdf_worker.py"))
_HAN: Final = "\u3400-\u9fff\u3001-\u301f\uff01-\uff5e“”‘’—…·"
_NARROW: Final = 12             # ems of a line too short to be broken
_SPACE: Final = re.compile(rf"(?<=[{_HAN}]) +(?=[{_HAN}\d(<《])|(?<=[\d)>%]) +(?=[{_HAN}])")
_ARTICLE: Final = re.compile(r"(第[〇零一二三四五六七八九十百千\d]+[编章节条](?:之[一二三四五六七八九十]+)?) +(?=\S)")
_PAGE_NUMBER: Final = re.compile(r"[—–\-·\s]*\d{1,4}[—–\-·\s]*|第\s*\d+\s*页.{0,12}")
_NO_TEXT: Final = re.compile(r"\(cid:\d+\)")


def read_pdf(path: Path, data: bytes) -> Page:
    """The page at ``path``. Raises KbError for a file that is no PDF, is damaged, has a password or pictures only, or
    is larger than the limits."""
    if b"%PDF-" not in data[:1024]:
        raise KbError("this is no PDF file", file=path, mend="check how it was saved")
    if b"obj" not in data:
        raise KbError("the file is damaged or cut off", file=path, mend="copy it again, or print it to a new PDF")
    if len(data) > MAX_FILE:
        raise KbError(f"the file has {len(data) // 1_000_000} MB; the limit is {MAX_FILE // 1_000_000} MB", file=path,
                      mend="print it to a smaller PDF, or split it")
    result = _extracted(path, data)
    if "error" in result:
        raise KbError(result["error"], file=path, mend=result["mend"])
    pages: list[list[dict[str, Any]]] = result["pages"]
    texts = [item["text"] for page in pages for item in page if "text" in item]
    unknown = sum(len(_NO_TEXT.findall(text)) for text in texts)
    shown = sum(len(text.strip()) for text in texts) + sum("rows" in item for page in pages for item in page)
    if result["pictures"] and shown < 20 * len(pages):
        raise KbError("the PDF holds pictures of pages, not text", file=path, mend="run it through OCR first")
    if not shown:
        raise KbError("the PDF has no text", file=path, mend="check that it is the right file")
    if unknown * 10 > sum(map(len, texts)):
        raise KbError("its fonts do not say which characters they show", file=path,
                      mend="print it to a new PDF, or run it through OCR")
    return Page(path, data, "pdf", tuple(_numbered(_page_lines(pages))), notes=_notes(result, unknown))


def _extracted(path: Path, data: bytes) -> dict[str, Any]:
    """What the worker says of the PDF."""
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(filter(None, sys.path)), PYTHONIOENCODING="utf-8")
    try:
        # as a file, so that it loads nothing of kb; -P, so that it does not take our html.py for the library's
        done = subprocess.run([sys.executable, "-P", _WORKER, str(MEMORY)], input=data, capture_output=True,
                              env=environment, timeout=_SECONDS, check=False)
        result: dict[str, Any] = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        raise KbError(f"it could not be read in {_SECONDS} seconds", file=path, mend="print it to a new PDF") from None
    except json.JSONDecodeError:        # the worker ran out of time or memory
        raise KbError("it needs more time or memory than a document does", file=path,
                      mend="print it to a new PDF") from None
    return result


def _notes(result: dict[str, Any], unknown: int) -> tuple[str, ...]:
    notes = []
    if result["pictures"]:
        notes.append(f"有 {result['pictures']} 幅图片，其中的文字没有读")
    if unknown:
        notes.append(f"有 {unknown} 个字符的字体没有给出文字，请对照原件")
    return tuple(notes)


def _page_lines(pages: Sequence[Sequence[dict[str, Any]]]) -> Iterator[Line]:
    """Lines of all pages; a line that goes on where the one before reached the edge is part of it, over a page's end
    too. A line that begins a character or more right of the page's margin is indented, and begins a paragraph."""
    running = _running(pages)
    pages = [[item for item in page if "rows" in item or item["text"].strip() and _key(item["text"]) not in running]
             for page in pages]
    size = _body_size(pages)
    edges = [_edges(pages[parity::2] if len(pages) > 3 else pages) for parity in (0, 1)]     # margins may be mirrored
    held: _Held | None = None
    rows: list[list[str]] = []          # a table that may go on over the page
    for at, page in enumerate(pages):
        pitch = _pitch(page)
        before: dict[str, Any] | None = None
        for item in page:
            gap = before is not None and item["top"] - before["bottom"] > 1.6 * pitch
            if "text" in item and _PAGE_NUMBER.fullmatch(item["text"].strip()):
                yield Line(0, item["text"].strip(), True)       # between halves of a paragraph: cut by a later step
                continue
            if "rows" in item:
                yield from _given(held)
                held = None
                more = _rows(item["rows"])
                goes_on = before is None and rows and len(rows[0]) == len(more[0])
                if rows and not goes_on:
                    yield Line(0, pipe_table(rows), True, table=True)
                    rows = []
                rows += more[1:] if goes_on and more[0] == rows[0] else more
            else:
                if rows:
                    yield Line(0, pipe_table(rows), True, table=True)
                    rows = []
                line = _Held.of(item, gap, *edges[at % 2], size)
                if line.title and before is None:       # a title does not run over the page
                    line = replace(line, gap=True)
                if held is not None and held.goes_on(line):
                    held = replace(held, text=_glued(held.text, line.text), full=line.full)
                else:
                    yield from _given(held)
                    held = line
            before = item
    yield from _given(held)
    if rows:
        yield Line(0, pipe_table(rows), True, table=True)


# Their second line hangs below the text of the first.
_HANGING: Final = re.compile(r"(?P<copies>[抄分主]\s*[送报])|附\s*件")


@dataclass(frozen=True, slots=True)
class _Held:
    """A line, or a paragraph that may go on: ``full`` says that its last line reaches the right edge."""

    text: str
    x0: float
    gap: bool
    indent: bool
    size: float
    full: bool
    title: bool

    @classmethod
    def of(cls, item: dict[str, Any], gap: bool, left: float, right: float, size: float) -> _Held:
        """The line as it stands between the edges; larger letters than the text's ``size`` make a title."""
        em = item["size"]
        full = item["x1"] > right - 1.6 * em and item["x1"] > left + _NARROW * em
        return cls(item["text"].strip(), item["x0"], gap, item["x0"] > left + 0.8 * em, em, full, em > 1.2 * size)

    def goes_on(self, line: _Held) -> bool:
        """Whether ``line`` is the next line of the same paragraph."""
        if line.gap or abs(self.size - line.size) >= 1:
            return False
        if line.x0 > self.x0 + 0.8 * line.size and (hanging := _HANGING.match(self.text)):
            return self.full or hanging["copies"] is not None
        return line.title or self.full and not line.indent


def _given(held: _Held | None) -> Iterator[Line]:
    if held is not None:
        yield Line(0, _tidy(held.text), held.gap, held.indent, level=1 if held.title else 0)


def _glued(a: str, b: str) -> str:
    """Two lines of a paragraph; words in Latin letters keep a space between them."""
    return a + (" " if re.search("[A-Za-z,.;]$", a) and re.match("[A-Za-z]", b) else "") + b


def _rows(rows: Sequence[Sequence[Sequence[str]]]) -> list[list[str]]:
    return [[_tidy(merged([piece.strip() for piece in cell if piece.strip()])) for cell in row] for row in rows]


def _body_size(pages: Sequence[Sequence[dict[str, Any]]]) -> float:
    """Size of most characters, in points."""
    sizes: Counter[float] = Counter()
    for page in pages:
        for item in page:
            if "text" in item:
                sizes[round(item["size"] * 2) / 2] += len(item["text"])
    return sizes.most_common(1)[0][0] if sizes else 0.0


def _edges(pages: Sequence[Sequence[dict[str, Any]]]) -> tuple[float, float]:
    """Left and right edge of the text of ``pages``: the outermost that several lines share."""
    texts = [item for page in pages for item in page if "text" in item]
    starts, ends = (Counter(round(item[key] / 2) * 2 for item in texts) for key in ("x0", "x1"))
    several = min(3, len(texts) // 4)
    return (float(min((at for at, count in starts.items() if count > several), default=min(starts, default=0))),
            float(max((at for at, count in ends.items() if count > several), default=max(ends, default=0))))


def _pitch(items: Sequence[dict[str, Any]]) -> float:
    """The usual distance between a line's foot and the next line's head."""
    gaps = sorted(b["top"] - a["bottom"] for a, b in zip(items, items[1:], strict=False))
    return max(gaps[len(gaps) // 2], 4.0) if gaps else 20.0


def _running(pages: Sequence[Sequence[dict[str, Any]]]) -> set[str]:
    """Running heads and feet: the first or last line of most pages, numbers aside. Page numbers are no running head:
    the cleaning step that cuts them reports each."""
    counts: Counter[str] = Counter()
    for page in pages:
        edges = [item for item in page if "text" in item and item["text"].strip()]
        counts.update({_key(item["text"]) for item in (*edges[:1], *edges[-1:])})
    return {key for key, count in counts.items() if key and count >= 3 and count * 10 >= 6 * len(pages)}


def _key(text: str) -> str:
    return re.sub(r"[\s\d—–-]", "", text)


def _tidy(text: str) -> str:
    """No spaces between Han characters, or between them and digits; 第一条 keeps its one, ideographic."""
    kept = _ARTICLE.sub("\\1\u3000", text.strip())
    return _SPACE.sub("", re.sub(r" +", " ", kept))


def _numbered(found: Iterable[Line]) -> Iterator[Line]:
    for number, line in enumerate(found, 1):
        yield Line(number, line.text, line.gap, line.indent, table=line.table)
