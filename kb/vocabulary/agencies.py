"""One name for each agency, however a document spells it.

市资规局, 市自然资源规划局 and 市规划和自然资源局钱塘分局 are all 自然资源和规划.
The canonical name says what a body does, without its place and level, so that a county's and a prefecture's bodies
compare. A merged body (经信科技局) is an agency of its own, 经信科技: it is neither of the two, and
:func:`functions` says which it unites. What the table does not know keeps its own name, cleaned of level and place.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache

from kb.vocabulary import table
from kb.vocabulary.regions import bare as bare_name
from kb.vocabulary.regions import regions

_BRACKETS = str.maketrans("〔〕[]【】<>〈〉{}", "()()()()()()")
#: Endings that say only that a thing is an agency. Longest first.
_ENDINGS = (
    "行政管理部门", "行政主管部门", "主管部门", "行政部门", "工作部门", "委员会", "办公室", "部门",
    "分局", "总局", "局", "厅", "委", "办", "部",
)
#: 生态环境局临海分局, 人行台州市中心支行: the seat of a branch stands behind the body.
_BRANCH = re.compile(r"(?<=[局行关队司])[一-鿿]{0,8}?(?:分局|中心支行|支行|分行|办事处|支局)$")
#: 市 opens 市场监管 and 市政 as well as 市财政局: a level only where no such word begins.
_LEVEL = re.compile(
    r"(?:[省市县区](?:[和、][省市县区])+(?![场政民域块])|[省市县区]级(?!机关事务|以上)|省|市(?!场|政(?!府|协|法|研|务|策)|民(?![政宗族生])|域)|县(?!域)|区(?!域|块))")
#: 县级以上地方人民政府水行政主管部门: the government in front of its department, as laws write it.
_GOVERNMENT = re.compile(
    r"(?:(?:省|市|县|设区的市)级以上|地方)?(?:地方)?(?:各级)?人民政府(?=[一-鿿]{2,}(?:部门|局|委员会|机构)$)")
_EACH = re.compile(r"^(?:各级|各|有关|相关|属地|辖区内?|所在地)+")
_COUNTIES = re.compile(r"^(?:[县市区](?:[、(/]?[县市区]\)?){1,2}\)?|县|区)(?:级)?(?:人民政府|政府|党委政府)?$")
_TOWNS = re.compile(
    r"^(?:镇街道?|乡镇|镇乡|街镇|镇|乡|街道)"
    r"(?:\((?:[镇乡]|街道|园区|[、,])+\))?"
    r"(?:[、/]?街道|园区)?(?:人民政府|政府|办事处|党工委)*$")
#: 台州湾经济技术开发区管委会 is 台州湾经济技术开发区: zone and its committee act as one.
_COMMITTEE = re.compile(r"(?<=[区园城岛湖山港])(?:党工委[、,]?)?(?:管委会|管理委员会)$")
_TOWN_OFFICE = re.compile(r"(?<=街道)办事处$|(?<=[镇乡])(?:人民政府|政府)$")


@cache
def _aliases() -> Mapping[str, str]:
    return {alias: row["canonical"] for row in table("agencies.tsv") for alias in row["aliases"].split("|")
            if "*" not in alias}


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(".*".join(map(re.escape, alias.split("*"))) + "$"), row["canonical"])
                 for row in table("agencies.tsv") for alias in row["aliases"].split("|") if "*" in alias)


@cache
def _order() -> Mapping[str, int]:
    return {row["canonical"]: place for place, row in enumerate(table("agencies.tsv"))}


@cache
def _places() -> tuple[str, ...]:
    full = {place.name for place in regions().values()}
    return tuple(sorted(full, key=lambda name: (-len(name), name)))


@cache
def _bare_places() -> tuple[str, ...]:
    short = {bare_name(code) for code in regions()}
    return tuple(sorted(short, key=lambda name: (-len(name), name)))


def _clean(unit: str) -> str:
    text = unicodedata.normalize("NFKC", unit).translate(_BRACKETS)
    return re.sub(r"[\s*_|\"'“”‘’。,，;；:：]+", "", text)


def _without_brackets(unit: str) -> str:
    while (shorter := re.sub(r"\([^()]*\)", "", unit)) != unit:
        unit = shorter
    return unit.strip("()")


def _heads(unit: str) -> Iterator[str]:
    """``unit`` and what remains of it when places and levels in front are taken off, one after the other."""
    yield unit
    for name in _places():
        if unit.startswith(name) and len(unit) > len(name):
            yield from _heads(unit[len(name):])
            return
    if government := _GOVERNMENT.match(unit):
        yield from _heads(unit[government.end():])
        return
    level = _LEVEL.match(unit)
    if level and level.end() < len(unit):
        yield from _heads(unit[level.end():])
    if unit.startswith("中共"):
        yield from _heads(unit[2:])


def _known(name: str) -> str | None:
    """The agency whose alias ``name`` is, as it stands or without an ending."""
    aliases = _aliases()
    if name in aliases:
        return aliases[name]
    for ending in _ENDINGS:
        if name.endswith(ending) and (found := _whole(name.removesuffix(ending))):
            return found
    return None


def _whole(name: str) -> str | None:
    if name in _aliases():
        return _aliases()[name]
    united = _united(name)
    if len(united) > 1:
        return "".join(sorted(united, key=_order().__getitem__))
    return None


@cache
def _united(name: str) -> tuple[str, ...]:
    """Agencies whose aliases, of two characters or more, make up all of ``name``: 经信科技, 发展改革和科技."""
    name = re.sub("^[和与、]", "", name)
    if name in _aliases() and len(name) > 1:
        return (_aliases()[name],)
    for cut in range(len(name) - 2, 1, -1):
        if name[:cut] in _aliases() and (rest := _united(name[cut:])):
            return (_aliases()[name[:cut]], *rest)
    return ()


def _lookup(unit: str) -> str | None:
    names = [unit, unit.removeprefix("国家")]
    for place in _bare_places():
        if unit.startswith(place) and len(unit) > len(place):
            names.append(unit[len(place):])
    for name in list(names):  # 市委宣传部: the party committee in front of its department
        if name.startswith("委") and len(name) > 2:
            names.append(name[1:])
    for name in names:
        if found := _known(name):
            return found
    return next((canonical for pattern, canonical in _patterns() if pattern.match(unit)), None)


@lru_cache(maxsize=65_536)
def canonical(unit: str) -> str:
    """The canonical name of ``unit`` as a document writes it: 区资规分局 is 自然资源和规划.

    Level, place, brackets, the seat of a branch and the ending do not count. Groups of governments have names of
    their own: 各县（市、区）政府 is 县级政府, 各镇（街道） is 镇街. An unknown unit keeps its name without level
    and place (区建投集团 is 建投集团); an empty one is empty.
    """
    text = _clean(unit)
    each = _EACH.sub("", text)
    if _TOWNS.match(each):
        return "镇街"
    if _COUNTIES.match(each) and (each != text or "(" in each or "、" in each):
        return "县级政府"
    each = _without_brackets(each)
    for name in (each, _BRANCH.sub("", each)):
        for head in _heads(name):
            if found := _lookup(head):
                return found
    *_, last = _heads(each)
    last = _TOWN_OFFICE.sub("", _COMMITTEE.sub("", last))
    return last or _without_brackets(text)


def functions(agency: str) -> tuple[str, ...]:
    """What a canonical ``agency`` unites: 经信科技 is (经信, 科技); any other is itself alone."""
    if agency in _order():
        return (agency,)
    united = _united(agency)
    return tuple(sorted(united, key=_order().__getitem__)) if len(united) > 1 else (agency,)


def is_known(unit: str) -> bool:
    """Whether ``unit`` is an agency of the table, a merger of such, or a group of governments."""
    name = canonical(unit)
    return name in _order() or name in ("镇街", "县级政府") or len(functions(name)) > 1
