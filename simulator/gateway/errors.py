"""What can go wrong with the data plane.

ConfigError
  GatewayPortInUse        another program listens on our address
  GatewayStartFailed      Envoy ended or stayed silent at its start
GatewayUpdateRejected     Envoy did not take up a configuration that we wrote: our mistake
"""

from __future__ import annotations

from simulator.errors import ConfigError, InternalError


class GatewayPortInUse(ConfigError):
    """Something else listens on `host`:`port`. Nothing was changed."""

    def __init__(self, host: str, port: int) -> None:
        self.host = host
        self.port = port
        super().__init__(
            f"{host}:{port} is in use by another program",
            hint=f"choose another port, or find the program with: ss -ltnp 'sport = :{port}'",
        )


class GatewayStartFailed(ConfigError):
    """Envoy did not come up. `log_tail` holds its last lines."""

    def __init__(self, message: str, *, hint: str = "", log_tail: tuple[str, ...] = ()) -> None:
        self.log_tail = log_tail
        super().__init__(message, hint=hint)


class GatewayUpdateRejected(InternalError):
    """Envoy did not take up an update; the one before is still in force.

    Attributes:
        subscriptions: names of the refused parts in Envoy's statistics.
        words: Envoy's own explanation, from its log; empty if it gave none.
    """

    def __init__(self, subscriptions: tuple[str, ...], words: str) -> None:
        self.subscriptions = subscriptions
        self.words = words
        names = ", ".join(subscriptions)
        super().__init__(f"Envoy did not take up {names}: {words or 'no reason given'}")
