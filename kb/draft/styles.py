"""Page and paragraph styles of an official document after GB/T 9704-2012, for LibreOffice, Word and WPS alike.

A4 with margins 37/35/28/26 mm (top, bottom, left, right); 22 lines of 28 characters: exact lines of 28.9 pt and
characters of 3号 (16 pt) set 0.4 pt closer, since a document grid gives 14 lines in LibreOffice, which at 0.25 pt loses
the signs that hang over a line's end. Fonts are named, not
embedded; each has an alternative that Windows and WPS bring along.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import docx
from docx.document import Document as WordDocument
from docx.enum.section import WD_ORIENT
from docx.shared import Mm, Pt
from lxml import etree

from kb.draft.flow import Role
from kb.draft.ooxml import element, run

SONG: Final = "宋体"
FANG: Final = "仿宋_GB2312"
HEI: Final = "黑体"
KAI: Final = "楷体_GB2312"
TITLE: Final = "方正小标宋简体"
_INSTEAD: Final = {FANG: "仿宋", KAI: "楷体", TITLE: "宋体"}

LINE: Final = 578              # twentieths of a point: 28.9 pt, 22 lines on 225 mm
CHARS: Final = 28              # characters of 3号 on a line
TEXT_WIDTH: Final = 8845       # twips between the margins: 156 mm
_TIGHTER: Final = -8           # twentieths of a point between characters
_THREE, _FOUR, _TWO = 32, 28, 44        # half-points: 3号 16 pt, 4号 14 pt, 2号 22 pt

Values = Mapping[str, object]


#: Elements of ``w:pPr`` in the order of the schema, which Word insists on.
_ORDER: Final = ("keepNext", "keepLines", "pageBreakBefore", "widowControl", "pBdr", "tabs",
                 "overflowPunct", "autoSpaceDE", "autoSpaceDN", "snapToGrid", "spacing", "ind", "jc", "outlineLvl")


class Style:
    """A paragraph style: id, name, base, properties of paragraph (by element) and run (in the schema's order)."""

    def __init__(self, key: str, name: str, paragraph: Mapping[str, Values], letters: Mapping[str, Values], *,
                 based: str | None = "Normal", following: str | None = None) -> None:
        self.key, self.name, self.based, self.following = key, name, based, following
        self.paragraph, self.letters = paragraph, letters

    def xml(self) -> Any:
        """The ``w:style`` element."""
        made = element("style", {"type": "paragraph", "styleId": self.key})
        if self.based is None:
            made.set("{http://schemas.openxmlformats.org/wordprocessingml/2006/main}default", "1")
        made.append(element("name", {"val": self.name}))
        if self.based is not None:
            made.append(element("basedOn", {"val": self.based}))
        made.append(element("next", {"val": self.following or self.key}))
        made.append(element("qFormat"))
        made.append(element("pPr", None, *(_property(name, self.paragraph[name]) for name in sorted(
            self.paragraph, key=_ORDER.index))))
        made.append(element("rPr", None, *(element(name, values) for name, values in self.letters.items())))
        return made


def _property(name: str, values: Values) -> Any:
    if name == "tabs":
        return element("tabs", None, element("tab", values))
    if name == "pBdr":
        return element("pBdr", None, *(element(side, {"val": "single", "sz": size, "space": 1, "color": "auto"})
                                       for side, size in values.items()))
    return element(name, values)


def font(name: str) -> Values:
    """``w:rFonts`` for all scripts: with 仿宋 for Latin too, “ ” stay as wide as they are printed."""
    return {"ascii": name, "hAnsi": name, "eastAsia": name, "cs": name}


def _letters(name: str | None = None, size: int | None = None) -> dict[str, Values]:
    found: dict[str, Values] = {"rFonts": font(name)} if name else {}
    return found | ({"sz": {"val": size}, "szCs": {"val": size}} if size else {})


def _chars(**places: float) -> dict[str, Values]:
    """Indentation in characters: hundredths for Word and WPS, and the same in twips for the others."""
    values: dict[str, object] = {}
    for name, count in places.items():
        values[f"{name}Chars"] = round(count * 100)
        values[name] = round(count * (_THREE * 10 + _TIGHTER))
    return {"ind": values}


_NONE: Final[Values] = {"firstLineChars": 0, "firstLine": 0}
_KEEP: Final[dict[str, Values]] = {"keepNext": {}}
_CENTRE: Final[dict[str, Values]] = {"ind": _NONE, "jc": {"val": "center"}}

#: The style of each role.
STYLES: Final[Mapping[Role, Style]] = {
    "title": Style("Title", "Title", _KEEP | _CENTRE | {"spacing": {"after": LINE, "line": 640, "lineRule": "exact"}},
                   _letters(TITLE, _TWO), following="Normal"),
    "number": Style("KbNumber", "发文字号", _CENTRE | {"spacing": {"before": LINE, "after": 2 * LINE}}, {}),
    "salutation": Style("KbSalutation", "主送机关", {"ind": _NONE}, {}, following="Normal"),
    "heading1": Style("Heading1", "heading 1", _KEEP | {"outlineLvl": {"val": 0}}, _letters(HEI), following="Normal"),
    "heading2": Style("Heading2", "heading 2", {"outlineLvl": {"val": 1}}, _letters(KAI), following="Normal"),
    "heading3": Style("Heading3", "heading 3", {"outlineLvl": {"val": 2}}, {}, following="Normal"),
    "heading4": Style("Heading4", "heading 4", {"outlineLvl": {"val": 3}}, {}, following="Normal"),
    "heading5": Style("Heading5", "heading 5", _KEEP | {"outlineLvl": {"val": 4}}, {"b": {}}, following="Normal"),
    "body": Style("Normal", "Normal",
                  _chars(firstLine=2) | {
                      "widowControl": {"val": 0}, "overflowPunct": {"val": 0}, "autoSpaceDE": {"val": 0},
                      "autoSpaceDN": {"val": 0}, "snapToGrid": {"val": 0}, "jc": {"val": "both"},
                      "spacing": {"before": 0, "after": 0, "line": LINE, "lineRule": "exact"}},
                  {"rFonts": font(FANG), "spacing": {"val": _TIGHTER}, "kern": {"val": 0}, "sz": {"val": _THREE},
                   "szCs": {"val": _THREE}, "lang": {"val": "en-US", "eastAsia": "zh-CN"}}, based=None),
    "attachment": Style("KbAttachment", "附件标记", _KEEP | {"pageBreakBefore": {}, "ind": _NONE}, _letters(HEI)),
    "subtitle": Style("KbSubtitle", "附件标题", {"spacing": {"before": LINE, "after": LINE}, "outlineLvl": {"val": 0}},
                      {}, based="Title", following="Normal"),
    "list": Style("KbList", "附件说明", _chars(left=6, hanging=4) | {"spacing": {"before": LINE}}, {}),
    "list_item": Style("KbListItem", "附件说明续", _chars(left=6, hanging=1), {}),
    "issuer": Style("KbIssuer", "发文机关署名", _chars(right=2) | _KEEP | {
        "spacing": {"before": 2 * LINE}, "jc": {"val": "right"}}, {}, following="KbDate"),
    "date": Style("KbDate", "成文日期", _chars(right=4) | {"jc": {"val": "right"}}, {}, following="Normal"),
    "remark": Style("KbRemark", "附注", {}, {}),
    "copies": Style("KbCopies", "抄送机关", _chars(left=4, right=1, hanging=3)
                    | _KEEP | {"keepLines": {}, "pBdr": {"top": 8}, "spacing": {"before": LINE}},
                    _letters(None, _FOUR)),
    "imprint": Style("KbImprint", "印发机关", _chars(left=1, right=1, firstLine=0) | {
        "pBdr": {"top": 4, "bottom": 8}, "tabs": {"val": "right", "pos": TEXT_WIDTH - 315}, "jc": {"val": "left"}},
        _letters(None, _FOUR)),
    "table": Style("KbCell", "表格文字", {"spacing": {"line": 320, "lineRule": "atLeast"}, "ind": _NONE,
                                          "jc": {"val": "left"}}, _letters(None, 21)),
}


#: What python-docx gives the text of a comment.
_REMARK: Final = Style("CommentText", "annotation text",
                       {"spacing": {"line": 240, "lineRule": "auto"}, "ind": _NONE, "jc": {"val": "left"}},
                       {"spacing": {"val": 0}} | _letters(None, 21))


def new_document() -> WordDocument:
    """An empty document with these styles, page and page numbers; all else of python-docx's template is taken out."""
    word = docx.Document()
    styles = word.styles.element
    for style in list(styles):
        if style.tag.endswith("}style") and style.get(style.tag.replace("style", "type")) != "numbering":
            styles.remove(style)
    defaults = styles.find(f"{_w('docDefaults')}")
    if defaults is not None:
        styles.remove(defaults)
    for style in (*STYLES.values(), _REMARK):
        styles.append(style.xml())
    styles.append(_table_style())
    _bare(word)
    _page(word)
    _page_numbers(word)
    _alternatives(word)
    return word


def _bare(word: WordDocument) -> None:
    """Without the parts of python-docx's template that nothing here uses, its thumbnail among them."""
    unused = ("/thumbnail", "/stylesWithEffects", "/customXml", "/numbering")
    for rels in (word.part.package.rels, word.part.rels):
        for key in [key for key, rel in rels.items() if rel.reltype.endswith(unused)]:
            del rels[key]


def _w(name: str) -> str:
    return "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}" + name


def _table_style() -> Any:
    sides = ("top", "left", "bottom", "right", "insideH", "insideV")
    borders = element("tblBorders", None, *(element(side, {"val": "single", "sz": 4, "space": 0, "color": "auto"})
                                            for side in sides))
    margins = element("tblCellMar", None, *(element(side, {"w": 85, "type": "dxa"}) for side in ("left", "right")))
    return element("style", {"type": "table", "styleId": "KbTable"}, element("name", {"val": "公文表格"}),
                   element("tblPr", None, borders, margins))


def _page(word: WordDocument) -> None:
    section = word.sections[0]
    section.orientation = WD_ORIENT.PORTRAIT
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin = Mm(37), Mm(35)
    section.left_margin, section.right_margin = Mm(28), Mm(26)
    section.header_distance, section.footer_distance = Mm(15), Pt(65)    # the number 7 mm below the text
    grid = section._sectPr.find(_w("docGrid"))
    if grid is not None:
        section._sectPr.remove(grid)


def _page_numbers(word: WordDocument) -> None:
    """— 1 — in 4号 宋体, half-width digits, one character in from the outer edge: odd right, even left."""
    word.settings.odd_and_even_pages_header_footer = True
    section = word.sections[0]
    for footer, side in ((section.footer, "right"), (section.even_page_footer, "left")):
        footer.is_linked_to_previous = False
        paragraph = footer.paragraphs[0]._p
        for child in list(paragraph):
            paragraph.remove(child)
        paragraph.append(element("pPr", None, element("ind", {f"{side}Chars": 100, side: 280, **_NONE}),
                                 element("jc", {"val": side})))
        letters = {"rFonts": font(SONG), "spacing": {"val": 0}, "sz": {"val": _FOUR}, "szCs": {"val": _FOUR}}
        paragraph.append(run("— ", letters))
        for kind, text in (("begin", ""), ("", " PAGE "), ("separate", ""), ("shown", "1"), ("end", "")):
            piece = run(text if kind == "shown" else "", letters)
            if kind in ("begin", "separate", "end"):
                piece.append(element("fldChar", {"fldCharType": kind}))
            elif not kind:
                code = element("instrText")
                code.text = text
                piece.append(code)
            paragraph.append(piece)
        paragraph.append(run(" —", letters))


def _alternatives(word: WordDocument) -> None:
    """What to show where a font is not installed."""
    part = next((part for part in word.part.package.iter_parts() if str(part.partname) == "/word/fontTable.xml"), None)
    if part is None:
        return
    fonts = etree.fromstring(part.blob)
    for found in list(fonts):
        fonts.remove(found)
    for name in (FANG, KAI, TITLE, HEI, SONG):
        entry = etree.SubElement(fonts, _w("font"), {_w("name"): name})
        if name in _INSTEAD:
            etree.SubElement(entry, _w("altName"), {_w("val"): _INSTEAD[name]})
        etree.SubElement(entry, _w("charset"), {_w("val"): "86"})
    part._blob = etree.tostring(fonts, xml_declaration=True, encoding="UTF-8", standalone=True)


def width(text: str) -> float:
    """Width of ``text`` in characters; letters, digits and half-width signs count half."""
    return sum(0.5 if re.match(r"[\x20-\x7e]", char) else 1.0 for char in text)
