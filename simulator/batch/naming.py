"""Names of result files: one for each input, none twice, whatever the inputs are called.

The result of `1.jpg` is `1.jpg_result.txt`. Where that name is taken, by an input of the same name
in another folder, the later one has its position among the inputs in it: `1.jpg_7_result.txt`.
Names that differ only in capitals, or in how Unicode composes a letter, count as the same: some
file systems cannot tell them apart. Source: Deploying as a Batch Service, Example output manifest
file; how names are made unique is stated nowhere.
"""

from __future__ import annotations

import hashlib
import struct
import unicodedata

SUFFIX = "_result.txt"
NAME_MAX_BYTES = 200
"""A longer name is cut, so that the file's name fits into the 255 bytes of usual file systems."""
_PLACES = (1 << 26) - 1
_PROBES = struct.Struct(">4I")
"""Four places of the filter for each name, out of its hash."""


class ResultNames:
    """Gives out names. The same inputs in the same order have the same names.

    Which names are taken is remembered in a Bloom filter of 8 MB, however many there are. Rarely it
    takes a free name for a taken one, of a million names about two: such an input has its position
    in its name without need.
    """

    def __init__(self) -> None:
        self._filter = bytearray((_PLACES + 1) >> 3)

    def take(self, name: str, position: int) -> str:
        """The name of an input's result file.

        Args:
            name: the input's, without folders.
            position: among the inputs, from 1.
        """
        stem = _cut(name)
        if self._is_first(stem):
            return stem + SUFFIX
        numbered, tries = f"{stem}_{position}", 1
        while not self._is_first(numbered):
            tries += 1
            numbered = f"{stem}_{position}_{tries}"
        return numbered + SUFFIX

    def _is_first(self, stem: str) -> bool:
        """Whether the name is free; it is taken afterwards."""
        folded = stem if stem.isascii() else unicodedata.normalize("NFC", stem)
        digest = hashlib.blake2b(folded.casefold().encode(), digest_size=_PROBES.size).digest()
        taken, is_first = self._filter, False
        for number in _PROBES.unpack(digest):
            place, bit = (number & _PLACES) >> 3, 1 << (number & 7)
            if not taken[place] & bit:
                taken[place] |= bit
                is_first = True
        return is_first


def _cut(name: str) -> str:
    encoded = name.encode()
    if len(encoded) <= NAME_MAX_BYTES:
        return name
    return encoded[:NAME_MAX_BYTES].decode(errors="ignore")
