"""The law bed: pairs of regulations of different places on one topic, annotated by reading.

Annotations are paths and labels (tests/gold/laws); the texts are official Markdown files that the caller has, as a
directory or a tar archive. Each file names its two texts by their paths there.
"""

from __future__ import annotations

import tarfile
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from beds.score import Result, Truth, result
from kb.models import Alignment, Document, KbError, Provision
from kb.parse import parse

_HEADER_END = "<!-- INFO END -->"
_RELATIONS = frozenset({"equivalent", "partial", "debatable", "either", "-"})
Align = Callable[[Sequence[Provision], Sequence[Provision]], tuple[Alignment, ...]]


@dataclass(frozen=True)
class Annotated:
    """One annotated pair: its name (topic and places), the two files, the truth for the annotated articles of a."""

    name: str
    a_file: str
    b_file: str
    truth: Truth


def read_annotations(directory: Path) -> tuple[Annotated, ...]:
    """The pairs annotated in ``directory``/*.tsv, by name. KbError where a file does not have its form."""
    return tuple(_read(file) for file in sorted(directory.glob("*.tsv")))


def _read(file: Path) -> Annotated:
    head: dict[str, str] = {}
    pairs: dict[tuple[str, str], str] = {}
    complete = set()
    for row, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        if line.startswith("#"):
            key, _, value = line.removeprefix("#").partition(":")
            head[key.strip()] = value.strip()
        elif line and not line.startswith("a_path\t"):
            fields = line.split("\t")
            if len(fields) < 3 or fields[2] not in _RELATIONS:
                raise KbError("not a_path, b_path, relation, strength and note with tabs between", file=file, place=row)
            complete.add(fields[0])
            if fields[2] != "-":
                pairs[fields[0], fields[1]] = fields[2]
    if not {"a", "b"} <= head.keys():
        raise KbError("the lines '# a:' and '# b:' that name the texts are missing", file=file)
    return Annotated(head.get("name", file.stem), head["a"], head["b"], Truth(pairs, frozenset(complete)))


def read_texts(source: Path, names: Sequence[str]) -> dict[str, str]:
    """The texts ``names`` from ``source``, a directory or a tar archive. KbError where one is not there."""
    try:
        if source.is_dir():
            found = {name: (source / name).read_text(encoding="utf-8", errors="replace")
                     for name in names if (source / name).is_file()}
        else:
            found = dict(_unpack(source, set(names)))
    except (OSError, tarfile.TarError) as error:
        raise _unreadable(source, error) from error
    if missing := sorted(set(names) - found.keys()):
        problem = f"{len(missing)} of {len(set(names))} annotated laws are not there"
        raise KbError(problem, file=source, place=missing[0])
    return found


@contextmanager
def unpacked(source: Path) -> Iterator[Path]:
    """``source`` as a directory, for as long as it is needed. KbError where it is neither that nor an archive."""
    if source.is_dir():
        yield source
        return
    with tempfile.TemporaryDirectory() as folder:
        try:
            with tarfile.open(source) as archive:
                archive.extractall(folder, filter="data")
        except (OSError, tarfile.TarError) as error:
            raise _unreadable(source, error) from error
        yield Path(folder)


def _unreadable(source: Path, error: Exception) -> KbError:
    return KbError(f"cannot read the laws ({error})", file=source, mend="give a directory or a tar archive")


def _unpack(source: Path, names: set[str]) -> Iterator[tuple[str, str]]:
    with tarfile.open(source) as archive:
        for member in archive:
            name = member.name.removeprefix("./")
            if name in names and (file := archive.extractfile(member)):
                yield name, file.read().decode("utf-8", errors="replace")


def law(name: str, text: str) -> Document:
    """A law's text as a document: what stands after its header, under its name."""
    stem = Path(name).stem
    return Document(id=stem, title=stem, region_code="", text=f"# {stem}\n\n{text.split(_HEADER_END)[-1].lstrip()}")


def run(annotated: Sequence[Annotated], source: Path, align: Align) -> list[Result]:
    """Align every annotated pair of ``source``. KbError where an annotated article is not in its text."""
    names = [name for pair in annotated for name in (pair.a_file, pair.b_file)]
    parsed = {name: parse(law(name, text)).provisions for name, text in read_texts(source, names).items()}
    found = []
    for pair in annotated:
        a, b = parsed[pair.a_file], parsed[pair.b_file]
        _check(pair, a, b)
        found.append(result(align(a, b), a, b, pair.truth, (pair.name, "b")))
    return found


def _check(pair: Annotated, a: Sequence[Provision], b: Sequence[Provision]) -> None:
    annotated = {b for _, b in pair.truth.pairs}
    for paths, provisions, file in ((pair.truth.complete, a, pair.a_file), (annotated, b, pair.b_file)):
        if unknown := sorted(paths - {provision.path for provision in provisions}):
            raise KbError("an annotated article is not in the text", file=file, place=unknown[0])
