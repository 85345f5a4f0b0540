"""Who decides: whose approval the base asks for, and whose the draft."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from rapidfuzz import fuzz

from kb.draft.clauses import Group
from kb.draft.comparing import Comparison
from kb.draft.context import Context, against, phrase
from kb.draft.findings import Finding
from kb.draft.localise import Place, place
from kb.models import Span
from kb.text import normalise
from kb.vocabulary.agencies import canonical, is_known
from kb.vocabulary.regions import regions

_NEAR: Final = 0.55         # least likeness of two sentences whose procedures are compared


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


def moved(context: Context) -> Iterator[Finding]:
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
