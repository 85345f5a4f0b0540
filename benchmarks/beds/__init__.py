"""Test beds for alignment: documents derived by program with known edits, and annotated pairs of regulations.

``blocks`` cuts a document into pieces that can be moved about, ``edits`` changes the pieces, ``wording`` the words in
them, ``derived`` puts edits together and says what is then true; ``laws`` reads the annotated regulations, ``score``
counts, ``oddities`` holds the cases that must simply behave.
"""
