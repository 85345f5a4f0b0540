"""Places of China (GB/T 2260): codes, names, who stands above whom, and what a document calls its own place.

The data file ``regions.tsv`` holds every province and prefecture-level unit of China and every county-level
unit of Zhejiang. A code carries its own hierarchy: 331082 lies in 331000, which lies in 330000.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Final

from kb.models import KbError, Level, Region
from kb.vocabulary import table

_ORDER: Final[Mapping[str, int]] = {"province": 0, "prefecture": 1, "county": 2}
_LEVELS: Final[Mapping[str, Level]] = {"province": "province", "prefecture": "prefecture", "county": "county"}


@cache
def regions() -> Mapping[str, Region]:
    """All places known, by code, in the order of their codes."""
    return MappingProxyType({
        row["code"]: Region(row["code"], row["name"], _LEVELS[row["level"]], row["parent_code"] or None)
        for row in table("regions.tsv")
    })


@cache
def _rows() -> Mapping[str, dict[str, str]]:
    return {row["code"]: row for row in table("regions.tsv")}


def region(code: str) -> Region:
    """The place with the six-digit ``code``. Raises KbError, naming the nearest code, for an unknown one."""
    known = regions()
    if found := known.get(code):
        return found
    near = difflib.get_close_matches(code, known, n=1, cutoff=0.5)
    mend = f"did you mean {near[0]} {known[near[0]].name}?" if near else "use a six-digit code of GB/T 2260"
    raise KbError(f"unknown region code {code!r}", mend=mend)


def ancestors(code: str) -> tuple[Region, ...]:
    """Places above ``code``, nearest first: 台州市, 浙江省 for 331082. Raises KbError for an unknown code."""
    found: list[Region] = []
    parent = region(code).parent_code
    while parent is not None:
        found.append(region(parent))
        parent = found[-1].parent_code
    return tuple(found)


def children(code: str) -> tuple[Region, ...]:
    """Places right below ``code``, in the order of their codes. Raises KbError for an unknown code."""
    region(code)
    return tuple(place for place in regions().values() if place.parent_code == code)


def level_order(code: str) -> int:
    """0 for a province, 1 for a prefecture, 2 for a county: the upper of two documents has the smaller."""
    return _ORDER[region(code).level]


def bare(code: str) -> str:
    """The name without its generic ending: 临海, 景宁. Raises KbError for an unknown code."""
    region(code)
    return _rows()[code]["bare"]


def slug(code: str) -> str:
    """Name in pinyin without tones, unique, for ids: linhai, taizhou. Raises KbError for an unknown code."""
    region(code)
    return _rows()[code]["pinyin"]


def short(code: str) -> str:
    """Abbreviation as in the government's document numbers (甬), else the first character of the name.

    Two places can share one (临海 and 临安 are both 临): see :func:`sigla`. KbError for an unknown code.
    """
    region(code)
    return _rows()[code]["short"]


def sigla(codes: Iterable[str]) -> dict[str, str]:
    """A label for each of ``codes`` that tells them apart: its :func:`short`, or its bare name where two
    share that (台 and 钱; but 临海 and 临安), or its full name where even that is shared."""
    wanted = list(dict.fromkeys(codes))
    labels = {code: short(code) for code in wanted}
    for longer in (bare, lambda code: region(code).name):
        seen = list(labels.values())
        labels = {code: longer(code) if seen.count(label) > 1 else label for code, label in labels.items()}
    return labels


@cache
def _by_name() -> Mapping[str, tuple[str, ...]]:
    index: dict[str, tuple[str, ...]] = {}
    for code, row in _rows().items():
        for name in dict.fromkeys((row["name"], row["bare"])):
            index[name] = (*index.get(name, ()), code)
    return index


def candidates(name: str) -> tuple[str, ...]:
    """Codes of the places called ``name``: full (临海市), bare (临海) or led by a place above (台州市临海市).
    Empty where there is none."""
    index = _by_name()
    if name in index:
        return index[name]
    found: list[str] = []
    for cut in range(2, len(name) - 1):
        for upper in index.get(name[:cut], ()):
            found += (code for code in candidates(name[cut:])
                      if code not in found and any(place.code == upper for place in ancestors(code)))
    return tuple(found)


def find(name: str) -> str:
    """The code of the place called ``name``: 临海 and 临海市 are 331082, 台州 is 331000.

    Raises KbError where nothing is called so (with the nearest name) or where several places are (with all
    their codes; the full name or a place above in front decides: 吉林市, 江苏泰州).
    """
    name = name.strip()
    found = candidates(name)
    if len(found) == 1:
        return found[0]
    if found:
        listed = ", ".join(f"{code} {regions()[code].name}" for code in found)
        raise KbError(f"{name!r} can be {listed}", mend="use the full name or the code")
    near = difflib.get_close_matches(name, _by_name(), n=1, cutoff=0.3)
    known = "provinces, prefectures and the counties of Zhejiang are known"
    raise KbError(f"no place is called {name!r}", mend=f"did you mean {near[0]}?" if near else known)


def own_names(code: str) -> tuple[str, ...]:
    """What a document of the place calls the place itself, the longest first: 台州市临海市, 临海市, 全市.

    The generic names follow the place's own kind: a district's document means the city above by 全市, so
    only 全区, 我区, 本区 are its own. Raises KbError for an unknown code.
    """
    place = region(code)
    above = ancestors(code)
    names = {place.name, bare(code)}
    if above:
        names.add(above[0].name + place.name)
    generic = place.name[-1] if place.name[-1] in "省市县区州盟" else ""
    if generic:
        names |= {word + generic for word in "全我本"}
    return tuple(sorted(names, key=lambda name: (-len(name), name)))
