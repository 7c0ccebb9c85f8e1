"""What is looked at before Envoy is started."""

from __future__ import annotations

import socket

import pytest

from simulator.errors import ConfigError
from simulator.gateway.errors import GatewayPortInUse
from simulator.gateway.preflight import check_socket_path, probe_port


def test_free_port_is_free_and_stays_so() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(GatewayPortInUse, match="in use by another program"):
            probe_port("127.0.0.1", taken.getsockname()[1])
    probe_port("127.0.0.1", 0)


def test_socket_path_is_measured_in_bytes() -> None:
    check_socket_path("/" + "a" * 102)
    with pytest.raises(ConfigError, match="105 bytes"):
        check_socket_path("/" + "é" * 52)
