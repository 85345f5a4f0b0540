"""Whether an amount that differs is reported, once, and nothing else with it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from beds.derived import Derived
from kb.differences import differences
from kb.extract import statements
from kb.models import Alignment, Difference, Span


@dataclass(frozen=True, slots=True)
class Reported:
    """How many differing amounts there were in aligned clauses; told once, told more than once, with both values
    right; and how many rows tell of something else. ``unaligned``: in clauses that were not aligned at all."""

    amounts: int = 0
    once: int = 0
    often: int = 0
    values: int = 0
    foreign: int = 0
    unaligned: int = 0

    def __add__(self, other: Reported) -> Reported:
        return Reported(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))


def reported(derived: Derived, alignments: tuple[Alignment, ...]) -> Reported:
    """Compare the aligned clauses of ``derived`` and count what is told of its differing amounts."""
    a, b = ({p.path: p for p in side} for side in (derived.a, derived.b))
    rows = {row.a_path: row for row in alignments if derived.counterparts.get(row.a_path) == row.b_path}
    changes: dict[str, list[tuple[Span, Span]]] = {}
    for change in derived.amounts:
        changes.setdefault(change.a_path, []).append((change.a_span, change.b_span))
    total = Reported()
    for path, spans in changes.items():
        if path not in rows:
            total += Reported(len(spans), unaligned=len(spans))
    for path, row in rows.items():
        one, two = a[path], b[row.b_path]
        if one.text != two.text:
            told = differences(row, one, two, statements(one, derived.base), statements(two, derived.document),
                               derived.base, derived.document)
            total += _count(told, changes.get(path, []), one.text, two.text)
    return total


def _count(told: tuple[Difference, ...], changes: list[tuple[Span, Span]], a_text: str, b_text: str) -> Reported:
    """A row tells of the amounts that are its values; of an amount that is no row's value (the second of 10%、12%、15%)
    the rows tell that quote it."""
    total, used = Reported(), set()
    for a_span, b_span in changes:
        here = [row for row in told if row.a_span.overlaps(a_span) and row.b_span.overlaps(b_span)]
        used |= {id(row) for row in here}
        exact = [row for row in here if _is(row.a_value, a_span.of(a_text)) and _is(row.b_value, b_span.of(b_text))]
        mine = exact or here
        total += Reported(1, once=len(mine) == 1, often=len(mine) > 1, values=bool(exact))
    return total + Reported(foreign=sum(id(row) not in used for row in told))


def _is(value: float | None, quote: str) -> bool:
    """Whether ``value`` is the number that ``quote`` begins with, with 千, 万 or 亿 multiplied in or not."""
    number = re.match(r"[\d.]+", quote)
    return value is not None and number is not None and any(
        abs(value - float(number[0]) * factor) < 1e-6 * max(1.0, abs(value)) for factor in (1, 1e3, 1e4, 1e8))
