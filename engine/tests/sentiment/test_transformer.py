import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from cryptovolt.domain.errors import ConfigurationError, DataError, ModelError
from cryptovolt.domain.ports import TextScorer
from cryptovolt.sentiment.scorers import load_scorer
from cryptovolt.sentiment.transformer import TransformerScorer

# A classifier small enough to check by hand: the mean of word vectors, then one linear layer.
WORDS = ("[PAD]", "[CLS]", "[SEP]", "[UNK]", "good", "bad", "coin", "up", "down", "moon")
WIDTH = 4
CONFIG = {
    "model_type": "bert",
    "id2label": {"0": "positive", "1": "negative", "2": "neutral"},
    "max_position_embeddings": 12,
    "pad_token_id": 0,
}


def vectors() -> npt.NDArray[np.float32]:
    return np.random.default_rng(5).normal(size=(len(WORDS), WIDTH)).astype(np.float32)


def layer(n_labels: int = 3) -> npt.NDArray[np.float32]:
    return np.random.default_rng(6).normal(size=(WIDTH, n_labels)).astype(np.float32)


def make_model(n_labels: int = 3) -> onnx.ModelProto:
    ids, mask, kinds = (
        helper.make_tensor_value_info(name, TensorProto.INT64, ["n", "length"])
        for name in ("input_ids", "attention_mask", "token_type_ids")
    )
    nodes = [
        helper.make_node("Gather", ["vectors", "input_ids"], ["words"]),
        helper.make_node("Cast", ["attention_mask"], ["weights"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["weights", "last"], ["column"]),
        helper.make_node("Mul", ["words", "column"], ["kept"]),
        helper.make_node("ReduceSum", ["kept", "middle"], ["sum"], keepdims=0),
        helper.make_node("ReduceSum", ["weights", "middle"], ["count"], keepdims=1),
        helper.make_node("Div", ["sum", "count"], ["mean"]),
        helper.make_node("MatMul", ["mean", "layer"], ["logits"]),
    ]
    weights = [
        numpy_helper.from_array(vectors(), "vectors"),
        numpy_helper.from_array(layer(n_labels), "layer"),
        numpy_helper.from_array(np.array([2], dtype=np.int64), "last"),
        numpy_helper.from_array(np.array([1], dtype=np.int64), "middle"),
    ]
    logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", n_labels])
    graph = helper.make_graph(nodes, "toy", [ids, mask, kinds], [logits], weights)
    return helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8, producer_name="toy"
    )


def make_tokenizer() -> Tokenizer:
    tokenizer = Tokenizer(
        models.WordLevel({word: i for i, word in enumerate(WORDS)}, unk_token="[UNK]")
    )
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 1), ("[SEP]", 2)]
    )
    return tokenizer


def write_toy(folder: Path, *, model_file: str = "model.onnx", **config: object) -> Path:
    (folder / model_file).parent.mkdir(parents=True, exist_ok=True)
    (folder / model_file).write_bytes(make_model().SerializeToString())
    make_tokenizer().save(str(folder / "tokenizer.json"))
    (folder / "config.json").write_text(json.dumps({**CONFIG, **config}))
    return folder


def by_hand(text: str, max_tokens: int = 12) -> npt.NDArray[np.float64]:
    words = text.lower().split()[: max_tokens - 2]
    ids = [1, *(WORDS.index(w) if w in WORDS else 3 for w in words), 2]
    logits = vectors()[ids].astype(np.float64).mean(axis=0) @ layer().astype(np.float64)
    raised = np.exp(logits - logits.max())
    return raised / raised.sum()


TEXTS = ["good coin", "bad coin down down", "Moon", "unheard words", "up", "good " * 30]


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> TransformerScorer:
    return TransformerScorer.load(write_toy(tmp_path_factory.mktemp("toy")))


def test_probabilities_are_those_of_the_same_sums_by_hand(toy: TransformerScorer) -> None:
    expected = np.array([by_hand(text) for text in TEXTS])
    np.testing.assert_allclose(toy.probabilities(TEXTS), expected, atol=1e-6)


def test_a_score_is_positive_minus_negative(toy: TransformerScorer) -> None:
    expected = [by_hand(text)[0] - by_hand(text)[1] for text in TEXTS]
    np.testing.assert_allclose(toy.score(TEXTS), expected, atol=2e-6)


@settings(max_examples=30, deadline=None)
@given(
    texts=st.lists(
        st.lists(st.sampled_from(WORDS[4:]), min_size=0, max_size=15).map(" ".join), max_size=40
    )
)
def test_a_texts_score_does_not_depend_on_the_others(
    toy: TransformerScorer, texts: list[str]
) -> None:
    alone = [float(toy.score([text])[0]) for text in texts]
    np.testing.assert_allclose(toy.score(texts), alone, atol=2e-6)


def test_a_text_without_words_scores_zero(toy: TransformerScorer) -> None:
    assert toy.score(["", " \x00\u200b "]).tolist() == [0.0, 0.0]
    assert toy.score([]).shape == (0,)


def test_what_is_no_list_of_texts_is_refused(toy: TransformerScorer) -> None:
    with pytest.raises(DataError, match="in brackets"):
        toy.score("good")
    with pytest.raises(DataError, match="NoneType"):
        toy.score([None])  # type: ignore[list-item]


@pytest.mark.parametrize(
    ("labels", "given_labels"),
    [
        (("Bearish", "Neutral", "Bullish"), None),
        (("NEG", "neu", "Pos"), None),
        (
            ("LABEL_0", "LABEL_1", "LABEL_2"),
            {"LABEL_0": "negative", "LABEL_1": "neutral", "LABEL_2": "positive"},
        ),
    ],
)
def test_labels_are_read_by_what_they_mean(
    tmp_path: Path, labels: tuple[str, ...], given_labels: dict[str, str] | None
) -> None:
    named = {str(i): label for i, label in enumerate(labels)}
    scorer = TransformerScorer.load(write_toy(tmp_path, id2label=named), labels=given_labels)
    assert scorer.labels == ("negative", "neutral", "positive")
    p = by_hand("good coin")
    assert scorer.score(["good coin"])[0] == pytest.approx(p[2] - p[0], abs=2e-6)


BAD_CONFIGS = [
    ({"id2label": {"0": "LABEL_0", "1": "LABEL_1", "2": "LABEL_2"}}, "say what it means"),
    ({"id2label": {"0": "positive", "1": "neutral", "2": "neutral"}}, "one for negative"),
    ({"id2label": {"1": "positive", "2": "negative"}}, "numbered from 0"),
    ({"id2label": None}, "id2label"),
    ({"problem_type": "regression"}, "exclude each other"),
    ({"max_position_embeddings": "many"}, "max_position_embeddings"),
    ({"max_position_embeddings": 2}, "at least 3 tokens"),
    ({"id2label": {"0": "positive", "1": "negative"}}, "finite answers of shape"),
]


@pytest.mark.parametrize(("config", "sentence"), BAD_CONFIGS)
def test_a_configuration_that_makes_no_sense_is_refused(
    tmp_path: Path, config: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ModelError, match=sentence):
        TransformerScorer.load(write_toy(tmp_path, **config)).score(["good"])


def test_positions_of_the_roberta_family_begin_behind_the_padding_token(tmp_path: Path) -> None:
    folder = write_toy(tmp_path, model_type="roberta", max_position_embeddings=12, pad_token_id=1)
    assert TransformerScorer.load(folder).max_tokens == 10


def test_the_tokenizers_own_limit_counts_when_it_is_lower(tmp_path: Path) -> None:
    folder = write_toy(tmp_path)
    (folder / "tokenizer_config.json").write_text('{"model_max_length": 5}')
    scorer = TransformerScorer.load(folder)
    assert scorer.max_tokens == 5
    np.testing.assert_allclose(
        scorer.probabilities(["good " * 9])[0], by_hand("good " * 9, 5), atol=1e-6
    )


@pytest.mark.parametrize("name", ["onnx/model.onnx", "onnx/model_quantized.onnx"])
def test_the_model_is_found_where_the_hub_puts_it(tmp_path: Path, name: str) -> None:
    scorer = TransformerScorer.load(write_toy(tmp_path, model_file=name))
    assert scorer.score(["good"]).shape == (1,)


def test_the_hash_changes_with_any_file_and_with_the_labels(tmp_path: Path) -> None:
    first = TransformerScorer.load(write_toy(tmp_path / "a"))
    same = TransformerScorer.load(write_toy(tmp_path / "b"))
    assert first.hash == same.hash
    assert len(first.hash) == 64
    other = TransformerScorer.load(write_toy(tmp_path / "c", max_position_embeddings=11))
    flipped = TransformerScorer.load(
        tmp_path / "a", labels={"positive": "negative", "negative": "positive"}
    )
    assert len({first.hash, other.hash, flipped.hash}) == 3


def test_a_saved_scorer_is_read_back_through_the_one_door(tmp_path: Path) -> None:
    labels = {"LABEL_0": "negative", "LABEL_1": "neutral", "LABEL_2": "positive"}
    named = {str(i): name for i, name in enumerate(labels)}
    scorer = TransformerScorer.load(write_toy(tmp_path / "a", id2label=named), labels=labels)
    scorer.save(tmp_path / "b", provenance={"repository": "someone/toy"})
    again = load_scorer(tmp_path / "b")
    assert isinstance(again, TransformerScorer)
    assert (again.name, again.hash) == ("transformer", scorer.hash)
    np.testing.assert_array_equal(again.score(TEXTS), scorer.score(TEXTS))


@pytest.mark.parametrize("name", ["model.onnx", "config.json", "tokenizer.json"])
def test_a_file_changed_after_saving_is_refused(tmp_path: Path, name: str) -> None:
    TransformerScorer.load(write_toy(tmp_path / "a")).save(tmp_path / "b")
    path = tmp_path / "b" / name
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(ModelError, match="changed after it was saved"):
        load_scorer(tmp_path / "b")


def test_a_file_added_after_saving_is_refused(tmp_path: Path) -> None:
    TransformerScorer.load(write_toy(tmp_path / "a")).save(tmp_path / "b")
    (tmp_path / "b" / "tokenizer_config.json").write_text('{"model_max_length": 4}')
    with pytest.raises(ModelError, match="another content"):
        load_scorer(tmp_path / "b")


def test_a_pickle_is_refused_unopened(tmp_path: Path) -> None:
    (write_toy(tmp_path) / "model.onnx").unlink()
    # Opening it would write a file.
    proof = tmp_path / "executed"
    (tmp_path / "pytorch_model.bin").write_bytes(
        b"cos\nsystem\n(S'touch " + str(proof).encode() + b"'\ntR."
    )
    with pytest.raises(ModelError, match="export the model to ONNX"):
        TransformerScorer.load(tmp_path)
    assert not proof.exists()


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json", "config.json"])
def test_a_link_out_of_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    folder = write_toy(tmp_path / "toy")
    (folder / name).rename(tmp_path / "elsewhere")
    (folder / name).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ModelError, match="leads to another place"):
        TransformerScorer.load(folder)


def write_external(folder: Path, location: str) -> None:
    model = make_model()
    tensor = next(t for t in model.graph.initializer if t.name == "vectors")
    (folder / "weights.bin").write_bytes(tensor.raw_data)
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", location
    (folder / "model.onnx").write_bytes(model.SerializeToString())


def test_weights_beside_the_model_are_read_and_hashed(
    tmp_path: Path, toy: TransformerScorer
) -> None:
    write_external(write_toy(tmp_path / "a"), "weights.bin")
    scorer = TransformerScorer.load(tmp_path / "a")
    np.testing.assert_array_equal(scorer.score(TEXTS), toy.score(TEXTS))
    scorer.save(tmp_path / "b")
    np.testing.assert_array_equal(load_scorer(tmp_path / "b").score(TEXTS), toy.score(TEXTS))
    weights = tmp_path / "b" / "weights.bin"
    weights.write_bytes(weights.read_bytes()[::-1])
    with pytest.raises(ModelError, match="changed after it was saved"):
        load_scorer(tmp_path / "b")


@pytest.mark.parametrize(
    "location", ["../weights.bin", "/etc/hostname", "", "a\\..\\b", "file:///etc/hostname"]
)
def test_weights_outside_the_folder_are_refused(tmp_path: Path, location: str) -> None:
    folder = write_toy(tmp_path / "toy")
    write_external(folder, location)
    (folder / "weights.bin").replace(tmp_path / "weights.bin")
    with pytest.raises(ModelError, match=r"leads to another place|found the location"):
        TransformerScorer.load(folder)


def test_weights_outside_are_found_inside_a_branch_too(tmp_path: Path) -> None:
    folder = write_toy(tmp_path)
    hidden = numpy_helper.from_array(np.ones(1, dtype=np.float32), "hidden")
    hidden.ClearField("raw_data")
    hidden.data_location = TensorProto.EXTERNAL
    entry = hidden.external_data.add()
    entry.key, entry.value = "location", "../../secret"
    branch = helper.make_graph([], "branch", [], [], [hidden])
    model = make_model()
    node = helper.make_node("If", ["c"], ["d"], then_branch=branch, else_branch=branch)
    model.graph.node.append(node)
    (folder / "model.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(ModelError, match="leads to another place"):
        TransformerScorer.load(folder)


def test_a_model_that_measures_its_batch_is_asked_text_by_text(tmp_path: Path) -> None:
    folder = write_toy(tmp_path)
    model = make_model()
    model.graph.node[-1].output[0] = "raw"
    model.graph.node.extend(
        [
            helper.make_node("DynamicQuantizeLinear", ["raw"], ["q", "scale", "zero"]),
            helper.make_node("DequantizeLinear", ["q", "scale", "zero"], ["logits"]),
        ]
    )
    (folder / "model.onnx").write_bytes(model.SerializeToString())
    scorer = TransformerScorer.load(folder)
    alone = [float(scorer.score([text])[0]) for text in TEXTS]
    assert scorer.score(TEXTS).tolist() == alone


@pytest.mark.parametrize("content", [b"", b"\x00", b"<html>", b"\xff" * 64, b"\x3a\xff\x01"])
def test_bytes_that_are_no_model_are_refused(tmp_path: Path, content: bytes) -> None:
    folder = write_toy(tmp_path)
    (folder / "model.onnx").write_bytes(content)
    with pytest.raises(ModelError, match="expected an ONNX model"):
        TransformerScorer.load(folder)


@settings(max_examples=60, deadline=None)
@given(data=st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    from cryptovolt.sentiment.transformer_onnx import read_onnx_content

    try:
        read_onnx_content(data)
    except ModelError:
        return
    assert data


def test_operators_are_those_the_onnx_package_reads() -> None:
    from cryptovolt.sentiment.transformer_onnx import read_onnx_content

    model = make_model()
    found = read_onnx_content(model.SerializeToString())
    assert found.operators == {node.op_type for node in model.graph.node}
    assert found.locations == frozenset()
    assert onnx.load_from_string(model.SerializeToString()).graph.name == "toy"


def test_a_model_of_something_else_is_refused(tmp_path: Path) -> None:
    folder = write_toy(tmp_path)
    model = make_model()
    extra = helper.make_tensor_value_info("pixel_values", TensorProto.FLOAT, ["n"])
    model.graph.input.append(extra)
    (folder / "model.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(ModelError, match="pixel_values"):
        TransformerScorer.load(folder)


@pytest.mark.parametrize("name", ["tokenizer.json", "config.json"])
def test_a_file_that_is_no_json_is_refused(tmp_path: Path, name: str) -> None:
    folder = write_toy(tmp_path)
    (folder / name).write_text("<html>not found</html>")
    with pytest.raises(ModelError, match="expected"):
        TransformerScorer.load(folder)


@pytest.mark.parametrize("name", ["tokenizer.json", "config.json", "model.onnx"])
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    folder = write_toy(tmp_path)
    (folder / name).unlink()
    with pytest.raises(ModelError, match=name):
        TransformerScorer.load(folder)


def test_a_missing_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    with pytest.raises(ModelError, match=r"cryptovolt\[nlp\]"):
        TransformerScorer.load(write_toy(tmp_path))


@pytest.mark.parametrize("setting", [{"n_threads": 0}, {"batch_size": 0}])
def test_numbers_below_one_are_refused(tmp_path: Path, setting: dict[str, int]) -> None:
    with pytest.raises(ConfigurationError, match="at least 1"):
        TransformerScorer.load(write_toy(tmp_path), **setting)  # type: ignore[arg-type]


def test_it_is_a_scorer_like_the_others(toy: TransformerScorer) -> None:
    scorer: TextScorer = toy
    assert scorer.name == "transformer"


def test_the_manifest_names_every_file_with_its_sha256(tmp_path: Path) -> None:
    TransformerScorer.load(write_toy(tmp_path / "a")).save(tmp_path / "b")
    manifest = json.loads((tmp_path / "b" / "manifest.json").read_text())
    assert manifest["kind"] == "transformer"
    for name, digest in manifest["files"].items():
        assert hashlib.sha256((tmp_path / "b" / name).read_bytes()).hexdigest() == digest


def test_a_folder_as_the_hub_lays_it_out_needs_no_manifest(tmp_path: Path) -> None:
    scorer = load_scorer(write_toy(tmp_path))
    assert scorer.hash == TransformerScorer.load(tmp_path).hash
