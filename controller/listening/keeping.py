"""What a show keeps of its sound: embeddings for training, the sound itself if that is wished."""

from controller.config import Config
from controller.messages import AudioBlock, Embedding
from controller.records.heard_log import HeardRecorder, SoundRecorder
from controller.records.kinds import HEARD_SUFFIX, SOUND_SUFFIX
from controller.records.show_log import new_file


class Keeping:
    """Two files, as far as they are wished and possible.

    Args:
        config: what is kept, and where. embedder: identity of the network whose embeddings these are. show: its name.
    """

    def __init__(self, config: Config, embedder: dict[str, str], show: str = "") -> None:
        record = config.record
        heard = new_file(config, HEARD_SUFFIX) if record.enabled and record.heard else None
        sound = new_file(config, SOUND_SUFFIX) if record.enabled and record.audio else None
        self._heard = None if heard is None else HeardRecorder(heard, embedder | ({"show": show} if show else {}))
        self._sound = None if sound is None else SoundRecorder(sound, config.venue, show)

    def block(self, block: AudioBlock) -> None:
        """Keep sound."""
        if self._sound is not None:
            self._sound.add(block)

    def embedding(self, embedding: Embedding) -> None:
        """Keep what the decoder heard."""
        if self._heard is not None:
            self._heard.add(embedding)

    def close(self) -> None:
        """Write what is left."""
        for one in (self._heard, self._sound):
            if one is not None:
                one.close()
