"""A string that stands in a clause is never missed, and nothing else is found: 2,000 strings of the corpus against
SQLite's ``instr`` over the same folded texts."""

from __future__ import annotations

import random
import sqlite3
from pathlib import Path

import pytest
from datasette.app import Datasette

from kb import database
from kb.fulltext import fold, literal

LENGTHS = (2, 3, 4, 8)


@pytest.fixture(scope="module")
def clauses(built: Path) -> list[tuple[int, str]]:
    """Ids and heading with text of every clause."""
    with sqlite3.connect(built) as connection:
        return list(connection.execute("select id, heading || text from clauses"))


def strings(clauses: list[tuple[int, str]], count: int) -> list[str]:
    """A random sample of strings that stand in a clause, digits, punctuation and line breaks included."""
    dice = random.Random(20211226)
    texts = [text for _, text in clauses if len(text) > max(LENGTHS)]
    found = []
    while len(found) < count:
        text, length = dice.choice(texts), LENGTHS[len(found) % len(LENGTHS)]
        at = dice.randrange(len(text) - length)
        if fold(string := text[at:at + length]):
            found.append(string)
    return found


def containing(clauses: list[tuple[int, str]], string: str) -> set[int]:
    """What SQLite's ``instr`` finds in the folded texts."""
    wanted = fold(string)
    return {number for number, text in clauses if wanted in fold(text)}


def test_the_reference_agrees_with_instr(clauses: list[tuple[int, str]], built: Path) -> None:
    with sqlite3.connect(":memory:") as connection:
        connection.execute("create table c (id integer, t text)")
        connection.executemany("insert into c values (?, ?)", [(number, fold(text)) for number, text in clauses])
        for string in strings(clauses, 100):
            found = connection.execute("select id from c where instr(t, ?)", (fold(string),))
            assert {number for number, in found} == containing(clauses, string)


def test_two_thousand_strings(clauses: list[tuple[int, str]], built: Path) -> None:
    connection = database.open_read(built)
    for string in strings(clauses, 2000):
        found = {hit.clause.id for hit in database.search(connection, literal(string), None)}
        assert found == containing(clauses, string), string
    connection.close()


async def test_the_standard_box_of_the_table(clauses: list[tuple[int, str]], built: Path) -> None:
    site = Datasette([str(built)], metadata={})
    await site.invoke_startup()
    for string in strings(clauses, 200):
        answer = await site.client.get("/kb/clauses.json", params={
            "_search": literal(string), "_shape": "array", "_size": "max", "_col": "id"})
        assert {row["id"] for row in answer.json()} == containing(clauses, string), string
