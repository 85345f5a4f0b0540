"""The report of a check for people and programs: text, Markdown, HTML, JSON, Word and Excel.

All forms tell the same findings in the same order. The page of HTML carries its style with it and loads nothing.
"""

from __future__ import annotations

import datetime as dt
import html as markup
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kb.draft.accept import Acceptance
from kb.draft.check import Report
from kb.draft.findings import SEVERITIES, SEVERITY_ADVICE, SEVERITY_NAMES, Finding, Severity
from kb.models import Document, KbError
from kb.parse import label_of
from kb.vocabulary.regions import bare, regions

_AROUND: Final = 60         # characters of the sentence shown on either side of a quote


@dataclass(frozen=True)
class Told:
    """A report with what the drafter has accepted taken out of its findings: ``accepted`` with the reasons, ``stale``
    what no finding needs any more."""

    report: Report
    findings: tuple[Finding, ...]
    accepted: tuple[tuple[Finding, Acceptance], ...] = ()
    stale: tuple[Acceptance, ...] = ()

    def of(self, severity: Severity) -> tuple[Finding, ...]:
        """The findings of one severity."""
        return tuple(finding for finding in self.findings if finding.severity == severity)

    @property
    def title(self) -> str:
        """The draft's title, else its file's name."""
        return self.report.draft.document.title or self.report.draft.name


def write(told: Told, path: Path, dated: dt.datetime | None = None) -> None:
    """Write the report to ``path`` in the form that its ending names. Raises KbError for an ending that is none."""
    from kb.corpus import write_whole

    form = FORMS.get(path.suffix.lower())
    if form is None:
        raise KbError(f"a report cannot be written as {path.suffix or '(no ending)'}", file=path,
                      mend="use " + ", ".join(FORMS))
    write_whole(path, form(told, dated or dt.datetime.now().replace(microsecond=0)))


# --- words shared by all forms ---------------------------------------------------------------------------------------

def base_name(told: Told, document_id: str) -> str:
    """A base as a reader knows it: 台州 台政发〔2021〕27号."""
    document = next((item for item in told.report.against if item.id == document_id), None)
    return document_id if document is None else document_name(document)


def document_name(document: Document) -> str:
    """A document by its place and number, else its title."""
    place = bare(document.region_code) + " " if document.region_code in regions() else ""
    return place + (document.doc_number or document.title)


def summary(told: Told) -> str:
    """How many findings of each severity there are."""
    counts = "，".join(f"{SEVERITY_NAMES[severity]} {len(told.of(severity))}" for severity in SEVERITIES)
    return counts + (f"；已说明理由保留 {len(told.accepted)}" if told.accepted else "")


def sentence(told: Told, finding: Finding, *, base: bool) -> tuple[str, str, str]:
    """The quote with its surroundings in the draft or in the base: what stands before it, the quote, what follows."""
    quote, address = (finding.base_quote, finding.base_address) if base else (finding.quote, finding.address)
    if not quote:
        return "", "", ""
    for text in _texts(told, finding, address, base=base):
        at = text.find(quote)
        if at >= 0:
            begin = max((text.rfind(mark, 0, at) + 1 for mark in "。；\n"), default=0)
            ends = [place for mark in "。；\n" if (place := text.find(mark, at + len(quote))) >= 0]
            end = min(ends, default=len(text))
            before, after = text[begin:at], text[at + len(quote):end + 1].rstrip("\n")
            return _cut(before, head=True), quote, _cut(after, head=False)
    return "", quote, ""


def _texts(told: Told, finding: Finding, address: str, *, base: bool) -> Iterator[str]:
    if base:
        clauses = next((item.clauses for item in told.report.comparisons
                        if item.base.document.id == finding.base_document), {})
    else:
        clauses = dict(told.report.clauses)
    if clause := clauses.get(address):
        yield clause.text
        yield clause.provision.heading


def _cut(text: str, *, head: bool) -> str:
    if len(text) <= _AROUND:
        return text
    return "……" + text[-_AROUND:] if head else text[:_AROUND] + "……"


def lines(told: Told, *, colour: Callable[[Severity, str], str] = lambda _, text: text) -> Iterator[str]:
    """The report for a terminal."""
    against = "、".join(document_name(item) for item in told.report.against) or "无"
    yield f"{told.title}"
    yield f"核对上级：{against}"
    yield summary(told)
    for note in told.report.notes:
        yield f"注意：{note}"
    for finding in told.findings:
        mark = colour(finding.severity, SEVERITY_NAMES[finding.severity])
        yield f"{mark} {finding.address}　{finding.name}（{finding.rule}）"
        if finding.quote:
            yield f"    本稿：{_one_line(finding.quote)}"
        if finding.base_quote:
            yield f"    上级 {label_of(finding.base_address)}：{_one_line(finding.base_quote)}"
        yield f"    {finding.reason}" + (f"；{finding.mend}" if finding.mend else "")
    for finding, reason in told.accepted:
        yield f"保留 {finding.address}　{finding.name}（{finding.rule}）：{reason.why}"
    for item in told.stale:
        yield f"注意：{item.address} 的 {item.rule} 已无此问题，可从说明中删去"


def _one_line(text: str, limit: int = 120) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= limit else plain[:limit - 20] + "……" + plain[-18:]


# --- JSON ------------------------------------------------------------------------------------------------------------

def as_json(told: Told) -> str:
    """The report for programs; what was accepted stands apart, with the reason, where there is any."""
    values: dict[str, object] = {
        "draft": told.report.draft.name, "against": [item.id for item in told.report.against],
        "findings": [finding.as_json() for finding in told.findings]}
    if told.accepted:
        values["accepted"] = [finding.as_json() | {"why": reason.why} for finding, reason in told.accepted]
    return json.dumps(values, ensure_ascii=False, indent=1) + "\n"


# --- Markdown and Word -----------------------------------------------------------------------------------------------

_HAN: Final = "一二三四五六七八九十"


def as_markdown(told: Told) -> str:
    """The report as an official document is numbered, so that it can become one."""
    found = [f"# {told.title}校稿报告", ""]
    against = "、".join(document_name(item) for item in told.report.against) or "无"
    found += [f"核对上级：{against}。{summary(told)}。", ""]
    found += [line for note in told.report.notes for line in (f"{note}。", "")]
    number = 0
    for severity in SEVERITIES:
        members = told.of(severity)
        if members:
            number += 1
            found += [f"## {_HAN[number - 1]}、{SEVERITY_NAMES[severity]}（{SEVERITY_ADVICE[severity]}）", ""]
            for place, finding in enumerate(members, 1):
                found += _paragraphs(told, finding, place)
    if told.accepted:
        found += [f"## {_HAN[number]}、已说明理由保留", ""]
        for place, (finding, reason) in enumerate(told.accepted, 1):
            told_of = f"{_where(finding)}{finding.name}：{_safe(finding.reason)}"
            found += [f"{place}. {told_of}。理由：{_safe(reason.why)}", ""]
    return "\n".join(found).rstrip() + "\n"


def _where(finding: Finding) -> str:
    return f"{label_of(finding.address)}　" if finding.address else ""


def _paragraphs(told: Told, finding: Finding, place: int) -> Iterator[str]:
    yield f"{place}. {_where(finding)}{finding.name}：{_safe(finding.reason)}。"
    yield ""
    if finding.quote:
        yield f"本稿：{_safe(finding.quote)}"
        yield ""
    if finding.base_quote:
        yield f"{base_name(told, finding.base_document)} {label_of(finding.base_address)}：{_safe(finding.base_quote)}"
        yield ""
    if finding.mend:
        yield f"改法：{_safe(finding.mend)}。规则：{finding.rule}，地址：{finding.address or '—'}。"
    else:
        yield f"规则：{finding.rule}，地址：{finding.address or '—'}。"
    yield ""


def _safe(text: str) -> str:
    """On one line, without what would open a table or a heading."""
    return " ".join(text.split()).replace("|", "｜").rstrip("。")


def as_docx(told: Told, dated: dt.datetime) -> bytes:
    """The report as an official document."""
    from kb.draft.official import write as official

    text = as_markdown(told)
    document = Document(id="report", title=f"{told.title}校稿报告", region_code=told.report.draft.document.region_code,
                        text=text)
    return official(document, dated=dated)


# --- Excel -----------------------------------------------------------------------------------------------------------

_FILLS: Final = {"red": "F4D3CE", "orange": "F9ECDD", "yellow": "FFF7D6", "grey": "EEEEEE"}
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_SHEET: Final = (("级别", 8), ("规则", 18), ("本稿条款", 18), ("本稿原文", 44), ("上级文件", 24), ("上级条款", 18),
                 ("上级原文", 44), ("说明", 44), ("改法", 36), ("规则代号", 20), ("地址", 18), ("保留理由", 24))


def as_xlsx(told: Told, dated: dt.datetime) -> bytes:
    """The report as a sheet, a finding a row. Texts are written as texts: a quote that begins with = is no formula."""
    import io

    import xlsxwriter

    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True})
    book.set_properties({"created": dated})
    bold, wrapped = book.add_format({"bold": True}), book.add_format({"text_wrap": True, "valign": "top"})
    fills = {name: book.add_format({"text_wrap": True, "valign": "top", "bg_color": f"#{colour}"})
             for name, colour in _FILLS.items()}
    sheet = book.add_worksheet("校稿")
    rows = [*((finding, "") for finding in told.findings), *((item, reason.why) for item, reason in told.accepted)]
    for column, (name, width) in enumerate(_SHEET):
        sheet.set_column(column, column, width)
        sheet.write_string(0, column, name, bold)
    for row, (finding, why) in enumerate(rows, 1):
        for column, value in enumerate(_cells(told, finding, why)):
            style = fills[finding.severity] if column == 0 and not why else wrapped
            sheet.write_string(row, column, _CONTROL.sub("", value), style)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, max(1, len(rows)), len(_SHEET) - 1)
    about = book.add_worksheet("说明")
    for row, line in enumerate((told.title, summary(told), *(document_name(item) for item in told.report.against),
                                *told.report.notes)):
        about.write_string(row, 0, _CONTROL.sub("", line))
    book.close()
    return target.getvalue()


def _cells(told: Told, finding: Finding, why: str) -> tuple[str, ...]:
    base = base_name(told, finding.base_document) if finding.base_document else ""
    own, theirs = (label_of(path) if path else "" for path in (finding.address, finding.base_address))
    return ("保留" if why else SEVERITY_NAMES[finding.severity], finding.name, own, finding.quote, base, theirs,
            finding.base_quote, finding.reason, finding.mend, finding.rule, finding.address, why)


# --- HTML ------------------------------------------------------------------------------------------------------------

_STYLE: Final = """
:root{color-scheme:light dark;--paper:#fbfaf6;--rule:#dfd9cb;--rule2:#a39a88;--ink:#201e1a;--ink2:#545048;
--zhu:#9a2b1d;--del:#87390a;--flag:#f9ecdd;--amber:#a87400;
--song:"Noto Serif CJK SC","Songti SC",SimSun,serif;--hei:"PingFang SC","Noto Sans CJK SC","Microsoft YaHei",sans-serif}
@media (prefers-color-scheme:dark){:root{--paper:#17181a;--wash:#212326;--rule:#36383b;--rule2:#74767a;--ink:#e8e4da;
--ink2:#b9b4a9;--zhu:#ef8d7c;--del:#f0ab77;--flag:#3a291b;--amber:#d9a936}}
*{box-sizing:border-box}body{margin:0;background:var(--paper);color:var(--ink);font:.9375rem/1.7 var(--hei);
overflow-wrap:anywhere}main{max-width:66rem;margin:0 auto;padding:2rem 1.5rem}
h1,h2,h3{font-family:var(--song);line-height:1.45;margin:0}h1{font-size:1.6rem}h2{font-size:1.25rem;margin-top:2.5rem;
border-bottom:1px solid;padding-bottom:.3rem}h3{font-size:1rem}
dl{display:grid;grid-template-columns:5em 1fr;gap:.2rem 1rem;margin:.6rem 0}dt{color:var(--ink2)}dd{margin:0}
.totals{display:flex;flex-wrap:wrap;gap:.2rem 2rem;margin:1rem 0}
.totals b{font:700 1.4rem/1.3 var(--song);margin-right:.3em}
article{border-left:5px solid var(--rule2);padding-left:1.1rem;margin:1.6rem 0;break-inside:avoid}
.red{border-color:var(--zhu)}.orange{border-left:6px double var(--del)}.yellow{border-left:5px dotted var(--amber)}
.grey{border-left:1px solid var(--rule2)}.pair{display:grid;grid-template-columns:1fr 1fr;gap:.3rem 1.5rem}
.pair p{margin:.2rem 0}.text{font-family:var(--song);font-size:1.02rem}
.note{color:var(--ink2);font-size:.82rem;margin:.2rem 0}.key{border-bottom:2px solid var(--rule2)}
mark{background:var(--flag);color:inherit;border-bottom:2px solid var(--zhu)}code{font-size:.9em}
@media (max-width:50rem){.pair{grid-template-columns:1fr}}@media print{main{max-width:none;padding:0}}
"""


def as_html(told: Told) -> str:
    """The report as a page of its own."""
    body = [f"<h1>{_escape(told.title)}　校稿报告</h1>", "<dl>",
            f"<dt>草案</dt><dd>{_escape(told.report.draft.name)}</dd>"]
    against = "、".join(document_name(item) for item in told.report.against) or "无"
    body += [f"<dt>核对上级</dt><dd>{_escape(against)}</dd>"]
    body += [f"<dt>注意</dt><dd>{_escape(note)}</dd>" for note in told.report.notes]
    body += ["</dl>", '<p class="totals">' + "".join(
        f"<span><b>{len(told.of(severity))}</b>{SEVERITY_NAMES[severity]}</span>" for severity in SEVERITIES) + "</p>"]
    for severity in SEVERITIES:
        members = told.of(severity)
        if members:
            body += [f'<section aria-labelledby="s-{severity}"><h2 id="s-{severity}">{SEVERITY_NAMES[severity]}'
                     f"（{SEVERITY_ADVICE[severity]}）</h2>"]
            body += [_article(told, finding) for finding in members]
            body += ["</section>"]
    if told.accepted:
        body += ['<section aria-labelledby="s-kept"><h2 id="s-kept">已说明理由保留</h2>']
        body += [_article(told, finding, reason.why) for finding, reason in told.accepted]
        body += ["</section>"]
    if not told.findings:
        body += ["<p>没有发现问题。</p>"]
    page = "\n".join(body)
    return (f'<!doctype html>\n<html lang="zh-CN">\n<head>\n<meta charset="utf-8">\n<meta name="viewport" '
            f'content="width=device-width, initial-scale=1">\n<title>{_escape(told.title)} 校稿报告</title>\n'
            f'<link rel="icon" href="data:,">\n<style>{_STYLE}</style>\n</head>\n'
            f"<body>\n<main>\n{page}\n</main>\n</body>\n</html>\n")


def _escape(text: str) -> str:
    return markup.escape(_CONTROL.sub("", text))


def _article(told: Told, finding: Finding, why: str = "") -> str:
    address = label_of(finding.address) if finding.address else "全文"
    own = _marked(sentence(told, finding, base=False), "mark") or "未载"
    parts = [f'<article class="{finding.severity}"><h3>{_escape(finding.name)}　{_escape(address)}</h3>',
             '<div class="pair">',
             f'<div><p class="note">本稿 {_escape(address)}</p><p class="text">{own}</p></div>']
    if finding.base_document:
        there = label_of(finding.base_address) if finding.base_address else ""
        where = f"{base_name(told, finding.base_document)} {there}"
        theirs = _marked(sentence(told, finding, base=True), "key") or "未载"
        parts += [f'<div><p class="note">{_escape(where)}</p><p class="text">{theirs}</p></div>']
    parts += ["</div>", f"<dl><dt>理由</dt><dd>{_escape(finding.reason)}</dd>"]
    if finding.mend:
        parts += [f"<dt>改法</dt><dd>{_escape(finding.mend)}</dd>"]
    if why:
        parts += [f"<dt>保留理由</dt><dd>{_escape(why)}</dd>"]
    parts += [f'</dl><p class="note">规则 <code>{finding.rule}</code>　地址 <code>{_escape(finding.address)}</code></p>',
              "</article>"]
    return "".join(parts)


def _marked(parts: tuple[str, str, str], how: str) -> str:
    before, quote, after = map(_escape, parts)
    if not quote:
        return ""
    marked = f"<mark>{quote}</mark>" if how == "mark" else f'<span class="key">{quote}</span>'
    return before + marked + after


#: What writes a report, by the ending of its file.
FORMS: Final[Mapping[str, Callable[[Told, dt.datetime], bytes]]] = {
    ".html": lambda told, _: as_html(told).encode(),
    ".md": lambda told, _: as_markdown(told).encode(),
    ".json": lambda told, _: as_json(told).encode(),
    ".docx": as_docx,
    ".xlsx": as_xlsx,
}
