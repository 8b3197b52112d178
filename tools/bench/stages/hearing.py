"""What hearing beats, drums and kinds of sound costs, and how early a beat is known, on the bundled song.

How well it hears is not a benchmark: `tools/train/hearing/score.py` scores it on songs with known beats.
"""

import time

import numpy as np

from controller.config import read_config
from controller.listening.audio.source import open_recorded
from controller.listening.time.leading import SURE, open_hearing
from controller.messages import AudioBlock
from controller.rehearsal.heard import HeardSong
from controller.sound_format import SAMPLE_RATE_HZ
from tools.bench.run.result import CONFIG, FailedError, Figures, Options
from tools.bench.run.staging import bundled_song
from tools.bench.run.waiting import progress

SECONDS, QUICK_SECONDS = 120, 30
AIMS = {"percent_of_a_core": "≤ 4", "told_ms_ahead": "> 0"}


def measure(options: Options) -> Figures:
    """Processor time in blocks of the size that the show takes, as a share of the sound's length."""
    config = read_config(CONFIG)
    hearing, song, seconds = open_hearing(config), HeardSong(), options.pick(SECONDS, QUICK_SECONDS)
    if hearing is None:
        raise FailedError("the bundled configuration names no network that hears beats")
    count = round(config.audio.block_s * SAMPLE_RATE_HZ)
    source, spent_s = open_recorded(bundled_song(), config, loop=True), 0.0
    with progress() as bar:
        for number in bar.track(range(seconds * SAMPLE_RATE_HZ // count), description="hearing"):
            block = AudioBlock((number + 1) * count / SAMPLE_RATE_HZ, number, source.read(count))
            began_s = time.process_time()
            hearing.hear(block)
            spent_s += time.process_time() - began_s
            song.take(hearing, block)
    source.close()
    sure = [one for one in song.beats if one.confidence >= SURE]
    return {
        "percent_of_a_core": round(100.0 * spent_s / seconds, 2),
        "told_ms_ahead": round(1e3 * float(np.median([one.t_s - one.known_s for one in sure])), 1),
        "first_sure_beat_s": round(sure[0].t_s, 2),
        "beats": len(song.beats),
    }
