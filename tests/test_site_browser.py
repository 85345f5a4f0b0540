"""The site in a real browser: the three journeys at two widths, every page accessible and whole, every link good."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import html5lib
import pytest
import sample
from browser import Browser, executable, serving
from datasette.app import Datasette
from datasette.plugins import pm

import kb.site
from kb import database

METADATA = Path(__file__).parent.parent / "datasette-metadata.json"
WIDTHS = (1280, 390)
CLAUSE = quote("正文/二/（三）")
PAGES = (
    "/", "/doc", "/doc/linhai-2022-22", "/doc/" + quote("浙政发-2021-31"), f"/doc/linhai-2022-22/{CLAUSE}", "/compare",
    "/compare/taizhou-2021-27/linhai-2022-22?show=moved", "/compare/qiantang-2022-14/cixi-2021-31?dots=2", "/synopsis",
    "/synopsis?rows=all&base=qiantang-2022-14", "/indicators", "/indicators?kind=limit&rows=all",
    "/search?q=" + quote("亩均税收"), "/search?q=" + quote("亩均税受"), "/search?q=" + quote("税收 地区:临海 -飞地"),
    "/search?like=" + quote("提取土地出让收入的1%作为专项经费，用于盘活工业用地。"), "/differences?type=number",
    "/source/linhai-2022-22", "/check", "/nothing", "/kb", "/kb/clauses", "/kb/v_differences", "/kb/clauses/10",
    "/kb/what_each_place_says?" + quote("事项") + "=" + quote("专项经费"), "/kb?sql=select+1")

if kb.site not in pm.get_plugins():
    pm.register(kb.site, name="kb")


def served(path: Path) -> Datasette:
    return Datasette([str(path)], metadata=json.loads(METADATA.read_text("utf-8")))


@pytest.fixture(scope="module")
def browser(built: Path) -> Iterator[Browser]:
    executable()
    with serving(served(built)) as address:
        opened = Browser(address)
        yield opened
        opened.close()


@pytest.fixture(autouse=True)
def nothing_went_wrong(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "browser" in request.fixturenames:
        browser = request.getfixturevalue("browser")
        wrong, browser.wrong = [w for w in browser.wrong if "/nothing: Failed to load" not in w], []
        assert wrong == []


def see(page: Any, selector: str) -> list[str]:
    return [" ".join(text.split()) for text in page.locator(selector).all_inner_texts()]


def go(page: Any, action: Any) -> None:
    """Does what leads to another page and waits for it."""
    with page.expect_navigation():
        action()


def saved(page: Any, link: str) -> bytes:
    with page.expect_download() as download:
        page.get_by_role("link", name=link, exact=True).first.click()
    return Path(download.value.path()).read_bytes()


@pytest.mark.parametrize("width", WIDTHS)
def test_a_researcher_compares_two_places_and_takes_the_table_along(browser: Browser, width: int) -> None:
    def journey(page: Any) -> None:
        go(page, page.get_by_role("link", name="台州与临海").click)
        assert "台州、临海" in see(page, "h1")[0]
        total = int(see(page, ".totals b")[1])
        page.get_by_label("类型").select_option("procedure")
        go(page, page.get_by_role("button", name="更新").click)
        shown = see(page, ".app .kind")
        assert shown and set(shown) == {"程序"} and len(shown) < total
        row = page.locator(".match", has_text="分幢验收")
        assert "整体" in " ".join(row.locator("del").all_inner_texts())
        assert "分批" in " ".join(row.locator("ins").all_inner_texts())
        number = row.locator(".pair sup a").first
        assert page.locator(number.get_attribute("href")).count() == 1  # the number leads to its note
        book = zipfile.ZipFile(io.BytesIO(saved(page, "Excel")))
        texts = book.read("xl/sharedStrings.xml").decode()
        assert "分批发证" in texts and "底本原文" in texts
        lines = saved(page, "CSV")
        assert lines.startswith(b"\xef\xbb\xbf")
        assert "底本原文" in next(csv.reader(io.StringIO(lines.decode("utf-8-sig"))))
        go(page, page.get_by_role("link", name="左右对换").click)
        assert "临海、台州" in see(page, "h1")[0]
    browser(journey, width)


@pytest.mark.parametrize(("width", "typed", "marked"), [
    (1280, "“腾笼换鸟”专项经费", "“腾笼换鸟”专项经费"), (390, "土地出讓收入", "土地出让收入")])
def test_anybody_searches_a_phrase_copied_from_a_document(browser: Browser, width: int, typed: str, marked: str) -> None:
    def journey(page: Any) -> None:
        page.get_by_role("searchbox").fill(typed)
        go(page, lambda: page.keyboard.press("Enter"))
        assert set(see(page, ".hit mark")) == {marked}
        before = len(see(page, ".hit"))
        if width == 390:
            page.locator("summary", has_text="筛选").click()
        go(page, page.locator(".facet a:visible", has_text="临海市").first.click)
        assert 0 < len(see(page, ".hit")) < before and "地区为临海市" in see(page, ".said")[0]
        go(page, page.locator(".hit h3 a").first.click)
        assert marked in " ".join(see(page, ".clause .text"))
        assert see(page, ".side .cite")[0].startswith("临政发〔2022〕22号 ")
    browser(journey, width)


@pytest.mark.parametrize("width", WIDTHS)
def test_a_drafter_has_a_text_checked(browser: Browser, width: int, corpus: Path) -> None:
    """The county's document with a share lowered and its term prolonged: the report says both, beside the parent's
    words, and the drafter can mend and check again."""
    text = (corpus / "linhai-2022-22.md").read_text("utf-8").split("---", 2)[2]
    assert "0.5%以上" in text and "2023年12月31日" in text

    def journey(page: Any) -> None:
        page.set_default_timeout(120_000)
        go(page, page.get_by_role("link", name="校一份草案").click)
        page.get_by_label("草案全文").fill(text.replace("0.5%以上", "0.3%以上").replace("2023年12月31日", "2025年12月31日"))
        page.get_by_label("核对上级").fill("台州")
        go(page, page.get_by_role("button", name="校稿").click)
        found = page.locator(".finding.red", has_text="0.3%以上").first
        assert "0.5%以上" in found.inner_text() and found.locator("mark.flag").inner_text() == "0.3%以上"
        assert page.locator(".finding.red", has_text="2025").count() > 0
        page.get_by_label("草案全文").fill(text)
        go(page, page.get_by_role("button", name="校稿").click)
        assert page.locator(".finding.red", has_text="0.3%以上").count() == 0
    browser(journey, width)


@pytest.mark.parametrize("width", WIDTHS)
def test_a_reader_follows_one_matter_through_all_places(browser: Browser, width: int) -> None:
    def journey(page: Any) -> None:
        go(page, page.get_by_role("link", name="总表", exact=True).first.click)
        page.get_by_label("事项含").fill("审批流程")
        go(page, page.get_by_role("button", name="更新").click)
        assert "分批发证" in see(page, ".syn ins")[0]
        go(page, page.locator(".syn td .addr a:visible").first.click)
        assert "简化优化审批流程" in see(page, "h1")[0]
        go(page, page.get_by_role("link", name="指标", exact=True).first.click)
        assert page.locator("svg.dots circle").count() > 10
        go(page, page.locator(".ind td a.addr:visible").first.click)
        assert page.locator("main .clause .qty").count() > 0
    browser(journey, width)


@pytest.mark.parametrize("width", (320, *WIDTHS))
def test_no_page_scrolls_sideways(browser: Browser, width: int) -> None:
    def journey(page: Any) -> None:
        for path in PAGES:
            page.goto(browser.address + path)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path
    browser(journey, width)


@pytest.mark.parametrize(("width", "scheme", "rules"), [
    (1280, "light", ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]),
    (390, "light", ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]),
    (1280, "dark", ["color-contrast"])])
def test_axe_finds_nothing(browser: Browser, width: int, scheme: str, rules: list[str]) -> None:
    from axe_playwright_python.sync_playwright import Axe

    def journey(page: Any) -> dict[str, list[str]]:
        found = {}
        for path in PAGES:
            page.goto(browser.address + path)
            result = Axe().run(page, options={"runOnly": rules})
            if result.violations_count:
                found[path] = [f"{v['id']}: {v['nodes'][0]['html'][:200]}" for v in result.response["violations"]]
        return found
    assert browser(journey, width, color_scheme=scheme) == {}


def test_pages_are_valid_html(browser: Browser) -> None:
    def journey(page: Any) -> dict[str, str]:
        return {path: page.request.get(browser.address + path).text() for path in PAGES}
    for path, text in browser(journey).items():
        parser = html5lib.HTMLParser(namespaceHTMLElements=False)
        parser.parse(text)
        assert [(at, code) for at, code, _ in parser.errors] == [], path


def test_keyboard_reaches_the_content(browser: Browser) -> None:
    def journey(page: Any) -> None:
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "跳到正文"
        page.keyboard.press("Enter")
        assert urlsplit(page.url).fragment == "main"
    browser(journey)


def test_pages_print_without_the_frame(browser: Browser) -> None:
    def journey(page: Any) -> None:
        page.goto(browser.address + "/doc/linhai-2022-22")
        page.emulate_media(media="print")
        assert page.locator("main .clause .text").first.is_visible()
        assert not page.locator(".mast nav").is_visible() and not page.locator(".bar").first.is_visible()
    browser(journey)


def test_every_link_from_the_home_page_in_a_browser(tmp_path: Path) -> None:
    """On a small corpus, so that all pages there are can be visited."""
    executable()
    database.write(tmp_path / "kb.db", sample.content())
    with serving(served(tmp_path / "kb.db")) as address:
        browser = Browser(address)

        def journey(page: Any) -> set[str]:
            seen, waiting = {"/"}, ["/"]
            while waiting:
                here = waiting.pop()
                if re.search(r"\.(json|csv|xlsx|docx|md|db)(\?|$)|/(csv|json)$", here):
                    assert page.request.get(address + here).status == 200, here
                    continue
                assert page.goto(address + here).status == 200, here
                if here.startswith("/kb") and "?" in here:
                    continue  # Datasette's filters lead to filters without end
                for link in page.eval_on_selector_all("a[href]", "all => all.map(a => a.href)"):
                    path = link.removeprefix(address).partition("#")[0]
                    endless = re.search(r"_sort|_facet|_next|_show_hidden|sort=|&|\?q=.*%3A|/kb.*\.\w+\?", path)
                    if link.startswith(address) and path not in seen and not endless:
                        seen.add(path)
                        waiting.append(path)
            return seen
        seen = {unquote(path) for path in browser(journey)}
        browser.close()
    assert browser.wrong == []
    assert {"/kb/clauses", "/doc/linhai-2022-22/附件/二", "/differences", "/indicators.xlsx", "/synopsis.csv",
            "/compare/taizhou-2021-27/linhai-2022-22.docx"} <= seen
