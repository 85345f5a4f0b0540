"""Two texts as streams of tokens -> what stays, goes and comes, token by token, paragraph ends among the tokens.

A token is what a reader takes in as one: a number with its unit, a document number, an agency, the number that opens a
paragraph, else a word. The edits give either text back exactly; where only the width or style of signs differs, they
say so.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import Final, Literal

from kb.numbering import read_number
from kb.sources.docx_content import PARAGRAPH_END, Revision, Run
from kb.text import normalise, words
from kb.tokens import tokens

EditKind = Literal["equal", "delete", "insert"]
_REWRITTEN: Final = 0.4         # share of common text below which two paragraphs are shown one after the other
_MOST: Final = 5_000_000        # pairs of equal tokens beyond which nothing is compared
_ISLAND: Final = 2              # characters that stay between two changes and only make them harder to read


@dataclass(frozen=True, slots=True)
class Token:
    """``text`` at ``at`` in block ``block``; ``revision`` is the earlier tracked change that holds it."""

    text: str
    block: int
    at: int = 0
    revision: Revision | None = None

    @property
    def is_end(self) -> bool:
        """Whether it is the end of a paragraph."""
        return self.text == PARAGRAPH_END

    @property
    def gone(self) -> bool:
        """Whether an earlier change deletes it."""
        return self.revision is not None and self.revision.kind in ("delete", "move_from")


@dataclass(frozen=True, slots=True)
class Edit:
    """One token: of the base (delete), of the draft (insert), or of both. ``form``: it only changes width or style of
    signs (， for a half-width comma)."""

    kind: EditKind
    base: Token | None
    draft: Token | None
    form: bool = False


@lru_cache(maxsize=4096)
def pieces(text: str) -> tuple[str, ...]:
    """``text`` cut into what a reader takes in as one."""
    number = read_number(normalise(text))
    start = number.rest if number is not None else 0
    found = [text[:start]] if start else []
    rest = text[start:]
    for token in tokens(rest):
        part = rest[token.start:token.end]
        # a title is long: only what differs in it is shown
        found += words(part) if token.kind == "title" or token.kind == "quoted" and len(part) > 10 else [part]
    return tuple(found)


def stream(block: int, runs: Iterable[Run]) -> list[Token]:
    """The tokens of a paragraph without its end. ``at`` counts the characters that no earlier change deletes."""
    found: list[Token] = []
    at = 0
    for run in runs:
        parts = [PARAGRAPH_END] if run.text == PARAGRAPH_END else [
            part for line in run.text.split(PARAGRAPH_END) for part in pieces(line)]
        for part in parts:
            found.append(Token(part, block, at, run.revision))
            at += 0 if run.deleted else len(part)
    return found


def edits(base: Sequence[Token], draft: Sequence[Token]) -> list[Edit]:
    """The edits that turn ``base`` into ``draft``."""
    if _matches(base, draft) > _MOST:
        return [*(Edit("delete", token, None) for token in base), *(Edit("insert", None, token) for token in draft)]
    matcher = difflib.SequenceMatcher(None, [normalise(token.text) for token in base],
                                      [normalise(token.text) for token in draft], autojunk=False)
    codes = matcher.get_opcodes()
    common = sum(_size(base[a:b]) for op, a, b, _, _ in codes if op == "equal")
    total = _size(base) + _size(draft)
    ends = any(token.is_end for token in (*base, *draft))
    if base and draft and not ends and 2 * common < _REWRITTEN * total:
        codes = [("replace", 0, len(base), 0, len(draft))]
        if normalise(base[0].text) == normalise(draft[0].text):
            codes = [("equal", 0, 1, 0, 1), ("replace", 1, len(base), 1, len(draft))]
    found: list[Edit] = []
    for op, a, b, c, d in _without_islands(codes, base):
        if op == "equal":
            found += _equal(zip(base[a:b], draft[c:d], strict=True))
        else:
            found += [Edit("delete", token, None) for token in base[a:b]]
            found += [Edit("insert", None, token) for token in draft[c:d]]
    return found


def _matches(base: Sequence[Token], draft: Sequence[Token]) -> int:
    """How many pairs of equal tokens there are: what difflib's time grows with. A paragraph of a law has thousands, one
    that repeats a sign without end has billions."""
    one, other = (Counter(normalise(token.text) for token in side) for side in (base, draft))
    return sum(count * other[text] for text, count in one.items())


def _equal(pairs: Iterable[tuple[Token, Token]]) -> Iterator[Edit]:
    """Tokens that say the same; of a stretch that is written otherwise first the base's, then the draft's."""
    for same, group in groupby(pairs, key=lambda item: item[0].text == item[1].text):
        held = list(group)
        if same:
            yield from (Edit("equal", one, other) for one, other in held)
        else:
            yield from (Edit("delete", one, None, form=True) for one, _ in held)
            yield from (Edit("insert", None, other, form=True) for _, other in held)


Code = tuple[str, int, int, int, int]


def _without_islands(codes: Sequence[Code], base: Sequence[Token]) -> list[Code]:
    """Neighbouring changes with next to nothing between them become one."""
    found: list[Code] = []
    for index, code in enumerate(codes):
        op, a, b, c, d = code
        inner = op == "equal" and 0 < index < len(codes) - 1
        island = inner and _size(base[a:b]) <= _ISLAND and not any(token.is_end for token in base[a:b]) and all(
            _span(codes[index + step]) > 2 * (b - a) for step in (-1, 1))
        if island or op != "equal" and found and found[-1][0] == "change":
            last = found.pop() if found and found[-1][0] == "change" else ("change", a, a, c, c)
            found.append(("change", last[1], b, last[3], d))
        else:
            found.append((op if op == "equal" else "change", a, b, c, d))
    return found


def _span(code: Code) -> int:
    return code[2] - code[1] + code[4] - code[3]


def _size(found: Iterable[Token]) -> int:
    return sum(len(token.text) for token in found)
