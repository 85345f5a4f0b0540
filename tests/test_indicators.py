"""Indicators across documents: names that are one and names that are not, and the matrix of the five documents."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from kb.indicators import Entry, alike, grouped, label

CASES = Path(__file__).parent / "cases" / "indicators"


def _matrix(db: Path) -> list[list[str]]:
    """Indicator, kind, and for each document its amounts: bound, value, unit, by when, clause."""
    with sqlite3.connect(db) as connection:
        connection.row_factory = sqlite3.Row
        cells: dict[int, dict[str, list[str]]] = {}
        for row in connection.execute("""select q.*, c.document_id, c.path from quantities q
                join clauses c on c.id = q.clause_id where q.indicator_id is not null order by q.id"""):
            value = f"{row['value']:.4g}" if row["value"] < 1000 else f"{row['value']:.10g}"
            if row["value_from"] is not None:
                value = f"{row['value_from']:g}→{value}"
            if row["value_to"] is not None:
                value += f"~{row['value_to']:g}"
            due = f" [{row['deadline']}]" if row["deadline"] else ""
            cells.setdefault(row["indicator_id"], {}).setdefault(row["document_id"], []).append(
                f"{row['bound']} {value}{row['unit'] or ''}{due} @{row['path']}")
        rows = connection.execute("select id, name, kind from indicators where documents > 1 order by id").fetchall()
    return [[row["name"], row["kind"], *("; ".join(cells[row["id"]].get(name, [])) for name in _documents())]
            for row in rows]


def _golden() -> list[list[str]]:
    lines = (CASES / "matrix.tsv").read_text("utf-8").splitlines()
    return [line.split("\t") for line in lines if not line.startswith("#")]


def _documents() -> list[str]:
    return _golden()[0][2:]


def test_the_matrix_of_the_five_documents(built: Path) -> None:
    found = {tuple(row[:2]): row for row in _matrix(built)}
    expected = {tuple(row[:2]): row for row in _golden()[1:]}
    assert found == expected


@pytest.mark.parametrize(("one", "other"), [
    ("规上工业亩均税收", "规模以上工业亩均税收"), ("腾出低效工业用地", "盘活低效工业用地"), ("减少碳排放", "减碳"),
    ("规上制造业研究与试验发展（R&D）经费相当于营业收入比重", "规上工业企业研发经费支出占营业收入比重"),
    ("培育未来工厂", "打造“未来工厂”"), ("落地率", "项目落地率"),
])
def test_names_that_are_one(one: str, other: str) -> None:
    assert alike(one, other) > 0.66
    assert alike(other, one) == alike(one, other)


@pytest.mark.parametrize(("one", "other"), [
    ("高新技术企业", "每年新增高新技术企业"), ("培育国家级专精特新“小巨人”企业", "培育省级专精特新“小巨人”企业"),
    ("腾出用能", "减少碳排放"), ("新增“浙江制造”标准", "培育“品字标”品牌企业"), ("建筑密度", "容积率"),
])
def test_names_that_are_not(one: str, other: str) -> None:
    assert alike(one, other) < 0.66


def test_a_document_keeps_its_own_indicators_apart() -> None:
    entries = [Entry(1, "甲", 1, "亩均税收", "target", "元"), Entry(2, "甲", 1, "规上工业亩均税收", "target", "元"),
               Entry(3, "乙", 2, "规上工业亩均税收", "target", "元")]
    groups = grouped(entries, {(1, 2)})
    assert [[entry.id for entry in group] for group in groups] == [[1], [2, 3]]
    assert label(groups[1]) == "规上工业亩均税收"
