"""The page where a drafter pastes a text and gets the report that ``kb check`` gives. Nothing is stored: the text is in
the request and in the answer, and nowhere else."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from datasette.utils.asgi import NotFound, Response
from markupsafe import Markup

from kb.models import KbError, Span
from kb.site import export, render, web

if TYPE_CHECKING:       # Datasette loads its plugins while datasette.app is still being imported
    from datasette.app import Datasette

    from kb.draft.check import Report
    from kb.draft.findings import Finding

LIMIT = 60_000                  # characters: the longest act that a county issues
_BYTES = 9 * LIMIT + 20_000     # a Chinese character takes nine bytes in a form
_AROUND = 44                    # characters of context on either side of a quote
_TURNS = asyncio.Semaphore(1)   # a check takes a processor for a second: one at a time
#: Severity -> what it asks for, the class of its mark.
GRADES = (("red", "必改", "r"), ("orange", "应核", "o"), ("yellow", "宜改", ""), ("grey", "备注", ""))
_COLUMNS = ("级别", "规则", "条", "原文", "上级文件", "上级条", "上级原文", "理由", "改法")


async def page(request: Any, datasette: Datasette) -> Response:
    """/check: a form; posted, the report. ``.json`` and ``.xlsx`` give the report in that form."""
    name = web.known(datasette)
    if name is None:
        raise NotFound("没有由 kb build 建成的数据库")
    context: dict[str, Any] = {"limit": LIMIT, "text": "", "region": "", "against": "", "problem": "", "report": None}
    if request.method != "POST":
        return await web.answer(datasette, request, "check.html", context, {}, name="校稿")
    form = request.url_vars.get("form")
    body = await _body(request)
    if body is None:
        context["problem"] = f"文字太长，至多 {LIMIT:,} 字。请分段校。"
        return await _shown(datasette, request, context, 413)
    given = {key: values[0].strip() for key, values in parse_qs(body.decode("utf-8", "replace")).items()}
    context |= {key: given.get(key, "") for key in ("text", "region", "against")}
    if not context["text"] or len(context["text"]) > LIMIT:
        context["problem"] = f"请贴入草案，至多 {LIMIT:,} 字。"
        return await _shown(datasette, request, context, 400)
    path = datasette.get_database(name).path
    try:
        async with _TURNS:
            report = await asyncio.to_thread(_report, path, context["text"], context["region"], context["against"])
    except KbError as error:
        context["problem"] = f"无法校这份文字：{error}"
        return await _shown(datasette, request, context, 400)
    if form == "json":
        return _download(web.as_json(_as_json(report)), "json")
    if form == "xlsx":
        return _download(export.as_xlsx([("校稿", _COLUMNS, _rows(report))]), "xlsx")
    context |= {"report": report, "grades": [
        (severity, title, letter, found) for severity, title, letter in GRADES
        if (found := [_finding(report, number, f) for number, f in enumerate(report.findings, 1)
                      if f.severity == severity])]}
    return await _shown(datasette, request, context, 200)


async def _body(request: Any) -> bytes | None:
    """The posted form; None if it is longer than allowed. What is read is counted, whatever the header says."""
    parts, size, more = [], 0, True
    while more:
        message = await request.receive()
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        more = message.get("more_body", False) and message["type"] == "http.request"
        if size > _BYTES:
            return None
    return b"".join(parts)


async def _shown(datasette: Datasette, request: Any, context: Mapping[str, Any], status: int) -> Response:
    shown = {"forms": {}, "sql": None, **context}
    return Response.html(await datasette.render_template("check.html", shown, request=request), status=status,
                         headers={**web.HEADERS, "Cache-Control": "no-store"})


def _download(body: str | bytes, form: str) -> Response:
    return Response(body, content_type=web.TYPES[form], headers={
        "Content-Disposition": f"attachment; filename*=UTF-8''%E6%A0%A1%E7%A8%BF.{form}", "Cache-Control": "no-store"})


def _report(path: str, text: str, region: str, against: str) -> Report:
    from kb.draft.check import check  # brings the parser and the aligner along: only where somebody checks
    from kb.draft.reading import from_text
    from kb.draft.shelf import StoredLibrary

    draft = from_text(text, "草案", region or None)
    named = [part for part in against.replace("，", ",").split(",") if part.strip()]
    return check(draft, StoredLibrary(Path(path)), named)


def label(address: str) -> str:
    """A clause's address as people write it."""
    return address.removeprefix("正文/").replace("/", "")


def _finding(report: Report, number: int, found: Finding) -> dict[str, Any]:
    text = report.draft.document.text
    base = next((d for d in report.against if d.id == found.base_document), None)
    return {
        "number": number, "finding": found, "label": label(found.address), "base": base,
        "base_label": label(found.base_address),
        "own": _context(text, found.quote, found.start, "flag") if found.quote else Markup(),
        "theirs": _context(base.text, found.base_quote, -1, "key") if base and found.base_quote
        else render.inline(found.base_quote)}


def _context(text: str, quote: str, at: int, kind: str) -> Markup:
    """A quote with the words around it on its line."""
    begin = at if at >= 0 and text.startswith(quote, at) else text.find(quote)
    if begin < 0:
        return Markup('<mark class="flag">{}</mark>').format(quote)
    end = begin + len(quote)
    start = max(text.rfind("\n", 0, begin) + 1, begin - _AROUND)
    stop = min(*(found for found in (text.find("\n", end), len(text)) if found >= 0), end + _AROUND) \
        if "\n" in text[end:] else min(len(text), end + _AROUND)
    tag = "mark" if kind == "flag" else "span"
    mark = render.Mark(Span(begin, end), Markup(f'<{tag} class="{kind}">'), Markup(f"</{tag}>"))
    line_start, line_end = text.rfind("\n", 0, begin) + 1, text.find("\n", end) % (len(text) + 1)
    return Markup("{}{}{}").format("……" if start > line_start else "", render.inline(text, [mark], start, stop),
                                   "……" if stop < line_end else "")


def _rows(report: Report) -> list[list[str]]:
    names = {severity: title for severity, title, _ in GRADES}
    return [[names[f.severity], f.name, label(f.address), f.quote, f.base_document, label(f.base_address), f.base_quote,
             f.reason, f.mend] for f in report.findings]


def _as_json(report: Report) -> dict[str, Any]:
    return {"draft": report.draft.document.title, "against": [d.id for d in report.against],
            "notes": list(report.notes), "findings": [f.as_json() for f in report.findings]}
