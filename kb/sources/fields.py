"""The front matter's fields, read off a cleaned page: its particulars, its title, its signature and its text."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass

from kb.models import Validity
from kb.sources import marks, places
from kb.sources.page import Draft
from kb.text import han_number, normalise

#: Fields of the front matter that a page is expected to give, in the order in which a report names them.
EXPECTED = ("title", "region_code", "issuer", "doc_number", "unified_number", "index_number", "signed_on", "written_on",
            "published_on", "effective_on", "expires_on", "validity", "kind", "based_on")


@dataclass(frozen=True, slots=True)
class Fields:
    """What was found, by field; ``inferred`` says why a value that the page does not state was taken."""

    values: Mapping[str, str]
    based_on: tuple[str, ...]
    validity: Validity
    inferred: Mapping[str, str]

    def missing(self) -> tuple[str, ...]:
        """Names of the expected fields that are empty."""
        empty = {name for name in EXPECTED if not self.values.get(name)} - {"based_on", "validity"}
        empty |= {"based_on"} if not self.based_on else set()
        empty |= {"validity"} if self.validity == "未知" else set()
        return tuple(name for name in EXPECTED if name in empty)


def read_fields(draft: Draft, body: str, region_code: str | None = None) -> Fields:
    """Fields of the document in ``draft`` with the Markdown ``body``; ``region_code`` is what the user said."""
    inferred: dict[str, str] = {}
    meta = draft.meta
    main = re.split(r"^# 附", body, maxsplit=1, flags=re.MULTILINE)[0]
    values: dict[str, str] = {"title": draft.title}
    for name in ("index_number", "unified_number"):
        values[name] = meta.get(name, "")
    values["doc_number"] = _doc_number(meta, inferred)
    for name in ("written_on", "published_on", "effective_on", "expires_on"):
        values[name] = marks.date_in(meta.get(name, "")) or ""
    signers, values["signed_on"] = _signature(main)
    values["issuer"] = _issuer(draft.title, signers, meta, inferred)
    values["kind"] = _kind(draft.title)
    for text in (main, body):             # the act says it, or else the plan that it sends out
        _dates_in_text(text, values, inferred)
    values["region_code"] = _region(region_code, values, draft, body, inferred)
    return Fields(values, _based_on(body, values["doc_number"]), _validity(meta.get("validity", "")), inferred)


def _doc_number(meta: Mapping[str, str], inferred: dict[str, str]) -> str:
    found = marks.doc_numbers(meta.get("doc_number", ""))
    return found[0] if found else ""


def _signature(main: str) -> tuple[tuple[str, ...], str]:
    """Who signed the main act and when: the first date that stands alone, and the issuers right above it."""
    blocks = [block for block in main.split("\n\n") if not block.startswith("#")]
    for index, block in enumerate(blocks):
        if not marks.is_date_line(block.strip()):
            continue
        signers: list[str] = []
        for above in reversed(blocks[max(0, index - 12):index]):
            if not marks.is_issuer(above.strip()):
                break
            signers.insert(0, above.strip())
        if signers or index > len(blocks) // 4:
            return tuple(signers), marks.date_in(block) or ""
    return (), ""


def _issuer(title: str, signers: tuple[str, ...], meta: Mapping[str, str], inferred: dict[str, str]) -> str:
    match = re.match(r"(?P<who>.{4,60}?)(?:关于|印发|转发|批转|公布)", title)
    if match and marks.is_issuer(match["who"].strip()):
        return match["who"].strip()
    if signers:
        return "、".join(signers)
    if letterhead := meta.get("letterhead"):
        return letterhead
    publisher = meta.get("publisher", "")
    if publisher and marks.is_issuer(publisher) and places.place_named(publisher):
        inferred["issuer"] = "标题和落款都没有发文机关，取页面的发布机构"
        return publisher
    return ""


def _kind(title: str) -> str:
    """意见, 方案 …: of what a notice sends out, where its title names it."""
    sent = re.search(r"(?:印发|转发|批转)(.{4,})的通知$", marks.bare_title(title))
    kind = marks.kind_in(sent[1]) if sent else None
    return kind or marks.kind_in(title) or ""


def _validity(written: str) -> Validity:
    if re.search("失效|废止|无效|作废", written):
        return "失效"
    return "有效" if re.search("有效|现行", written) else "未知"


def _region(said: str | None, values: Mapping[str, str], draft: Draft, body: str, inferred: dict[str, str]) -> str:
    if said is not None:
        code = places.checked_region(said)
        found, why = places.region_of((values["issuer"], draft.title), values["index_number"] or None, body)
        if found is None:
            inferred["region_code"] = "导入时由 --region 指定，页面没有写明"
        elif found == code and why:
            inferred["region_code"] = f"导入时由 --region 指定；{why}"
        elif found != code:
            other = f"按页面推断则为 {found}" if why else f"页面写明的是 {found}"
            inferred["region_code"] = f"导入时由 --region 指定；{other}"
        return code
    found, why = places.region_of((values["issuer"], draft.title, draft.meta.get("publisher", "")),
                                  values["index_number"] or None, body)
    if found and why:
        inferred["region_code"] = why
    return found or ""


# --- basis -----------------------------------------------------------------------------------------------------

_BASIS = re.compile(r"根据|依据|按照|贯彻|落实|依照|遵照")
_CITED = re.compile(r"《[^》]*(?:《[^》]*》[^》]*)*》\s*[(（〔\[]?[^。；，,]{0,40}")


def _based_on(body: str, own: str) -> tuple[str, ...]:
    """Numbers of the documents that the preambles rest on: cited before the first number of a part, after 根据 or
    贯彻落实 in the same sentence. A document named in a later clause is a reference, not a basis."""
    found: list[str] = []
    preamble = True
    for block in body.split("\n\n"):
        text = block.lstrip("# ").strip()
        if block.startswith("# "):
            preamble = True
        elif marks.number_of(text) is not None and not text.startswith("第"):
            preamble = False
        elif text.startswith("第") and (number := marks.number_of(text)) is not None:
            preamble = number.style.kind == "article" and number.value == 1   # 第一条　根据……，制定本办法。
        if not preamble or block.startswith(("# ", "|")):
            continue
        for sentence in re.split("[。；]", text):
            if lead := _BASIS.search(sentence):
                found += marks.doc_numbers(sentence[lead.start():])
    return tuple(number for number in dict.fromkeys(found) if number != own)


# --- dates in the text -----------------------------------------------------------------------------------------

_FROM = re.compile(r"自\s*(?P<date>\d{4}年\d{1,2}月\d{1,2}日)\s*起\s*(?:正式)?(?:施行|实施|执行|生效)")
_FROM_ISSUE = re.compile(r"自\s*(?P<act>发布|公布|印发|发文|下发)\s*之日\s*起\s*"
                         r"(?:(?P<days>\d+|[一二三四五六七八九十]+)\s*日后)?\s*(?:正式)?(?:施行|实施|执行|生效)")
_UNTIL = re.compile(r"(?:有效期|有效期限|施行期限|执行期限|实施期限|期限|执行|施行|有效)\s*"
                    r"(?:(?:限|截止|截至|自\S{0,24})?\s*(?:到|至|为至)|截止|截至)\s*"
                    r"(?P<date>\d{4}年(?:\d{1,2}月\d{1,2}日|(?:\d{1,2}月)?[底末]))")
_FOR = re.compile(r"(?:有效期|有效期限|试行期|施行期限)\s*(?:限|为|是)?\s*"
                  r"(?P<years>\d{1,2}|[一二两三四五六七八九十]+)\s*年")


def _dates_in_text(main: str, values: dict[str, str], inferred: dict[str, str]) -> None:
    text = normalise(main)
    if not values["effective_on"]:
        if match := _last(_FROM, text):
            values["effective_on"] = marks.date_in(match["date"]) or ""
        elif match := _last(_FROM_ISSUE, text):
            _from_issue(match, values, inferred)
    if not values["expires_on"]:
        if match := _last(_UNTIL, text):
            values["expires_on"] = marks.date_in(match["date"]) or _end_of(match["date"])
            if match["date"][-1] in "底末":
                inferred["expires_on"] = f"“{match[0]}”，取最后一天"
        elif (match := _last(_FOR, text)) and values["effective_on"]:
            years = han_number(match["years"].replace("两", "二"))
            values["expires_on"] = _years_on(values["effective_on"], years)
            inferred["expires_on"] = f"由施行日期和“{match[0]}”推算"


def _last(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    """The last match: closing provisions stand at the end; what they amend is told before."""
    found = None
    for found in pattern.finditer(text):  # noqa: B007
        pass
    return found


def _from_issue(match: re.Match[str], values: dict[str, str], inferred: dict[str, str]) -> None:
    """自发布之日起: the page's date; 自印发之日起: the date of signature; else the other of the two."""
    dates = {"published_on": "发布日期", "signed_on": "落款日期", "written_on": "成文日期"}
    order = list(dates) if match["act"] in ("发布", "公布") else ["signed_on", "written_on", "published_on"]
    name = next((name for name in order if values.get(name)), None)
    if name is None:
        return
    day = dt.date.fromisoformat(values[name])
    if match["days"]:
        day += dt.timedelta(days=han_number(match["days"]))
    values["effective_on"] = day.isoformat()
    inferred["effective_on"] = f"“{match[0]}”，取{dates[name]} {values[name]}" + (
        "（页面没有发布日期）" if order[0] == "published_on" and name != "published_on" else "")


def _end_of(written: str) -> str:
    """The last day of 2025年底 or 2025年6月底."""
    year, month = re.findall(r"\d+", written + ("12" if "月" not in written else ""))[:2]
    if not 1 <= int(month) <= 12:
        return ""
    first = dt.date(int(year), int(month), 28) + dt.timedelta(days=4)
    return (first.replace(day=1) - dt.timedelta(days=1)).isoformat()


def _years_on(day: str, years: int) -> str:
    """The last day of ``years`` years from ``day`` on."""
    start = dt.date.fromisoformat(day)
    try:
        end = start.replace(year=start.year + years)
    except ValueError:                    # 29 February
        end = start.replace(year=start.year + years, month=3, day=1)
    return (end - dt.timedelta(days=1)).isoformat()
