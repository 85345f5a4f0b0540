"""The command line: what the README shows, and that what goes wrong is one line with the mend and exit code 2."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from kb.cli import main

ROOT = Path(__file__).parent.parent


def kb(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def test_search_finds_and_marks(built: Path) -> None:
    done = kb("search", "专项经费", "--db", built)
    assert done.exit_code == 0 and "【专项经费】" in done.output and "临政发〔2022〕22号" in done.output


def test_search_takes_traditional_characters(built: Path) -> None:
    assert kb("search", "專項經費", "--db", built).output == kb("search", "专项经费", "--db", built).output


def test_search_for_what_is_not_there_relaxes_or_says_so(built: Path) -> None:
    done = kb("search", "亩均税收 火星", "--db", built)
    assert done.exit_code == 0 and "没有条文含有" in done.output


def test_show_a_clause_and_its_counterparts(built: Path) -> None:
    done = kb("show", "临海", "二(三)", "--db", built)
    assert done.exit_code == 0
    assert "分批发证" in done.output and "台政发〔2021〕27号 二（三）" in done.output and "市建设局" in done.output


def test_show_an_outline(built: Path) -> None:
    done = kb("show", "慈溪", "--db", built)
    assert done.exit_code == 0 and "  一（三）　主要目标" in done.output


@pytest.mark.parametrize("arguments", [("show", "火星"), ("show", "临海", "九（九）"), ("compare", "临海", "火星"),
                                       ("compare", "临海", "临海")])
def test_what_is_not_there_is_one_line(built: Path, arguments: tuple[str, ...]) -> None:
    done = kb(*arguments, "--db", built)
    assert done.exit_code == 2 and len(done.output.strip().splitlines()) == 1 and done.output.startswith("kb: ")


def test_no_database(tmp_path: Path) -> None:
    done = kb("search", "税收", "--db", tmp_path / "none.db")
    assert done.exit_code == 2 and "kb build" in done.output


def test_compare_as_text_names_the_differences(built: Path) -> None:
    done = kb("compare", "台州", "临海", "--db", built)
    assert done.exit_code == 0 and "临海：分批发证；台州：整体发证" in done.output


def test_compare_as_json_and_csv_carry_the_same_rows(built: Path, tmp_path: Path) -> None:
    loaded = json.loads(kb("compare", "台州", "临海", "--format", "json", "--db", built).output)
    file = tmp_path / "out.csv"
    assert kb("compare", "台州", "临海", "--format", "csv", "-o", file, "--db", built).exit_code == 0
    data = file.read_bytes()
    assert data.startswith(b"\xef\xbb\xbf") and not data.startswith(b"\xef\xbb\xbf" * 2)   # Excel reads UTF-8 only so
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))
    assert "整体发证" in "".join(map("".join, rows)) and "整体发证" in json.dumps(loaded, ensure_ascii=False)


def test_compare_as_markdown_and_html(built: Path) -> None:
    assert kb("compare", "台州", "临海", "--format", "md", "--db", built).output.startswith("#")
    page = kb("compare", "台州", "临海", "--format", "html", "--db", built).output
    assert "<del" in page and "<ins" in page and 'lang="zh-CN"' in page


def test_eval_prints_what_the_annotations_define(built: Path) -> None:
    done = kb("eval", ROOT / "tests" / "gold" / "dev.json", "--db", built, "--json")
    scores = json.loads(done.output)
    assert done.exit_code == 0
    assert scores["equivalent"]["f1"] >= 0.85 and scores["any"]["f1"] >= 0.78 and scores["quantities"]["f1"] >= 0.80


def test_eval_of_a_file_that_is_no_annotation(built: Path, tmp_path: Path) -> None:
    (tmp_path / "gold.json").write_text("[1", encoding="utf-8")
    for file in (tmp_path / "gold.json", tmp_path / "none.json"):
        done = kb("eval", file, "--db", built)
        assert done.exit_code == 2 and len(done.output.strip().splitlines()) == 1, done.output


def test_import_build_search_from_nothing(tmp_path: Path) -> None:
    """A newcomer's way: two pages into an empty corpus, a database, a search."""
    pages = sorted((ROOT / "corpus" / "sources").glob("00[01]_*.txt"))
    into, db = tmp_path / "corpus", tmp_path / "kb.db"
    done = kb("import", *pages, "--into", into, "--report", tmp_path / "report.md")
    assert done.exit_code == 0, done.output
    assert "打印 关闭" in done.output and "浏览次数" in (tmp_path / "report.md").read_text(encoding="utf-8")
    assert kb("build", "--corpus", into, "--db", db).exit_code == 0
    assert "无需重建" in kb("build", "--corpus", into, "--db", db).output
    assert "【分批发证】" in kb("search", "分批发证", "--db", db).output


@pytest.mark.parametrize(("name", "data", "words"), [
    ("binary.txt", bytes(range(256)) * 20, "binary"), ("empty.txt", b"", "empty"), ("none.txt", None, "none.txt"),
    ("page.xyz", "一、甲".encode(), "page.xyz"), ("blank.html", b"<html><body> </body></html>", "blank.html")])
def test_pages_that_cannot_be_imported(tmp_path: Path, name: str, data: bytes | None, words: str) -> None:
    page = tmp_path / name
    if data is not None:
        page.write_bytes(data)
    done = kb("import", page, "--into", tmp_path / "corpus")
    assert done.exit_code == 2 and words in done.output and len(done.output.strip().splitlines()) == 1, done.output
    assert not list((tmp_path / "corpus").glob("**/*")) if (tmp_path / "corpus").exists() else True


def test_a_page_imported_for_a_place_that_does_not_exist(tmp_path: Path) -> None:
    page = next((ROOT / "corpus" / "sources").glob("003_*.txt"))
    for region in ("999999", "火星市"):
        done = kb("import", page, "--into", tmp_path, "--region", region)
        assert done.exit_code == 2 and region in done.output


def test_a_file_edited_by_hand_is_kept_unless_forced(tmp_path: Path) -> None:
    page = next((ROOT / "corpus" / "sources").glob("004_*.txt"))
    assert kb("import", page, "--into", tmp_path).exit_code == 0
    file = tmp_path / "cixi-2021-31.md"
    edited = file.read_text(encoding="utf-8").replace("推进去我市", "推进我市")
    file.write_text(edited, encoding="utf-8")
    done = kb("import", page, "--into", tmp_path)
    assert done.exit_code == 2 and "--force" in done.output and file.read_text(encoding="utf-8") == edited
    assert kb("import", page, "--into", tmp_path, "--force").exit_code == 0
    assert "推进去我市" in file.read_text(encoding="utf-8")


def test_serve_builds_and_answers(corpus: Path, tmp_path: Path) -> None:
    shutil.copytree(corpus, tmp_path / "corpus")
    shutil.copy(ROOT / "datasette-metadata.json", tmp_path)
    process = subprocess.Popen(
        [sys.executable, "-m", "kb", "serve", "--port", "8765"], cwd=tmp_path,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
    try:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        page = ""
        for _ in range(600):
            try:
                page = opener.open("http://127.0.0.1:8765/", timeout=30).read().decode()
                break
            except OSError:
                assert process.poll() is None, process.stderr.read() if process.stderr else ""
                time.sleep(0.2)
        assert "政策条文对勘" in page
    finally:
        process.terminate()
        process.wait(timeout=20)


def test_the_readme_names_every_command_and_option() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    reference = readme.split("## Commands")[1].split("\n## ")[0]
    commands = _leaves(main, ("kb",))
    for words, command in commands:
        row = re.search(rf"`{' '.join(words)}[ `].*", reference)
        assert row, f"README has no row for {' '.join(words)}"
        for option in command.params:
            if isinstance(option, click.Option) and not option.hidden:
                assert any(name in row[0] for name in option.opts), f"{' '.join(words)} {option.opts}"
    named = set(re.findall(r"^\| `(kb [a-z ]+?)(?: [A-Z\[-]|`)", reference, re.M))
    assert named == {" ".join(words) for words, _ in commands}


def _leaves(command: click.Command, words: tuple[str, ...]) -> list[tuple[tuple[str, ...], click.Command]]:
    if not isinstance(command, click.Group):
        return [(words, command)]
    return [leaf for name, inner in command.commands.items() for leaf in _leaves(inner, (*words, name))]


def test_the_two_set_up_lines_of_the_readme_are_the_same_in_both_languages() -> None:
    lines = re.findall(r"^python3 -m venv .*", (ROOT / "README.md").read_text(encoding="utf-8"), re.M)
    assert len(set(lines)) == 2 and lines[0] == lines[2]
