"""What is left of the upper place's names and bodies, and names of places that have no business in the draft."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from kb.draft.clauses import Clause, Group
from kb.draft.comparing import Comparison
from kb.draft.context import Context, against
from kb.draft.findings import Finding
from kb.draft.localise import BELOW, ZONE
from kb.models import Span
from kb.text import normalise
from kb.vocabulary.regions import ancestors, region, regions

_NEAR: Final = 0.55         # least likeness of two sentences whose names are compared


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
        for match in re.finditer(BELOW, context.folded):
            before = context.folded[max(0, match.start() - 8):match.start()]
            if _OTHERS.search(before) or context.in_title(match.start()) or "<!--" in before:
                continue
            yield _plain(context, match.start(), match.end(), "县（市、区）是设区市对下级的统称，本级没有",
                         "改为乡镇（街道）或本级政府")
    if context.place.char == "县":       # a district's document can speak of its city as 我市, a county's cannot
        for match in re.finditer("[我本]市(?!场)", context.folded):
            if not context.in_title(match.start()):
                new = match[0][0] + context.place.char
                yield _plain(context, match.start(), match.end(), "设区市的自称没有改为本县的", f"改为“{new}”")
    for zone, comparison, clause in _zones(context):
        for match in re.finditer(re.escape(zone), context.folded):
            if not context.in_title(match.start()):
                yield _plain(context, match.start(), match.end(), f"“{zone}”是上级所辖的功能区", "删去", comparison, clause,
                             zone)


def _zones(context: Context) -> list[tuple[str, Comparison, Clause]]:
    """Zones that a base lists beside its counties, by name without 管委会."""
    found: dict[str, tuple[str, Comparison, Clause]] = {}
    pattern = re.compile(rf"{BELOW}((?:、{ZONE})+)")
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
