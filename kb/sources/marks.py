"""What a line of an official document is, judged by the line alone: a number, a title, a date, an issuer …

All functions take a line's text without white space around it.
"""

from __future__ import annotations

import re
from functools import cache

from kb.numbering import Number, read_number
from kb.text import normalise
from kb.vocabulary import lines

_HAN_DIGIT = {char: str(value) for value, char in enumerate("〇一二三四五六七八九")}
_HAN_DIGIT |= {"零": "0", "○": "0", "Ｏ": "0", "O": "0", "0": "0", "О": "0", "◯": "0"}
_DATE = re.compile(r"(?P<y>\d{4}|[一二][〇零○OО0◯Ｏ一二三四五六七八九]{3})\s*[年.\-/]\s*"
                   r"(?P<m>\d{1,2}|十?[一二三四五六七八九]|十|元)\s*[月.\-/]\s*"
                   r"(?P<d>\d{1,2}|[一二三]?十?[一二三四五六七八九]|[一二三]?十|廿[一二三四五六七八九]?)\s*(?:日|号)?")
_YEAR_MONTH = re.compile(r"(?P<y>\d{4})\s*年\s*(?P<m>\d{1,2})\s*月")
# 附件1-2 is a part of 附件1; 附：分工表 does without 件
_ATTACHMENT = re.compile(r"附\s*(?P<kind>件|表|录|图)?\s*[0-9０-９〇零一二三四五六七八九十]*(?:[-—－][0-9０-９]{1,2})?"
                         r"(?(kind)|(?=\s*(?:[:：]|$)))\s*(?P<colon>[:：]?)\s*(?P<rest>.*)")
_BRACKETED = re.compile(r"[(（〔\[【][^()（）〔〕\[\]【】]{0,40}[)）〕\]】]$")
_FILE_ENDING = re.compile(r"\.(?:docx?|xlsx?|pptx?|pdf|wps|et|ofd|zip|rar|jpg|png|ceb|txt|html?)$", re.IGNORECASE)
_DOC_NUMBER = re.compile(r"(?P<who>[\u4e00-\u9fff]{2,12})\s*\(\s*(?P<year>(?:19|20)\d{2})\s*\)\s*第?\s*(?P<n>\d{1,4})"
                         r"\s*(?:号|(?=[)>,。;\"\s]|$))")


def number_of(text: str) -> Number | None:
    """The number that opens the line, whatever the width of its signs."""
    return read_number(normalise(text))


def date_in(text: str) -> str | None:
    """The first full date in ``text`` as an ISO string; None where there is none or it does not exist."""
    for match in _DATE.finditer(normalise(text)):
        year = int("".join(_HAN_DIGIT.get(char, char) for char in match["y"]))
        month, day = _small(match["m"]), _small(match["d"])
        if 1949 <= year <= 2100 and 1 <= month <= 12 and 1 <= day <= 31:
            return f"{year:04d}-{month:02d}-{day:02d}"
    return None


def _small(word: str) -> int:
    if word.isdigit():
        return int(word)
    if word == "元":
        return 1
    word = word.replace("廿", "二十")
    tens, sign, ones = word.partition("十")
    if not sign:
        return int(_HAN_DIGIT.get(word, "0"))
    return int(_HAN_DIGIT.get(tens, "1")) * 10 + int(_HAN_DIGIT.get(ones, "0") if ones else "0")


def is_date_line(text: str) -> bool:
    """Whether the line is a date and nothing else (also in Chinese numerals, also without its day)."""
    folded = normalise(text).strip("() ")
    match = _DATE.fullmatch(folded) or _YEAR_MONTH.fullmatch(folded)
    return match is not None and ("年" in folded)


@cache
def _issuer() -> re.Pattern[str]:
    endings = "|".join(sorted(map(re.escape, lines("issuer_endings.txt")), key=len, reverse=True))
    name = rf"[\u4e00-\u9fff（）()〔〕]{{2,32}}(?:{endings})"
    return re.compile(rf"{name}(?:\s+{name})*")


def is_issuer(text: str) -> bool:
    """Whether the line is the name of a body, or of several side by side."""
    return len(text) <= 80 and _issuer().fullmatch(text) is not None and number_of(text) is None


def is_salutation(text: str) -> bool:
    """各县（市、区）人民政府，市政府直属各单位： — names units, ends with a colon."""
    return (text[-1:] in ":：" and 4 <= len(text) <= 200 and "。" not in text and number_of(text) is None
            and re.search(r"各|政府|办事处|单位|部门|委员会|委办局|公司|局", text) is not None
            and not re.search(r"如下|以下|下列|包括|责任单位", text[-8:]))


_VARIANT = re.compile(r"[（(](?:试行|暂行|征求意见稿|修订稿?|草案|送审稿|代拟稿|\d{4}).{0,20}[）)]")


def is_variant(text: str) -> bool:
    """（试行）, （2022—2024年）, （征求意见稿） on a line of its own: the end of the title above."""
    return len(text) <= 30 and _VARIANT.fullmatch(text) is not None and not tells_history(text)


def is_sentence(text: str) -> bool:
    """Whether the line holds a finished sentence of some length, which no site furniture does."""
    return len(text) >= 16 and re.search(r"[。；;]", text) is not None


@cache
def _kinds() -> re.Pattern[str]:
    return re.compile("(" + "|".join(map(re.escape, lines("document_kinds.txt"))) + ")$")


def bare_title(text: str) -> str:
    """A title without a file's ending and brackets at its end: （试行）, （2021—2023年）."""
    bare = _FILE_ENDING.sub("", text.strip()).strip(" 《》")
    while match := _BRACKETED.search(bare):
        bare = bare[:match.start()].rstrip()
    return bare


def kind_in(title: str) -> str | None:
    """The kind that a title ends with: 意见, 方案, 通知 …; None where it ends with none."""
    match = _kinds().search(bare_title(title))
    return match[1] if match else None


def is_title(text: str) -> bool:
    """Whether the line reads as the title of an official document: no sentence, ends with its kind."""
    bare = bare_title(text)
    return (6 <= len(text) <= 150 and kind_in(text) is not None and not re.search(r"[。；;>＞»|]|[:：](?!.*》)", bare)
            and text[-1:] not in ":：，,、" and number_of(text) is None and not text.startswith("附件")
            and not (text[0] == "《" and text[-1] == "》") and not tells_history(text))


def tells_history(text: str) -> bool:
    """2021年3月15日…会议通过, （…修正）: how a rule came about, the line under its title."""
    bare = text.strip("（）() ")
    return re.match(r"(?:\d{4}年|根据|经)", bare) is not None and re.search(
        r"(?:通过|公布|发布|施行|实施|修正|修订|批准|审议|令第?.{1,8}号)[》。]?$", bare) is not None or \
        re.match(r"\d{4}\s*年\s*\d{1,2}\s*月", bare) is not None


def same_title(a: str, b: str) -> bool:
    """Whether two spellings name the same title: width, spaces, brackets' style and a file's ending aside."""
    return _key(a) == _key(b)


def _key(title: str) -> str:
    return re.sub(r"[\W_]+", "", normalise(_FILE_ENDING.sub("", title.strip())))


def holds_title(text: str, title: str) -> bool:
    """Whether ``text`` contains ``title``, spelling aside."""
    return len(_key(title)) >= 4 and _key(title) in _key(text)


def file_name(text: str) -> bool:
    """Whether the line names a file to download."""
    return _FILE_ENDING.search(text.rstrip("】)） ")) is not None


def attachment_mark(text: str) -> tuple[str, str] | None:
    """``附件1：…`` taken apart into its mark (附件1) and the rest; None for another line."""
    match = _ATTACHMENT.fullmatch(text)
    if match is None:
        return None
    rest = match["rest"]
    if rest and not match["colon"] and not (text[match.start("rest") - 1].isspace()):
        return None                    # 附件所列…: a sentence
    mark = re.sub(r"\s", "", text[:match.start("colon")])
    return mark, rest.strip()


def opens_trailer(text: str) -> bool:
    """抄送：…, （此件公开发布）, …办公室 2021年4月30日印发, 联系人：… at the foot of an act."""
    return re.match(r"[(（【\[]?(?:此件|本件)|抄\s*[送报]\s*[:：]|主\s*送\s*[:：]|主题词\s*[:：]|[(（]?联系人\s*[:：]|"
                    r".{2,40}\s*\d{4}\s*年\s*\d{1,2}\s*月\s*\d{1,2}\s*日\s*印\s*发", text) is not None


def doc_numbers(text: str) -> tuple[str, ...]:
    """Document numbers in ``text``, normalised: 浙政发〔2021〕31号; each once, in order. 绍柯政办发［２０２２］９号 and
    （浙政发〔2021〕31） are read too."""
    found = (f"{_without_lead(match['who'])}〔{match['year']}〕{int(match['n'])}号"
             for match in _DOC_NUMBER.finditer(normalise(text)))
    return tuple(dict.fromkeys(found))


_LEADS = re.compile(r"^.*(?:根据|按照|依据|贯彻|落实|文号|通知|意见|方案|办法|执行|关于|精神|以及|"
                    r"和|与|及|的|了|照|经|原)(?=..)")


def _without_lead(who: str) -> str:
    return _LEADS.sub("", who)


def unfinished(text: str) -> bool:
    """Whether the line cannot be the end of a paragraph or title: it ends in 、 or ，, or leaves a 《, “ or （ open."""
    if text[-1:] in "、，,《（(“‘〔—":
        return True
    if text[-1:] in "。；;：:！？!?”）)":
        return False
    folded = normalise(text)
    return text.count("《") > text.count("》") or text.count("“") > text.count("”") or \
        folded.count("(") > folded.count(")")
