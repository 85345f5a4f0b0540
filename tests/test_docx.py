"""Reading .docx: numbers that Word makes, tracked changes, hostile files, and the way back from what is written."""

from __future__ import annotations

import datetime as dt
import io
import re
import shutil
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import docx
import pytest
from office import W, needs_soffice, part, replaced, soffice

from kb.corpus import read_corpus
from kb.draft.comments import Comment
from kb.draft.official import title_lines, write
from kb.draft.styles import width
from kb.models import Document, KbError
from kb.parse import parse
from kb.sources import import_page
from kb.sources.docx import lines, read_content
from kb.sources.docx_content import Revision
from kb.sources.package import MAX_ENTRIES, MAX_PART, MAX_TAGS
from kb.sources.readers import read_page

CASES = Path(__file__).parent / "cases" / "office"
DATED = dt.datetime(2024, 1, 2, 3, 4, 5)
NAMESPACES = " ".join((
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"',
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'))
STYLES = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles"
NUMBERING = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/numbering"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"


def cases(name: str) -> list[tuple[str, str]]:
    text = (CASES / name).read_text(encoding="utf-8")
    return [(title, body) for title, body in re.findall(r"^== ([^\n]+)\n(.*?)(?=^== |\Z)", text, re.S | re.M)]


def prefixed(xml: str) -> str:
    """Elements and attributes without a prefix as WordprocessingML's."""
    xml = re.sub(r"<(/?)(?![\w]+:)(\w)", r"<\1w:\2", xml)
    return re.sub(r"(?<=\s)(?![\w]+:)(author|date|val|type|font|char|instr|fldCharType)=", r"w:\1=", xml)


def made(body: str, numbering: str = "", styles: str = "", more: dict[str, bytes] | None = None) -> bytes:
    """A .docx of the smallest kind."""
    out = io.BytesIO()

    def rels(*found: tuple[str, str]) -> str:
        inner = "".join(f'<Relationship Id="r{n}" Type="{kind}" Target="{target}"/>'
                        for n, (kind, target) in enumerate(found))
        return f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{inner}</Relationships>'

    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("_rels/.rels", rels((OFFICE, "word/document.xml")))
        file.writestr("word/_rels/document.xml.rels", rels((STYLES, "styles.xml"), (NUMBERING, "/word/numbering.xml")))
        file.writestr("word/document.xml", f"<w:document {NAMESPACES}><w:body>{body}</w:body></w:document>")
        file.writestr("word/numbering.xml", f"<w:numbering {NAMESPACES}>{numbering}</w:numbering>")
        file.writestr("word/styles.xml", f"<w:styles {NAMESPACES}>{styles}</w:styles>")
        for name, data in (more or {}).items():
            file.writestr(name, data)
    return out.getvalue()


def read(data: bytes) -> list[str]:
    found = read_content(data, Path("draft.docx"))
    return [row for line in lines(found) for row in line.text.split("\n")] + [f"! {note}" for note in found.notes]


# --- numbers -----------------------------------------------------------------------------------------------------------

def numbered(body: str) -> tuple[bytes, list[str]]:
    """The file of a case of numbering.txt, and the lines that it expects."""
    levels: dict[str, list[str]] = {}
    nums, styles, paragraphs, expected = "", "", "", []
    for line in body.strip().splitlines():
        if match := re.fullmatch(r"level (\d+)\.(\d+) (\w+) (\S+)(.*)", line):
            options = dict(item.split("=") if "=" in item else (item, "1") for item in match[5].split())
            xml = f'<start val="{options.get("start", 1)}"/><numFmt val="{match[3]}"/>'
            xml += f'<lvlRestart val="{options["restart"]}"/>' if "restart" in options else ""
            xml += f'<pStyle val="{options["style"]}"/>' if "style" in options else ""
            xml += "<isLgl/>" if "legal" in options else ""
            levels.setdefault(match[1], []).append(f'<lvl w:ilvl="{match[2]}">{xml}<lvlText val="{match[4]}"/></lvl>')
        elif match := re.fullmatch(r"num (\d+) (\d+)(?: (\d)=(\d+))?", line):
            over = f'<lvlOverride w:ilvl="{match[3]}"><startOverride val="{match[4]}"/></lvlOverride>' if match[3] else ""
            nums += f'<num w:numId="{match[1]}"><abstractNumId val="{match[2]}"/>{over}</num>'
        elif match := re.fullmatch(r"style (\w+) (\d+)(?:\.(\d))?", line):
            level = f'<ilvl val="{match[3]}"/>' if match[3] else ""
            styles += (f'<style type="paragraph" w:styleId="{match[1]}"><pPr><numPr>{level}<numId val="{match[2]}"/>'
                       "</numPr></pPr></style>")
        elif match := re.fullmatch(r"based (\w+) (\w+)", line):
            styles += f'<style type="paragraph" w:styleId="{match[1]}"><basedOn val="{match[2]}"/></style>'
        elif match := re.fullmatch(r"(?:(\d+)\.(\d))?(?:@(\w+))?-? (\S+) => (.*)", line):
            own = f'<numPr><ilvl val="{match[2]}"/><numId val="{match[1]}"/></numPr>' if match[1] else ""
            style = f'<pStyle val="{match[3]}"/>' if match[3] else ""
            paragraphs += f"<p><pPr>{style}{own}</pPr><r><t>{match[4]}</t></r></p>"
            expected.append(match[5])
        else:
            raise AssertionError(line)
    abstract = "".join(f'<abstractNum w:abstractNumId="{key}">{"".join(found)}</abstractNum>' for key, found in levels.items())
    return made(prefixed(paragraphs), prefixed(abstract + nums), prefixed(styles)), expected


@pytest.mark.parametrize(("title", "body"), cases("numbering.txt"), ids=lambda v: v if "\n" not in v else "")
def test_numbers_that_word_makes_are_read(title: str, body: str) -> None:
    data, expected = numbered(body)
    assert expected
    assert read(data) == expected


def test_a_numbering_style_leads_to_the_numbers() -> None:
    numbering = prefixed('<abstractNum w:abstractNumId="0"><lvl w:ilvl="0"><start val="1"/><numFmt val="chineseCounting"/>'
                         '<lvlText val="%1、"/></lvl></abstractNum><abstractNum w:abstractNumId="1"><numStyleLink val="L"/>'
                         '</abstractNum><num w:numId="1"><abstractNumId val="0"/></num>'
                         '<num w:numId="2"><abstractNumId val="1"/></num>')
    styles = prefixed('<style type="numbering" w:styleId="L"><pPr><numPr><numId val="1"/></numPr></pPr></style>')
    body = prefixed('<p><pPr><numPr><ilvl val="0"/><numId val="2"/></numPr></pPr><r><t>甲</t></r></p>')
    assert read(made(body, numbering, styles)) == ["一、甲"]


def test_a_deleted_paragraph_takes_no_number() -> None:
    numbering = prefixed('<abstractNum w:abstractNumId="0"><lvl w:ilvl="0"><start val="1"/><numFmt val="decimal"/>'
                         '<lvlText val="%1."/></lvl></abstractNum><num w:numId="1"><abstractNumId val="0"/></num>')
    own = '<numPr><ilvl val="0"/><numId val="1"/></numPr>'
    body = prefixed(f'<p><pPr>{own}</pPr><r><t>甲</t></r></p><p><pPr>{own}<rPr><del author="张三"/></rPr></pPr>'
                    f'<del author="张三"><r><delText>乙</delText></r></del></p><p><pPr>{own}</pPr><r><t>丙</t></r></p>')
    assert read(made(body, numbering))[:2] == ["1.甲", "2.丙"]


# --- text --------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize(("title", "body"), cases("reading.txt"), ids=lambda v: v if "\n" not in v else "")
def test_text_is_read_as_a_reader_sees_it(title: str, body: str) -> None:
    xml, expected = body.split("\n--\n")
    assert read(made(prefixed(xml))) == expected.strip().splitlines()


def test_footnotes_stand_after_their_paragraph() -> None:
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/footnotes"
    rels = ('<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
            f'<Relationship Id="r" Type="{kind}" Target="footnotes.xml"/></Relationships>')
    notes = prefixed(f'<w:footnotes {NAMESPACES}><footnote type="separator" w:id="0"><p/></footnote>'
                     '<footnote w:id="2"><p><r><t>指规上企业。</t></r></p></footnote></w:footnotes>')
    data = replaced(made(prefixed('<p><r><t>甲</t></r><r><footnoteReference w:id="2"/></r><r><t>乙</t></r></p>')),
                    {"word/_rels/document.xml.rels": rels.encode(), "word/footnotes.xml": notes.encode()})
    assert read(data) == ["甲乙", "注1：指规上企业。", "! 有 1 条脚注，文字放在所在段落之后"]


def test_earlier_changes_are_told_apart() -> None:
    body = prefixed('<p><r><t>甲</t></r><ins author="张三" date="2024-01-02T00:00:00Z"><r><t>乙</t></r></ins>'
                    '<del author="李四" date="2024-02-03T00:00:00Z"><r><delText>丙</delText></r></del></p>')
    assert read_content(made(body), Path("x.docx")).revisions == (
        (Revision("insert", "张三", "2024-01-02T00:00:00Z"), "乙"), (Revision("delete", "李四", "2024-02-03T00:00:00Z"), "丙"))


def test_strict_files_are_read() -> None:
    data = made(prefixed("<p><r><t>甲</t></r></p>"))
    text = zipfile.ZipFile(io.BytesIO(data)).read("word/document.xml")
    strict = text.replace(b"http://schemas.openxmlformats.org/wordprocessingml/2006/main",
                          b"http://purl.oclc.org/ooxml/wordprocessingml/main")
    assert strict != text
    assert read(replaced(data, {"word/document.xml": strict})) == ["甲"]


# --- hostile files -----------------------------------------------------------------------------------------------------

def _with_text(text: bytes) -> bytes:
    start = f"<w:document {NAMESPACES}><w:body><w:p><w:r><w:t>".encode()
    return replaced(made(""), {"word/document.xml": start + text + b"</w:t></w:r></w:p></w:body></w:document>"})


def _lying() -> bytes:
    """A zip whose directory says that a part is small, while it inflates to more."""
    data = bytearray(_with_text(b"a" * 3_000_000))
    name = b"word/document.xml"
    at = data.rfind(name)       # in the central directory
    struct.pack_into("<I", data, at - 46 + 24, 1000)
    return bytes(data)


def _entity(kind: str) -> bytes:
    head = {"external": '<!DOCTYPE w [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
            "nested": '<!DOCTYPE w [<!ENTITY a "aaaaaaaaaa"><!ENTITY x "&a;&a;&a;&a;">]>'}[kind]
    return replaced(made(""), {"word/document.xml": (
        f"{head}<w:document {NAMESPACES}><w:body><w:p><w:r><w:t>&x;</w:t></w:r></w:p></w:body></w:document>").encode()})


def _many() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for number in range(MAX_ENTRIES + 1):
            file.writestr(f"p{number}", b"")
    return out.getvalue()


HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "no zip": (lambda: b"<html>\xe4\xb8\xad</html>", "no .docx file"),
    "an old Office file": (lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000), "old Office file"),
    "a password": (lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le"),
                   "password"),
    "cut off": (lambda: made(prefixed("<p><r><t>甲</t></r></p>"))[:-300], "damaged"),
    "a part cut off": (lambda: replaced(made(""), {"word/document.xml": b"<w:document"}), "damaged"),
    "no document inside": (lambda: _many_small({"a.txt": b"x"}), "no text document"),
    "a bomb": (lambda: _with_text(b"0" * (MAX_PART - 10_000)), "zip bomb"),
    "200 MB of text": (lambda: _with_text(b"0123456789abcdef" * 12_500_000), "the limit is"),
    "a directory that lies": (_lying, "damaged"),
    "too many parts": (_many, "parts"),
    "empty paragraphs without end": (lambda: replaced(made("".join(
        f'<w:p w:n="{n * 7919 % 99991}"/>' for n in range(MAX_TAGS))), {}), "tags"),
    "an external entity": (lambda: _entity("external"), "entities"),
    "nested entities": (lambda: _entity("nested"), "entities"),
    "entities in UTF-16": (lambda: replaced(made(""), {
        "word/document.xml": f'<!DOCTYPE w [<!ENTITY x "y">]><w:document {NAMESPACES}/>'.encode("utf-16")}), "entities"),
    "nested a thousand deep": (lambda: replaced(made(""), {"word/document.xml": (
        f"<w:document {NAMESPACES}><w:body>" + "<w:sdt><w:sdtContent>" * 1000 + "</w:sdtContent></w:sdt>" * 1000
        + "</w:body></w:document>").encode()}), "damaged"),
}


def _many_small(parts: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for name, data in parts.items():
            file.writestr(name, data)
    return out.getvalue()


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_one_line_of_error(name: str, tmp_path: Path) -> None:
    build, expected = HOSTILE[name]
    path = tmp_path / "x.docx"
    path.write_bytes(build())
    with pytest.raises(KbError, match=re.escape(expected)) as error:
        read_page(path)
    assert str(error.value).startswith(str(path))
    assert "\n" not in str(error.value)


def test_macros_are_told_and_not_read(tmp_path: Path) -> None:
    path = tmp_path / "x.docm"
    path.write_bytes(made(prefixed("<p><r><t>甲</t></r></p>"), more={"word/vbaProject.bin": b"\0"}))
    page = read_page(path)
    assert [line.text for line in page.lines] == ["甲"]
    assert page.notes == ("文件带有宏，只读文字，宏未运行",)


def test_an_import_passes_the_reader_s_notes_on(tmp_path: Path) -> None:
    body = "".join(f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>" for text in (
        "仙居县人民政府关于实施攻坚行动的若干意见", "各乡镇人民政府：", "为了推进攻坚行动，制定本意见。", "一、总体要求",
        "坚持政府主导，推进制造业高质量发展。"))
    path = tmp_path / "x.docx"
    path.write_bytes(made(body + prefixed('<p><del author="张三"><r><delText>旧</delText></r></del></p>')))
    assert any("张三 1 处" in note for note in import_page(path, "331024").notes)


# --- official documents ------------------------------------------------------------------------------------------------

DOCUMENTS = read_corpus(Path(__file__).parent.parent / "corpus")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.id)
def test_what_is_written_reads_back(document: Document, tmp_path: Path) -> None:
    path = tmp_path / "x.docx"
    path.write_bytes(write(document, dated=DATED))
    again = import_page(path, document.region_code).document
    assert again.text == document.text
    assert (again.title, again.doc_number) == (document.title, document.doc_number)
    found = [(item.path, item.heading, item.text) for item in parse(again).provisions]
    assert found == [(item.path, item.heading, item.text) for item in parse(document).provisions]


def test_the_same_document_gives_the_same_bytes() -> None:
    assert write(DOCUMENTS[0], dated=DATED) == write(DOCUMENTS[0], dated=DATED)


def test_python_docx_opens_what_is_written() -> None:
    document = next(item for item in DOCUMENTS if item.id.startswith("linhai"))
    word = docx.Document(io.BytesIO(write(document, dated=DATED)))
    section = word.sections[0]
    assert [round(size.mm) for size in (section.page_width, section.page_height, section.top_margin,
                                        section.bottom_margin, section.left_margin, section.right_margin)] == [
        210, 297, 37, 35, 28, 26]
    styles = {paragraph.text[:6]: paragraph.style.name for paragraph in word.paragraphs}
    assert styles["一、总体要求"] == "Heading 1"
    assert styles["各镇人民政府"] == "主送机关"
    assert word.core_properties.author == ""
    first = next(paragraph for paragraph in word.paragraphs if paragraph.text.startswith("(一)合理"))
    assert first.runs[0].text == "(一)合理优化规划安排。"
    assert first.runs[0].font.name == "楷体_GB2312"


def test_titles_break_between_words_into_even_lines() -> None:
    for document in DOCUMENTS:
        broken = title_lines(document.title).split("\n")
        assert "".join(broken) == document.title
        assert max(map(width, broken)) <= 20
    linhai = next(item for item in DOCUMENTS if item.id.startswith("linhai"))
    assert title_lines(linhai.title).split("\n")[1].startswith("“腾笼换鸟、凤凰涅槃”")


def test_comments_hang_on_their_quotes() -> None:
    document = next(item for item in DOCUMENTS if item.id.startswith("linhai"))
    comments = [Comment("正文/二/（三）", "台州为整体发证", "分批发证"), Comment("正文/二/（四）", "核对指标"),
                Comment("正文/九", "没有这一条")]
    data = write(document, dated=DATED, comments=comments)
    root = part(data)
    for number, expected in ((0, "分批发证"), (1, None), (2, None)):
        paragraph = next(item.getparent() for item in root.iter(W + "commentRangeStart") if item.get(W + "id") == str(number))
        inside, text = False, ""
        for child in paragraph:
            if child.get(W + "id") == str(number) and child.tag in (W + "commentRangeStart", W + "commentRangeEnd"):
                inside = child.tag == W + "commentRangeStart"
            elif inside:
                text += "".join(piece.text or "" for piece in child.iter(W + "t"))
        whole = "".join(piece.text or "" for piece in paragraph.iter(W + "t"))
        assert text == (expected or whole)
    said = ["".join(piece.text or "" for piece in item.iter(W + "t")) for item in part(data, "word/comments.xml")]
    assert said == ["台州为整体发证", "核对指标", "没有这一条"]
    assert {item.get(W + "date") for item in part(data, "word/comments.xml")} == {"2024-01-02T03:04:05Z"}


def test_text_that_xml_cannot_hold_is_left_out(tmp_path: Path) -> None:
    document = Document(id="x", title="关于\x0b甲的通知", region_code="331000", text="# 关于\x0b甲的通知\n\n乙\x00丙\ufffe。\n")
    assert read(write(document, dated=DATED)) == ["关于甲的通知", "乙丙。"]


# --- .doc --------------------------------------------------------------------------------------------------------------

@needs_soffice
def test_an_old_document_is_read_through_libreoffice(tmp_path: Path) -> None:
    document = next(item for item in DOCUMENTS if item.id.startswith("linhai"))
    path = tmp_path / "x.doc"
    path.write_bytes(soffice(write(document, dated=DATED), tmp_path, "doc:MS Word 97"))
    assert import_page(path, document.region_code).document.text == document.text


def test_an_old_document_without_libreoffice_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    path = tmp_path / "x.doc"
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000))
    with pytest.raises(KbError, match="LibreOffice, which is not on the PATH"):
        read_page(path)


@pytest.mark.parametrize(("data", "expected"), [
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + b"\xec\xa5" + bytes(9) + b"\x01" + bytes(600), "password"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "password"),
    (b"\x89PNG" + bytes(600), "no .doc file"),
])
def test_a_bad_old_document_is_one_line(data: bytes, expected: str, tmp_path: Path) -> None:
    path = tmp_path / "x.doc"
    path.write_bytes(data)
    with pytest.raises(KbError, match=expected):
        read_page(path)


def test_a_docx_under_the_old_name_is_read(tmp_path: Path) -> None:
    path = tmp_path / "x.doc"
    path.write_bytes(made(prefixed("<p><r><t>甲</t></r></p>")))
    assert [line.text for line in read_page(path).lines] == ["甲"]
