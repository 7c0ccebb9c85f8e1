from __future__ import annotations

import json

import pytest
from PIL import Image

from backends.runtime.endpoints import INLINE_BODY_BYTES, build_endpoint, read_json
from backends.runtime.errors import Problem, RequestError, StartError

FORM = "multipart/form-data; boundary=B"
JSON = "application/json"


@pytest.mark.parametrize(
    "body", [b"", b"  ", b"{", b"[NaN]", b"[Infinity]", b"[1e400]", b"\xff", b"[1,]", b"[" * 5000]
)
def test_what_is_not_json_is_refused(body):
    with pytest.raises(RequestError) as caught:
        read_json(body)
    assert caught.value.problem is Problem.BAD_BODY


def work(job, model):
    """The answer to a job, computed by itself."""
    call = job.read()
    return json.loads(call.answer(model.run(call.feeds, call.names)))


@pytest.fixture
def classify(load, an_api, rows_of):
    api = an_api(
        rows_of("req_data", a="number", b="number"),
        rows_of("resp_data", predictresult="string", probability="number"),
    )
    model = load("classifier2")
    endpoint = build_endpoint(api, model)
    return lambda body: work(endpoint.plan(JSON, json.dumps(body).encode()), model)


def test_rows_in_json_are_answered_in_json(classify):
    body = {"data": {"req_data": [{"a": 0, "b": 0}, {"a": -9, "b": 9}]}}
    assert classify(body) == {
        "data": {
            "resp_data": [
                {"predictresult": "no", "probability": 0.5},
                {"predictresult": "yes", "probability": 1.0},
            ]
        }
    }


@pytest.mark.parametrize(
    ("meta", "echoed"), [({"uuid": "u-1", "x": 1}, {"uuid": "u-1"}), ({}, None)]
)
def test_the_uuid_of_the_envelope_comes_back(classify, meta, echoed):
    got = classify({"meta": meta, "data": {"req_data": [{"a": 0, "b": 0}]}})
    assert got.get("meta") == echoed


@pytest.mark.parametrize(("meta", "named"), [(1, "'meta'"), ({"uuid": 1}, "meta.uuid")])
def test_an_envelope_of_another_type_is_refused(classify, meta, named):
    with pytest.raises(RequestError, match=named):
        classify({"meta": meta, "data": {"req_data": [{"a": 0, "b": 0}]}})


def test_a_model_that_computes_no_number_is_our_failure_in_a_declared_answer(load, an_api, rows_of):
    rows = rows_of("req_data", a="number", b="number")
    api = an_api(rows, rows_of("resp_data", probability="number"))
    job = build_endpoint(api, load("log2")).plan(JSON, b'{"data":{"req_data":[{"a":-1,"b":1}]}}')
    with pytest.raises(RequestError) as caught:
        work(job, load("log2"))
    assert caught.value.problem is Problem.BAD_RESULT


def test_a_model_that_computes_no_number_gives_null_by_name(load, an_api):
    job = build_endpoint(an_api(), load("log2")).plan(JSON, b'{"x":[[-1,1]]}')
    assert work(job, load("log2")) == {"data": {"y": [[None, 0.0]]}}


def test_only_large_bodies_are_heavy(load, an_api):
    endpoint = build_endpoint(an_api(), load("mean4"))
    assert not endpoint.plan(JSON, b" " * INLINE_BODY_BYTES).heavy
    assert endpoint.plan(JSON, b" " * (INLINE_BODY_BYTES + 1)).heavy


@pytest.fixture
def picture(load, an_api):
    schema = {"type": "object", "properties": {"images": {"type": "file"}}}
    answer = {"type": "object", "properties": {"pixels": {"type": "array"}}}
    return build_endpoint(an_api(schema, answer), load("pixels_bgr"))


def test_a_picture_reaches_the_model_as_its_metadata_says(picture, load, form, png):
    job = picture.plan(FORM, form(("images", png(color=(1, 2, 3))), ("note", b"ignored")))
    assert not job.heavy
    blue, green, red = work(job, load("pixels_bgr"))["pixels"]
    assert (blue[0][0], green[0][0], red[0][0]) == (3, 2, 1)


def test_large_pictures_and_large_bodies_are_heavy_and_work(picture, load, form, png):
    for image in (Image.new("RGB", (400, 400)), Image.effect_noise((600, 600), 100)):
        body = form(("images", png(image)))
        job = picture.plan(FORM, body)
        assert job.heavy
        assert len(work(job, load("pixels_bgr"))["pixels"]) == 3


@pytest.mark.parametrize(
    ("names", "problem", "text"),
    [
        ([], Problem.MISSING, "'images'; came: nothing"),
        (["image"], Problem.MISSING, "'images'; came: 'image'"),
        (["images", "images"], Problem.REPEATED, "2 files came under the key 'images'"),
    ],
)
def test_a_form_without_just_one_file_is_refused_naming_the_key(
    picture, form, png, names, problem, text
):
    with pytest.raises(RequestError, match=text) as caught:
        picture.plan(FORM, form(*[(name, png()) for name in names]))
    assert caught.value.problem is problem


@pytest.mark.parametrize(("files", "model"), [(("a", "b"), "pixels_bgr"), (("a",), "columns")])
def test_an_api_of_files_needs_one_file_and_one_input(load, an_api, files, model):
    schema = {"type": "object", "properties": {name: {"type": "file"} for name in files}}
    with pytest.raises(StartError, match="input"):
        build_endpoint(an_api(schema), load(model))
