"""An HTML page -> lines of its block elements, tables as pipe tables, and what its meta tags say."""

from __future__ import annotations

import re
from collections.abc import Mapping

from selectolax.lexbor import LexborHTMLParser, LexborNode

from kb.sources.labels import is_label
from kb.sources.page import Line
from kb.sources.tables import merged, pipe_table

_BLOCKS = frozenset((
    "address", "article", "aside", "blockquote", "body", "center", "dd", "div", "dl", "dt", "fieldset", "figcaption",
    "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "legend", "li", "main", "nav",
    "ol", "p", "pre", "section", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ucapcontent", "ul",
))
_SILENT = frozenset((
    "script", "style", "noscript", "template", "iframe", "object", "embed", "select", "option", "textarea", "button",
    "input", "svg", "canvas", "video", "audio", "head", "title", "-comment", "map",
))
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_HAN = re.compile(r"[\u4e00-\u9fff]")
_CHARSET = re.compile(rb"charset\s*=\s*[\"']?\s*([\w-]+)", re.IGNORECASE)
_SPACE = re.compile(r"[ \t\r\n\f]+")


def declared_encoding(data: bytes) -> str | None:
    """What the page's meta tag declares; gb2312 means GBK, as browsers take it."""
    match = _CHARSET.search(data[:4096])
    if not match:
        return None
    name = match[1].decode("ascii").lower()
    return "gbk" if name in ("gb2312", "gb_2312-80", "x-gbk") else name


def html_lines(text: str) -> tuple[tuple[Line, ...], Mapping[str, str]]:
    """Lines and meta values of the page ``text``. Script, style, forms' choices and hidden elements are no text;
    navigation is (the cleaning reports what it cuts)."""
    tree = LexborHTMLParser(text)
    meta: dict[str, str] = {}
    for node in tree.css("meta"):
        name, content = node.attributes.get("name") or "", (node.attributes.get("content") or "").strip()
        if name and content:
            meta.setdefault(name, content)
    title = tree.css_first("title")
    if title is not None and title.text(strip=True):
        meta.setdefault("title", title.text(strip=True))
    walker = _Walker()
    if tree.body is not None:
        walker.whole = _han(tree.body)
        walker.walk(tree.body)
    walker.flush()
    return tuple(walker.lines), meta


def _han(node: LexborNode) -> int:
    """How many Han characters stand below ``node``."""
    return len(_HAN.findall(node.text()))


class _Walker:
    """Collects the lines of a tree in document order."""

    def __init__(self) -> None:
        self.whole = 0                  # Han characters of the page
        self.lines: list[Line] = []
        self._pieces: list[str] = []
        self._linked = 0
        self._level = 0
        self._gap = True
        self._pre = False

    def flush(self) -> None:
        """End the current line."""
        raw = "".join(self._pieces)
        text = _SPACE.sub(" ", raw).strip(" ")
        bare = text.strip("\u3000\u00a0\u200b\ufeff ")
        if bare:
            indent = text[:1] in "\u3000\u00a0" or (self._pre and raw[:1] in " \t")
            link = self._linked * 10 >= len(bare) * 9
            self.lines.append(Line(len(self.lines) + 1, text, self._gap, indent, link, self._level))
            self._gap = False
        self._pieces, self._linked = [], 0

    def walk(self, node: LexborNode, linked: bool = False) -> None:
        """Take in ``node`` and all below it."""
        for child in node.iter(include_text=True):
            tag = child.tag or ""
            if tag == "-text":
                self._text(child.text(deep=False) or "", linked)
            elif tag in _SILENT or self._hidden(child):
                continue
            elif tag == "br":
                self.flush()
            elif tag == "table" and (rows := _rows(child)) is not None:
                self._table(rows)
            elif tag in _BLOCKS:
                self._block(child, tag, linked)
            else:
                self.walk(child, linked or tag == "a")

    def _text(self, text: str, linked: bool) -> None:
        first, *more = text.split("\n") if self._pre else [text]
        self._pieces.append(first)
        for row in more:                # in <pre> a line end is one
            self.flush()
            self._gap = self._gap or not row.strip()
            self._pieces.append(row)
        self._linked += len(_SPACE.sub("", text)) if linked else 0

    def _hidden(self, node: LexborNode) -> bool:
        """Whether a browser would not show ``node``. What holds most of a page's text is the document, which a script
        shows at last: a WeChat article saved as a file is one <div style="visibility: hidden">."""
        attributes = node.attributes
        if not _HIDDEN.search(attributes.get("style") or "") and "hidden" not in attributes:
            return False
        return not self.whole or _han(node) * 2 < self.whole

    def _block(self, node: LexborNode, tag: str, linked: bool) -> None:
        self.flush()
        self._gap = self._gap or tag in ("p", "table") or tag[:1] == "h"
        before = self._level, self._pre
        self._pre = self._pre or tag == "pre"
        if re.fullmatch(r"h[1-6]", tag):
            self._level = int(tag[1])
        self.walk(node, linked)
        self.flush()
        self._level, self._pre = before

    def _table(self, rows: list[list[str]]) -> None:
        self.flush()
        pairs = _pairs(rows)
        if pairs is not None:      # a site's metadata box: 索引号 | … | 文号 | …
            for label, value in pairs:
                text = f"{label}：{value}" if label else value
                self.lines.append(Line(len(self.lines) + 1, text, True))
        else:
            self.lines.append(Line(len(self.lines) + 1, pipe_table(rows), True, table=True))
        self._gap = True


def _rows(table: LexborNode) -> list[list[str]] | None:
    """Cells of a data table, rectangular, a cell over several columns or rows standing in each of them, its text in
    the first; None for a table that only lays the page out (a table inside, one column, or long prose in it)."""
    if table.css_first("table table") is not None or any(
            inner.tag == "table" for inner in table.css("table") if inner.mem_id != table.mem_id):
        return None
    grid: dict[tuple[int, int], str] = {}
    rows = table.css("tr")
    for y, row in enumerate(rows):
        x = 0
        for cell in row.iter():
            if cell.tag not in ("td", "th"):
                continue
            while (y, x) in grid:
                x += 1
            text = _cell(cell)
            for dy in range(_span(cell, "rowspan", len(rows) - y)):
                for dx in range(_span(cell, "colspan", 50)):
                    grid[y + dy, x + dx] = text if not dy and not dx else ""
            x += 1
    if not grid:
        return None
    height, width = max(y for y, _ in grid) + 1, max(x for _, x in grid) + 1
    filled = [[grid.get((y, x), "") for x in range(width)] for y in range(height)]
    filled = [row for row in filled if any(row)]
    used = [x for x in range(width) if any(row[x] for row in filled)]
    filled = [[row[x] for x in used] for row in filled]
    longest = max((len(cell) for row in filled for cell in row), default=0)
    prose = any(len(cell.css("p")) >= 4 for cell in table.css("td")) and longest > 300
    if not filled or len(used) < 2 or prose or (longest > 100 and len(filled) == 1):
        return None
    return filled


def _span(cell: LexborNode, name: str, most: int) -> int:
    value = cell.attributes.get(name) or "1"
    return max(1, min(int(value), most)) if value.strip().isdigit() else 1


def _cell(cell: LexborNode) -> str:
    """Text of a cell in one line; its paragraphs are joined."""
    walker = _Walker()
    walker.walk(cell)
    walker.flush()
    return merged([line.text.strip("\u3000\u00a0 ") for line in walker.lines])


def _pairs(rows: list[list[str]]) -> list[tuple[str, str]] | None:
    cells = [cell for row in rows for cell in row if cell]
    if sum(is_label(cell) for cell in cells) < 2:
        return None
    pairs: list[tuple[str, str]] = []
    for row in rows:
        label = ""
        for cell in row:
            if is_label(cell):
                if label:
                    pairs.append((label, ""))
                label = cell.rstrip(":： ")
            elif label and cell:
                pairs.append((label, cell))
                label = ""
            elif cell:
                pairs.append(("", cell))
    return pairs

