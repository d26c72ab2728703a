"""The folder of a transformer: which files count, that they are its own, and their hashes.

A file counts as it is read once: the bytes that are hashed are the bytes that are parsed. Nothing
outside the folder is ever opened, and no pickle.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptovolt.domain.errors import ModelError
from cryptovolt.sentiment.transformer_onnx import OnnxContent, read_onnx_content

MANIFEST_FILE = "manifest.json"
TOKENIZER_FILE = "tokenizer.json"
CONFIG_FILE = "config.json"
TOKENIZER_CONFIG_FILE = "tokenizer_config.json"
MODEL_FILES = (
    "model.onnx",
    "onnx/model.onnx",
    "model_quantized.onnx",
    "onnx/model_quantized.onnx",
    "model_int8.onnx",
    "onnx/model_int8.onnx",
)
"""Where the model may stand; the first that exists counts."""

MAX_FILE_BYTES = 4 << 30
MAX_TEXT_FILE_BYTES = 64 << 20
_PICKLES = ("pytorch_model.bin", "*.pt", "*.pth", "*.pkl", "*.pickle", "*.bin", "*.ckpt", "*.h5")


@dataclass(frozen=True, slots=True, kw_only=True)
class TransformerFiles:
    """A folder that was read: the bytes of each file, their hashes, and the manifest."""

    folder: Path
    model_file: str
    contents: Mapping[str, bytes]
    hashes: Mapping[str, str]
    onnx: OnnxContent
    manifest: Mapping[str, Any]

    def json_of(self, name: str) -> dict[str, Any]:
        """Return a JSON file's object; an empty one where the file is not there."""
        return parse_object(self.contents[name], name) if name in self.contents else {}


def read_folder(folder: Path, model_file: str | None = None) -> TransformerFiles:
    """Return the files of a transformer, checked.

    Raises
    ------
    ModelError
        If a file is missing, leads out of the folder, is not what the manifest names, or is a
        pickle.
    """
    if not folder.is_dir():
        raise ModelError(f"expected a folder with a transformer, found none at {folder}")
    manifest = read_manifest(folder) if (folder / MANIFEST_FILE).exists() else {}
    chosen = model_file or manifest.get("model_file") or _find_model(folder)
    contents = {chosen: read_inside(folder, chosen, MAX_FILE_BYTES)}
    for name in (TOKENIZER_FILE, CONFIG_FILE):
        contents[name] = read_inside(folder, name, MAX_TEXT_FILE_BYTES)
    if (folder / TOKENIZER_CONFIG_FILE).exists():
        contents[TOKENIZER_CONFIG_FILE] = read_inside(
            folder, TOKENIZER_CONFIG_FILE, MAX_TEXT_FILE_BYTES
        )
    hashes = {name: hashlib.sha256(data).hexdigest() for name, data in sorted(contents.items())}
    check_hashes(manifest.get("files"), hashes, folder)
    onnx = read_onnx_content(contents[chosen])
    beside = _external(folder, chosen, onnx)
    check_hashes(manifest.get("files"), beside, folder)
    return TransformerFiles(
        folder=folder,
        model_file=chosen,
        contents=contents,
        hashes={**hashes, **beside},
        onnx=onnx,
        manifest=manifest,
    )


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest of a saved scorer.

    Raises
    ------
    ModelError
        If it is missing, leads out of the folder, or is no JSON object.
    """
    return parse_object(read_inside(folder, MANIFEST_FILE, MAX_TEXT_FILE_BYTES), MANIFEST_FILE)


def parse_object(data: bytes, name: str) -> dict[str, Any]:
    """Return the JSON object of a file.

    Raises
    ------
    ModelError
        If it is none.
    """
    try:
        content = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ModelError(f"expected JSON in {name}, found {error}") from error
    if not isinstance(content, dict):
        raise ModelError(f"expected a JSON object in {name}, found {type(content).__name__}")
    return content  # pyright: ignore[reportUnknownVariableType] - JSON


def inside(folder: Path, name: str) -> Path:
    """Return the path of a file of the folder.

    Raises
    ------
    ModelError
        If it leads out of the folder, also by a symbolic link, or is no file.
    """
    root = folder.resolve()
    path = (root / name).resolve()
    if not path.is_relative_to(root):
        raise ModelError(
            f"expected every file inside {folder}, found {name!r} that leads to another place; "
            "copy the file into the folder"
        )
    if not path.is_file():
        raise ModelError(f"expected the file {name!r} in {folder}, found none")
    return path


def read_inside(folder: Path, name: str, most: int) -> bytes:
    """Return the bytes of a file of the folder.

    Raises
    ------
    ModelError
        If it leads out of the folder, is no file, or is larger than `most` bytes.
    """
    path = inside(folder, name)
    if path.stat().st_size > most:
        raise ModelError(
            f"expected at most {most:,} bytes in {name!r}, found {path.stat().st_size:,}"
        )
    return path.read_bytes()


def check_hashes(expected: object, found: Mapping[str, str], folder: Path) -> None:
    """Compare files with those a manifest names; without a manifest there is nothing to compare.

    Raises
    ------
    ModelError
        If a file is not named there, or its SHA-256 is another.
    """
    if expected is None:
        return
    if not isinstance(expected, dict):
        raise ModelError(f"expected names and hashes under 'files' in the manifest of {folder}")
    for name, digest in found.items():
        if expected.get(name) != digest:  # pyright: ignore[reportUnknownMemberType]
            raise ModelError(
                f"expected {name!r} in {folder} as its manifest names it, found another content "
                f"(SHA-256 {digest[:16]}…); the file was changed after it was saved"
            )


def _find_model(folder: Path) -> str:
    for name in MODEL_FILES:
        if (folder / name).exists() or (folder / name).is_symlink():
            return name
    pickles = sorted(path.name for pattern in _PICKLES for path in folder.glob(pattern))
    if pickles:
        raise ModelError(
            f"expected an ONNX model in {folder}, found {pickles[0]!r}, which executes what it "
            "holds when it is opened; export the model to ONNX first"
        )
    raise ModelError(f"expected {' or '.join(MODEL_FILES[:4])} in {folder}, found none of them")


def _external(folder: Path, model_file: str, onnx: OnnxContent) -> dict[str, str]:
    found: dict[str, str] = {}
    parent = Path(model_file).parent
    for location in sorted(onnx.locations):
        if not location or Path(location).is_absolute() or "\\" in location or ":" in location:
            raise ModelError(
                f"expected the weights of {model_file!r} inside {folder}, found the location "
                f"{location!r}"
            )
        name = (parent / location).as_posix()
        with inside(folder, name).open("rb") as file:
            found[name] = hashlib.file_digest(file, "sha256").hexdigest()
    return found
