"""Who is responsible: （责任单位：…） and its variants, task tables, and units that a sentence puts in charge.

Roles: a unit under 牵头 (牵头单位, X牵头) leads, one under 配合 is a member. Of a 责任单位 list the first leads:
this is the standing convention of official documents, and some say it themselves (列第一位的为牵头单位). It does
not hold where the same group names a lead of its own. Governments below that answer for their territory
(…为责任主体) are members.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from kb.models import Responsibility, Role
from kb.text import normalise
from kb.vocabulary import table
from kb.vocabulary.agencies import canonical, is_known

Rule = Literal["lead", "member", "first"]

_OPEN, _CLOSE = "(<", ")>"
#: What follows the last unit of a list and is none: 下同, 列第一位的为牵头单位, 按职责分工负责.
_NO_UNIT = re.compile(
    r"^(?:以?下同.*|.*(?:第一位|首位|第一)的?(?:单位)?为.*|.*不再(?:列出|单列).*|各有关(?:单位|部门)?|等|无|/|-+|"
    r"按(?:照)?职责(?:分工)?(?:负责|落实|协同|抓好)?.*|分别负责.*|共同负责|负责|配合|参与|牵头)$")
#: What can hang on a unit: 等部门, 按职责分工负责, 为责任主体, 牵头负责.
_TAIL = re.compile(
    r"(?:等(?:有关|相关|市级|区级|县级|省级)?(?:部门|单位)?)?(?:为(?:牵头|责任|配合|主要)(?:单位|主体|部门)|按(?:照)?(?:各自)?职责(?:分工)?.*|"
    r"(?:分别|共同|具体|统筹|牵头|总体)*(?:负责|牵头|配合|参与|落实|实施|协助|协同|抓落实)(?:落实|实施|推进)?)?等?$")
_LEADS = re.compile(r"牵头|(?<!责任)主办")
_HELPS = re.compile(r"配合|参与|协助|协办|协同|责任主体")
#: A unit that a sentence puts in charge ends so; 领导 and 负责人 are people.
_UNIT_END = (
    r"(?:局|委|办|办公室|中心|领导小组|专班|政府|管委会|委员会|部门|街道|镇|乡|院|公司|集团|支队|大队|小组|厅|部|"
    r"园区|开发区|指挥部|行业协会)")
_IN_TEXT = re.compile(
    rf"(?:^|(?<=[,。;:\n\s]))(?P<by>明确由|由)?(?P<units>[一-鿿A-Za-z()<>、]{{1,40}}?{_UNIT_END}(?:\([^()]{{1,20}}\))?)(?:等部门)?"
    rf"(?P<verb>(?:具体|统筹|总体|全面)?(?:负责牵头|牵头负责|负责统筹|统筹负责|牵头|负责))(?![人者制单])"
    # 人民检察院负责捕诉的部门: a relative clause, not a task
    r"(?![^,。;、]{1,20}的(?:部门|机构|人员|单位))")


@dataclass(frozen=True, slots=True)
class _Unit:
    start: int
    end: int
    rule: Rule


def _keys() -> dict[str, Rule]:
    rules: dict[str, Rule] = {}
    for row in table("responsibility_keys.tsv"):
        role = row["role"]
        rules[row["key"]] = "lead" if role == "lead" else "member" if role == "member" else "first"
    return rules


def _key_pattern() -> re.Pattern[str]:
    keys = "|".join(sorted(_keys(), key=len, reverse=True))
    return re.compile(rf"(?P<key>{keys})\s?(?:\([^()]{{0,12}}\))?\s?(?::|为:?(?=[省市县区各]))\s?")


def _group_end(plain: str, start: int) -> int:
    """Where the list that begins at ``start`` ends: at the bracket that closes its group, else at 。or the line."""
    depth = 0
    for place in range(start, len(plain)):
        char = plain[place]
        if char in _OPEN:
            depth += 1
        elif char in _CLOSE:
            if depth == 0:
                return place
            depth -= 1
        elif char == "\n":
            return place
    return len(plain)


def _cut(plain: str, start: int, end: int, marks: str) -> Iterator[tuple[int, int]]:
    """``start:end`` cut at ``marks`` that stand outside brackets (各县<市、区>政府 stays whole)."""
    depth, begin = 0, start
    for place in range(start, end):
        char = plain[place]
        depth += (char in _OPEN) - (char in _CLOSE)
        if char in marks and depth <= 0:
            yield begin, place
            begin = place + 1
    yield begin, end


_ITEM_NUMBER = re.compile(r"\s*\([一二三四五六七八九十\d]{1,3}\)(?=.)")


def _trim(plain: str, start: int, end: int) -> tuple[int, int]:
    if number := _ITEM_NUMBER.match(plain, start, end):
        start = number.end()
    while start < end and plain[start] in " \t|*_、,":
        start += 1
    while start < end and plain[end - 1] in " \t|*_、,.。":
        end -= 1
    return start, end


_JOINT = re.compile(r"以及|及(?!其)|和(?=各|[省市县区](?![场政民域块])|[^、和]{2,12}(?:局|委|办|部|中心|公司|管委会)$)")


def _joined(plain: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """A piece cut at 及 and 和 where both sides are units: 各镇〔街道〕及台州湾经济技术开发区. The 和 inside a name
    (自然资源和规划局) joins no units."""
    depth = 0
    for match in _JOINT.finditer(plain, start, end):
        depth = sum((char in _OPEN) - (char in _CLOSE) for char in plain[start:match.start()])
        left, right = plain[start:match.start()], plain[match.end():end]
        if depth == 0 and _is_unit(left) and _is_unit(right) and not is_known(left + match[0] + right):
            yield from _joined(plain, start, match.start())
            yield from _joined(plain, match.end(), end)
            return
    yield start, end


_ENDS_AS_UNIT = re.compile(rf"(?:{_UNIT_END}|[区园城企社会站所校队行馆库组处司关]|单位|平台|银行|[)])$")


def _is_unit(name: str) -> bool:
    bare = _TAIL.sub("", name)
    return len(bare) > 1 and (bool(_ENDS_AS_UNIT.search(bare)) or is_known(bare))


def _units(plain: str, start: int, end: int, rule: Rule) -> Iterator[_Unit]:
    """Units of the list ``start:end``. A segment closed by 牵头 or 配合 (市经信局牵头，市财政局配合) rules itself."""
    for left, right in _cut(plain, start, end, ",;。"):
        segment = plain[left:right].strip()
        if not segment or _NO_UNIT.match(segment):
            continue
        tail = _TAIL.search(segment)
        own: Rule = rule
        if tail and _LEADS.search(tail[0]):
            own = "lead"
        elif tail and _HELPS.search(tail[0]):
            own = "member"
        for piece in _cut(plain, left, right, "、/ \t"):
            for begin, stop in _joined(plain, *piece):
                begin, stop = _trim(plain, begin, stop)
                tail = _TAIL.search(plain, begin, stop)
                if tail and tail.start() > begin:
                    stop = tail.start()
                if stop - begin > 1 and not _NO_UNIT.match(plain[begin:stop]):
                    yield _Unit(begin, stop, own)


def _groups(plain: str) -> Iterator[tuple[int, int, list[_Unit]]]:
    """Groups that a key opens: each from its first key to the bracket that closes it."""
    keys, pattern, place = _keys(), _key_pattern(), 0
    while match := pattern.search(plain, place):
        opened = plain.rfind("(", place, match.start() + 1)
        bracketed = opened >= 0 and not re.search(r"[)。\n]", plain[opened:match.start()])
        end = _group_end(plain, match.end())
        if not bracketed and (stop := re.compile(r"[。\n]").search(plain, match.end(), end)):
            end = stop.start()
        hits = list(pattern.finditer(plain, match.start(), end))
        units: list[_Unit] = []
        for number, hit in enumerate(hits):
            stop_at = hits[number + 1].start() if number + 1 < len(hits) else end
            units += _units(plain, hit.end(), stop_at, keys[hit["key"]])
        yield match.start(), end, units
        place = max(end, match.end())


#: （市经信局牵头，市财政局、市税务局配合）, （国家发展改革委牵头，财政部等按职责分工负责）: no key in front.
_KEYLESS = re.compile(r"\((?P<body>[^。;\n:]{2,200}?(?:牵头|配合|负责|落实))\)")


def _keyless(plain: str, taken: list[tuple[int, int]]) -> Iterator[tuple[int, int, list[_Unit]]]:
    for match in _KEYLESS.finditer(plain):
        start, end = match.span("body")
        if any(left < end and start < right for left, right in taken):
            continue
        units = list(_units(plain, start, end, "first"))
        if units and all(_is_unit(plain[unit.start:unit.end]) for unit in units):
            yield start, end, units


def _column_rule(header: str) -> Rule | None:
    """The rule of a table column: 牵头单位, 配合单位, 责任单位 (first leads); None where it names no units."""
    return _keys().get(re.sub(r"[\s*|]|\([^()]*\)", "", header))


def _tables(plain: str) -> Iterator[tuple[int, int, list[_Unit]]]:
    """Rows of pipe tables with a column of responsible units; one group a row."""
    rules: list[Rule | None] = []
    offset = 0
    for line in plain.splitlines(keepends=True):
        start, offset = offset, offset + len(line)
        if not line.lstrip().startswith("|"):
            rules = []
            continue
        cells = [(start + match.start(), start + match.end())
                 for match in re.finditer(r"(?<=\|)[^|\n]*(?=\|)", line)]
        if not rules:
            rules = [_column_rule(plain[left:right]) for left, right in cells]
            continue
        units: list[_Unit] = []
        for rule, (left, right) in zip(rules, cells, strict=False):
            if rule is None or re.fullmatch(r"[\s:-]*", plain[left:right]):
                continue
            for begin, stop in _lines(plain, left, right):
                units += _units(plain, begin, stop, rule)
        if units:
            yield start, offset, units


def _lines(plain: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """A cell cut at its line breaks."""
    begin = start
    for match in re.compile(r"<br\s*/?>").finditer(plain, start, end):
        yield begin, match.start()
        begin = match.end()
    yield begin, end


def _sentences(plain: str, taken: list[tuple[int, int]]) -> Iterator[_Unit]:
    """Units that running text puts in charge: 由X负责, X牵头, X负责牵头. One that leads or coordinates is a lead,
    one that is charged with a part is a member."""
    for match in _IN_TEXT.finditer(plain):
        start, end = match.span("units")
        if any(left < end and start < right for left, right in taken):
            continue
        rule: Rule = "lead" if re.search("牵头|统筹|总体", match["verb"]) or _leads_on(plain, match.end()) else "member"
        found = list(_units(plain, start, end, rule))
        if all(_certain(plain[unit.start:unit.end], bool(match["by"])) for unit in found):
            yield from found


def _leads_on(plain: str, place: int) -> bool:
    return bool(re.match("(?:牵头|统筹)", plain[place:]))


def _certain(name: str, by: bool) -> bool:
    """Whether a phrase in running text is a unit: known, or led by its level, or named by 由."""
    if re.search(r"[的与对把将在可要须]|应(?!急)", name):
        return False
    levelled = re.match(r"[省市县区各]", name) and _ENDS_AS_UNIT.search(name)
    return is_known(name) or bool(levelled) or (by and len(name) < 12)


def _roles(units: list[_Unit]) -> list[Role]:
    explicit = any(unit.rule == "lead" for unit in units)
    first = next((place for place, unit in enumerate(units) if unit.rule == "first"), -1)
    return ["lead" if unit.rule == "lead" or (place == first and not explicit) else "member"
            for place, unit in enumerate(units)]


def find(text: str) -> tuple[Responsibility, ...]:
    """Responsible units of a clause's ``text``, in order; ``unit`` is ``text[start:end]``, brackets that belong to
    the name included (各镇〔街道〕, 区经信科技局(产业发展科)), ``agency`` its canonical name."""
    plain = normalise(text)
    groups = [*_tables(plain), *_groups(plain)]
    taken = [(start, end) for start, end, _ in groups]
    groups += _keyless(plain, taken)
    taken = [(start, end) for start, end, _ in groups]
    found = [(unit, role) for _, _, units in groups for unit, role in zip(units, _roles(units), strict=True)]
    found += ((unit, "lead" if unit.rule == "lead" else "member") for unit in _sentences(plain, taken))
    found.sort(key=lambda pair: (pair[0].start, pair[0].end))
    return tuple(Responsibility(text[unit.start:unit.end], canonical(text[unit.start:unit.end]), role,
                                unit.start, unit.end) for unit, role in found)
