"""Who cites whom: resolves citations to documents of the corpus, and gives the cited documents that we do not hold a
row of their own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from kb.fulltext import fold
from kb.models import Citation, Document
from kb.vocabulary import regions

#: 浙政发〔2021〕31号; a page may write any bracket and leave 号 out: （浙政发〔2021〕31）
_NUMBER = re.compile(
    r"([\u4e00-\u9fff]{1,12})\s*[〔\[［【（(]\s*((?:19|20)\d\d)\s*[〕\]］】）)]\s*(?:第\s*)?(\d+)\s*号?")
#: The issuers of a government or Party committee: what follows the place's abbreviation in a number (临市委, 甬政办发).
_ISSUER = re.compile(r"(?:市委|县委|区委|省委|政|委|府)")


def number_key(text: str | None) -> str | None:
    """The document number that stands in ``text`` in one spelling, 浙政发〔2021〕31号; None if there is none."""
    found = _NUMBER.search(text or "")
    return f"{found[1]}〔{found[2]}〕{int(found[3])}号" if found else None


def number_slug(number: str) -> str:
    """The id of a document known by its number alone: 浙政发-2021-31."""
    found = _NUMBER.search(number)
    return f"{found[1]}-{found[2]}-{int(found[3])}" if found else re.sub(r"\W+", "-", number).strip("-")


@dataclass(frozen=True, slots=True)
class Cited:
    """A document that is cited and not in the corpus."""

    id: str
    number: str
    title: str
    region_code: str | None


class Register:
    """All documents that can be cited: those of the corpus by number and by title, the others by number."""

    def __init__(self, documents: Sequence[Document], mentions: Iterable[tuple[Document, Citation]]) -> None:
        """``mentions``: every citation with the document it stands in, in document order."""
        self._ids = {d.id for d in documents}
        self._numbers = {key: d.id for d in reversed(documents) if (key := number_key(d.doc_number))}
        self._titles = {fold(d.title): d.id for d in reversed(documents)}
        self._cited: dict[str, Cited] = {}
        own = {fold(d.title) for d in documents}
        for citing, mention in mentions:
            number = number_key(mention.number)
            if number and number not in self._numbers and fold(mention.title or "") not in own:
                self._remember(number, mention.title, citing)
        for document in documents:
            for reference in document.based_on:
                number = number_key(reference)
                if number and number not in self._numbers:
                    self._remember(number, _title_in(reference), document)

    def _remember(self, number: str, title: str | None, citing: Document) -> None:
        known = self._cited.get(number)
        if known is None or (title and known.title == known.number):
            code = _region_of(number, title, citing)
            self._cited[number] = Cited(number_slug(number), number, title or number, code)

    @property
    def cited(self) -> tuple[Cited, ...]:
        """The documents we do not hold, in the order of their numbers."""
        return tuple(self._cited[number] for number in sorted(self._cited))

    def resolve(self, number: str | None, title: str | None) -> str | None:
        """Id of the document with that number, else of the corpus's document with that very title, else None."""
        key = number_key(number)
        if key and key in self._numbers:
            return self._numbers[key]
        if title and fold(title) in self._titles:
            return self._titles[fold(title)]
        return self._cited[key].id if key and key in self._cited else None

    def resolve_reference(self, reference: str) -> str | None:
        """Id for an entry of ``Document.based_on``: an id, a number or a title, alone or together."""
        if reference in self._ids:
            return reference
        return self.resolve(reference, _title_in(reference) or reference)


def _title_in(reference: str) -> str | None:
    found = re.search(r"《(.+)》", reference)
    return found[1] if found else None


def _region_of(number: str, title: str | None, citing: Document) -> str | None:
    """The place that issued a cited document: named at the head of its title, else told by the abbreviation that opens
    its number, looked up near the citing document first (临 is 临海 in 临海's text, 临安 in 临安's)."""
    if title and (code := _place_at_head(title)):
        return code
    issuer = _ISSUER.search(number)
    prefix = number[:issuer.start()] if issuer else number[:1]
    own = citing.region_code
    above = [place.code for place in regions.ancestors(own)] if own in regions.regions() else []
    for code in (own, *above):
        if code in regions.regions() and prefix == regions.short(code):
            return code
    found = [code for code, place in regions.regions().items()
             if place.level != "county" and prefix == regions.short(code)]
    near = [code for code in found if code[:2] == own[:2]] or found  # 台 is 台州 in Zhejiang, not 台湾
    return near[0] if len(near) == 1 else None


def _place_at_head(title: str) -> str | None:
    """Code of the place whose full name opens ``title`` (the longest such name), if it is one place."""
    heads: Mapping[str, str] = {place.name: code for code, place in regions.regions().items()}
    text = title.removeprefix("中共")
    for length in range(min(12, len(text)), 2, -1):
        if text[:length] in heads and len(regions.candidates(text[:length])) == 1:
            return heads[text[:length]]
    return None
