"""A page as obtained -> lines of text. One reader a format, chosen by the file name's ending.

A format slots in with an entry in ``READERS``: its reader takes the path and the bytes and gives a
:class:`~kb.sources.page.Page`.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Mapping
from pathlib import Path

from kb.models import KbError
from kb.sources.doc import read_doc
from kb.sources.docx import read_docx
from kb.sources.html import declared_encoding, html_lines
from kb.sources.package import MAX_FILE
from kb.sources.page import Line, Page
from kb.sources.pdf import read_pdf

Reader = Callable[[Path, bytes], Page]

_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
# First bytes of what people rename to .txt or .html by mistake: zip and Office, PDF, old Office, images.
_SIGNATURES = ((b"PK\x03\x04", "a zip or Office file"), (b"%PDF", "a PDF file"),
               (b"\xd0\xcf\x11\xe0", "an old Office file"), (b"\x89PNG", "an image"), (b"\xff\xd8\xff", "an image"),
               (b"GIF8", "an image"), (b"\x1f\x8b", "a gzip file"), (b"Rar!", "a rar file"))
_HAN = re.compile(r"[\u4e00-\u9fff]")
#: Marks of a page decoded with the wrong table: rarer in Chinese official prose than one in five hundred.
_ODD = re.compile(r"[\x80-\x9f\ue000-\uf8ff\ufffd\u0370-\u03ff\u0400-\u04ff\u3040-\u30ff]")


#: Bytes of the largest page of text; the longest of 3,504 laws has under 1 MB, a page with pictures inside a few.
_MOST_TEXT = 32_000_000


def read_page(path: Path) -> Page:
    """The page at ``path`` as lines.

    Raises KbError for a file that cannot be read, is empty, binary, in no known encoding, of an unknown format,
    or has no Chinese text.
    """
    suffix = path.suffix.lower()
    reader = READERS.get(suffix)
    if reader is None:
        known = ", ".join(READERS)
        raise KbError(f"pages of the kind {suffix or '(no ending)'} cannot be read", file=path,
                      mend=f"save it as one of {known}")
    try:
        if (size := path.stat().st_size) > MAX_FILE:
            raise KbError(f"the file has {size // 1_000_000} MB; the limit is {MAX_FILE // 1_000_000} MB", file=path,
                          mend="take out pictures, or split it")
        data = path.read_bytes()
    except OSError as error:
        raise KbError(f"cannot be read: {error.strerror}", file=path) from error
    if not data.strip():
        raise KbError("the page is empty", file=path, mend="save the page again")
    if reader in (_read_text, _read_html) and len(data) > _MOST_TEXT:
        raise KbError(f"the page has {len(data) / 1e6:.0f} MB, more than any document", file=path,
                      mend="save the document's text alone")
    page = reader(path, data)
    if not any(_HAN.search(line.text) for line in page.lines):
        raise KbError("the page has no Chinese text", file=path,
                      mend="open it in a browser, and save it when its text is shown")
    return page


def decode(data: bytes, path: Path, declared: str | None = None) -> tuple[str, str]:
    """Text and name of the encoding of ``data``.

    A byte-order mark decides; then strict UTF-8, which Chinese text in another encoding practically never passes;
    then what the page declares, GBK and GB18030. An encoding is only taken if every byte fits. Raises KbError for
    binary data and where nothing fits.
    """
    for signature, what in _SIGNATURES:
        if data.startswith(signature):
            raise KbError(f"this is {what}, not text", file=path, mend="save the page as .txt or .html")
    for bom, name in _BOMS:
        if data.startswith(bom):
            return _strict(data, name, path), name.removesuffix("-sig")
    if b"\0" in data:
        raise KbError("this is a binary file, not text", file=path, mend="save the page as .txt or .html")
    for name in dict.fromkeys(("utf-8", declared or "gbk", "gbk", "gb18030", "big5")):
        try:
            text = data.decode(name)
        except (UnicodeDecodeError, LookupError):
            continue
        if name == "utf-8" or _plausible(text):
            return text, name
    return _damaged(data, path)


def _strict(data: bytes, name: str, path: Path) -> str:
    try:
        return data.decode(name)
    except UnicodeDecodeError as error:
        raise KbError(f"the page is not valid {name} at byte {error.start}", file=path,
                      mend="save it again as UTF-8") from error


#: Characters that make one in ten of any Chinese official text, simplified or not; a wrong table hits them by chance.
_COMMON = re.compile("[的一和在有中为為以年市县縣区區人政府关關于於业業产產工会會发發展国國不大实實施行条條通知项項目"
                     "上下部门門第]")


def _plausible(text: str) -> bool:
    """Whether ``text`` reads as Chinese: a wrong table gives control, private-use, Greek, Cyrillic, kana, or Han
    characters that nobody writes (Big5 read as GBK)."""
    han = len(_HAN.findall(text))
    if han >= 60 and len(_COMMON.findall(text)) * 25 < han:
        return False
    return len(_ODD.findall(text)) * 50 <= max(han, 1)


def _damaged(data: bytes, path: Path) -> tuple[str, str]:
    """A page with a few broken bytes (cut in the middle of a character) still reads; anything worse is refused."""
    for name in ("utf-8", "gb18030"):
        text = data.decode(name, errors="replace")
        if _plausible(text) and len(_HAN.findall(text)) >= 20:
            return text, f"{name} (broken bytes)"
    raise KbError("neither UTF-8 nor GBK nor GB18030", file=path, mend="save the page again as UTF-8")


def _read_text(path: Path, data: bytes) -> Page:
    text, encoding = decode(data, path)
    return Page(path, data, encoding, _text_lines(text))


def _text_lines(text: str) -> tuple[Line, ...]:
    lines: list[Line] = []
    gap = False
    rows = re.split(r"\r\n|\r|\n|\x0b|\x0c|\u2028|\u2029|\x85", text.replace("\ufeff", ""))
    for number, raw in enumerate(rows, 1):
        if not raw.strip(" \t\u3000\u00a0\u200b"):
            gap = True
            continue
        # The text is stripped by the step that reports it; here only how it began is noted.
        lines.append(Line(number, raw, gap, raw[:1].isspace()))
        gap = False
    return tuple(lines)


def _read_html(path: Path, data: bytes) -> Page:
    text, encoding = decode(data, path, declared_encoding(data))
    lines, meta = html_lines(text)
    return Page(path, data, encoding, lines, meta)


READERS: Mapping[str, Reader] = {
    ".txt": _read_text, ".html": _read_html, ".htm": _read_html, ".shtml": _read_html,
    ".docx": read_docx, ".docm": read_docx, ".doc": read_doc, ".wps": read_doc, ".pdf": read_pdf,
}
