"""Redlines: accepting gives the draft and rejecting the base, whatever the two are; and what a reader sees in between."""

from __future__ import annotations

import datetime as dt
import re
import subprocess
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from office import W, content, needs_soffice, part, replaced, soffice, view
from test_docx import cases as docx_cases
from test_docx import numbered

from kb.align import align, upper_first
from kb.corpus import read_corpus
from kb.draft.edits import pieces
from kb.draft.findings import Finding, rules
from kb.draft.flow import flow
from kb.draft.official import write
from kb.draft.redline import AUTHOR, of_finding, redline
from kb.draft.source import DraftSource, draft_source, from_content
from kb.draft.tracked import FORM
from kb.models import Alignment, Document, KbError
from kb.parse import parse
from kb.sources import import_page
from kb.sources.docx import read_content
from kb.sources.docx_content import PARAGRAPH_END, Content, Paragraph, Revision, Run, Table
from kb.sources.docx_content import Cell as DocxCell

DATED = dt.datetime(2024, 1, 2, 3, 4, 5)
HERE = Path(__file__).parent
DOCUMENTS = read_corpus(HERE.parent / "corpus")
PROVISIONS = {document.id: parse(document).provisions for document in DOCUMENTS}
PAIRS = list(permutations(DOCUMENTS, 2))


def document(text: str, name: str = "base") -> Document:
    title = text.split("\n")[0].lstrip("# ")
    return Document(id=name, title=title, region_code="331000", text=text)


def aligned(a: Document, b: Document) -> tuple[Alignment, ...]:
    upper, lower = upper_first(a, b)
    return align(parse(upper).provisions, parse(lower).provisions)


# --- accepting and rejecting -------------------------------------------------------------------------------------------

@pytest.mark.parametrize(("base", "draft"), PAIRS, ids=[f"{a.id}-{b.id}" for a, b in PAIRS])
def test_every_pair_of_the_corpus(base: Document, draft: Document) -> None:
    upper, lower = upper_first(base, draft)
    alignments = align(PROVISIONS[upper.id], PROVISIONS[lower.id])
    made = redline(base, draft_source(draft), alignments, dated=DATED)
    assert view(made, "accept") == content(flow(draft))
    assert view(made, "reject") == content(flow(base))


WORDS = st.sampled_from(["推进", "制造业", "28万元", "亩均税收", "，", "。", "（", "）", "(", ",", "不低于", "1%", "县政府", "“零增地”", "A类"])
SENTENCES = st.lists(WORDS, min_size=1, max_size=8).map("".join)
OPENERS = st.sampled_from(["", "", "## 一、", "## 二、", "### （一）", "### （二）", "#### 1.", "（1）", "——", "附件：", "# 附件\n\n# "])
PARAGRAPHS = st.builds("{}{}".format, OPENERS, SENTENCES)
TABLES = st.lists(st.tuples(SENTENCES, SENTENCES), min_size=1, max_size=3).map(
    lambda rows: "\n".join(["| 甲 | 乙 |", "| --- | --- |", *(f"| {a} | {b} |" for a, b in rows)]))
TEXTS = st.lists(st.one_of(PARAGRAPHS, PARAGRAPHS, PARAGRAPHS, TABLES, st.just("2024年1月2日")), min_size=1, max_size=9).map(
    lambda blocks: "# 关于甲的意见\n\n" + "\n\n".join(blocks) + "\n")
AUTHORS = st.sampled_from([None, None, None, ("insert", "张三"), ("delete", "张三"), ("delete", "李四"), ("move_from", "李四"),
                           ("move_to", "张三")])


@settings(max_examples=100, deadline=None)
@given(TEXTS, TEXTS)
def test_any_two_documents(base: str, draft: str) -> None:
    one, other = document(base), document(draft, "draft")
    made = redline(one, draft_source(other), dated=DATED)
    assert view(made, "accept") == content(flow(other))
    assert view(made, "reject") == content(flow(one))


@settings(max_examples=60, deadline=None)
@given(TEXTS, st.data())
def test_a_document_that_somebody_edited(base: str, data: st.DataObject) -> None:
    """A draft that keeps most of the base: blocks left out, exchanged, changed."""
    blocks = base.strip().split("\n\n")[1:]
    drawn = data.draw(st.permutations(blocks)) if data.draw(st.booleans()) else blocks
    kept = [block for block in drawn if data.draw(st.integers(0, 4))] + data.draw(st.lists(PARAGRAPHS, max_size=2))
    text = "# 关于乙的意见\n\n" + "\n\n".join(kept).replace("推进", data.draw(st.sampled_from(["推进", "加快推进", ""]))) + "\n"
    one, other = document(base), document(text, "draft")
    made = redline(one, draft_source(other), aligned(one, other), dated=DATED)
    assert view(made, "accept") == content(flow(other))
    assert view(made, "reject") == content(flow(one))


def revision(found: tuple[str, str] | None) -> Revision | None:
    return None if found is None else Revision(found[0], found[1], "2023-05-06T07:08:09Z")  # type: ignore[arg-type]


RUNS = st.lists(st.builds(lambda text, found: Run(text, revision(found)), SENTENCES, AUTHORS), min_size=1, max_size=4)
ENDS = st.sampled_from([None, None, ("insert", "张三")])
#: Deleted paragraphs flow into the next as the reader gives them.
GHOSTS = st.lists(st.builds(lambda text: [Run(text, Revision("delete", "王五")), Run(PARAGRAPH_END, Revision("delete", "王五"))],
                            SENTENCES), max_size=1).map(lambda found: [run for runs in found for run in runs])
READ = st.builds(lambda ghost, runs, end: Paragraph((*ghost, *runs), mark=revision(end)), GHOSTS, RUNS, ENDS)
GRIDS = st.lists(st.tuples(SENTENCES, SENTENCES), min_size=1, max_size=2).map(lambda rows: Table(tuple(
    tuple(DocxCell((Paragraph((Run(text),)),)) for text in row) for row in rows)))


@settings(max_examples=100, deadline=None)
@given(TEXTS, st.lists(st.one_of(READ, READ, READ, GRIDS), min_size=1, max_size=6))
def test_a_draft_with_earlier_changes(base: str, blocks: list[Paragraph | Table]) -> None:
    source = from_content(document("# 关于乙的意见\n\n甲。\n", "draft"), Content(tuple(blocks)))
    kept = [item.text for item in blocks if isinstance(item, Paragraph) and item.text]
    assert [block.text for block in source.plain if block.text] == kept
    one = document(base)
    made = redline(one, source, dated=DATED)
    assert view(made, "accept") == content(source.plain)
    assert view(made, "reject") == content(flow(one))


def test_a_docx_draft_goes_paragraph_by_paragraph(tmp_path: Path) -> None:
    base, draft = (next(item for item in DOCUMENTS if item.id.startswith(name)) for name in ("taizhou", "linhai"))
    path = tmp_path / "draft.docx"
    path.write_bytes(write(draft, dated=DATED, number=False))
    made = redline(base, draft_source(draft, path), dated=DATED)
    assert view(made, "accept") == content(flow(draft))


def test_a_docx_draft_with_numbers_and_changes_of_its_own(tmp_path: Path) -> None:
    data, shown = numbered(next(body for title, body in docx_cases("numbering.txt") if title == "GB/T 9704"))
    text = part(data)
    first = next(text.iter(W + "r"))
    inserted = first.makeelement(W + "ins", {W + "author": "张三", W + "date": "2023-05-06T07:08:09Z"})
    first.addprevious(inserted)
    inserted.append(first)
    path = tmp_path / "draft.docx"
    path.write_bytes(replaced(data, {"word/document.xml": etree.tostring(text)}))
    draft = import_page(path, "331024").document
    source = draft_source(draft, path)
    assert [block.text for block in source.plain] == shown
    assert {block.text: block.path for block in source.plain}["2.坚持综合治理。"] == "正文/一/（二）/2"
    made = redline(document(BASE), source, dated=DATED)
    assert view(made, "accept") == shown
    assert view(made, "reject") == content(flow(document(BASE)))


@given(st.text(alphabet="一、（）(1.）①——推进制造业28万元1.3%〔2021〕31号《临海市》“零增地”A、B类 \u3000。，", max_size=60))
def test_tokens_tile_any_text(text: str) -> None:
    assert "".join(pieces(text)) == text


@pytest.mark.parametrize("text", ["28万元", "1.3万亩", "0.5%", "2021年12月26日", "500万元", "1/3"])
def test_a_number_is_one_token(text: str) -> None:
    assert [piece for piece in pieces(f"达到{text}，") if piece[0].isdigit()] in ([text], re.findall(r"\d+[年月日]", text))


def test_a_sign_without_end_is_not_compared() -> None:
    one, other = document("# 关于甲的意见\n\n" + "，" * 20_000), document("# 关于甲的意见\n\n甲" + "，" * 20_000, "draft")
    made = redline(one, draft_source(other), dated=DATED)
    assert view(made, "accept") == content(flow(other))


def test_too_many_paragraphs_are_one_line_of_error() -> None:
    long = document("# 关于甲的意见\n\n" + "推进。\n\n" * 2400)
    with pytest.raises(KbError, match="too many for a redline"):
        redline(long, draft_source(long), dated=DATED)


# --- what a reader sees ------------------------------------------------------------------------------------------------

def cases() -> list[tuple[str, str, str, str]]:
    text = (HERE / "cases" / "office" / "redline.txt").read_text(encoding="utf-8")
    found = re.findall(r"^== ([^\n]+)\n(.*?)\n--\n(.*?)\n--\n(.*?)(?=\n+== |\n*\Z)", text, re.S | re.M)
    return [(title, base, draft, shown) for title, base, draft, shown in found]


def markdown(text: str) -> str:
    return "\n\n".join(text.strip().splitlines()) + "\n"


SIGNS = {"del": "-", "ins": "+", "moveFrom": "<", "moveTo": ">"}


def drawn(made: bytes) -> list[str]:
    """The redline as redline.txt writes it."""
    found = []
    for paragraph in part(made).find(W + "body").iterfind(W + "p"):
        text = ""
        for run in paragraph.iter(W + "r"):
            said = "".join(piece.text or "" for piece in run.iter(W + "t", W + "delText"))
            changes = [above for above in run.iterancestors() if above.tag.removeprefix(W) in SIGNS]
            if changes:
                sign = SIGNS[changes[0].tag.removeprefix(W)]
                form = changes[0].get(W + "author").endswith(FORM)
                text += (f"~{said}|" if sign == "-" else f"{said}~") if form else f"[{sign}{said}{sign}]"
            else:
                text += said
        ends = paragraph.find(f"{W}pPr/{W}rPr")
        text += "".join("¶" + SIGNS[child.tag.removeprefix(W)] for child in (() if ends is None else ends))
        for sign in SIGNS.values():         # a heading that runs in is a run of its own
            text = text.replace(f"{sign}][{sign}", "")
        found += [text] if text else []
    return found


@pytest.mark.parametrize(("title", "base", "draft", "shown"), cases(), ids=lambda value: value if "\n" not in value else "")
def test_a_redline_reads_well(title: str, base: str, draft: str, shown: str) -> None:
    one, other = document(markdown(base)), document(markdown(draft), "draft")
    made = redline(one, draft_source(other), dated=DATED)
    assert drawn(made) == shown.strip().splitlines()


def test_both_places_of_a_move_have_one_name() -> None:
    title, base, draft, _ = next(case for case in cases() if case[0].startswith("moved"))
    made = redline(document(markdown(base)), draft_source(document(markdown(draft), "draft")), dated=DATED)
    root = part(made)
    for kind in ("moveFrom", "moveTo"):
        starts, ends = (list(root.iter(f"{W}{kind}Range{end}")) for end in ("Start", "End"))
        assert [item.get(W + "name") for item in starts] == ["move1"]
        assert [item.get(W + "id") for item in starts] == [item.get(W + "id") for item in ends]


def test_no_two_changes_have_one_id() -> None:
    base, draft = DOCUMENTS[0], DOCUMENTS[1]
    root = part(redline(base, draft_source(draft), dated=DATED))
    ids = [item.get(W + "id") for item in root.iter() if item.tag.removeprefix(W) in (*SIGNS, "pPrChange")]
    assert len(ids) > 100
    assert len(set(ids)) == len(ids)


def test_the_same_arguments_give_the_same_bytes() -> None:
    base, draft = DOCUMENTS[0], DOCUMENTS[1]
    alignments = aligned(base, draft)
    assert redline(base, draft_source(draft), alignments, dated=DATED) == redline(
        base, draft_source(draft), alignments, dated=DATED)


# --- earlier changes ---------------------------------------------------------------------------------------------------

BASE = "# 关于甲的意见\n\n## 一、目标\n\n推进制造业质量变革、效率变革、动力变革，达到28万元以上。\n\n开展长三角产业链补链固链强链行动。\n"
ZHANG = Revision("insert", "张三", "2023-05-06T07:08:09Z")
LI = Revision("delete", "李四", "2023-06-07T08:09:10Z")


def earlier(*paragraphs: Paragraph) -> tuple[DraftSource, bytes]:
    source = from_content(document("# 关于甲的意见\n\n甲。\n", "draft"), Content(paragraphs))
    return source, redline(document(BASE), source, dated=DATED)


def changes(made: bytes) -> list[tuple[str, str, str]]:
    """Kind, author and text of each change around text, the innermost."""
    found = []
    for run in part(made).iter(W + "r"):
        above = next((item for item in run.iterancestors() if item.tag.removeprefix(W) in SIGNS), None)
        if above is not None:
            text = "".join(piece.text or "" for piece in run.iter(W + "t", W + "delText"))
            found.append((above.tag.removeprefix(W), above.get(W + "author"), text))
    return found


HEAD = (Paragraph((Run("关于甲的意见"),)), Paragraph((Run("一、目标"),)))


def test_an_earlier_deletion_of_the_base_s_words_keeps_its_author() -> None:
    _, made = earlier(*HEAD, Paragraph((Run("推进制造业质量变革、"), Run("效率变革、", LI), Run("动力变革，达到"), Run("28万元", LI),
                                        Run("30万元", ZHANG), Run("以上。"))), Paragraph((Run("开展长三角产业链补链固链强链行动。"),)))
    assert changes(made) == [("del", "李四", "效率变革、"), ("del", "李四", "28万元"), ("ins", "张三", "30万元")]


def test_an_earlier_deletion_of_a_whole_paragraph_keeps_its_author() -> None:
    _, made = earlier(*HEAD, Paragraph((Run("推进制造业质量变革、效率变革、动力变革，达到28万元以上。", LI), Run(PARAGRAPH_END, LI),
                                        Run("开展长三角产业链补链固链强链行动。"))))
    assert changes(made) == [("del", "李四", "推进制造业质量变革、效率变革、动力变革，达到28万元以上。")]
    marks = part(made).iterfind(f".//{W}pPr/{W}rPr/{W}del")
    assert [mark.get(W + "author") for mark in marks] == ["李四"]


def test_an_earlier_deletion_of_other_words_stays_inside_the_new_insertion() -> None:
    _, made = earlier(*HEAD, Paragraph((Run("推进制造业质量变革、效率变革、动力变革，"), Run("力争", LI), Run("达到28万元以上。"))),
                      Paragraph((Run("开展长三角产业链补链固链强链行动。"),)))
    assert changes(made) == [("del", "李四", "力争")]
    outer = [item.get(W + "author") for item in part(made).iter(W + "ins")]
    assert outer == [AUTHOR]


def test_an_earlier_insertion_of_the_base_s_words_is_told_in_a_comment() -> None:
    _, made = earlier(*HEAD, Paragraph((Run("推进制造业质量变革、"), Run("效率变革、", ZHANG), Run("动力变革，达到28万元以上。"))),
                      Paragraph((Run("开展长三角产业链补链固链强链行动。"),)))
    assert changes(made) == []
    said = ["".join(piece.text or "" for piece in item.iter(W + "t")) for item in part(made, "word/comments.xml")]
    assert said == ["此前修订：张三（2023-05-06）插入“效率变革、”，与底本相同，故不再标为插入"]


# --- findings ----------------------------------------------------------------------------------------------------------

def test_findings_hang_on_the_draft_s_words_or_where_the_base_has_them() -> None:
    rule = next(iter(rules()))
    draft = document(BASE.replace("28", "20.3").replace("开展长三角产业链补链固链强链行动。\n", ""), "draft")
    findings = [Finding(rule, "正文/一", "20.3万元", "低于上级", "base", "正文/一", "28万元", "28万元"),
                Finding(rule, "", "", "缺一段", "base", "正文/一", "开展长三角产业链补链固链强链行动。")]
    made = redline(document(BASE), draft_source(draft), findings=findings, dated=DATED)
    inside = []
    for number in ("0", "1"):
        text, on = "", False
        for item in part(made).iter(W + "commentRangeStart", W + "commentRangeEnd", W + "t", W + "delText"):
            if item.tag.startswith(W + "comment"):
                on = on != (item.get(W + "id") == number)
            elif on:
                text += item.text or ""
        inside.append(text)
    assert inside[0] == "20.3万元"
    assert inside[1] == "开展长三角产业链补链固链强链行动。"
    comment = of_finding(findings[0])
    assert comment.text.endswith("低于上级\n依据（正文/一）：“28万元”\n建议：28万元")
    assert view(made, "accept") == content(flow(draft))


# --- LibreOffice -------------------------------------------------------------------------------------------------------

MODULE = """<?xml version="1.0" encoding="UTF-8"?>
<script:module xmlns:script="http://openoffice.org/2000/script" script:name="Module1" script:language="StarBasic">
Sub Run(source As String, target As String, command As String)
  Dim hidden(0) As New com.sun.star.beans.PropertyValue
  hidden(0).Name = "Hidden"
  hidden(0).Value = True
  word = StarDesktop.loadComponentFromURL(source, "_blank", 0, hidden())
  helper = createUnoService("com.sun.star.frame.DispatchHelper")
  helper.executeDispatch(word.CurrentController.Frame, command, "", 0, Array())
  Dim saved(0) As New com.sun.star.beans.PropertyValue
  saved(0).Name = "FilterName"
  saved(0).Value = "MS Word 2007 XML"
  word.storeToURL(target, saved())
  word.close(True)
End Sub
</script:module>
"""
LIBRARY = ('<?xml version="1.0" encoding="UTF-8"?><library:library xmlns:library="http://openoffice.org/2000/library" '
           'library:name="Standard" library:readonly="false" library:passwordprotected="false">'
           '<library:element library:name="Module1"/></library:library>')
LIBRARIES = ('<?xml version="1.0" encoding="UTF-8"?><library:libraries xmlns:library="http://openoffice.org/2000/library" '
             'xmlns:xlink="http://www.w3.org/1999/xlink"><library:library library:name="Standard" '
             'xlink:href="$(USER)/basic/Standard/script.xlb/" xlink:type="simple" library:link="false"/></library:libraries>')


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a profile of LibreOffice that can accept and reject."""
    folder = tmp_path_factory.mktemp("office")
    soffice(write(DOCUMENTS[0], dated=DATED), folder, "txt")         # the first start makes the profile
    basic = folder / "profile" / "user" / "basic"
    (basic / "Standard").mkdir(parents=True, exist_ok=True)
    (basic / "Standard" / "Module1.xba").write_text(MODULE, encoding="utf-8")
    (basic / "Standard" / "script.xlb").write_text(LIBRARY, encoding="utf-8")
    (basic / "script.xlc").write_text(LIBRARIES, encoding="utf-8")
    return folder


def decided(made: bytes, folder: Path, command: str) -> list[str | list[list[str]]]:
    source, target = folder / "redline.docx", folder / f"{command}.docx"
    source.write_bytes(made)
    subprocess.run(["soffice", f"-env:UserInstallation={(folder / 'profile').as_uri()}", "--headless", "--norestore",
                    f"macro:///Standard.Module1.Run({source.as_uri()},{target.as_uri()},.uno:{command}AllTrackedChanges)"],
                   check=True, capture_output=True, timeout=180)
    found = read_content(target.read_bytes(), target)
    assert not found.revisions
    return [block.grid() if isinstance(block, Table) else block.text for block in found.blocks
            if isinstance(block, Table) or block.text]


@needs_soffice
@pytest.mark.parametrize(("one", "other"), [("taizhou", "linhai"), ("qiantang", "linhai"), ("cixi", "yinzhou"),
                                            ("yinzhou", "cixi")])
def test_libreoffice_accepts_and_rejects(one: str, other: str, office: Path) -> None:
    base, draft = (next(item for item in DOCUMENTS if item.id.startswith(name)) for name in (one, other))
    made = redline(base, draft_source(draft), aligned(base, draft), dated=DATED)
    assert decided(made, office, "Accept") == content(flow(draft))
    assert decided(made, office, "Reject") == content(flow(base))


@needs_soffice
def test_libreoffice_decides_on_earlier_changes_too(office: Path) -> None:
    source, made = earlier(*HEAD, Paragraph((Run("推进制造业质量变革、"), Run("效率变革、", LI), Run("力争", LI), Run("动力变革，达到"),
                                             Run("28万元", LI), Run("30万元", ZHANG), Run("以上。"))),
                           Paragraph((Run("开展长三角产业链补链固链强链行动。", LI), Run(PARAGRAPH_END, LI), Run("新的一段。", ZHANG)), mark=ZHANG))
    assert decided(made, office, "Accept") == content(source.plain)
    assert decided(made, office, "Reject") == content(flow(document(BASE)))
