from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from backends.runtime.errors import Problem, RequestError, StartError
from backends.runtime.images import image_input, read_image
from backends.runtime.tensors import TensorInfo


@pytest.fixture
def convert(an_api):
    """A picture file to the array that an input of this shape and metadata gets."""
    api = an_api({"type": "object", "properties": {"images": {"type": "file"}}})

    def build(data, *shape, dtype="float32", **metadata):
        properties = {f"Image.{key}": value for key, value in metadata.items()}
        image = image_input(TensorInfo("image", dtype, shape), properties, api)
        return image.to_array(read_image(data))

    return build


def test_colours_come_in_the_models_order_and_layout(convert, png):
    data = png(color=(10, 20, 30))
    rgb = convert(data, "N", 3, 2, 4)
    assert rgb.shape == (1, 3, 2, 4)
    assert rgb[0, :, 0, 0].tolist() == [10, 20, 30]
    bgr = convert(data, 1, 3, 2, 4, BitmapPixelFormat="Bgr8")
    assert bgr[0, :, 1, 3].tolist() == [30, 20, 10]
    last = convert(data, "N", 2, 4, 3)
    assert last.shape == (1, 2, 4, 3)
    assert last[0, 0, 0].tolist() == [10, 20, 30]
    assert last.flags.c_contiguous


@pytest.mark.parametrize(
    ("nominal", "low", "high"),
    [("NominalRange_0_255", 0, 255), ("Normalized_0_1", 0, 1), ("Normalized_1_1", -1, 1)],
)
def test_values_fill_the_models_range(convert, png, nominal, low, high):
    image = Image.new("L", (2, 1))
    image.putdata([0, 255])
    array = convert(png(image), 1, 1, 1, 2, NominalPixelRange=nominal)
    assert array.dtype == np.float32
    assert array.ravel() == pytest.approx([low, high], abs=1e-6)


def test_bytes_stay_bytes(convert, png):
    array = convert(png(color=(1, 2, 3)), "N", "H", "W", 3, dtype="uint8")
    assert (array.dtype, array.shape) == (np.uint8, (1, 2, 4, 3))


@pytest.mark.parametrize(
    ("mode", "colour", "expected"),
    [("RGB", (255, 255, 255), 255), ("L", 7, 7), ("1", 1, 255), ("LA", (9, 0), 9), ("P", 0, 0)],
)
def test_every_mode_becomes_grey(convert, png, mode, colour, expected):
    array = convert(png(mode=mode, color=colour), 1, 1, 2, 4)
    assert array.ravel().tolist() == [expected] * 8


def test_sixteen_bits_are_scaled_not_clipped(convert, png):
    image = Image.fromarray(np.full((2, 4), 0x80FF, np.uint16))
    assert set(convert(png(image), 1, 1, 2, 4).ravel().tolist()) == {0x80}


def test_a_picture_of_another_size_is_resized(convert, png):
    assert convert(png(size=(100, 7)), 1, 3, 2, 4).shape == (1, 3, 2, 4)


def header_only_png(width, height):
    def chunk(kind, data):
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize("size", [(8001, 8000), (60_000, 60_000)])
def test_a_decompression_bomb_is_refused_by_its_header(size):
    with pytest.raises(RequestError, match="pixels") as caught:
        read_image(header_only_png(*size))
    assert caught.value.problem is Problem.TOO_LARGE


@pytest.mark.parametrize("data", [b"", b"GIF89a", b"%PDF-1.7", b"\x89PNG\r\n\x1a\n"])
def test_what_is_no_picture_is_refused(data):
    with pytest.raises(RequestError, match="cannot be read as a picture") as caught:
        read_image(data)
    assert caught.value.problem is Problem.UNREADABLE_IMAGE


def test_a_damaged_picture_is_refused_at_every_cut(convert, png):
    data = png(Image.effect_noise((16, 16), 80))
    for end in range(40, len(data) - 20, 7):
        with pytest.raises(RequestError, match="cannot be read as a picture"):
            convert(data[:end], 1, 1, 16, 16)


@pytest.mark.parametrize(
    ("shape", "dtype", "metadata", "named"),
    [
        (("N", 784), "float32", {}, "4 dimensions"),
        ((8, 3, 4, 4), "float32", {}, "4 dimensions"),
        (("N", 4, 4, 4), "float32", {}, "channels"),
        (("N", 3, 4, 4), "float32", {"BitmapPixelFormat": "Gray8"}, "Gray8"),
        (("N", 3, 4, 4), "float32", {"BitmapPixelFormat": "Cmyk8"}, "Cmyk8"),
        (("N", 3, 4, 4), "float32", {"NominalPixelRange": "NominalRange_16_235"}, "16_235"),
        (("N", 3, 4, 4), "uint8", {"NominalPixelRange": "Normalized_0_1"}, "uint8"),
        (("N", 3, 4, 4), "string", {}, "string"),
    ],
)
def test_an_input_that_takes_no_pictures_is_refused_at_start(
    convert, png, shape, dtype, metadata, named
):
    with pytest.raises(StartError, match=named) as caught:
        convert(png(), *shape, dtype=dtype, **metadata)
    assert "'images'" in caught.value.where
    assert "'image'" in caught.value.why
