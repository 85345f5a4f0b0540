"""Rows of values that 分别 deals out over rows of classes: A、B类 … 分别给予60元/平方米、50元/平方米."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from kb.extract.amounts import DATE, Amount

_BETWEEN = re.compile(r"\s*(?:、|和|及|以及|与|,)\s*")
#: A、B类; A类、B类; A/B类
_LETTERS = re.compile(r"[A-Z]类?(?:(?:、|/|和|及|或)[A-Z]类?)+")
_GRADE = r"(?:国家|世界|省|市|区|县|镇|[一二三特])[级等]"
_CLASS = re.compile(_GRADE + r"(.+)")
_ITEM = r"(?:[^,。;:、和及与()]|及以[上下]){1,16}"
_MARK = r"(?:、|和|及(?!以[上下])|与|以及)"


def _rows(text: str, amounts: Sequence[Amount]) -> list[range]:
    """Index ranges of two or more amounts that follow each other with nothing but 、 or 和 between them."""
    found, i = [], 0
    while i < len(amounts):
        j = i + 1
        while j < len(amounts) and _BETWEEN.fullmatch(text, amounts[j - 1].quote_end, amounts[j].quote_start):
            j += 1
        if j - i > 1 and amounts[i].category != DATE:
            found.append(range(i, j))
        i = j
    return found


def groups(text: str, amounts: Sequence[Amount]) -> list[range]:
    """The rows of amounts after 分别, inside one half-sentence."""
    found = []
    for row in _rows(text, amounts):
        first = amounts[row[0]]
        # 分别按照项目实际投资额给予10%、12%、15%: some words may stand between, no other mark
        lead = re.split(r"[。;]", text[max(0, first.quote_start - 30):first.quote_start])[-1]
        if re.search(r"分别[^,]*$", lead + text[first.quote_start:first.start]):
            found.append(row)
    return found


def share_bounds(text: str, amounts: list[Amount]) -> list[Amount]:
    """突破1亿元、5亿元、10亿元 and 分别达到10家、20家以上 bind each value of the row. 及以上 binds its own alone."""
    shared = list(amounts)
    dealt = groups(text, amounts)
    for row in _rows(text, amounts):
        first, last = shared[row[0]], shared[row[-1]]
        bare = [i for i in row[1:] if shared[i].quote_start == shared[i].start
                and shared[i].quote_end == shared[i].end and shared[i].category == first.category]
        if first.bound in ("min", "max", "approx") and first.quote_end == first.end:
            for i in bare:
                shared[i] = replace(shared[i], bound=first.bound)
        after = text[last.end:last.quote_end]
        if row in dealt and last.bound in ("min", "max", "approx") and after and "及" not in after:
            for i in row:
                if shared[i].bound in (None, "exact"):
                    shared[i] = replace(shared[i], bound=last.bound)
    return shared


@dataclass(frozen=True, slots=True)
class Label:
    """The class of one dealt amount; ``whole`` where it is the indicator itself (人才和团队分别达到120人和300个)."""

    label: str
    whole: bool = False


def labels(text: str, original: str, amounts: Sequence[Amount]) -> dict[int, Label]:
    """For each amount of a dealt row the class it belongs to, where the clause has a row of as many classes."""
    named: dict[int, Label] = {}
    for group in groups(text, amounts):
        named.update(zip(group, _classes(text, original, amounts, group), strict=False))
    return named


def _classes(text: str, original: str, amounts: Sequence[Amount], group: range) -> list[Label]:
    start = text.rfind("。", 0, amounts[group[0]].quote_start) + 1
    end = text.rfind("分别", start, amounts[group[0]].start)
    half = max(text.rfind(";", start, end) + 1, start)
    letters = list(_LETTERS.finditer(text, half, end))
    if letters and len(found := re.findall(r"[A-Z]", letters[-1][0])) == len(group):
        return [Label(f"{letter}类") for letter in found]
    if listed := _value_row(text, original, amounts, group, start):
        return [Label(label) for label in listed]
    return _noun_row(text, original, max(half, end - 80), end, len(group))


def _value_row(text: str, original: str, amounts: Sequence[Amount], group: range, start: int) -> list[str]:
    """The nearest earlier row of as many amounts: 4层、5层、6层及以上; 500万元（含）—2000万元、… 三个档次."""
    count = len(group)
    for last in range(group[0] - 1, count - 2, -1):
        row = range(last - count + 1, last + 1)
        if amounts[row[0]].quote_start < start:
            return []
        if all(_BETWEEN.fullmatch(text, amounts[k].quote_end, amounts[k + 1].quote_start) for k in row[:-1]):
            before = text[max(0, amounts[row[0]].quote_start - 24):amounts[row[0]].start]
            if "分别" in before and amounts[row[0]].category == amounts[group[0]].category:
                continue  # itself a dealt row (对A类…分别给予10%、12%、15%; 对B类…分别给予8%、9%、10%)
            return [original[amounts[k].quote_start:amounts[k].quote_end] for k in row]
    return []


def _noun_row(text: str, original: str, start: int, end: int, count: int) -> list[Label]:
    """领军人才和创业团队分别达到120人和300个; 获得一等、二等、三等奖的，分别给予…"""
    marks = _MARK.join([f"({_ITEM})"] * count)
    match = re.compile(rf"{marks}(的)?,?$").search(text, start, end)
    if match is None:
        return []
    found = [re.sub(r"^(?:对|为|获得|获|被认定为|认定为|列入|力争|确保)|的$", "",
                    original[match.start(k):match.end(k)]).strip() for k in range(1, count + 1)]
    if whole := _CLASS.match(found[-1]):  # 国家级、省级、市级企业技术中心: the noun stands once
        found = [label + whole[1] if re.search(_GRADE + "$", label) else label for label in found]
    return [Label(label, whole=match[count + 1] is None) for label in found]
