"""The ordered list of cleaning steps, and the one function that runs them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from kb.sources import bounds, cells, characters, furniture, grids, joining
from kb.sources.characters import Edited
from kb.sources.page import Change, Draft, Page


@dataclass(frozen=True, slots=True)
class Step:
    """A cleaning step: its name in reports, and what it does."""

    name: str
    run: Callable[[Draft], Edited]


#: First the characters, then what a site wrote around the document, then the document's lines.
STEPS: tuple[Step, ...] = (
    Step("制表符表格", grids.rebuild_tabbed),   # while the tabs are there
    Step("标签残片", characters.strip_tags),
    Step("Markdown 标记", characters.strip_markdown),
    Step("乱码", characters.strip_mojibake),
    Step("私用区字符", characters.map_private_use),
    Step("空白", characters.tidy_spaces),
    Step("注音", characters.strip_readings),
    Step("繁体转简体", characters.simplify_page),
    Step("注入文字", characters.strip_spam),
    Step("挤成一行", joining.split_crammed),
    Step("页码与按钮", furniture.cut_page_marks),
    Step("页面著录项", furniture.take_particulars),
    Step("目录", bounds.cut_contents),
    Step("标题以上", bounds.cut_head),
    Step("重建表格", cells.rebuild_tables),   # before the tail is cut: its last rows may be bare numbers
    Step("重建指标表", grids.rebuild_grids),
    Step("正文以下", bounds.cut_tail),
    Step("断行", joining.join_wrapped),
    Step("每句一行", joining.join_sentences),
)


def clean(page: Page) -> Draft:
    """``page`` after all steps; its ``changes`` list every cut and change in the steps' order."""
    draft = Draft(page.lines, dict(page.meta), notes=page.notes)
    for step in STEPS:
        draft, edits = step.run(draft)
        made = tuple(Change(step.name, line, before, after) for line, before, after in edits)
        draft = replace(draft, changes=(*draft.changes, *made))
    return draft
