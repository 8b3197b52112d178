"""The outputs of all universes, one by one, each with the name that people know it by."""

from collections.abc import Mapping
from dataclasses import dataclass

from controller.config import (
    ArtNetConfig,
    DdpConfig,
    EnttecProConfig,
    OlaConfig,
    OpenDmxConfig,
    OutputConfig,
    SacnConfig,
    UniverseConfig,
)

DISCOVER = "discover"


@dataclass(frozen=True, slots=True)
class Route:
    """One output of one universe."""

    universe: int
    output: OutputConfig

    @property
    def name(self) -> str:
        """Unique unless somebody configured the same output twice."""
        return f"universe {self.universe}, {describe(self.output)}"


def routes(universes: Mapping[int, UniverseConfig]) -> list[Route]:
    """All outputs, in the order of the configuration."""
    return [Route(number, output) for number, one in universes.items() for output in one.outputs]


def describe(output: OutputConfig) -> str:
    """Where an output goes, in a few words."""
    match output:
        case ArtNetConfig(host=host, port_address=address):
            port = "" if output.port == 6454 else f":{output.port}"
            return f"Art-Net {host}{port} port address {address}"
        case SacnConfig(universe=universe, host=host):
            port = "" if output.port == 5568 else f":{output.port}"
            return f"sACN universe {universe} " + (f"to {host}{port}" if host else f"multicast{port}")
        case OlaConfig(host=host, port=port, universe=universe):
            return f"OLA {host}:{port} universe {universe}"
        case DdpConfig(host=host, offset=offset):
            port = "" if output.port == 4048 else f":{output.port}"
            return f"DDP {host}{port} from byte {offset}"
        case EnttecProConfig(device=device, output=number):
            return f"Enttec Pro {device}" + (" second output" if number == 2 else "")
        case OpenDmxConfig(device=device):
            return f"Open DMX {device}"
