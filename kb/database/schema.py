"""The tables, indexes and views of ``kb.db``: the contract with the people who write SQL against it.

Offsets are half-open character positions: those of a clause count in its document's ``text``, all others in their
clause's own ``text``. Every table but ``regions`` and ``documents`` has an integer primary key ``id``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlite_utils import Database

from kb.fulltext import TOKENIZER

#: Raise it with every change that makes an older file unreadable; a file of another version is built again.
SCHEMA_VERSION: Final = 3


@dataclass(frozen=True, slots=True)
class Table:
    """Columns with their types, the foreign keys as column -> table, the columns that get an index, and those that
    are never NULL."""

    columns: dict[str, type]
    foreign: dict[str, str]
    indexes: tuple[str, ...] = ()
    not_null: tuple[str, ...] = ()
    pk: str = "id"


_SPANS: Final[dict[str, type]] = {"a_start": int, "a_end": int, "b_start": int, "b_end": int}
_CLAUSE: Final[dict[str, type]] = {"id": int, "clause_id": int}

TABLES: Final[dict[str, Table]] = {
    "regions": Table(
        {"code": str, "name": str, "short": str, "sign": str, "level": str, "parent_code": str},
        {"parent_code": "regions"}, not_null=("name", "level"), pk="code"),
    "documents": Table(
        {"id": str, "name": str, "region_code": str, "title": str, "kind": str, "issuer": str, "doc_number": str,
         "unified_number": str, "index_number": str, "signed_on": str, "written_on": str, "published_on": str,
         "effective_on": str, "expires_on": str, "year": int, "validity": str, "in_corpus": int, "chars": int,
         "clauses": int, "inferred": str, "source_file": str, "source_sha256": str, "text": str},
        {"region_code": "regions"}, ("doc_number",), ("name", "title", "validity", "in_corpus")),
    "clauses": Table(
        {"id": int, "name": str, "document_id": str, "path": str, "label": str, "part": str, "parent_id": int,
         "ordinal": int, "depth": int, "kind": str, "heading": str, "text": str, "start": int, "end": int,
         "heading_start": int, "heading_end": int},
        {"document_id": "documents", "parent_id": "clauses"},
        not_null=("document_id", "path", "label", "ordinal", "heading", "text")),
    "citations": Table(
        _CLAUSE | {"quote": str, "start": int, "end": int, "cited_title": str, "cited_number": str,
                   "cited_document_id": str, "relation": str},
        {"clause_id": "clauses", "cited_document_id": "documents"}, ("cited_number",)),
    "responsibilities": Table(
        _CLAUSE | {"unit": str, "agency": str, "role": str, "start": int, "end": int},
        {"clause_id": "clauses"}, ("agency",)),
    "indicators": Table(
        {"id": int, "name": str, "kind": str, "unit": str, "documents": int, "quantities": int}, {},
        ("kind",), ("name", "kind", "documents", "quantities")),
    "quantities": Table(
        _CLAUSE | {"quote": str, "start": int, "end": int, "indicator": str, "bound": str, "value": float,
                   "value_to": float, "value_from": float, "unit": str, "kind": str, "base_value": float,
                   "base_unit": str, "deadline": str, "indicator_id": int},
        {"clause_id": "clauses", "indicator_id": "indicators"}, ("indicator", "kind")),
    "validity_statements": Table(
        _CLAUSE | {"quote": str, "start": int, "end": int, "aspect": str, "on_date": str},
        {"clause_id": "clauses"}),
    "modality": Table(
        _CLAUSE | {"word": str, "start": int, "end": int, "force": str, "subject": str, "sentence_start": int,
                   "sentence_end": int},
        {"clause_id": "clauses"}, ("force",)),
    "basis": Table(
        {"id": int, "document_id": str, "reference": str, "basis_document_id": str, "clause_id": int},
        {"document_id": "documents", "basis_document_id": "documents", "clause_id": "clauses"}),
    "alignments": Table(
        {"id": int, "a_document_id": str, "a_clause_id": int, "b_document_id": str, "b_clause_id": int,
         "relation": str, "score": float, "moved": str} | _SPANS
        | {"differences": int, "rewritten": int, "segments": str},
        {"a_document_id": "documents", "a_clause_id": "clauses", "b_document_id": "documents",
         "b_clause_id": "clauses"}),
    "document_pairs": Table(
        {"id": int, "a_document_id": str, "b_document_id": str, "alignments": int, "equivalent": int, "same": int,
         "differences": int},
        {"a_document_id": "documents", "b_document_id": "documents"}),
    "sentence_matches": Table(
        {"id": int, "alignment_id": int, "score": float} | _SPANS, {"alignment_id": "alignments"}),
    "differences": Table(
        {"id": int, "alignment_id": int, "a_document_id": str, "a_clause_id": int, "b_document_id": str,
         "b_clause_id": int, "type": str, "a_quote": str, "b_quote": str, "a_value": float, "b_value": float,
         "unit": str, "direction": str, "salience": float, "summary": str} | _SPANS,
        {"alignment_id": "alignments", "a_document_id": "documents", "a_clause_id": "clauses",
         "b_document_id": "documents", "b_clause_id": "clauses"}, ("type", "salience")),
    "highlights": Table(
        {"id": int, "rank": int, "label": str, "difference_id": int, "document_id": str, "clause_id": int,
         "quote": str},
        {"difference_id": "differences", "document_id": "documents", "clause_id": "clauses"}, ("rank",)),
    "concordance": Table(
        {"id": int, "row": int, "row_label": str, "document_id": str, "clause_id": int},
        {"document_id": "documents", "clause_id": "clauses"}, ("row",)),
    "source_pages": Table(
        {"id": int, "document_id": str, "file": str, "text": str}, {"document_id": "documents"}),
    "numbering_warnings": Table(
        {"id": int, "document_id": str, "path": str, "line": int, "problem": str}, {"document_id": "documents"}),
    "build": Table({"id": int, "key": str, "value": str}, {}, not_null=("key", "value")),
}

_A_B: Final = """
    join clauses ca on ca.id = {t}.a_clause_id join clauses cb on cb.id = {t}.b_clause_id
    join documents da on da.id = ca.document_id join documents db on db.id = cb.document_id
    left join regions ra on ra.code = da.region_code left join regions rb on rb.code = db.region_code
"""

VIEWS: Final[dict[str, str]] = {
    "v_documents": """
        select d.id, r.name as place, r.level, p.name as upper_place, d.doc_number, d.title, d.kind, d.issuer,
            d.signed_on, d.effective_on, d.expires_on, d.validity, d.in_corpus, d.clauses
        from documents d left join regions r on r.code = d.region_code left join regions p on p.code = r.parent_code
        order by d.rowid""",
    "v_alignments": f"""
        select a.id as alignment_id, ra.name as a_place, ca.label as a_label, ca.heading as a_heading,
            rb.name as b_place, cb.label as b_label, cb.heading as b_heading, a.relation, a.score,
            a.moved, a.differences,
            a.a_document_id, ca.path as a_path, a.b_document_id, cb.path as b_path,
            ca.text as a_text, cb.text as b_text
        from alignments a {_A_B.format(t="a")}
        order by da.rowid, db.rowid, ca.ordinal, cb.ordinal""",
    "v_differences": f"""
        select f.id as difference_id, f.type, f.summary, ra.name as a_place, ca.label as a_label, f.a_quote,
            rb.name as b_place, cb.label as b_label, f.b_quote, f.direction, f.a_value, f.b_value, f.unit,
            f.salience, f.alignment_id, f.a_document_id, ca.path as a_path, f.b_document_id, cb.path as b_path
        from differences f {_A_B.format(t="f")}
        order by f.salience desc, f.id""",
    "v_targets": """
        select q.indicator, r.name as place, q.bound, q.value, q.value_to, q.value_from, q.unit, q.base_value,
            q.base_unit, q.quote, q.deadline, q.kind, c.label, c.heading, d.validity, d.id as document_id, c.path,
            q.id as quantity_id
        from quantities q join clauses c on c.id = q.clause_id join documents d on d.id = c.document_id
        left join regions r on r.code = d.region_code
        where q.kind = 'target'
        order by q.indicator, r.code, c.ordinal, q.start""",
    "v_responsibilities": """
        select p.agency, p.role, p.unit, r.name as place, c.label, c.heading, c.text, d.id as document_id, c.path,
            c.id as clause_id
        from responsibilities p join clauses c on c.id = p.clause_id join documents d on d.id = c.document_id
        left join regions r on r.code = d.region_code
        order by p.agency, r.code, c.ordinal, p.start""",
    "v_concordance": """
        select k.row, k.row_label, r.name as place, c.label, c.heading, c.text, d.id as document_id, c.path,
            c.id as clause_id
        from concordance k join clauses c on c.id = k.clause_id join documents d on d.id = k.document_id
        left join regions r on r.code = d.region_code
        order by k.row, r.code, c.ordinal""",
    # Clauses without a counterpart in another document that has some. A piece that only spells a clause out counts as
    # that clause.
    "v_alone": """
        select r.name as place, c.label, c.heading, c.text, x.name as other_place, o.id as other_document_id,
            c.document_id, c.path, c.id as clause_id
        from (select a_document_id as mine, b_document_id as other from document_pairs
            union all select b_document_id, a_document_id from document_pairs) t
        join clauses c on c.document_id = t.mine join documents d on d.id = t.mine
        join documents o on o.id = t.other left join clauses p on p.id = c.parent_id
        left join regions r on r.code = d.region_code left join regions x on x.code = o.region_code
        where c.text <> '' and c.kind not in ('part', 'signature')
            and not ((c.kind in ('heading', 'subitem') or (c.heading = '' and c.kind <> 'dash')) and p.text <> '')
            and not exists (select 1 from alignments a where a.b_document_id = t.other and a.a_clause_id in
                (select c.id union all select k.id from clauses k where k.parent_id = c.id))
            and not exists (select 1 from alignments a where a.a_document_id = t.other and a.b_clause_id in
                (select c.id union all select k.id from clauses k where k.parent_id = c.id))
        order by d.rowid, o.rowid, c.ordinal""",
    "cited_not_in_corpus": """
        select t.cited_number, max(t.cited_title) as cited_title, count(distinct c.document_id) as documents,
            count(distinct t.clause_id) as clauses, group_concat(distinct r.name) as cited_by,
            max(t.relation = 'basis') as is_basis, max(t.cited_document_id) as document_id
        from citations t join clauses c on c.id = t.clause_id join documents d on d.id = c.document_id
        left join regions r on r.code = d.region_code left join documents x on x.id = t.cited_document_id
        where coalesce(x.in_corpus, 0) = 0
        group by coalesce(t.cited_number, t.cited_title)
        order by documents desc, clauses desc, t.cited_number, cited_title""",
}


def create(db: Database) -> None:
    """Creates all tables, indexes, views and the full-text index in an empty database, inside the caller's
    transaction.

    ``clauses_fts`` is an external-content table, so that Datasette and sqlite-utils see that it belongs to ``clauses``
    and its rows read as the clauses do. Its index holds what :func:`kb.fulltext.index_text` gives; FTS5's own
    ``rebuild`` would fill it with plain text and must not be run.
    """
    for name, table in TABLES.items():
        other = {column: (target, TABLES[target].pk) for column, target in table.foreign.items()}
        db.table(name).create(
            table.columns, pk=table.pk, not_null=table.not_null,
            foreign_keys=[(column, target, pk) for column, (target, pk) in other.items()])
        for column in (*table.foreign, *table.indexes):
            db.table(name).create_index([column])
    db.table("clauses").create_index(["document_id", "path"], unique=True)
    db.table("build").create_index(["key"], unique=True)
    for name, sql in VIEWS.items():
        db.create_view(name, sql)
    db.execute('create virtual table clauses_fts using fts5(heading, text, content="clauses", content_rowid="id", '
               f'tokenize="{TOKENIZER}")')
