"""The standard health question of gRPC, in bytes: pure.

Source: gRPC, "GRPC Health Checking Protocol" and "gRPC over HTTP2". A message has five bytes before
it: whether it is compressed, and its length.
"""

from __future__ import annotations

from collections.abc import Mapping

PATH = "/grpc.health.v1.Health/Check"
HEADERS = {"content-type": "application/grpc", "te": "trailers"}
QUESTION = bytes(5)
"""`HealthCheckRequest` without a service, which means the whole server: an empty message."""
SERVING = bytes.fromhex("0000000002 0801")
"""`HealthCheckResponse` with status SERVING: field 1 is the number 1."""
_UNIMPLEMENTED = "12"


def wrong_with(status: int, headers: Mapping[str, str], body: bytes) -> str:
    """What an answer says against the server, for people; empty when it is serving.

    Args:
        status: of HTTP.
        headers: of the answer, names in small letters.
        body: without trailers: in an answer that has a message they say nothing more.
    """
    if status != 200:
        return f"was answered {status}; gRPC answers 200"
    if body == SERVING:
        return ""
    code = headers.get("grpc-status", "")
    if code == _UNIMPLEMENTED:
        return "is not implemented (grpc-status 12)"
    if code and code != "0":
        return f"failed with grpc-status {code}"
    return "was not answered SERVING"
