from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote

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
from kb.site import render

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
    "/search?q=" + quote("税收"): "检索结果", "/search": "检索结果", "/kb?sql=select+1": "自写 SQL",
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
    assert text(tree, "del") == ["〔删〕不再增收", "〔删〕28万元以上"]
    assert text(tree, "ins") == ["〔增〕免收", "〔增〕超过20.3万元"]
    assert text(tree, ".app .lem") == ["不再增收", "28万元以上"] and text(tree, ".app .var") == ["免收", "超过20.3万元"]
    only = await page(site, "/compare/taizhou-2021-27/linhai-2022-22?type=target")
    assert text(only, ".app .lem") == ["28万元以上"]


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
              f"/kb/clauses?_sort=id&_facet=heading&{query}=1"]
    for path in paths:
        response = await site.client.get(path)
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
    for path in ("/", "/kb", "/kb/clauses", "/search?q=a", "/compare", "/kb/targets_side_by_side"):
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
