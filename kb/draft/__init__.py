"""Drafting: official documents and redlines as .docx."""
