"""Joins neighbouring numbers: a unit written once for a row, ranges, changes from one value to another."""

from __future__ import annotations

import re
from dataclasses import replace

from kb.extract.amounts import DATED, Amount
from kb.extract.bounds import INCLUDING
from kb.extract.units import base

_ROW = re.compile(r"\s*(?:、|和|及|或者?)\s*")
#: 500万元（含）—2000万元, 2—3家, 10%至15%
_DASH = re.compile(rf"{INCLUDING}?\s*(?:-{{1,2}}|~|至|到)\s*")
_BELOW = r"(?:不足|不满|不到|不超过|低于|未满|小于|少于|不高于|不多于|不大于|未达到|未达)"
#: 五百元以上二千元以下, 1000万元（含）以上、5000万元以下, 3亩以上不满5亩
_ABOVE = re.compile(rf"{INCLUDING}?(?:及|或)?以上{INCLUDING}?\s*[、,至到-]?\s*(?:且|但)?(?P<below>{_BELOW})?")
#: 超过500万元不超过1000万元, 大于10亩、小于30亩
_OVER = re.compile(rf"{INCLUDING}?\s*[、,]?\s*(?:且|但|并)?(?P<below>{_BELOW})")
_BEFORE_OVER = re.compile(r"(?<![不未])(?:超过|高于|大于|多于|满|达到)$")
_AFTER_BELOW = re.compile(rf"{INCLUDING}?(?:及|或)?(?:以下|以内|之内){INCLUDING}?")
_MOVE = (r"(?:提高|增加|增长|上升|提升|扩大|延长|放宽|降低|下降|减少|压缩|压减|缩短|缩减|精简|下调|上调|调整|调减|变更|"
         r"升|降|增|减|改)")
#: 由7%提高到15%, 从2020年的3.2%提高到2025年的4%, 由15个工作日压缩至5个
_CHANGE = re.compile(rf"的?(?:比例|标准)?(?:[、,]?逐步|统一|相应|依次)?{_MOVE}"
                     rf"(?:(?:到|至|为)(?:{DATED}+的?)?|{DATED}+的?)\s*")
_CHANGE_START = re.compile(rf"(?:(?:由|从)(?:[^,。;:、()\d]{{0,8}}的?)?(?:{DATED}+的?)?|{DATED}+的?)$")


def join(text: str, amounts: list[Amount]) -> list[Amount]:
    """``amounts`` of the working text with rows, ranges and changes joined; order and spans kept apart."""
    amounts = _share_units(text, amounts)
    joined: list[Amount] = []
    for amount in amounts:
        last = joined[-1] if joined else None
        pair = None if last is None or last.value_to is not None or last.bound == "change" else (
            _change(text, last, amount) or _range(text, last, amount))
        if pair is not None:
            joined[-1] = pair
        else:
            joined.append(amount)
    return joined


def _share_units(text: str, amounts: list[Amount]) -> list[Amount]:
    """给予10、12、15万元: the unit at the end holds for the row. A list number (1、5家企业) opens its line."""
    shared = list(amounts)
    for i in range(len(shared) - 2, -1, -1):
        left, right = shared[i], shared[i + 1]
        opens = left.start == 0 or text[left.start - 1] in "\n("
        if (not left.category and right.category and not left.han and not right.han and not opens
                and _ROW.fullmatch(text, left.end, right.start) and right.value_to is None):
            shared[i] = replace(left, unit=right.unit, category=right.category)
    return shared


def _same_scale(left: Amount, right: Amount) -> Amount | None:
    """``right`` in the unit of ``left`` (500万元—1亿元 is 500 to 10000 万元), or None for another kind of unit."""
    if not right.category or not left.category:
        return right if not right.category else None
    low, high = base(1, left.unit), base(right.value, right.unit)
    if low[1] != high[1] or not low[0]:
        return None
    return replace(right, value=float(f"{high[0] / low[0]:.12g}"), unit=left.unit)


def _range(text: str, left: Amount, right: Amount) -> Amount | None:
    gap = (left.end, right.start)
    if not right.category and not ("." in left.numeral and "." in right.numeral):
        return None
    if _DASH.fullmatch(text, *gap):
        return _ranged(left, right, right.end)
    match = _ABOVE.fullmatch(text, *gap)
    if not left.category:
        if match is None or not right.category:
            return None
        unit = re.sub("^[万亿千百十]+(?=.)", "", right.unit)  # 五千以上一万元以下
        left = replace(left, unit=unit, category=right.category)
    if match is None and _BEFORE_OVER.search(text, max(0, left.start - 3), left.start):
        match = _OVER.fullmatch(text, *gap)
    if match is None:
        return None
    below = _AFTER_BELOW.match(text, right.end)
    if not below and not match["below"]:
        return None
    return _ranged(left, right, below.end() if below else right.end)


def _ranged(left: Amount, right: Amount, end: int) -> Amount | None:
    if left.category:
        scaled = _same_scale(left, right)
    else:
        scaled, left = right, replace(left, unit=right.unit, category=right.category, each=right.each)
    if scaled is None or left.value >= scaled.value:
        return None
    return replace(left, end=end, quote_end=end, bound="range", value_to=scaled.value)


def _change(text: str, left: Amount, right: Amount) -> Amount | None:
    if left.han and right.han and left.category == "count" or not _CHANGE.fullmatch(text, left.end, right.start):
        return None
    if not left.category and right.category:
        left = replace(left, unit=right.unit, category=right.category)
    scaled = _same_scale(right, left) if right.category else left
    start = _CHANGE_START.search(text, max(0, left.start - 24), left.start)
    if scaled is None or (start is None and not left.category):
        return None
    begin = start.start() if start else left.start
    return replace(right, start=left.start, quote_start=begin, bound="change", value_from=scaled.value)
