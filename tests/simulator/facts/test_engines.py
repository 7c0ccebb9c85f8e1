"""The documented engines and their environments."""

from __future__ import annotations

import pytest

from simulator.facts.engines import ENGINES, Engine, ImageSource, RequestMode
from simulator.modelarts.rules.model import MODEL_TYPES

RUNTIMES = [(engine.name, runtime) for engine in ENGINES for runtime in engine.runtimes]


def test_every_engine_is_a_model_type_and_stands_once() -> None:
    names = [engine.name for engine in ENGINES]
    assert len(set(names)) == len(names)
    assert set(names) <= set(MODEL_TYPES)


@pytest.mark.parametrize("engine", ENGINES, ids=lambda engine: engine.name)
def test_an_environment_stands_once_in_an_engine(engine: Engine) -> None:
    names = [runtime.name for runtime in engine.runtimes]
    assert len(set(names)) == len(names)


def test_unified_names_say_what_the_fields_say() -> None:
    unified = [one for _, one in RUNTIMES if one.image is ImageSource.UNIFORM]
    assert len(unified) >= 10
    for runtime in unified:
        assert runtime.arch in runtime.name
        assert (runtime.accelerator.type == "npu") <= ("-cann_" in runtime.name)
    assert all(runtime.arch == "x86_64" for _, runtime in RUNTIMES if runtime not in unified)


def test_only_an_environment_that_is_named_so_answers_later() -> None:
    later = [one.name for _, one in RUNTIMES if one.mode is RequestMode.ASYNC]
    assert later == ["tf1.13-python3.7-gpu-async"]


def test_the_documents_own_example_of_a_name_is_there() -> None:
    assert ("PyTorch", "pytorch_1.8.0-cuda_10.2-py_3.7-ubuntu_18.04-x86_64") in {
        (engine, runtime.name) for engine, runtime in RUNTIMES
    }
