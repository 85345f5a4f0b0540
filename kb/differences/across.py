"""Differences of one pair of documents read together: what one clause lacks may stand in another clause."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from kb.models import Alignment, Difference, Span


def across(alignments: Sequence[Alignment], found: Sequence[Sequence[Difference]]) -> list[tuple[Difference, ...]]:
    """The rows of ``found`` (for each of ``alignments`` of one pair of documents its own) without those of one side
    only that another alignment answers: the words are compared with another clause there. What several alignments of
    a clause tell as one-sided is told once, by the one that matches best.
    """
    answered: dict[tuple[bool, str], list[Span]] = defaultdict(list)
    for alignment, rows in zip(alignments, found, strict=True):
        for row in rows:
            if row.a_quote and row.b_quote:
                answered[True, alignment.a_path].append(row.a_span)
                answered[False, alignment.b_path].append(row.b_span)
    told: dict[tuple[bool, str], list[Span]] = defaultdict(list)
    kept: list[list[Difference]] = [[] for _ in alignments]
    order = sorted(range(len(alignments)), key=lambda at: (
        alignments[at].relation != "equivalent", -alignments[at].score, alignments[at].a_path, alignments[at].b_path))
    for at in order:
        mine: list[tuple[tuple[bool, str], Span]] = []
        for row in found[at]:
            if row.a_quote and row.b_quote:
                kept[at].append(row)
                continue
            first = bool(row.a_quote)
            place = first, alignments[at].a_path if first else alignments[at].b_path
            span = row.a_span if first else row.b_span
            if not _answered(span, answered[place]) and not _within(span, told[place]):
                kept[at].append(row)
                mine.append((place, span))
        for place, span in mine:
            told[place].append(span)
    return [tuple(rows) for rows in kept]


def _answered(span: Span, others: Sequence[Span]) -> bool:
    """Whether half of ``span``, or of one of ``others`` that stands in it, is compared with another clause."""
    return any(2 * (min(span.end, other.end) - max(span.start, other.start)) >= min(len(span), len(other)) > 0
               for other in others)


def _within(span: Span, others: Sequence[Span]) -> bool:
    """Whether half of ``span`` or more stands in one of ``others``."""
    return any(2 * (min(span.end, other.end) - max(span.start, other.start)) >= len(span) for other in others)
