"""Every topic of the bus: its name, who sends it, what it carries, how often, and when it is stale. Pure.

This table drives publishing, subscribing and what the page calls down; the page about the architecture prints it.
"""

from dataclasses import dataclass
from typing import Generic, TypeVar

from controller.bus.news import ListeningStatus, ShownNews, StageNews
from controller.config import RatesConfig
from controller.messages import Command, LightToken, Pulse

T = TypeVar("T")
SPARE = ".spare"
"""What the names of a spare process's sockets end in."""


@dataclass(frozen=True, slots=True)
class Topic(Generic[T]):
    """One topic.

    Attributes:
        name: of the socket in the run's folder. sender: process. carries: type of its messages.
        hz: messages a second that are expected; 0: when somebody wishes something.
        stale_s: older than this, the sender counts as not heard. spare: the spare of its sender speaks on it, too.
    """

    name: str
    sender: str
    carries: type[T]
    hz: float
    stale_s: float
    what: str
    spare: bool = False

    def stale(self, age_s: float) -> bool:
        """Whether the newest message is too old to believe."""
        return age_s > self.stale_s


RATES = RatesConfig()
"""What a venue that says nothing of it has: when a pulse and a token are too old to believe."""

PULSES = Topic("pulses", "listening", Pulse, 50.0, RATES.pulse_dead_s, "what the fast path hears; an onset at once")
TOKENS = Topic("tokens", "listening", LightToken, 10.0, RATES.token_stale_s, "what the decoder decided for one hop")
LISTENING = Topic("listening", "listening", ListeningStatus, 2.0, 2.0, "source, models and counts of the sound process")
STAGE = Topic("stage", "lighting", StageNews, 30.0, 2.0, "what just left, and how the output process is", spare=True)
SHOWN = Topic(
    "shown",
    "lighting",
    ShownNews,
    40.0,
    1.0,
    "what is about to leave, for the process that may have to go on",
    spare=True,
)
COMMANDS = Topic(
    "commands", "watching", Command, 0.0, 0.0, "what people wish; a queue that keeps its order", spare=True
)

TOPICS: tuple[
    Topic[Pulse] | Topic[LightToken] | Topic[ListeningStatus] | Topic[StageNews] | Topic[ShownNews] | Topic[Command],
    ...,
] = (
    PULSES,
    TOKENS,
    LISTENING,
    STAGE,
    SHOWN,
    COMMANDS,
)
