"""The pure parts of the benchmarks: a ruler that is wrong measures nothing."""

import json
import shutil
import struct
from pathlib import Path

import numpy as np
import pytest

from controller.sound_format import SAMPLE_RATE_HZ
from tools.bench.__main__ import BENCHMARKS, main, render, rows, run
from tools.bench.night import endless
from tools.bench.run import machine
from tools.bench.run.processes import Process, Usage, _part, cpu_percent, descendants
from tools.bench.run.result import Options, percentiles
from tools.bench.run.staging import write_config
from tools.bench.run.wire import Arrival, parse_artdmx
from tools.bench.show.live import by_port_address
from tools.bench.sound.bursts import LEVEL, find_bursts, make_bursts
from tools.bench.sound.latency import PARTS, Burst
from tools.bench.sound.rises import Brightness, brightness, first_clear_rise_s
from tools.bench.sound.sound_clock import SoundClock
from tools.bench.wire import universes

# ------------------------------------------------------------------ bursts


def test_bursts_are_the_same_for_the_same_seed():
    one, other, third = make_bursts(5, seed=3), make_bursts(5, seed=3), make_bursts(5, seed=4)
    assert np.array_equal(one[0], other[0])
    assert not np.array_equal(one[0][: len(third[0])], third[0][: len(one[0])])


def test_bursts_begin_loud_after_silence_and_are_found_where_they_are():
    samples, onsets = make_bursts(20, seed=1)
    assert len(onsets) == 20
    assert np.all(samples[onsets] == LEVEL)
    assert np.all(samples[onsets - 1] == 0.0)
    assert np.abs(samples).max() == LEVEL
    assert np.array_equal(find_bursts(samples), onsets)
    spacings_s = np.diff(onsets) / SAMPLE_RATE_HZ
    assert 0.85 <= spacings_s.min() <= spacings_s.max() <= 1.15


def test_no_burst_is_found_in_silence():
    assert len(find_bursts(np.zeros(1_000, np.float32))) == 0


# ------------------------------------------------------------- sound clock


def deliveries(rng: np.random.Generator, start_s: float, drift: float = 0.0) -> SoundClock:
    """Twenty seconds in fragments of 2 ms, each read 0.5 ms to 3 ms late, some of them 40 ms."""
    delivered = np.arange(96.0, 20 * SAMPLE_RATE_HZ, 96.0)
    late_s = 0.0005 + rng.exponential(0.001, len(delivered)) + np.where(rng.random(len(delivered)) < 0.02, 0.04, 0.0)
    return SoundClock(delivered, start_s + delivered / SAMPLE_RATE_HZ * (1.0 + drift) + late_s)


def test_the_clock_recovers_a_known_start_from_late_deliveries(rng: np.random.Generator):
    clock = deliveries(rng, 1_234.5)
    for sample in (0, 96, 100_000, 20 * SAMPLE_RATE_HZ - 1):
        error_s = clock.time_of(sample) - (1_234.5 + sample / SAMPLE_RATE_HZ)
        assert 0.0005 - 1e-6 <= error_s < 0.0006  # never early; late by the quickest delivery, as documented


def test_the_clock_follows_a_sound_card_that_drifts(rng: np.random.Generator):
    clock = deliveries(rng, 10.0, drift=1e-4)
    sample = 18 * SAMPLE_RATE_HZ
    error_s = clock.time_of(sample) - (10.0 + 18.0 * 1.0001)
    assert abs(error_s - 0.0005) < 0.001  # over the whole run it would be 1.8 ms off


def test_lateness_is_measured_from_the_envelope(rng: np.random.Generator):
    lateness_s = deliveries(rng, 0.0).lateness_s()
    assert lateness_s.min() == 0.0
    assert np.median(lateness_s) == pytest.approx(0.0007, abs=0.0003)


# ------------------------------------------------------------------- rises


def light(levels: dict[float, float], noise: float = 0.0) -> Brightness:
    """Forty packets a second for two seconds; the level changes at the given times."""
    times_s = np.arange(80) / 40.0
    steps = sorted(levels.items())
    now = np.array([next((level for since, level in reversed(steps) if t_s >= since), 50.0) for t_s in times_s])
    return Brightness(times_s, now + noise * np.tile([-1.0, 1.0], 40))


def test_the_first_clearly_brighter_packet_is_found():
    assert first_clear_rise_s(light({1.025: 90.0}), onset_s=1.0) == pytest.approx(1.025)


def test_no_rise_is_a_miss():
    assert first_clear_rise_s(light({}), 1.0) is None
    assert first_clear_rise_s(light({1.025: 53.0}), 1.0) is None  # not clear
    assert first_clear_rise_s(light({1.025: 20.0}), 1.0) is None  # darker
    assert first_clear_rise_s(light({1.7: 90.0}), 1.0) is None  # too late
    assert first_clear_rise_s(light({1.2: 90.0}), 1.0, until_s=1.1) is None  # belongs to the next burst
    assert first_clear_rise_s(light({}), -1.0) is None  # nothing to compare with


def test_a_restless_light_must_rise_further():
    assert first_clear_rise_s(light({1.1: 60.0}, noise=3.0), 1.0) is None
    assert first_clear_rise_s(light({1.1: 90.0}, noise=3.0), 1.0) == pytest.approx(1.1)


def test_brightness_is_the_mean_of_the_slots_that_are_ever_lit():
    arrivals = [
        Arrival(0.0, 0, bytes([10, 0, 30, 0])),
        Arrival(0.1, 1, b"\xff\xff"),
        Arrival(0.2, 0, bytes([0, 0, 50])),
    ]
    seen = brightness(arrivals, port_address=0)
    assert seen.times_s.tolist() == [0.0, 0.2]
    assert seen.levels.tolist() == [20.0, 25.0]
    assert len(brightness(arrivals, port_address=7).times_s) == 0


def test_the_budget_of_a_burst_adds_up_to_its_latency():
    burst = Burst(onset_s=1.0, noticed_s=1.006, told_s=1.007, packet_s=1.012, risen_s=1.030)
    parts_s = burst.parts_s(render_and_send_s=0.001)
    assert parts_s is not None
    assert len(parts_s) == len(PARTS)
    assert sum(parts_s) == pytest.approx(0.030)
    assert Burst(1.0, None, None, None, 1.03).parts_s(0.001) is None
    assert Burst(1.0, 1.04, 1.05, 1.06, 1.03).parts_s(0.001) is None  # it was not the pulse that the light answered


def test_a_reader_of_the_bus_that_woke_up_late_is_not_charged_to_the_show():
    parts_s = Burst(onset_s=1.0, noticed_s=1.006, told_s=1.011, packet_s=1.035, risen_s=1.010).parts_s(0.001)
    assert parts_s == pytest.approx((0.006, 0.003, 0.0, 0.001, 0.0))


# -------------------------------------------------------------------- wire


def artdmx(port_address: int, slots: bytes) -> bytes:
    return (
        b"Art-Net\0" + struct.pack("<HBBBB", 0x5000, 0, 14, 1, 0) + struct.pack("<H", port_address)
        + struct.pack(">H", len(slots)) + slots
    )  # fmt: skip


def test_artdmx_is_read_as_the_standard_lays_it_out():
    assert parse_artdmx(artdmx(0x123, b"\x01\x02\x03\x04")) == (0x123, b"\x01\x02\x03\x04")


@pytest.mark.parametrize(
    "payload",
    [b"", b"Art-Net\0", artdmx(0, b"\1\2")[:-1], b"x" + artdmx(0, b"\1\2"), artdmx(0, b"").replace(b"P", b"Q")],
)
def test_what_is_no_whole_artdmx_is_refused(payload: bytes):
    assert parse_artdmx(payload) is None


def test_rate_and_gap_are_those_of_each_port_address():
    arrivals = [Arrival(t / 40.0, 0, b"") for t in range(41)] + [Arrival(1.1, 0, b""), Arrival(0.5, 1, b"")]
    figures = by_port_address(arrivals)
    assert figures["0"]["rate_hz"] == pytest.approx(41 / 1.1, abs=0.01)
    assert figures["0"]["longest_gap_ms"] == pytest.approx(100.0)
    assert figures["0"]["interval_ms"]["p50"] == pytest.approx(25.0)
    assert "1" not in figures  # one packet has no rate


# --------------------------------------------------------------- processes


def test_a_tree_is_the_process_and_all_below_it():
    table = {pid: Process("x", parent, 0, 0) for pid, parent in {1: 0, 10: 1, 11: 10, 12: 11, 20: 1}.items()}
    assert descendants(10, table) == {10, 11, 12}
    assert descendants(99, table) == set()


def test_a_python_process_is_named_by_what_it_runs():
    names = {
        b"/x/bin/python3\0-P\0-m\0controller.lighting.process\0/tmp": "controller.lighting.process",
        b"/x/bin/python3 -P -m controller.lighting.process /tmp lighting\0\0": "controller.lighting.process",  # a copy
        b"/x/python\0.venv/bin/pytest\0-q": "pytest",
        b"python3\0-c\0import this": "",
        b"pulseaudio\0-n": "",
        b"": "",
    }
    assert [_part(line.split(b"\0")) for line in names] == list(names.values())


def test_cpu_is_percent_of_one_core_by_part():
    before, after = Usage({"a": 1.0}, {}), Usage({"a": 2.0, "b": 0.5}, {})
    assert cpu_percent(before, after, 10.0) == {"all": 15.0, "a": 10.0, "b": 5.0}


def test_a_slope_ignores_the_first_slice():
    figures = endless._figures(np.full((4, 3), 0.002), np.array([50.0, 100.0, 100.0, 100.0]), 1.0)
    assert figures["rss_slope_mib_per_hour"] == pytest.approx(0.0, abs=1e-9)
    assert endless.slope(np.array([9.0, 1.0, 3.0, 5.0])) == pytest.approx(2.0)
    assert figures["step_ms"]["p50"] == 2.0


# --------------------------------------------------------------- universes


@pytest.mark.parametrize(("by", "protocol"), [("followspot", "artnet"), ("followspot", "sacn"), ("package", "artnet")])
def test_a_few_universes_for_a_moment(tmp_path: Path, by: str, protocol: str):
    figures = universes.fanning(tmp_path, by, protocol, 4, 0.5)
    assert figures["cycles"] >= 5
    assert figures["cpu_percent_of_a_universe"] >= 0.0
    assert set(figures["lateness_ms"]) == set(figures["sent_after_deadline_ms"]) == {"p50", "p99", "max"}


# ------------------------------------------------------------------ report


def test_percentiles_are_milliseconds_with_plain_names():
    assert percentiles([0.001, 0.002, 0.003], 0, 50, 100) == {"min": 1.0, "p50": 2.0, "max": 3.0}
    assert percentiles([], 50) == {}


def test_groups_become_dotted_rows():
    figures = {"hops": 3, "step_ms": {"p50": 1.5, "max": 2.0}, "wire": {"0": {"rate_hz": 40.0}}, "slices": [1.0, 2]}
    assert list(rows(figures)) == [
        ("hops", "3"), ("step_ms", "p50 1.5  max 2"), ("wire.0.rate_hz", "40"), ("slices", "1 2"),
    ]  # fmt: skip


def test_the_table_takes_every_outcome():
    quiet = {"load": [0.1, 0.1, 0.1], "busy": [{"name": "hog", "cpu_percent": 99}]}
    frame = {"seconds": 1.0, "before": quiet, "after": quiet}
    entries = {"stages": {"figures": {"hops": 1}}, "latency": {"skipped": "no parec"}, "live": {"failed": "why"}}
    report = {
        "machine": {"cpu": "x", "cores": 2, "python": "3", "commit": "y"},
        "quick": True,
        "benchmarks": {name: entry | frame for name, entry in entries.items()},
    }
    assert render(report).row_count == 3 * 3
    assert len({one.name for one in BENCHMARKS}) == len(BENCHMARKS)


def test_a_missing_program_is_a_skip_with_its_remedy(monkeypatch):
    monkeypatch.setattr(machine, "SURVEY_S", 0.02)
    monkeypatch.setattr(shutil, "which", lambda program: None)
    latency = next(one for one in BENCHMARKS if one.name == "latency")
    entry = run(latency, Options(quick=True))
    assert "parec" in entry["skipped"]
    assert "apt-get install" in entry["skipped"]
    assert "failed" not in entry


def test_the_staged_config_is_whole_and_sends_where_it_is_told(tmp_path: Path):
    from controller.config import read_config

    config = read_config(write_config(tmp_path, 50_000))
    assert {output.port for universe in config.universes.values() for output in universe.outputs} == {50_000}
    assert config.path(config.model.decoder).is_dir()
    assert Path(config.audio.source.partition(":")[2]).is_file()


def test_a_tiny_run_of_the_stages_writes_json(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch):
    monkeypatch.setattr(machine, "SURVEY_S", 0.02)
    out = tmp_path / "bench.json"
    assert main(["--quick", "--only", "stages", "--hops", "12", "--out", str(out)]) == 0
    report = json.loads(out.read_text(encoding="utf-8"))
    assert report["quick"] is True
    assert {"cpu", "cores", "packages", "commit"} <= report["machine"].keys()
    entry = report["benchmarks"]["stages"]
    assert entry["figures"]["hops"] == 12
    for stage in ("embed_ms", "decode_ms", "accent_ms", "tick_ms"):
        assert 0.0 < entry["figures"][stage]["p50"] <= entry["figures"][stage]["p99"]
    assert len(entry["before"]["load"]) == 3
    assert "decode_ms" in capsys.readouterr().out


def test_long_benchmarks_run_on_request_only():
    from tools.bench.__main__ import build_parser, wanted

    def names(*words):
        return {one.name for one in wanted(build_parser().parse_args(words))}

    assert not {"soak", "night"} & names()
    assert names("--only", "soak") == {"soak"}
    assert "soak" in names("--soak-minutes", "3")
    assert names("--only", "stages", "--soak-minutes", "3") == {"stages", "soak"}


def test_growth_is_what_a_line_gains():
    from tools.bench.night.soak import growth

    grown = growth({"a": [100.0] * 10, "b": [100.0 + k for k in range(11)]})
    assert grown["a"] == 0.0
    assert grown["b"] == pytest.approx(100.0 * 10 / 105, rel=1e-3)
