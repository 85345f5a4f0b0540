"""Text of a document -> provision tree -> numbered clauses with spans.

``lines`` cuts the Markdown into lines, ``headings`` parts a heading
from the text that runs on behind it, ``tree`` hangs every line where it belongs.
"""

from kb.parse.tree import Parsed, label_of, parse

__all__ = ["Parsed", "label_of", "parse"]
