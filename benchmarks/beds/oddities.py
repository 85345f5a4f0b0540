"""Cases that must simply behave: a document against itself and against one of another matter, ties, next to nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from beds.files import HERE
from beds.score import Truth, result, unit_paths
from kb.models import Alignment, Document, Provision
from kb.parse import parse

Align = Callable[[Sequence[Provision], Sequence[Provision]], tuple[Alignment, ...]]

_ONE = "# 关于节约用水的通知\n\n一、节约用水。各单位换装节水龙头，每月抄一次水表。\n"
_BARE = "# 关于节约用水的意见\n\n一、总体要求\n\n二、主要任务\n\n三、保障措施\n"
_TIES = ("# 关于环境卫生的意见\n\n一、城区\n\n（一）按时清扫。街面每天清扫两次，垃圾当日运走。\n\n"
         "（二）洒水降尘。夏季每天洒水三次。\n\n二、镇区\n\n（一）按时清扫。街面每天清扫两次，垃圾当日运走。\n\n"
         "（二）修剪绿地。绿地每月修剪一次，枝叶当日运走。\n")


@dataclass(frozen=True, slots=True)
class Case:
    """What was tried, what must come of it, what came, and whether it is that."""

    name: str
    expected: str
    found: str
    good: bool


def cases(documents: Sequence[Document], align: Align, unrelated: Sequence[Document] = ()) -> Iterator[Case]:
    """All cases, in the order of the table; ``unrelated`` are more documents of matters foreign to ``documents``."""
    for document in documents:
        yield _itself(document, align)
    library = _document("library", (HERE / "unrelated.md").read_text(encoding="utf-8"))
    for document in documents:
        yield _nothing(f"{document.id} against rules of a library", document, library, align)
    if unrelated:
        rows = sum(_foreign(one, two, align) for one in documents for two in unrelated)
        pairs = len(documents) * len(unrelated)
        yield Case(f"{pairs} pairs of a policy and a law of another matter",
                   "at most one alignment a pair, entry into force aside", f"{rows} alignments", rows <= pairs)
    one = _document("one", _ONE)
    yield _itself(one, align)
    for document in documents[:1]:
        yield _nothing(f"{document.id} against one clause of another matter", document, one, align)
        for name, text in (("an empty document", ""), ("a title alone", "# 标题\n"), ("headings without text", _BARE)):
            yield _nothing(f"{document.id} against {name}", document, _document("empty", text), align)
    yield _nothing("an empty document against itself", *(_document("empty", ""),) * 2, align)
    ties = _document("ties", _TIES)
    yield replace(_itself(ties, align), name="the same clause twice, against itself")
    yield _again(ties, align)


def _document(name: str, text: str) -> Document:
    return Document(id=name, title=name, region_code="", text=text)


def _itself(document: Document, align: Align) -> Case:
    """Every clause with itself, equivalent at 1.0, and no other equivalent."""
    a = parse(document).provisions
    b = tuple(replace(provision, document_id="copy") for provision in a)
    units = unit_paths(a)
    wanted = {(units[p.path],) * 2 for p in a if p.text and p.kind not in ("part", "signature")}
    found = result(align(a, b), a, b, Truth({}, frozenset()), ("a", "b")).found
    equivalent = {pair: score for pair, (relation, score) in found.items() if relation == "equivalent"}
    other = len(equivalent.keys() - wanted)
    least = min((equivalent.get(pair, 0.0) for pair in wanted), default=1.0)
    return Case(f"{document.id} against itself", f"{len(wanted)} clauses equivalent to themselves at 1.0, 0 others",
                f"{len(wanted & equivalent.keys())}, least {least:.2f}; {other} others",
                wanted <= equivalent.keys() and least >= 0.9995 and not other)


def _nothing(name: str, one: Document, two: Document, align: Align) -> Case:
    rows = align(parse(one).provisions, parse(two).provisions)
    return Case(name, "no alignment", f"{len(rows)} alignments", not rows)


def _foreign(one: Document, two: Document, align: Align) -> int:
    """Alignments with what is not about entry into force, which every document has."""
    b = parse(two).provisions
    text = {provision.path: provision.text for provision in b}
    return sum("施行" not in text[row.b_path] for row in align(parse(one).provisions, b))


def _again(document: Document, align: Align) -> Case:
    """The same input gives the same output, and the two sides may change places."""
    a = parse(document).provisions
    b = tuple(replace(provision, document_id="copy") for provision in a)
    first, second, back = align(a, b), align(a, b), align(b, a)
    there = {(row.a_path, row.b_path, row.relation) for row in first}
    mirrored = {(row.b_path, row.a_path, row.relation) for row in back}
    return Case("the same clause twice, again and from the other side", "the same",
                "the same" if first == second and there == mirrored else "another result",
                first == second and there == mirrored)
