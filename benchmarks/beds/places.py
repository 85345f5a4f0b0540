"""The same document as another place would issue it: names of places, signs of document numbers, agencies, level."""

from __future__ import annotations

import re
from dataclasses import replace
from random import Random

from beds.blocks import Draft
from beds.files import table, variants
from kb.models import Document
from kb.vocabulary.regions import region

_SIGNS = {"宁波市": "甬"}                       # places whose documents are not numbered with the first character
_UNIT = r"(?:委员会|委|局|办|中心|院|支队|大队|公司|部)"
#: What shows the level in the words of a document, for the level's own word L.
_LEVEL = (r"(?<=[、：:，,；;。（(由经])L(?=[\u4e00-\u9fff]{2,12}" + _UNIT + ")",
          r"(?:(?<=[全我])|(?<=(?<!资)本))L", r"L(?=政府|委|级)")


def relocate(draft: Draft, rng: Random, *, agencies: bool = False, level: bool = False) -> Document:
    """Put another place in the place of the document's own, and of the one above it; the document's new metadata.

    ``agencies``: agencies are called as other places call them. ``level``: the other place is of another kind (a
    prefecture's or a city's document becomes a county's, a district's becomes a city's), and so are its agencies.
    """
    own = region(draft.document.region_code)
    above = region(own.parent_code) if own.parent_code and own.level == "county" else None
    key = "county" if above or level else "prefecture"
    ending = own.name[-1] if not level else "市" if own.name[-1] in "区县" else "县"
    row = rng.choice([row for row in table("places.tsv") if row[key].endswith(ending)
                      and row["prefecture"] not in (own.name, above and above.name)])
    names = _names(own.name, row[key]) + (_names(above.name, row["prefecture"]) if above else [])
    signs = {_sign(own.name): row[f"{key}_sign"]}
    if above:
        signs[_sign(above.name)] = row["prefecture_sign"]
    known = {name: rng.choice(others) for name, others in variants("agency_names.txt").items()} if agencies else {}
    rewritten = _Rewriter(names, signs, known, (own.name[-1], ending) if level else None)
    for block in draft.blocks:
        new = rewritten(block.heading), rewritten(block.text)
        if new != (block.heading, block.text):
            block.edits.add("place")
        block.heading, block.text = new
    document = draft.document
    return replace(document, title=rewritten(document.title), region_code=row[f"{key}_code"],
                   issuer=rewritten(document.issuer or "") or None)


def _names(old: str, new: str) -> list[tuple[str, str]]:
    """The full name and the bare one."""
    return [(old, new), (old[:-1], new[:-1])]


def _sign(name: str) -> str:
    return _SIGNS.get(name, name[0])


class _Rewriter:
    """Callable that rewrites one text."""

    def __init__(self, names: list[tuple[str, str]], signs: dict[str, str], agencies: dict[str, str],
                 levels: tuple[str, str] | None) -> None:
        self.names = dict(names)
        self.pattern = re.compile("|".join(map(re.escape, sorted(self.names, key=lambda name: (-len(name), name)))))
        self.signs = signs
        self.sign = re.compile(rf"({'|'.join(map(re.escape, signs))})(?=(?:政|市委|委)\w{{0,2}}〔)")
        self.agencies = agencies
        unit = sorted(agencies, key=lambda name: (-len(name), name))
        self.agency = re.compile(rf"(?<=[市区县])(?:{'|'.join(unit)})") if unit else None
        self.level = [re.compile(pattern.replace("L", levels[0])) for pattern in _LEVEL] if levels else []
        self.other = levels[1] if levels else ""

    def __call__(self, text: str) -> str:
        if self.agency:
            text = self.agency.sub(lambda match: self.agencies[match[0]], text)
        for pattern in self.level:
            text = pattern.sub(self.other, text)
        text = self.sign.sub(lambda match: self.signs[match[0]], text)
        return self.pattern.sub(lambda match: self.names[match[0]], text)
