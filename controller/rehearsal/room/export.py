"""What leaves the rehearsal room: tokens, a file for ola_recorder, a film. Edge: files."""

from collections.abc import Callable
from pathlib import Path

from controller.errors import PlanError
from controller.records.show_file import ShowFile
from controller.rehearsal.room.film import write_film
from controller.rehearsal.room.studio import Studio
from controller.rig.patch.configured import patch_of
from controller.sound_format import HOP_S

KINDS = {"tokens": ".csv", "ola": ".show", "film": ".mp4"}


def export(
    studio: Studio,
    song: Path,
    what: str,
    file: Path,
    progress: Callable[[float], None] = lambda _share: None,
) -> Path:
    """Write one kind; returns the file.

    Args:
        studio: the show. song: its music. what: tokens, ola or film. file: where; the suffix is added.

    Raises:
        PlanError: there is no such kind, or it cannot be written.
    """
    if what not in KINDS:
        raise PlanError(f"'{what}' is none of {', '.join(KINDS)}")
    file = file.with_name(f"{file.name}{KINDS[what]}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        if what == "tokens":
            rows = (f"{(hop + 1) * HOP_S:.1f},{hue},{value}\n" for hop, (hue, value) in enumerate(studio.light))
            file.write_text("t_s,hue,value\n" + "".join(rows), encoding="ascii")
        elif what == "ola":
            _write_ola(studio, file, progress)
        else:
            write_film(studio, song, file, progress)
    except OSError as error:
        raise PlanError(f"{file}: cannot be written: {error.strerror}") from error
    return file


def _write_ola(studio: Studio, file: Path, progress: Callable[[float], None]) -> None:
    total_s = studio.sound.hops * HOP_S
    with file.open("w", encoding="ascii", newline="\n") as out:
        show = ShowFile(out, patch_of(studio.config))
        for now_s, tick in studio.ticks():
            show.write(tick.frames, now_s)
            progress(now_s / total_s)
        show.close(1.0 / studio.config.rates.output_hz)
