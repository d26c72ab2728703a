"""Transformers of the FinBERT and CryptoBERT class, through ONNX Runtime.

A folder holds ``tokenizer.json``, ``config.json`` and an ONNX model; PyTorch and pickle play no
part. A score is P(positive) − P(negative), rounded to six decimals: what a batch changes lies
below that, so a text has one score alone and among others.

References
----------
D. Araci, "FinBERT: Financial Sentiment Analysis with Pre-trained Language Models", 2019.
"""

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from cryptovolt.domain.arrays import FloatArray, IntArray
from cryptovolt.domain.errors import ConfigurationError, DataError, ModelError
from cryptovolt.sentiment.text import clean_text
from cryptovolt.sentiment.transformer_files import (
    CONFIG_FILE,
    MANIFEST_FILE,
    TOKENIZER_CONFIG_FILE,
    TransformerFiles,
    inside,
    read_folder,
)
from cryptovolt.sentiment.transformer_labels import read_labels
from cryptovolt.sentiment.transformer_runtime import (
    make_session,
    make_tokenizer,
    max_tokens_of,
    number_of,
)

FORMAT = "cryptovolt-transformer/1"
BATCH_SIZE = 32
DECIMALS = 6
MAX_READ_CHARACTERS = 20_000
"""No model reads further than 512 tokens; cutting first keeps the tokenizer fast."""

# They scale by the largest value of a whole batch, so that a text's score would depend on others.
_BATCH_OPERATORS = frozenset({"DynamicQuantizeLinear", "DynamicQuantizeMatMul"})
_INPUTS = frozenset({"input_ids", "attention_mask", "token_type_ids", "position_ids"})


class TransformerScorer:
    """A sequence classifier with the labels positive, negative and, mostly, neutral.

    Made by :meth:`load`; the port :class:`cryptovolt.domain.ports.TextScorer`.
    """

    name = "transformer"

    def __init__(
        self,
        files: TransformerFiles,
        *,
        labels: Mapping[str, str] | None = None,
        n_threads: int = 1,
        batch_size: int = BATCH_SIZE,
    ) -> None:
        if n_threads < 1 or batch_size < 1:
            raise ConfigurationError(
                f"expected threads and batch size of at least 1, found {n_threads} and {batch_size}"
            )
        config = files.json_of(CONFIG_FILE)
        self._files = files
        self.labels = read_labels(config, labels or files.manifest.get("labels"))
        self.max_tokens = max_tokens_of(config, files.json_of(TOKENIZER_CONFIG_FILE))
        self._pad = number_of(config.get("pad_token_id", 0), "pad_token_id")
        self._batch_size = 1 if _BATCH_OPERATORS & files.onnx.operators else batch_size
        self._tokenizer = make_tokenizer(files, self.max_tokens)
        self._session = make_session(files, n_threads)
        self._inputs: dict[str, str] = {i.name: i.type for i in self._session.get_inputs()}
        _check_inputs(self._inputs)
        # The runtime has its own copy of the model by now.
        small = {name: data for name, data in files.contents.items() if name != files.model_file}
        self._files = replace(files, contents=small)

    def __repr__(self) -> str:
        return f"TransformerScorer({self._files.folder.name}, {self.hash[:16]})"

    @classmethod
    def load(
        cls,
        folder: str | Path,
        *,
        labels: Mapping[str, str] | None = None,
        model_file: str | None = None,
        n_threads: int = 1,
        batch_size: int = BATCH_SIZE,
    ) -> "TransformerScorer":
        """Return the scorer of a local folder.

        Parameters
        ----------
        folder : str or Path
            With ``tokenizer.json``, ``config.json`` and ``model.onnx`` or ``onnx/model.onnx`` or
            their quantised variants. Where it has a manifest, every hash in it is checked first.
        labels : mapping of str to str, optional
            What the model's own labels mean, where their names do not say: for example
            ``{"LABEL_0": "negative", "LABEL_1": "neutral", "LABEL_2": "positive"}``.
        model_file : str, optional
            Another ONNX file of the folder.
        n_threads : int, default=1
            Threads of ONNX Runtime.
        batch_size : int, default=32
            Texts per call. Models that quantise as they go are asked one by one.

        Raises
        ------
        ModelError
            If a file is missing, changed, leads out of the folder, is a pickle, or does not make a
            classifier; or the extra ``nlp`` is not installed.
        ConfigurationError
            If a number is below 1.
        """
        files = read_folder(Path(folder), model_file)
        return cls(files, labels=labels, n_threads=n_threads, batch_size=batch_size)

    @property
    def hash(self) -> str:
        """SHA-256 over all files, the labels and the rules of this module; 64 hex digits."""
        content = {
            "format": FORMAT,
            "model_file": self._files.model_file,
            "files": dict(self._files.hashes),
            "labels": self.labels,
            "max_tokens": self.max_tokens,
        }
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    def score(self, texts: Sequence[str]) -> FloatArray:
        """Return P(positive) − P(negative) of each text.

        Parameters
        ----------
        texts : sequence of str
            Cut at the most tokens the model reads.

        Returns
        -------
        ndarray of shape (n_texts,)
            In [−1, 1], rounded to six decimals; 0 for a text without any word.

        Raises
        ------
        DataError
            If a single text is given, or an element is not a text.
        ModelError
            If the model's answer has not one finite number per label.
        """
        probabilities = self.probabilities(texts)
        sign = {"positive": 1.0, "negative": -1.0}
        signs = np.array([sign.get(label, 0.0) for label in self.labels])
        scores: FloatArray = (probabilities * signs).sum(axis=1).clip(-1.0, 1.0).round(DECIMALS)
        scores[np.isnan(scores)] = 0.0
        return scores + 0.0  # no −0

    def probabilities(self, texts: Sequence[str]) -> FloatArray:
        """Return the probability of each of `labels`, shape ``(n_texts, n_labels)``.

        Rows of texts without any word are NaN.
        """
        encoded = self._encode(texts)
        found = np.full((len(encoded), len(self.labels)), np.nan)
        for rows in _by_length(encoded, self._batch_size):
            found[rows] = _softmax(self._ask([encoded[row] for row in rows]))
        return found

    def save(self, folder: str | Path, *, provenance: Mapping[str, str] | None = None) -> Path:
        """Copy the model's files into a folder with a manifest of their hashes, and return it."""
        target = Path(folder)
        for name in self._files.hashes:
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            if name in self._files.contents:
                (target / name).write_bytes(self._files.contents[name])
            else:
                shutil.copyfile(inside(self._files.folder, name), target / name)
        manifest = {
            "format": FORMAT,
            "kind": "transformer",
            "name": self.name,
            "hash": self.hash,
            "model_file": self._files.model_file,
            "labels": _label_names(self._files.json_of(CONFIG_FILE), self.labels),
            "files": dict(self._files.hashes),
            "provenance": dict(provenance or self._files.manifest.get("provenance", {})),
        }
        (target / MANIFEST_FILE).write_text(json.dumps(manifest, indent=2, sort_keys=True) + "\n")
        return target

    def _encode(self, texts: Sequence[str]) -> list[list[int]]:
        if isinstance(texts, str):
            raise DataError("expected a list of texts, found one text; put it in brackets")
        plain: list[str] = []
        for text in texts:
            if not isinstance(text, str):  # pyright: ignore[reportUnnecessaryIsInstance]
                raise DataError(f"expected texts, found {text!r} of type {type(text).__name__}")
            plain.append(clean_text(text[:MAX_READ_CHARACTERS]))
        encoded = self._tokenizer.encode_batch_fast(plain)
        return [list(item.ids) if text else [] for item, text in zip(encoded, plain, strict=True)]

    def _ask(self, batch: Sequence[Sequence[int]]) -> FloatArray:
        width = max(map(len, batch))
        ids: IntArray = np.full((len(batch), width), self._pad, dtype=np.int64)
        mask: IntArray = np.zeros((len(batch), width), dtype=np.int64)
        for row, tokens in enumerate(batch):
            ids[row, : len(tokens)] = tokens
            mask[row, : len(tokens)] = 1
        given = {
            "input_ids": ids,
            "attention_mask": mask,
            "token_type_ids": np.zeros_like(ids),
            "position_ids": np.tile(np.arange(width), (len(batch), 1)),
        }
        feed = {
            name: given[name].astype(np.int32 if "int32" in kind else np.int64)
            for name, kind in self._inputs.items()
        }
        logits = np.asarray(self._session.run(None, feed)[0], dtype=np.float64)
        if logits.shape != (len(batch), len(self.labels)) or not np.isfinite(logits).all():
            raise ModelError(
                f"expected finite answers of shape {(len(batch), len(self.labels))} from "
                f"{self._files.folder.name}, found shape {logits.shape}"
            )
        return logits


def _by_length(encoded: Sequence[Sequence[int]], size: int) -> Iterator[list[int]]:
    order = sorted((r for r in range(len(encoded)) if encoded[r]), key=lambda r: len(encoded[r]))
    for start in range(0, len(order), size):
        yield order[start : start + size]


def _softmax(logits: FloatArray) -> FloatArray:
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)


def _check_inputs(inputs: Mapping[str, str]) -> None:
    if "input_ids" not in inputs or not set(inputs) <= _INPUTS:
        raise ModelError(
            f"expected a text classifier with inputs among {sorted(_INPUTS)}, found "
            f"{sorted(inputs)}"
        )


def _label_names(config: Mapping[str, Any], labels: Sequence[str]) -> dict[str, str]:
    own: Mapping[str, Any] = config["id2label"]
    return {str(own[str(index)]): meaning for index, meaning in enumerate(labels)}
