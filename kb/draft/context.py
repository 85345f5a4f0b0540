"""Everything that the rules of a check look at: the draft, the bases beside it, the library, the day."""

from __future__ import annotations

import datetime as dt
import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from kb.draft.clauses import Clause, Group
from kb.draft.comparing import Comparison
from kb.draft.findings import Finding
from kb.draft.localise import Place, Replacement, localise, place
from kb.draft.shelf import Library
from kb.models import Document, NumberingWarning, Provision, Span
from kb.text import normalise
from kb.vocabulary.regions import regions

_TITLE: Final = re.compile(r"《[^《》\n]*(?:《[^《》\n]*》[^《》\n]*)*》")


@dataclass(frozen=True)
class Context:
    """What a rule gets. ``on`` is the day on which the draft is judged; ``dated`` says whether the draft names it."""

    document: Document
    provisions: tuple[Provision, ...]
    warnings: tuple[NumberingWarning, ...]
    clauses: Mapping[str, Clause]
    comparisons: tuple[Comparison, ...]
    library: Library
    on: dt.date
    dated: bool
    memo: dict[object, Any] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def place(self) -> Place | None:
        """The draft's place, None where nobody knows it."""
        code = self.document.region_code
        return place(code) if code in regions() else None

    @cached_property
    def folded(self) -> str:
        """The draft's text with marks folded, the same length."""
        return normalise(self.document.text)

    @cached_property
    def _openings(self) -> list[int]:
        return [p.heading_start if p.heading else p.start for p in self._by_place]

    @cached_property
    def _by_place(self) -> list[Provision]:
        return sorted((p for p in self.provisions if p.heading or p.text),
                      key=lambda p: p.heading_start if p.heading else p.start)

    def at(self, offset: int) -> str:
        """The address of the provision in which the character at ``offset`` of the draft's text stands."""
        index = bisect_right(self._openings, offset) - 1
        return self._by_place[max(index, 0)].path if self._by_place else ""

    def quoted(self, start: int, end: int, reach: int = 10) -> str:
        """The words at ``start:end`` of the draft's text with a few around them on their line, for a quote that a
        person can find again."""
        text = self.document.text
        begin = max(text.rfind("\n", 0, start) + 1, start - reach)
        stop = text.find("\n", end)
        return text[begin:min(len(text) if stop < 0 else stop, end + reach)].strip()

    @cached_property
    def titles(self) -> list[Span]:
        """Where a 《title》 stands in the draft's text."""
        return [Span(*match.span()) for match in _TITLE.finditer(self.folded)]

    def in_title(self, start: int) -> bool:
        """Whether the character at ``start`` of the draft's text belongs to a 《title》."""
        return any(span.start <= start < span.end for span in self.titles)

    @cached_property
    def replacements(self) -> Mapping[tuple[str, str, str], tuple[Replacement, ...]]:
        """What has to change in each clause of each base when the draft's place says it: by the base's id, the address,
        and text or heading."""
        found: dict[tuple[str, str, str], tuple[Replacement, ...]] = {}
        if self.place is None:
            return found
        for comparison in self.comparisons:
            code = comparison.base.document.region_code
            if code not in regions():
                continue
            for clause in comparison.clauses.values():
                own = comparison.base.document.id, clause.path
                for where, text, tokens in (("text", clause.text, clause.side.tokens),
                                            ("heading", clause.provision.heading, clause.heading.tokens)):
                    if text:
                        found[*own, where] = localise(text, place(code), self.place, found=tokens)
        return found

    def lower(self, comparison: Comparison) -> bool:
        """Whether the draft's place lies below that of the base."""
        code = comparison.base.document.region_code
        return self.place is not None and code in regions() and self.place.rank > place(code).rank


def against(comparison: Comparison, group: Group, rule: str, span: Span, base_span: Span, reason: str,
            mend: str = "") -> Finding:
    """A finding on the draft's words at ``span`` of a group, against the base's at ``base_span``."""
    return Finding(rule, group.draft_clause.path, span.of(group.draft_text), reason, comparison.base.document.id,
                   group.base_clause.path, base_span.of(group.base_text), mend, group.offset + span.start)


def phrase(text: str, span: Span) -> Span:
    """``span`` grown to the marks that end the phrase around it."""
    folded = normalise(text)
    start = max(folded.rfind(mark, 0, span.start) for mark in ",。;:!?\n") + 1
    ends = [at for mark in ",。;:!?\n" if (at := folded.find(mark, max(span.end, span.start))) >= 0]
    end = min(ends, default=len(text))
    while start < end and text[start].isspace():
        start += 1
    return Span(start, max(end, start))


def longest(items: Sequence[Span]) -> Span:
    """The span that covers all ``items``."""
    return Span(min(item.start for item in items), max(item.end for item in items))
