"""The labels of a document's particulars on a page (索引号: …), and rows of them taken apart."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from kb.vocabulary import table

_EDGE = re.compile(r"^[\s•·●■◆▪※*\-\[【\u3000]+|[\s\]】\u3000]+$")
_BEFORE = r"(?:^|(?<=[\s|｜•·●■;；,，\]】）)]))"


@cache
def fields() -> Mapping[str, str]:
    """Field of a document (or - for none) by label, Latin labels in small letters."""
    return {row["label"].lower(): row["field"] for row in table("page_labels.tsv")}


def field_of(label: str) -> str | None:
    """The field that ``label`` (with any spaces, bullets, colon) names, - for a known label without use, or None."""
    bare = re.sub(r"\s+", "", _EDGE.sub("", label)).rstrip(":：").strip("[]【】")
    return fields().get(bare.lower())


def is_label(cell: str) -> bool:
    """Whether ``cell`` is a known label and nothing else."""
    return field_of(cell) is not None


@cache
def _pattern() -> re.Pattern[str]:
    """A label in a row: letters may be spread (文　　号), a colon must follow."""
    names = sorted((name for name in fields() if not name.isascii()), key=len, reverse=True)
    spread = "|".join(r"[ \u3000\u00a0]*".join(map(re.escape, name)) for name in names)
    return re.compile(rf"{_BEFORE}[\[【]?\s*(?P<label>{spread})\s*[\]】]?\s*[:：]\s*")


def pairs(text: str) -> tuple[tuple[str, str], ...]:
    """Labels and values of a row that consists of them (索引号: X 公开方式: Y); empty where the row does not start
    with a label. A value runs to the next label."""
    bare = _EDGE.sub("", text)
    matches = list(_pattern().finditer(bare))
    if not matches or matches[0].start() > 0:
        return ()
    ends = [match.start() for match in matches[1:]] + [len(bare)]
    return tuple((re.sub(r"\s+", "", match["label"]), bare[match.end():end].strip(" \u3000|｜;；"))
                 for match, end in zip(matches, ends, strict=True))
