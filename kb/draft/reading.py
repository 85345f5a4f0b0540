"""A draft as the drafter hands it over -> a Document: Markdown read as it stands, everything else through the import.

A draft need not have a front matter, an id, a date or even a place: what is missing stays open and is told.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from kb.models import Document, KbError
from kb.vocabulary import regions

MAX_TEXT: Final = 300_000       # characters of a draft; the longest act that a county issues has 60,000
MAX_LINE: Final = 6_000         # characters of a paragraph; the longest of a real act has 1,500
_MAX_BYTES: Final = 4 * MAX_TEXT + 100_000
_COMMENT: Final = re.compile(r"<!--.*?(?:-->|\Z)\n?", re.DOTALL)
_HAN: Final = re.compile("[一-鿿]")
_FRONT: Final = re.compile(r"\A\ufeff?---[ \t]*\r?\n(?P<front>.*?)^---[ \t]*\r?\n", re.DOTALL | re.MULTILINE)
_TEXTS: Final = ("issuer", "doc_number", "signed_on", "effective_on", "expires_on", "kind")
MARKDOWN: Final = frozenset({".md", ".markdown"})


@dataclass(frozen=True)
class Draft:
    """A draft as read: ``name`` is the file's name, ``notes`` are doubts for the reader."""

    name: str
    document: Document
    notes: tuple[str, ...] = ()


def read_draft(path: Path, region: str | None = None) -> Draft:
    """The draft in the file ``path``; ``region`` is a code or name that overrides what it says of its place.

    Raises KbError for a file that is missing, cannot be read, is too long or holds no Chinese text.
    """
    if not path.is_file():
        raise KbError("there is no such file", file=path, mend="name the draft's file")
    code = region_code(region)
    if path.suffix.lower() in MARKDOWN:
        return from_markdown(_markdown(path), path.name, code)
    from kb.sources import import_page

    imported = import_page(path, code)
    _check_length(imported.document.text, path)
    return Draft(path.name, _settled(replace(imported.document, file=path), code), imported.notes)


def from_text(text: str, name: str = "draft.txt", region: str | None = None) -> Draft:
    """A draft that somebody pasted: Markdown where it has a title line of Markdown, else plain lines."""
    if re.search(r"^# ", text, re.MULTILINE):
        return from_markdown(text, name, region_code(region))
    from kb.sources import cleaning, fields, make_id, markdown, readers

    _check_length(text, name)
    _check_han(text, name)
    page = readers.READERS[".txt"](Path(name), text.encode())
    draft = cleaning.clean(page)
    body = markdown.body(draft.lines)
    found = fields.read_fields(draft, body, region_code(region))
    values: dict[str, Any] = {key: value or None for key, value in found.values.items()}
    values |= {"title": values["title"] or "", "region_code": values["region_code"] or ""}
    document = Document(id=make_id(found, "0" * 8), text=body, validity=found.validity, based_on=found.based_on, **values)
    return Draft(name, _settled(document, region_code(region)))


def region_code(region: str | None) -> str | None:
    """The code that ``region`` (331024, 仙居 or 仙居县) names. Raises KbError."""
    if region is None or region in regions.regions():
        return region
    try:
        return regions.region(region).code if region.isdigit() else regions.find(region)
    except KbError as error:
        raise KbError(f"--region: {error.problem}", mend=error.mend) from error


def from_markdown(text: str, name: str, region: str | None = None) -> Draft:
    """The draft in a Markdown ``text``; HTML comments are notes to the drafter and no part of it."""
    _check_length(text, name)
    front = _front(text, name)
    body = _FRONT.sub("", text, count=1) if front is not None else text
    body = _COMMENT.sub("", body.replace("\r\n", "\n").replace("\r", "\n")).lstrip("\n\ufeff")
    _check_han(body, name)
    values: dict[str, Any] = {key: str(value) for key in _TEXTS if (value := (front or {}).get(key)) is not None}
    title = str((front or {}).get("title") or _title(body))
    code = region or _region(front, title, values.get("issuer"), body)
    document = Document(id=_id(name), title=title, region_code=code or "", text=body, **values)
    return Draft(name, _settled(document, region))


def _check_length(text: str, file: Path | str) -> None:
    if len(text) > MAX_TEXT:
        raise KbError(f"the draft has more than {MAX_TEXT} characters", file=file, mend="check its parts one by one")
    if (long := max(map(len, text.split("\n")), default=0)) > MAX_LINE:
        raise KbError(f"a paragraph has {long} characters, more than {MAX_LINE}", file=file,
                      mend="check that it is text, and put its clauses on lines of their own")


def _check_han(text: str, file: Path | str) -> None:
    if not _HAN.search(text):
        raise KbError("the draft has no Chinese text", file=file, mend="check that it is the right file")


def _markdown(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise KbError(f"cannot be read: {error.strerror}", file=path) from error
    if len(data) > _MAX_BYTES:
        raise KbError(f"the draft has more than {MAX_TEXT} characters", file=path, mend="check its parts one by one")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        from kb.sources.readers import decode

        return decode(data, path)[0]


def _front(text: str, name: str) -> Mapping[str, Any] | None:
    match = _FRONT.match(text)
    if match is None:
        return None
    import yaml

    try:
        values = yaml.load(match["front"], Loader=yaml.BaseLoader)  # noqa: S506  (every value stays a string)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise KbError("the front matter is not YAML", file=name, place=2 + mark.line if mark else 1,
                      mend="write one field a line: name: value") from error
    if not isinstance(values, dict):
        return None
    return {key: value or None for key, value in values.items() if isinstance(value, (str, list))}


def _title(body: str) -> str:
    first = next((line for line in body.split("\n") if line.strip()), "")
    return first.lstrip("# ").strip()


def _region(front: Mapping[str, Any] | None, title: str, issuer: str | None, body: str) -> str | None:
    code = str((front or {}).get("region_code") or "")
    if code in regions.regions():
        return code
    for name in (issuer or "", title):      # without a word to the import, which takes long to load
        if (found := _named(name)) is not None:
            return found
    from kb.sources.places import region_of

    return region_of([issuer or "", title, *_heads(body)], None, body)[0]


def _named(name: str) -> str | None:
    """The place whose full name stands at the head of ``name``: 台州市路桥区人民政府 is 路桥区's."""
    head = name[:16]
    found = [code for code, place in regions.regions().items() if place.name in head
             and len(regions.candidates(place.name)) == 1]
    return max(found, key=lambda code: (regions.level_order(code), len(regions.region(code).name)), default=None)


def _heads(body: str) -> list[str]:
    """Titles of the draft's parts and the names under it."""
    lines = [line.strip() for line in body.split("\n")]
    return [line.lstrip("# ") for line in lines if line.startswith("# ") or re.fullmatch(
        r"\S{2,20}(?:人民政府|办公室|委员会)", line)]


def _settled(document: Document, said: str | None) -> Document:
    """With its date, and with the county whose name stands on other titles or under the act, where the draft's own
    title still has the name of the place above it."""
    document = _dated(document)
    code = document.region_code
    if said is not None or code not in regions.regions() or regions.level_order(code) == 2:
        return document
    below = [found for line in _heads(document.text) if (found := _named(line)) and any(
        place.code == code for place in regions.ancestors(found))]
    return replace(document, region_code=max(below, key=below.count)) if below else document


def _id(name: str) -> str:
    slug = re.sub(r"[^a-z0-9]+", "-", Path(name).stem.lower()).strip("-")
    return slug or "draft"


#: The date under the act, also as nobody should write it: 2021.12.26; 2021年12月26号.
_DATE_LINE: Final = re.compile(
    r"^\s*(\d{4})\s*[年.\-/．]\s*(\d{1,2})\s*[月.\-/．]\s*0?(\d{1,2})\s*[日号]?\s*$", re.MULTILINE)


def _dated(document: Document) -> Document:
    """With the date that stands alone under the main act, where the front matter gives none."""
    main = re.split(r"^# *附件", document.text, maxsplit=1, flags=re.MULTILINE)[0]
    found = _DATE_LINE.search(main)
    if document.signed_on or found is None:
        return document
    try:
        day = dt.date(*map(int, found.groups()))
    except ValueError:
        return document
    return replace(document, signed_on=day.isoformat())
