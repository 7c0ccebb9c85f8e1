"""What can go wrong between the dashboard and the server, as typed errors.

DashboardError
  Unreachable       nothing answered, neither at the address nor at the socket
  OutcomeUnknown    a change was sent and no answer came: it may or may not have been done
  NotUnderstood     an answer that is not what this version expects
  Refused           the server said no; carries its code, message, hint and request id
"""


class DashboardError(Exception):
    """Base of all errors that the dashboard shows; `message` and `hint` are safe to show."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class Unreachable(DashboardError):
    """Nothing answered."""


class OutcomeUnknown(DashboardError):
    """The connection broke after a change was sent. It is not sent again."""


class NotUnderstood(DashboardError):
    """The answer is not JSON, or lacks what this version of the dashboard needs."""


class Refused(DashboardError):
    """The server answered with an error."""

    def __init__(
        self, http_status: int, code: str, message: str, hint: str = "", request_id: str = ""
    ) -> None:
        super().__init__(message, hint)
        self.http_status = http_status
        self.code = code
        self.request_id = request_id
