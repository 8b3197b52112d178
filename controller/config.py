"""Typed `config.yaml`: every value, its unit and its range, and the line it stands on.

Edge in one function, `read_config`; the rest is data. Checks that need profiles or models are made by the stages that
own those, with `Config.where` telling the line. Nothing in a configuration can run code (safe YAML, plain data).
"""

import json
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal
from uuid import UUID

import yaml
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationError,
    field_validator,
    model_validator,
)

from controller.bundled import beside
from controller.errors import ConfigError
from controller.yaml_places import NO_YAML, YamlPlace, composed, describe, explain, meant, note_lines

KEY_ELSEWHERE = "(this key is not in this file)"
MAX_CONFIG_BYTES = 1_000_000
MOST_PORT = 65_535

Unit = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
PlaceM = tuple[float, float, float]
OffsetMs = Annotated[float, Field(ge=-500, le=500)]
HexColour = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")]
Role = Annotated[
    Literal["key", "wash", "back", "beam", "mover", "pixel", "blinder", "strobe", "hazer", "house"],
    BeforeValidator(lambda written: "pixel" if written == "bar" else written),  # `bar`: the name of version 0.1
]


def is_loopback(host: str) -> bool:
    """Whether an address is reached from this machine only."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class ConfigSection(BaseModel):
    """Base of all sections: unknown keys are mistakes, values do not change after loading."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class AudioConfig(ConfigSection):
    """Where sound comes from and when it counts as silence.

    `accent_stem` is a part of the name of the stem that accents are taken from; without it the names are looked through
    for drums. `ltc_channel` is an input of the device that carries linear timecode and no sound; of stems it is the one
    whose name says so. `monitor` is an output on which a file or stems are heard: `off`, a name, `default`, or `auto`:
    the usual one, if there is one.
    """

    source: Annotated[str, Field(pattern=r"^(device|file|stems):.+")]
    loop: bool = False
    channels: Annotated[tuple[Annotated[int, Field(ge=1, le=64)], ...], Field(min_length=1)] = (1, 2)
    stem_gains_db: dict[str, Annotated[float, Field(ge=-60, le=20)]] = {}
    accent_stem: str = ""
    monitor: str = "off"
    ltc_channel: Annotated[int, Field(ge=1, le=64)] | None = None
    block_s: Annotated[float, Field(ge=0.001, le=0.05)] = 0.005
    latency: Literal["low", "high"] | Annotated[float, Field(gt=0, le=1)] = 0.005
    silence_db: Annotated[float, Field(ge=-100, le=-20)] = -60.0
    silence_after_s: Positive = 4.0


class SamplingConfig(ConfigSection):
    """Restricted stochastic temperature sampling of one token."""

    temperature: Annotated[float, Field(gt=0, le=5)] = 1.0
    top_p: Annotated[float, Field(gt=0, le=1)] = 0.9
    reach: Annotated[int, Field(ge=0, le=255)] = 50


class ModelConfig(ConfigSection):
    """Which artefacts decide, and how boldly."""

    embedder: str
    decoder: str
    hearing: str = "auto"  # folder of the network that hears beats; auto: `hearing` beside the embedder; none: no beats
    threads: Annotated[int, Field(ge=1, le=64)] = 1
    provider: Literal["cpu", "cuda"] = "cpu"
    embed_every: Literal["auto"] | Annotated[int, Field(ge=1, le=20)] = "auto"
    hue: SamplingConfig = SamplingConfig()
    value: SamplingConfig = SamplingConfig()
    cue_wait_s: Annotated[float, Field(ge=0, le=8)] = 2.0


class RatesConfig(ConfigSection):
    """Rates, budgets and staleness limits of all stages: the one table."""

    output_hz: Annotated[float, Field(ge=10, le=44)] = 40.0
    output_max_hz: Annotated[float, Field(ge=10, le=44)] = 44.0
    page_hz: Annotated[float, Field(ge=1, le=40)] = 32.0
    analysis_budget_ms: Positive = 60.0
    accent_budget_ms: Positive = 5.0
    tick_budget_ms: Positive = 10.0
    token_stale_s: Positive = 2.0
    token_dead_s: Positive = 10.0
    pulse_dead_s: Positive = 1.0


class HazeConfig(ConfigSection):
    """Haze by the clock, where somebody wants that: without `level` haze is people's alone.

    While a band plays and no song forbids it, hazers blow at `level` for `for_s` seconds in every `every_s`.
    """

    level: Unit = 0.0
    for_s: Annotated[float, Field(ge=1, le=600)] = 10.0
    every_s: Annotated[float, Field(ge=10, le=7200)] = 240.0

    @model_validator(mode="after")
    def _rests(self) -> "HazeConfig":
        if self.for_s > self.every_s:
            raise ValueError("for_s must not be longer than every_s")
        return self


class LookConfig(ConfigSection):
    """How cues and tokens become light on stage. Times are time constants or full durations as named.

    `pack` is the name of a pack of looks or the path of one; `key_floor` is how strongly faces stay lit while a band
    plays, whatever else is dark. `singer_m` and `drums_m` are where a singer's face and the drums are, in metres as
    `position_m` of a fixture: heads are aimed there, and the front lights nearest to the singer light faces; by default
    the singer is taken to stand in the middle.
    """

    pack: Annotated[str, Field(min_length=1)] = "rock"
    key_floor: Unit = 0.25
    singer_m: PlaceM | None = None
    drums_m: PlaceM | None = None
    haze: HazeConfig = HazeConfig()
    attack_s: Positive = 0.06
    release_s: Positive = 0.4
    hue_fade_s: Positive = 0.35
    floor: Unit = 0.08
    ceiling: Unit = 1.0
    accent_depth: Unit = 0.55
    accent_release_s: Positive = 0.22
    accent_gap_s: Annotated[float, Field(ge=0.34)] = 0.36
    house_colour: HexColour = "#ffb066"
    house_intensity: Unit = 0.35
    quiet_intensity: Unit = 0.18
    talk_intensity: Unit = 0.5
    """Of the front while somebody talks or hands clap."""
    quiet_fade_s: Positive = 2.0
    white: Literal["never", "peaks"] = "peaks"
    pan_deg_per_s: Annotated[float, Field(gt=0, le=1000)] = 110.0
    tilt_deg_per_s: Annotated[float, Field(gt=0, le=1000)] = 80.0
    move_deg_per_s2: Annotated[float, Field(gt=0, le=10_000)] = 220.0
    end: Literal["dark", "house"] = "dark"
    end_fade_s: Annotated[float, Field(ge=0, le=30)] = 1.5


def marked_places(look: LookConfig) -> dict[str, PlaceM]:
    """What somebody marked on the plan: x, y, z in metres of the singer's face and of the drums."""
    return {name: at_m for name, at_m in (("singer", look.singer_m), ("drums", look.drums_m)) if at_m is not None}


class AccessConfig(ConfigSection):
    """Somebody who may use the page: `followspot token NAME --role ROLE` makes the digest."""

    name: Annotated[str, Field(min_length=1, max_length=40)]
    role: Literal["viewer", "operator", "admin"]
    token_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class SafetyConfig(ConfigSection):
    """How often the rig may flash: `wcag` three times in any second, `uk-hse` four. See docs/safety.md."""

    flashes: Literal["wcag", "uk-hse"] = "wcag"


class RecordConfig(ConfigSection):
    """The log that every show writes, from which `followspot replay` makes the same light again.

    `heard` keeps the embeddings of the sound beside it, from which no sound can be made: what training needs to learn
    from a night. `audio` keeps the sound itself; ask the band. The last `keep` shows stay, and no more than `keep_mb`
    megabytes of them: where a show begins, the oldest go.
    """

    enabled: bool = True
    heard: bool = True
    audio: bool = False
    folder: str | None = None
    keep: Annotated[int, Field(ge=1, le=10_000)] = 60
    keep_mb: Annotated[int, Field(ge=100, le=10_000_000)] = 20_000


class PageConfig(ConfigSection):
    """Where the operator page is served; loopback unless somebody says otherwise, and then only with tokens and TLS."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 8100
    enabled: bool = True
    access: list[AccessConfig] = []
    certificate: str | None = None
    key: str | None = None

    @model_validator(mode="after")
    def _is_no_open_door(self) -> "PageConfig":
        if (self.certificate is None) != (self.key is None):
            raise ValueError("certificate and key belong together; give both or none")
        if self.enabled and not is_loopback(self.host) and not (self.access and self.certificate):
            raise ValueError(
                f"host {self.host} lets others in: that needs page.access (followspot token NAME) and page.certificate "
                "with page.key; 127.0.0.1 needs neither"
            )
        return self


class OscConfig(ConfigSection):
    """OSC over UDP, which knows no passwords: beyond this machine only addresses in `allow` are heard."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 9000
    allow: list[str] = []

    @model_validator(mode="after")
    def _is_no_open_door(self) -> "OscConfig":
        for one in self.allow:
            ip_network(one, strict=False)  # says itself what is wrong
        if not is_loopback(self.host) and not self.allow:
            raise ValueError(f"host {self.host} lets others in: name them in allow, such as [10.0.0.20]")
        return self


class ControlsConfig(ConfigSection):
    """What people steer with besides the page: parts of the names of MIDI ports (`*` for all), and OSC.

    `mapping` is the file that says which knob does what; what is learned at the page is written there. `osc_out`: who
    is told how the show is, each as ADDRESS:PORT. `artnet_timecode`: address of this machine on which it is waited for.
    """

    midi: list[str] = []
    osc: OscConfig | None = None
    osc_out: list[str] = []
    artnet_timecode: str | None = None
    mapping: str = "controls.yaml"

    @model_validator(mode="after")
    def _receivers_are_addresses(self) -> "ControlsConfig":
        self.receivers()
        return self

    def receivers(self) -> list[tuple[str, int]]:
        """Address and port of each receiver of OSC.

        Raises:
            ValueError: one of them is none.
        """
        found = []
        for one in self.osc_out:
            host, _, port = one.rpartition(":")
            address = str(ip_address(host.strip("[]"))) if host else ""
            if not address or not port.isdecimal() or not 1 <= int(port) <= MOST_PORT:
                raise ValueError(f"osc_out: '{one}' is no ADDRESS:PORT, such as 10.0.0.20:9001")
            found.append((address, int(port)))
        return found


class StandbyConfig(ConfigSection):
    """A second machine that goes on when this one cannot: see docs/standby.md.

    `peer` is the address of the other machine, `port` the one the backup listens on, `key` a long text that both know.
    """

    role: Literal["off", "main", "backup"] = "off"
    peer: str | None = None
    port: Annotated[int, Field(ge=1, le=65535)] = 8102
    key: Annotated[str, Field(max_length=200)] = ""

    @model_validator(mode="after")
    def _is_whole(self) -> "StandbyConfig":
        if self.role == "off":
            return self
        try:
            ip_address(self.peer or "")
        except ValueError as error:
            raise ValueError("peer must be the IP address of the other machine") from error
        if len(self.key) < 16:
            raise ValueError(
                "key must be a text of at least 16 characters, the same on both machines; "
                "`python3 -c 'import secrets; print(secrets.token_urlsafe())'` makes one"
            )
        return self


DevicePath = Annotated[str, Field(pattern=r"^(/dev/[\w./-]+|serial:[\w-]+|COM\d+|/.+)$")]


class ArtNetConfig(ConfigSection):
    """One Art-Net destination of a universe.

    `host` is a node's address (unicast), a broadcast address (2.255.255.255, 10.0.0.255, 255.255.255.255), or
    `discover`: every node that answers ArtPoll and says that it puts this port address out.
    """

    type: Literal["artnet"]
    host: str
    port: Annotated[int, Field(ge=1, le=65535)] = 6454
    port_address: Annotated[int, Field(ge=0, le=32767)]
    sync: bool = False  # an ArtSync after each cycle: pixel rigs only, and only where every node knows it


class SacnConfig(ConfigSection):
    """One sACN (E1.31) destination of a universe; without `host` it is multicast, as desks expect.

    `per_address` also sends a priority for each slot (start code 0xDD): `priority` for slots that a fixture of the
    patch uses, and for all others "not from here".
    """

    type: Literal["sacn"]
    universe: Annotated[int, Field(ge=1, le=63999)]
    host: str | None = None
    port: Annotated[int, Field(ge=1, le=65535)] = 5568
    priority: Annotated[int, Field(ge=0, le=200)] = 90  # below a desk's usual 100: the person wins
    per_address: bool = False
    sync_universe: Annotated[int, Field(ge=0, le=63999)] = 0

    @model_validator(mode="after")
    def _has_slots(self) -> "SacnConfig":
        if self.per_address and not self.priority:
            raise ValueError("per_address needs a priority from 1: for a single slot, 0 means that nobody sends it")
        return self


class OlaConfig(ConfigSection):
    """A universe of a running `olad`, over its own RPC."""

    type: Literal["ola"]
    universe: Annotated[int, Field(ge=0, le=4294967295)]
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 9010
    priority: Annotated[int, Field(ge=0, le=200)] = 90


class DdpConfig(ConfigSection):
    """Pixels behind WLED or another controller that speaks DDP: `slots` of the universe from its byte `offset` on.

    A strip longer than 170 pixels takes several universes: offsets 0, 510, 1020 and so on.
    """

    type: Literal["ddp"]
    host: str
    port: Annotated[int, Field(ge=1, le=65535)] = 4048
    offset: Annotated[int, Field(ge=0, le=4_294_967_295)] = 0
    slots: Annotated[int, Field(ge=1, le=512)] = 510
    colours: Literal["rgb", "rgbw"] = "rgb"


class EnttecProConfig(ConfigSection):
    """An Enttec DMX USB Pro or a compatible widget; `output` 2 is the second port of a Mk2."""

    type: Literal["enttec-pro"]
    device: DevicePath
    output: Literal[1, 2] = 1
    rate_hz: Annotated[float, Field(ge=1, le=40)] = 40.0


class OpenDmxConfig(ConfigSection):
    """An FTDI cable without a processor: this computer makes the break."""

    type: Literal["open-dmx"]
    device: DevicePath
    rate_hz: Annotated[float, Field(ge=1, le=40)] = 30.0
    break_us: Annotated[float, Field(ge=92, le=10_000)] = 176.0
    mab_us: Annotated[float, Field(ge=12, le=10_000)] = 16.0


OutputConfig = Annotated[
    ArtNetConfig | SacnConfig | OlaConfig | DdpConfig | EnttecProConfig | OpenDmxConfig, Field(discriminator="type")
]


class UniverseConfig(ConfigSection):
    """Where the frames of one universe go; several outputs carry the same frames.

    `offset_ms`: what hangs on it is to get its light so much later than the rest, negative: earlier.
    """

    outputs: Annotated[list[OutputConfig], Field(min_length=1)]
    offset_ms: OffsetMs = 0.0


class NetworkConfig(ConfigSection):
    """How this controller appears on the lighting network.

    `interface` is the address of the network card that lighting leaves by; without it the system chooses. `nodes` are
    addresses and networks whose answers `host: discover` believes; without them those of that card's network.
    `beside_others` allows another show of this machine to send to the same places. `cid` is what sACN receivers know
    this source by; without it one is made once and kept.
    """

    interface: str | None = None
    nodes: list[str] = []
    beside_others: bool = False
    source_name: Annotated[str, Field(min_length=1, max_length=60)] = "Followspot"
    cid: UUID | None = None

    @field_validator("nodes")
    @classmethod
    def _are_networks(cls, nodes: list[str]) -> list[str]:
        for one in nodes:
            ip_network(one, strict=False)  # says itself what is wrong
        return nodes


class DeskArtNetConfig(ConfigSection):
    """An Art-Net universe that a person's desk sends to us; its slots are those of our `universe`."""

    type: Literal["artnet"]
    universe: Annotated[int, Field(ge=1, le=63999)]
    port_address: Annotated[int, Field(ge=0, le=32767)]


class DeskSacnConfig(ConfigSection):
    """An sACN universe that a person's desk sends; its slots are those of our `universe`."""

    type: Literal["sacn"]
    universe: Annotated[int, Field(ge=1, le=63999)]
    sacn_universe: Annotated[int, Field(ge=1, le=63999)]


DeskInputConfig = Annotated[DeskArtNetConfig | DeskSacnConfig, Field(discriminator="type")]


class DeskConfig(ConfigSection):
    """The person's desk: what we listen to, and how its faders and ours share the rig.

    A fader that moves takes its attribute over at once. It gives it back `hands_off_s` after it last moved, with a fade
    of `hand_back_s`; 0 keeps it until the fader is back at zero. HTP: whichever is brighter; LTP: the person.
    """

    inputs: list[DeskInputConfig] = []
    interface: str = "0.0.0.0"  # noqa: S104 - nothing listens unless `inputs` names something
    allow: list[str] = []
    intensity: Literal["htp", "ltp"] = "ltp"
    hands_off_s: Annotated[float, Field(ge=0, le=600)] = 6.0
    hand_back_s: Annotated[float, Field(ge=0, le=60)] = 2.0


class LibrariesConfig(ConfigSection):
    """Folders that `ofl:`, `qxf:` and `gdtf:` profiles are looked for in, first found first taken."""

    ofl: list[str] = ["profiles/ofl", "~/.local/share/followspot/ofl"]
    qxf: list[str] = ["profiles/qxf", "~/.local/share/followspot/qxf", "/usr/share/qlcplus/fixtures"]
    gdtf: list[str] = ["profiles/gdtf", "~/.local/share/followspot/gdtf"]


class OverrideConfig(ConfigSection):
    """What a technician knows better than the profile, for one channel of one fixture."""

    slots: dict[Annotated[int, Field(ge=0, le=255)], HexColour] = {}  # colour of the wheel slot at this DMX level
    hold: Annotated[int, Field(ge=0, le=255)] | None = None  # keep the channel at this level
    rest: Annotated[int, Field(ge=0, le=255)] | None = None  # its level while nothing is wanted of it
    sharp: Annotated[
        list[Annotated[int, Field(ge=0, le=255)]], Field(max_length=9)
    ] = []  # of a focus, from narrow to wide

    @property
    def level(self) -> int | None:
        """Where the channel is kept, or rests."""
        return self.rest if self.hold is None else self.hold

    @model_validator(mode="after")
    def _one_level(self) -> "OverrideConfig":
        if self.hold is not None and self.rest is not None:
            raise ValueError("hold and rest: one of them; hold takes the channel from every look")
        if self.sharp and (self.level is not None or len(self.sharp) < 2):
            raise ValueError(
                "sharp: 2 to 9 levels of a focus, at evenly spaced zooms from narrow to wide, without hold and rest"
            )
        return self


class FixtureConfig(ConfigSection):
    """One fixture of the patch.

    `profile` is `maker/model` in `profiles`, `ofl:maker/model`, `qxf:Maker/Model`, `gdtf:File` or `file:PATH`.
    `turn_deg` turns a bar on the plan, anticlockwise seen from above: 0 lies across the stage, 90 points upstage.
    `pan` and `tilt` are the part of the range that may be used; `pan_home` and `tilt_home` where the head points at
    the middle of the stage. `offset_ms`, beside its universe's: its light leaves so much later, negative: earlier,
    for fixtures that are quicker or slower than the others. `curve` is what the fixture makes of its own dimmer:
    `linear` means that its light grows as its level does (so a square law is applied here), `square` that it does
    so itself.
    """

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
    profile: str
    mode: str
    universe: int
    address: Annotated[int, Field(ge=1, le=512)]
    role: Role
    position_m: PlaceM
    turn_deg: Annotated[float, Field(ge=-360, le=360)] = 0.0
    groups: list[Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]] = []
    pan: tuple[Unit, Unit] = (0.0, 1.0)
    tilt: tuple[Unit, Unit] = (0.0, 1.0)
    pan_home: Unit = 0.5
    tilt_home: Unit = 0.5
    invert_pan: bool = False
    invert_tilt: bool = False
    max_intensity: Unit = 1.0
    curve: Literal["linear", "square", "s"] | Annotated[list[Unit], Field(min_length=2, max_length=256)] = "linear"
    minimum: Annotated[float, Field(ge=0, lt=1)] = 0.0  # lowest dimmer level at which the fixture gives light
    gains: tuple[Unit, Unit, Unit] = (1.0, 1.0, 1.0)  # linear red, green, blue: what makes its white the rig's white
    override: dict[str, OverrideConfig] = {}
    allow_laser: bool = False
    armed: bool = False
    offset_ms: OffsetMs = 0.0


class Config(ConfigSection):
    """The whole of `config.yaml`."""

    venue: str
    seed: Annotated[int, Field(ge=0)] = 0
    plan: str | None = None
    set_list: str | None = None
    opening: str | None = None
    opening_sound: str = "default"
    palette: Annotated[list[HexColour], Field(min_length=1, max_length=12)]
    audio: AudioConfig
    model: ModelConfig
    rates: RatesConfig = RatesConfig()
    look: LookConfig = LookConfig()
    safety: SafetyConfig = SafetyConfig()
    record: RecordConfig = RecordConfig()
    page: PageConfig = PageConfig()
    network: NetworkConfig = NetworkConfig()
    desk: DeskConfig = DeskConfig()
    standby: StandbyConfig = StandbyConfig()
    controls: ControlsConfig = ControlsConfig()
    profiles: str = "fixtures"
    libraries: LibrariesConfig = LibrariesConfig()
    universes: Annotated[dict[Annotated[int, Field(ge=1, le=63999)], UniverseConfig], Field(min_length=1)]
    fixtures: Annotated[list[FixtureConfig], Field(min_length=1)]

    _file: Path = PrivateAttr(default=Path("config.yaml"))
    _lines: dict[YamlPlace, int] = PrivateAttr(default_factory=dict)

    @model_validator(mode="after")
    def _rates_agree(self) -> "Config":
        if self.rates.output_max_hz < self.rates.output_hz:
            raise ValueError("rates.output_max_hz must not be below rates.output_hz")
        return self

    def where(self, place: YamlPlace) -> str:
        """`file:line: yaml.path` of a value, for messages."""
        return describe(self._file, self._lines, place)

    def path(self, written: str) -> Path:
        """A path of the configuration: absolute, relative to the folder of `config.yaml`, or `bundled:NAME`."""
        return beside(self._file, written)

    @property
    def file(self) -> Path:
        """The file this was read from."""
        return self._file

    @property
    def folder(self) -> Path:
        """Where what is kept beside the configuration stands."""
        return beside(self._file, ".")

    @property
    def lines(self) -> dict[YamlPlace, int]:
        """On which line of the file each value stands."""
        return self._lines

    def at(self, file: Path, lines: dict[YamlPlace, int]) -> "Config":
        """This configuration, knowing where it came from."""
        self._file, self._lines = file, lines
        return self


def read_config(file: Path) -> Config:
    """Read and check `config.yaml`.

    Raises:
        ConfigError: missing, too large, not YAML, or a value is unknown, missing or out of range; names file, line,
            YAML path and what is allowed.
    """
    text = _read_text(file)
    lines: dict[YamlPlace, int] = {}
    try:
        node = composed(text)
        note_lines(node, (), lines, file)
        data = meant(node)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ConfigError(f"{file}:{line}: not valid YAML: {error.problem}") from error
    except RecursionError as error:
        raise ConfigError(f"{file}: nested too deeply; this is no configuration") from error
    except NO_YAML as error:
        raise ConfigError(f"{file}: not valid YAML: {error}") from error
    return checked(data, file, lines)


def checked(data: object, file: Path, lines: dict[YamlPlace, int]) -> Config:
    """Plain data as a configuration.

    Raises:
        ConfigError: a value is unknown, missing or out of range.
    """
    try:
        config = Config.model_validate(data)
    except ValidationError as error:
        raise ConfigError("\n".join(explain(file, lines, one, Config) for one in error.errors()[:5])) from error
    return config.at(file, lines)


def with_overrides(config: Config, **sections: dict[str, Any] | list[str] | int | str) -> Config:
    """A copy in which some values are replaced, checked again.

    Args:
        config: the original, whose file and lines are kept.
        sections: `seed=3`, `audio={"source": "file:x.wav"}` and so on.
    """
    data = config.model_dump()
    for name, change in sections.items():
        data[name] = {**data[name], **change} if isinstance(change, dict) else change
    return checked(data, Path("command line"), {}).at(config.file, config.lines)


def _read_text(file: Path) -> str:
    try:
        if file.stat().st_size > MAX_CONFIG_BYTES:
            raise ConfigError(f"{file}: larger than {MAX_CONFIG_BYTES} bytes; this is no configuration")
        return file.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise ConfigError(
            f"{file}: no such file; give one with --config FILE, or let `followspot init` make one"
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: cannot be read: {error}") from error


def freeze(config: Config, more: dict[str, Any] | None = None) -> str:
    """The configuration as one line of JSON, with the file it came from and `more`, to hand to another process."""
    frozen = {"file": str(config.file.resolve()), "config": config.model_dump(mode="json")}
    return json.dumps({**(more or {}), **frozen})


def without_key(config: Config) -> Config:
    """The configuration as it may lie in a file: the key that two machines share is not in it."""
    if not config.standby.key:
        return config
    return config.model_copy(update={"standby": config.standby.model_copy(update={"key": KEY_ELSEWHERE})})


def with_key(config: Config, key: str) -> Config:
    """`without_key` undone; "" for none."""
    if not key:
        return config
    return config.model_copy(update={"standby": config.standby.model_copy(update={"key": key})}).at(
        config.file, config.lines
    )


def thaw(text: str) -> Config:
    """The configuration that `freeze` wrote."""
    frozen = json.loads(text)
    return Config.model_validate(frozen["config"]).at(Path(frozen["file"]), {})
