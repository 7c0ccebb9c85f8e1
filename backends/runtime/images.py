"""Picture files to model inputs, as the model's own metadata says.

ONNX's image metadata: `Image.BitmapPixelFormat` (Gray8, Rgb8, Bgr8; by default what the number of
channels suggests) and `Image.NominalPixelRange` (NominalRange_0_255, the default; Normalized_0_1;
Normalized_1_1). Source: ONNX specification, MetadataProps. A picture is resized to the input's
height and width (bilinear) whatever its proportions; only the first frame counts.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from PIL import Image

from backends.runtime.contract import CONFIG, Api
from backends.runtime.errors import Problem, RequestError, StartError
from backends.runtime.tensors import Array, TensorInfo

MAX_PIXELS = 64_000_000
"""Larger pictures are refused by their header, before they are unpacked (about 200 MB at this)."""
FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF")

_CHANNELS = {"Gray8": 1, "Rgb8": 3, "Bgr8": 3}
_RANGES = {
    "NominalRange_0_255": (1.0, 0.0),
    "Normalized_0_1": (1 / 255, 0.0),
    "Normalized_1_1": (2 / 255, -1.0),
}

# Pillow's own limit only warns, and `read_image` checks every header against a lower one
Image.MAX_IMAGE_PIXELS = None


@dataclass(frozen=True)
class ImageInput:
    """How the model takes pictures.

    Attributes:
        info: the input, (batch, channels, height, width) or (batch, height, width, channels).
        channels_first: which of the two.
        size: (width, height) in pixels; None in a place means the picture's own.
        pixel_format: Gray8, Rgb8 or Bgr8.
        scale: factor and summand from 0..255 to the model's range.
    """

    info: TensorInfo
    channels_first: bool
    size: tuple[int | None, int | None]
    pixel_format: str
    scale: tuple[float, float]

    def to_array(self, image: Image.Image) -> Array:
        """Unpack and convert one picture: shape as `info`, batch 1.

        Raises:
            RequestError: the file is damaged.
        """
        try:
            pixels = self._pixels(image)
        except Exception as exc:  # decoders raise a dozen kinds of error on damaged files
            raise _unreadable(str(exc)) from exc
        if self.pixel_format == "Bgr8":
            pixels = pixels[:, :, ::-1]
        factor, summand = self.scale
        array = pixels.astype(self.info.numpy_dtype)
        if factor != 1.0:
            array *= array.dtype.type(factor)
        if summand:
            array += array.dtype.type(summand)
        if self.channels_first:
            array = array.transpose(2, 0, 1)
        return np.ascontiguousarray(array[np.newaxis])

    def _pixels(self, image: Image.Image) -> Array:
        """uint8 (height, width, channels)."""
        if image.mode.startswith("I;16"):
            # Pillow's own conversion clips 16 bits at 255 instead of scaling them
            image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
        image = image.convert("L" if self.pixel_format == "Gray8" else "RGB")
        wanted = (self.size[0] or image.width, self.size[1] or image.height)
        if image.size != wanted:
            image = image.resize(wanted, Image.Resampling.BILINEAR)
        pixels = np.asarray(image)
        return pixels.reshape(*pixels.shape[:2], -1)


def read_image(data: bytes) -> Image.Image:
    """Read the header only, so that the size is known before anything is unpacked.

    Raises:
        RequestError: no picture of a known format, or more than `MAX_PIXELS`.
    """
    try:
        image = Image.open(io.BytesIO(data), formats=FORMATS)
    except Exception as exc:  # as above
        why = "it is empty" if not data else f"it is none of {', '.join(FORMATS)}"
        raise _unreadable(why) from exc
    width, height = image.size
    if width * height > MAX_PIXELS:
        text = f"the picture has {width} x {height} pixels; at most {MAX_PIXELS} are accepted"
        raise RequestError(Problem.TOO_LARGE, text)
    return image


def image_input(info: TensorInfo, metadata: Mapping[str, str], api: Api) -> ImageInput:
    """How `info` takes the pictures that `api` declares.

    Raises:
        StartError: it cannot take pictures, or the metadata contradicts it; names both.
    """
    shape = info.shape
    if len(shape) != 4 or (isinstance(shape[0], int) and shape[0] != 1):
        raise _misfit(info, api, "it takes no batch of pictures, which has 4 dimensions")
    channels_first = shape[1] in (1, 3)
    channels = shape[1] if channels_first else shape[3]
    if channels not in (1, 3):
        raise _misfit(info, api, "neither its 2nd nor its 4th dimension is 1 or 3 channels")
    height, width = shape[2:] if channels_first else shape[1:3]
    default = "Gray8" if channels == 1 else "Rgb8"
    pixel_format = metadata.get("Image.BitmapPixelFormat", default)
    if _CHANNELS.get(pixel_format) != channels:
        why = f"Image.BitmapPixelFormat is {pixel_format!r}, its channels are {channels}"
        raise _misfit(info, api, f"{why}; known are {', '.join(_CHANNELS)}")
    pixel_range = metadata.get("Image.NominalPixelRange", "NominalRange_0_255")
    if pixel_range not in _RANGES:
        why = f"Image.NominalPixelRange is {pixel_range!r}; known are {', '.join(_RANGES)}"
        raise _misfit(info, api, why)
    scale = _RANGES[pixel_range]
    if not (info.is_float or (info.dtype == "uint8" and scale == (1.0, 0.0))):
        raise _misfit(info, api, f"{pixel_range} cannot be expressed in {info.dtype}")
    size = (
        width if isinstance(width, int) else None,
        height if isinstance(height, int) else None,
    )
    return ImageInput(info, channels_first, size, pixel_format, scale)


def _unreadable(why: str) -> RequestError:
    return RequestError(Problem.UNREADABLE_IMAGE, f"the file cannot be read as a picture: {why}")


def _misfit(info: TensorInfo, api: Api, why: str) -> StartError:
    return StartError(
        "cannot map the request to the model",
        where=f"{CONFIG}, {api.where}.request, file {', '.join(api.file_keys)!r}",
        why=f"the model's input {info} does not fit a picture: {why}",
        hint="export the model with an image input, or declare a JSON request",
    )
