"""The output cycle before everything else on this machine, where the system lets us. Edge: the scheduler.

A fair share is not enough: beside seven busy programs on two cores a cycle waited for up to 80 ms. Linux runs a
real-time thread at once (sched(7)), as it does for sound; who may is root, or whoever has a `rtprio` limit. One cycle
takes some milliseconds of forty times a second; one that does not end gives the privilege up (`MOST_S`), and Linux
itself leaves a twentieth of a core to the others.
"""

import contextlib
import logging
import os
import signal
import sys
from types import FrameType

log = logging.getLogger(__name__)

PRIORITY = 1
"""The least there is: sound (JACK, PipeWire) comes before the light."""
MOST_S = 0.5
"""Of the processor, without waiting for anything in between."""


def come_first() -> bool:
    """Put the calling thread before all others, and not those that it starts; False: the system does not let us."""
    if sys.platform != "linux":
        return False
    import resource  # noqa: PLC0415 - Linux has it

    try:
        signal.signal(signal.SIGXCPU, _stand_back)
        os.sched_setscheduler(0, os.SCHED_RR | os.SCHED_RESET_ON_FORK, os.sched_param(PRIORITY))
        _, most = resource.getrlimit(resource.RLIMIT_RTTIME)
        resource.setrlimit(resource.RLIMIT_RTTIME, (round(MOST_S * 1e6), most))
    except (OSError, ValueError):  # no right to it, in some containers not even to ask
        return False
    return True


def may_come_first() -> bool:
    """Whether this user's programs would be let; elsewhere than on Linux nobody asks."""
    if sys.platform != "linux":
        return True
    import resource  # noqa: PLC0415

    return os.geteuid() == 0 or resource.getrlimit(resource.RLIMIT_RTPRIO)[0] >= PRIORITY


def _stand_back(_signal: int, _frame: FrameType | None) -> None:
    """A cycle did not end: from now on it is one program among others."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_OTHER | os.SCHED_RESET_ON_FORK, os.sched_param(0))
    log.warning("a cycle took over %.1f s of the processor; the light no longer comes before other programs", MOST_S)
