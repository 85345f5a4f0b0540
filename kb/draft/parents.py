"""Which documents of the library a draft has to keep to, where the drafter does not say."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

from kb.draft.shelf import Library
from kb.extract.citations import title_key
from kb.models import Document, Provision, Statements
from kb.text import normalise
from kb.vocabulary.regions import ancestors, regions

_LIKE: Final = 0.3          # least likeness of the headings and titles of two documents on one topic
_TEXT: Final = 0.35         # the same of their texts


def find_parents(library: Library, draft: Document, provisions: Sequence[Provision],
                 statements: dict[str, Statements]) -> tuple[Document, ...]:
    """The documents above the draft: such as it names as its basis, and such of the places above its own that have its
    topic. The nearest first."""
    basis = {citation.number for found in statements.values() for citation in found.citations
             if citation.relation == "basis" and citation.number}
    above = [place.code for place in ancestors(draft.region_code)] if draft.region_code in regions() else []
    found: list[tuple[int, Document]] = []
    for document in library.documents:
        if document.id == draft.id or (document.doc_number and document.doc_number == draft.doc_number):
            continue
        named = bool(document.doc_number) and document.doc_number in basis
        upper = document.region_code in above
        if upper and (named or _same_topic(draft, document)):
            found.append((above.index(document.region_code), document))
    return tuple(document for _, document in sorted(found, key=lambda item: (item[0], item[1].id)))


def missing_basis(library: Library, statements: dict[str, Statements]) -> tuple[str, ...]:
    """Numbers of documents that the draft names as its basis and that the library does not hold."""
    held = {document.doc_number for document in library.documents}
    return tuple(dict.fromkeys(
        citation.number for found in statements.values() for citation in found.citations
        if citation.relation == "basis" and citation.number and citation.number not in held))


def _same_topic(one: Document, other: Document) -> bool:
    titles = _likeness(title_key(one.title), title_key(other.title))
    return titles >= _LIKE and _likeness(one.text, other.text) >= _TEXT or _likeness(one.text, other.text) >= 2 * _TEXT


def _likeness(one: str, other: str) -> float:
    """Cosine of the pairs of characters of two texts, the commonest left to the rest."""
    a, b = _pairs(one), _pairs(other)
    common = sum(count * b[pair] for pair, count in a.items())
    size = (sum(count * count for count in a.values()) * sum(count * count for count in b.values())) ** 0.5
    return common / size if size else 0.0


def _pairs(text: str) -> Counter[str]:
    runs = re.findall("[一-鿿]+", normalise(text))
    return Counter(run[at:at + 2] for run in runs for at in range(len(run) - 1))
