"""Names what a number measures, as the clause names it.

The name stands before the number (规上工业亩均税收达到28万元), after it (实施50个省级重点技改项目), on both sides
(总投资额1亿元以上重点产业项目), or is spread over a row (每年新增高新技术企业300家、科技型中小企业800家). The words
that lead to a name or away from it are data: indicator_words.tsv.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache

from kb.extract.amounts import DATE, Amount
from kb.text import words as cut_words
from kb.vocabulary import table

_LONGEST = 40
_COUNTS = ("count", "people")
_LINK = re.compile(r"\s*(?:、|以及|和|及(?!以[上下])|与|或者|或|并|且)")
_RIGHT_END = re.compile(r"[,。;:、!?\n|]|除外|部分(?=$|[,。;、按给予])|给予|按照?|予以|大关"
                        r"|并(?![购联网轨])|同时|的(?=.)|(?<=.)(?:和|及(?!以[上下])|以及|且)(?=.)|或(?:者)?(?=\d|$)")
#: 总产值比2020年翻一番, 较上年增长; 同比 and 占比 are words
_COMPARED = re.compile(r"(?<![同环占对可])(?:比|较)(?:(?:19|20)\d\d年[底末]?|上年|去年|上一年度?)?$")
#: 总产值翻一番，|达到|2000亿元: says more of what was named before
_GOES_ON = re.compile(r"达到|达|突破|增长|下降")
_NOT = re.compile(r"(?:不|未|没有|没)(?:得|能够|能|应当|应|可|宜|再|准|会|许)?")


@cache
def words(role: str) -> tuple[str, ...]:
    """The words of one role in indicator_words.tsv, the longest first."""
    return tuple(sorted((row["word"] for row in table("indicator_words.tsv") if row["role"] == role),
                        key=lambda word: -len(word)))


@cache
def any_of(role: str) -> re.Pattern[str]:
    """A pattern for any word of one role."""
    return re.compile("|".join(map(re.escape, words(role))))


@cache
def opening_verb() -> re.Pattern[str]:
    """The verbs that open an item: 每年新增, 淘汰落后 is none, 整治提升 is one."""
    verbs = "|".join(map(re.escape, words("verb")))
    return re.compile(rf"(?:(?:每年|年均|累计|至少|逐步|全面|加快|分行业|新|动态)*(?:{verbs})+(?:或|和)?)+")


@dataclass(frozen=True, slots=True)
class Named:
    """An indicator, and the pieces that later items of its row inherit: the verb, and the name without
    what belongs to its own number."""

    indicator: str
    verb: str = ""
    base: str = ""


def segment_start(text: str, at: int) -> int:
    """Where the half-sentence (cut at ，。；：) that holds the position ``at`` of the normalised text begins;
    an open bracket begins one as well, one that is closed hides the marks inside it."""
    depth = 0
    for i in range(at - 1, -1, -1):
        char = text[i]
        if char == ")":
            depth += 1
        elif char == "(":
            if depth == 0:
                return i + 1
            depth -= 1
        elif char in "。\n|" or (depth == 0 and char in ",;:!?"):
            return i + 1
    return 0


def right_noun(text: str, original: str, amount: Amount, stop: int) -> str:
    """The noun after the amount (5家以上|上市企业|), without 的, at most 24 characters."""
    start = amount.quote_end
    skipped = re.compile(r"\s*[”’]?等?(?:的|按照|按)?").match(original, start, stop)
    start = skipped.end() if skipped else start
    end = min(stop, start + 24)
    match = _RIGHT_END.search(text, start, end)
    noun = original[start:match.start() if match else end].strip()
    if noun.count("(") + noun.count("（") != noun.count(")") + noun.count("）"):
        noun = re.split(r"[()（）]", noun)[0]
    return re.sub(r"(?:、|和|及|以及|且)$", "", noun)


def name(text: str, original: str, amounts: Sequence[Amount], i: int, before: Sequence[Named]) -> Named:
    """The indicator of ``amounts[i]``; ``before`` are the names already given to the amounts before it."""
    amount = amounts[i]
    start, previous = _item_start(text, amounts, i)
    left = _left(original, amount, start)
    right = _row_right(text, original, amounts, i)
    verb = before[previous].verb if previous is not None else ""
    base = before[previous].base if previous is not None else ""
    if amount.category == DATE:
        return Named(_date_name(original, amount, left, right))
    if sized := _sized(original, amount):  # 亩均税收10万元以下的亿元企业、5万元以下的低效企业: the base passes through
        inside = i > 0 and amounts[i - 1].quote_end > segment_start(text, amount.quote_start)
        return Named(sized, verb, base or (before[-1].base if inside else ""))
    if not left and base and amount.category not in _COUNTS:
        return Named(_threshold_name(base, right) if right and amount.bound in ("min", "max") else base, verb, base)
    if amount.category == "people" or amount.category == "count":
        verb = verb or _carried_verb(text, amounts, i, before)
    if _own_predicate(original, amount):
        verb = ""
    if i and amounts[i - 1].category == "time" and amount.start - amounts[i - 1].quote_end <= 4 and not left:
        left = _strip(before[-1].indicator)  # 低效企业三年动态清零: the span of time stands inside
    # a name is carried over only inside its sentence
    goes_on = left or _GOES_ON.match(original, amount.quote_start)
    near = next((k for k in range(i - 1, -1, -1) if amounts[k].category not in (DATE, "time")
                 and (goes_on or amounts[k].category == amount.category)), None)
    foreign = pays(right) or pays(original[amount.quote_start:amount.quote_end])
    last = "" if near is None or foreign or "。" in text[amounts[near].quote_end:amount.quote_start] else (
        before[near].indicator)
    named = _compose(amount, left, right, verb, last, text.startswith("的", amount.quote_end))
    row = i + 1 < len(amounts) and amounts[i + 1].quote_start == amount.quote_end + 1
    if named.indicator or row or not text.startswith("、", amount.quote_end):
        return named
    beyond = right_noun(text, original, replace(amount, quote_end=amount.quote_end + 1), len(text))
    return Named(beyond, base=beyond)  # 对10亩以下、单独选址项目不再供地


def _carried_verb(text: str, amounts: Sequence[Amount], i: int, before: Sequence[Named]) -> str:
    """每年新增单项冠军企业1家，“小巨人”企业1家: the verb holds over a comma where unit and build are the same."""
    if not i or amounts[i - 1].unit != amounts[i].unit:
        return ""
    gap = text[amounts[i - 1].quote_end:amounts[i].quote_start]
    return before[-1].verb if gap.startswith(",") and not re.search(r"[,。;:]", gap[1:]) else ""


def _item_start(text: str, amounts: Sequence[Amount], i: int) -> tuple[int, int | None]:
    """Where the item that holds amount ``i`` begins, and the earlier item of the same row, if any.

    培育A企业30家、|B企业20家| begins after 、; 招引落地10亿元以上重大项目30个 keeps its 10亿元; dates and spans of time
    (力争2年新增融资40亿元) are left behind.
    """
    start = segment_start(text, amounts[i].quote_start)
    at = i
    while at > 0 and amounts[at - 1].quote_end > start:
        last = amounts[at - 1]
        gap = (last.quote_end, amounts[at].quote_start)
        compared = text[:last.quote_start].endswith(("比", "较"))  # 总产值比2020年翻一番
        timed = last.category in (DATE, "time") and not compared and not _LINK.match(text, *gap)
        if not timed and (link := _link(text, *gap)) is not None:
            return link, at - 1
        if timed:
            return last.quote_end, None
        at -= 1
    return start, None


def _link(text: str, start: int, end: int) -> int | None:
    """Where the item after a 、 or 和 between two amounts begins; marks in brackets and quotes do not part items."""
    hidden = re.sub(r"\([^()]*\)|\"[^\"]*\"", lambda match: "\x02" * len(match[0]), text[start:end])
    match = _LINK.search(hidden)
    return None if match is None else start + match.end()


def _row_right(text: str, original: str, amounts: Sequence[Amount], i: int) -> str:
    """The noun after the amount or, in a bare row (4层、5层、6层及以上厂房), after the row's last."""
    stop = amounts[i + 1].quote_start if i + 1 < len(amounts) else len(text)
    right = right_noun(text, original, amounts[i], stop)
    if right or i + 1 == len(amounts) or not _LINK.fullmatch(text, amounts[i].quote_end, stop):
        return right
    same = amounts[i + 1].category == amounts[i].category and amounts[i + 1].quote_start == amounts[i + 1].start
    return _row_right(text, original, amounts, i + 1) if same else ""


@lru_cache(maxsize=4096)
def _strip(name_: str) -> str:
    """``name_`` without the words that only lead to it or away from it. A list word of one character must be a
    word of its own in the text: 对 goes from 对项目, not from 对外贸易额."""
    name_, changed = name_.strip(), True
    while changed and name_:
        cut = cut_words(name_)
        lead = next((word for word in words("lead") if name_.startswith(word) and len(name_) > len(word)
                     and (len(word) > 1 or cut[0] == word)), "")
        tail = "" if lead or name_.endswith(words("keep")) else next(
            (word for word in words("tail") if name_.endswith(word) and (len(word) > 1 or cut[-1] == word)), "")
        changed = bool(lead or tail)
        name_ = name_[len(lead):len(name_) - len(tail)].strip()
    return "" if name_ in words("lead") else name_


def _balanced(name_: str) -> str:
    """``name_``, at most 40 characters, without a bracket or a quote that opens or closes outside it."""
    name_ = name_[-_LONGEST:]
    for opening, closing in ("（）", "()", "“”", "《》"):
        if name_.count(opening) != name_.count(closing):
            if opening in name_ and closing not in name_:
                head, _, rest = name_.rpartition(opening)
                name_ = rest or head
            else:
                name_ = name_.replace(opening, "").replace(closing, "")
    return name_.strip("，,。；; ")


@cache
def _bound_words() -> tuple[str, ...]:
    """Bound words that say nothing of the indicator; 增长, 期限 and their like do."""
    keep = set(words("movement"))
    return tuple(sorted((row["word"] for row in table("bounds.tsv")
                         if row["place"] != "after" and row["word"] not in keep), key=lambda word: -len(word)))


def _own_words(quote: str) -> str:
    """What a quote says before its number besides bounds: 不低于|新增建设用地指标|的, 年均增长."""
    changed = True
    while changed and quote:
        changed = False
        opening = _NOT.match(quote)
        rest = quote[opening.end():] if opening else quote
        for word in _bound_words():
            whole = next((text for text in (quote, rest) if text.startswith(word)), None)  # 不足; 不|低于
            if whole is not None:
                quote, changed = whole[len(word):], True
                break
            if quote.endswith(word):
                quote, changed = quote[:-len(word)], True
                break
    return re.sub(r"(?:每\S{1,3})+$", "", quote).strip("，,的为 ")


#: 从规上企业、|3亩以上规下企业, “先租后让”“|30年期”: the number opens an item
_NEW_ITEM = re.compile(r"(?:[、和及]\s*[“\"]?|”\s*“)$")


def _left(original: str, amount: Amount, start: int) -> str:
    """The name before the number; 用地不低于指标的5% is 用地占指标, 能耗下降10% is 能耗下降."""
    head = _strip(_COMPARED.sub("", original[start:amount.quote_start]))
    if _NEW_ITEM.search(original[start:amount.quote_start]):
        head = ""
    core = "" if amount.bound == "change" or amount.category == DATE else _strip(_own_words(
        original[amount.quote_start:amount.start]))
    moves = core in words("movement")
    if core and head and not moves and amount.category in ("percent", "ratio"):
        return _balanced(f"{head}占{core}")
    return _balanced(head + core if moves else _strip(head + core))


def _own_predicate(original: str, amount: Amount) -> bool:
    """Whether the item says something itself (企业上云突破20000家), so that the row's verb is not its verb."""
    return bool(original[amount.quote_start:amount.start])


_SIZED_NOUN = re.compile(r"[^以上下元及（）()含不]+$")


def _sized(original: str, amount: Amount) -> str:
    """亿元企业: the size of an enterprise."""
    if amount.bound != "min" or amount.numeral.strip("百千万亿") or amount.category != "money":
        return ""
    match = _SIZED_NOUN.search(original, amount.end, amount.quote_end)
    return f"{match[0]}规模" if match else ""


def _date_name(original: str, amount: Amount, left: str, right: str) -> str:
    quote = original[amount.quote_start:amount.quote_end]
    if quote.startswith("有效期"):
        return "有效期"
    if quote.startswith(("延期", "延长")):
        return f"{left}延期"
    if amount.bound == "max":
        return left or "完成时限"
    return left + right if len(right) <= 8 and (left or amount.bound == "min") else left


def _threshold_name(left: str, right: str) -> str:
    """低效企业 and 亩均税收 of 亩均税收5万元以下的低效企业: what qualifies and what is qualified."""
    heads = list(any_of("head").finditer(right))
    noun = right[:heads[-1].end()] if heads else ""
    if noun and (item := _ROW_ITEM.search(left)):  # 规上企业、实际用地3亩以上的规下企业: two matters
        left = item[1]
    verb = opening_verb().match(left)
    left = _strip(left[verb.end():] if verb else left)
    if not noun:
        return left or right
    if not left:
        return f"{noun}规模"
    return f"{noun}{left}" if len(left) <= 12 else left


_ROW_ITEM = re.compile(r"(?<![类A-Z])、([^、（）()“”]+)$")


def _compose(amount: Amount, left: str, right: str, verb: str, last: str, qualifies: bool) -> Named:
    opening = opening_verb().match(left)
    opens = opening[0] if opening else ""
    if verb and left and not opens:
        left = verb + left
    opens = opens or verb
    base = left.split("占")[0]
    if amount.category in _COUNTS and not (qualifies and left and amount.bound in ("min", "max")):
        full = (left or verb) + right
        return Named(full or last, opens, base or full)
    if right and amount.category == "time" and len(right) <= 12:
        since = re.search(r"(?:起|后|前|届满|期满)$", left)  # 自收到申请之日起三十日内|作出决定|
        return Named(right if since else left + right, opens, base or right)
    if right and amount.bound in ("min", "max", "range") and not pays(right):
        named = right if amount.category in ("percent", "share") and not left else _threshold_name(left, right)
        return Named(named, opens, base if base != opens else right)
    if right and amount.category == "percent" and amount.bound is None and not pays(right):
        return Named(left + right, opens, base or right)  # 新增工业用地实现100%“标准地”模式出让
    if left.startswith("占") and last:  # 面积约2.3平方公里，占全县用地的15.6%
        left = last + left
    if left in words("movement") and last and amount.category != "time":  # 总产值达到2000亿元，增长1.5倍
        left = next((last.removesuffix(w) for w in words("movement") if last.endswith(w)), last) + left
    left = _shared_head(left, last)
    return Named(left or right or last, opens, base or right)


def pays(text: str) -> bool:
    """Whether a word of subsidies stands in ``text``."""
    return bool(any_of("subsidy").search(text))


def _shared_head(left: str, last: str) -> str:
    """规上工业亩均税收…，亩均增加值…: the second is 规上工业亩均增加值 as well."""
    place = last.find(left[:2]) if len(left) > 2 else -1
    alike = abs(len(last) - place - len(left)) <= 3
    if 0 < place <= 10 and alike and not left.startswith(last[:place]) and len(left) <= 8:
        return last[:place] + left
    return left


_SUBJECT = re.compile(r"对([^。;]{2,60}?),(?=按|给予|分别|单|最高|其|一次|每|采|予|再|可|由)")


def subsidy_name(text: str, original: str, amount: Amount, amounts: Sequence[Amount], indicator: str) -> str:
    """The name of a payment with whom it is for and what it is: 对普通技改项目，按设备投资额的5%给予补助 is
    普通技改项目设备投资额补助. ``indicator`` is what the number's own half-sentence says."""
    start = max(text.rfind("。", 0, amount.start), text.rfind(";", 0, amount.start)) + 1
    near = re.split(r"[,。;]", text[amount.quote_start:amount.quote_end + 60])
    pay = any_of("subsidy").search(near[0]) or any_of("subsidy").search(indicator)
    indicator = re.sub(r"^(?:的?标准)$", "", indicator)
    if pay and pay[0] not in indicator:
        indicator += pay[0]
    subject = None
    for match in _SUBJECT.finditer(text, start, amount.quote_start):
        subject = match
    if subject is None:
        return indicator
    inside = [a.quote_end for a in amounts if subject.start(1) < a.quote_end <= subject.end(1)]
    whom = original[max([subject.start(1), *inside]):subject.end(1)].lstrip("的")
    whom = re.split(r"的(?=.)", whom)[-1]
    fits = 2 <= len(whom) <= 16 and whom not in indicator and "的" not in whom and whom not in words("head")
    return f"{whom}{indicator}" if fits else indicator


_FINED = re.compile(r"对([^对,。;]{1,20}?)(?:可以|可)?(?:并|另|分别|单)?处以?$")
_MEASURE = re.compile(r"处(?:以)?([^处,。;]{2,16}?)$")


def fine_name(text: str, original: str, amount: Amount) -> str:
    """The name of a penalty: 罚款, with who pays (对单位处五万元…: 单位罚款) or what it is measured by
    (处违法所得一倍以上五倍以下罚款: 违法所得罚款)."""
    near = re.split(r"[,。;]", text[amount.quote_end:amount.quote_end + 24])[0]
    word = any_of("fine").search(near)
    left = original[segment_start(text, amount.quote_start):amount.quote_start]
    whom = _FINED.search(left) or _MEASURE.search(left)
    return (whom[1].removeprefix("该").rstrip("的") if whom else "") + (word[0] if word else "罚款")
