"""The kernel's tables of sockets, read."""

from __future__ import annotations

from backends.base import ListeningPort
from backends.docker_ports import listening

TABLES = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0B00007F:A2C5 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0
   1: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 2 1 0
   2: 020011AC:0050 010011AC:B3E2 01 00000000:00000000 00:00000000 00000000     0        0 3 1 0
  sl  local_address                         remote_address                        st tx_queue
   0: 00000000000000000000000000000000:2328 00000000000000000000000000000000:0000 0A 00000000
   1: 0000000000000000FFFF00000100007F:0051 00000000000000000000000000000000:0000 0A 00000000
   2: 00000000000000000000000001000000:0052 00000000000000000000000000000000:0000 0A 00000000
cat: /proc/net/other: No such file or directory
"""


def test_listening_sockets_are_found_without_the_engine_s_own() -> None:
    assert listening(TABLES) == (
        ListeningPort("127.0.0.1", 81),
        ListeningPort("127.0.0.1", 8080),
        ListeningPort("::", 9000),
        ListeningPort("::1", 82),
    )


def test_an_empty_table_has_none() -> None:
    assert listening("") == ()
