"""Fetching models from a hub on loopback that answers as the real one; nothing leaves this host."""

import hashlib
import json
import socket
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer, models, pre_tokenizers

from cryptovolt.domain.errors import ConfigurationError, ModelError, TransientError
from cryptovolt.sentiment.scorers import load_scorer
from cryptovolt.sentiment.transformer_hub import fetch_transformer

COMMIT = "a" * 40
FILES: dict[str, bytes] = {}


class Hub(BaseHTTPRequestHandler):
    asked: list[str] = []  # noqa: RUF012 - one server at a time

    def do_HEAD(self) -> None:
        self.answer(body=False)

    def do_GET(self) -> None:
        self.answer(body=True)

    def answer(self, *, body: bool) -> None:
        start = f"/someone/toy/resolve/{COMMIT}/"
        if not self.path.startswith("/someone/toy/"):
            return self.refuse("RepoNotFound")
        if not self.path.startswith(start):
            return self.refuse("RevisionNotFound")
        name = self.path.removeprefix(start)
        if name not in FILES:
            return self.refuse("EntryNotFound")
        self.asked.append(name)
        self.send_response(200)
        self.send_header("ETag", f'"{hashlib.sha256(FILES[name]).hexdigest()}"')
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("Content-Length", str(len(FILES[name])))
        self.end_headers()
        if body:
            self.wfile.write(FILES[name])
        return None

    def refuse(self, code: str) -> None:
        self.send_response(404)
        self.send_header("X-Error-Code", code)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


def toy_files(model_file: str = "onnx/model.onnx") -> dict[str, bytes]:
    ids = helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["n", "length"])
    logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", 2])
    nodes = [
        helper.make_node("Gather", ["table", "input_ids"], ["rows"]),
        helper.make_node("ReduceMax", ["rows"], ["logits"], axes=[1], keepdims=0),
    ]
    table = numpy_helper.from_array(np.array([[0, 0], [3, 0], [0, 3]], dtype=np.float32), "table")
    graph = helper.make_graph(nodes, "toy", [ids], [logits], [table])
    opset = [helper.make_opsetid("", 17)]
    tokenizer = Tokenizer(models.WordLevel({"[UNK]": 0, "up": 1, "down": 2}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    config = {"id2label": {"0": "Bullish", "1": "Bearish"}}
    return {
        model_file: helper.make_model(graph, opset_imports=opset, ir_version=8).SerializeToString(),
        "tokenizer.json": tokenizer.to_str().encode(),
        "config.json": json.dumps(config).encode(),
        "pytorch_model.bin": b"never asked for",
    }


@pytest.fixture
def hub() -> Iterator[str]:
    FILES.clear()
    FILES.update(toy_files())
    Hub.asked.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_fetched_model_scores_and_records_where_it_is_from(hub: str, tmp_path: Path) -> None:
    folder = fetch_transformer("someone/toy", COMMIT, folder=tmp_path, endpoint=hub)
    score = load_scorer(folder).score(["up", "down", "other"])
    tilt = np.tanh(1.5)  # softmax of (3, 0)
    np.testing.assert_allclose(score, [tilt, -tilt, 0.0], atol=1e-6)
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["provenance"] == {"repository": "someone/toy", "revision": COMMIT}
    assert "pytorch_model.bin" not in Hub.asked
    assert [path.name for path in tmp_path.iterdir()] == [folder.name]


def test_what_is_there_is_not_fetched_again(hub: str, tmp_path: Path) -> None:
    first = fetch_transformer("someone/toy", COMMIT, folder=tmp_path, endpoint=hub)
    Hub.asked.clear()
    assert fetch_transformer("someone/toy", COMMIT, folder=tmp_path, endpoint=hub) == first
    assert Hub.asked == []


def test_a_repository_without_onnx_is_refused_and_leaves_nothing(hub: str, tmp_path: Path) -> None:
    del FILES["onnx/model.onnx"]
    with pytest.raises(ModelError, match="exported to ONNX"):
        fetch_transformer("someone/toy", COMMIT, folder=tmp_path, endpoint=hub)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("name", "commit"), [("no/such", COMMIT), ("someone/toy", "b" * 40)])
def test_an_unknown_model_or_commit_is_named(
    hub: str, tmp_path: Path, name: str, commit: str
) -> None:
    with pytest.raises(ModelError, match=f"{name} at commit {commit[:12]}"):
        fetch_transformer(name, commit, folder=tmp_path, endpoint=hub)


def test_being_offline_is_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(TransientError, match="fetch again when online"):
        fetch_transformer(
            "someone/toy", COMMIT, folder=tmp_path, endpoint=f"http://127.0.0.1:{port}"
        )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "commit"), [("toy", COMMIT), ("../toy", COMMIT), ("a/b", "main"), ("a/b/c", COMMIT)]
)
def test_a_branch_or_a_name_of_another_form_is_refused(
    tmp_path: Path, name: str, commit: str
) -> None:
    with pytest.raises(ConfigurationError, match="expected"):
        fetch_transformer(name, commit, folder=tmp_path)


def test_a_missing_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(ModelError, match=r"cryptovolt\[nlp\]"):
        fetch_transformer("someone/toy", COMMIT, folder=tmp_path)
