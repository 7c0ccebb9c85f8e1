"""The accepted request as text: pretty JSON, secrets hidden. Pure."""

import json
import re
from typing import Any

from tui.clean import clean

HIDDEN = "••••••"
MAX_CONFIG_LINES = 2000
_SECRET = re.compile(
    r"passw|secret|credential|(?:access|private|api)_?key|(?:^|[_-])(?:token|key|ak|sk|pwd)(?:$|[_-])",
    re.IGNORECASE,
)


def config_text(config: dict[str, Any]) -> str:
    """Returns the configuration as indented JSON, cleaned, with the values of secrets hidden.

    A value counts as secret when its key names a password, secret, token, credential or key.
    """
    return clean(json.dumps(hide_secrets(config), indent=2, ensure_ascii=False), MAX_CONFIG_LINES)


def hide_secrets(value: Any) -> Any:
    """The same JSON value with `HIDDEN` in place of each secret."""
    if isinstance(value, dict):
        return {
            key: HIDDEN
            if _SECRET.search(str(key)) and isinstance(item, str | int | float)
            else hide_secrets(item)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [hide_secrets(item) for item in value]
    return value
