"""Who does it and who decides: responsible units, units of another level, what is left of the upper place's names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from rapidfuzz import fuzz

from kb.draft.context import Context, against, longest, phrase
from kb.draft.findings import Finding
from kb.draft.localise import _BELOW, _ZONE, Place, localised_unit, place, unit_forms
from kb.draft.comparing import Clause, Comparison, Group
from kb.models import Responsibility, Span
from kb.text import normalise
from kb.vocabulary import table
from kb.vocabulary.agencies import canonical, functions, is_known
from kb.vocabulary.regions import ancestors, region, regions

_NEAR: Final = 0.55
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
    if own.bare in name or re.match(_BELOW, name) or not (is_known(name) or _is_office(name)):
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


# --- what is left of the upper place ---------------------------------------------------------------------------------

_OTHERS: Final = re.compile(r"(?:全省|全市|省内|市内|其他|其它|周边|兄弟|先进|相邻|毗邻|外地|全国|与|同|跨)(?:的|各|地区)?[^,。;]{0,2}$")


def leftover(context: Context) -> Iterator[Finding]:
    """Names, bodies and self-references of the base's place that the draft has kept."""
    if context.place is None:
        return
    seen: list[Span] = []
    for found in (*_of_level(context), *_of_base(context), *_in_titles(context)):
        span = Span(found.start, found.start + max(1, len(found.quote)))
        if not any(span.overlaps(other) for other in seen):
            seen.append(span)
            yield found


def _of_level(context: Context) -> Iterator[Finding]:
    """各县（市、区） in a county's text, and zones that the base ranks with its counties, wherever they stand."""
    assert context.place is not None
    if context.place.rank == 2:
        for match in re.finditer(_BELOW, context.folded):
            before = context.folded[max(0, match.start() - 8):match.start()]
            if _OTHERS.search(before) or context.in_title(match.start()) or "<!--" in before:
                continue
            yield _plain(context, match.start(), match.end(), "县（市、区）是设区市对下级的统称，本级没有",
                         "改为乡镇（街道）或本级政府")
    for zone, comparison, clause in _zones(context):
        for match in re.finditer(re.escape(zone), context.folded):
            if not context.in_title(match.start()):
                yield _plain(context, match.start(), match.end(), f"“{zone}”是上级所辖的功能区", "删去", comparison, clause,
                             zone)


def _zones(context: Context) -> list[tuple[str, Comparison, Clause]]:
    """Zones that a base lists beside its counties, by name without 管委会."""
    found: dict[str, tuple[str, Comparison, Clause]] = {}
    pattern = re.compile(rf"{_BELOW}((?:、{_ZONE})+)")
    for comparison in context.comparisons:
        if not context.lower(comparison):
            continue
        for clause in comparison.clauses.values():
            for match in pattern.finditer(normalise(clause.text)):
                for zone in match[1].strip("、").split("、"):
                    name = re.sub("(?:管委会|管理委员会)$", "", zone)
                    if name and context.place is not None and context.place.bare not in name:
                        found.setdefault(name, (name, comparison, clause))
    return list(found.values())


def _plain(context: Context, start: int, end: int, reason: str, mend: str, comparison: Comparison | None = None,
           clause: Clause | None = None, base_quote: str = "") -> Finding:
    return Finding("place-leftover", context.at(start), context.document.text[start:end], reason,
                   comparison.base.document.id if comparison else "", clause.path if clause else "", base_quote, mend,
                   start)


def _of_base(context: Context) -> Iterator[Finding]:
    """What localising the base's sentence would have replaced, kept in the draft's answer to it."""
    for comparison in context.comparisons:
        for group in comparison.groups:
            if group.score < _NEAR:
                continue
            where = group.base[0].where
            items = context.replacements.get((comparison.base.document.id, group.base_clause.path, where), ())
            for item in items:
                if item.tells and any(line.span.start <= item.start < line.span.end for line in group.base):
                    yield from _kept(context, comparison, group, item.old, item.new, item.span, item.sure)


def _kept(context: Context, comparison: Comparison, group: Group, old: str, new: str, span: Span,
          sure: bool) -> Iterator[Finding]:
    folded = normalise(group.draft_text)
    _, place_there = group.answer(span)
    spots = [match.start() for line in group.draft for match in re.finditer(
        re.escape(old), folded[line.span.start:line.span.end]) for match in [match]]
    starts = [line.span.start + match.start() for line in group.draft
              for match in re.finditer(re.escape(old), folded[line.span.start:line.span.end])]
    starts = [at for at in starts if not context.in_title(group.offset + at)]
    if not spots or not starts:
        return
    at = min(starts, key=lambda start: abs(start - place_there.start))
    if abs(at - place_there.start) > max(30, len(old)):
        return
    if not sure and _adopted(context, comparison, old):
        return
    if context.place is not None and folded[at + len(old):].startswith((context.place.bare, context.place.name)):
        return              # 台州市仙居县
    reason = "上级的地名、机构或自称没有改为本地的" if new else "上级所辖的区域或平台，在本地未必适用"
    yield against(comparison, group, "place-leftover", Span(at, at + len(old)), span, reason,
                  f"改为“{new}”" if new else "")


def _adopted(context: Context, comparison: Comparison, old: str) -> bool:
    """Whether the draft speaks of the zone in places of its own too: it lies there, then."""
    own = normalise(comparison.base.document.text)
    return context.folded.count(old) > own.count(old)


def _in_titles(context: Context) -> Iterator[Finding]:
    """The upper place's name at the head of a title, in the list of attachments or as the one who signs."""
    assert context.place is not None
    names = {region(comparison.base.document.region_code).name: comparison for comparison in context.comparisons
             if comparison.base.document.region_code in regions()
             and comparison.base.document.region_code != context.place.code}
    for provision in context.provisions:
        for text, start in ((provision.heading, provision.heading_start), (provision.text, provision.start)):
            if provision.kind == "signature" and text == provision.text or provision.kind == "part" and (
                    text == provision.heading) or provision.kind == "heading" and text == provision.heading:
                for name, comparison in names.items():
                    pattern = rf"(?:^|(?<=[:、。\s\d.]))(?:中共)?{re.escape(name)}(?!{re.escape(context.place.bare)})"
                    for match in re.finditer(pattern, normalise(text)):
                        yield _plain(context, start + match.end() - len(name), start + match.end(),
                                     f"仍是上级地名“{name}”", f"改为“{context.place.name}”", comparison)


def foreign(context: Context) -> Iterator[Finding]:
    """Counties, districts and prefectures of the province that are neither the draft's own nor above it."""
    if context.place is None:
        return
    code = context.place.code
    allowed = {code, *(upper.code for upper in ancestors(code))}
    names = {item.name: item.code for item in regions().values()
             if item.code not in allowed and item.code[:2] == code[:2] and len(item.name) > 2}
    pattern = re.compile("|".join(sorted(map(re.escape, names), key=len, reverse=True)))
    base_codes = {comparison.base.document.region_code for comparison in context.comparisons}
    for match in pattern.finditer(context.folded):
        near = context.folded[max(0, match.start() - 14):match.end() + 14]
        if _WITH_OTHERS.search(near) or _below_other(context, match, names) or _part_of_word(context, match):
            continue
        if context.in_title(match.start()) and names[match[0]] not in base_codes and not _heads_title(context, match):
            continue
        if _also_in_base(context, match[0]):
            continue
        yield Finding("place-foreign", context.at(match.start()), match[0], f"“{match[0]}”不是本地，也不是本地的上级",
                      mend=f"核对是否应为“{context.place.name}”", start=match.start())


_WITH_OTHERS: Final = re.compile("飞地|协作|结对|对口|合作|联动|协同|学习|借鉴|接轨|对接|毗邻|相邻|一体化|先行经验|帮扶|交界|至|与|赴")


def _below_other(context: Context, match: re.Match[str], names: dict[str, str]) -> bool:
    """Whether the name only begins a longer one of the draft's own place: 杭州市 in 杭州市钱塘区."""
    assert context.place is not None
    return context.folded[match.end():].startswith(context.place.bare)


def _part_of_word(context: Context, match: re.Match[str]) -> bool:
    """滨江区域, 江北区块: no district."""
    return bool(re.match("[域块位间]", context.folded[match.end():match.end() + 1]))


def _heads_title(context: Context, match: re.Match[str]) -> bool:
    return context.folded[match.start() - 1:match.start()] == "《"


def _also_in_base(context: Context, name: str) -> bool:
    """Whether a base that is not of that place names it too: a project that the upper document lists."""
    return any(name in normalise(comparison.base.document.text) and not (
        comparison.base.document.region_code in regions()
        and region(comparison.base.document.region_code).name == name) for comparison in context.comparisons)


# --- who decides -----------------------------------------------------------------------------------------------------

_DECIDES: Final = (r"研究同意|研究认定|审核同意|审查同意|批准同意|审核批准|集体研究|同意|批准|审批|审定|核准|认定|审核|审议|授权")
_APPROVAL: Final = re.compile(
    rf"(?<![未不])(?:报经|须经|需经|应经|并经|经|报请|报|并由|由)(?P<who>[^,。;:\n]{{2,40}}?)"
    rf"(?:集体|共同|联合|充分|专题)?(?P<verb>{_DECIDES})")
_GOVERNMENT: Final = re.compile(r"(?:人民)?政府$|县\s*[(<]市、区[)>]$|^[省市县区]$")
_OFFICE: Final = re.compile(r"(?:局|委|办|部门|厅|中心|办公室|单位|机构|分局)$")
_TOWN: Final = re.compile(r"(?:镇|乡|街道|办事处|[镇乡](?:人民)?政府|\(街道\)|\(街道\)办事处)$")
_ZONE_BODY: Final = re.compile(r"(?:管委会|新区|开发区|高新区|园区|平台)$")


@dataclass(frozen=True, slots=True)
class Approval:
    """Whose approval a text asks for: governments by rank (0 province … 3 town), agencies by name."""

    span: Span
    ranks: frozenset[int]
    agencies: frozenset[str]
    generic: bool


def approvals(text: str, own: Place) -> tuple[Approval, ...]:
    """Approvals that ``text`` of the place ``own`` asks for."""
    found: list[Approval] = []
    folded = normalise(text)
    for match in _APPROVAL.finditer(folded):
        ranks: set[int] = set()
        agencies: set[str] = set()
        generic = False
        for body in re.split(r"、|和|及|或(?:者)?|与", _guarded(match["who"])):
            body = re.sub(r"^(?:其|各|所在地?|属地|当地|相关|有关)|等$|(?:充分|集体|研究|组织|会同).*$", "", body.replace("\x00", "、"))
            body = body if re.search(r"市、区\)$", body) else re.sub(r"\([^()]*\)$", "", body)
            if _TOWN.search(body):
                ranks.add(3)
            elif _GOVERNMENT.search(body):
                ranks.add(_rank(body, own))
            elif _ZONE_BODY.search(body):
                continue
            elif _OFFICE.search(body):
                if re.search("主管|相关|有关|职能|授权|行政部门|^部门$", body):
                    generic = True
                else:
                    agencies.add(canonical(body))
        if ranks or agencies or generic:
            found.append(Approval(Span(match.start(), match.end()), frozenset(ranks), frozenset(agencies), generic))
    return tuple(found)


def _guarded(who: str) -> str:
    """Marks inside brackets and inside names kept from the cut: 县(市、区), 自然资源和规划局."""
    who = re.sub(r"\([^()]*\)|<[^<>]*>", lambda match: match[0].replace("、", "\x00"), who)
    return re.sub(r"[一-鿿]{2,4}[和与][一-鿿]{2,6}(?=局|委|厅|办)",
                  lambda match: match[0] if not is_known(match[0] + "局") else match[0].replace("和", "\x01").replace(
                      "与", "\x01"), who).replace("\x01", "")


def _rank(body: str, own: Place) -> int:
    if re.search(r"县\s*[(<]市、区", body):
        return 2
    for upper in own.above:
        if body.startswith((upper, upper[:-1])) and own.bare not in body:
            return {"省": 0, "市": 1}.get(upper[-1], 1)
    if own.bare in body or body in ("政府", "人民政府", "本级政府", "同级政府", "本级人民政府"):
        return own.rank
    char = body[0]
    if char == own.char:
        return own.rank
    return {"省": 0, "市": 1, "县": 2, "区": 2}.get(char, own.rank)


def approval(context: Context) -> Iterator[Finding]:
    """Decisions that another body takes than in the base, or nobody any more."""
    if context.place is None:
        return
    for comparison in context.comparisons:
        code = comparison.base.document.region_code
        if code not in regions():
            continue
        for group in comparison.groups:
            if group.score >= _NEAR and group.base[0].where == "text":
                yield from _moved(context, comparison, group, place(code))


def _moved(context: Context, comparison: Comparison, group: Group, upper: Place) -> Iterator[Finding]:
    assert context.place is not None
    own = [item for item in approvals(group.base_text, upper) if _inside(item.span, group.base_span)]
    new = [item for item in approvals(group.draft_text, context.place) if _inside(item.span, group.draft_span)]
    for item in own:
        _, there = group.answer(item.span)
        answer = min(new, key=lambda other: abs(other.span.start - there.start), default=None)
        if answer is None:
            if group.score >= 0.7 and not re.search(r"同意|批准|审定|认定|审核|核准|审批", _around(group, there)):
                quote = phrase(group.draft_text, there)
                yield against(comparison, group, "approval-moved", quote, item.span,
                              f"上级要求“{item.span.of(group.base_text)}”，本稿没有这一程序", "恢复该程序")
            continue
        if reason := _other_body(item, answer):
            yield against(comparison, group, "approval-moved", answer.span, item.span, reason)


def _around(group: Group, span: Span) -> str:
    return normalise(phrase(group.draft_text, span).of(group.draft_text))


def _inside(span: Span, outer: Span) -> bool:
    return outer.start <= span.start and span.end <= outer.end


_ONE_BODY: Final = 60.0       # least likeness, of 100, of two spellings of one office
_RANK_NAMES: Final = {0: "省级政府", 1: "设区市政府", 2: "县级政府", 3: "乡镇（街道）"}


def _other_body(own: Approval, new: Approval) -> str | None:
    if own.ranks:
        if own.ranks & new.ranks:
            return None
        if new.ranks or new.agencies or new.generic:
            there = "、".join([*(_RANK_NAMES[rank] for rank in sorted(new.ranks)), *sorted(new.agencies)]) or "部门"
            return f"决定主体由{'、'.join(_RANK_NAMES[rank] for rank in sorted(own.ranks))}变为{there}"
        return None
    if own.agencies and not own.generic:
        if new.agencies & own.agencies or new.generic and not new.ranks or any(
                fuzz.ratio(one, other) >= _ONE_BODY for one in own.agencies for other in new.agencies):
            return None
        there = "、".join([*(_RANK_NAMES[rank] for rank in sorted(new.ranks)), *sorted(new.agencies)])
        return f"决定主体由{'、'.join(sorted(own.agencies))}部门变为{there}" if there else None
    if own.generic and new.ranks and not new.agencies and not new.generic:
        return f"决定主体由主管部门变为{'、'.join(_RANK_NAMES[rank] for rank in sorted(new.ranks))}"
    return None
