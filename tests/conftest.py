"""What several test modules share: the corpus of the repository and one database built from it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

# Nothing is timed; CI draws the same examples each time, so that a failure there can be had again here.
settings.register_profile("kb", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("kb")

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The five documents of the repository."""
    return ROOT / "corpus"


@pytest.fixture(scope="session")
def built(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database built from the five documents."""
    from kb import pipeline

    path = tmp_path_factory.mktemp("built") / "kb.db"
    assert pipeline.build(corpus, path).built
    return path
