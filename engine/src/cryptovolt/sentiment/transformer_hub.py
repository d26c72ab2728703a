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
from cryptovolt.sentiment.transformer_onnx import read_onnx_content

_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")
_PLAIN_NAME = re.compile(r"[\w-][\w.-]*")
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
    endpoint: str | None = None,
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

    endpoint : str, optional
        Address of another hub, such as a mirror.

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
        hub = _Hub(repository, revision, Path(fresh), endpoint)
        model = _download(hub, Path(fresh), model_file)
        scorer = TransformerScorer.load(fresh, labels=labels, model_file=model)
        scorer.save(target, provenance={"repository": repository, "revision": revision})
    return target


class _Hub:
    """One repository at one commit, file by file: only what is needed is fetched."""

    def __init__(self, repository: str, revision: str, target: Path, endpoint: str | None) -> None:
        try:
            import huggingface_hub  # noqa: PLC0415 - an extra
            from huggingface_hub import errors  # noqa: PLC0415
        except ImportError as error:
            raise ModelError(
                "expected the package huggingface-hub, found none; install the extra: "
                'pip install "cryptovolt[nlp]"'
            ) from error
        self._hub = cast("Any", huggingface_hub)
        self._errors = cast("Any", errors)
        self._repository = repository
        self._revision = revision
        self._target = target
        self._endpoint = endpoint

    def fetch(self, name: str) -> bool:
        """Fetch a file and return True; False where the repository has none of this name."""
        errors = self._errors
        try:
            place = {"revision": self._revision, "endpoint": self._endpoint}
            # Asked once and first: a download that finds no network tries for half a minute.
            self._hub.get_hf_file_metadata(self._hub.hf_hub_url(self._repository, name, **place))
            self._hub.hf_hub_download(self._repository, name, local_dir=self._target, **place)
        except (errors.RepositoryNotFoundError, errors.RevisionNotFoundError) as error:
            raise ModelError(
                f"expected the model {self._repository} at commit {self._revision[:12]} on the "
                "hub, found none"
            ) from error
        except errors.RemoteEntryNotFoundError:
            return False
        except (errors.HTTPError, OSError) as error:
            raise TransientError(
                f"expected an answer from the hub for {self._repository}, found "
                f"{type(error).__name__}; fetch again when online, or load a local folder"
            ) from error
        return True

    def require(self, *names: str) -> str:
        """Fetch the first of the files that exists and return its name."""
        for name in names:
            if self.fetch(name):
                return name
        raise ModelError(
            f"expected {' or '.join(names)} in {self._repository}, found none of them; only models "
            "exported to ONNX can be used"
        )


def _download(hub: _Hub, fresh: Path, model_file: str | None) -> str:
    hub.require(CONFIG_FILE)
    hub.require(TOKENIZER_FILE)
    hub.fetch(TOKENIZER_CONFIG_FILE)
    model = hub.require(*((model_file,) if model_file else MODEL_FILES))
    for location in sorted(read_onnx_content((fresh / model).read_bytes()).locations):
        # A location that leads elsewhere is not asked for; loading refuses it.
        if _PLAIN_NAME.fullmatch(location):
            hub.require((Path(model).parent / location).as_posix())
    return model


def _check_provenance(target: Path, repository: str, revision: str) -> None:
    provenance = read_manifest(target).get("provenance")
    if provenance != {"repository": repository, "revision": revision}:
        raise ModelError(
            f"expected {repository} at {revision[:12]} in {target}, found {provenance}; remove the "
            "folder and fetch again"
        )
