"""Which place of GB/T 2260 a page's document belongs to, and how sure that is."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache

from kb.models import KbError
from kb.vocabulary import table
from kb.vocabulary.regions import ancestors, candidates, find, region, regions

_ENDINGS = "省市区县州盟旗"


def place_named(name: str) -> str | None:
    """Code of the place whose full name opens ``name`` (杭州市钱塘区人民政府 is 330114); None where none does, or
    where a county that is not in the table follows (苏州市吴江区: 苏州市 would be wrong)."""
    name = re.sub(r"^[《“]?(?:中共)?", "", name)      # 《平湖市人民政府关于…》政策解读
    for size in range(min(len(name), 16), 1, -1):
        if name[size - 1] not in _ENDINGS:
            continue
        found = [code for code in candidates(name[:size]) if _is_full(name[:size], code)]
        if len(found) == 1:
            below = re.match(r"[\u4e00-\u9fff]{1,6}?[市区县](?=人民|政府|委|办)", name[size:])
            return None if below and not below[0].endswith("自治区") else found[0]
    return None


def _place_above(name: str) -> tuple[str, str] | None:
    """The place that opens ``name`` where one of its counties follows that is not in the table: 320500 and why, for
    苏州市吴江区人民政府."""
    for size in range(min(len(name), 12), 2, -1):
        code = next((code for code in candidates(name[:size]) if _is_full(name[:size], code)), None)
        below = re.match(r"[\u4e00-\u9fff]{1,6}?[市区县](?=人民|政府|委|办)", name[size:]) if code else None
        if code and below:
            return code, (f"{name[:size]}{below[0]}不在行政区划表内（表中只有浙江的县），暂归{region(code).name}；"
                          "可用 --region 另行指定")
    return None


def _is_full(name: str, code: str) -> bool:
    return name.endswith(region(code).name)


def region_of(texts: Iterable[str], index_number: str | None, body: str) -> tuple[str | None, str | None]:
    """Code of the document's place, and why where it is inferred. ``texts`` are names that state it (issuer,
    title), the surest first; the index number carries a code on many sites; last, places that the body names."""
    texts = [text for text in texts if text]
    for text in texts:
        if code := place_named(text):
            return code, None
        if above := _place_above(text):
            return above
    if index_number:
        for code in re.findall(r"(?<!\d)\d{6}(?!\d)", index_number):
            if code in regions():
                return code, f"索引号 {index_number} 含行政区划代码 {code}"
    for text in texts:
        for size in (4, 3, 2):
            found = candidates(text[:size]) if len(text) > size else ()
            if len(found) == 1:
                return found[0], f"标题或发文机关以“{text[:size]}”开头"
    return _from_body(body)


def _from_body(body: str) -> tuple[str | None, str | None]:
    prose = re.sub(r"《[^》]*》", "", body)
    towns = _towns_in(prose)
    counties = Counter(county for _, county in towns)
    if counties:
        (code, count), *others = counties.most_common()
        if count >= 2 and not others:
            names = "、".join(name for name, _ in towns)
            return code, f"页面没有写明；正文提到的{names}都在{_full_name(code)}"
        return None, None
    named = Counter(place.code for place in regions().values()
                    if place.level == "county" and place.name in prose and len(place.name) > 2)
    if len(named) == 1:
        code = next(iter(named))
        if prose.count(region(code).name) >= 2:
            return code, f"页面没有写明；正文提到的县（市、区）只有{region(code).name}"
    return None, None


def _full_name(code: str) -> str:
    return "".join(place.name for place in reversed(ancestors(code))) + region(code).name


@cache
def _towns() -> Mapping[str, frozenset[str]]:
    """Counties by a town's name, full (姜山镇) and bare (姜山)."""
    found: dict[str, set[str]] = {}
    for row in table("towns.tsv"):
        bare = re.sub("(?:街道|镇|乡)$", "", row["name"])
        for name in (row["name"], bare):
            found.setdefault(name, set()).add(row["county"])
    return {name: frozenset(codes) for name, codes in found.items()}


_RUN = re.compile(r"[\u4e00-\u9fff]{2,16}(?:、[\u4e00-\u9fff]{2,16})+")


def _towns_in(prose: str) -> list[tuple[str, str]]:
    """Towns that are named one after the other (打造中河、姜山等) and lie in one county each. One name alone is
    no evidence: towns share their names with roads, hills and common words."""
    known = _towns()
    found: dict[str, str] = {}
    for match in _RUN.finditer(prose):
        words = match[0].split("、")
        hits: list[tuple[str, str]] = []
        for position, word in enumerate(words):
            name = _town_at_end(word) if position == 0 else _town_at_start(word)
            if name and len(known[name]) == 1:
                hits.append((name, next(iter(known[name]))))
        if len(hits) >= 2:
            found.update(hits)
    return list(found.items())


def _town_at_end(word: str) -> str | None:
    return next((word[start:] for start in range(len(word) - 1) if word[start:] in _towns()), None)


def _town_at_start(word: str) -> str | None:
    """The town that the word is, or that 等 or its ending follows: 姜山等一批未来工业社区."""
    name = word.partition("等")[0]
    return name if name in _towns() else None


def checked_region(said: str) -> str:
    """The code that ``said`` (331082, 临海 or 临海市) names. Raises KbError for one that is not in the table."""
    try:
        return region(said).code if said.isdigit() else find(said)
    except KbError as error:
        raise KbError(f"--region: {error.problem}", mend=error.mend) from error
