"""Where the draft stands alone among the documents that other places made under the same base."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kb.differences.wording import heads
from kb.draft.clauses import Group
from kb.draft.comparing import Comparison
from kb.draft.context import Context, against
from kb.draft.findings import Finding
from kb.draft.shelf import Change, Sister
from kb.models import Span
from kb.text import normalise
from kb.vocabulary.regions import level_order, regions, sigla

_FEWEST = 2                 # sisters that take up a clause before one can speak of most
_SHARE = 0.5                # more than this share of them is most
_NEAR = 0.7                 # least likeness of two sentences whose words are compared
_WEIGHT = 0.6               # least salience of a change that is told
_TYPES = frozenset({"number", "procedure", "modality", "condition", "authority"})


def lonely(context: Context) -> Iterator[Finding]:
    """Words of the base that most sisters changed and the draft kept."""
    if context.place is None:
        return
    for comparison in context.comparisons:
        sisters = [sister for sister in context.library.sisters(comparison.base.document.id)
                   if _is_sister(context, sister)]
        if len(sisters) < _FEWEST:
            continue
        for group in comparison.groups:
            if group.base[0].where == "text":
                yield from _in_group(comparison, group, sisters)
                yield from _alone(comparison, group, sisters)


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
    for change in (change for sister in taken for change in sister.changes):
        if not _counts(change, path, group) or any(change.span.overlaps(span) for span in done):
            continue
        alike = [sister for sister in taken if any(_same(other, change) for other in sister.changes)]
        if len(alike) < _FEWEST or len(alike) <= _SHARE * len(taken) or not _kept(group, change.span):
            continue
        done.append(change.span)
        names = "、".join(sigla([sister.document.region_code for sister in alike]).values())
        _, there = group.answer(change.span)
        yield against(comparison, group, "sister-differs", there, change.span,
                      f"写有此条的 {len(taken)} 份同级文件中 {len(alike)} 份（{names}）作“{change.quote}”，本稿与上级相同")


def _alone(comparison: Comparison, group: Group, sisters: list[Sister]) -> Iterator[Finding]:
    """Steps of a procedure and quoted terms that the draft changed and the sisters kept as the base has them."""
    path = group.base_clause.path
    taken = [sister for sister in sisters if path in sister.taken]
    if len(taken) < _FEWEST or group.score < _NEAR:
        return
    for tag, i, j, k, m in group.changes:
        own, new = group.a[i:j], group.b[k:m]
        if tag != "replace" or not any(token.kind == "quoted" or token.key in heads() for token in own):
            continue
        span = Span(own[0].start, own[-1].end)
        if any(change.path == path and change.span.overlaps(span) for sister in taken for change in sister.changes):
            continue
        yield against(comparison, group, "sister-differs", Span(new[0].start, new[-1].end), span,
                      f"写有此条的 {len(taken)} 份同级文件都与上级相同")


def _counts(change: Change, path: str, group: Group) -> bool:
    return (change.path == path and change.type in _TYPES and change.salience >= _WEIGHT and bool(change.base_quote)
            and bool(change.quote) and group.base_span.start <= change.span.start
            and change.span.end <= group.base_span.end)


def _same(one: Change, other: Change) -> bool:
    """Whether two sisters made the same of the same words: the same figure, else the same words."""
    return (one.path, one.type) == (other.path, other.type) and one.span.overlaps(other.span) and (
        _reading(one) == _reading(other))


def _reading(change: Change) -> str:
    figures = re.findall(r"\d[\d.]*[^\d，。；、]{0,2}", normalise(change.quote))
    return "".join(figures) if change.type == "number" and figures else re.sub(r"\W", "", normalise(change.quote))


def _kept(group: Group, span: Span) -> bool:
    kind, there = group.answer(span)
    figures = [re.findall(r"\d[\d.]*", normalise(part.of(text)))
               for part, text in ((span, group.base_text), (there, group.draft_text))]
    return kind == "equal" and len(there) > 0 and figures[0] == figures[1]
