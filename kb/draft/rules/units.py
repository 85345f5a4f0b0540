"""Who does it: responsible units that are missing, and units of another level of government."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Final

from kb.draft.clauses import Clause
from kb.draft.comparing import Comparison
from kb.draft.context import Context, longest
from kb.draft.findings import Finding
from kb.draft.localise import BELOW, Place, localised_unit, place, unit_forms
from kb.models import Responsibility, Span
from kb.text import normalise
from kb.vocabulary import table
from kb.vocabulary.agencies import canonical, functions, is_known
from kb.vocabulary.regions import regions

_GROUPS: Final = ("县级政府", "镇街")


# --- units that are missing ------------------------------------------------------------------------------------------

def missing(context: Context) -> Iterator[Finding]:
    """Clauses without responsible units where the base names some, and units of the base that a list leaves out."""
    for comparison in context.comparisons:
        bare: list[tuple[Clause, Clause]] = []
        listed = 0
        for own, other, equal in comparison.pairs:
            if not equal or not comparison.keeps(own):
                continue
            base, draft = comparison.clauses[own], context.clauses[other]
            wanted = _in_lists(base)
            if not wanted:
                continue
            if not _in_lists(draft) and not draft.statements.responsibilities:
                bare.append((base, draft))
                continue
            listed += 1
            lost = _not_named(context, comparison, wanted, draft)
            if lost:
                yield _left_out(context, comparison, base, draft, lost)
        if listed or len(bare) == 1:
            for base, draft in bare:
                yield _no_list(comparison, base, draft)
        elif bare:      # a draft that names no units at all: said once
            base, draft = bare[0]
            yield _no_list(comparison, base, draft, f"（全文 {len(bare)} 条均未列）")


def _in_lists(clause: Clause) -> list[Responsibility]:
    lists = clause.side.responsible
    return [unit for unit in clause.statements.responsibilities
            if any(span.start <= unit.start and unit.end <= span.end for span in lists)]


def _not_named(context: Context, comparison: Comparison, wanted: Sequence[Responsibility],
               draft: Clause) -> list[Responsibility]:
    """Units of the base for which the draft's clause names neither the same agency nor one that does its work."""
    named = {part for unit in draft.statements.responsibilities for part in (unit.agency, *functions(unit.agency))}
    text = normalise(draft.text)
    lost: list[Responsibility] = []
    for unit in wanted:
        if unit.agency in _GROUPS or unit.agency in named or any(part in named for part in functions(unit.agency)):
            continue
        row = unit_forms().get(unit.agency)
        lower = context.lower(comparison)
        if row and lower and (not row.get("form", "") or set(row.get("same", "").split("|")) & named):
            continue
        if not is_known(unit.unit) and not re.search(r"[局委办部]$|中心$|领导小组", normalise(unit.unit)):
            continue        # a zone or a company of the upper place
        if re.sub("办公室$", "", unit.agency) in text:
            continue
        lost.append(unit)
    return lost


def _left_out(context: Context, comparison: Comparison, base: Clause, draft: Clause,
              lost: Sequence[Responsibility]) -> Finding:
    units = _in_lists(draft) or list(draft.statements.responsibilities)
    span = longest([Span(unit.start, unit.end) for unit in units])
    own = longest([Span(unit.start, unit.end) for unit in _in_lists(base)])
    names = "、".join(unit.unit for unit in lost)
    proposed = "、".join(_named_here(context, comparison, unit.unit) for unit in lost)
    lead = "（其中有牵头单位）" if any(unit.role == "lead" for unit in lost) else ""
    return Finding("unit-missing", draft.path, span.of(draft.text), f"上级责任单位有{names}{lead}，本稿没有对应单位",
                   comparison.base.document.id, base.path, own.of(base.text), f"补列{proposed}，或说明不列的理由",
                   draft.provision.start + span.start)


def _no_list(comparison: Comparison, base: Clause, draft: Clause, also: str = "") -> Finding:
    own = longest([Span(unit.start, unit.end) for unit in _in_lists(base)])
    tail = draft.lines[-1] if draft.lines else None
    quote = tail.text if tail else draft.provision.heading
    return Finding("unit-missing", draft.path, quote, f"上级列有责任单位，本稿没有{also}", comparison.base.document.id,
                   base.path, own.of(base.text), "补列责任单位", tail.start if tail else draft.provision.heading_start)


def _named_here(context: Context, comparison: Comparison, unit: str) -> str:
    code = comparison.base.document.region_code
    if context.place is None or code not in regions():
        return unit
    return localised_unit(normalise(unit), place(code), context.place, {}) or unit


# --- units of another level ------------------------------------------------------------------------------------------

@cache
def _forms() -> tuple[tuple[re.Pattern[str], str, str], ...]:
    return tuple((re.compile(row["pattern"]), row["level"], row.get("county", "")) for row in table("level_forms.tsv"))


#: Bodies of the centre whose office in the prefecture serves its counties too: 台州海关.
_SERVING: Final = frozenset({"海关", "海事", "通信管理", "出入境检验"})
_LEVELS: Final = {"province": 0, "prefecture": 1, "county": 2}


def level(context: Context) -> Iterator[Finding]:
    """Responsible units that belong to another level of government."""
    if context.place is None:
        return
    for clause in context.clauses.values():
        for unit in clause.statements.responsibilities:
            found = wrong_level(unit.unit, context.place)
            if found is None:
                continue
            reason, instead = found
            yield Finding("unit-level", clause.path, unit.unit, reason, mend=f"改为“{instead}”" if instead else "",
                          start=clause.provision.start + unit.start)


def wrong_level(unit: str, own: Place) -> tuple[str, str] | None:
    """Why ``unit`` is no unit of the place ``own``, and what it may be called there; None where it can be one."""
    name = normalise(unit)
    for pattern, where, county in _forms():
        if own.rank == 2 and pattern.search(name) and own.bare not in name:
            instead = county.format(t=own.char, b=own.bare)
            if where == "province" or own.rank > _LEVELS[where]:
                return f"“{unit}”是{'省' if where == 'province' else '设区市'}一级的机构", instead
    if own.bare in name or re.match(BELOW, name) or not (is_known(name) or _is_office(name)):
        return None
    above = next((upper for upper in own.above if name.startswith((upper, upper[:-1]))), None)
    if above is not None and canonical(name) in _SERVING:
        return None
    if above is not None:
        return f"“{unit}”是{above}的单位", _swapped(name, above, own)
    char = name[0]
    if char == own.char or char not in "省市县区" or re.match("市场|区域|市政(?!府)|市民", name):
        return None
    if char in "省市" and _LEVELS["province" if char == "省" else "prefecture"] >= own.rank:
        return None
    return f"本稿是{own.name}的文件，“{unit}”不是本级单位", _swapped(name, char, own)


def _is_office(name: str) -> bool:
    return bool(re.search(r"(?:局|委|办|办公室|中心|政府|专班|领导小组|部门|支队|大队)$", name))


def _swapped(name: str, prefix: str, own: Place) -> str:
    agency = canonical(name)
    row = unit_forms().get(agency)
    if row and row.get("form", "") and own.rank == 2:
        return row.get("form", "").format(t=own.char, b=own.bare, p=own.prefecture, P=own.prefecture[:-1])
    return own.char + name[len(prefix):].lstrip("省市县区")
