"""The index on disk: built once from the installed tunes, found again by what it was built from. Edge: files.

Arrays in one NumPy archive without pickles, written beside its place and renamed. The name holds the versions of the
corpus and of the sentence model, so that another version builds another index.
"""

import hashlib
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.progress import track

from controller.arrays import Float32Array
from tools.train.image2music import words
from tools.train.image2music.corpus import CorpusTune, corpus_folder, corpus_version, read_corpus
from tools.train.image2music.errors import OpeningError
from tools.train.image2music.melody import Melody
from tools.train.image2music.retrieval import Index, mood_of
from tools.train.image2music.sentences import Sentences

FORMAT = 5
BATCH = 16


def open_index(cache: Path, sentences: Sentences, corpus: Path | None = None, *, again: bool = False) -> Index:
    """The index of the installed (or named) corpus, built now if it is not there.

    Raises:
        OpeningError: no corpus, or the index cannot be written.
    """
    folder = corpus_folder(corpus)
    version = corpus_version() if corpus is None else f"{corpus.resolve()}"
    identity = f"{FORMAT} {version} {sentences.identity}"
    file = cache / f"index-{hashlib.sha256(identity.encode()).hexdigest()[:16]}.npz"
    if file.is_file() and not again:
        try:
            return read_index(file)
        except (OSError, KeyError, ValueError, zipfile.BadZipFile):
            file.unlink(missing_ok=True)  # half of a disk's last write: what it was built from is still there
    index = build(read_corpus(folder), sentences, identity)
    write_index(index, file)
    return index


def build(tunes: Sequence[CorpusTune], sentences: Sentences, identity: str) -> Index:
    """Embed the captions of all tunes; half a minute."""
    batches = [tunes[at : at + BATCH] for at in range(0, len(tunes), BATCH)]
    texts = [sentences.embed([one.caption for one in batch]) for batch in track(batches, "index", transient=True)]
    moods = np.array([mood_of(one) for one in tunes], np.float32)
    return Index(tuple(tunes), np.concatenate(texts), moods, identity)


def write_index(index: Index, file: Path) -> None:
    """Write an index, whole or not at all."""
    plain = [
        [t.name, t.title, t.words, t.rhythm, t.abc, t.identity, t.melody.metre, t.melody.mode, t.melody.tonic]
        for t in index.tunes
    ]
    rows = [words.encode(tune.melody) for tune in index.tunes]
    partial = file.with_suffix(".partial")
    try:
        with partial.open("wb") as out:
            np.savez_compressed(
                out,
                tunes=np.frombuffer(json.dumps(plain).encode(), np.uint8),
                rows=np.concatenate(rows).astype(np.int16),
                counts=np.array([len(one) for one in rows], np.int32),
                texts=index.texts.astype(np.float16),
                moods=index.moods,
                identity=np.frombuffer(index.identity.encode(), np.uint8),
            )
        partial.replace(file)
    except OSError as error:
        raise OpeningError(f"{file}: cannot be written ({error.strerror}); name another folder with --cache") from error
    finally:
        partial.unlink(missing_ok=True)


def read_index(file: Path) -> Index:
    """An index that was written; raises what NumPy and json raise where it is none."""
    with file.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
        plain = json.loads(arrays["tunes"].tobytes().decode())
        rows, counts = arrays["rows"].astype(np.int64), arrays["counts"]
        texts, moods = arrays["texts"].astype(np.float32), arrays["moods"]
        identity = arrays["identity"].tobytes().decode()
    ends = np.cumsum(counts)
    tunes = []
    for (name, title, said, rhythm, abc, same, metre, mode, tonic), end, count in zip(plain, ends, counts, strict=True):
        melody: Melody = words.decode(rows[end - count : end], metre, mode, tonic)
        tunes.append(CorpusTune(name, title, said, rhythm, abc, melody, same))
    return Index(tuple(tunes), texts, moods, identity)


def with_clip(index: Index, vectors: Float32Array) -> Index:
    """The same index with CLIP vectors (N, D) of its captions."""
    return Index(index.tunes, index.texts, index.moods, index.identity, vectors)
