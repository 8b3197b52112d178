"""An opening as `tools.train.image2music` writes it: a folder with `seed.json` and a tune. Edge: reads files."""

import json
import wave
from pathlib import Path
from typing import Annotated, Literal, NoReturn

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from controller.config import Unit
from controller.errors import OpeningError

SEED = "seed.json"
SLOWEST_HZ, FASTEST_HZ = 4_000, 768_000
MOST_BYTES = 2_000_000
LEAST_SHARE = 0.03
"""Of the picture: a colour that is less of it does not light the night."""
MOST_COLOURS = 5
SHORT_S = 0.05
"""Less sound than light by more than this: the file was cut off."""
Degrees = Annotated[float, Field(ge=0, le=360)]
Signed = Annotated[float, Field(ge=-1, le=1)]


class OpeningColour(BaseModel):
    """One colour of the palette: share of the picture `weight`, `hue_deg` or None where it is grey."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    rgb: Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")]
    weight: Unit
    hue_deg: Degrees | None


class OpeningSection(BaseModel):
    """A part of the tune: its name, its first bar from 0, and how many bars it has."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: Annotated[str, Field(max_length=40)]
    bar: Annotated[int, Field(ge=0)]
    bars: Annotated[int, Field(ge=1)]


class Opening(BaseModel):
    """`seed.json`. Further fields are for people and are not read.

    Attributes:
        beat_s: seconds of a beat; the first one is the first sample of the tune. seconds: until the last bar's end.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    format: Literal[1]
    title: Annotated[str, Field(max_length=200)]
    audio: Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*$")]
    palette: Annotated[tuple[OpeningColour, ...], Field(min_length=1, max_length=12)]
    valence: Signed
    arousal: Signed
    beat_s: Annotated[float, Field(ge=0.2, le=3)]
    beats_a_bar: Annotated[int, Field(ge=1, le=12)]
    bars: Annotated[int, Field(ge=1, le=1_000)]
    seconds: Annotated[float, Field(gt=0, le=3_600)]
    sections: Annotated[tuple[OpeningSection, ...], Field(min_length=1, max_length=100)]

    @property
    def colours(self) -> tuple[OpeningColour, ...]:
        """What has a hue and is enough of the picture, largest first; what is there if nothing is enough."""
        coloured = [one for one in self.palette if one.hue_deg is not None]
        enough = [one for one in coloured if one.weight >= LEAST_SHARE] or coloured
        return tuple(sorted(enough, key=lambda one: -one.weight)[:MOST_COLOURS])


def read_opening(folder: Path) -> tuple[Opening, Path]:
    """An opening and its tune.

    Raises:
        OpeningError: no such folder, or it is damaged; says what is wrong.
    """
    file = folder / SEED
    try:
        if file.stat().st_size > MOST_BYTES:
            raise OpeningError(f"{file}: larger than {MOST_BYTES} bytes; this is no opening")
        opening = Opening.model_validate(json.loads(file.read_text(encoding="utf-8")))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise OpeningError(f"{file}: {place}: {first['msg']}; compose the opening again") from error
    except FileNotFoundError as error:
        raise OpeningError(f"{file}: no such file; --opening names a folder that image2music composed") from error
    except (OSError, ValueError, RecursionError) as error:
        raise OpeningError(f"{file}: not readable ({error}); compose the opening again") from error
    if abs(opening.bars * opening.beats_a_bar * opening.beat_s - opening.seconds) > 0.01:
        raise OpeningError(f"{file}: bars, beats and seconds do not agree; compose the opening again")
    firsts = [one.bar for one in opening.sections]
    if firsts[0] != 0 or firsts != sorted(set(firsts)) or firsts[-1] >= opening.bars:
        raise OpeningError(
            f"{file}: its sections do not follow each other from the first bar; compose the opening again"
        )
    tune = folder / opening.audio
    if not tune.is_file():
        raise OpeningError(f"{tune}: missing; compose the opening again")
    sound_s = seconds_of(tune)
    if sound_s is not None and sound_s < opening.seconds - SHORT_S:
        raise OpeningError(f"{tune}: {sound_s:.1f} s of sound for {opening.seconds:.1f} s of light; it was cut off: "
                           "compose the opening again")  # fmt: skip
    return opening, tune


def seconds_of(tune: Path) -> float | None:
    """How much sound a WAV file holds, whatever its header promises; None for another kind of file: not judged here.

    Raises:
        OpeningError: it is called WAV and is none.
    """
    if tune.suffix.lower() != ".wav":
        return None
    try:
        with wave.open(str(tune)) as sound:
            if not SLOWEST_HZ <= sound.getframerate() <= FASTEST_HZ:
                _no_sound(tune, EOFError(f"its header says {sound.getframerate()} samples a second"))
            bytes_a_second = sound.getframerate() * sound.getnchannels() * sound.getsampwidth()
            promised_s = float(sound.getnframes() / sound.getframerate())
    except wave.Error as error:
        return None if "unknown format" in str(error) else _no_sound(tune, error)
    except (OSError, EOFError, ZeroDivisionError) as error:
        return _no_sound(tune, error)
    return min(promised_s, float(tune.stat().st_size / bytes_a_second))


def _no_sound(tune: Path, error: Exception) -> NoReturn:
    raise OpeningError(
        f"{tune}: no sound can be read ({str(error) or 'it ends too soon'}); compose the opening again"
    ) from error
