"""Pages in many styles, imported whole: tests/cases/sources/pages/NAME against expected/NAME.md.

An expected file is the corpus file without what depends on the bytes (hashes), then the notes and the fields not found.
A page named NAME.gbk.… is stored here in UTF-8, to be read by a person, and encoded before it is imported.
"""

from __future__ import annotations

import hashlib
import re
from html import escape
from pathlib import Path

import opencc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kb import corpus
from kb.models import KbError
from kb.sources import ImportedPage, import_page, marks
from kb.sources.characters import simplify
from kb.sources.furniture import is_breadcrumb, is_furniture
from kb.sources.importing import full_report, import_pages
from kb.sources.places import place_named, region_of
from kb.sources.readers import READERS, decode
from kb.vocabulary import table
from kb.vocabulary.regions import regions

CASES = Path(__file__).parent / "cases" / "sources"
PAGES = sorted((CASES / "pages").iterdir())
CORPUS = Path(__file__).parent.parent / "corpus"
SOURCES = sorted((CORPUS / "sources").iterdir())


def stored(path: Path, directory: Path) -> Path:
    """The page of a case with its own encoding, in ``directory``."""
    encoding = next((part for part in path.name.split(".") if part in ("gbk", "gb18030")), "utf-8")
    copy = directory / path.name
    copy.write_bytes(path.read_text(encoding="utf-8").encode(encoding))
    return copy


def account(page: ImportedPage) -> str:
    """What a test compares: front matter without hashes, body, fields not found, notes."""
    text = re.sub(r"^source_\w+:.*\n", "", corpus.render(page.document), flags=re.MULTILINE)
    lines = [f"encoding: {page.encoding}", "missing: " + " ".join(page.missing), *(f"note: {note}" for note in page.notes)]
    return text + "\n==========\n" + "\n".join(lines) + "\n"


def squeezed(text: str) -> str:
    """Text without what cleaning may change: white space and Markdown's own marks."""
    return re.sub(r"[\s#|\u3000]|-{3}", "", text)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_a_page_comes_out_as_a_person_expects(path: Path, tmp_path: Path) -> None:
    expected = (CASES / "expected" / (path.name + ".md")).read_text(encoding="utf-8")
    assert account(import_page(stored(path, tmp_path))) == expected


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_no_sentence_of_a_seed_is_lost_and_none_is_made_up(path: Path) -> None:
    page = import_page(path)
    raw = path.read_text(encoding="utf-8")
    body = squeezed(page.document.text)
    cut = squeezed(simplify("\n".join(change.before for change in page.changes if not change.after)))
    traditional = any(change.step == "繁体转简体" for change in page.changes)
    whole = squeezed(simplify(raw) if traditional else raw)
    for line in raw.splitlines():
        for sentence in re.findall("[^。；]+[。；]?", simplify(line) if traditional else line):
            words = squeezed(sentence)
            if words not in body:      # a site's line: cut on the record, and no sentence but a site's own
                assert words in cut or not re.search(r"[\u4e00-\u9fff]{12}", words) or "？" in words or "葡京" in words
    for line in page.document.text.splitlines():
        for sentence in re.findall("[^。；|]+[。；]?", line):
            assert squeezed(sentence) in whole


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_the_corpus_holds_what_an_import_makes(path: Path) -> None:
    """Bodies are not edited by hand: only front matter was corrected."""
    page = import_page(path)
    digest = hashlib.sha256(page.page).hexdigest()
    same = [item for item in corpus.read_corpus(CORPUS) if item.source_sha256 == digest]
    assert [item.text for item in same] == [page.document.text]


def _wrapped(text: str, width: int = 38) -> str:
    out = []
    for line in text.splitlines():
        line = line.strip(" \u3000\u200b\u00a0")
        line = "\u3000\u3000" + line if line else ""
        if len(line) > width and re.search("[。；]", line):
            out += [line[at:at + width] for at in range(0, len(line), width)]
        else:
            out.append(line)
    return "\n".join(out)


def _as_html(text: str) -> str:
    lines = "\n".join(f"<p>　　{escape(line.strip())}</p>" for line in text.splitlines() if line.strip())
    return ("<html><head><meta charset='utf-8'><title>政策文件</title><style>p{}</style></head><body><div><a>首页</a> | "
            f"<a>信息公开</a></div><div>{lines}</div><div>主办单位：某某市人民政府办公室</div></body></html>")


_DISGUISES = {
    "crlf": lambda text: text.replace("\n", "\r\n").encode(),
    "gb18030": lambda text: text.encode("gb18030"),
    "byte-order-mark": lambda text: text.encode("utf-8-sig"),
    "no-empty-lines": lambda text: re.sub(r"\n\s*\n", "\n", text).encode(),
    "more-empty-lines": lambda text: text.replace("\n", "\n\n\n").encode(),
    "html": lambda text: _as_html(text).encode(),
    "traditional": lambda text: opencc.OpenCC("s2t").convert(text).encode(),
    "hard-wrapped": lambda text: _wrapped(text).encode(),
    "a-sentence-a-line": lambda text: re.sub("(?<=。)(?=[^\n”）)])", "\n\n", text).encode(),
}


@pytest.mark.parametrize("disguise", _DISGUISES)
@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_a_seed_in_any_disguise_gives_the_same_document(path: Path, disguise: str, tmp_path: Path) -> None:
    copy = tmp_path / ("a.html" if disguise == "html" else "a.txt")
    copy.write_bytes(_DISGUISES[disguise](path.read_text(encoding="utf-8")))
    wanted, found = import_page(path).document, import_page(copy).document
    # a space at the end of a line is not there for anybody to see (钱塘 writes A 类)
    assert found.text.replace(" ", "") == wanted.text.replace(" ", "")
    for name in ("title", "issuer", "region_code", "doc_number", "signed_on", "published_on", "effective_on", "based_on"):
        assert getattr(found, name) == getattr(wanted, name)


def test_slips_of_the_originals_stay() -> None:
    texts = {item.region_code: item.text for item in corpus.read_corpus(CORPUS)}
    assert "深入推进去我市" in texts["330282"]
    assert "“亩均论英雄“" in texts["331082"] and "(DB331021-2013)" in texts["331082"]
    assert "（浙政发〔2021〕31）" in texts["331000"] and "各县<市、区>政府" in texts["331000"]


def test_every_change_names_a_step_and_a_line_of_the_page() -> None:
    for path in SOURCES:
        raw = path.read_text(encoding="utf-8").splitlines()
        for change in import_page(path).changes:
            assert change.step and 1 <= change.line <= len(raw)
            assert change.before != change.after


# --- readers ---------------------------------------------------------------------------------------------------

_CHINESE = "临海市人民政府关于实施新一轮制造业攻坚行动的若干意见\n一、总体要求\n加快产业结构调整，推动质量变革。\n"


@pytest.mark.parametrize(("encoding", "name"), [("utf-8", "utf-8"), ("utf-8-sig", "utf-8"), ("gbk", "gbk"),
                                                ("gb2312", "gbk"), ("gb18030", "gbk"), ("utf-16", "utf-16")])
def test_encodings_are_told_apart(encoding: str, name: str, tmp_path: Path) -> None:
    assert decode(_CHINESE.encode(encoding), tmp_path / "a.txt") == (_CHINESE, name)


def test_gb18030_is_only_said_where_gbk_does_not_do(tmp_path: Path) -> None:
    text = _CHINESE + "㙍头村、𬭚下村。"
    assert decode(text.encode("gb18030"), tmp_path / "a.txt") == (text, "gb18030")


@pytest.mark.parametrize(("name", "data", "message"), [
    ("a.txt", b"", "the page is empty; save the page again"),
    ("a.txt", b" \n\r\n\t", "the page is empty; save the page again"),
    ("a.txt", b"\x89PNG\r\n\x1a\n\0\0", "this is an image, not text; save the page as .txt or .html"),
    ("a.txt", b"PK\x03\x04abc", "this is a zip or Office file, not text; save the page as .txt or .html"),
    ("a.html", b"%PDF-1.7", "this is a PDF file, not text; save the page as .txt or .html"),
    ("a.txt", b"ab\0\1\2\3", "this is a binary file, not text; save the page as .txt or .html"),
    ("a.txt", bytes(range(128, 256)) * 4, "neither UTF-8 nor GBK nor GB18030; save the page again as UTF-8"),
    ("a.txt", b"only ascii here\n", "the page has no Chinese text; open it in a browser"),
    ("a.html", b"<html><body><script>var a='\xe4\xb8\x80'</script></body></html>", "the page has no Chinese text"),
    ("a.xlsx", b"PK", "pages of the kind .xlsx cannot be read; save it as one of .txt, .html"),
    ("a", b"x", "pages of the kind (no ending) cannot be read"),
])
def test_what_cannot_be_imported_says_why(tmp_path: Path, name: str, data: bytes, message: str) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(KbError) as caught:
        import_page(path)
    assert message in str(caught.value) and str(path) in str(caught.value)


def test_a_page_that_is_not_there_and_a_directory(tmp_path: Path) -> None:
    with pytest.raises(KbError, match="cannot be read: No such file"):
        import_page(tmp_path / "none.txt")
    (tmp_path / "d.txt").mkdir()
    with pytest.raises(KbError, match="cannot be read: Is a directory"):
        import_page(tmp_path / "d.txt")


def test_a_page_with_a_title_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("首页 > 公告\n临海市人民政府关于某事项的通知\n打印 关闭\n", encoding="utf-8")
    with pytest.raises(KbError, match="the page has no text below its title"):
        import_page(path)


@settings(deadline=None)      # an old .doc starts an office program
@given(st.binary(max_size=400), st.sampled_from(sorted(READERS)))
def test_any_bytes_import_or_say_why(tmp_path_factory: pytest.TempPathFactory, data: bytes, suffix: str) -> None:
    path = tmp_path_factory.mktemp("page") / f"a{suffix}"
    path.write_bytes(data)
    try:
        assert import_page(path).page == data
    except KbError as error:
        assert "\n" not in str(error)


_LINES = st.sampled_from([
    "临海市人民政府关于某事项的意见", "各镇人民政府：", "一、总体要求", "（一）加强领导。各单位要抓好落实。", "1.摸清底数。", "１．摸清底数，",
    "（1）甲；", "——空间优化。推动整合。", "第一条 为了规范管理，制定本办法。", "第一章 总则", "附件", "附件1", "附件：1.名单", "2.分工表",
    "临海市人民政府", "2022年6月16日", "（此件公开发布）", "抄送：市委各部门。", "打印 关闭", "首页 > 政策", "序号", "任务", "责任单位", "1", "2",
    "市经信局", "到2023年，亩均税收超过20.3万元，", "力争实现翻番。", "目录", "文号：临政发〔2022〕1号", "", "—1—", "某科室.pdf",
    "加快推进产业结构调整，推动制造业质量变革、效率变革、动力变革，全面落实各项工作部署。",
])


@given(st.lists(_LINES, min_size=1, max_size=25))
def test_no_sentence_is_lost_on_any_page(tmp_path_factory: pytest.TempPathFactory, page: list[str]) -> None:
    path = tmp_path_factory.mktemp("page") / "a.txt"
    path.write_text("\n".join(page), encoding="utf-8")
    try:
        found = import_page(path)
    except KbError:
        return
    body = squeezed(found.document.text)
    for line in page:
        if line.endswith("。") and len(line) > 16:
            assert squeezed(line) in body


# --- the command -----------------------------------------------------------------------------------------------

def page_at(directory: Path, name: str = "page.txt", extra: str = "") -> Path:
    path = directory / name
    path.write_text("打印 关闭\n临海市人民政府关于某事项的意见\n临政发〔2022〕3号\n各镇人民政府：\n一、总则\n"
                    f"各单位要抓好落实，按期完成各项任务。{extra}\n临海市人民政府\n2022年6月16日\n", encoding="utf-8")
    return path


def test_an_import_writes_document_and_page_and_tells(tmp_path: Path) -> None:
    said: list[str] = []
    source = page_at(tmp_path)
    import_pages([source], tmp_path / "corpus", report=tmp_path / "report.md", echo=said.append)
    assert sorted(str(path.relative_to(tmp_path / "corpus")) for path in (tmp_path / "corpus").rglob("*.*")) == [
        "linhai-2022-3.md", "sources/page.txt"]
    assert (tmp_path / "corpus" / "sources" / "page.txt").read_bytes() == source.read_bytes()
    text = "\n".join(said)
    assert "标题以上：删去" in text and "－ 打印 关闭" in text and "未找到：统一编号" in text
    assert "打印 关闭 | （删去）" in (tmp_path / "report.md").read_text(encoding="utf-8")


def test_a_second_import_changes_nothing_and_says_so(tmp_path: Path) -> None:
    said: list[str] = []
    source = page_at(tmp_path)
    import_pages([source], tmp_path / "corpus", echo=said.append)
    target = tmp_path / "corpus" / "linhai-2022-3.md"
    before = target.stat().st_mtime_ns
    import_pages([source], tmp_path / "corpus", echo=said.append)
    assert target.stat().st_mtime_ns == before
    assert "与已有文件相同" in "\n".join(said)


def test_a_file_edited_by_hand_is_only_overwritten_by_force(tmp_path: Path) -> None:
    source = page_at(tmp_path)
    import_pages([source], tmp_path / "corpus", echo=len)
    target = tmp_path / "corpus" / "linhai-2022-3.md"
    target.write_text(target.read_text(encoding="utf-8").replace("validity: 未知", "validity: 有效"), encoding="utf-8")
    edited = target.read_bytes()
    with pytest.raises(KbError, match=r"linhai-2022-3\.md: this file was edited by hand; --force overwrites it"):
        import_pages([source], tmp_path / "corpus", echo=len)
    assert target.read_bytes() == edited
    import_pages([source], tmp_path / "corpus", force=True, echo=len)
    assert corpus.read_document(target).validity == "未知"


def test_a_page_goes_back_to_the_file_that_a_person_renamed(tmp_path: Path) -> None:
    source = page_at(tmp_path)
    import_pages([source], tmp_path / "corpus", echo=len)
    old, new = tmp_path / "corpus" / "linhai-2022-3.md", tmp_path / "corpus" / "linhai-2022-3a.md"
    new.write_text(old.read_text(encoding="utf-8").replace("id: linhai-2022-3", "id: linhai-2022-3a"), encoding="utf-8")
    old.unlink()
    with pytest.raises(KbError, match="linhai-2022-3a"):
        import_pages([source], tmp_path / "corpus", echo=len)
    assert not old.exists()


def test_another_page_of_the_same_document_gets_another_id(tmp_path: Path) -> None:
    said: list[str] = []
    import_pages([page_at(tmp_path), page_at(tmp_path, "mirror.txt", "全力推进。")], tmp_path / "corpus", echo=said.append)
    assert {path.name for path in (tmp_path / "corpus").glob("*.md")} == {"linhai-2022-3.md", "linhai-2022-3-v2.md"}
    assert "已被另一页面占用" in "\n".join(said)
    assert [item.id for item in corpus.read_corpus(tmp_path / "corpus")] == ["linhai-2022-3", "linhai-2022-3-v2"]


def test_another_page_under_the_same_name_is_refused(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    import_pages([page_at(tmp_path)], tmp_path / "corpus", echo=len)
    with pytest.raises(KbError, match="another page of this name is in the corpus already"):
        import_pages([page_at(tmp_path / "other", extra="另有规定。")], tmp_path / "corpus", echo=len)


def test_the_same_page_under_another_name_is_kept_once(tmp_path: Path) -> None:
    source = page_at(tmp_path)
    copy = page_at(tmp_path, "copy.txt")
    with pytest.raises(KbError, match=r"copy\.txt: this page was named twice"):
        import_pages([source, copy], tmp_path / "corpus", echo=len)
    import_pages([source], tmp_path / "corpus", echo=len)
    import_pages([copy], tmp_path / "corpus", echo=len)
    assert [path.name for path in (tmp_path / "corpus" / "sources").iterdir()] == ["page.txt"]
    assert corpus.source_warnings(corpus.read_document(tmp_path / "corpus" / "linhai-2022-3.md")) == ()


def test_a_file_with_other_line_ends_is_known_again(tmp_path: Path) -> None:
    source = page_at(tmp_path)
    import_pages([source], tmp_path / "corpus", echo=len)
    old, new = tmp_path / "corpus" / "linhai-2022-3.md", tmp_path / "corpus" / "renamed.md"
    new.write_bytes(old.read_bytes().replace(b"\n", b"\r\n"))
    old.unlink()
    with pytest.raises(KbError, match=r"renamed\.md: this file was edited by hand"):
        import_pages([source], tmp_path / "corpus", echo=len)


def test_an_interrupted_import_says_how_far_it_came(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = corpus.write_whole

    def stop(path: Path, data: bytes) -> None:
        if path.name == "mirror.txt":
            raise KeyboardInterrupt
        write(path, data)

    monkeypatch.setattr(corpus, "write_whole", stop)
    with pytest.raises(KbError, match="interrupted, 1 of 2 pages were imported"):
        import_pages([page_at(tmp_path), page_at(tmp_path, "mirror.txt", "全力推进。")], tmp_path / "corpus", echo=len)
    assert [item.id for item in corpus.read_corpus(tmp_path / "corpus")] == ["linhai-2022-3"]


def test_a_page_larger_than_any_document_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes("一、抓好落实。\n".encode() * 1_700_000)
    with pytest.raises(KbError, match=r"the page has 37 MB, more than any document; save the document's text alone"):
        import_page(path)


def test_one_bad_page_of_several_writes_nothing(tmp_path: Path) -> None:
    bad = tmp_path / "bad.txt"
    bad.write_bytes(b"\0\1")
    with pytest.raises(KbError, match=r"bad\.txt"):
        import_pages([page_at(tmp_path), bad], tmp_path / "corpus", echo=len)
    assert not (tmp_path / "corpus").exists()


def test_the_region_can_be_said_and_must_exist(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("区推进某项工作的实施方案\n一、目标\n到2025年，完成各项任务，实现全面覆盖。\n", encoding="utf-8")
    page = import_page(path)
    assert page.document.region_code == "" and "region_code" in page.missing
    for said in ("330212", "鄞州", "鄞州区"):
        assert import_page(path, said).document.region_code == "330212"
    assert "--region" in import_page(path, "330212").document.inferred["region_code"]
    with pytest.raises(KbError, match="--region: unknown region code '330299'; did you mean"):
        import_page(path, "330299")


def test_a_document_without_a_region_is_written_and_refused_by_the_build(tmp_path: Path) -> None:
    said: list[str] = []
    path = tmp_path / "a.txt"
    path.write_text("区推进某项工作的实施方案\n一、目标\n到2025年，完成各项任务，实现全面覆盖。\n", encoding="utf-8")
    import_pages([path], tmp_path / "corpus", echo=said.append)
    assert "没有行政区划不能建库" in "\n".join(said)
    with pytest.raises(KbError, match="region_code is missing"):
        corpus.read_corpus(tmp_path / "corpus")
    import_pages([path], tmp_path / "corpus", region_code="鄞州", echo=said.append)
    assert [item.region_code for item in corpus.read_corpus(tmp_path / "corpus")] == ["330212"]
    assert len(list((tmp_path / "corpus").glob("*.md"))) == 1 and "代替 unknown-" in "\n".join(said)


def test_the_report_lists_every_change(tmp_path: Path) -> None:
    done = import_pages(SOURCES, tmp_path / "corpus", echo=len)
    report = full_report(done)
    rows = [line for line in report.splitlines() if re.match(r"\| \d+ \|", line)]
    assert len(rows) == sum(len(item.page.changes) for item in done)
    assert "業→业×170" in report


# --- single lines and places -----------------------------------------------------------------------------------

def _rows(name: str) -> list[tuple[str, str, str]]:
    rows = [line.split("\t") for line in (CASES / name).read_text(encoding="utf-8").splitlines() if line[:1] != "#"]
    return [(row[0], row[1], row[2] if len(row) > 2 else "") for row in rows[1:]]


@pytest.mark.parametrize(("kind", "line", "value"), _rows("lines.tsv"))
def test_a_line_is_known_by_itself(kind: str, line: str, value: str) -> None:
    found = {
        "title": marks.is_title(line) and marks.kind_in(line), "issuer": "" if marks.is_issuer(line) else None,
        "date": marks.is_date_line(line) and marks.date_in(line), "salutation": "" if marks.is_salutation(line) else None,
        "number": " ".join(marks.doc_numbers(line)), "furniture": "" if is_furniture(line) else None,
        "breadcrumb": "" if is_breadcrumb(line) else None,
        "attachment": "|".join(mark) if (mark := marks.attachment_mark(line)) else None,
    }
    if kind == "none":
        assert not any(found[name] or found[name] == "" for name in found if name != "number")
    else:
        assert found[kind] == value


@pytest.mark.parametrize(("name", "code"), [
    ("杭州市钱塘区人民政府", "330114"), ("浙江省人民政府办公厅", "330000"), ("中共临海市委", "331082"),
    ("台州市临海市人民政府", "331082"), ("景宁畲族自治县人民政府", "331127"), ("苏州市吴江区人民政府", None),
    ("市政府办公室", None), ("国务院办公厅", None),
])
def test_the_place_in_a_bodys_name(name: str, code: str | None) -> None:
    assert place_named(name) == code


def test_towns_side_by_side_tell_the_county_and_one_alone_does_not() -> None:
    assert region_of((), None, "打造中河、姜山等一批社区。")[0] == "330212"
    assert region_of((), None, "打造姜山等一批社区。")[0] is None
    assert region_of((), None, "打造姜山、慈城等一批社区。") == (None, None)


def test_every_town_lies_in_a_county_of_the_table() -> None:
    assert {row["county"] for row in table("towns.tsv")} <= set(regions())


@given(st.text(max_size=60))
def test_no_line_is_beyond_judging(text: str) -> None:
    for judge in (marks.is_title, marks.is_issuer, marks.is_salutation, marks.is_sentence, marks.is_date_line,
                  marks.date_in, marks.doc_numbers, marks.attachment_mark, marks.unfinished, is_furniture):
        judge(text.strip() or "一")
