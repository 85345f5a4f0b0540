"""The rules of a check: one small function each. Their order, severity and names are data (draft_rules.tsv)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from kb.draft.context import Context
from kb.draft.findings import Finding
from kb.draft.rules import (
    amounts,
    approvals,
    citations,
    duties,
    form,
    places,
    sisters,
    spelling,
    structure,
    units,
    validity,
)

RuleFunction = Callable[[Context], Iterator[Finding]]

#: What each rule of the table does.
FUNCTIONS: Mapping[str, RuleFunction] = {
    "parent-expired": validity.expired,
    "validity-beyond": validity.beyond,
    "validity-missing": validity.missing,
    "clause-dropped": structure.dropped,
    "clause-added": structure.added,
    "clause-moved": structure.moved,
    "clause-renumbered": structure.renumbered,
    "numbering": structure.numbering,
    "quantity-floor": amounts.floor,
    "quantity-cap": amounts.cap,
    "quantity-dropped": amounts.dropped,
    "amount-changed": amounts.changed,
    "deadline-changed": amounts.deadlines,
    "modal-dropped": duties.dropped,
    "modal-weakened": duties.weakened,
    "modal-softened": duties.softened,
    "exception-new": duties.exceptions,
    "citation-edition": citations.edition,
    "citation-unknown": citations.unknown,
    "citation-article": citations.articles,
    "citation-attachment": citations.attachments,
    "citation-expired": citations.outdated,
    "unit-missing": units.missing,
    "unit-level": units.level,
    "place-leftover": places.leftover,
    "place-foreign": places.foreign,
    "approval-moved": approvals.moved,
    "number-format": form.numbers,
    "date-format": form.dates,
    "figure-format": form.figures,
    "typo-term": spelling.terms,
    "typo-word": spelling.slips,
    "typo-pairs": spelling.unpaired,
    "sister-differs": sisters.lonely,
}
