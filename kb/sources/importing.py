"""``kb import``: pages into a corpus, with an account of what was cut and changed.

Every page is read and cleaned before anything is written. A page goes to ``sources/`` untouched, under its own file
name; the document goes to ``<id>.md``. Both appear whole or not at all.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from kb import corpus
from kb.models import KbError
from kb.sources import Change, ImportedPage, import_page

#: Names of the front matter's fields in reports.
FIELD_NAMES = {
    "title": "标题", "region_code": "行政区划", "issuer": "发文机关", "doc_number": "文号",
    "unified_number": "统一编号", "index_number": "索引号", "signed_on": "落款日期", "written_on": "成文日期",
    "published_on": "发布日期",
    "effective_on": "施行日期", "expires_on": "有效期至", "validity": "有效性", "kind": "文种", "based_on": "依据文件",
}
_SHOWN = 6            # changes of a step that the terminal shows besides the cuts; the report has them all
_CLIP = 60


@dataclass(frozen=True, slots=True)
class Imported:
    """One page's outcome: where it went, and what the import made of it."""

    source: Path
    target: Path
    page: ImportedPage
    unchanged: bool
    replaces: Path | None = None      # an earlier import of the same page under another name, untouched since


def import_pages(pages: Sequence[Path], into: Path, force: bool = False, report: Path | None = None,
                 region_code: str | None = None, echo: Callable[[str], object] = print) -> tuple[Imported, ...]:
    """Import ``pages`` into the corpus directory ``into``; say on ``echo`` what was cut, changed and not found.

    A file of the corpus that was edited by hand is only overwritten with ``force``. ``report`` receives the full
    list of changes as Markdown. ``region_code`` states the place of all ``pages``. Raises KbError, before anything
    is written, for a page that cannot be imported.
    """
    planned = _plan(pages, into, force, region_code)
    for count, outcome in enumerate(planned):
        try:
            _write(outcome, into)
        except KeyboardInterrupt:
            raise KbError(f"interrupted, {count} of {len(planned)} pages were imported",
                          mend="run the command again: what is there stays as it is") from None
        for line in summary(outcome):
            echo(line)
    if report is not None:
        corpus.write_whole(report, full_report(planned).encode("utf-8"))
        echo(f"完整清单：{report}")
    return planned


def _plan(pages: Sequence[Path], into: Path, force: bool, region_code: str | None) -> tuple[Imported, ...]:
    if into.exists() and not into.is_dir():
        raise KbError("this is not a directory", file=into, mend="name the corpus with --into")
    known = _known(into)
    planned: list[Imported] = []
    for source in pages:
        page = import_page(source, region_code)
        if any(other.page.document.source_sha256 == page.document.source_sha256 for other in planned):
            raise KbError("this page was named twice", file=source)
        page, target, old = _placed(page, source, into, known, planned)
        rendered = corpus.sealed(page.document)
        unchanged = target.exists() and target.read_bytes() == rendered.encode("utf-8")
        if target.exists() and not unchanged and not force and corpus.edited_by_hand(target):
            raise KbError("this file was edited by hand", file=target,
                          mend=f"--force overwrites it with a fresh import of {source.name}")
        _check_source(page, source, into, force)
        planned.append(Imported(source, target, page, unchanged, old))
    return tuple(planned)


def _known(into: Path) -> dict[str, Path]:
    """Files of the corpus by the hash of their page; also those that still lack a region or a title."""
    found: dict[str, Path] = {}
    for path in sorted(into.glob("*.md")):
        if match := re.search(r"^source_sha256: *'?([0-9a-f]{64})'?$", corpus.front_matter(path), re.MULTILINE):
            found[match[1]] = path
    return found


def _placed(page: ImportedPage, source: Path, into: Path, known: dict[str, Path],
            planned: Sequence[Imported]) -> tuple[ImportedPage, Path, Path | None]:
    """The page with the id that it gets in this corpus, its file, and the file that it replaces.

    The same page imported again goes where a person put it, whatever id it has there; an import that nobody
    touched moves to its new name (unknown-… becomes yinzhou-… with --region). Another page with the same place,
    year and number is another version of the same document: its id gets a suffix.
    """
    document = page.document
    old = known.get(document.source_sha256 or "")
    if old and (kept := _kept_name(old, document.source_sha256 or "")):
        document = replace(document, source_file=kept)
        page = replace(page, document=document)
    if old and (old.stem == document.id or corpus.edited_by_hand(old)):
        written = re.search(r"^id: *([a-z0-9-]+) *$", corpus.front_matter(old), re.MULTILINE)
        return replace(page, document=replace(document, id=written[1] if written else old.stem)), old, None
    taken = {other.page.document.id for other in planned}
    wanted, count = document.id, 1
    while True:
        target = into / f"{wanted}.md"
        if not target.exists() and wanted not in taken:
            break
        if target.exists():
            corpus.read_document(target)      # a file that a person broke is named, not stepped around
        count += 1
        wanted = f"{document.id}-v{count}"
    if wanted != document.id:
        note = f"编号 {document.id} 已被另一页面占用，本页记为 {wanted}；如为同一文件的另一来源，请删去其一"
        page = replace(page, notes=(*page.notes, note))
    return replace(page, document=replace(document, id=wanted)), into / f"{wanted}.md", old


def _kept_name(document: Path, sha256: str) -> str | None:
    """Under which name the page of an earlier import lies beside ``document``, if it still does: the same page
    under another name is not kept twice."""
    match = re.search(r"^source_file: *(\S.*?) *$", corpus.front_matter(document), re.MULTILINE)
    kept = document.parent / match[1].strip("'\"") if match else None
    if kept is None or not kept.is_file() or hashlib.sha256(kept.read_bytes()).hexdigest() != sha256:
        return None
    return match[1].strip("'\"") if match else None


def _check_source(page: ImportedPage, source: Path, into: Path, force: bool) -> None:
    kept = into / (page.document.source_file or "")
    if kept.exists() and not force and hashlib.sha256(kept.read_bytes()).hexdigest() != page.document.source_sha256:
        raise KbError("another page of this name is in the corpus already", file=kept,
                      mend=f"rename {source} or give --force")


def _write(outcome: Imported, into: Path) -> None:
    kept = into / (outcome.page.document.source_file or "")
    if not kept.exists() or kept.read_bytes() != outcome.page.page:
        corpus.write_whole(kept, outcome.page.page)
    if not outcome.unchanged:
        corpus.write_whole(outcome.target, corpus.sealed(outcome.page.document).encode("utf-8"))
    if outcome.replaces is not None:
        outcome.replaces.unlink(missing_ok=True)


# --- what the terminal and the report say ------------------------------------------------------------------------

def summary(outcome: Imported) -> list[str]:
    """The account of one page for the terminal, in Chinese."""
    page = outcome.page
    state = "（与已有文件相同，未改动）" if outcome.unchanged else ""
    if outcome.replaces is not None:
        state = f"（代替 {outcome.replaces.name}）"
    out = [f"{outcome.source} → {outcome.target}{state}", f"  {page.document.title or '（无标题）'}",
           f"  编码 {page.encoding}，正文 {len(page.document.text)} 字符"]
    for step, changes in by_step(page).items():
        cut = [change for change in changes if not change.after]
        made = len(changes) - len(cut)
        out.append(f"  {step}：" + "，".join(filter(None, (
            f"删去 {len(cut)} 处" if cut else "", f"改动 {made} 处" if made else "", _characters(step, changes)))))
        if step in ("空白", "繁体转简体"):
            continue
        kept = [change for change in changes if change.after][_SHOWN:]      # every cut is shown: a sentence may be in it
        out += [f"    第{change.line}行 {_shown(change.before, change.after)}"
                for change in changes if change not in kept]
        if kept:
            out.append(f"    …… 另有 {len(kept)} 处改动，见 --report")
    out += [f"  推断 {FIELD_NAMES.get(name, name)}：{why}" for name, why in page.document.inferred.items()]
    if page.missing:
        out.append("  未找到：" + "、".join(FIELD_NAMES[name] for name in page.missing))
    out += [f"  注意：{note}" for note in page.notes]
    if not page.document.region_code:
        out.append("  注意：没有行政区划不能建库，请在文件头补上 region_code，或加 --region 代码 重新导入"
                   "（浙江以外的县可用所属设区市的代码）")
    return out


def by_step(page: ImportedPage) -> dict[str, list[Change]]:
    """The page's changes by step, in the steps' order."""
    found: dict[str, list[Change]] = {}
    for change in page.changes:
        found.setdefault(change.step, []).append(change)
    return found


def _shown(before: str, after: str) -> str:
    if not after:
        return f"－ {_clip(before)}"
    return f"{_clip(before)} → {_clip(after)}"


def _clip(text: str) -> str:
    text = text.replace("\n", "⏎")
    return text if len(text) <= _CLIP else f"{text[:_CLIP // 2]}……{text[-_CLIP // 2:]}"


def _characters(step: str, changes: Sequence[Change]) -> str:
    """How many characters a conversion changed, and which most."""
    if step != "繁体转简体":
        return ""
    pairs = Counter((a, b) for change in changes for a, b in zip(change.before, change.after, strict=False) if a != b)
    most = " ".join(f"{a}→{b}×{count}" for (a, b), count in pairs.most_common(8))
    return f"共 {sum(pairs.values())} 字、{len(pairs)} 种（{most} …）"


def full_report(outcomes: Sequence[Imported]) -> str:
    """Everything that was cut and changed, as Markdown."""
    out = ["# 导入报告", ""]
    for outcome in outcomes:
        page = outcome.page
        out += [f"## {page.document.title or outcome.source.name}", "",
                f"- 页面：`{outcome.source}`（{page.encoding}，SHA-256 `{page.document.source_sha256}`）",
                f"- 文件：`{outcome.target}`", f"- 正文：{len(page.document.text)} 字符"]
        out += [f"- 推断的{FIELD_NAMES.get(name, name)}：{why}" for name, why in page.document.inferred.items()]
        out += ["- 未找到：" + ("、".join(FIELD_NAMES[name] for name in page.missing) or "无")]
        out += [f"- 注意：{note}" for note in page.notes]
        for step, changes in by_step(page).items():
            counts = "，".join(filter(None, (f"{len(changes)} 处", _all_characters(step, changes))))
            out += ["", f"### {step}（{counts}）", "", "| 行 | 原文 | 改为 |", "| --- | --- | --- |"]
            out += [f"| {change.line} | {_cell(change.before)} | {_cell(change.after) or '（删去）'} |"
                    for change in changes]
        out.append("")
    return "\n".join(out)


def _all_characters(step: str, changes: Sequence[Change]) -> str:
    if step != "繁体转简体":
        return ""
    pairs = Counter((a, b) for change in changes for a, b in zip(change.before, change.after, strict=False) if a != b)
    return " ".join(f"{a}→{b}×{count}" for (a, b), count in pairs.most_common())


def _cell(text: str) -> str:
    shown = text.replace("|", r"\|").replace("\n", "⏎").replace("<", "&lt;")
    return shown.replace("\u3000", "␣").replace("\u00a0", "␣")
