"""Fetching a transformer from the Hugging Face hub, only when asked.

The one place of the sentiment room that may use the network. What arrives is a plain folder with
a manifest that names repository, commit and hashes; from then on nothing is asked of the hub.
"""

import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from cryptovolt.domain.errors import ConfigurationError, ModelError, TransientError
from cryptovolt.sentiment.transformer import TransformerScorer
from cryptovolt.sentiment.transformer_files import (
    CONFIG_FILE,
    MODEL_FILES,
    TOKENIZER_CONFIG_FILE,
    TOKENIZER_FILE,
    read_manifest,
)

_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")
_COMMIT = re.compile(r"[0-9a-f]{40}")


def cache_folder() -> Path:
    """Return where fetched models are kept unless another folder is named."""
    return Path.home() / ".cache" / "cryptovolt" / "models"


def fetch_transformer(
    repository: str,
    revision: str,
    *,
    labels: Mapping[str, str] | None = None,
    model_file: str | None = None,
    folder: str | Path | None = None,
) -> Path:
    """Return the folder of a model of the hub, fetched unless it is there already.

    Parameters
    ----------
    repository : str
        ``"owner/name"``.
    revision : str
        The commit, 40 hex digits: a branch would be another model tomorrow.
    labels : mapping of str to str, optional
        As for :meth:`TransformerScorer.load`; recorded in the manifest.
    model_file : str, optional
        Another ONNX file of the repository than the usual ones.
    folder : str or Path, optional
        Where models are kept; :func:`cache_folder` by default.

    Raises
    ------
    ConfigurationError
        If repository or revision are not of that form.
    TransientError
        If the hub cannot be reached.
    ModelError
        If the hub has no such model, or it has no ONNX file; or the extra ``nlp`` is missing.
    """
    if not _REPOSITORY.fullmatch(repository) or ".." in repository:
        raise ConfigurationError(f"expected a model as 'owner/name', found {repository!r}")
    if not _COMMIT.fullmatch(revision):
        raise ConfigurationError(
            f"expected the commit of {repository} in 40 hex digits, found {revision!r}; the hub "
            "shows it under 'History'"
        )
    root = Path(folder) if folder is not None else cache_folder()
    target = root / f"{repository.replace('/', '--')}--{revision}"
    if (target / "manifest.json").exists():
        _check_provenance(target, repository, revision)
        return target
    root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=root, prefix=".fetching-") as fresh:
        _download(repository, revision, Path(fresh), model_file)
        scorer = TransformerScorer.load(fresh, labels=labels, model_file=model_file)
        scorer.save(target, provenance={"repository": repository, "revision": revision})
    return target


def _download(repository: str, revision: str, fresh: Path, model_file: str | None) -> None:
    try:
        import huggingface_hub  # noqa: PLC0415 - an extra
        from huggingface_hub.errors import (  # noqa: PLC0415
            EntryNotFoundError,
            LocalEntryNotFoundError,
            RepositoryNotFoundError,
            RevisionNotFoundError,
        )
    except ImportError as error:
        raise ModelError(
            "expected the package huggingface-hub, found none; install the extra: "
            'pip install "cryptovolt[nlp]"'
        ) from error
    models = (model_file,) if model_file else MODEL_FILES
    wanted = [TOKENIZER_FILE, CONFIG_FILE, TOKENIZER_CONFIG_FILE]
    wanted += [pattern for name in models for pattern in (name, f"{name}_data", f"{name}.data")]
    try:
        cast("Any", huggingface_hub).snapshot_download(
            repository, revision=revision, local_dir=fresh, allow_patterns=wanted, max_workers=1
        )
    except (RepositoryNotFoundError, RevisionNotFoundError) as error:
        raise ModelError(
            f"expected the model {repository} at commit {revision[:12]} on the hub, found none"
        ) from error
    except (LocalEntryNotFoundError, EntryNotFoundError, OSError) as error:
        raise TransientError(
            f"expected an answer from the hub for {repository}, found none ({error}); fetch again "
            "when online, or load a local folder"
        ) from error


def _check_provenance(target: Path, repository: str, revision: str) -> None:
    provenance = read_manifest(target).get("provenance")
    if provenance != {"repository": repository, "revision": revision}:
        raise ModelError(
            f"expected {repository} at {revision[:12]} in {target}, found {provenance}; remove the "
            "folder and fetch again"
        )
