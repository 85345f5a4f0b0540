"""Domain tokens of a clause and the difference of two token sequences.

A token is what a reader takes in as one: a number with its unit, a 〔〕 number, a 《title》, a quoted term, an agency,
else a word. Tokens tile the text, carry their span in it, and compare by ``key``: two spellings of one matter have
one key, what never counts (spaces, punctuation, the place's own name's spelling) has none of its own.
"""

from __future__ import annotations

import difflib
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from kb.models import Quantity, Statements
from kb.text import normalise, segmenter, words
from kb.vocabulary import lines, table
from kb.vocabulary.agencies import canonical, is_known
from kb.vocabulary.regions import ancestors, bare, own_names

TokenKind = Literal[
    "number", "document", "title", "quoted", "agency", "level", "place", "force", "word", "slack", "mark",
]
Change = tuple[Literal["equal", "replace", "delete", "insert"], int, int, int, int]

#: Keys of what a document calls its own place (临海市, 我市, 全市) and the places above it (省, 台州市).
OWN_PLACE = "本地"
UPPER_PLACE = "上级"


@dataclass(frozen=True, slots=True)
class Token:
    """``text[start:end]``. Equal ``key`` means the same matter; an empty key never counts as a difference.

    ``content`` says whether the token alone can make a difference of substance: a noun, a name, a term.
    """

    kind: TokenKind
    start: int
    end: int
    key: str
    content: bool = False

    @property
    def weight(self) -> float:
        """How much the token says when two sentences are compared."""
        if not self.key:
            return 0.0
        if self.kind == "slack":
            return 0.2 * len(self.key)
        return min(6.0, max(1.0, len(self.key)))


# --- what is one token beyond the dictionary's words -----------------------------------------------------------------

_TITLE = re.compile(r"《[^《》]*(?:《[^《》]*》[^《》]*)*》")
DOCUMENT = re.compile(r"[一-鿿]{2,8}\(\d{4}\)\d+号?")                    # 浙政发〔2021〕31, in one text without 号
STANDARD = re.compile(r"(?<![A-Za-z])[A-Z]{2,}\d*(?:/[A-Z]{1,2})?\s?\d[\d/.]*(?:-\d{4})")   # DB33/1021-2013
_QUOTED = re.compile(r"[\"'][^\"',。;:]{1,16}[\"']")                          # “亩均论英雄“ closes with the wrong quote
_CLASSES = re.compile(r"[A-E]类?(?:[/、和][A-E]类?)+")                     # A/B类, A、B类, A类、B类
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*(?:/\d+)?(?:[%‰]|[万亿千百]?(?:元|亩|家|个|项|台|吨|人|年|月|日|倍|层|宗|条))?")
_LATIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9.&+]*")
_SPELT = re.compile(r"[零一二三四五六七八九十百千万亿两半几]+(?:分之[零一二三四五六七八九十百千万]+)?")
_AGENCY_END = re.compile(
    r"领导小组办公室|领导小组|管委会|人民政府|政府|主管部门|管理部门|部门|办公室|工作专班|专班|人民法院|法院|检察院|"
    r"集团|支队|大队|中心支行|分局|海关|中心|局|厅|委|办")
_AGENCY_FREE = ("政府", "管委会", "领导小组", "领导小组办公室", "法院", "检察院", "专班")
_HAN_RUN = re.compile(r"[一-鿿]+$")
_NOUNS = ("n", "i", "j", "l", "b", "s", "t", "vn", "an", "f")


@cache
def _alternation(name: str) -> re.Pattern[str]:
    """Entries of a list that the segmenter may cut apart, the longest first."""
    entries = (row["word"] for row in table(name))
    long = sorted({entry for entry in entries if len(entry) > 2}, key=lambda entry: (-len(entry), entry))
    return re.compile("|".join(map(re.escape, long)) if long else r"(?!)")


@cache
def equivalents() -> Mapping[str, str]:
    """Word -> the word that stands for all its spellings (其它 -> 其他)."""
    return {row["word"]: row["same_as"] for row in table("equivalent_words.tsv")}


@cache
def forces() -> Mapping[str, tuple[str, int]]:
    """Word that says how strongly -> its scale and its place on the scale, weak to strong."""
    return {row["word"]: (row["scale"], int(row["force"])) for row in table("force_words.tsv")}


@cache
def _slack() -> frozenset[str]:
    return frozenset(lines("slack_words.txt"))


@cache
def _levels() -> re.Pattern[str]:
    return re.compile("|".join(lines("level_units.txt")))


@cache
def _own(region_code: str) -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, own_names(region_code))))


@cache
def _upper(region_code: str) -> re.Pattern[str]:
    """Places above the document's, by name or as 全省; 省级 and 省重点 are ranks, not places."""
    names = {name for place in ancestors(region_code) for name in (place.name, bare(place.code))}
    ranked = sorted(map(re.escape, names), key=lambda name: (-len(name), name))
    return re.compile("|".join([*ranked, "全省", "我省", "省委、?省政府", "省、?市(?!级)", "省(?=[、,])"]))


Claim = tuple[int, int, TokenKind, str]


def tokens(text: str, statements: Statements | None = None, region_code: str | None = None) -> tuple[Token, ...]:
    """Tokens that tile ``text``. ``statements`` give the spans of its quantities, citations and units;
    ``region_code`` is the place whose own name does not count."""
    folded = normalise(text)
    taken: list[Claim] = []
    for claim in _claims(text, folded, statements or Statements(), region_code):
        start, end = claim[0], claim[1]
        place = bisect_right(taken, start, key=lambda other: other[0])
        free = (place == 0 or taken[place - 1][1] <= start) and (place == len(taken) or taken[place][0] >= end)
        if start < end and free:
            taken.insert(place, claim)
    found: list[Token] = []
    at = 0
    for start, end, kind, key in taken:
        found += _words(folded, at, start)
        found.append(Token(kind, start, end, key, kind not in ("mark", "place", "force")))
        at = end
    found += _words(folded, at, len(folded))
    return tuple(found)


def _claims(text: str, folded: str, statements: Statements, region_code: str | None) -> Iterator[Claim]:
    """Spans in order of precedence; a later one that overlaps an earlier one is dropped."""
    for citation in statements.citations:
        if citation.title is None:
            yield citation.start, citation.end, "document", _plain(folded[citation.start:citation.end])
    for match in _TITLE.finditer(folded):   # 《…清单》 that is yet to be made is no citation, only words
        if any(citation.start <= match.start() < citation.end for citation in statements.citations):
            yield match.start(), match.end(), "title", _plain(match[0])
    for pattern in (DOCUMENT, STANDARD):
        for match in pattern.finditer(folded):
            yield match.start(), match.end(), "document", _plain(match[0])
    for quantity in statements.quantities:
        start, end = core(text, quantity)
        yield start, end, "number", amount_key(quantity)
    for unit in statements.responsibilities:
        yield unit.start, unit.end, "agency", unit.agency
    for match in _QUOTED.finditer(folded):
        yield match.start(), match.end(), "quoted", _plain(match[0])
    for match in _CLASSES.finditer(folded):
        yield match.start(), match.end(), "word", "、".join(sorted(re.findall("[A-E]", match[0]))) + "类"
    for match in _levels().finditer(folded):
        yield match.start(), match.end(), "level", canonical(text[match.start():match.end()])
    yield from _agencies(folded)
    if region_code:
        for match in _own(region_code).finditer(folded):
            if not _inside_word(folded, match):
                yield match.start(), match.end(), "place", OWN_PLACE
        for match in _upper(region_code).finditer(folded):
            yield match.start(), match.end(), "place", UPPER_PLACE
    for match in _alternation("force_words.tsv").finditer(folded):
        if match[0] in forces():
            yield match.start(), match.end(), "force", match[0]
    for match in _alternation("equivalent_words.tsv").finditer(folded):
        if match[0] in equivalents():
            yield match.start(), match.end(), "word", equivalents()[match[0]]
    for match in _NUMBER.finditer(folded):
        yield match.start(), match.end(), "word", match[0].replace(",", "")
    for match in _LATIN.finditer(folded):
        yield match.start(), match.end(), "word", match[0].upper()


def _inside_word(folded: str, match: re.Match[str]) -> bool:
    """Whether the generic name of a place (本市, 全区) only runs across two words: 资本市场, 完全市场化,
    全区域."""
    if match[0][0] not in "本全我":
        return False
    at = max(0, match.start() - 4)
    ends = set()
    for word in words(folded[at:match.end() + 4]):
        at += len(word)
        ends.add(at)
    return match.end() not in ends


def _plain(folded: str) -> str:
    return re.sub(r"[\s\"'<>《》()]", "", folded).removesuffix("号")


def _agencies(folded: str) -> Iterator[Claim]:
    """Agencies in running text: 市自然资源和规划局, 自然资源规划部门, 市工业专班. Only what the agency table knows,
    and bodies whose ending leaves no doubt."""
    for match in _AGENCY_END.finditer(folded):
        run = _HAN_RUN.search(folded, max(0, match.start() - 14), match.start())
        if not run:
            continue
        for start in range(run.start(), match.start()):
            unit = folded[start:match.end()]
            if unit[0] in "省市区县" or start == run.start():
                if is_known(unit) or match[0] in _AGENCY_FREE and unit[0] in "省市区县" and len(unit) < 18:
                    yield start, match.end(), "agency", canonical(unit)
                    break
            elif match[0] == "部门" and is_known(unit):
                yield start, match.end(), "agency", canonical(unit)
                break


def core(text: str, quantity: Quantity) -> tuple[int, int]:
    """Span of a quantity's number and unit without the bound words around it."""
    digits = [match.span() for match in re.finditer(r"\d[\d.,/]*", quantity.quote)]
    if not digits:
        spelt = max(_SPELT.finditer(quantity.quote), key=lambda match: len(match[0]), default=None)
        if spelt is None:                     # 翻番, 清零
            return quantity.start, quantity.end
        digits = [spelt.span()]
    end = digits[-1][1]
    unit = quantity.quote.find(quantity.unit, end) if quantity.unit else -1
    if 0 <= unit <= end + 2:
        end = unit + len(quantity.unit)
    return quantity.start + digits[0][0], quantity.start + end


def amount_key(quantity: Quantity) -> str:
    """One spelling for one amount: 1.3万亩 and 13000亩, 三分之一 and 1/3."""
    parts = [quantity.base_value, quantity.value_from, quantity.value_to]
    return "#" + "~".join(f"{part:.4g}" for part in parts if part is not None) + quantity.base_unit


def _words(folded: str, start: int, end: int) -> Iterator[Token]:
    at = start
    for word, pos in segmenter().tag(folded[start:end], False) if end > start else ():
        yield _word(word, pos, at)
        at += len(word)


def _word(word: str, pos: str, start: int) -> Token:
    end = start + len(word)
    if not any(char.isalnum() for char in word):
        return Token("mark", start, end, "")
    same = equivalents().get(word, word)
    if same in forces():
        return Token("force", start, end, same)
    if same in _slack() or pos in ("uj", "ul", "uz", "ud", "ug", "uv", "c", "p", "u", "y", "e", "o", "zg"):
        return Token("slack", start, end, same)
    return Token("word", start, end, same, pos.startswith(_NOUNS) and len(word) > 1)


# --- difference of two sequences -------------------------------------------------------------------------------------

def changes(a: Sequence[Token], b: Sequence[Token]) -> tuple[Change, ...]:
    """Opcodes over the indices of ``a`` and ``b``, by keys, as difflib gives them; they cover both sequences."""
    matcher = difflib.SequenceMatcher(None, [_compared(token) for token in a], [_compared(token) for token in b],
                                      autojunk=False)
    return tuple(matcher.get_opcodes())


def _compared(token: Token) -> str:
    return token.key


def likeness(a: Iterable[Token], b: Iterable[Token]) -> float:
    """Share of the weight that two bags of tokens have in common, 0 to 1, whatever the order."""
    left, right = bag(a), bag(b)
    total = sum(left.values()) + sum(right.values())
    common = sum(min(weight, right.get(key, 0.0)) for key, weight in left.items())
    return 2 * common / total if total else 0.0


#: Tokens that count as one of their kind when phrases are matched, whatever they say.
_BLIND: Mapping[str, str] = {"number": "#", "document": "《", "title": "《"}


def bag(items: Iterable[Token]) -> dict[str, float]:
    """Weight of each key; amounts and citations count as such, so that 28万元 is like 35万元."""
    found: dict[str, float] = {}
    for token in items:
        if token.kind == "quoted":              # “浙江出口名牌” in one text, the bare words in the other
            parts = [(word, float(len(word))) for word in words(token.key)]
        else:
            parts = [(_BLIND.get(token.kind, token.key), 2.0 if token.kind in _BLIND else token.weight)]
        for key, weight in parts:
            if key:
                found[key] = found.get(key, 0.0) + weight
    return found
