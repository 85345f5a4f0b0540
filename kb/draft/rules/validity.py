"""Whether what the draft rests on is in force, and whether the draft outlives it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass

from kb.draft.clauses import Clause
from kb.draft.comparing import Comparison
from kb.draft.context import Context
from kb.draft.findings import Finding
from kb.extract.citations import same_title
from kb.models import Citation, Document, Span, ValidityStatement
from kb.text import han_number
from kb.vocabulary.regions import regions


@dataclass(frozen=True)
class End:
    """Where a document says until when it holds."""

    path: str
    quote: str
    on: str
    start: int


def end_of(document: Document, clauses: dict[str, Clause] | None) -> End | None:
    """Until when ``document`` holds by its own words, else by its particulars."""
    found = [(clause, item, on) for clause in (clauses or {}).values() for item in clause.statements.validity
             if item.aspect == "expires" and item.own and (on := item.on or _after_years(document, item.quote))]
    if found:
        clause, item, on = found[-1]
        return End(clause.path, item.quote, on, clause.provision.start + item.start)
    return End("正文", "", document.expires_on, 0) if document.expires_on else None


def _after_years(document: Document, quote: str) -> str | None:
    """The last day of 有效期3年, counted from the document's entry into force or its signature."""
    years = re.search(r"([\d一二两三四五六七八九十]{1,3})\s?年", quote)
    start = document.effective_on or document.signed_on or document.written_on
    if years is None or not start:
        return None
    first = dt.date.fromisoformat(start)
    year = first.year + han_number(years[1].replace("两", "二"))
    return (dt.date(year, first.month, min(first.day, 28)) - dt.timedelta(days=1)).isoformat()


def expired(context: Context) -> Iterator[Finding]:
    """Bases, and documents of the library that the draft names as its basis, that are no longer in force."""
    told: set[str] = set()
    bases = {comparison.base.document.id: comparison for comparison in context.comparisons}
    own = end_of(context.document, dict(context.clauses))
    for document in _rested_on(context):
        reason = _over(context, document)
        if reason is None or document.id in told:
            continue
        told.add(document.id)
        comparison = bases.get(document.id)
        if comparison and not context.dated and own and _beyond(own, comparison):
            continue        # told of the draft's own term, which names the same day
        path, quote, start = _where_cited(context, document)
        base = end_of(document, dict(comparison.clauses)) if comparison else None
        yield Finding("parent-expired", path, quote, reason, document.id, base.path if base else "正文",
                      base.quote if base else "", "以现行有效的文件为依据，或先报请上级明确延续", start)


def _rested_on(context: Context) -> list[Document]:
    found = [comparison.base.document for comparison in context.comparisons]
    for clause in context.clauses.values():
        for citation in clause.statements.citations:
            document = cited(context, citation)
            if document is not None and citation.relation == "basis" and document not in found:
                found.append(document)
    return found


def cited(context: Context, citation: Citation) -> Document | None:
    """The document of the library that the citation names."""
    for document in context.library.documents:
        if document.doc_number and document.doc_number == citation.number and document.id != context.document.id:
            return document
        if citation.title and not citation.number and same_title(citation.title, document.title):
            return document
    return None


def _over(context: Context, document: Document) -> str | None:
    """Why ``document`` is no longer in force on the day, or None."""
    day = context.on.isoformat()
    name = document.doc_number or document.title
    if repealed := _repealed_by(context, document):
        return f"{name} 已被 {repealed} 废止"
    if document.expires_on and document.expires_on < day:
        return f"{name} 有效期至 {document.expires_on}，已于 {day} 前届满"
    if document.validity == "失效" and not (document.expires_on and document.expires_on >= day):
        return f"{name} 标注为失效"
    return None


def _repealed_by(context: Context, document: Document) -> str | None:
    if not document.doc_number:
        return None
    for mention in context.library.mentions:
        if mention.repeals and mention.number == document.doc_number and mention.by != document.id:
            other = next((item for item in context.library.documents if item.id == mention.by), None)
            if other is not None and (other.effective_on or other.signed_on or "") <= context.on.isoformat():
                return other.doc_number or other.title
    return None


def _where_cited(context: Context, document: Document) -> tuple[str, str, int]:
    """Where the draft names the document, else its title."""
    for clause in context.clauses.values():
        for citation in clause.statements.citations:
            found = cited(context, citation)
            if found is not None and found.id == document.id:
                return clause.path, citation.quote, clause.provision.start + citation.start
    first = next((p for p in context.provisions if p.heading), None)
    return ("正文", "", 0) if first is None else (first.path, first.heading, first.heading_start)


def _beyond(own: End, comparison: Comparison) -> bool:
    base = end_of(comparison.base.document, dict(comparison.clauses))
    return base is not None and own.on > base.on


def beyond(context: Context) -> Iterator[Finding]:
    """A draft that holds longer than its base."""
    own = end_of(context.document, dict(context.clauses))
    for comparison in context.comparisons:
        base = end_of(comparison.base.document, dict(comparison.clauses))
        if own is None or base is None or own.on <= base.on or not _is_parent(context, comparison):
            continue
        over = _over(context, comparison.base.document)
        also = f"（{over}）" if over and not context.dated else ""
        yield Finding("validity-beyond", own.path, own.quote,
                      f"上级文件有效期至 {base.on}，本稿有效期至 {own.on}{also}", comparison.base.document.id, base.path, base.quote,
                      f"有效期不超过 {base.on}，或注明上级文件延续后的处理", own.start)


def _is_parent(context: Context, comparison: Comparison) -> bool:
    """Whether the base stands above the draft; a sister or an older version does not bind its term."""
    return context.place is None or context.lower(comparison)


def missing(context: Context) -> Iterator[Finding]:
    """A draft that says when it starts, or closes as its base does, and leaves out how long it holds."""
    if end_of(context.document, dict(context.clauses)) is not None:
        return
    for comparison in context.comparisons:
        base = end_of(comparison.base.document, dict(comparison.clauses))
        if base is None or not base.quote or not _is_parent(context, comparison):
            continue
        answer = _closing(context, comparison, base)
        if answer is not None:
            clause, span = answer
            yield Finding("validity-missing", clause.path, span.of(clause.text),
                          f"上级文件有效期至 {base.on}，本稿没有写明有效期", comparison.base.document.id,
                          base.path, base.quote, f"写明有效期，且不超过 {base.on}", clause.provision.start + span.start)
            return


def _closing(context: Context, comparison: Comparison, base: End) -> tuple[Clause, Span] | None:
    for group in comparison.groups:
        if group.base_clause.path == base.path and group.base[0].where == "text" and base.quote in group.base_span.of(
                group.base_text):
            return group.draft_clause, group.draft_span
    for clause in context.clauses.values():
        for item in clause.statements.validity:
            if item.aspect == "effective" and item.own:
                return clause, _sentence(clause, item)
    return None


def _sentence(clause: Clause, item: ValidityStatement) -> Span:
    return next((line.span for line in clause.lines if line.span.start <= item.start < line.span.end),
                Span(item.start, item.end))


def number_year(number: str | None) -> int | None:
    """The year of a document number."""
    match = re.search(r"〔(\d{4})〕", number or "")
    return int(match[1]) if match else None


def is_place(code: str) -> bool:
    """Whether the code is one of GB/T 2260 that is known."""
    return code in regions()
