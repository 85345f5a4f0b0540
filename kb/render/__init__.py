"""Pure functions that show a comparison: two texts with their differences marked, and whole comparisons of two
documents as text, Markdown, HTML, JSON or CSV. Nothing here reads the database."""

from kb.render.sides import Segment, html_sides, rewritten, segments
from kb.render.views import FORMATS, comparison

__all__ = ["FORMATS", "Segment", "comparison", "html_sides", "rewritten", "segments"]
