"""The seam for a text encoder: one function from texts to vectors, joined to the static word vectors.

The default install has none. The extra ``encoder`` brings sentence-transformers, and :func:`load` takes one of its
models, from a directory or by its name in the hub, where there is a network or a cached copy.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kb.models import KbError

#: Texts -> one row of numbers for each.
Encode = Callable[[Sequence[str]], NDArray[np.float32]]
_BATCH = 64
_MODEL_FILE = "config.json"


def load(name: str) -> Encode:
    """The encoder ``name``: a directory that holds a sentence-transformers model, or a name in its hub. Each text is
    encoded once, whatever number of documents it is compared with. KbError where the extra is not installed or there
    is no such model."""
    try:
        from sentence_transformers import SentenceTransformer
    except ImportError as error:
        raise KbError("a text encoder needs sentence-transformers, which is not installed",
                      mend="pip install 'policy-kb[encoder]', or build without --encoder") from error
    _check(name)
    try:
        model = SentenceTransformer(name, device="cpu", local_files_only=Path(name).is_dir())
    except Exception as error:      # the libraries under it raise a dozen kinds for a model that is not to be had
        raise KbError("cannot load the encoder: " + str(error).split("\n")[0][:120], file=name,
                      mend="name a directory with a sentence-transformers model, or one of its hub") from error
    return remembering(lambda texts: np.asarray(
        model.encode(list(texts), batch_size=_BATCH, show_progress_bar=False), dtype=np.float32))


def fingerprint(name: str | None) -> str:
    """Hash of the files of the encoder ``name``, so that another one in its place builds again; nothing for a model of
    the hub, or without one. KbError where there is no such directory, or no model in it."""
    if name is None:
        return ""
    _check(name)
    folder = Path(name)
    if not folder.is_dir():
        return ""
    digest = hashlib.sha256()
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(file.relative_to(folder).as_posix().encode())
        with file.open("rb") as content:
            digest.update(hashlib.file_digest(content, "sha256").digest())
    return digest.hexdigest()


def _check(name: str) -> None:
    """KbError for what looks like a directory and is none, or holds no model: no hub is asked for it."""
    folder = Path(name)
    if folder.is_dir() and not any((folder / file).is_file() for file in (_MODEL_FILE, "modules.json")):
        raise KbError(f"no model here: there is neither modules.json nor {_MODEL_FILE}", file=name,
                      mend="name the directory of a sentence-transformers model")
    if not folder.is_dir() and (folder.is_absolute() or name.startswith((".", "~")) or name.count(os.sep) > 1):
        raise KbError("there is no such directory", file=name, mend="name the directory of a model, or one of the hub")


def remembering(encode: Encode) -> Encode:
    """``encode``, asked once for each text."""
    known: dict[str, NDArray[np.float32]] = {}

    def encoded(texts: Sequence[str]) -> NDArray[np.float32]:
        new = sorted(_new(texts, known))
        if new:
            known.update(zip(new, encode(new), strict=True))
        return np.stack([known[text] for text in texts])
    return encoded


def _new(texts: Iterable[str], known: dict[str, NDArray[np.float32]]) -> set[str]:
    return {text for text in texts if text not in known}


def joined(static: NDArray[np.float32], a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    """The mean of the likeness that static vectors find (texts of a x texts of b) and that of the encoder's rows for
    the same texts. Encoders differ in the level of their cosines: the mean of all rows is taken away, and the
    cosines are brought to the mean and spread of the static ones, so that the weights learnt with those hold."""
    rows = np.vstack([a, b]).astype(np.float64)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True) + 1e-9
    rows -= rows.mean(axis=0)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True) + 1e-9
    cosine = rows[:len(a)] @ rows[len(a):].T
    level = (cosine - cosine.mean()) / (cosine.std() + 1e-9) * static.std() + static.mean()
    return np.asarray(np.clip((static + level) / 2, 0, 1), dtype=np.float32)
