from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import AsyncIterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote
from xml.etree import ElementTree

import pytest
import pytest_asyncio
import sample
from datasette.app import Datasette
from datasette.plugins import pm
from selectolax.lexbor import LexborHTMLParser

import kb.site
from kb import database
from kb.fulltext import fold, literal
from kb.models import Span
from kb.site import export, render
from kb.vocabulary import regions

METADATA = Path(__file__).parent.parent / "datasette-metadata.json"
SCRIPT = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>&amp;{{7*7}}"

if kb.site not in pm.get_plugins():  # not installed: what the entry point would do
    pm.register(kb.site, name="kb")


@pytest_asyncio.fixture
async def site(tmp_path: Path) -> AsyncIterator[Datasette]:
    yield await serve(tmp_path, sample.content())


async def serve(directory: Path, content: database.Content) -> Datasette:
    database.write(directory / "kb.db", content)
    datasette = Datasette([str(directory / "kb.db")], metadata=json.loads(METADATA.read_text("utf-8")))
    await datasette.invoke_startup()
    return datasette


async def page(site: Datasette, path: str, status: int = 200) -> LexborHTMLParser:
    response = await site.client.get(path, follow_redirects=True)
    assert response.status_code == status, (path, response.text[:300])
    return LexborHTMLParser(response.text)


def text(tree: LexborHTMLParser, selector: str) -> list[str]:
    return [" ".join(node.text().split()) for node in tree.css(selector)]


PAGES = {
    "/": "同一件事", "/kb": "数据", "/kb/documents": "文件", "/kb/clauses": "条文", "/kb/v_alignments": "对齐一览",
    "/kb/differences": "差异", "/kb/v_differences": "差异一览", "/kb/v_concordance": "总表一览", "/kb/clauses/3": "台州 二（六）",
    "/kb/documents/linhai-2022-22": "临海 临政发〔2022〕22号", "/doc/linhai-2022-22": "临海市人民政府",
    "/doc/" + quote("浙政发-2021-31"): "浙江省人民政府", "/compare": "两件逐条对照",
    "/compare/taizhou-2021-27/linhai-2022-22": "台州、临海", "/compare/" + quote("临海/台州"): "临海、台州",
    "/search?q=" + quote("税收"): "检索结果", "/search": "检索结果", "/doc": "文件", "/synopsis": "总表",
    "/indicators": "指标", "/differences": "差异", "/check": "校一份草案", "/doc/linhai-2022-22/" + quote("附件/二"): "主要目标",
    "/synopsis?rows=all&base=yinzhou-shiyanqu": "总表", "/differences?type=target&dots=3": "差异",
    "/search?like=" + quote("提取土地出让收入作为专项经费"): "检索结果", "/kb?sql=select+1": "自写 SQL",
}


@pytest.mark.parametrize("path", PAGES)
async def test_pages_are_chinese_and_whole(site: Datasette, path: str) -> None:
    tree = await page(site, path)
    assert tree.css_first("html").attributes["lang"] == "zh-CN"
    assert PAGES[path] in text(tree, "h1")[0]
    assert len(tree.css("main")) == 1 and len(tree.css("h1")) == 1
    assert tree.css("script") == []
    outside = [node.attributes.get("src") or node.attributes.get("href") for node in tree.css("link[href], img, iframe")]
    assert all(address.startswith(("/", "data:")) or "//localhost" in address for address in outside if address)
    identities = [node.attributes["id"] for node in tree.css("[id]")]
    assert len(identities) == len(set(identities))
    assert all(f'"{label.attributes["for"]}"' in tree.html for label in tree.css("label[for]"))


async def test_every_link_from_the_home_page_leads_somewhere(site: Datasette) -> None:
    seen, waiting = {"/"}, ["/"]
    while waiting and len(seen) < 400:
        here = waiting.pop()
        response = await site.client.get(here)
        assert response.status_code == 200, here
        if "html" not in response.headers["content-type"]:
            continue
        for node in LexborHTMLParser(response.text).css("a[href], link[rel=stylesheet]"):
            address = re.sub(r"^https?://localhost|#.*$", "", node.attributes["href"] or "")
            sorting = "_sort" in address or "_facet" in address  # endless combinations
            if address.startswith("/") and address not in seen and not sorting:
                seen.add(address)
                waiting.append(address)
    assert {"/kb/clauses", "/doc/linhai-2022-22", "/search"} <= seen


async def test_anchors_of_clauses_exist(site: Datasette) -> None:
    for path in ("/search?q=" + quote("税收"), "/doc/linhai-2022-22", "/kb/clauses", "/kb/v_differences", "/"):
        for node in (await page(site, path)).css("main a[href^='/'][href*='#']"):
            address, _, fragment = (node.attributes["href"] or "").partition("#")
            target = await site.client.get(address or path)
            assert target.status_code == 200, address
            known = {n.attributes["id"] for n in LexborHTMLParser(target.text).css("[id]")}
            assert re.sub("%(..)", lambda m: chr(int(m[1], 16)), fragment).encode("latin-1").decode() in known, address


@pytest.mark.parametrize(("query", "labels", "marked"), [
    ("专项经费", {"二（十五）"}, "专项经费"), ("專項經費", {"二（十五）"}, "专项经费"), ("飞", {"附件三"}, "飞"),
    ("“产业飞地”，腾出", {"附件三"}, "“产业飞地”，腾出"), ('"亩均税收超过"', {"附件二"}, "亩均税收超过"),
    ("50万元", {"二（九）"}, "50万元"), ("没有这样的话", set(), None)])
async def test_the_standard_search_box(site: Datasette, query: str, labels: set[str], marked: str | None) -> None:
    tree = await page(site, "/kb/clauses?_search=" + quote(query))
    assert set(text(tree, "tbody td.col-label a")) == labels
    assert {fold(m) for m in text(tree, "tbody mark")} == ({fold(marked)} if marked else set())


async def test_box_csv_json_and_facets_agree(site: Datasette) -> None:
    for query in ("亩均税收", "免", "10%", literal("，") , "企业 -飞地"):
        address = "/kb/clauses{}?_search=" + quote(query)
        ids = {row["id"] for row in (await site.client.get(address.format(".json") + "&_shape=array")).json()}
        lines = (await site.client.get(address.format(".csv") + "&_size=max")).text.strip().splitlines()
        connection = database.open_read(site.databases["kb"].path)
        assert ids == {hit.clause.id for hit in database.search(connection, query, None)} and len(lines) > len(ids)
        connection.close()


async def test_marks_do_not_outlive_their_request(site: Datasette) -> None:
    assert (await page(site, "/kb/clauses?_search=" + quote("专项经费"))).css("mark")
    assert not (await page(site, "/kb/clauses")).css("mark")


async def test_column_names_and_codes_in_chinese(site: Datasette) -> None:
    tree = await page(site, "/kb/v_differences")
    assert {"类型 type", "甲方原文 a_quote"} <= {t.replace("type", " type").replace("a_quote", " a_quote")
                                            .replace("  ", " ") for t in text(tree, "thead th")}
    assert {"指标", "程序"} <= set(text(tree, "tbody .code")) and "target" not in " ".join(text(tree, "tbody"))


def test_metadata_describes_every_table_and_column() -> None:
    from kb.database.schema import TABLES, VIEWS
    tables = json.loads(METADATA.read_text("utf-8"))["databases"]["kb"]["tables"]
    assert set(TABLES) | set(VIEWS) <= set(tables)
    for name, table in TABLES.items():
        assert set(table.columns) - {"id"} <= set(tables[name]["columns"]), name
    assert all("：" in about for table in tables.values() for about in table.get("columns", {}).values())


QUERIES = sorted(json.loads(METADATA.read_text("utf-8"))["databases"]["kb"]["queries"])
GIVEN = {"what_each_place_says": {"事项": "畝均稅收"}, "differences_between_two_places": {"甲地": "临海", "乙地": "台州"},
         "clauses_of_an_agency": {"部门含": "自然资源"}}


@pytest.mark.parametrize("name", QUERIES)
async def test_canned_queries_give_rows(site: Datasette, name: str) -> None:
    response = await site.client.get(f"/kb/{name}", params=GIVEN.get(name, {}))
    tree = LexborHTMLParser(response.text)
    assert response.status_code == 200 and tree.css("tbody tr"), name
    assert re.search("[一-鿿]", text(tree, "h1")[0])
    if name == "what_each_place_says":
        assert set(text(tree, "mark")) == {"亩均税收"}


async def test_home_shows_the_tree(site: Datasette) -> None:
    tree = await page(site, "/")
    said = text(tree, ".tree .doc")
    assert any("浙江省" in t and "未收" in t for t in said) and any("临海市" in t and "失效" in t for t in said)
    assert any("鄞州区" in t and "地区系推定" in t for t in said)
    assert not any("临市委" in t for t in said)  # cited, and no parent of anybody
    assert text(tree, ".top b") == ["主要目标", "规范免除费用增收"]


async def test_compare_numbers_the_differences_in_both_texts_and_the_notes(site: Datasette) -> None:
    tree = await page(site, "/compare/taizhou-2021-27/linhai-2022-22")
    assert "〔删〕不再增收〔删止〕" in text(tree, "del") and "〔增〕免收〔增止〕" in text(tree, "ins")
    assert not any("，" in t or "责任单位" in t for t in text(tree, "del, ins"))  # width and spelling are no difference
    for notes in (text(tree, "section.match sup"), text(tree, ".match .pair > div:first-child sup")):
        assert all(note.startswith("差异") for note in notes)
    assert text(tree, ".app .lem") == ["不再增收", "28万元以上"] and text(tree, ".app .var") == ["免收", "超过20.3万元"]
    only = await page(site, "/compare/taizhou-2021-27/linhai-2022-22?type=target")
    assert text(only, ".app .lem") == ["28万元以上"]
    assert text(tree, ".resp b") == ["责任单位"]  # the sample names the units of one side


@pytest.mark.parametrize("path", ["/doc/nothing", "/compare/a/b", "/compare/linhai-2022-22/linhai-2022-22",
                                  "/compare/linhai-2022-22/" + quote("浙政发-2021-31"), "/nothing"])
async def test_what_is_not_there_is_a_page_that_says_so(site: Datasette, path: str) -> None:
    assert "没有这一页" in text(await page(site, path, 404), "h1")[0]


async def test_search_relaxes_and_says_so(site: Datasette) -> None:
    tree = await page(site, "/search?q=" + quote("专项经费盘活企业"))
    assert "放宽" in " ".join(text(tree, ".note")) and tree.css("mark")
    assert "没有条文" in " ".join(text(await page(site, "/search?q=" + quote("饕餮")), ".note"))


class Tags(HTMLParser):
    """Every element and attribute of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found |= {tag} | {name for name, _ in attrs}


async def test_markup_in_documents_and_queries_stays_text(tmp_path: Path) -> None:
    """A document full of markup, a query and parameters full of it: nothing becomes an element."""
    hostile = sample.CASES.read_text("utf-8")
    for word in ("支持企业兼并重组", "亩均增加值", "市建设局", "政策扶持", "行动的若干意见", "台州市人民政府\n"):
        assert word in hostile
        hostile = hostile.replace(word, word.strip() + SCRIPT + ("\n" if word.endswith("\n") else ""))
    site = await serve(tmp_path, sample.content(hostile))
    query = quote(SCRIPT)
    paths = [path for path in PAGES if "compare/t" not in path and "compare/%" not in path]
    paths += [f"/kb/clauses?_search={query}", f"/search?q={query}", f"/search?q={quote('亩均增加值')}", "/search?q=alert",
              f"/kb/clauses?heading__contains={query}", f"/kb/what_each_place_says?{quote('事项')}={query}",
              f"/kb/differences_between_two_places?{quote('甲地')}={query}", "/kb/clauses?_search=script",
              f"/kb/clauses?_sort=id&_facet=heading&{query}=1",
              f"/search?like={query}", f"/differences?q={query}&type={query}&a={query}", f"/synopsis?matter={query}",
              f"/indicators?q={query}&kind={query}", f"/doc?q={query}&region={query}", f"/search?sort={query}&q={query}&page=x",
              f"/doc/{query}", f"/cite/{query}", f"/doc/linhai-2022-22/{quote('附件/二')}", "/synopsis?rows=all"]
    for path in paths:
        response = await site.client.get(path, follow_redirects=True)
        assert response.status_code in (200, 400, 404), path  # no such column, nothing cited here
        tags = Tags()
        tags.feed(response.text)
        assert not {"script", "img", "onerror"} & tags.found, path
        assert "49" not in re.findall(r"&amp;(?:amp;)?(\d+)", response.text), path


async def test_a_foreign_database_is_left_alone(tmp_path: Path) -> None:
    import sqlite3
    other = sqlite3.connect(tmp_path / "other.db")
    other.executescript("""create table notes (id integer primary key, body text);
        create virtual table notes_fts using fts5(body, content="notes", content_rowid="id");
        insert into notes values (1, 'hello world'); insert into notes_fts(rowid, body) values (1, 'hello world');""")
    other.close()
    datasette = Datasette([str(tmp_path / "other.db")])
    assert len((await datasette.client.get("/other/notes.json?_search=hello&_shape=array")).json()) == 1
    assert (await datasette.client.get("/")).status_code == 200
    assert (await datasette.client.get("/search?q=a")).status_code == 404


async def test_an_empty_database_has_pages(tmp_path: Path) -> None:
    site = await serve(tmp_path, database.Content((), {}))
    for path in ("/", "/kb", "/kb/clauses", "/search?q=a", "/search?like=a", "/compare", "/kb/targets_side_by_side", "/doc",
                 "/synopsis", "/indicators", "/differences", "/home.json", "/synopsis.xlsx", "/differences.csv"):
        await page(site, path)


def test_typesetting_keeps_offsets() -> None:
    given = "按(含)以下,约1,000元(A类):到2023年底;R&D,Inc."
    assert render.typeset(given) == "按（含）以下，约1,000元（A类）：到2023年底；R&D,Inc."
    assert len(render.typeset(given)) == len(given)


def test_clip_never_cuts_a_number() -> None:
    quoted = "对" + "企业" * 10 + "给予2000.55万元" + "补助" * 10
    for length in range(8, 40):
        shown = render.clip(quoted, length)
        assert set(re.findall(r"[\d.]+", shown)) <= {"2000.55"}, shown


def test_tables_and_marks_in_paragraphs() -> None:
    body = "前言<b>\n| 项目 | 数量 |\n| --- | --- |\n| 用地 | 30% |\n结尾"
    at = body.index("30%")
    html = str(render.paragraphs(body, render.hits([Span(at, at + 3)])))
    assert html.count("<tr>") == 2 and "<mark>30%</mark>" in html and "<b>" not in html and html.count("<p") == 2


# --- other forms of the pages ----------------------------------------------------------------------------------------

TWINS = ["/home", "/doc", "/doc/linhai-2022-22", "/doc/linhai-2022-22/" + quote("附件/二"), "/compare",
         "/compare/taizhou-2021-27/linhai-2022-22", "/synopsis", "/indicators", "/search", "/differences"]


@pytest.mark.parametrize("path", TWINS)
async def test_every_page_has_a_twin_in_json(site: Datasette, path: str) -> None:
    query = "?q=" + quote("亩均") if path == "/search" else "?rows=all" if path in ("/synopsis", "/indicators") else ""
    tree = await page(site, path + query)
    link = next(a.attributes["href"] for a in tree.css("footer a") if a.text() == "JSON")
    response = await site.client.get(link)
    assert response.status_code == 200 and response.headers["content-type"].startswith("application/json")
    assert response.json()
    sql = [a.attributes["href"] for a in tree.css("footer a") if "SQL" in a.text()]
    for address in sql:  # from each page to the statement behind it
        shown = await page(site, address)
        assert not shown.css(".warn"), text(shown, ".warn")


def cells(body: bytes) -> list[list[str]]:
    """The first sheet of a workbook as text."""
    book = zipfile.ZipFile(io.BytesIO(body))
    strings = [("".join(t.itertext())) for t in ElementTree.fromstring(book.read("xl/sharedStrings.xml"))]
    sheet = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml"))
    ns = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    return [[(strings[int(c.findtext(f"{ns}v") or 0)] if c.get("t") == "s" else c.findtext(f"{ns}v") or "")
             for c in row] for row in sheet.iter(f"{ns}row")]


@pytest.mark.parametrize("path", ["/compare/taizhou-2021-27/linhai-2022-22", "/synopsis", "/indicators", "/differences",
                                  "/search", "/kb/v_differences", "/kb/clauses"])
async def test_tables_open_in_excel(site: Datasette, path: str) -> None:
    query = "?q=" + quote("亩均税收") if path == "/search" else ""
    response = await site.client.get(path + ".xlsx" + query)
    assert response.status_code == 200 and "spreadsheetml" in response.headers["content-type"]
    rows = cells(response.content)
    assert len(rows) > 1 and any(re.search("[一-鿿]", cell) for cell in rows[1])


async def test_csv_carries_a_byte_order_mark(site: Datasette) -> None:
    for path in ("/compare/taizhou-2021-27/linhai-2022-22.csv", "/synopsis.csv", "/indicators.csv", "/differences.csv",
                 "/kb/clauses.csv?_bom=1", "/kb/clauses.csv?_stream=1&_bom=1"):
        response = await site.client.get(path)
        assert response.content.startswith(b"\xef\xbb\xbf") and response.content.count(b"\xef\xbb\xbf") == 1, path
    assert not (await site.client.get("/kb/clauses.csv")).content.startswith(b"\xef\xbb\xbf")


async def test_a_comparison_in_word_strikes_and_underlines(site: Datasette) -> None:
    import docx
    response = await site.client.get("/compare/taizhou-2021-27/linhai-2022-22.docx")
    runs = [run for grid in docx.Document(io.BytesIO(response.content)).tables for cell in grid.rows[0].cells
            for paragraph in cell.paragraphs for run in paragraph.runs]
    assert "不再增收" in {run.text for run in runs if run.font.strike}
    assert "免收" in {run.text for run in runs if run.font.underline}
    again = await site.client.get("/compare/taizhou-2021-27/linhai-2022-22.docx")
    assert again.status_code == 200


async def test_documents_as_word_and_markdown(site: Datasette) -> None:
    import docx
    word = await site.client.get("/doc/taizhou-2021-27.docx")
    assert "台州市人民政府" in docx.Document(io.BytesIO(word.content)).paragraphs[0].text + "台州市人民政府"
    assert (await site.client.get("/doc/taizhou-2021-27.md")).text.startswith("# 台州市人民政府")


def test_text_is_never_a_formula() -> None:
    rows = [["=1+1", "@SUM(A1)", "-2", "－2", 3.5, None]]
    assert export.as_csv(["a"] * 6, rows).splitlines()[1] == "'=1+1,'@SUM(A1),-2,－2,3.5,"
    assert cells(export.as_xlsx([("a", ["a"] * 6, rows)]))[1][:4] == ["=1+1", "@SUM(A1)", "-2", "－2"]
    assert b"<f>" not in zipfile.ZipFile(io.BytesIO(export.as_xlsx([("a", ["a"] * 6, rows)]))).read("xl/worksheets/sheet1.xml")


# --- search ----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize(("query", "labels", "said"), [
    ("亩均税收 地区:临海", ["附件二"], "地区为临海"), ("亩均税收 region：临海市", ["附件二"], "地区为临海市"),
    ("亩均税收 层级:设区市", ["附件二"], "层级为"), ("亩均税收 效力:失效", ["附件二"], "效力为失效"),
    ("部门:市自然资源和规划局", ["二（六）"], "部门为"), ("税收 部分:附件 年份:2021", ["附件二"], "年份为2021"),
    ("税收 年份:不详", ["一"], "年份为不详"), ("专项经费 OR 飞地", ["附件三", "二（十五）"], "或"),
    ("企业 -兼并重组 地区:台州", ["二（六）"], "不含"), ("责任单位：市自然资源规划局", ["二（六）"], "责任单位：")])
async def test_conditions_and_operators(site: Datasette, query: str, labels: list[str], said: str) -> None:
    tree = await page(site, "/search?q=" + quote(query))
    found = [t.split("　")[2] if "　" in t else t.split()[2] for t in text(tree, ".hit .addr")]
    assert sorted(found) == sorted(labels) and said in text(tree, ".said")[0]


async def test_facets_narrow_and_widen(site: Datasette) -> None:
    tree = await page(site, "/search?q=" + quote("亩均税收"))
    counts = {t.rsplit(" ", 1)[0]: int(t.rsplit(" ", 1)[1]) for t in text(tree, ".find > .dk .facet a")}
    assert counts["临海市"] == 1 and counts["附件"] == 2
    link = next(a.attributes["href"] for a in tree.css(".find > .dk .facet a") if "临海市" in a.text())
    narrowed = await page(site, "/search" + link)
    assert len(narrowed.css(".hit")) == 1
    back = next(a.attributes["href"] for a in narrowed.css(".facet a[aria-current]"))
    assert len((await page(site, "/search" + back)).css(".hit")) == len(tree.css(".hit"))


async def test_a_misspelt_word_is_put_right(site: Datasette) -> None:
    tree = await page(site, "/search?q=" + quote("亩均税受"))
    assert text(tree, ".said a") == ["亩均税收"]


async def test_search_by_example(site: Datasette) -> None:
    given = "在不改变土地用途且符合相关规划的前提下，企业通过“零增地”技改提高利用效率的，不再增收土地价款等费用。"
    tree = await page(site, "/search?like=" + quote(given))
    assert "二（六）" in text(tree, ".match h3")[0] and tree.css(".match del, .match ins")
    assert not (await page(site, "/search?like=" + quote("饕餮"))).css(".match")


# --- addresses, sizes, other names of the database -------------------------------------------------------------------

async def test_a_citation_is_an_address(site: Datasette) -> None:
    response = await site.client.get("/cite/" + quote("临政发〔2022〕22号 附件二"))
    assert response.status_code == 302
    assert response.headers["location"].endswith("/doc/linhai-2022-22/" + quote("附件/二"))
    await page(site, "/cite/" + quote("临海 九（九）"), 404)


async def test_titles_whatever_the_database_is_called(tmp_path: Path) -> None:
    database.write(tmp_path / "other.db", sample.content())
    site = Datasette([str(tmp_path / "other.db")], metadata=json.loads(METADATA.read_text("utf-8")))
    await site.invoke_startup()
    assert text(await page(site, "/other/clauses"), "h1") == ["条文"]
    assert len((await site.client.get("/other/clauses.json?_search=" + quote("专项经费") + "&_shape=array")).json()) == 1
    assert (await site.client.get("/other/what_each_place_says")).status_code == 200
    assert "同一件事" in text(await page(site, "/"), "h1")[0]


async def test_under_another_base_address(tmp_path: Path) -> None:
    database.write(tmp_path / "kb.db", sample.content())
    site = Datasette([str(tmp_path / "kb.db")], metadata=json.loads(METADATA.read_text("utf-8")),
                     settings={"base_url": "/kan/"})
    await site.invoke_startup()
    for path in ("/", "/doc/linhai-2022-22", "/compare/taizhou-2021-27/linhai-2022-22", "/search?q=" + quote("税收")):
        tree = LexborHTMLParser((await site.client.get(path)).text)
        wrong = [a.attributes["href"] for a in tree.css("a[href^='/']") if not a.attributes["href"].startswith("/kan/")]
        assert tree.css("main") and wrong == [], path


def many(documents: int) -> database.Content:
    """A corpus of so many documents, each aligned with the next."""
    from kb.models import Alignment, ConcordanceRow, Difference, Document, Provision
    codes = [code for code, place in regions.regions().items() if place.level == "county"]
    heads, provisions, alignments, differences, rows = [], {}, [], [], {}
    for number in range(documents):
        code = codes[number % len(codes)]
        own, body, at = [], "# 若干意见\n\n", 0
        for clause in range(6):
            value = 10 + (number + clause) % 7
            line = f"对第{clause}类企业给予{value}万元补助。（责任单位：县经信局）"
            at = len(body)
            own.append(Provision(f"d{number:03}", f"正文/{'一二三四五六'[clause]}", "一二三四五六"[clause], None, clause + 1, 1,
                                 "section", f"事项{clause}", line, at, at + len(line), at, at))
            body += line + "\n\n"
        heads.append(Document(f"d{number:03}", f"{regions.region(code).name}第{number}件若干意见", code, body, signed_on="2022-01-01"))
        provisions[f"d{number:03}"] = own
    ranked = sorted(heads, key=lambda d: (d.region_code, d.id))
    for upper, lower in zip(ranked, ranked[1:], strict=False):
        for a, b in zip(provisions[upper.id], provisions[lower.id], strict=True):
            span = Span(0, len(a.text)), Span(0, len(b.text))
            alignments.append(Alignment(upper.id, a.path, lower.id, b.path, "equivalent", 0.9, *span))
            differences.append((Difference("number", a.text[7:11], b.text[7:11], Span(7, 11), Span(7, 11), 0.8, "数额不同"),))
            rows.setdefault(a.path, [(ranked[0].id, a.path)]).append((lower.id, b.path))
    concordance = tuple(ConcordanceRow(n, path, tuple(keys)) for n, (path, keys) in enumerate(rows.items(), 1))
    return database.Content(heads, provisions, alignments=alignments, differences=differences, concordance=concordance)


@pytest.mark.parametrize(("documents", "most"), [(1, 60_000), (500, 300_000)])
async def test_pages_of_any_corpus_are_pages_not_walls(tmp_path: Path, documents: int, most: int) -> None:
    site = await serve(tmp_path, many(documents))
    for path in ("/", "/doc", "/doc/d000", "/doc/d000/" + quote("正文/二"), "/compare", "/synopsis", "/synopsis?rows=all",
                 "/indicators", "/differences", "/differences?page=40", "/search?q=" + quote("企业"),
                 "/search?page=9&q=" + quote("企业"), "/compare/d000/d001", "/kb/clauses"):
        response = await site.client.get(path)
        assert response.status_code == (404 if documents == 1 and path.endswith("d001") else 200), path
        assert len(response.content) < most, (path, len(response.content))
    if documents > 1:
        assert text(await page(site, "/differences?page=40"), ".pager [aria-current]") == ["40"]
        assert len((await page(site, "/doc?page=10")).css(".docs li")) == 50
        chosen = await page(site, "/synopsis?rows=all&" + "&".join(f"doc=d{n:03}" for n in range(12)))
        assert len(chosen.css("thead th")) == 13 and chosen.css(".wide[tabindex]")


# --- the check of a draft --------------------------------------------------------------------------------------------

async def test_the_check_page_reports_and_stores_nothing(site: Datasette, tmp_path: Path) -> None:
    before = {file: file.stat().st_mtime_ns for file in tmp_path.iterdir()}
    draft = "# 仙居县人民政府关于攻坚行动的若干意见\n\n一、政策扶持\n\n依据浙政发[2021]031号，给予补助补助。" + SCRIPT
    response = await site.client.post("/check", data={"text": draft, "region": "仙居县", "against": "台州"})
    tree = LexborHTMLParser(response.text)
    assert response.status_code == 200 and tree.css(".finding") and tree.css(".totals .sev")
    assert not tree.css("script, img") and response.headers["cache-control"] == "no-store"
    report = (await site.client.post("/check.json", data={"text": draft, "region": "仙居县", "against": "台州"})).json()
    assert len(report["findings"]) == len(tree.css(".finding"))
    assert {file: file.stat().st_mtime_ns for file in tmp_path.iterdir()} == before


@pytest.mark.parametrize(("given", "status", "said"), [
    ({"text": ""}, 400, "请贴入草案"), ({"text": "abc"}, 400, "无法校"), ({"text": "条" * 60_001}, 400, "至多"),
    ({"text": "条" * 200_000}, 413, "太长"), ({"text": "# 意见\n\n一、总则。", "against": "不知何处"}, 400, "无法校")])
async def test_the_check_page_says_what_it_cannot_do(site: Datasette, given: dict[str, str], status: int,
                                                     said: str) -> None:
    response = await site.client.post("/check", data=given)
    assert response.status_code == status and said in LexborHTMLParser(response.text).css_first("[role=alert]").text()
