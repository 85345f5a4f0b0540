"""Cells of Datasette's tables: codes as Chinese words, texts short with the hits marked, links to our pages."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from kb.fulltext import marks, snippet
from kb.site import render


@dataclass(frozen=True, slots=True)
class Asked:
    """Path of the page asked for, and what its search box was given."""

    path: str = ""
    search: str = ""

    @property
    def one_row(self) -> bool:
        """Whether the page shows a single row: /database/table/key."""
        return self.path.strip("/").count("/") >= 2


REQUEST: ContextVar[Asked] = ContextVar("kb_request")
_TEXTS = {"heading", "text", "quote", "a_quote", "b_quote", "a_text", "b_text", "a_heading", "b_heading", "title",
          "row_label", "summary", "cited_title", "problem"}
_CODES = {"type", "direction", "relation", "bound", "kind", "role", "force", "aspect", "level", "in_corpus", "is_basis"}
_DOCUMENTS = {"document_id", "a_document_id", "b_document_id", "cited_document_id", "basis_document_id"}
_WIDTH = 90


def cell(row: Any, value: Any, column: str, table: str | None, path: Callable[[str], str]) -> Markup | None:
    """HTML for one cell, None to leave it to Datasette. ``path`` gives the address of a path below the site's root."""
    if value is None or value == "":
        return Markup('<span class="none">—</span>')
    if column in _DOCUMENTS or (column == "id" and table in {"documents", "v_documents"}):
        return _document(value, path)
    if column in {"label", "a_label", "b_label"}:
        return _clause(row, str(value), column.removesuffix("label"), path)
    if column in _CODES:
        return Markup('<span class="code" title="{}">{}</span>').format(value, render.word(column, value))
    if column == "salience":
        return Markup('<span class="sal" title="{0:.2f}"><span class="vh">重要性{1}级</span><span aria-hidden="true">'
                      "{2}</span></span>").format(value, render.dots(value), "●" * render.dots(value)
                                                  + "○" * (3 - render.dots(value)))
    if column == "text" and table == "documents":  # the whole document has a page of its own
        return Markup('<span class="song">{}…</span>').format(render.typeset(" ".join(str(value)[:_WIDTH].split())))
    if column == "inferred":
        return _inferred(str(value))
    if isinstance(value, float):
        return Markup('<span class="num">{}</span>').format(f"{value:.10g}" if column != "score" else f"{value:.2f}")
    if column in _TEXTS or (isinstance(value, str) and len(value) > _WIDTH):
        return _text(value, searched=table in {"clauses", None} and column in {"heading", "text"})
    return None


def _text(value: Any, *, searched: bool) -> Markup:
    asked, text = REQUEST.get(Asked()), str(value)
    spans = marks(text, asked.search) if searched and asked.search else []
    if asked.one_row:
        return render.paragraphs(text, render.hits(spans)) or Markup('<span class="none">—</span>')
    return Markup('<span class="song">{}</span>').format(render.excerpt(text, snippet(text, spans, _WIDTH)))


def _document(value: Any, path: Callable[[str], str]) -> Markup:
    identity, label = (value["value"], value["label"]) if isinstance(value, dict) else (value, value)
    return Markup('<a href="{}">{}</a>').format(path(render.anchor(str(identity))), label or identity)


def _clause(row: Any, label: str, side: str, address: Callable[[str], str]) -> Markup | None:
    try:
        document, path = row[f"{side}document_id"], row[f"{side}path"]
    except (KeyError, IndexError):
        return None
    identity = document["value"] if isinstance(document, dict) else document
    return Markup('<a class="addr" href="{}">{}</a>').format(address(render.clause_address(identity, path)), label)


def _inferred(value: str) -> Markup:
    try:
        reasons = json.loads(value)
    except ValueError:
        reasons = None
    if not isinstance(reasons, dict) or not reasons:
        return Markup('<span class="none">—</span>')
    return Markup("；").join(
        Markup("{}：{}").format(render.word("inferred", field), why) for field, why in reasons.items())
