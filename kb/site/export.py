"""Tables as CSV that Excel reads, as .xlsx, and a comparison as .docx. Nothing here reads the database."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Iterable, Sequence
from typing import Any

import docx
import xlsxwriter
from docx.enum.section import WD_ORIENT
from docx.enum.text import WD_UNDERLINE
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor

from kb.database import Comparison, Pair
from kb.models import Span
from kb.vocabulary import table

Row = Sequence[str | int | float | None]
_ILLEGAL = re.compile(r"[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_CELL = 32_767          # characters that Excel takes in one cell
_DATE = dt.datetime(2000, 1, 1)     # equal content gives equal files
_DEL, _INS, _GREY = RGBColor(0x87, 0x39, 0x0A), RGBColor(0x0A, 0x58, 0x4C), RGBColor(0x54, 0x50, 0x48)


def as_csv(columns: Sequence[str], rows: Iterable[Row]) -> str:
    """CSV with a byte order mark, without which Excel reads UTF-8 as something else; no cell is taken for a formula."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([_inert(value) for value in row] for row in rows)
    return "\ufeff" + out.getvalue()


def _inert(value: Any) -> Any:
    risky = isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r")
    return "'" + value if risky and not re.fullmatch(r"-?[\d.]+", value) else value


def as_xlsx(sheets: Sequence[tuple[str, Sequence[str], Iterable[Row]]]) -> bytes:
    """A workbook of ``sheets`` (name, columns, rows): frozen and filtered header, texts wrapped, numbers as numbers.
    Text is never taken for a formula or a link."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"created": _DATE})
    head = book.add_format({"bold": True, "bottom": 2, "text_wrap": True, "valign": "top"})
    body = book.add_format({"text_wrap": True, "valign": "top"})
    for title, columns, rows in sheets:
        sheet = book.add_worksheet(re.sub(r"[\[\]:*?/\\']", " ", title)[:31])
        widths = [len(name) * 2.2 for name in columns]
        sheet.write_row(0, 0, columns, head)
        count = 0
        for count, row in enumerate(rows, 1):
            for at, value in enumerate(row):
                if isinstance(value, str):
                    sheet.write_string(count, at, _ILLEGAL.sub("", value)[:_CELL], body)
                    widths[at] = max(widths[at], min(60.0, len(value) * 2.0))
                elif value is not None:
                    sheet.write_number(count, at, value, body)
        for at, width in enumerate(widths):
            sheet.set_column(at, at, max(6.0, width) + 2)
        sheet.freeze_panes(1, 0)
        if count:
            sheet.autofilter(0, 0, count, len(columns) - 1)
    book.close()
    return out.getvalue()


# --- a comparison in Word --------------------------------------------------------------------------------------------

def as_docx(found: Comparison) -> bytes:
    """The comparison as a table of two columns on landscape pages: struck out and underlined as on the page, the
    differences listed under each pair, then what stands alone."""
    word = docx.Document()
    word.core_properties.author = ""
    word.core_properties.created = word.core_properties.modified = _DATE
    word.core_properties.title = _legal(f"{found.a.bare}、{found.b.bare}逐条对照")
    section = word.sections[0]
    section.orientation = WD_ORIENT.LANDSCAPE
    section.page_width, section.page_height = Cm(29.7), Cm(21)
    section.left_margin = section.right_margin = section.top_margin = section.bottom_margin = Cm(2)
    style = word.styles["Normal"]
    style.font.name, style.font.size = "宋体", Pt(10.5)
    style.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), "宋体")
    _line(word, f"{found.a.bare}、{found.b.bare}逐条对照", size=18, bold=True)
    for role, head in (("底本", found.a), ("对照本", found.b)):
        _line(word, f"{role}：{head.title}（{head.doc_number or '文号不详'}）")
    _line(word, "左栏删线，对照本所无；右栏底线，对照本所增、所改。标点、繁简、数字写法之别不计为差异。",
          grey=True)
    for pair in found.pairs:
        _pair(word, pair, found)
    for head, alone in ((found.a, found.only_a), (found.b, found.only_b)):
        if alone:
            _line(word, f"{head.bare}独有", size=14, bold=True)
        for clause in alone:
            _line(word, f"{clause.label}　{clause.heading}", bold=True)
            _line(word, clause.text)
    out = io.BytesIO()
    word.save(out)
    return out.getvalue()


def _pair(word: Any, pair: Pair, found: Comparison) -> None:
    state = "相同" if pair.same else "部分对应" if pair.relation == "partial" else "重写" if pair.rewritten else ""
    _line(word, f"{pair.a.label}　{pair.a.heading}" + (f"　〔{state}〕" if state else ""), bold=True, keep=True)
    grid = word.add_table(rows=1, cols=2)
    grid.style = "Table Grid"
    for cell, side, clause in zip(grid.rows[0].cells, "ab", (pair.a, pair.b), strict=True):
        first = cell.paragraphs[0]
        _run(first, f"{(found.a if side == 'a' else found.b).bare} {clause.label}", grey=True)
        _text(cell.add_paragraph(), pair, side, clause.text)
    for number, row in enumerate(sorted(pair.differences, key=lambda d: (d.a_span.start, d.b_span.start)), 1):
        readings = f"{_flat(row.a_quote) or '未载'} ］ {_flat(row.b_quote) or '未载'}"
        _line(word, f"{number}. {_word('type', row.type)}　{readings}"
                    + (f"　{_word('direction', row.direction)}" if row.direction != "n/a" else ""), grey=True)


def _text(paragraph: Any, pair: Pair, side: str, text: str) -> None:
    own = "delete" if side == "a" else "insert"
    spans = [] if pair.rewritten else [
        (s.a if side == "a" else s.b) for s in pair.segments if s.kind in (own, "replace") and not s.minor]
    at = 0
    for span in [*sorted(spans), Span(len(text), len(text))]:
        if at < span.start:
            _run(paragraph, text[at:span.start])
        if len(span):
            _run(paragraph, span.of(text), mark=side)
        at = max(at, span.end)


def _line(word: Any, text: str, *, size: float = 10.5, bold: bool = False, grey: bool = False,
          keep: bool = False) -> None:
    paragraph = word.add_paragraph()
    paragraph.paragraph_format.keep_with_next = keep
    run = _run(paragraph, text, grey=grey)
    run.font.size, run.bold = Pt(size), bold


def _run(paragraph: Any, text: str, *, grey: bool = False, mark: str = "") -> Any:
    run = paragraph.add_run(_legal(text))
    if mark == "a":
        run.font.strike, run.font.color.rgb = True, _DEL
    elif mark == "b":
        run.font.underline, run.font.color.rgb = WD_UNDERLINE.THICK, _INS
    elif grey:
        run.font.color.rgb, run.font.size = _GREY, Pt(9)
    return run


def _legal(text: str) -> str:
    return _ILLEGAL.sub("", text)


def _flat(text: str) -> str:
    return " ".join(text.split())


def _word(column: str, code: str) -> str:
    return next((r["word"] for r in table("site_words.tsv") if r["column"] == column and r["code"] == code), code)
