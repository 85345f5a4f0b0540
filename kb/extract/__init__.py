"""Typed statements of one clause: quantities, responsibilities, citations, validity, modality.

Each kind has a module of its own with ``find(text)``; all offsets count in the clause's own text, and each quote is
cut from it. The functions are pure: the same clause gives the same statements.
"""

from __future__ import annotations

from kb.extract import citations, modality, quantities, responsibilities, validity
from kb.models import Document, Provision, Statements


def statements(provision: Provision, document: Document) -> Statements:
    """Everything that ``provision`` of ``document`` states; empty for a provision without a text of its own.

    A citation that names ``document`` itself (its own number in the signature block) is left out.
    """
    text = provision.text
    if not text.strip():
        return Statements()
    return Statements(
        quantities=quantities.find(text, provision.heading),
        responsibilities=responsibilities.find(text),
        citations=tuple(found for found in citations.find(text) if not citations.same_document(found, document)),
        validity=validity.find(text),
        modality=modality.find(text),
    )
