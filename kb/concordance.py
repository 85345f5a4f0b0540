"""Pairwise alignments -> rows across all documents: one row for one matter.

A row is seeded by clauses that are equivalent to each other *on average*: clauses a and b, b and c do not bring a and
c together (:func:`_seeds`); c then gets a row of its own, in which b stands as well, so that the contradiction is
seen. Whatever else is aligned, above all partials, joins the row of the upper clause (:func:`_join`), so a clause may
stand in several rows. A clause without any counterpart has its row too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from kb.models import Alignment, ConcordanceRow, Document, Provision
from kb.text import normalise, sentences
from kb.vocabulary import lines
from kb.vocabulary.regions import level_order

Clause = tuple[str, str]        # document id, path
Place = tuple[int, int]         # rank of the document, ordinal in it: the order of everything here
_LINK = 0.5                     # least average support that joins two groups
_PARTIAL = 0.5                  # what a partial counts beside an equivalent
_FINE = frozenset({"heading", "subitem"})
_LABEL = 24                     # characters of a label cut from a text without heading


def concordance(documents: Sequence[Document], provisions: Mapping[str, Sequence[Provision]],
                alignments: Iterable[Alignment]) -> tuple[ConcordanceRow, ...]:
    """Rows numbered from 1, in the order of the uppermost document, then of the next (province before prefecture
    before county, then by region code). ``provisions``: by document id. The clauses of a row stand in the same order;
    the first is the base reading and gives the label."""
    ranked = sorted(documents, key=lambda d: (level_order(d.region_code), d.region_code, d.id))
    clauses = {(d.id, p.path): p for d in ranked for p in provisions[d.id]
               if p.text.strip() and p.kind not in ("part", "signature")}
    place = {clause: (rank, clauses[clause].ordinal)
             for rank, d in enumerate(ranked) for clause in clauses if clause[0] == d.id}
    links = _links(alignments, place)
    seeds = _seeds(links, place)
    rows = _join(seeds, links, place, {clause: _whole(clause, clauses) for clause in clauses})
    rows += _alone(clauses, rows)
    in_order = sorted(([*sorted(row, key=place.__getitem__)] for row in rows), key=lambda row: [place[c] for c in row])
    return tuple(ConcordanceRow(number, _label(clauses[row[0]]), tuple(row)) for number, row in enumerate(in_order, 1))


class _Links:
    """How well each two aligned clauses support each other, from 0 to 1; which are equivalent."""

    def __init__(self) -> None:
        self.support: dict[Clause, dict[Clause, float]] = defaultdict(dict)
        self.equivalent: list[tuple[float, Clause, Clause]] = []

    def average(self, one: Iterable[Clause], other: Sequence[Clause]) -> float:
        """Mean support between two groups, over the pairs that are of different documents."""
        pairs = [(x, y) for x in one for y in other if x[0] != y[0]]
        return sum(self.support.get(x, {}).get(y, 0.0) for x, y in pairs) / max(1, len(pairs))


def _links(alignments: Iterable[Alignment], place: Mapping[Clause, Place]) -> _Links:
    links = _Links()
    for row in alignments:
        a, b = (row.a_document, row.a_path), (row.b_document, row.b_path)
        if a not in place or b not in place:
            continue
        value = 1.0 if row.relation == "equivalent" else _PARTIAL
        links.support[a][b] = links.support[b][a] = max(value, links.support[a].get(b, 0.0))
        if row.relation == "equivalent":
            upper, lower = sorted((a, b), key=place.__getitem__)
            links.equivalent.append((-row.score, upper, lower))
    links.equivalent.sort(key=lambda edge: (edge[0], place[edge[1]], place[edge[2]]))
    return links


def _seeds(links: _Links, place: Mapping[Clause, Place]) -> list[list[Clause]]:
    """Groups of equivalent clauses, at most one of each document: average linkage, the surest equivalents first. The
    average must be *more* than half, so that one link among three clauses is not enough."""
    group: dict[Clause, list[Clause]] = {clause: [clause] for clause in links.support}
    for _, a, b in links.equivalent:
        one, other = group[a], group[b]
        if one is other or {c[0] for c in one} & {c[0] for c in other} or links.average(one, other) <= _LINK:
            continue
        one += other
        for clause in other:
            group[clause] = one
    found = {id(members): members for members in group.values()}
    return sorted((sorted(members, key=place.__getitem__) for members in found.values()), key=lambda m: place[m[0]])


def _whole(clause: Clause, clauses: Mapping[Clause, Provision]) -> Clause:
    """The clause that a finer one (·1) spells out; any other clause itself."""
    provision = clauses[clause]
    above = (clause[0], provision.parent or "")
    return above if provision.kind in _FINE and above in clauses else clause


def _join(seeds: Sequence[Sequence[Clause]], links: _Links, place: Mapping[Clause, Place],
          whole: Mapping[Clause, Clause]) -> list[list[Clause]]:
    """Rows: every seed with the lower clauses that are linked to its base reading or to most of it, unless an earlier
    row has them together already; then the links that are left."""
    rows: list[list[Clause]] = []
    together: set[tuple[Clause, Clause]] = set()

    def add(row: list[Clause]) -> None:
        if len(row) > 1:
            together.update((whole[x], whole[y]) for x in row for y in row)
            rows.append(row)

    for seed in seeds:
        near = {clause for member in seed for clause in links.support[member]} - set(seed)
        add([*seed, *(clause for clause in sorted(near, key=place.__getitem__)
                      if place[clause] > place[seed[0]] and (whole[seed[0]], whole[clause]) not in together
                      and (seed[0] in links.support[clause]
                           or 2 * sum(member in links.support[clause] for member in seed) > len(seed)))])
    for clause in sorted(links.support, key=place.__getitem__):  # links that no row shows: a row for the pair
        add([clause, *(lower for lower in sorted(links.support[clause], key=place.__getitem__)
                       if place[lower] > place[clause] and (whole[clause], whole[lower]) not in together)])
    return rows


def _alone(clauses: Mapping[Clause, Provision], rows: Iterable[Sequence[Clause]]) -> list[list[Clause]]:
    """Rows of their own for clauses without a counterpart; a finer clause stands with the clause that it spells out
    where that one has a row."""
    known = {clause for row in rows for clause in row}
    alone: list[list[Clause]] = []
    for clause in clauses:                      # a clause comes before what spells it out
        if clause not in known and _whole(clause, clauses) not in known:
            known.add(clause)
            alone.append([clause])
    return alone


def _label(base: Provision) -> str:
    """What an analyst would call the matter: the heading without its zeal (加快, 大力 …); else the first words."""
    if base.kind == "preamble":
        return "序言"
    heading = " ".join(base.heading.split())
    if not heading:
        first = next(iter(sentences(base.text)))
        words = " ".join(first.of(base.text).split())
        return words if len(words) <= _LABEL else words[:_LABEL] + "…"
    return _plain(heading)


def _plain(heading: str) -> str:
    opener = next((word for word in lines("label_openers.txt") if heading.startswith(word)), "")
    rest = heading[len(opener):]
    # 加快, 建设… but not 深入人心…: what is left must still be a phrase of its own
    return _plain(rest) if opener and len(normalise(rest)) >= 4 else heading
