"""Samples that are no numbers, from a broken driver or file: played as silence, counted, and said once."""

import logging
from dataclasses import replace

from controller.listening.audio.file_source import finite
from controller.messages import AudioBlock

log = logging.getLogger(__name__)


class Clean:
    """Cleans the blocks of one source.

    Args:
        name: of the source, for the message.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._bad = 0
        self._told = False

    def block(self, block: AudioBlock) -> AudioBlock:
        """The block with silence for what is no number."""
        samples, bad = finite(block.samples)
        self._bad += bad
        return block if samples is block.samples else replace(block, samples=samples)

    def bad(self, elsewhere: int) -> int:
        """How many there were, with those that the source itself found."""
        bad = self._bad + elsewhere
        if bad and not self._told:
            self._told = True
            log.warning("%s holds samples that are no numbers (NaN); they are played as silence", self._name)
        return bad
