from __future__ import annotations

import shutil

import pytest

from backends.runtime.errors import StartError
from backends.runtime.package import read_package


def test_the_only_onnx_file_is_the_model(package):
    found = read_package(package({}))
    assert found.model_file.name == "mean4.onnx"
    assert [api.url for api in found.apis] == ["/"]


def test_one_of_several_models_is_chosen_by_model_file(package):
    directory = package({"model_file": "mean4.onnx"})
    shutil.copy(directory / "model" / "mean4.onnx", directory / "model" / "other.onnx")
    assert read_package(directory).model_file.name == "mean4.onnx"


def test_several_models_without_a_choice_are_refused_by_name(package):
    directory = package({})
    shutil.copy(directory / "model" / "mean4.onnx", directory / "model" / "other.onnx")
    with pytest.raises(StartError, match=r"mean4\.onnx, other\.onnx.*model_file"):
        read_package(directory)


@pytest.mark.parametrize("named", ["missing.onnx", "../model/mean4.onnx", 5])
def test_a_choice_that_is_no_file_beside_it_is_refused(package, named):
    with pytest.raises(StartError, match="model_file"):
        read_package(package({"model_file": named}))


def test_a_package_without_configuration_is_refused(tmp_path):
    with pytest.raises(StartError, match=r"model/config\.json: there is no such file"):
        read_package(tmp_path)


def test_a_package_without_model_is_refused(package):
    directory = package({})
    (directory / "model" / "mean4.onnx").unlink()
    with pytest.raises(StartError, match=r"no \.onnx file"):
        read_package(directory)


def test_broken_json_is_refused_with_its_line(package):
    with pytest.raises(StartError, match="line 3"):
        read_package(package('{\n"apis": [],\n}'))


@pytest.mark.parametrize("text", ["[" * 100_000, "\ud800"])
def test_json_that_no_parser_takes_is_refused(package, text):
    directory = package("{}")
    (directory / "model" / "config.json").write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(StartError, match="not valid JSON"):
        read_package(directory)
