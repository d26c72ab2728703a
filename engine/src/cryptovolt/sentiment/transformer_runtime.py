"""Tokenizer and session of a transformer, made from bytes that were checked."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from cryptovolt.domain.errors import ModelError
from cryptovolt.sentiment.transformer_files import TOKENIZER_FILE, TransformerFiles, inside

if TYPE_CHECKING:
    from tokenizers import Tokenizer

MAX_TOKENS = 512
"""No model is asked to read further, whatever it could."""

_OFFSET_FAMILIES = frozenset({"roberta", "xlm-roberta", "camembert", "bertweet", "xlm-roberta-xl"})


def make_tokenizer(files: TransformerFiles, max_tokens: int) -> "Tokenizer":
    """Return the folder's tokenizer; it cuts at `max_tokens` and does not pad."""
    try:
        from tokenizers import Tokenizer  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise ModelError(
            "expected the package tokenizers, found none; install the extra: "
            'pip install "cryptovolt[nlp]"'
        ) from error
    try:
        tokenizer = Tokenizer.from_str(files.contents[TOKENIZER_FILE].decode())
    except Exception as error:
        # The package raises plain Exception and nothing narrower.
        raise ModelError(
            f"expected a tokenizer in {files.folder / TOKENIZER_FILE}, found {error}"
        ) from error
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_tokens)
    return tokenizer


def make_session(files: TransformerFiles, n_threads: int) -> Any:
    """Return ONNX Runtime's session on the processor."""
    import onnxruntime  # noqa: PLC0415 - heavy

    runtime = cast("Any", onnxruntime)
    options = runtime.SessionOptions()
    options.intra_op_num_threads = n_threads
    options.inter_op_num_threads = 1
    options.use_deterministic_compute = True
    options.log_severity_level = 3
    # Weights beside the model can only be found by its path; alone, the checked bytes are used.
    source: Any = files.contents[files.model_file]
    if files.onnx.locations:
        source = str(inside(files.folder, files.model_file))
    try:
        return runtime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
    except Exception as error:
        # The runtime's errors share no narrower base.
        raise ModelError(
            f"expected a model ONNX Runtime can run in {files.folder}, found: {error}"
        ) from error


def max_tokens_of(config: Mapping[str, Any], tokenizer_config: Mapping[str, Any]) -> int:
    """Return the most tokens the model reads, those around the text included."""
    places = number_of(config.get("max_position_embeddings", MAX_TOKENS), "max_position_embeddings")
    if config.get("model_type") in _OFFSET_FAMILIES:
        # This family counts positions from behind the padding token.
        places -= number_of(config.get("pad_token_id", 1), "pad_token_id") + 1
    stated = tokenizer_config.get("model_max_length", MAX_TOKENS)
    most = int(min(places, MAX_TOKENS, number_of(stated, "model_max_length")))
    if most < 3:
        raise ModelError(f"expected a model that reads at least 3 tokens, found {most}")
    return most


def number_of(value: object, name: str) -> int:
    """Return a whole number of the configuration."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0:
        raise ModelError(f"expected a number of at least 0 for {name!r}, found {value!r}")
    return int(min(value, 1 << 30))
