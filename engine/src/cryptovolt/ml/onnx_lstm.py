"""An LSTM as an ONNX graph: from a window of features to a log return.

The graph is written from the weights, node by node, so that the same weights give the same bytes.
It holds the scales too: who has the file needs nothing else. One window at a time goes in, because
matrix products of other shapes have other last bits.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.errors import ModelError
from cryptovolt.ml.forecaster_scaling import CUT, Scaling
from cryptovolt.ml.lstm_settings import Weights

INPUT, OUTPUT = "window", "log_return"
OPSET, IR_VERSION = 17, 9


def lstm_graph(weights: Weights, scaling: Scaling, n_steps: int) -> bytes:
    """Return an ONNX model that takes float64 of shape ``(n_steps, n_features)``, gives ``(1,)``.

    Parameters
    ----------
    weights : mapping
        As PyTorch orders them.
    scaling : Scaling
        Of inputs and target.
    n_steps : int
        Rows of a window.

    Returns
    -------
    bytes

    Raises
    ------
    ModelError
        If the package `onnx` is not installed.
    """
    try:
        from onnx import TensorProto, helper, numpy_helper  # noqa: PLC0415 - for training only
    except ImportError as error:
        raise ModelError(
            "expected the package onnx to store an LSTM, found it is not installed; install "
            "cryptovolt[torch] (a model that is already trained needs no onnx)"
        ) from error
    make: Any = helper
    graph = make.make_graph(
        _nodes(make, weights["weight_hh"].shape[1], int(TensorProto.FLOAT)),
        "lstm",
        [make.make_tensor_value_info(INPUT, TensorProto.DOUBLE, [n_steps, scaling.centre.size])],
        [make.make_tensor_value_info(OUTPUT, TensorProto.DOUBLE, [1])],
        [numpy_helper.from_array(array, name) for name, array in _constants(weights, scaling)],
    )
    model = make.make_model(
        graph, opset_imports=[make.make_opsetid("", OPSET)], ir_version=IR_VERSION
    )
    return bytes(model.SerializeToString(deterministic=True))


def _nodes(make: Any, hidden: int, single: int) -> list[Any]:
    return [
        make.make_node("Sub", [INPUT, "centre"], ["centred"]),
        make.make_node("Mul", ["centred", "per_scale"], ["scaled"]),
        make.make_node("Clip", ["scaled", "lowest", "highest"], ["cut"]),
        make.make_node("Cast", ["cut"], ["single"], to=single),
        make.make_node("Unsqueeze", ["single", "batch_axis"], ["steps"]),
        make.make_node("LSTM", ["steps", "w", "r", "b"], ["", "last"], hidden_size=hidden),
        make.make_node("Reshape", ["last", "flat"], ["state"]),
        make.make_node("MatMul", ["state", "head"], ["dot"]),
        make.make_node("Add", ["dot", "head_bias"], ["said"]),
        make.make_node("Cast", ["said"], ["double"], to=_DOUBLE),
        make.make_node("Mul", ["double", "target_scale"], ["unscaled"]),
        make.make_node("Add", ["unscaled", "target_centre"], [OUTPUT]),
    ]


_DOUBLE = 11


def _constants(weights: Weights, scaling: Scaling) -> list[tuple[str, npt.NDArray[Any]]]:
    bias = np.concatenate([_gates(weights["bias_ih"]), _gates(weights["bias_hh"])])
    return [
        ("centre", scaling.centre),
        ("per_scale", 1.0 / scaling.scale),
        ("lowest", np.array(-CUT)),
        ("highest", np.array(CUT)),
        ("batch_axis", np.array([1], np.int64)),
        ("w", _gates(weights["weight_ih"])[None]),
        ("r", _gates(weights["weight_hh"])[None]),
        ("b", bias[None]),
        ("flat", np.array([-1], np.int64)),
        ("head", np.ascontiguousarray(weights["head_weight"][0])),
        ("head_bias", weights["head_bias"]),
        ("target_scale", np.array([scaling.target_scale])),
        ("target_centre", np.array([scaling.target_centre])),
    ]


def _gates(array: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    # PyTorch: input, forget, cell, output. ONNX: input, output, forget, cell.
    into, forget, cell, out = np.split(array, 4)
    return np.concatenate([into, out, forget, cell])


class OnnxWindows:
    """ONNX Runtime asked one window at a time, so that a window has the same bits everywhere.

    Parameters
    ----------
    graph : bytes
        From :func:`lstm_graph`.

    Raises
    ------
    ModelError
        If the bytes are no such graph.
    """

    def __init__(self, graph: bytes) -> None:
        import onnxruntime  # noqa: PLC0415 - start-up stays fast without it

        runtime: Any = onnxruntime
        options = runtime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            session = runtime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
            inputs, outputs = session.get_inputs(), session.get_outputs()
        except Exception as error:
            # The runtime's errors share no narrower base.
            raise ModelError(
                "expected a forecaster as an ONNX graph, found bytes that ONNX Runtime refuses"
            ) from error
        if [one.name for one in inputs] != [INPUT] or [one.name for one in outputs] != [OUTPUT]:
            raise ModelError("expected the ONNX graph of a forecaster, found another graph")
        self._session = session
        self.n_steps, self.n_features = (int(size) for size in inputs[0].shape)

    def one(self, window: FloatArray) -> float:
        """Return the log return for one C-contiguous float64 window."""
        return float(self._session.run(None, {INPUT: window})[0][0])
