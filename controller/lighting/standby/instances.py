"""What differs between the machines of a pair: who is sACN's source, at which priority, and the way to the other.

Edge: randomness, the state folder.
"""

import os
from uuid import UUID, uuid5

from controller.config import Config, OutputConfig, SacnConfig, UniverseConfig
from controller.lighting.output.cid import source_cid
from controller.lighting.standby.heartbeat import NOBODY
from controller.lighting.standby.link import PartnerLink
from controller.lighting.standby.partner import BELOW, Backup, Main, Partner
from controller.state_folder import state_folder


def below_main(config: Config) -> dict[int, UniverseConfig]:
    """The outputs as configured; those of a backup with their sACN below the main's."""
    if config.standby.role != "backup":
        return config.universes
    return {
        number: universe.model_copy(update={"outputs": [_below(one) for one in universe.outputs]})
        for number, universe in config.universes.items()
    }


def _below(output: OutputConfig) -> OutputConfig:
    if not isinstance(output, SacnConfig):
        return output
    return output.model_copy(update={"priority": max(0, output.priority - BELOW)})


def own_cid(config: Config) -> UUID:
    """What sACN receivers know this machine by; a backup with a copied configuration is another source all the same."""
    cid = source_cid(config.network.cid, config.venue, state_folder())
    return uuid5(cid, "backup") if config.standby.role == "backup" else cid


def partner_of(config: Config, now_s: float) -> Partner:
    """This machine's view of the other one, or of being alone."""
    standby = config.standby
    if standby.role == "off" or standby.peer is None:
        return Partner()
    link = PartnerLink(standby.peer, standby.port, listens=standby.role == "backup")
    if standby.role == "main":
        return Main(standby.key, link, draw)
    return Backup(standby.key, link, draw, now_s=now_s, stale_s=config.rates.token_stale_s)


def draw() -> bytes:
    """A number that nobody can know before."""
    return os.urandom(len(NOBODY))
