"""Amounts of several documents under one indicator: 规上工业亩均税收 28 / 20.3 / 40 万元 is one row of a matrix.

Amounts of one kind and unit whose names say the same are one indicator. Names are compared by the tokens of
:mod:`kb.tokens`, so that 研发费用占比 and R&D经费比重 are alike; what is counted and how must agree: a stock is not its
growth, a yearly number not a total, a national rank not a provincial one.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

from rapidfuzz.distance import Indel

from kb.text import normalise
from kb.tokens import tokens

_STRICT = 0.8       # the same for the threshold of a rule, which is named with little of what it is about
_ALIGNED = 0.66     # least likeness of two names in clauses that regulate one matter
#: What tells two amounts of one noun apart: each pattern must be in both names or in neither.
_FLOW = tuple(map(re.compile, ("每年|年均|当年", "新增|新培育", "动态|保有", "累计")))
_RANK = re.compile("国家级?|省级?|市级|世界级|区政府")
_BRACKET = re.compile(r"\([^()]*\)")
#: Verbs in front of what is counted; they say nothing of what it is.
_VERBS = re.compile(
    r"^(?:力争|确保|争取|每年|全市|全区|新增|新|动态|分行业|培育|打造|建成|建设|创建|招引|落地|实施|实现|推广|推动|完成|提取|列入|"
    r"为主或|参与|谋划或|谋划|入选|组织|新?立项|按|省级)+")


@dataclass(frozen=True, slots=True)
class Entry:
    """One amount: its id, where it stands, the indicator as its document names it, its kind and base unit."""

    id: int
    document: str
    clause: int
    indicator: str
    kind: str
    unit: str


def grouped(entries: Sequence[Entry], aligned: Collection[tuple[int, int]]) -> list[list[Entry]]:
    """``entries`` in groups of one indicator, each group and the groups in the order of the entries. ``aligned``: pairs
    of clauses of two documents that regulate one matter. A document has one place in a group: two names that one
    document tells apart are never united."""
    groups: dict[tuple[str, str, str], list[Entry]] = {}
    for entry in entries:
        groups.setdefault((entry.kind, entry.unit, plain(entry.indicator)), []).append(entry)
    found = list(groups.values())
    bonds = set(aligned) | {(b, a) for a, b in aligned}
    scored = sorted(_scored(found, bonds), key=lambda item: (-item[0], item[1], item[2]))
    home = list(range(len(found)))
    for _, i, j in scored:
        one, other = home[i], home[j]
        if one == other or {entry.document for entry in found[one]} & {entry.document for entry in found[other]}:
            continue
        first, second = sorted((one, other))
        found[first] = found[first] + found[second]
        found[second] = []
        home = [first if place == second else place for place in home]
    order = {entry.id: place for place, entry in enumerate(entries)}
    united = [sorted(group, key=lambda entry: order[entry.id]) for group in found if group]
    return sorted(united, key=lambda group: order[group[0].id])


def label(group: Iterable[Entry]) -> str:
    """The name of an indicator: the shortest that a document gives it, the first of equals."""
    return min((entry.indicator for entry in group), key=len)


def plain(name: str) -> str:
    """A name in one spelling."""
    return re.sub(r"[\s\"'、,，()《》]", "", normalise(name))


def _scored(groups: Sequence[Sequence[Entry]], bonds: Collection[tuple[int, int]]) -> Iterator[tuple[float, int, int]]:
    """Likeness of groups that may be one: those whose clauses regulate one matter, and those of one name by its words.
    No other pair is looked at, so that a province's documents cost what they hold in common."""
    clauses: dict[int, set[int]] = defaultdict(set)
    names: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for place, group in enumerate(groups):
        names[group[0].kind, group[0].unit, _stem(normalise(group[0].indicator))].append(place)
        for entry in group:
            clauses[entry.clause].add(place)
    near = {(min(i, j), max(i, j)) for a, b in bonds for i in clauses.get(a, ()) for j in clauses.get(b, ()) if i != j}
    same = {(i, j) for places in names.values() for i, j in combinations(places, 2)}
    for i, j in sorted(near | same):
        one, other = groups[i][0], groups[j][0]
        if (one.kind, one.unit) != (other.kind, other.unit):
            continue
        score = alike(one.indicator, other.indicator, one.kind != "threshold")
        if score > (_STRICT if one.kind == "threshold" else _ALIGNED):
            yield score + 0.1 * ((i, j) in near), i, j


@lru_cache(maxsize=65_536)
def alike(one: str, other: str, ends: bool = True) -> float:
    """Likeness of two names of indicators, 0 to 1; 0 where they count in another way. With ``ends`` the shorter name
    may leave the beginning to the context: 落地率, 项目落地率."""
    a, b = normalise(one), normalise(other)
    if any(bool(flow.search(a)) != bool(flow.search(b)) for flow in _FLOW):
        return 0.0
    ranks = {rank[0] for rank in _RANK.findall(a)}, {rank[0] for rank in _RANK.findall(b)}
    if ranks[0] and ranks[1] and not ranks[0] & ranks[1]:
        return 0.0
    left, right = _stem(a), _stem(b)
    if not left or not right:
        return 0.0
    common = Indel.normalized_similarity(left, right)
    short, long = sorted((left, right), key=len)
    return max(common, 0.9 if ends and len(short) > 2 and long.endswith(short) else 0.0)


def _stem(name: str) -> str:
    """The letters of what is counted, each word by the one that stands for its spellings."""
    bare = _VERBS.sub("", _BRACKET.sub("", name))
    name = bare if len(bare) > 2 else name              # 落地 is a verb, but not in 落地率
    return "".join(token.key for token in tokens(name) if token.kind not in ("mark", "place"))
