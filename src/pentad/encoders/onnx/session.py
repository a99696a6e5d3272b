"""One ONNX model, opened with one thread a run, and its complaints cut to a line."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from numpy.typing import NDArray

from pentad.core.errors import InputError, UnknownName
from pentad.encoders.onnx.card import OnnxCard
from pentad.encoders.onnx.device import CPU, Provider, providers_for

Feed = Mapping[str, NDArray[Any]]
_ERRORS_ONLY = 3
_PREFIX = re.compile(r"^\[ONNXRuntimeError\] : \d+ : [A-Z_]+ : ")


class Session:
    """A model ready to run.

    One run uses one thread. Measured on two cores, two runs side by side were faster than one run
    on both, and the result of a run then cannot depend on how many cores there are.

    Attributes:
        on_cpu: Whether it runs on the CPU.
    """

    def __init__(self, card: OnnxCard, device: str = "cpu") -> None:
        providers = providers_for(device)
        self._card = card
        self.on_cpu = providers[0][0] == CPU
        self._session = _opened(card, providers)
        self._types = {node.name: node.type for node in self._session.get_inputs()}
        self._shapes = {node.name: list(node.shape) for node in self._session.get_inputs()}
        self._outputs = [node.name for node in self._session.get_outputs()]
        self._check_names()

    def run(self, names: Sequence[str], feed: Feed) -> list[NDArray[Any]]:
        """Return the outputs ``names`` for one feed."""
        try:
            return list(self._session.run(list(names), dict(feed)))
        except Exception as error:  # onnxruntime raises bare Exception subclasses of its own
            raise InputError(f"cannot be run: {one_line(error)}", file=self._card.model) from None

    def shape(self, name: str) -> list[int | str | None]:
        """Return the shape of an input as the graph declares it: numbers where it is fixed."""
        return list(self._shapes[name])

    def wants_int32(self, name: str) -> bool:
        """Whether an input takes 32-bit whole numbers."""
        return bool(self._types[name] == "tensor(int32)")

    def _check_names(self) -> None:
        card = self._card
        if set(card.values["inputs"]) != set(self._types):
            raise card.error(
                "does not match the model's inputs",
                "inputs",
                expected=sorted(self._types),
                seen=sorted(card.values["inputs"]),
            )
        for key in ("output", "class_output"):
            name = card.values[key]
            if name is not None and name not in self._outputs:
                reason = UnknownName("output", name, self._outputs)
                raise card.error(f"the model has no such output: {reason}", key)


def _opened(card: OnnxCard, providers: list[Provider]) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = _ERRORS_ONLY
    try:
        session = onnxruntime.InferenceSession(str(card.model), options, providers=providers)
    except Exception as error:  # onnxruntime raises bare Exception subclasses of its own
        raise InputError(f"cannot be opened: {one_line(error)}", file=card.model) from None
    if providers[0][0] not in session.get_providers():  # it falls back to the CPU without an error
        raise InputError(
            f"onnxruntime cannot use its {providers[0][0]} here; are CUDA and cuDNN installed?",
            file=card.model,
            expected="device cpu",
        )
    return session


def one_line(error: Exception) -> str:
    """Return the first line of an onnxruntime message, without its codes."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return _PREFIX.sub("", lines[0])[:200]
