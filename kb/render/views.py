"""A comparison of two documents as text, Markdown, a self-contained HTML page, JSON or CSV, with Chinese headings.

What is shown is described by protocols, so that rows of the database and values of the pipeline both do.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from html import escape
from typing import Any

from kb.models import KbError
from kb.render.shapes import ClauseView, ComparisonView, DifferenceView, DocumentView, PairView
from kb.render.sides import Segment, html_sides, rewritten, segments
from kb.vocabulary import table

_DOTS = (0.45, 0.75)      # salience from which a difference has two and three dots
_CSV = ("底本条号", "底本标题", "对照本条号", "对照本标题", "对应", "类型", "底本原文", "对照本原文", "底本数值",
        "对照本数值", "单位", "方向", "重要性", "摘要")
_STYLE = """
body{font:16px/1.8 "Source Han Serif SC","Noto Serif CJK SC","Songti SC",SimSun,serif;max-width:72em;margin:2em auto;
padding:0 1em}
h1,h2,h3,th,.app{font-family:"Source Han Sans SC","Noto Sans CJK SC","PingFang SC","Microsoft YaHei",sans-serif}
.pair{display:grid;grid-template-columns:1fr 1fr;gap:2em}.pair p{white-space:pre-wrap;margin:0}
del{background:#f7e6dc;color:#8a3b12}ins{background:#e0f0ea;text-decoration:underline;text-decoration-thickness:2px}
.minor{background:none;color:inherit;text-decoration:underline dotted 1px}.key{border-bottom:2px solid #888}
.vh{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
article{border-top:1px solid #bbb;padding:1em 0}.app{font-size:14px}.app b{font-weight:600}
@media(max-width:60rem){.pair{grid-template-columns:1fr}}@media print{body{margin:0}}
"""


def word(column: str, code: str) -> str:
    """The Chinese word for a code of the database; the code itself where there is none."""
    rows = table("site_words.tsv")
    return next((row["word"] for row in rows if row["column"] == column and row["code"] == code), code)


def comparison(view: ComparisonView, form: str) -> str:
    """``view`` as ``form``: one of :data:`FORMATS`. Raises KbError for another one."""
    if form not in FORMATS:
        raise KbError(f"unknown format {form!r}", mend=f"use one of {', '.join(FORMATS)}")
    return FORMATS[form](view)


# --- parts -----------------------------------------------------------------------------------------------------------

def _names(view: ComparisonView) -> tuple[str, str]:
    """The places, where they tell the two apart; else the documents' names."""
    return (view.a.bare, view.b.bare) if view.a.bare != view.b.bare else (view.a.name, view.b.name)


def _document(document: DocumentView, name: str) -> str:
    return f"{name}　{document.title}" + (f"（{document.doc_number}）" if document.doc_number else "")


def _clause(clause: ClauseView) -> str:
    return f"{clause.label}　{_line(clause.heading)}".strip()


def _line(text: str) -> str:
    return " ".join(text.split())


def _opening(text: str, length: int = 60) -> str:
    line = _line(text)
    return line if len(line) <= length else line[:length] + "……"


def _dots(salience: float) -> str:
    full = 1 + sum(salience >= least for least in _DOTS)
    return "●" * full + "○" * (3 - full)


def _amount(value: float | None) -> str:
    return "" if value is None else f"{value:.12g}"


def _direction(code: str) -> str:
    return "" if code == "n/a" else word("direction", code)


def _relation(pair: PairView) -> str:
    """对应, and whether the clause stands elsewhere: 对应，移位."""
    codes = (("relation", pair.relation), ("moved", pair.moved))
    return "，".join(word(column, code) for column, code in codes if code)


def _totals(view: ComparisonView) -> str:
    same = sum(not pair.differences and pair.relation == "equivalent" for pair in view.pairs)
    found = sum(len(pair.differences) for pair in view.pairs)
    a, b = _names(view)
    moved = sum(pair.moved in ("section", "order") for pair in view.pairs)
    elsewhere = f"，{moved} 条移位" if moved else ""
    return (f"{len(view.pairs)} 条对应，{found} 处差异，{same} 条相同{elsewhere}；"
            f"{a}独有 {len(view.only_a)} 条，{b}独有 {len(view.only_b)} 条")


def _reading(quote: str, name: str) -> str:
    return _line(quote) or f"（{name}未载）"


# --- text and Markdown -----------------------------------------------------------------------------------------------

def as_text(view: ComparisonView) -> str:
    """Lines for a terminal or a mail: each pair of clauses with its numbered differences, as their summaries; quotes
    that a summary shortens follow in full."""
    return "\n".join(_text_lines(view)) + "\n"


def _text_lines(view: ComparisonView) -> Iterator[str]:
    a, b = _names(view)
    yield f"底本：　{_document(view.a, a)}"
    yield f"对照本：{_document(view.b, b)}"
    yield _totals(view)
    for pair in view.pairs:
        yield ""
        yield f"{a} {_clause(pair.a)} ／ {b} {_clause(pair.b)}　[{_relation(pair)}]"
        for number, row in enumerate(pair.differences, 1):
            yield f"  {number}. {word('type', row.type)} {_dots(row.salience)} {_line(row.summary)}"
            for name, quote in ((a, row.a_quote), (b, row.b_quote)):
                if _line(quote) not in _line(row.summary):      # the summary has only its first and last words
                    yield f"     {name}：{_line(quote)}"
        if not pair.differences:
            yield "  两地相同" if pair.relation == "equivalent" else "  未见差异"
    for name, clauses in ((a, view.only_a), (b, view.only_b)):
        if clauses:
            yield ""
            yield f"{name}独有"
            for clause in clauses:
                yield f"  {_clause(clause)}　{_opening(clause.text)}"


def as_markdown(view: ComparisonView) -> str:
    """Headings and one pipe table for each pair of clauses that differ."""
    return "\n".join(_markdown_lines(view)) + "\n"


def _markdown_lines(view: ComparisonView) -> Iterator[str]:
    a, b = _names(view)
    yield f"# {_escaped(a)}、{_escaped(b)}逐条对照"
    yield ""
    yield f"- 底本：{_escaped(_document(view.a, a))}"
    yield f"- 对照本：{_escaped(_document(view.b, b))}"
    yield f"- {_escaped(_totals(view))}"
    for pair in view.pairs:
        yield ""
        yield (f"## {_escaped(a)} {_escaped(_clause(pair.a))} ／ {_escaped(b)} "
               f"{_escaped(_clause(pair.b))}" + (f"（{word('moved', pair.moved)}）" if pair.moved else ""))
        yield ""
        if not pair.differences:
            yield "两地相同。" if pair.relation == "equivalent" else "部分对应，未见差异。"
            continue
        if pair.relation != "equivalent":
            yield word("relation", pair.relation) + "。"
            yield ""
        yield f"| 序 | 类型 | {_escaped(a)} | {_escaped(b)} | 方向 | 重要性 |"
        yield "|---|---|---|---|---|---|"
        for number, row in enumerate(pair.differences, 1):
            yield (f"| {number} | {word('type', row.type)} | {_escaped(_reading(row.a_quote, a))} "
                   f"| {_escaped(_reading(row.b_quote, b))} | {_direction(row.direction)} "
                   f"| {_dots(row.salience)} |")
    for name, clauses in ((a, view.only_a), (b, view.only_b)):
        if clauses:
            yield ""
            yield f"## {_escaped(name)}独有"
            yield ""
            yield from (f"- {_escaped(_clause(clause))}：{_escaped(_opening(clause.text))}" for clause in clauses)


def _escaped(text: str) -> str:
    """``text`` as one line of Markdown without markup: nothing of a page becomes a tag, a link or a table."""
    return re.sub(r"([\\`*_\[\]<>|#~])", r"\\\1", _line(text))


# --- HTML ------------------------------------------------------------------------------------------------------------

def as_html(view: ComparisonView) -> str:
    """One page without scripts or outside resources: both texts side by side, differences marked and listed."""
    title = "{}、{}逐条对照".format(*map(escape, _names(view)))
    body = "\n".join(_html_lines(view, title))
    return (f'<!doctype html>\n<html lang="zh-CN">\n<head>\n<meta charset="utf-8">\n'
            f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>{title}</title>\n'
            f"<style>{_STYLE}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n")


def _html_lines(view: ComparisonView, title: str) -> Iterator[str]:
    a, b = _names(view)
    yield f"<h1>{title}</h1>"
    yield f"<p>底本：{escape(_document(view.a, a))}<br>对照本：{escape(_document(view.b, b))}</p>"
    yield f"<p>{escape(_totals(view))}</p>"
    for index, pair in enumerate(view.pairs, 1):
        prefix = f"d{index}"
        found = segments(pair.a.text, pair.b.text, None, None, view.a.region_code, view.b.region_code)
        yield "<article>"
        state = "重写" if rewritten(found) else _relation(pair)
        yield f"<h2>{escape(_clause(pair.a))} ／ {escape(_clause(pair.b))} <small>{state}</small></h2>"
        yield '<div class="pair">'
        for name, side in zip((a, b), _marked(pair, found, prefix), strict=True):
            yield f"<div><h3>{escape(name)}</h3><p>{side}</p></div>"
        yield "</div>"
        if pair.differences:
            yield '<ol class="app">'
            yield from (_html_note(view, row, f"{prefix}-{number}") for number, row in enumerate(pair.differences, 1))
            yield "</ol>"
        yield "</article>"
    for name, clauses in ((a, view.only_a), (b, view.only_b)):
        if clauses:
            yield f"<h2>{escape(name)}独有</h2>\n<ul>"
            yield from (f"<li>{escape(_clause(clause))}　{escape(_opening(clause.text))}</li>" for clause in clauses)
            yield "</ul>"


def _marked(pair: PairView, found: Sequence[Segment], prefix: str) -> tuple[str, str]:
    return html_sides(pair.a.text, pair.b.text, found, pair.differences, prefix)


def _html_note(view: ComparisonView, row: DifferenceView, anchor: str) -> str:
    a, b = _names(view)
    turn = _direction(row.direction)
    return (f'<li id="{anchor}"><b>{word("type", row.type)}</b> {escape(_reading(row.a_quote, a))} ］ '
            f'{escape(_reading(row.b_quote, b))}{" " + turn if turn else ""} '
            f'<span title="重要性">{_dots(row.salience)}</span></li>')


# --- JSON and CSV ----------------------------------------------------------------------------------------------------

def as_json(view: ComparisonView) -> str:
    """Everything with the database's names and codes."""
    return json.dumps({
        "a": _json_document(view.a), "b": _json_document(view.b),
        "pairs": [{"a": _json_clause(pair.a), "b": _json_clause(pair.b), "relation": pair.relation,
                   "moved": pair.moved,
                   "differences": [_json_difference(row) for row in pair.differences]} for pair in view.pairs],
        "only_a": [_json_clause(clause) for clause in view.only_a],
        "only_b": [_json_clause(clause) for clause in view.only_b],
    }, ensure_ascii=False, indent=1) + "\n"


def _json_document(document: DocumentView) -> dict[str, Any]:
    return {"id": document.id, "name": document.name, "title": document.title, "doc_number": document.doc_number}


def _json_clause(clause: ClauseView) -> dict[str, Any]:
    return {"path": clause.path, "label": clause.label, "heading": clause.heading, "text": clause.text}


def _json_difference(row: DifferenceView) -> dict[str, Any]:
    return {"type": row.type, "a_quote": row.a_quote, "b_quote": row.b_quote,
            "a_start": row.a_span.start, "a_end": row.a_span.end, "b_start": row.b_span.start, "b_end": row.b_span.end,
            "a_value": row.a_value, "b_value": row.b_value, "unit": row.unit, "direction": row.direction,
            "salience": row.salience, "summary": row.summary}


def as_csv(view: ComparisonView, *, bom: bool = False) -> str:
    """One line for each difference, pairs without one and clauses that stand alone included. ``bom`` puts a byte
    order mark in front, without which Excel reads UTF-8 as something else."""
    a, b = _names(view)
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(_CSV)
    for pair in view.pairs:
        head = [pair.a.label, _line(pair.a.heading), pair.b.label, _line(pair.b.heading),
                word("relation", pair.relation)]
        for row in pair.differences:
            writer.writerow(map(_cell, [
                *head, word("type", row.type), row.a_quote, row.b_quote, _amount(row.a_value), _amount(row.b_value),
                row.unit, _direction(row.direction), _amount(row.salience), row.summary]))
        if not pair.differences:
            writer.writerow(map(_cell, [*head, "相同" if pair.relation == "equivalent" else "", *[""] * 8]))
    for clause in view.only_a:
        alone = [clause.label, _line(clause.heading), "", "", f"{a}独有", "", clause.text]
        writer.writerow(map(_cell, [*alone, *[""] * 7]))
    for clause in view.only_b:
        alone = ["", "", clause.label, _line(clause.heading), f"{b}独有", "", "", clause.text]
        writer.writerow(map(_cell, [*alone, *[""] * 6]))
    return ("\ufeff" if bom else "") + out.getvalue()


def _cell(value: str) -> str:
    """A spreadsheet takes what begins with = + - @ for a formula: such text is led by an apostrophe."""
    formula = value[:1] in ("=", "+", "-", "@", "\t", "\r") and not re.fullmatch(r"-?[\d.]+", value)
    return "'" + value if formula else value


FORMATS: Mapping[str, Callable[[ComparisonView], str]] = {
    "text": as_text, "md": as_markdown, "html": as_html, "json": as_json, "csv": as_csv,
}
