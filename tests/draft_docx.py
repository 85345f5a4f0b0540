"""Drafts as Word makes them, from a text that a person can read: numbers that Word counts, tables, tracked changes.

The notation is the corpus's Markdown. A number that opens a heading (一、 （一） 1.) is left to Word's numbering;
``{+…+}`` was inserted and ``{-…-}`` deleted by a colleague.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import docx
from docx.oxml import OxmlElement
from docx.oxml.ns import qn

_LEVELS = {2: (r"[一二三四五六七八九十]+、", "chineseCounting", "%1、"),
           3: (r"（[一二三四五六七八九十]+）", "chineseCounting", "（%1）"),
           4: (r"\d+\.\s?", "decimal", "%1.")}
_AUTHOR = {"w:author": "县司法局", "w:date": "2022-03-01T09:00:00Z"}


def write_docx(text: str, path: Path) -> None:
    """Write the draft ``text`` to ``path``."""
    word = docx.Document()
    numbers = {level: _numbering(word, level) for level in _LEVELS}
    blocks = re.split(r"\n\n+", text.strip())
    parent: dict[int, int] = {}
    for block in blocks:
        if block.startswith("|"):
            _table(word, block)
            continue
        mark = re.match(r"(#+) ", block)
        level = len(mark[1]) if mark else 0
        body = block[mark.end():] if mark else block
        paragraph = word.add_paragraph()
        if level in _LEVELS and (number := re.match(_LEVELS[level][0], body)):
            body = body[number.end():]
            if number[0].strip() in ("一、", "（一）", "1."):      # counts anew under each section and in each attachment
                parent[level] = _again(word, numbers[level])
            _number(paragraph, parent.get(level, numbers[level]))
        _runs(paragraph, body)
    word.save(str(path))


def _element(name: str, **values: str) -> Any:
    made = OxmlElement(name)
    for key, value in values.items():
        made.set(qn(f"w:{key}"), value)
    return made


def _numbering(word: Any, level: int) -> int:
    """An abstract numbering of one level and a number that uses it; its id."""
    root = word.part.numbering_part.element
    key = str(100 + level)
    abstract = _element("w:abstractNum", abstractNumId=key)
    lvl = _element("w:lvl", ilvl="0")
    for child in (_element("w:start", val="1"), _element("w:numFmt", val=_LEVELS[level][1]),
                  _element("w:suff", val="nothing"), _element("w:lvlText", val=_LEVELS[level][2])):
        lvl.append(child)
    abstract.append(lvl)
    first = root.find(qn("w:num"))
    root.insert(list(root).index(first), abstract) if first is not None else root.append(abstract)
    return _num(root, key)


def _num(root: Any, abstract: str, *, restart: bool = False) -> int:
    number = max((int(item.get(qn("w:numId"))) for item in root.findall(qn("w:num"))), default=0) + 1
    made = _element("w:num", numId=str(number))
    made.append(_element("w:abstractNumId", val=abstract))
    if restart:
        override = _element("w:lvlOverride", ilvl="0")
        override.append(_element("w:startOverride", val="1"))
        made.append(override)
    root.append(made)
    return number


def _again(word: Any, number: int) -> int:
    """A number like ``number`` that begins at one."""
    root = word.part.numbering_part.element
    own = next(item for item in root.findall(qn("w:num")) if item.get(qn("w:numId")) == str(number))
    return _num(root, own.find(qn("w:abstractNumId")).get(qn("w:val")), restart=True)


def _number(paragraph: Any, number: int) -> None:
    properties = paragraph._p.get_or_add_pPr()
    made = _element("w:numPr")
    made.append(_element("w:ilvl", val="0"))
    made.append(_element("w:numId", val=str(number)))
    properties.append(made)


def _runs(paragraph: Any, text: str) -> None:
    """The text as runs, with the tracked changes that its marks tell of."""
    for count, piece in enumerate(re.split(r"(\{[+-].*?[+-]\})", text)):
        if not piece:
            continue
        if not count % 2:
            paragraph.add_run(piece)
            continue
        deleted = piece[1] == "-"
        change = OxmlElement("w:del" if deleted else "w:ins")
        change.set(qn("w:id"), str(1000 + count))
        for key, value in _AUTHOR.items():
            change.set(qn(key), value)
        run = OxmlElement("w:r")
        letters = OxmlElement("w:delText" if deleted else "w:t")
        letters.text = piece[2:-2]
        letters.set(qn("xml:space"), "preserve")
        run.append(letters)
        change.append(run)
        paragraph._p.append(change)


def _table(word: Any, block: str) -> None:
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in block.split("\n")]
    rows = [row for row in rows if not all(re.fullmatch("-+", cell) for cell in row)]
    table = word.add_table(rows=len(rows), cols=len(rows[0]))
    for y, row in enumerate(rows):
        for x, cell in enumerate(row):
            table.cell(y, x).text = cell
