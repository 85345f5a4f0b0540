"""Reads tests/cases/content.txt into a Content: real provisions, with a few statements and differences beside them."""

from __future__ import annotations

import re
from pathlib import Path

from kb.database import Content
from kb.models import (
    Alignment,
    Citation,
    ConcordanceRow,
    Difference,
    Document,
    NumberingWarning,
    Provision,
    Quantity,
    Responsibility,
    Span,
    Statements,
)
from kb.render import segments

CASES = Path(__file__).parent / "cases" / "content.txt"
TAIZHOU, LINHAI, YINZHOU = "taizhou-2021-27", "linhai-2022-22", "yinzhou-shiyanqu"


def content(text: str | None = None) -> Content:
    """The content of ``text`` in the notation of cases/content.txt, by default that file's own."""
    documents, provisions = [], {}
    for block in re.split(r"^= ", text or CASES.read_text("utf-8"), flags=re.M)[1:]:
        identity, _, body = block.partition("\n")
        head, *parts = re.split(r"^\[(.+?)\] (\w+) \|(.*)$", body.rstrip() + "\n", flags=re.M)
        fields = dict(line.split(": ", 1) for line in head.splitlines() if ": " in line)
        if "based_on" in fields:
            fields["based_on"] = tuple(fields["based_on"].split("；"))
        inferred = {key[9:]: fields.pop(key) for key in list(fields) if key.startswith("inferred_")}
        whole, found = f"# {fields['title']}\n\n", []
        for path, kind, heading, own in zip(*[iter(parts)] * 4, strict=True):
            heading, own = heading.strip(), own.strip("\n")
            whole += "## "
            begin = len(whole)
            whole += heading + "\n"
            start = len(whole)
            whole += own + "\n\n"
            parent = path.rpartition("/")[0]
            label = path.removeprefix("正文/").replace("/", "")
            found.append(Provision(identity, path, label, parent if any(p.path == parent for p in found) else None,
                                   len(found) + 1, path.count("/"), kind, heading, own, start, start + len(own), begin,
                                   begin + len(heading)))
        documents.append(Document(identity, text=whole, inferred=inferred, **fields))
        provisions[identity] = found
    return Content(documents, provisions, **(_rest(provisions) if text is None else {}))


def _rest(provisions: dict[str, list[Provision]]) -> dict[str, object]:
    text = {(p.document_id, p.path): p.text for found in provisions.values() for p in found}

    def at(key: tuple[str, str], quote: str) -> tuple[int, int]:
        start = text[key].index(quote)
        return start, start + len(quote)

    def quantity(key: tuple[str, str], quote: str, value: float, bound: str) -> Quantity:
        return Quantity(quote, *at(key, quote), "规上工业亩均税收", bound, value, "万元", "target", value * 10_000, "元")

    def citation(key: tuple[str, str], quote: str, number: str, relation: str) -> Citation:
        return Citation(quote, *at(key, quote), quote.strip("《》"), number, relation)

    def aligned(a_path: str, b_path: str) -> Alignment:
        a, b = text[TAIZHOU, a_path], text[LINHAI, b_path]
        return Alignment(TAIZHOU, a_path, LINHAI, b_path, "equivalent", 0.93, Span(0, len(a)), Span(0, len(b)))

    def differs(path: str, kind: str, a: str, b: str, salience: float, **more: object) -> Difference:
        return Difference(kind, a, b, Span(*at((TAIZHOU, path), a)), Span(*at((LINHAI, path), b)), salience,
                          f"台州：{a}；临海：{b}", **more)

    fees, targets = "正文/二/（六）", "附件/二"
    province = "《浙江省人民政府关于印发浙江省新一轮制造业“腾笼换鸟、凤凰涅槃”攻坚行动方案（2021—2023年）的通知》"
    committee = "《中共临海市委 临海市人民政府关于进一步深化“亩均论英雄“改革的实施意见》"
    ningbo = "《宁波市人民政府办公厅关于加快推进制造业全域产业治理的指导意见》"
    first, last = (TAIZHOU, "正文/序"), (LINHAI, "正文/二/（十五）")
    statements = {
        first: Statements(citations=(citation(first, province, "浙政发〔2021〕31号", "basis"),)),
        (TAIZHOU, fees): Statements(responsibilities=(
            Responsibility("市自然资源规划局", "自然资源和规划", "lead", *at((TAIZHOU, fees), "市自然资源规划局")),)),
        (TAIZHOU, targets): Statements((quantity((TAIZHOU, targets), "28万元以上", 28, "min"),)),
        (LINHAI, targets): Statements((quantity((LINHAI, targets), "超过20.3万元", 20.3, "min"),)),
        last: Statements(citations=(citation(last, committee, "临市委〔2019〕68号", "reference"),)),
        (YINZHOU, "正文/一"): Statements(
            (quantity((YINZHOU, "正文/一"), "达到40万元", 40, "exact"),),
            citations=(citation((YINZHOU, "正文/一"), ningbo, "甬政办发〔2021〕6号", "reference"),)),
    }
    return {
        "statements": statements,
        "alignments": (aligned(targets, targets), aligned(fees, fees)),
        "segments": tuple(segments(text[TAIZHOU, path], text[LINHAI, path]) for path in (targets, fees)),
        "differences": (
            (differs(targets, "target", "28万元以上", "超过20.3万元", 0.9, a_value=28, b_value=20.3, unit="万元",
                     direction="looser"),),
            (differs(fees, "procedure", "不再增收", "免收", 0.6, direction="looser"),)),
        "concordance": (ConcordanceRow(1, "规上工业亩均税收", ((TAIZHOU, targets), (LINHAI, targets),
                                                    (YINZHOU, "正文/一"))),),
        "warnings": (NumberingWarning(LINHAI, fees, 12, "（五）之后没有（六）"),),
        "facts": {"corpus": "0" * 64, "version": "0.1.0"},
    }
