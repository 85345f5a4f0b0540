"""Where the draft stands alone among the documents that other places made under the same base."""

from __future__ import annotations

from collections.abc import Iterator

from kb.draft.context import Context, against
from kb.draft.findings import Finding
from kb.draft.library import Change, Sister
from kb.draft.comparing import Comparison, Group
from kb.models import Span
from kb.vocabulary.regions import level_order, regions, sigla

_FEWEST = 2                 # sisters that take up a clause before one can speak of most
_SHARE = 0.5                # more than this share of them is most
_WEIGHT = 0.6               # least salience of a change that is told
_TYPES = frozenset({"number", "procedure", "modality", "condition", "authority"})


def lonely(context: Context) -> Iterator[Finding]:
    """Words of the base that most sisters changed and the draft kept."""
    if context.place is None:
        return
    for comparison in context.comparisons:
        sisters = [sister for sister in context.library.sisters(comparison.base.document.id) if _is_sister(context, sister)]
        if len(sisters) < _FEWEST:
            continue
        for group in comparison.groups:
            if group.base[0].where == "text":
                yield from _in_group(comparison, group, sisters)


def _is_sister(context: Context, sister: Sister) -> bool:
    code = sister.document.region_code
    return (context.place is not None and code in regions() and level_order(code) == context.place.rank
            and code != context.place.code)


def _in_group(comparison: Comparison, group: Group, sisters: list[Sister]) -> Iterator[Finding]:
    path = group.base_clause.path
    taken = [sister for sister in sisters if path in sister.taken]
    if len(taken) < _FEWEST:
        return
    done: list[Span] = []
    for sister in taken:
        for change in sister.changes:
            if not _counts(change, path, group) or any(change.span.overlaps(span) for span in done):
                continue
            alike = [other for other in (_same(item, change) for item in taken) if other is not None]
            if len(alike) <= _SHARE * len(taken) or not _kept(group, change.span):
                continue
            done.append(change.span)
            names = sigla([item.document.region_code for item in taken])
            told = "；".join(f"{names[item.document.region_code]}：{other.quote or '未载'}" for item in taken
                            for other in alike if other.sister == item.document.id)
            _, there = group.answer(change.span)
            yield against(comparison, group, "sister-differs", there, change.span,
                          f"{len(taken)} 份同级文件中 {len(alike)} 份改了这一处（{told}），本稿与上级相同")


def _counts(change: Change, path: str, group: Group) -> bool:
    return (change.path == path and change.type in _TYPES and change.salience >= _WEIGHT and bool(change.base_quote)
            and group.base_span.start <= change.span.start and change.span.end <= group.base_span.end)


def _same(sister: Sister, change: Change) -> Change | None:
    return next((other for other in sister.changes if other.path == change.path and other.type == change.type
                 and other.span.overlaps(change.span)), None)


def _kept(group: Group, span: Span) -> bool:
    kind, there = group.answer(span)
    return kind == "equal" and len(there) > 0
