"""The text of an upper document in the words of a county below it, each replacement told.

One function says what has to change; the scaffold makes the changes, and the check finds those that a drafter forgot.
Nothing is replaced inside 《》: a title names another document.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from kb.models import Span
from kb.text import normalise
from kb.tokens import Token, tokens
from kb.vocabulary import table
from kb.vocabulary.agencies import canonical, is_known
from kb.vocabulary.regions import ancestors, bare, region

#: How far up a place stands: province, prefecture, county.
_RANK: Final = {"province": 0, "prefecture": 1, "county": 2}


@dataclass(frozen=True, slots=True)
class Place:
    """A place as its documents speak of it: 仙居县, 仙居, 县, and the places above it."""

    code: str
    name: str
    bare: str
    char: str
    rank: int
    above: tuple[str, ...]

    @property
    def prefecture(self) -> str:
        """The full name of the prefecture above, empty where there is none."""
        return self.above[0] if self.rank == 2 and self.above else ""


@cache
def place(code: str) -> Place:
    """The place with the six-digit ``code``. Raises KbError for an unknown one."""
    found = region(code)
    char = found.name[-1] if found.name[-1] in "省市县区" else {0: "省", 1: "市", 2: "县"}[_RANK[found.level]]
    return Place(code, found.name, bare(code), char, _RANK[found.level], tuple(above.name for above in ancestors(code)))


@dataclass(frozen=True, slots=True)
class Replacement:
    """``old`` at ``start`` of the text becomes ``new``; ``why`` says so to the drafter. ``sure`` is False where the
    drafter has to decide: such a one is told, not made. ``tells``: old words in a draft are a left-over."""

    start: int
    old: str
    new: str
    why: str
    sure: bool = True
    tells: bool = True

    @property
    def end(self) -> int:
        """Where the old words end."""
        return self.start + len(self.old)

    @property
    def span(self) -> Span:
        """Where the old words stand."""
        return Span(self.start, self.end)


#: 县（市、区）政府、台州湾新区管委会: governments below the prefecture, with the zones that rank with them.
BELOW: Final = (r"各?(?:县\s*[(<]市、区[)>]|县市区|市县区|区县\(市\)|县\(市\)区)(?:人民政府|党委政府|政府)?")
ZONE: Final = r"[一-鿿]{2,8}?(?:新区|开发区|高新区|集聚区|产业园区|示范区)(?:管委会|管理委员会)?"
_COUNTIES: Final = re.compile(rf"(?P<who>{BELOW})(?P<zones>(?:、{ZONE})*)")
_CITIES: Final = re.compile(rf"各(?:设区)?市(?:、{BELOW[2:]})?(?=人民政府|政府|要|应|、县)")
_APPROVES: Final = re.compile(r".{0,16}?(?:同意|认定|批准|审定|研究|审核|核准|审批)")
#: 全市 and 我市 mean the place itself; 市场, 城市, 市政 do not speak of it.
_SELF: Final = {
    "全": r"全{b}(?!场|面)", "我": r"我{b}(?!场)", "本": r"本{b}(?!场|政)", "内": r"(?<![城都上门超夜集])(?<!上)(?<!县)(?<!区、){b}内(?!网)",
}
_BODY: Final = r"(?<![省市县区地城都上门超夜集])(?<!各级)(?<!州){b}(?:委、{b}政府|委(?![员托屈])|政府|人大|政协|纪委|监委|级(?!以|及以)|直(?=各|属|机关|部门|单位))"


def localise(text: str, base: Place, target: Place, *, found: Sequence[Token] | None = None,
             forms: Mapping[str, str] | None = None) -> tuple[Replacement, ...]:
    """What has to change in ``text`` of the place ``base`` when ``target`` says it, in order, without overlaps.

    ``found`` are the tokens of ``text`` where they are known already; ``forms`` gives what the target's sisters call
    an agency (canonical name -> name with {t}, {b}, {p}).
    """
    if base.code == target.code:
        return ()
    folded = normalise(text)
    titles = [match.span() for match in re.finditer(r"《[^《》\n]*(?:《[^《》\n]*》[^《》\n]*)*》", folded)]
    candidates = [*_governments(folded, base, target),
                  *_agencies(folded, tokens(text) if found is None else found, base, target, forms or {}),
                  *_names(folded, base, target), *_generic(folded, base, target)]
    kept: list[Replacement] = []
    for item in candidates:
        inside = any(start <= item.start < end for start, end in titles)
        if inside or item.old == item.new or any(item.span.overlaps(other.span) for other in kept):
            continue
        kept.append(item)
    return tuple(sorted(kept, key=lambda item: item.start))


def applied(text: str, replacements: Iterable[Replacement]) -> str:
    """``text`` with those of the ``replacements`` made that are sure."""
    made, at = "", 0
    for item in replacements:
        if item.sure:
            made += text[at:item.start] + item.new
            at = item.end
    return made + text[at:]


# --- governments one level down --------------------------------------------------------------------------------------

def _governments(folded: str, base: Place, target: Place) -> Iterator[Replacement]:
    if base.rank >= target.rank:
        return
    if target.rank == 1:
        for match in _CITIES.finditer(folded):
            yield Replacement(match.start(), match[0], "各县（市、区）", "对下一级政府的统称改为本级的下一级", tells=False)
        return
    for match in _COUNTIES.finditer(folded):
        yield Replacement(match.start(), match[0], *_below(folded, match, target))


def _below(folded: str, match: re.Match[str], target: Place) -> tuple[str, str]:
    """What stands in a county's text where the upper one speaks of its counties: the county's own government where it
    decides, the towns where they all are addressed."""
    before, after = folded[:match.start()], folded[match.end():]
    zones = "；上级所辖功能区不适用于本地" if match["zones"] else ""
    if re.search(r"(?:经|由|报|并由|报经|需经|须经)$", before) and _APPROVES.match(after):
        return f"{target.char}政府", f"由下一级政府决定的事项，在本级由{target.char}政府决定{zones}"
    if re.match(r"[,、]?[省市]政府(?:直属|各部门)|[,、][省市]级?各", after) and not before.rstrip(" ").split("\n")[-1]:
        return "各乡镇人民政府、街道办事处", f"主送机关改为本级的下一级{zones}"
    if match["who"].startswith("各"):
        return "各乡镇（街道）", f"下一级政府的统称改为乡镇（街道）{zones}"
    if re.search(r"(?:对|优秀的|靠后的|领先的|落后的)[^,。;]{0,10}$", before):
        return "乡镇（街道）", f"考核对象改为本级的下一级{zones}"
    return f"{target.char}政府", f"县（市、区）政府在本级即{target.char}政府{zones}"


# --- the place's own names -------------------------------------------------------------------------------------------

def _names(folded: str, base: Place, target: Place) -> Iterator[Replacement]:
    below = re.escape(target.bare)
    for match in re.finditer(rf"{re.escape(base.name)}(?!{below})", folded):
        if _in_office(folded, match):
            continue
        yield Replacement(match.start(), match[0], target.name, "上级地名改为本地")
    if base.rank == 0:
        return              # 浙江制造, 浙江省…: a province's name stands in all texts of its counties
    for match in re.finditer(rf"{re.escape(base.bare)}(?!市|县|区)", folded):
        zone = re.match(rf"{re.escape(base.bare)}[一-鿿]{{0,6}}?(?:新区|开发区|高新区|集聚区|走廊|综合保税区|大平台)",
                        folded[match.start():])
        if _in_office(folded, match):
            continue
        if zone:
            yield Replacement(match.start(), zone[0], "", "上级所辖区域，本地是否适用待定", sure=False)
        else:
            yield Replacement(match.start(), match[0], target.bare, "上级地名，是否改为本地待定", sure=False)


def _in_office(folded: str, match: re.Match[str]) -> bool:
    """Whether the name belongs to an office of the upper level (台州银保监分局, 台州海关): agencies see to that."""
    return bool(re.match(r"(?:生态环境|银保监|海关|中心支行|税务局|监管|海事|出入境)", folded[match.end():match.end() + 6]))


def _generic(folded: str, base: Place, target: Place) -> Iterator[Replacement]:
    if base.char == target.char:
        return
    for key, pattern in _SELF.items():
        for match in re.finditer(pattern.format(b=base.char), folded):
            new = target.char + "内" if key == "内" else key + target.char
            yield Replacement(match.start(), match[0], new, "上级自称改为本级")
    for match in re.finditer(_BODY.format(b=base.char), folded):
        level = match[0].endswith("级")
        yield Replacement(match.start(), match[0], match[0].replace(base.char, target.char), "上级机关改为本级",
                          sure=not level, tells=not level)


# --- agencies --------------------------------------------------------------------------------------------------------

@cache
def unit_forms() -> Mapping[str, dict[str, str]]:
    """Rows of localised_units.tsv by agency."""
    return {row["agency"]: row for row in table("localised_units.tsv")}


def _agencies(folded: str, found: Sequence[Token], base: Place, target: Place,
              forms: Mapping[str, str]) -> Iterator[Replacement]:
    for token in found:
        if token.kind != "agency":
            continue
        name = folded[token.start:token.end]
        own = name.startswith((base.char, base.name, base.bare)) or base.bare in name
        if not own or name.startswith(f"{base.char}场") or token.key in ("镇街", "县级政府"):
            continue
        new = localised_unit(name, base, target, forms)
        if new is None:
            yield Replacement(token.start, name, "", "本级没有对应机构，保留与否待定", sure=False, tells=False)
        elif new != name:
            sister = "，名称参照同级文件" if canonical(name) in forms else ""
            yield Replacement(token.start, name, new, f"上级部门改为本级部门{sister}")


def localised_unit(name: str, base: Place, target: Place, forms: Mapping[str, str]) -> str | None:
    """What the body ``name`` of ``base`` is called in ``target``; None where there is none, or nobody can tell."""
    if base.rank == target.rank and not name.startswith((base.char, base.name)):
        return name.replace(base.bare, target.bare)         # 市生态环境局钱塘分局 of a sister
    agency = canonical(name)
    known = unit_forms().get(agency)
    form = forms.get(agency) or (known.get("form", "") if known and target.rank == 2 > base.rank else "")
    if known and not form and target.rank == 2 > base.rank:
        return None
    if form and is_known(name):
        return form.format(t=target.char, b=target.bare, p=target.prefecture, P=target.prefecture[:-1])
    if name.startswith(base.char):
        rest = name[len(base.char):]
        if base.rank == 0:
            rest = re.sub("厅$", "局", rest)
        return target.char + rest
    for own in (base.name, base.bare):
        if name.startswith(own):
            return target.name + name[len(own):].lstrip("市县区")
    return None


def forms_of(units: Iterable[tuple[str, str]], sister: Place, target: Place) -> dict[str, str]:
    """What a ``sister`` of ``target`` calls its agencies, as forms: ``units`` are (canonical name, name as written),
    the first name of an agency counts."""
    forms: dict[str, str] = {}
    if sister.rank != target.rank or sister.prefecture != target.prefecture:
        return forms
    for agency, name in units:
        name = normalise(name)
        if agency in forms or not is_known(name) or agency in ("镇街", "县级政府"):
            continue
        made = name.replace("{", "").replace("}", "")
        if made.startswith(sister.char):
            made = "{t}" + made[1:]
        made = made.replace(sister.prefecture, "{p}") if sister.prefecture else made
        made = made.replace(sister.bare, "{b}")
        if made.startswith(("{t}", "{p}", "{b}")):
            forms[agency] = made
    return forms
