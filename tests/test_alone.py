"""Clauses without a counterpart in another document: the view v_alone, and what kb compare says."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from kb import database, pipeline

HEAD = '---\nid: {name}\ntitle: {name}\nregion_code: "{code}"\n---\n# {name}\n\n'
TEXTS = {
    ("a", "330000"): "## 一、犬只免疫。\n\n犬只应当每年接种狂犬病疫苗。\n\n## 二、用地保障。\n\n要抓实两件事。\n\n#### 调优规划红线。\n\n划定工业区块控制线。\n\n"
                     "#### 盘活存量用地。\n\n开展低效用地再开发。\n\n## 三、飞地经济。\n\n支持山区县到开发区设立产业飞地。\n",
    ("b", "330100"): "## 一、犬只免疫。\n\n犬只应当每年接种狂犬病疫苗。\n\n## 二、控制线。\n\n划定工业区块控制线，不得突破。\n\n## 三、人才。\n\n对高层次人才给予住房补贴。\n",
    ("c", "330200"): "## 一、博物馆。\n\n展品应当登记造册。\n",
}


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    folder = tmp_path_factory.mktemp("corpus")
    for (name, code), text in TEXTS.items():
        (folder / f"{name}.md").write_text(HEAD.format(name=name, code=code) + text, "utf-8")
    pipeline.build(folder, folder / "kb.db")
    connection = database.open_read(folder / "kb.db")
    yield connection
    connection.close()


def alone(db: sqlite3.Connection, document: str, other: str) -> list[str]:
    return [row[0] for row in db.execute(
        "select path from v_alone where document_id = ? and other_document_id = ?", (document, other))]


def test_what_stands_alone(db: sqlite3.Connection) -> None:
    assert alone(db, "a", "b") == ["正文/三"]       # 二 has a piece with a counterpart; its other piece is a part of it
    assert alone(db, "b", "a") == ["正文/三"]
    found = database.comparison(db, "a", "b")
    assert [clause.path for clause in found.only_a] == ["正文/三"] == [clause.path for clause in found.only_b]


def test_documents_without_anything_in_common(db: sqlite3.Connection) -> None:
    assert alone(db, "a", "c") == []
    found = database.comparison(db, "a", "c")
    assert [clause.path for clause in found.only_a] == ["正文/一", "正文/二", "正文/三"]
    assert [clause.path for clause in found.only_b] == ["正文/一"] and found.pairs == ()


def test_the_view_and_the_comparison_agree(built: Path) -> None:
    db = database.open_read(built)
    names = [document.id for document in database.documents(db)]
    for a in names:
        for b in names:
            if a != b:
                only = [clause.path for clause in database.comparison(db, a, b).only_a]
                assert only == alone(db, a, b)
    places = {row[0] for row in db.execute("select heading from v_alone where place = '台州市' and other_place = '临海市'")}
    assert len(places) == 1 and "飞地" in places.pop()
    db.close()
