"""A .docx -> paragraphs and tables as a reader sees them with all tracked changes accepted, and the changes apart.

Read straight from the XML: python-docx's ``paragraph.text`` drops what stands inside ``w:ins``, and knows nothing of
automatic numbers. Headers, footers, page numbers and comments are no text of the document.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from kb.models import KbError
from kb.sources.docx_content import PARAGRAPH_END, Block, Cell, Content, Paragraph, Revision, RevisionKind, Run, Table
from kb.sources.docx_numbering import Numbering, W
from kb.sources.docx_styles import Styles
from kb.sources.package import Package
from kb.sources.page import Line, Page
from kb.sources.tables import pipe_table

MAX_TEXT: Final = 2_000_000     # characters; the longest law of the country has 110,000

_MC: Final = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_MATH: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_TRACKED: Final[Mapping[str, RevisionKind]] = {
    W + "ins": "insert", W + "moveTo": "move_to", W + "del": "delete", W + "moveFrom": "move_from"}
_INSIDE: Final = frozenset(W + name for name in (
    "hyperlink", "smartTag", "sdtContent", "customXml", "fldSimple", "dir", "bdo", "rubyBase"))
_SIGNS: Final[Mapping[str, str]] = {
    W + "tab": " ", W + "ptab": " ", W + "br": "\n", W + "cr": "\n", W + "noBreakHyphen": "-"}
_FORMAT: Final = tuple(W + name for name in
                       ("rPrChange", "pPrChange", "tblPrChange", "sectPrChange", "numberingChange"))
#: Characters of symbol fonts that official documents use, by what they show.
_SYMBOLS: Final[Mapping[int, str]] = {
    0xA3: "□", 0xFE: "☑", 0x52: "☑", 0xA8: "□", 0x6F: "□", 0xFC: "✓", 0xB7: "•", 0x6C: "●", 0x2D: "-", 0xB1: "±",
    0xB3: "≥", 0xA4: "≤", 0xB4: "×"}


def read_content(data: bytes, path: Path) -> Content:
    """The text of the .docx ``data``; ``path`` names it in errors.

    Raises KbError for a file that is no .docx, is damaged, encrypted, hostile or larger than the limits.
    """
    package = Package(data, path)
    main = package.main_part()
    root = package.xml(main)
    body = None if root is None else root.find(W + "body")
    if body is None:
        raise KbError("it holds no text document", file=path, mend="save it as a Word document (.docx)")
    styles = _part(package, main, "/styles")
    reader = _Reader(Numbering(_part(package, main, "/numbering"), styles), Styles(styles),
                     _notes(_part(package, main, "/footnotes"), "footnote"),
                     _notes(_part(package, main, "/endnotes"), "endnote"), path)
    blocks = tuple(reader.blocks(body))
    for element in body.iter(*_FORMAT):
        reader.revisions.append((_revision("format", element), ""))
    if package.macros:
        reader.found["宏"] += 1
    return Content(blocks, tuple(reader.revisions), tuple(reader.said()))


def read_docx(path: Path, data: bytes) -> Page:
    """The page for the import: one line a paragraph (a soft break begins another), tables as pipe tables."""
    content = read_content(data, path)
    return Page(path, data, "docx", tuple(lines(content)), notes=content.notes)


def lines(content: Content) -> Iterator[Line]:
    """Lines of the accepted text; paragraphs without text leave a gap, as all paragraphs do."""
    number = 0
    for block in content.blocks:
        if isinstance(block, Table) and not block.is_layout:
            number += 1
            yield Line(number, pipe_table(block.grid()), True, table=True)
            continue
        for paragraph in (block.paragraphs() if isinstance(block, Table) else (block,)):
            for at, text in enumerate(part for part in paragraph.text.split("\n") if part.strip()):
                number += 1
                level = 0 if paragraph.outline is None else min(paragraph.outline + 2, 6)
                yield Line(number, text, at == 0, at == 0 and paragraph.indent, False, level)


def _part(package: Package, main: str, kind: str) -> Any | None:
    name = package.related(main, kind)
    return None if name is None else package.xml(name)


def _notes(root: Any | None, name: str) -> Mapping[str, str]:
    """Texts of the footnotes by id; deleted text is left out."""
    found: dict[str, str] = {}
    for note in () if root is None else root.findall(W + name):
        if note.get(W + "type") in (None, "normal"):
            found[note.get(W + "id", "")] = "".join(text.text or "" for text in note.iter(W + "t")).strip()
    return found


def _revision(kind: RevisionKind, element: Any) -> Revision:
    return Revision(kind, element.get(W + "author") or "（未署名）", element.get(W + "date") or "")


@dataclass(slots=True)
class _Reader:
    """One walk through the body. ``fields`` is the stack of open fields: True once the result has begun."""

    numbering: Numbering
    styles: Styles
    footnotes: Mapping[str, str]
    endnotes: Mapping[str, str]
    path: Path
    revisions: list[tuple[Revision, str]] = field(default_factory=list)
    found: Counter[str] = field(default_factory=Counter)
    fields: list[bool] = field(default_factory=list)
    size: int = 0

    def blocks(self, container: Any) -> Iterator[Block]:
        """Paragraphs and tables of ``container`` in order. A paragraph whose end was deleted flows into the next."""
        pending: tuple[Run, ...] = ()
        for element in self._flow(container):
            if element.tag == W + "tbl":
                if pending:
                    yield Paragraph(pending)
                    pending = ()
                if (table := self._table(element)).rows:
                    yield table
                continue
            runs, after = self._runs(element)
            properties = element.find(W + "pPr")
            mark = self._mark(properties)
            if mark is not None and mark.kind in ("delete", "move_from"):
                self.revisions.append((mark, "¶"))
                pending = (*pending, *runs, Run(PARAGRAPH_END, mark))
            else:
                yield from self._paragraph((*pending, *runs), properties, mark)
                pending = ()
            yield from after
        if pending:
            yield Paragraph(pending)

    def _paragraph(self, runs: tuple[Run, ...], properties: Any | None, mark: Revision | None) -> Iterator[Paragraph]:
        if re.match(r"toc \d|目录 ?\d", self.styles.name(properties)):
            self.found["目录"] += 1
            return
        paragraph = Paragraph(runs, None, mark, self.styles.outline(properties), self.styles.indent(properties))
        if re.match(r"[ \u3000\u00a0]{2,}", "".join(run.text for run in runs if not run.deleted)):
            paragraph = replace(paragraph, indent=True)
        # Word shows no number on a paragraph that tracked changes left empty, but does on one that is empty itself.
        if paragraph.own or not any(run.deleted for run in runs):
            paragraph = replace(paragraph, label=self.numbering.label(properties))
        if mark is not None:
            self.revisions.append((mark, "¶"))
        yield paragraph

    def _flow(self, container: Any) -> Iterator[Any]:
        """Paragraphs and tables below ``container``, through content controls; without a generated contents list."""
        for element in container:
            if element.tag in (W + "p", W + "tbl"):
                yield element
            elif element.tag == W + "sdt":
                gallery = element.find(f"{W}sdtPr/{W}docPartObj/{W}docPartGallery")
                if gallery is not None and gallery.get(W + "val") == "Table of Contents":
                    self.found["目录"] += len(list(element.iter(W + "p")))
                elif (content := element.find(W + "sdtContent")) is not None:
                    yield from self._flow(content)
            elif element.tag in (W + "customXml", W + "smartTag", W + "ins", W + "moveTo"):
                yield from self._flow(element)
            elif element.tag == W + "altChunk":
                self.found["内嵌文件"] += 1

    def _mark(self, properties: Any | None) -> Revision | None:
        """The tracked change of the paragraph's end; a deletion counts over an insertion."""
        found = None if properties is None else properties.find(W + "rPr")
        for tag in (W + "del", W + "moveFrom", W + "ins", W + "moveTo"):
            if found is not None and (element := found.find(tag)) is not None:
                return _revision(_TRACKED[tag], element)
        return None

    # Runs

    def _runs(self, paragraph: Any) -> tuple[tuple[Run, ...], list[Block]]:
        """The runs of a paragraph, and the text boxes and footnotes that hang on it."""
        runs: list[Run] = []
        after: list[Block] = []
        self._inside(paragraph, None, runs, after)
        return tuple(_joined(runs)), after

    def _inside(self, element: Any, revision: Revision | None, runs: list[Run], after: list[Block]) -> None:
        for child in element:
            tag = child.tag
            if tag == W + "r":
                self._run(child, revision, runs, after)
            elif tag in _TRACKED:
                own = _revision(_TRACKED[tag], child)
                # text that one person inserted and another deleted is deleted
                gone = revision is not None and revision.kind in ("delete", "move_from")
                before = len(runs)
                self._inside(child, revision if gone else own, runs, after)
                if text := "".join(run.text for run in runs[before:]):
                    self.revisions.append((own, text))
            elif tag == W + "sdt":
                content = child.find(W + "sdtContent")
                self._inside(() if content is None else content, revision, runs, after)
            elif tag in _INSIDE:
                self._inside(child, revision, runs, after)
            elif tag == _MC + "AlternateContent":
                self._inside(_branch(child), revision, runs, after)
            elif tag in (_MATH + "oMath", _MATH + "oMathPara"):
                self._add("".join(text.text or "" for text in child.iter(_MATH + "t")), revision, runs)

    def _run(self, run: Any, revision: Revision | None, runs: list[Run], after: list[Block]) -> None:
        vanish = run.find(f"{W}rPr/{W}vanish")
        hidden = vanish is not None and vanish.get(W + "val") not in ("0", "false", "off")
        for child in run:
            tag = child.tag
            if tag == W + "fldChar":
                self._field(child.get(W + "fldCharType"))
            elif hidden and tag == W + "t":
                self.found["隐藏文字"] += 1
            elif tag in (W + "t", W + "delText"):
                self._add(child.text or "", revision, runs)
            elif tag in _SIGNS:
                self._add(_SIGNS[tag], revision, runs)
            elif tag == W + "sym":
                self._add(_symbol(child.get(W + "char", "")), revision, runs)
            elif tag == W + "ruby":
                self._inside(child.iterchildren(W + "rubyBase"), revision, runs, after)
            elif tag in (W + "footnoteReference", W + "endnoteReference"):
                notes = self.footnotes if tag == W + "footnoteReference" else self.endnotes
                if text := notes.get(child.get(W + "id", "")):
                    self.found["脚注"] += 1
                    after.append(Paragraph((Run(f"注{self.found['脚注']}：{text}"),), note=True))
            elif tag in (W + "drawing", W + "pict", W + "object", _MC + "AlternateContent"):
                self._drawing(child, after)

    def _field(self, what: str | None) -> None:
        if what == "begin":
            self.fields.append(False)
        elif what == "separate" and self.fields:
            self.fields[-1] = True
        elif what == "end" and self.fields:
            self.fields.pop()

    def _add(self, text: str, revision: Revision | None, runs: list[Run]) -> None:
        if text and all(self.fields):       # not the instruction of a field
            self.size += len(text)
            if self.size > MAX_TEXT:
                raise KbError(f"the text has more than {MAX_TEXT:,} characters", file=self.path,
                              mend="split the document")
            runs.append(Run(text, revision))

    def _drawing(self, element: Any, after: list[Block]) -> None:
        boxes = list(_boxes(element))
        if not boxes:
            self.found["图片"] += 1
        for box in boxes:
            self.found["文本框"] += 1
            # a field that is open around the box does not reach into it
            outside, self.fields = self.fields, []
            after += list(self.blocks(box))
            self.fields = outside

    # Tables

    def _table(self, table: Any) -> Table:
        return Table(tuple(cells for row in _rows(table) if (cells := self._row(row))))

    def _row(self, row: Any) -> tuple[Cell, ...]:
        properties = row.find(W + "trPr")
        tracked = None
        for tag in (W + "del", W + "ins"):
            if properties is not None and tracked is None and (element := properties.find(tag)) is not None:
                tracked = _revision(_TRACKED[tag], element)
        if tracked is not None:
            texts = ("".join(text.text or "" for text in cell.iter(W + "t", W + "delText")) for cell in _cells(row))
            self.revisions.append((tracked, " | ".join(texts)))
            if tracked.kind == "delete":
                return ()
        before, after = (_count(properties, name) for name in ("gridBefore", "gridAfter"))
        cells = [Cell((), before)] if before else []
        cells += [self._cell(cell) for cell in _cells(row)]
        return (*cells, *([Cell((), after)] if after else []))

    def _cell(self, cell: Any) -> Cell:
        properties = cell.find(W + "tcPr")
        merge = None if properties is None else properties.find(W + "vMerge")
        below = merge is not None and merge.get(W + "val") != "restart"
        flat: list[Paragraph] = []
        for block in self.blocks(cell):     # a table inside a cell is read cell by cell
            flat += block.paragraphs() if isinstance(block, Table) else (block,)
        return Cell(tuple(flat), max(_count(properties, "gridSpan"), 1), below)

    def said(self) -> Iterator[str]:
        """What a person should know about the file."""
        by_author = Counter(revision.author for revision, _ in self.revisions if revision.kind != "format")
        if by_author:
            who = "、".join(f"{author} {count} 处" for author, count in sorted(by_author.items()))
            yield f"文件中有未处理的修订（{who}），按全部接受后的文字读入"
        for what, say in (("宏", "文件带有宏，只读文字，宏未运行"), ("文本框", "有 {} 个文本框，文字放在所在段落之后"),
                          ("脚注", "有 {} 条脚注，文字放在所在段落之后"), ("图片", "有 {} 幅图片，其中的文字没有读"),
                          ("隐藏文字", "有 {} 处隐藏文字，没有读入"), ("目录", "目录 {} 行由 Word 生成，没有读入"),
                          ("内嵌文件", "有 {} 个内嵌文件，没有读入")):
            if self.found[what]:
                yield say.format(self.found[what])


def _joined(runs: Sequence[Run]) -> Iterator[Run]:
    """Neighbours of one revision as one run."""
    held: Run | None = None
    for run in runs:
        if held is not None and held.revision == run.revision:
            held = Run(held.text + run.text, held.revision)
        else:
            if held is not None:
                yield held
            held = run
    if held is not None:
        yield held


def _branch(element: Any) -> Any:
    """Of alternatives the first that there is; both show the same."""
    choice = element.find(_MC + "Choice")
    fallback = element.find(_MC + "Fallback")
    return choice if choice is not None else fallback if fallback is not None else ()


def _boxes(element: Any) -> Iterator[Any]:
    for child in _branch(element) if element.tag == _MC + "AlternateContent" else element:
        if child.tag == W + "txbxContent":
            yield child
        else:
            yield from _boxes(child)


def _rows(table: Any) -> Iterator[Any]:
    for child in table:
        if child.tag == W + "tr":
            yield child
        elif child.tag in (W + "sdt", W + "sdtContent", W + "customXml"):
            yield from _rows(child)


def _cells(row: Any) -> Iterator[Any]:
    for child in row:
        if child.tag == W + "tc":
            yield child
        elif child.tag in (W + "sdt", W + "sdtContent", W + "customXml"):
            yield from _cells(child)


def _count(properties: Any | None, name: str) -> int:
    element = None if properties is None else properties.find(W + name)
    value = "" if element is None else element.get(W + "val", "")
    return min(int(value), 60) if value.isdigit() else 0


def _symbol(code: str) -> str:
    value = int(code, 16) & 0xFF if re.fullmatch("[0-9A-Fa-f]{1,4}", code) else 0
    return _SYMBOLS.get(value, "•" if value else "")
