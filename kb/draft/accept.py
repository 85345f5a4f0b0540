"""Findings that the drafter accepts with a reason: a small table beside the draft, honoured and told by every check."""

from __future__ import annotations

import datetime as dt
import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kb.draft.findings import Finding, rules
from kb.models import KbError
from kb.parse import label_of

ENDING: Final = ".accepted.tsv"
_HEAD: Final = "# 已说明理由并保留的问题：每行一条，删去一行即恢复提示。quote 为空时对该处该规则的所有问题有效。"
_COLUMNS: Final = ("rule", "address", "quote", "why", "on")


@dataclass(frozen=True, slots=True)
class Acceptance:
    """A rule that may be broken at an address, or only by the words ``quote`` there; why, and since when."""

    rule: str
    address: str
    why: str
    quote: str = ""
    on: str = ""

    def covers(self, finding: Finding) -> bool:
        """Whether the acceptance speaks of the finding; the address may be a path or a label (二（十三）)."""
        return (finding.rule == self.rule and self.address in (finding.address, label_of(finding.address))
                and (not self.quote or self.quote in (finding.quote, finding.base_quote)))


def file_of(draft: Path) -> Path:
    """The file beside ``draft`` that holds what was accepted in it."""
    return draft.with_name(draft.name + ENDING)


def read(draft: Path) -> tuple[Acceptance, ...]:
    """What was accepted in the file ``draft``; nothing where nothing was. Raises KbError for a damaged file."""
    path = file_of(draft)
    if not path.is_file():
        return ()
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise KbError("cannot be read", file=path, mend="delete it, or save it as UTF-8") from error
    found: list[Acceptance] = []
    columns: list[str] | None = None
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        cells = line.split("\t")
        if columns is None:
            if tuple(cells) != _COLUMNS:
                raise KbError("the first line does not name the columns", file=path, place=number,
                              mend="write " + ", ".join(_COLUMNS) + ", parted by tabs")
            columns = cells
            continue
        values = dict(zip(columns, [*cells, "", "", "", ""], strict=False))
        if values["rule"] not in rules():
            raise KbError(f"there is no rule {values['rule']!r}", file=path, place=number,
                          mend=_nearest(values["rule"]))
        found.append(Acceptance(values["rule"], values["address"], values["why"], values["quote"], values["on"]))
    return tuple(found)


def add(draft: Path, acceptance: Acceptance, today: dt.date | None = None) -> Path:
    """Write ``acceptance`` into the file beside ``draft``, in the place of an earlier one of the same words; gives the
    file. Raises KbError for a rule that does not exist, an address or a reason that is empty."""
    from kb.corpus import write_whole

    if acceptance.rule not in rules():
        raise KbError(f"there is no rule {acceptance.rule!r}", mend=_nearest(acceptance.rule))
    if not acceptance.why.strip():
        raise KbError("there is no reason", mend="say why with --why")
    if not acceptance.address.strip():
        raise KbError("there is no address", mend="copy it from the report: 正文/二/（十三） or 二（十三）")
    new = Acceptance(acceptance.rule, acceptance.address, _line(acceptance.why), _line(acceptance.quote),
                     acceptance.on or (today or dt.date.today()).isoformat())
    kept = [item for item in read(draft) if (item.rule, item.address, item.quote)
            != (new.rule, new.address, new.quote)]
    rows = [_HEAD, "\t".join(_COLUMNS)]
    rows += ["\t".join((item.rule, item.address, item.quote, item.why, item.on)) for item in (*kept, new)]
    write_whole(file_of(draft), ("\n".join(rows) + "\n").encode())
    return file_of(draft)


def parted(findings: Iterable[Finding], accepted: Sequence[Acceptance]) -> tuple[
        tuple[Finding, ...], tuple[tuple[Finding, Acceptance], ...], tuple[Acceptance, ...]]:
    """Findings that stand, findings that were accepted with the reason, and acceptances that no finding needs any
    more."""
    open_: list[Finding] = []
    done: list[tuple[Finding, Acceptance]] = []
    used: set[Acceptance] = set()
    for finding in findings:
        reason = next((item for item in accepted if item.covers(finding)), None)
        if reason is None:
            open_.append(finding)
        else:
            used.add(reason)
            done.append((finding, reason))
    return tuple(open_), tuple(done), tuple(item for item in accepted if item not in used)


def _line(text: str) -> str:
    return " ".join(text.split())


def _nearest(rule: str) -> str:
    near = difflib.get_close_matches(rule, rules(), n=1, cutoff=0.4)
    return f"did you mean {near[0]}?" if near else "the rules are " + ", ".join(rules())
