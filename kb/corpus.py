"""corpus/*.md <-> Document: YAML front matter and a Markdown body.

A file that the import wrote carries ``imported_sha256``, the hash of the rest of the file. A file whose rest has
another hash was edited by hand, and an import leaves it alone.
"""

from __future__ import annotations

import datetime as dt
import difflib
import hashlib
import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, get_args

import yaml

from kb.models import Document, KbError, Validity
from kb.vocabulary.regions import region

#: Fields of the front matter, in the order in which they are written.
FIELDS: Final = (
    "title", "id", "region_code", "issuer", "doc_number", "unified_number", "index_number", "signed_on", "written_on",
    "published_on", "effective_on", "expires_on", "validity", "kind", "based_on", "source_file", "source_sha256",
    "inferred",
)
_DATES: Final = ("signed_on", "written_on", "published_on", "effective_on", "expires_on")
_TEXTS: Final = ("title", "id", "region_code", "issuer", "doc_number", "unified_number", "index_number", "kind",
                 "source_file", "source_sha256")
_REQUIRED: Final = ("title", "id", "region_code")
_SEAL: Final = "imported_sha256"
_SEAL_LINE: Final = re.compile(rf"^{_SEAL}:.*\n", re.MULTILINE)
_FRONT: Final = re.compile(r"---[ \t]*\r?\n(?P<front>.*?)^---[ \t]*(?:\r?\n|\Z)(?:\r?\n)?(?P<body>.*)\Z",
                          re.DOTALL | re.MULTILINE)
_ID: Final = re.compile(r"[a-z0-9][a-z0-9-]*")


class _Loader(yaml.SafeLoader):
    """YAML in which 2022-06-16 and 331082 stay strings, so that every field is read as it is written; a field that
    stands twice is an error."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue
            if key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"{key.value} stands twice", key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


_Loader.yaml_implicit_resolvers = {
    char: [(tag, pattern) for tag, pattern in resolvers
           if tag not in ("tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:int", "tag:yaml.org,2002:float",
                          "tag:yaml.org,2002:bool")]
    for char, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read_document(path: Path) -> Document:
    """The document in the file ``path``.

    Raises KbError, with file and line or field, for a file that cannot be read or is not UTF-8, front matter that
    is missing or not YAML, a required field that is missing, an unknown field, a date that does not exist, an
    unknown region or validity.
    """
    text = _read(path)
    front, body, first = _split(text, path)
    values = _load(front, path, first)
    return _document(values, body, path)


def read_corpus(directory: Path) -> tuple[Document, ...]:
    """All documents of ``directory`` (its ``*.md``), sorted by id.

    Raises KbError for a directory that is missing or has no document, for two documents with one id, and for
    whatever :func:`read_document` raises.
    """
    if not directory.is_dir():
        raise KbError("there is no such directory", file=directory, mend="name the corpus with --corpus")
    by_id: dict[str, Document] = {}
    for path in sorted(directory.glob("*.md")):
        if path.name.upper() == "README.MD" or path.name.startswith("."):
            continue
        document = read_document(path)
        if other := by_id.get(document.id):
            raise KbError(f"the id {document.id!r} is also that of {other.file}", file=path, place="id",
                          mend="give one of the two another id")
        by_id[document.id] = document
    if not by_id:
        raise KbError("the corpus has no document", file=directory, mend="import a page: kb import PAGE")
    return tuple(by_id[key] for key in sorted(by_id))


def source_warnings(document: Document) -> tuple[str, ...]:
    """What is wrong with the page that a document names as its source: missing, or changed since the import.

    One line each, in English; empty where all is well or the document names none.
    """
    if document.file is None or document.source_file is None:
        return ()
    page = document.file.parent / document.source_file
    if not page.is_file():
        return (f"{document.file}:source_file: {document.source_file} is not there",)
    if document.source_sha256 and hashlib.sha256(page.read_bytes()).hexdigest() != document.source_sha256:
        return (f"{document.file}:source_sha256: {document.source_file} has changed since it was imported",)
    return ()


def render(document: Document) -> str:
    """The file of ``document``: front matter with all fields in their order, an empty line, the body.

    Sealed (``imported_sha256``) where the document carries a seal, so that what the import wrote is rendered
    byte for byte.
    """
    text = _unsealed(document)
    if document.imported_sha256 is None:
        return text
    return _with_seal(text, document.imported_sha256)


def sealed(document: Document) -> str:
    """The file of ``document`` as an import writes it: with the hash of the rest."""
    text = _unsealed(document)
    return _with_seal(text, _digest(text))


def edited_by_hand(path: Path) -> bool:
    """Whether the file at ``path`` differs from what an import wrote there. A file without a seal does."""
    text = _read(path)
    match = re.search(rf"^{_SEAL}: *'?([0-9a-f]{{64}})'?$", text.split("\n---\n", 1)[0], re.MULTILINE)
    return match is None or _digest(_SEAL_LINE.sub("", text, count=1)) != match[1]


def front_matter(path: Path) -> str:
    """The lines between the first two ``---`` of the file at ``path``, unread; '' where there are none."""
    match = _FRONT.match(_read(path))
    return match["front"].replace("\r\n", "\n") if match else ""


def write_document(document: Document, path: Path) -> None:
    """Write ``document`` to ``path``, whole or not at all. Raises KbError where the disk refuses."""
    write_whole(path, render(document).encode("utf-8"))


def write_whole(path: Path, data: bytes) -> None:
    """Write ``data`` beside ``path`` and rename it there, so that no reader and no full disk or Ctrl-C ever leaves
    half a file. Raises KbError where the disk refuses."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(name).chmod(0o644)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise KbError(f"cannot be written: {error.strerror}", file=path,
                      mend="free some space or choose another directory; the file is as it was") from error


# --- rendering -------------------------------------------------------------------------------------------------

def _unsealed(document: Document) -> str:
    values: dict[str, Any] = {}
    for name in FIELDS:
        value = getattr(document, name)
        if name == "based_on":
            value = list(value)
        elif name == "inferred":
            value = dict(value)
        values[name] = value if value != "" else None
    front = yaml.dump(values, Dumper=_Dumper, allow_unicode=True, sort_keys=False, default_flow_style=False,
                      width=10_000)
    return f"---\n{front}---\n\n{document.text}"


def _with_seal(text: str, digest: str) -> str:
    front, body = text.split("\n---\n", 1)
    return f"{front}\n{_SEAL}: {digest}\n---\n{body}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


class _Dumper(yaml.SafeDumper):
    """Block style with indented lists, nothing for null (``issuer:``)."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


_Dumper.add_representer(type(None), lambda dumper, _: dumper.represent_scalar("tag:yaml.org,2002:null", ""))
#: Plain dates, but '331082' in quotes: other YAML readers take a bare one for a number.
_Dumper.yaml_implicit_resolvers = {
    char: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for char, resolvers in yaml.SafeDumper.yaml_implicit_resolvers.items()
}


# --- reading ---------------------------------------------------------------------------------------------------

def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise KbError(f"cannot be read: {error.strerror}", file=path) from error
    except UnicodeDecodeError as error:
        raise KbError(f"not UTF-8 at byte {error.start}", file=path, mend="save it as UTF-8") from error


def _split(text: str, path: Path) -> tuple[str, str, int]:
    """Front matter, body, and the line of the front matter's first field."""
    match = _FRONT.match(text)
    if match is None:
        problem = "the front matter is not closed by ---" if text.startswith("---") else "there is no front matter"
        raise KbError(problem, file=path, place=1, mend="begin the file with --- , the fields, and --- again")
    return match["front"], match["body"].replace("\r\n", "\n"), 2


def _load(front: str, path: Path, first: int) -> Mapping[str, Any]:
    try:
        values = yaml.load(front, Loader=_Loader)  # noqa: S506  (a SafeLoader with fewer types)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = first + (mark.line if mark else 0)
        problem = getattr(error, "problem", None) or "bad YAML"
        mend = ("write spaces in place of tabs" if "\\t" in problem else "keep one of the two" if "twice" in problem
                else "quote values that hold a colon or begin with a bracket")
        raise KbError(f"the front matter is not YAML: {problem}", file=path, place=line, mend=mend) from error
    if not isinstance(values, dict):
        raise KbError("the front matter is not YAML fields (name: value)", file=path, place=first)
    for name in values:
        if name not in (*FIELDS, _SEAL):
            near = difflib.get_close_matches(str(name), FIELDS, n=1)
            raise KbError(f"unknown field {name!r}", file=path, place=_line_of(front, str(name), first),
                          mend=f"did you mean {near[0]}?" if near else f"known are {', '.join(FIELDS)}")
    return values


def _line_of(front: str, name: str, first: int) -> int:
    return next((first + row for row, line in enumerate(front.split("\n")) if line.startswith(name)), first)


def _document(values: Mapping[str, Any], body: str, path: Path) -> Document:
    texts = {name: _text(values, name, path) for name in _TEXTS}
    for name in _REQUIRED:
        if not texts[name]:
            mend = ("write the six-digit code of GB/T 2260, or import the page again with --region CODE"
                    if name == "region_code" else f"write {name}: …")
            raise KbError(f"{name} is missing", file=path, place=name, mend=mend)
    if not _ID.fullmatch(texts["id"] or ""):
        raise KbError(f"{texts['id']!r} is no id", file=path, place="id",
                      mend="use small letters, digits and hyphens: linhai-2022-22")
    try:
        region(texts["region_code"] or "")
    except KbError as error:
        raise KbError(error.problem, file=path, place="region_code", mend=error.mend) from error
    dates = {name: _date(values, name, path) for name in _DATES}
    if not body.strip():
        raise KbError("the document has no text", file=path, mend="import the page again")
    return Document(
        id=texts["id"] or "", title=texts["title"] or "", region_code=texts["region_code"] or "", text=body,
        kind=texts["kind"], issuer=texts["issuer"], doc_number=texts["doc_number"],
        unified_number=texts["unified_number"], index_number=texts["index_number"], **dates,
        validity=_validity(values, path), based_on=_strings(values, "based_on", path),
        source_file=texts["source_file"], source_sha256=texts["source_sha256"],
        inferred=_mapping(values, "inferred", path), imported_sha256=_text(values, _SEAL, path), file=path)


def _text(values: Mapping[str, Any], name: str, path: Path) -> str | None:
    value = values.get(name)
    if value is not None and not isinstance(value, str):
        raise KbError(f"{name} is not one line of text", file=path, place=name, mend=f"write {name}: …")
    return value or None


def _date(values: Mapping[str, Any], name: str, path: Path) -> str | None:
    value = _text(values, name, path)
    if value is None:
        return None
    try:
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
            raise ValueError
        dt.date.fromisoformat(value)
    except ValueError as error:
        raise KbError(f"{value!r} is no date", file=path, place=name, mend="write it as 2022-06-16") from error
    return value


def _validity(values: Mapping[str, Any], path: Path) -> Validity:
    value = values.get("validity") or "未知"
    for known in get_args(Validity):
        if value == known:
            return known  # type: ignore[no-any-return]
    raise KbError(f"{value!r} is no validity", file=path, place="validity", mend="write 有效, 失效 or 未知")


def _strings(values: Mapping[str, Any], name: str, path: Path) -> tuple[str, ...]:
    value = values.get(name) or []
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise KbError(f"{name} is not a list", file=path, place=name, mend="write one entry a line, each after '- '")
    return tuple(value)


def _mapping(values: Mapping[str, Any], name: str, path: Path) -> Mapping[str, str]:
    value = values.get(name) or {}
    if not isinstance(value, dict) or not all(isinstance(item, str) for pair in value.items() for item in pair):
        raise KbError(f"{name} is not fields with a reason each", file=path, place=name,
                      mend="write '  field: why' below it")
    return value
