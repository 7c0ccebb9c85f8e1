from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest

from backends.runtime import model as module
from backends.runtime.errors import Problem, RequestError, StartError
from backends.runtime.model import load_model

MODELS = Path(__file__).parent / "models"


def test_loading_logs_provider_inputs_and_outputs(capsys):
    model = load_model(MODELS / "mean4.onnx", threads=2)
    out = capsys.readouterr().out
    assert "mean4.onnx (111 bytes)" in out
    assert "computing on CPU (CPUExecutionProvider), 2 thread(s)" in out
    assert "input 'x' float32 (N, 4)" in out
    assert "output 'y' float32 (N, 1)" in out
    assert (model.name, model.provider) == ("mean4", "CPUExecutionProvider")


def test_it_computes(load):
    (y,) = load("mean4").run({"x": np.array([[1, 2, 3, 6]], np.float32)})
    assert y.tolist() == [[3.0]]


def test_only_asked_outputs_are_computed(load):
    values = load("classifier2").run({"x": np.zeros((1, 2), np.float32)}, ["label"])
    assert [value.tolist() for value in values] == [[0]]


def test_short_calls_are_told_from_long_ones(load):
    assert not load("mean4").is_slow
    assert load("slow").is_slow


def test_a_model_that_refuses_zeros_counts_as_slow(load, monkeypatch, capsys):
    monkeypatch.setattr(module, "RUN_ERRORS", (Exception,))

    class Refusing:
        def __getattr__(self, name):
            return getattr(load("mean4")._session, name)

        def run(self, names, feeds):
            raise ValueError("no zeros")

    model = module.Model(Refusing(), "m")
    assert model.call_s is None
    assert model.is_slow
    assert "no zeros" in capsys.readouterr().out


def test_values_the_model_cannot_compute_with_are_the_callers_mistake(load):
    with pytest.raises(RequestError) as caught:
        load("lookup").run({"index": np.array([9])})
    assert caught.value.problem is Problem.WRONG_SHAPE


@pytest.mark.parametrize("content", [b"", b"not a model", b"\x08\x08" * 30])
def test_a_damaged_file_is_refused(tmp_path, content):
    path = tmp_path / "broken.onnx"
    path.write_bytes(content)
    with pytest.raises(StartError, match=r"cannot load the model: .*broken\.onnx: ONNX Runtime"):
        load_model(path, threads=1)


def test_a_gpu_that_fails_gives_way_to_the_cpu_saying_why(monkeypatch, capsys):
    real = ort.InferenceSession

    def session(path, options, providers):
        if providers[0] == module.CUDA:
            raise RuntimeError("no CUDA-capable device is detected")
        return real(path, options, providers=providers)

    monkeypatch.setattr(ort, "get_available_providers", lambda: [module.CUDA, module.CPU])
    monkeypatch.setattr(ort, "InferenceSession", session)
    load_model(MODELS / "mean4.onnx", threads=1)
    out = capsys.readouterr().out
    assert "computing on CPU" in out
    assert "no CUDA-capable device" in out


def test_a_gpu_that_is_left_unused_in_silence_is_not_called_a_gpu(monkeypatch, capsys):
    real = ort.InferenceSession
    monkeypatch.setattr(ort, "get_available_providers", lambda: [module.CUDA, module.CPU])
    monkeypatch.setattr(
        ort,
        "InferenceSession",
        lambda path, options, providers: real(path, options, ["CPUExecutionProvider"]),
    )
    load_model(MODELS / "mean4.onnx", threads=1)
    assert "could not use the GPU" in capsys.readouterr().out
