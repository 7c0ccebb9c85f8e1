"""Environment variables, as far as every provider's rules ask."""

from __future__ import annotations

import re
from functools import lru_cache

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-]*")
_SECRET = re.compile(
    r"(?i)(?:^|_)(?:pass(?:word|wd|phrase)?|secret|token|api_?key|access_?key|private_?key"
    r"|credentials?|sk)(?:$|_)"
)

BAD_VARIABLE = (
    "must be a name of letters, digits, _, - and . that does not begin with a digit, "
    "and a value without NUL"
)
LOOKS_SECRET = "looks like a secret; environment variables are no place for plaintext secrets"


@lru_cache(maxsize=4096)
def is_name(name: str) -> bool:
    """Whether a process can be given a variable of this name. Source: POSIX.1; names are taken as
    container orchestrators take them, with . and - too. Its value may be any text without NUL."""
    return _NAME.fullmatch(name) is not None


@lru_cache(maxsize=4096)
def is_secret_name(name: str) -> bool:
    """Whether a variable that is not empty seems to have a secret in it: such as DB_PASSWORD."""
    return _SECRET.search(name) is not None
