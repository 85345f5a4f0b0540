"""A draft against its parents: reads, aligns, runs the rules in the order of their table."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from kb.draft.clauses import Clause, clauses_of
from kb.draft.comparing import Comparison, compare, near_copies
from kb.draft.context import Context
from kb.draft.findings import SEVERITIES, Finding, rules
from kb.draft.parents import find_parents, missing_basis
from kb.draft.reading import Draft
from kb.draft.shelf import Base, Library, find_document
from kb.models import Document, Provision, Span
from kb.vocabulary.regions import regions


@dataclass(frozen=True)
class Report:
    """What a check found: ``against`` are the documents that the draft was compared with, ``notes`` what the reader has
    to know about it, ``comparisons`` the clauses side by side."""

    draft: Draft
    against: tuple[Document, ...]
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]
    clauses: Mapping[str, Clause]
    comparisons: tuple[Comparison, ...]

    def count(self, severity: str) -> int:
        """How many findings have that severity."""
        return sum(finding.severity == severity for finding in self.findings)


def check(draft: Draft, library: Library, against: Sequence[str] = (), today: dt.date | None = None) -> Report:
    """The report on ``draft``. ``against`` names documents of the library (id, number or place); where it names none,
    the documents above the draft are found. ``today`` is the day on which an undated draft is judged.

    Raises KbError for a document that is not in the library.
    """
    from kb.extract import statements
    from kb.parse import parse

    document = draft.document
    parsed = parse(document)
    found = {p.path: statements(p, document) for p in parsed.provisions}
    bases = tuple(dict.fromkeys(find_document(library, name).id for name in against)) if against else tuple(
        base.id for base in find_parents(library, document, parsed.provisions, found))
    clauses = clauses_of(document, parsed.provisions, found)
    comparisons = [_compared(base, clauses, parsed.provisions) for base in map(library.base, bases)]
    on, dated = _day(document, found.values(), today or dt.date.today())
    context = Context(document, parsed.provisions, parsed.warnings, clauses, tuple(comparisons), library, on, dated)
    notes = [*draft.notes, *_notes(context, bool(against), missing_basis(library, found))]
    return Report(draft, tuple(item.base.document for item in comparisons), run(context), tuple(notes),
                  clauses, tuple(comparisons))


def _compared(base: Base, clauses: Mapping[str, Clause], provisions: Sequence[Provision]) -> Comparison:
    own = clauses_of(base.document, base.provisions, base.statements)
    alignments = near_copies(own, clauses)
    if alignments is None:
        from kb.align import align  # brings numpy, which takes a while

        alignments = align(base.provisions, provisions)
    return compare(base, own, clauses, alignments)


def run(context: Context) -> tuple[Finding, ...]:
    """All findings, the worst first, then in the draft's order; one that says the same of the same words as an earlier
    rule is left out."""
    from kb.draft.rules import FUNCTIONS

    found: list[Finding] = []
    for rule in rules():
        found += FUNCTIONS[rule](context)
    order = {rule: place for place, rule in enumerate(rules())}
    kept = _without_repeats(sorted(found, key=lambda item: order[item.rule]))
    return tuple(sorted(kept, key=lambda item: (SEVERITIES.index(item.severity), item.start, order[item.rule])))


#: Rules that can say the same of the same words: the earlier of a row counts.
_FAMILIES = (
    ("parent-expired", "citation-expired"),
    ("citation-edition", "citation-unknown", "number-format"), ("place-foreign", "citation-unknown"),
    ("quantity-floor", "quantity-cap", "quantity-dropped", "amount-changed", "deadline-changed"),
    ("modal-weakened", "modal-dropped", "modal-softened"),
    ("modal-dropped", "quantity-dropped"),
    ("unit-level", "place-leftover", "place-foreign"),
    ("clause-dropped", "modal-dropped", "quantity-dropped"),
    ("validity-beyond", "deadline-changed"),
    ("validity-missing", "deadline-changed", "quantity-dropped"),
    ("typo-term", "typo-word"),
    ("quantity-floor", "modal-dropped"), ("quantity-cap", "modal-dropped"),
)


def _without_repeats(findings: Iterable[Finding]) -> list[Finding]:
    kept: list[Finding] = []
    for finding in findings:
        if not any(_same(finding, other) for other in kept):
            kept.append(finding)
    return kept


def _same(one: Finding, other: Finding) -> bool:
    if one.rule == other.rule:
        return (one.address, one.quote, one.start) == (other.address, other.quote, other.start) and (
            bool(one.quote) or (one.base_document, one.base_address, one.base_quote)
            == (other.base_document, other.base_address, other.base_quote))
    if not any(one.rule in family and other.rule in family for family in _FAMILIES):
        return False
    if not one.quote or not other.quote:
        return bool(one.base_quote) and one.base_quote == other.base_quote
    own, their = (Span(item.start, item.start + len(item.quote)) for item in (one, other))
    return own.overlaps(their)


def _day(document: Document, statements: Iterable[object], today: dt.date) -> tuple[dt.date, bool]:
    """The day on which the draft is judged: its own, else that of its entry into force, else today or, where its term
    has run out, the last day of that. The second says whether the draft names the day."""
    for value in (document.signed_on, document.written_on, document.effective_on):
        if value:
            return dt.date.fromisoformat(value), True
    if open_ := re.search(r"^\s*(\d{4})\s*年[\s×X_]*月[\s×X_]*日\s*$", document.text, re.MULTILINE):
        return min(today, dt.date(int(open_[1]), 12, 31)), False       # 2022年　月　日
    ends = [item.on for found in statements for item in found.validity  # type: ignore[attr-defined]
            if item.aspect == "expires" and item.own and item.on]
    starts = [item.on for found in statements for item in found.validity  # type: ignore[attr-defined]
              if item.aspect == "effective" and item.own and item.on]
    if starts:
        return dt.date.fromisoformat(starts[0]), True
    return min([today, *map(dt.date.fromisoformat, ends)]), False


def _notes(context: Context, chosen: bool, missing: Sequence[str]) -> list[str]:
    notes = []
    if not context.comparisons:
        notes.append("知识库中没有找到本稿的上级文件，只做了不依赖上级文件的检查；可用 --against 指定")
    if context.document.region_code not in regions():
        notes.append("看不出本稿属于哪个地方，未检查地名和单位层级；可用 --region 指定")
    if missing:
        notes.append(f"本稿所依据的 {'、'.join(missing)} 不在知识库中，未比对")
    if not context.dated:
        notes.append(f"本稿没有写明日期，按 {context.on.isoformat()} 判断上级文件是否有效")
    unread = [comparison.base.document.id for comparison in context.comparisons if not comparison.groups]
    if unread:
        notes.append(f"本稿与 {'、'.join(unread)} 没有相近的条文" + ("，请核对 --against" if chosen else ""))
    return notes
