"""Says of what kind an amount is: target, subsidy, threshold, limit, duration, date, other."""

from __future__ import annotations

import re

from kb.extract.amounts import DATE, Amount
from kb.extract.indicators import any_of, opening_verb, pays
from kb.models import QuantityKind

#: 总投资额1亿元以上|重点产业项目|: the amount qualifies a noun
_MODIFIES = r"的?(?:[^,。;、\d]{{0,16}}(?:{heads}|部分))"
#: 新建项目投资额2亿元以上且经研究认定为重大的，建设用地可…: the half-sentence is a condition
_CONDITION = re.compile(r"(?:[^,。;:]{0,24}[^目])?的(?:[,。;:]|$)")
#: what is given or taken: 给予每个平台100万元—300万元的经费, 每千瓦时加价0.1—0.3元
_GIVES = re.compile(r"给予|安排|投入|加价|收取|缴纳|征收|支付|发放")
_AIMING_DATE = re.compile(r"到(?:19|20)\d\d年")


def kind(text: str, amount: Amount, start: int) -> QuantityKind:
    """What ``amount`` is for. ``text`` is the normalised clause, ``start`` where its half-sentence begins."""
    if amount.category == DATE:
        return "date"
    left, quote = text[start:amount.quote_start], text[amount.quote_start:amount.quote_end]
    near = _near(text, amount)
    if fines(text, amount):
        return "other"
    if amount.category == "time":
        return "duration"
    if _threshold(text, amount, left, near):
        return "threshold"
    if amount.category in ("money", "percent") and (pays(left + quote) or pays(near) or "给予" in left + quote):
        return "subsidy"
    return _aim(text, amount, left, quote)


def _near(text: str, amount: Amount) -> str:
    return re.split(r"[,。;]", text[amount.quote_end:amount.quote_end + 24])[0]


def fines(text: str, amount: Amount) -> bool:
    """Whether the amount is a fine or a penalty: 处五百元以上二千元以下罚款, 三年以下有期徒刑."""
    if amount.category == DATE:
        return False
    return bool(any_of("fine").match(_near(text, amount).lstrip("的")) or re.search(
        r"(?<!查|办|审|惩)处以?$", text[max(0, amount.quote_start - 3):amount.quote_start]))


def _threshold(text: str, amount: Amount, left: str, near: str) -> bool:
    if amount.category == "age":
        return True
    sized = not amount.numeral.strip("百千万亿") and amount.quote_start == amount.start
    if amount.category == "money" and sized:  # 亿元企业
        return True
    if amount.bound == "range" and amount.category == "money":
        return not (pays(near[:8]) or _GIVES.search(left))
    if amount.bound not in ("min", "max", "range") or pays(text[amount.quote_start:amount.quote_end] + near[:6]):
        return False
    after = text[amount.end:amount.quote_end]
    if (after and _CONDITION.match(text, amount.quote_end)) or near.startswith("的") and len(near) == 1:
        return True
    if after and re.match(r"(?:原则上)?(?:对|凡|属于)", left):
        return True
    if not near.startswith("的") and (amount.category in ("count", "people") or not after):
        return False
    if amount.category in ("percent", "share") and not near.startswith("的"):  # 80%以上工业企业入驻集聚区
        return False
    return bool(re.match(_MODIFIES.format(heads=any_of("head").pattern), near))


def _aim(text: str, amount: Amount, left: str, quote: str) -> QuantityKind:
    limits = any_of("limit").search(left + quote + text[amount.quote_end:amount.quote_end + 6])
    aims = any_of("target").search(left + quote)
    if amount.bound == "change" or (limits and not aims):
        return "limit"
    if aims or amount.category == "times" or opening_verb().search(left):
        return "target"
    sentence = text[text.rfind("。", 0, amount.start) + 1:amount.start]
    if any_of("target").search(sentence) or _AIMING_DATE.search(sentence):
        return "target"
    if amount.bound == "max":
        return "limit"
    if amount.category in ("count", "people") and not amount.han and amount.bound != "range":
        return "target"
    return "limit" if amount.bound in ("min", "range") else "other"
