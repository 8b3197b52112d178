"""Packs: the looks that belong together, read from YAML with the line of every mistake. Edge: reads files."""

from dataclasses import dataclass
from pathlib import Path

import yaml
from pydantic import Field, ValidationError

from controller.config import Config, ConfigSection
from controller.errors import ConfigError
from controller.looks.gels import GELS, Gel
from controller.looks.look import PARTS, Look, Part
from controller.yaml_places import NO_YAML, YamlPlace, composed, describe, explain, meant, note_lines

BUNDLED = Path(__file__).parent / "packs"
DEFAULT, NO_FORM = "rock", "none"
"""What is drawn with where nobody follows the form of the song, which is what `none` says."""
ENDINGS = (".yaml", ".yml")
MAX_PACK_BYTES = 400_000
NEXT_BEST: dict[Part, tuple[Part, ...]] = {
    "intro": ("verse",), "verse": ("intro", "chorus"), "chorus": ("verse",), "solo": ("chorus", "verse"),
    "break": ("intro", "verse"), "build": ("verse", "chorus"), "ending": ("chorus", "verse"),
}  # fmt: skip
"""What stands in for a part that a pack has no look for."""


@dataclass(frozen=True, slots=True)
class Pack:
    """Looks by name, in the order in which they were written; gels: those that they are coloured with."""

    name: str
    looks: dict[str, Look]
    gels: tuple[Gel, ...] = GELS

    def fitting(self, part: Part, rank: float) -> tuple[Look, ...]:
        """The looks for a part of a song, best first, never empty.

        Those whose range holds the rank come first, and of these the ones in whose middle it lies; then the others, the
        nearest first. Where the pack has none for this part, those of a related one.

        Args:
            part: of the song. rank: 0..1, how big it is within the song.
        """
        for wanted in (part, *NEXT_BEST[part]):
            found = [look for look in self.looks.values() if wanted in look.parts]
            if found:
                return tuple(sorted(found, key=lambda look: _misfit(look, rank)))
        return tuple(self.looks.values())


def _misfit(look: Look, rank: float) -> tuple[float, float]:
    """How far a rank lies outside of a look's range, and how far from its middle."""
    low, high = look.rank
    return max(low - rank, rank - high, 0.0), abs(rank - 0.5 * (low + high))


class WrittenGel(ConfigSection):
    """A gel of a band's or venue's own."""

    hue_deg: float = Field(ge=0, lt=360)
    saturation: float = Field(ge=0, le=1)


class WrittenPack(ConfigSection):
    """A pack as it stands in a file; with `extends`, what is not written here comes from another pack."""

    extends: str = ""
    gels: dict[str, WrittenGel] = Field(default={})
    looks: dict[str, dict[str, object]] = Field(default={})


def bundled_packs() -> tuple[str, ...]:
    """Names of the packs that come with the program."""
    return tuple(sorted(file.stem for file in BUNDLED.glob("*.yaml")))


def pack_of(config: Config) -> Pack:
    """The pack that a configuration names.

    Raises:
        ConfigError: with the place in `config.yaml` or in the pack.
    """
    written = DEFAULT if config.look.pack == NO_FORM else config.look.pack
    try:
        return read_pack(config.path(written) if written.endswith(ENDINGS) else written)
    except ConfigError as error:
        raise ConfigError(f"{config.where(('look', 'pack'))}: {error}") from error


def read_pack(name_or_path: str | Path) -> Pack:
    """A bundled pack by its name, or one from a file.

    Raises:
        ConfigError: there is none, or it is not usable; says file, line, place and what is allowed.
    """
    return _read(name_or_path, ())


def _read(name_or_path: str | Path, on_the_way: tuple[Path, ...]) -> Pack:
    file = _file_of(name_or_path)
    if file in on_the_way:
        raise ConfigError(f"{file}: extends itself")
    data, lines = _parsed(file)
    try:
        written = WrittenPack.model_validate(data)
        looks = {name: Look.model_validate({"name": name, **values}) for name, values in written.looks.items()}
    except ValidationError:
        raise ConfigError("\n".join(_mistakes(data, file, lines))) from None
    base = None
    if written.extends:
        near = file.parent / written.extends
        base = _read(near if near.suffix else written.extends, (*on_the_way, file))
    looks = {**(base.looks if base else {}), **looks}
    missing = [part for part in PARTS if not any(part in look.parts for look in looks.values())]
    if missing:
        raise ConfigError(
            f"{describe(file, lines, ('looks',))}: no look for {', '.join(missing)}; `extends: rock` takes what is not "
            "written here from there"
        )
    gels = tuple(Gel(name, one.hue_deg, one.saturation) for name, one in written.gels.items())
    return Pack(file.stem, looks, gels or (base.gels if base else GELS))


def _mistakes(data: object, file: Path, lines: dict[YamlPlace, int]) -> list[str]:
    """What validation found, with its place in the file: of the pack, and of each look below its name."""
    try:
        written = WrittenPack.model_validate(data)
    except ValidationError as error:
        return [explain(file, lines, one) for one in error.errors()[:5]]
    found: list[str] = []
    for name, values in written.looks.items():
        try:
            Look.model_validate({"name": name, **values})
        except ValidationError as error:
            found += [explain(file, lines, {**one, "loc": ("looks", name, *one["loc"])}) for one in error.errors()]
    return found[:5]


def _file_of(name_or_path: str | Path) -> Path:
    path = Path(name_or_path).expanduser()
    if path.suffix in ENDINGS:
        return path
    if str(name_or_path) in bundled_packs():
        return BUNDLED / f"{name_or_path}.yaml"
    raise ConfigError(
        f"there is no pack of looks called '{name_or_path}'; it is one of {', '.join(bundled_packs())}, or the path of "
        "a .yaml file"
    )


def _parsed(file: Path) -> tuple[object, dict[YamlPlace, int]]:
    lines: dict[YamlPlace, int] = {}
    try:
        if file.stat().st_size > MAX_PACK_BYTES:
            raise ConfigError(f"{file}: larger than {MAX_PACK_BYTES} bytes; this is no pack of looks")
        text = file.read_text(encoding="utf-8")
        node = composed(text)
        note_lines(node, (), lines, file)
        return meant(node), lines
    except FileNotFoundError as error:
        raise ConfigError(f"{file}: no such file; look.pack is the name of a pack or the path of one") from error
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read: {error.strerror}") from error
    except yaml.MarkedYAMLError as error:
        line = f":{error.problem_mark.line + 1}" if error.problem_mark else ""
        raise ConfigError(f"{file}{line}: not valid YAML: {error.problem}") from error
    except NO_YAML as error:
        raise ConfigError(f"{file}: not valid YAML: {error}") from error
