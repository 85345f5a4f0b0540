"""A page as obtained -> a document with clean text and particulars, and a record of all that was cut and changed."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from kb.models import Document, KbError
from kb.numbering import decimal_outline
from kb.sources import marks
from kb.sources.cleaning import STEPS, clean
from kb.sources.fields import Fields, read_fields
from kb.sources.markdown import body
from kb.sources.page import Change, ImportedPage
from kb.sources.readers import READERS, read_page
from kb.text import normalise
from kb.vocabulary.regions import slug

__all__ = ["READERS", "STEPS", "Change", "ImportedPage", "import_page"]


def import_page(path: Path, region_code: str | None = None) -> ImportedPage:
    """The document on the page at ``path``.

    ``region_code`` overrides the place that the page states. Raises KbError for a page that cannot be read or has
    no text, and for a region that does not exist. A page without a numbered provision is imported, with a note.
    """
    page = read_page(path)
    draft = clean(page)
    if not any(line.text.strip() for line in draft.lines[1 if draft.title else 0:]):
        raise KbError("the page has no text below its title", file=path,
                      mend="open it in a browser, and save it when its text is shown")
    text = body(draft.lines)
    fields = read_fields(draft, text, region_code)
    digest = hashlib.sha256(page.data).hexdigest()
    notes = list(draft.notes)
    if not any(marks.number_of(line.text) for line in draft.lines) and not decimal_outline(
            [normalise(line.text) for line in draft.lines]):
        notes.append("没有带编号的条款（一、（一） 1. 第一条），请核对页面是否完整")
    if re.search("解读|问答|答记者问|图解|一图|新闻发布会", draft.title):
        notes.append("标题表明这是政策解读、问答或报道，不是文件本身")
    document = _document(fields, text, digest, path)
    return ImportedPage(document, draft.changes, fields.missing(), page.data, page.encoding, tuple(notes))


def _document(fields: Fields, text: str, digest: str, path: Path) -> Document:
    values = {name: value or None for name, value in fields.values.items()}
    return Document(
        id=make_id(fields, digest), title=values["title"] or "", region_code=values["region_code"] or "", text=text,
        kind=values["kind"], issuer=values["issuer"], doc_number=values["doc_number"],
        unified_number=values["unified_number"], index_number=values["index_number"], signed_on=values["signed_on"],
        written_on=values["written_on"], published_on=values["published_on"], effective_on=values["effective_on"],
        expires_on=values["expires_on"], validity=fields.validity, based_on=fields.based_on,
        source_file=f"sources/{path.name}", source_sha256=digest, inferred=fields.inferred)


def make_id(fields: Fields, digest: str) -> str:
    """linhai-2022-22: place in pinyin, year and number of the document number; without a number the year of its
    date; where that is missing too, the first characters of the page's hash."""
    values = fields.values
    place = slug(values["region_code"]) if values["region_code"] else "unknown"
    if match := re.search(r"〔(\d{4})〕(\d+)号", values["doc_number"]):
        return f"{place}-{match[1]}-{match[2]}"
    for name in ("signed_on", "written_on", "published_on", "effective_on"):
        if values[name]:
            return f"{place}-{values[name][:4]}"
    return f"{place}-{digest[:8]}"
