"""The files of a stored linear scorer: safetensors beside a manifest that knows their hashes."""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
import numpy.typing as npt

from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.errors import ConfigurationError, ModelError
from cryptovolt.sentiment.linear_labels import LABELS
from cryptovolt.sentiment.ngrams import RULES_VERSION, GramRules
from cryptovolt.sentiment.ngrams_kernel import BlockArray, KeyArray

KIND = "linear"
FORMAT = "cryptovolt-linear/2"
WEIGHTS_FILE = "weights.safetensors"
MANIFEST_FILE = "manifest.json"


class Arrays(NamedTuple):
    """What a linear scorer has learned.

    Keys of features, ascending, shape ``(n_features,)``, with their rarity and their weights,
    ``(n_features, n_classes)``; the bias of each class; the words that have a class
    or a topic, with both; 64 bits of the hash of each text it was trained on, ascending.
    """

    keys: KeyArray
    idf: FloatArray
    weights: FloatArray
    bias: FloatArray
    class_words: KeyArray
    class_of: BlockArray
    topic_of: BlockArray
    texts: KeyArray


def pack(arrays: Arrays) -> bytes:
    """Return the arrays as safetensors; equal arrays give equal bytes."""
    from safetensors.numpy import save  # noqa: PLC0415 - not needed before a scorer is made

    return save({name: np.ascontiguousarray(a) for name, a in arrays._asdict().items()})


def make_manifest(
    packed: bytes,
    *,
    classes: tuple[str, ...],
    rules: GramRules,
    slope: float,
    bias: tuple[float, ...],
    about: dict[str, Any],
) -> dict[str, Any]:
    """Return the manifest of a scorer, with its hash."""
    manifest: dict[str, Any] = {
        "kind": KIND,
        "format": FORMAT,
        "name": KIND,
        "classes": list(classes),
        "rules": asdict(rules),
        "rules_version": RULES_VERSION,
        "calibration": {"slope": slope, "bias": list(bias)},
        "files": {WEIGHTS_FILE: hashlib.sha256(packed).hexdigest()},
        **about,
    }
    return manifest | {"hash": hashlib.sha256(_canonical(manifest)).hexdigest()}


def write_folder(folder: Path, packed: bytes, manifest: dict[str, Any]) -> Path:
    """Write a scorer's two files; what is not a stored scorer is not overwritten."""
    if folder.exists() and not folder.is_dir():
        raise ModelError(f"expected a folder for the scorer, found a file at {folder}")
    ours = {WEIGHTS_FILE, MANIFEST_FILE}
    others = (
        sorted(p.name for p in folder.iterdir() if p.name not in ours) if folder.exists() else []
    )
    if others:
        raise ModelError(f"expected an empty or new folder, found {others[0]} in {folder}")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / WEIGHTS_FILE).write_bytes(packed)
    (folder / MANIFEST_FILE).write_bytes(_canonical(manifest))
    return folder


def read_folder(folder: Path) -> tuple[Arrays, dict[str, Any]]:
    """Return what is stored in a folder, once its hashes are found to be right."""
    try:
        text = (folder / MANIFEST_FILE).read_bytes()
        packed = (folder / WEIGHTS_FILE).read_bytes()
    except OSError as error:
        raise ModelError(
            f"expected a stored linear scorer in {folder}, found {error.strerror}"
        ) from error
    manifest = _read_manifest(folder, text)
    rest = {key: value for key, value in manifest.items() if key != "hash"}
    if (
        manifest["files"] != {WEIGHTS_FILE: hashlib.sha256(packed).hexdigest()}
        or hashlib.sha256(_canonical(rest)).hexdigest() != manifest["hash"]
        or _canonical(manifest) != text
    ):
        raise ModelError(
            f"expected the scorer in {folder} as it was stored, found it changed; train it again"
        )
    arrays = _read_arrays(folder, packed)
    _check(folder, arrays, manifest)
    return arrays, manifest


def _read_manifest(folder: Path, text: bytes) -> dict[str, Any]:
    try:
        found: object = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ModelError(f"expected a manifest in {folder}, found a damaged one") from error
    manifest = cast("dict[str, Any]", found) if isinstance(found, dict) else {}
    needed = {"format", "classes", "rules", "rules_version", "calibration", "files", "hash"}
    if manifest.get("kind") != KIND or not needed <= manifest.keys():
        raise ModelError(
            f"expected the manifest of a linear scorer in {folder}, found one of kind "
            f"{str(manifest.get('kind'))[:40]!r}"
        )
    if manifest["format"] != FORMAT or manifest["rules_version"] != RULES_VERSION:
        raise ModelError(
            f"expected a scorer of format {FORMAT} with rules {RULES_VERSION}, found "
            f"{str(manifest['format'])[:40]} with rules {str(manifest['rules_version'])[:8]}; "
            "train it again"
        )
    return manifest


def _read_arrays(folder: Path, packed: bytes) -> Arrays:
    from safetensors import SafetensorError  # noqa: PLC0415 - not needed before a scorer is read
    from safetensors.numpy import load  # noqa: PLC0415

    try:
        found: dict[str, npt.NDArray[Any]] = load(packed)
    except SafetensorError as error:
        raise ModelError(f"expected safetensors in {folder}, found {error}") from error
    if found.keys() != set(Arrays._fields):
        raise ModelError(f"expected {', '.join(Arrays._fields)} in {folder}, found {set(found)}")
    return Arrays(**found)


def _check(folder: Path, arrays: Arrays, manifest: dict[str, Any]) -> None:
    classes, rules, calibration = (manifest[k] for k in ("classes", "rules", "calibration"))
    n, k = arrays.keys.size, len(classes)
    numbers = (arrays.idf, arrays.weights, arrays.bias)
    hashes = (arrays.keys, arrays.class_words, arrays.texts)
    try:
        GramRules(**rules)
        said = np.array([calibration["slope"], *calibration["bias"]], np.float64)
    except (ConfigurationError, KeyError, TypeError, ValueError) as error:
        raise ModelError(f"expected rules and a calibration in {folder}, found {error}") from error
    right = (
        classes in (list(LABELS), [LABELS[0], LABELS[2]])
        and said.size == k + 1
        and bool(np.isfinite(said).all())
        and [a.shape for a in numbers] == [(n,), (n, k), (k,)]
        and all(a.dtype == np.float64 and np.isfinite(a).all() for a in numbers)
        and all(a.dtype == np.uint64 and a.ndim == 1 and (a[1:] >= a[:-1]).all() for a in hashes)
        and all(
            a.dtype == np.int8 and a.shape == arrays.class_words.shape
            for a in (arrays.class_of, arrays.topic_of)
        )
    )
    if not right:
        raise ModelError(f"expected arrays that fit each other in {folder}, found others")


def _canonical(content: dict[str, Any]) -> bytes:
    return json.dumps(content, sort_keys=True, indent=1, ensure_ascii=False).encode()
