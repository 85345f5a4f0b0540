"""Derived documents: which edits at which strength, and what is then true, exactly."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from random import Random

from beds import edits, places, restyle
from beds.blocks import Draft
from beds.score import Truth, unit_paths
from beds.wording import split_tail
from kb.models import Document, KbError, Provision, Span
from kb.parse import parse
from kb.text import normalise

Edit = Callable[[Draft, Random], object]

#: How much of a clause must stand in another for the two to be equivalent; between the two, either label is right.
EQUIVALENT, EITHER = 0.85, 0.6
#: Two clauses of one document that share runs of RUN characters over this part of the shorter may rightly be aligned
#: with each other's copies (the aims of a plan and of the notice above it), so such pairs count neither way.
ALIKE, RUN = 0.2, 8
_WORD = re.compile(r"\W+")
_NO_CLAUSE = frozenset({"part", "signature"})


@dataclass(frozen=True, slots=True)
class AmountChange:
    """An amount that differs: clauses by address, spans in their own texts."""

    a_path: str
    b_path: str
    a_span: Span
    b_span: Span


@dataclass(frozen=True)
class Derived:
    """A derived document and the truth about it.

    ``truth`` counts as in annotations; ``edited`` are the clauses of the base that the edit touched, ``dropped`` those
    that have no counterpart, ``moved`` those that stand under another heading or in another order, with their new
    address. ``counterparts``: address in the base -> address here, of whole clauses down to the finest. ``amounts`` are
    the amounts that differ (for the kind that changes nothing else).
    """

    base: Document
    document: Document
    a: tuple[Provision, ...]
    b: tuple[Provision, ...]
    kind: str
    strength: str
    seed: int
    truth: Truth
    edited: frozenset[str]
    dropped: frozenset[str]
    moved: tuple[tuple[str, str], ...]
    counterparts: dict[str, str]
    amounts: tuple[AmountChange, ...]


def _combined(draft: Draft, rng: Random, heavy: float) -> object:
    """What a county makes of its prefecture's document."""
    edits.drop(draft, rng, .06 * heavy)
    edits.merge(draft, rng, .06 * heavy)
    edits.split(draft, rng, .04 * heavy)
    edits.move_within(draft, rng, .05 * heavy)
    edits.move_across(draft, rng, .03 * heavy)
    edits.rewrite(draft, rng, .2 * heavy, .3 * heavy)
    edits.change_amounts(draft, rng, .5)
    return places.relocate(draft, rng, agencies=True)


def _shortened(draft: Draft, rng: Random) -> None:
    edits.shorten(draft, rng, .33)
    edits.rewrite(draft, rng, 1, 1)


#: Kind of edit -> strength -> the edit. In the order of the table.
EDITS: dict[str, dict[str, Edit]] = {
    "amounts changed": {f"{share:.0%}": partial(edits.change_amounts, share=share) for share in (.2, .5, 1)},
    "clauses dropped": {f"{share:.0%}": partial(edits.drop, share=share) for share in (.1, .3, .6)},
    "moved within their section": {f"{share:.0%}": partial(edits.move_within, share=share) for share in (.1, .3)},
    "moved to another section": {f"{share:.0%}": partial(edits.move_across, share=share) for share in (.1, .3)},
    "split in two": {
        "evenly, 20%": partial(edits.split, share=.2), "evenly, 60%": partial(edits.split, share=.6),
        "unevenly, 40%": partial(edits.split, share=.4, even=False)},
    "merged": {f"{share:.0%}": partial(edits.merge, share=share) for share in (.2, .6)},
    "reworded": {
        "30% of the words": partial(edits.rewrite, words_share=.3, turns_share=0),
        "60%, half the sentences turned": partial(edits.rewrite, words_share=.6, turns_share=.5),
        "all that can be": partial(edits.rewrite, words_share=1, turns_share=1)},
    "shortened": {
        "to two thirds": partial(edits.shorten, share=.66), "to one third": partial(edits.shorten, share=.33),
        "to one third, reworded": _shortened},
    "another place": {
        "names": places.relocate, "names and agencies": partial(places.relocate, agencies=True),
        "names, agencies, level": partial(places.relocate, agencies=True, level=True)},
    "numbered otherwise": {
        "brackets and commas": lambda draft, _: restyle.punctuate(draft),
        "numbers run on or begin anew": lambda draft, _: restyle.renumber(draft),
        "levels shifted": lambda draft, _: restyle.shift(draft)},
    "all of these": {"lightly": partial(_combined, heavy=1), "heavily": partial(_combined, heavy=3)},
}


def derive(document: Document, kind: str, strength: str, seed: int) -> Derived:
    """``document`` after one edit; the same arguments give the same result everywhere.

    Raises KbError where the parser does not read the derived document as it was meant, so no figure rests on a
    document that is not what its truth says.
    """
    draft = Draft(document)
    result = EDITS[kind][strength](draft, Random(f"{document.id} {kind} {strength} {seed}"))
    described = result if isinstance(result, Document) else document
    name = f"{document.id}--{list(EDITS).index(kind)}-{list(EDITS[kind]).index(strength)}-{seed}"
    new = replace(described, id=name, text=draft.render(), file=None)
    provisions = parse(new).provisions
    check(draft, provisions, new.id)
    paths, unit = draft.paths(), unit_paths(draft.base.values())
    b_unit = unit_paths(provisions)
    true = truth(draft, unit, b_unit)
    moved = {(unit[path], b_unit[paths[block]]) for block in draft.blocks for path in block.pieces
             if "moved" in block.edits or any("moved" in above.edits for above in block.under)}
    changes = result if isinstance(result, list) else []
    return Derived(
        document, new, tuple(draft.base.values()), provisions, kind, strength, seed, true,
        edited=frozenset(unit[path] for block in draft.blocks if block.edits for path in block.pieces),
        dropped=true.complete - {a for (a, _), relation in true.pairs.items() if relation != "debatable"},
        moved=tuple(sorted(moved)),
        counterparts={path: paths[block] for block in draft.blocks for path, length in block.pieces.items()
                      if length == draft.lengths[path]},
        amounts=tuple(AmountChange(change.path, paths[change.block], change.a_span, change.b_span)
                      for change in changes))


def every(documents: Sequence[Document], seeds: int, kinds: Sequence[str] = tuple(EDITS)) -> Iterator[Derived]:
    """All derived documents of ``documents``: kinds, strengths, documents, then ``seeds`` of each."""
    for kind in kinds:
        for strength in EDITS[kind]:
            for document in documents:
                for seed in range(seeds):
                    yield derive(document, kind, strength, seed)


def check(draft: Draft, provisions: Sequence[Provision], name: str) -> None:
    """Raise KbError unless ``provisions`` have the addresses and the words of the draft's blocks."""
    expected = {path: block for block, path in draft.paths().items() if str(block) or block.kind == "part"}
    found = {provision.path: provision for provision in provisions}
    for path in [*expected, *found]:
        if path not in expected or path not in found:
            raise KbError("a derived document is not read as it was written", file=name, place=path)
        block, provision = expected[path], found[path]
        if _WORD.sub("", block.heading + block.text) != _WORD.sub("", provision.heading + provision.text):
            raise KbError("a clause of a derived document is not read as it was written", file=name, place=path)


def truth(draft: Draft, a_unit: dict[str, str], b_unit: dict[str, str]) -> Truth:
    """Which clause of the base has which counterparts in the draft, and which pairs count neither way."""
    paths = draft.paths()
    pairs: dict[tuple[str, str], list[float]] = {}
    for block in draft.blocks:
        for path, part in block.pieces.items():
            if draft.base[path].kind not in _NO_CLAUSE:
                share = min(part / max(1, draft.lengths[path]), part / max(1, sum(block.pieces.values())))
                pairs.setdefault((a_unit[path], b_unit[paths[block]]), []).append(share)
    short = {(a_unit[path], b_unit[paths[block]]) for block in draft.blocks if "shortened" in block.edits
             for path in block.pieces}
    # A clause with pieces under it is judged by the best of them: they come and go with it.
    found = {pair: _relation(max(shares)) for pair, shares in pairs.items()}
    found |= {pair: "either" for pair in short if found.get(pair) == "equivalent"}     # the same matter, less of it
    clauses = {path: clause.text for path, clause in draft.base.items()
               if clause.text and clause.kind not in _NO_CLAUSE}
    units = frozenset(a_unit[path] for path in clauses)
    alike = {(a_unit[one], a_unit[two]) for one, two in _alike(tuple(clauses.items()))}
    return Truth({**dict.fromkeys(_neutral(found, alike, units), "debatable"), **found}, units)


def _relation(share: float) -> str:
    return "equivalent" if share >= EQUIVALENT else "either" if share >= EITHER else "partial"


def _neutral(found: Iterable[tuple[str, str]], alike: set[tuple[str, str]], units: Iterable[str],
             ) -> Iterator[tuple[str, str]]:
    """Pairs that count neither way: what stands over or under a true counterpart, and look-alikes in the base."""
    found = tuple(found)
    b_units = sorted({b for _, b in found})
    for a, b in found:
        yield from ((a, other) for other in b_units if _related(b, other))
        yield from ((other, b) for other in units if _related(a, other) or (other, a) in alike)


def _related(one: str, two: str) -> bool:
    return one.startswith(f"{two}/") or two.startswith(f"{one}/")


@cache
def _alike(clauses: tuple[tuple[str, str], ...]) -> frozenset[tuple[str, str]]:
    """Pairs of different clauses (address, text) of one document that say much the same, units in charge aside."""
    texts = {path: _WORD.sub("", split_tail(normalise(text))[0]) for path, text in clauses}
    runs = {path: {text[at:at + RUN] for at in range(len(text) - RUN + 1)} for path, text in texts.items()}
    return frozenset(
        (one, two) for one in texts for two in texts if one != two and runs[one] & runs[two]
        and max(_covered(texts[one], runs[two]), _covered(texts[two], runs[one])) >= ALIKE)


def _covered(text: str, runs: set[str]) -> float:
    """Share of the characters of ``text`` that stand in one of ``runs``."""
    inside = {place for at in range(len(text) - RUN + 1) if text[at:at + RUN] in runs for place in range(at, at + RUN)}
    return len(inside) / max(1, len(text))
