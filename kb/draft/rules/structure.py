"""Clauses that the draft has not, has of its own, or has elsewhere; gaps in its numbering."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping, Sequence

from kb.draft.clauses import Clause
from kb.draft.comparing import Comparison
from kb.draft.context import Context
from kb.draft.findings import Finding
from kb.models import Provision
from kb.parse import label_of
from kb.text import han_number, normalise

Pairs = list[tuple[Clause, Clause]]

_MOST = 0.6         # least share of an attachment's clauses that are gone, to say that it is gone
_SKIPPED = frozenset({"preamble", "closing", "signature"})


def dropped(context: Context) -> Iterator[Finding]:
    """Clauses of a base of which the draft has nothing; a whole section is told once."""
    for comparison in context.comparisons:
        gone = {clause.path for clause in comparison.dropped if clause.provision.kind not in _SKIPPED}
        if _attachment_is_apart(context, comparison):
            gone = {path for path in gone if not path.startswith("附件")}
        yield from _parts(context, comparison, gone)
        kept = {normalise(p.heading) for p in context.provisions if p.heading}
        for provision in _topmost(comparison.base.provisions, gone, kept):
            where = _where(context, comparison, provision)
            heading = provision.heading or provision.text[:40]
            inner = [path for path in gone if path == provision.path or path.startswith(provision.path + "/")]
            count = f"（含 {len(inner)} 条）" if len(inner) > 1 else ""
            named = heading.rstrip("。")
            yield Finding("clause-dropped", where, "", f"上级 {label_of(provision.path)}“{named}”{count}在本稿中没有",
                          comparison.base.document.id, provision.path, heading, f"补写“{named}”，或说明不适用的理由",
                          _offset(context, where))


def _parts(context: Context, comparison: Comparison, gone: set[str]) -> Iterator[Finding]:
    """An attachment of the base of which the draft has none, told as one; its clauses are taken out of ``gone``."""
    own = [p for p in comparison.base.provisions if p.kind == "part" and p.path.startswith("附件")]
    have = sum(p.kind == "part" and p.path.startswith("附件") for p in context.provisions)
    for part in own[have:]:
        clauses = [p.path for p in comparison.base.provisions if p.path.startswith(part.path + "/") and p.text.strip()
                   and p.kind not in _SKIPPED]
        lost = [path for path in clauses if path in gone]
        if clauses and len(lost) >= _MOST * len(clauses):
            gone.difference_update(lost)
            reason = f"上级{part.path}“{part.heading}”的 {len(clauses)} 条中有 {len(lost)} 条在本稿中没有"
            yield Finding("clause-dropped", "正文", "", reason, comparison.base.document.id, part.path, part.heading,
                          "补拟该附件，或说明不适用的理由")


def _attachment_is_apart(context: Context, comparison: Comparison) -> bool:
    """Whether the draft lists its attachments but comes without their text: nobody can say what they leave out."""
    bodies = [p for p in context.provisions if p.kind == "part" and p.path.startswith("附件")]
    listed = any(p.kind == "signature" and p.text.lstrip().startswith("附件") for p in context.provisions)
    return listed and not bodies


def _topmost(provisions: Sequence[Provision], gone: set[str], kept: Collection[str] = ()) -> Iterator[Provision]:
    """The provisions of which all clauses below are gone, the highest ones, in their order; a section whose heading
    is ``kept`` is not gone itself."""
    by_path = {p.path: p for p in provisions}
    clauses: dict[str, list[bool]] = {}
    for provision in provisions:
        if not provision.text.strip() or provision.kind in _SKIPPED | {"part"}:
            continue
        at: Provision | None = provision
        while at is not None:
            clauses.setdefault(at.path, []).append(provision.path in gone)
            at = by_path.get(at.parent or "")
    whole = {path for path, lost in clauses.items() if all(lost) and (
        path in gone or normalise(by_path[path].heading) not in kept)}
    for provision in provisions:
        if provision.path in whole and provision.parent not in whole:
            yield provision


def _where(context: Context, comparison: Comparison, provision: Provision) -> str:
    """Where the clause would stand in the draft: under what answers the provision above it, else beside what answers
    the clause before it."""
    answers = {own: other for own, other, _ in comparison.pairs}
    above = provision.parent
    for own, other in answers.items():
        if above and comparison.clauses[own].provision.parent == above:
            return context.clauses[other].provision.parent or other
    earlier = [other for own, other in answers.items()
               if comparison.clauses[own].provision.ordinal < provision.ordinal]
    return earlier[-1] if earlier else "正文"


def _offset(context: Context, path: str) -> int:
    clause = context.clauses.get(path)
    return clause.provision.end if clause else 0


def added(context: Context) -> Iterator[Finding]:
    """Clauses of the draft that no base has; a whole section is told once."""
    if not context.comparisons:
        return
    new = set.intersection(*({clause.path for clause in comparison.added} for comparison in context.comparisons))
    bases = max(sum(p.kind == "part" for p in comparison.base.provisions) for comparison in context.comparisons)
    for part in [p for p in context.provisions if p.kind == "part"][bases:]:
        own = {p.path for p in context.provisions if p.path.startswith(part.path + "/") and p.text.strip()
               and p.kind != "signature"}
        if own and len(own & new) >= _MOST * len(own):
            new -= own
            yield Finding("clause-added", part.path, part.heading, "上级文件没有这个附件",
                          context.comparisons[0].base.document.id, start=part.heading_start)
    for provision in _topmost(context.provisions, new):
        inner = [path for path in new if path.startswith(provision.path + "/")]
        count = f"（含 {len(inner)} 条）" if inner and provision.path not in new else ""
        quote = provision.heading or provision.text[:40]
        yield Finding("clause-added", provision.path, quote, f"上级文件没有相应条款{count}",
                      context.comparisons[0].base.document.id,
                      start=provision.heading_start if provision.heading else provision.start)


def _in_order(context: Context, comparison: Comparison) -> tuple[Pairs, Pairs]:
    """Equivalent clauses one for one: those that keep their order, and those that moved."""
    seen: set[str] = set()
    pairs: list[tuple[Clause, Clause]] = []
    for own, other, equal in comparison.pairs:
        if equal and other not in seen and comparison.clauses[own].provision.kind not in _SKIPPED:
            seen.add(other)
            pairs.append((comparison.clauses[own], context.clauses[other]))
    pairs.sort(key=lambda pair: pair[0].provision.ordinal)
    kept = _increasing([draft.provision.ordinal for _, draft in pairs])
    return [pairs[index] for index in kept], [pair for index, pair in enumerate(pairs) if index not in set(kept)]


def _increasing(values: Sequence[int]) -> list[int]:
    """Indices of a longest increasing run of ``values``."""
    tails: list[int] = []
    ends: list[int] = []
    before: list[int] = []
    for index, value in enumerate(values):
        at = bisect_left(tails, value)
        before.append(ends[at - 1] if at else -1)
        if at == len(tails):
            tails.append(value)
            ends.append(index)
        else:
            tails[at], ends[at] = value, index
    found: list[int] = []
    index = ends[-1] if ends else -1
    while index >= 0:
        found.append(index)
        index = before[index]
    return found[::-1]


def moved(context: Context) -> Iterator[Finding]:
    """Clauses that stand in another order than in the base, or under another section."""
    for comparison in context.comparisons:
        kept, away = _in_order(context, comparison)
        sections = _sections(kept)
        elsewhere = [(base, draft) for base, draft in kept
                     if (up := base.provision.parent) and sections.get(up) not in (None, draft.provision.parent)]
        for base, draft in sorted([*away, *elsewhere], key=lambda pair: pair[1].provision.ordinal):
            yield _told("clause-moved", comparison, base, draft,
                        f"上级在 {label_of(base.path)}，本稿移到 {label_of(draft.path)}")


def _sections(pairs: Sequence[tuple[Clause, Clause]]) -> Mapping[str, str]:
    """The draft's provision that most clauses of a provision of the base stand under."""
    votes: dict[str, list[str]] = {}
    for base, draft in pairs:
        if base.provision.parent and draft.provision.parent:
            votes.setdefault(base.provision.parent, []).append(draft.provision.parent)
    return {own: max(sorted(set(found)), key=found.count) for own, found in votes.items()}


def renumbered(context: Context) -> Iterator[Finding]:
    """Clauses in their order under another number; a run that shifts alike is told once."""
    for comparison in context.comparisons:
        kept, _ = _in_order(context, comparison)
        sections = _sections(kept)
        run: list[tuple[Clause, Clause]] = []
        shift: int | None = None
        for base, draft in kept:
            step = _shift(base, draft) if sections.get(base.provision.parent or "") == draft.provision.parent else None
            if run and step != shift:
                yield _run(comparison, run)
                run = []
            if step:
                run.append((base, draft))
            shift = step
        if run:
            yield _run(comparison, run)


def _shift(base: Clause, draft: Clause) -> int | None:
    own, other = (_last_number(item.path) for item in (base, draft))
    return None if own is None or other is None else other - own


def _last_number(path: str) -> int | None:
    try:
        return han_number(path.rpartition("/")[2].strip("（）第条—·"))
    except ValueError:
        return None


def _run(comparison: Comparison, run: Sequence[tuple[Clause, Clause]]) -> Finding:
    (first, draft), (last, _) = run[0], run[-1]
    if len(run) == 1:
        reason = f"上级为 {label_of(first.path)}，本稿为 {label_of(draft.path)}"
    else:
        reason = (f"上级 {label_of(first.path)} 至 {label_of(last.path)} 共 {len(run)} 条，在本稿中顺移为 "
                  f"{label_of(draft.path)} 至 {label_of(run[-1][1].path)}")
    return _told("clause-renumbered", comparison, first, draft, reason)


def _told(rule: str, comparison: Comparison, base: Clause, draft: Clause, reason: str) -> Finding:
    own = draft.provision
    return Finding(rule, draft.path, own.heading or own.text[:24], reason, comparison.base.document.id, base.path,
                   base.provision.heading or base.text[:24],
                   start=own.heading_start if own.heading else own.start)


def numbering(context: Context) -> Iterator[Finding]:
    """Gaps, repeats and jumps in the draft's numbers."""
    lines = [0, *(at + 1 for at, char in enumerate(context.document.text) if char == "\n")]
    for warning in context.warnings:
        start = lines[min(warning.line, len(lines)) - 1]
        line = context.document.text[start:].split("\n", 1)[0].lstrip("# ").strip()
        end = context.document.text.find("\n", start)
        path = context.at(max(start, (len(context.document.text) if end < 0 else end) - 1))
        yield Finding("numbering", path, line[:30], warning.problem, mend="顺次编号", start=start)
