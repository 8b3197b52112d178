"""The show as Prometheus metrics, in the words of `prometheus_client`. Pure."""

from collections.abc import Iterable, Iterator, Mapping

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from controller.people.commands import COMMANDS
from controller.people.operator import setting_of
from controller.watching.page.feed import Live

STATES = ("live", "fallback", "talk", "quiet", "house")


class Snapshot(Collector):
    """One snapshot of the show, to be collected once.

    Args:
        live: the newest, None before the first. page: counters of the page itself.
    """

    def __init__(self, live: Live | None, page: Mapping[str, int]) -> None:
        self._live, self._page = live, page

    def collect(self) -> Iterator[Metric]:
        """Everything there is."""
        yield _gauges("followspot_page", "What the page counts.", "what", self._page.items())
        yield GaugeMetricFamily("followspot_up", "Whether the output process is heard.", float(self._live is not None))
        live = self._live
        if live is None:
            return
        states = ((state, live.health == state) for state in STATES)
        yield _gauges("followspot_health", "How well the show hears and thinks: 1 for its state.", "state", states)
        processes = ((name, state == "up") for name, state in live.processes.items())
        yield _gauges("followspot_process_up", "Processes that are heard.", "process", processes)
        yield _gauges("followspot_show", "What the show counts.", "what", live.counters.items())
        settings = ((row.name, setting_of(live.operator, row)) for row in COMMANDS.values() if row.stands)
        yield _gauges("followspot_operator", "What a person has set, 0 to 1.", "what", settings)
        elapsed = CounterMetricFamily("followspot_elapsed_seconds", "Since the page's process began.")
        elapsed.add_metric([], live.elapsed_s)
        yield elapsed
        stages = GaugeMetricFamily("followspot_stage_seconds", "Time of stages.", labels=["stage", "quantile"])
        for stage, timing in live.timings.items():
            for quantile, milliseconds in zip(("0.5", "0.99"), timing, strict=True):
                stages.add_metric([stage, quantile], milliseconds / 1e3)
        yield stages


def _gauges(name: str, text: str, label: str, amounts: Iterable[tuple[str, float]]) -> Metric:
    family = GaugeMetricFamily(name, text, labels=[label])
    for word, amount in amounts:
        family.add_metric([word], float(amount))
    return family


def prometheus(live: Live | None, page: Mapping[str, int]) -> str:
    """The text that is scraped."""
    registry = CollectorRegistry()
    registry.register(Snapshot(live, page))
    return generate_latest(registry).decode()
