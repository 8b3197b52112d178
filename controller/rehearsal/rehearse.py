"""The show without waiting: the same stages in a virtual time, written to files.

The same input, seed, models and configuration give the same `tokens.csv`, `dmx.show`, `heads.npz`, `form.json` and
`sheet.png`, byte for byte; `report.json` and `report.html` add how long things took, and that differs from run to run.
Edge: files.
"""

import json
import os
import sys
from array import array
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from controller.arrays import Float32Array
from controller.artefacts.artefact import sha256_of
from controller.clock import MonotonicClock
from controller.colour import to_encoded
from controller.config import Config
from controller.errors import AudioError
from controller.lighting.output.sender import NOBODY
from controller.lighting.output_cycle import OutputCycle
from controller.lighting.takeover.console_merge import ConsoleMerge
from controller.listening.audio.source import Recorded, open_recorded
from controller.listening.decider import Decider
from controller.listening.known.repertoire import Repertoire
from controller.listening.known.sketch import Sketch, Sketching
from controller.listening.networks import open_ear
from controller.messages import NO_WISH, Command, LightToken, Pulse, SongWish
from controller.metrics.correspondence import block_correlation, lift
from controller.metrics.craft import hue_dwell_s
from controller.metrics.held_looks import held_looks
from controller.metrics.safety import dark_share, flash_times_s, most_in_one_second
from controller.metrics.seen_rig import seen
from controller.metrics.stagecraft import blinder_hits_s, colours, contrast, key_share
from controller.metrics.stops import levels_db, stop_figures, stops
from controller.records import rendered, told_form
from controller.records.rendered import RenderedRig
from controller.records.told_form import ToldForm
from controller.rehearsal import show_sheet
from controller.rehearsal.listened import HeardHop, apart, joined, listened
from controller.rehearsal.lit import KEEP_TIMINGS, Lit, LitSong, floats
from controller.rehearsal.rendering import UNSEEN
from controller.rehearsal.report_page import Intervention, Onset, ReportData, Section, StageTiming, render_report
from controller.rehearsal.show_sheet import Sheet, draw
from controller.rehearsal.side_by_side import ahead, beside
from controller.rehearsal.stage_pictures import stage_pictures
from controller.rig.patch.configured import patch_of
from controller.rig.patch.patch import Patch
from controller.sound_format import HOP_S
from controller.timing import Percentiles, Timings

WAVEFORM_HZ = 40.0


@dataclass
class Traces:
    """What a rehearsal remembers of its hops for its report, a few bytes for each."""

    form: ToldForm = field(default_factory=ToldForm)
    tokens: "array[int]" = field(default_factory=lambda: array("h"))
    levels_db: "array[float]" = field(default_factory=floats)
    fine_db: "array[float]" = field(default_factory=floats)
    onsets: list[tuple[float, float]] = field(default_factory=list)
    waveform: "array[float]" = field(default_factory=floats)
    bars_s: list[float] = field(default_factory=list)

    @property
    def light(self) -> npt.NDArray[np.int64]:
        """(hops, 2) hue and value."""
        return np.array(self.tokens, np.int64).reshape(-1, 2)


class Rehearsal:
    """One song through all stages.

    Many attributes: all stages of a show, and what is kept of each.

    Args:
        config: as for a show. source: the song, for its name and length. out: folder that the files go to.
        song: its path, which is opened anew where it is heard, and which the report links to.
        decider: who decides; None: the configured model. wish: what a set list would wish for it.

    Attributes:
        sketching: how it sounds, for those who want to know it again.
    """

    def __init__(
        self,
        config: Config,
        source: Recorded,
        out: Path,
        song: Path,
        decider: Decider | None = None,
        *,
        wish: SongWish = NO_WISH,
    ) -> None:
        self._config, self._source, self._song, self._out = config, source, song, out
        self._audio = os.path.relpath(song, out) if song.is_file() else None
        self._clock = MonotonicClock()
        self._decider = decider or Decider(config, self._clock, patient=True)
        self._patch = patch_of(config)
        self._made = OutputCycle(config, self._patch, ConsoleMerge(config, self._patch, NOBODY))
        self._ear = open_ear(config, source.stems)
        self._timings = Timings(keep=KEEP_TIMINGS)
        self._traces = Traces()
        self._onset_count = 0
        self._rows = _rows(self._patch)
        self.sketching = Sketching()
        if wish != NO_WISH:
            self._made.engine.obey(Command("wish", 1.0, wish=wish))
            self._decider.obey(self._made.engine.operator)

    def run(self) -> dict[str, Any]:
        """Play it all; returns the summary that stands in `report.json` too."""
        self._decider.warm_up()
        started_s = self._clock.now_s()
        with ExitStack() as stack:
            tokens = stack.enter_context((self._out / "tokens.csv").open("w", encoding="ascii", newline="\n"))
            tokens.write("t_s,hue,value\n")
            tokens.flush()  # what a copy of this process has not written is written twice
            hops = stack.enter_context(ahead(lambda: apart(self._listened())))
            stage = stack.enter_context(beside(self._stage))
            progress = stack.enter_context(_progress())
            task = progress.add_task(self._source.name, total=self._source.duration_s or None)
            for hop in joined(hops):
                token = self._decide(hop)
                tokens.write(f"{hop.end_s:.1f},{token.hue},{token.value}\n")
                stage.take((hop.packed, token))
                progress.update(task, completed=hop.end_s)
            lit = stage.result()
        if not self._traces.tokens:
            raise AudioError(f"{self._source.name}: shorter than one hop (0.1 s); nothing to rehearse")
        return self._report(lit, self._clock.now_s() - started_s)

    def _listened(self) -> Iterator[HeardHop]:
        source = open_recorded(self._song, self._config)
        try:
            yield from listened(source, self._ear, self._clock)
        finally:
            source.close()

    def _stage(self) -> Lit:
        return Lit(self._made, self._patch, self._config.rates.output_hz, self._out / "dmx.show", self._clock)

    def _decide(self, hop: HeardHop) -> LightToken:
        """The token of a hop, kept with what led to it."""
        self._decider.beats, self._decider.band = hop.tempo, hop.band
        self._traces.bars_s += hop.ones_s
        self._timings.add("accent", hop.took_s)
        token = self._decider.step(hop.window)
        if self._decider.heard is not None:
            self.sketching.add(self._decider.heard.vector)
        self._remember(token, hop.pulses, hop.samples)
        return token

    def _remember(self, token: LightToken, pulses: list[Pulse], samples: Float32Array) -> None:
        traces = self._traces
        traces.tokens.extend((token.hue, token.value))
        traces.form.take(token.cue, token.t_s)
        traces.levels_db.append(pulses[-1].level_db)
        for pulse in pulses:
            if pulse.onsets != self._onset_count:
                self._onset_count = pulse.onsets
                traces.onsets.append((pulse.onset_t_s, pulse.onset_strength))
        traces.fine_db.extend(levels_db(samples).tolist())
        quarters = samples.reshape(4, -1)
        for part in quarters:
            traces.waveform.extend((float(part.min()), float(part.max())))

    def _report(self, lit: LitSong, wall_s: float) -> dict[str, Any]:
        rig = lit.rig
        figures = {**self._figures(lit), **self._rig_figures(rig)}
        identity = self._identity()
        timings = {**self._decider.timings.percentiles_ms(), **self._timings.percentiles_ms(), **lit.timings_ms}
        music_s = len(self._traces.light) * HOP_S
        report = {
            "song": self._source.name,
            "music_s": round(music_s, 1),
            "metrics": figures,
            "limiter": limiter_report(lit, self._config.safety.flashes),
            "identity": identity,
            "seed": self._config.seed,
            "timings_ms": {
                stage: dict(zip(("p50", "p95", "p99"), three, strict=True)) for stage, three in timings.items()
            },
            "wall": {"seconds": round(wall_s, 2), "times_real_time": round(music_s / wall_s, 1)},
        }
        rig.write(self._out / rendered.NAME)
        self._traces.form.write(self._out / told_form.NAME)
        (self._out / "report.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
        (self._out / "report.html").write_text(self._page(lit, figures, identity, timings), encoding="utf-8")
        draw(self._sheet(lit, figures), self._out / show_sheet.NAME)
        return {"out": str(self._out), **{key: report[key] for key in ("song", "music_s", "metrics", "wall")}}

    def _figures(self, lit: LitSong) -> dict[str, Any]:
        traces = self._traces
        rate_hz = self._config.rates.output_hz
        areas = lit.areas.T
        general, red = np.split(areas, 2)  # of the whole rig and of each zone, as the limiter counts them
        flashes = flash_times_s(general[0], rate_hz)
        power = lit.power
        hops = np.minimum((np.arange(len(power)) / rate_hz / HOP_S).astype(int), len(traces.levels_db) - 1)
        level_db = np.array(traces.levels_db, np.float32)[hops]
        amplitude = np.power(10.0, level_db / 20.0).astype(np.float32)
        brightness = to_encoded(power)
        onsets = np.zeros(len(power), np.float32)
        for t_s, strength in traces.onsets:
            onsets[min(len(onsets) - 1, int(t_s * rate_hz))] += strength
        change = np.abs(np.diff(brightness, prepend=brightness[:1])).astype(np.float32)
        return {
            "flashes": len(flashes),
            "flashes_in_worst_second": max(most_in_one_second(flash_times_s(one, rate_hz)) for one in general),
            "red_flashes_in_worst_second": max(most_in_one_second(flash_times_s(one, rate_hz)) for one in red),
            "dark_share": round(dark_share(power, level_db > self._config.audio.silence_db), 4),
            "hue_dwell_s": round(hue_dwell_s(traces.light), 2),
            "loudness_brightness": round(block_correlation(amplitude, brightness, rate_hz), 3),
            "loudness_brightness_lift": round(_block_lift(amplitude, brightness, rate_hz), 3),
            "onset_change": round(block_correlation(onsets, change, rate_hz), 3),
            "onset_change_lift": round(_block_lift(onsets, change, rate_hz), 3),
            "intensity_variation": round(float(brightness.std()), 3),
            "onsets_per_minute": round(60.0 * len(traces.onsets) / max(len(traces.light) * HOP_S, 1e-9), 1),
            "states": {state: round(count / len(power), 4) for state, count in sorted(lit.states.items())},
        }

    def _rig_figures(self, rig: RenderedRig) -> dict[str, Any]:
        """What can be said of the rendered rig without hearing the whole song; `followspot evaluate` says the rest."""
        shown, traces = seen(rig), self._traces
        played = np.array(traces.levels_db, np.float32) > self._config.audio.silence_db
        moment = np.minimum(np.arange(len(rig.time_s)), len(played) - 1)
        minutes = max(len(traces.light) * HOP_S, 1e-9) / 60.0
        figures = {
            **contrast(shown),
            **colours(shown),
            "key_at_floor_share": key_share(shown, played[moment]),
            "blinders_a_minute": len(blinder_hits_s(shown.ticks)) / minutes,
            "held_looks_a_minute": len(held_looks(shown.ticks)) / minutes,
            "looks_told_a_minute": len(traces.form.looks) / minutes,
            **stop_figures(shown.ticks, stops(np.array(traces.fine_db, np.float64))),
        }
        return {name: round(amount, 3) for name, amount in figures.items() if not np.isnan(amount)}

    def _identity(self) -> dict[str, str]:
        embedder, decoder = self._config.path(self._config.model.embedder), self._decider.decoder_folder
        return {
            "embedder": self._decider.embedder.name,
            "embedder_sha256": sha256_of(embedder / "manifest.yaml"),
            "decoder": self._decider.decoder_name,
            "decoder_sha256": sha256_of(decoder / "manifest.yaml"),
            "config_sha256": sha256_of(self._config.file),
        }

    def _page(
        self, lit: LitSong, figures: dict[str, Any], identity: dict[str, str], timings: dict[str, Percentiles]
    ) -> str:
        traces, sections, rig = self._traces, self._sections(), lit.rig
        heads = [head for head in range(self._patch.heads) if self._patch.roles[head] not in UNSEEN]
        rows = [heads.index(head) for _, head in self._rows]
        shown = {key: value for key, value in figures.items() if not isinstance(value, dict)}
        return render_report(
            ReportData(
                song=self._source.name,
                venue=self._config.venue,
                duration_s=len(traces.light) * HOP_S,
                audio=self._audio,
                levels_db=np.array(traces.levels_db, np.float32),
                levels_hz=1.0 / HOP_S,
                tokens=traces.light,
                rig=np.rint(to_encoded(rig.light[:, rows]) * 255.0).astype(np.uint8),
                groups=tuple(name for name, _ in self._rows),
                onsets=tuple(Onset(t_s, strength) for t_s, strength in traces.onsets),
                seed=self._config.seed,
                metrics=shown,
                timings={stage: StageTiming(*three) for stage, three in timings.items()},
                interventions=tuple(Intervention(one.start_s, one.what) for one in lit.steps),
                identity=identity,
                rig_hz=float(rendered.RATE_HZ),
                sections=sections,
                pictures=stage_pictures(rig, sections or (), self._patch.has("pan")[heads]),
            )
        )

    def _sheet(self, lit: LitSong, figures: dict[str, Any]) -> Sheet:
        traces = self._traces
        said = ", ".join(
            f"{words} {figures[name]:g}"
            for name, words in (("brightness_sd", "brightness sd"), ("dim_share", "dark"), ("hues_median", "hues"))
            if name in figures
        )
        return Sheet(
            title=f"{self._source.name}   ({self._decider.decoder_name}, seed {self._config.seed}; {said})",
            waveform=np.array(traces.waveform, np.float32).reshape(-1, 2),
            waveform_hz=WAVEFORM_HZ,
            tokens=traces.light,
            rig=lit.rig,
            form=traces.form,
            bars_s=tuple(traces.bars_s),
            limited_s=tuple(one.start_s for one in lit.steps),
        )

    def _sections(self) -> tuple[Section, ...] | None:
        """As the cues told them; None where nobody follows the form."""
        found = self._traces.form.sections
        if not found:
            return None
        ends_s = [*(one.start_s for one in found[1:]), len(self._traces.light) * HOP_S]
        return tuple(Section(one.start_s, end_s, one.label) for one, end_s in zip(found, ends_s, strict=True))


def rehearse(
    config: Config,
    song: Path,
    out: Path,
    decider: Decider | None = None,
    *,
    wish: SongWish = NO_WISH,
    remember: str = "",
) -> dict[str, Any]:
    """Rehearse one song or folder of stems into `out`.

    Args:
        decider: who decides instead of the configured model. wish: what a set list would wish for it.
        remember: title under which shows of this venue know the song again; "": they do not.

    Raises:
        ControllerError: something cannot be used; nothing is written then.
    """
    source = open_recorded(song, config)
    decider = decider or Decider(config, MonotonicClock(), patient=True)
    try:
        rehearsal = Rehearsal(config, source, out, song, decider, wish=wish)
        out.mkdir(parents=True, exist_ok=True)
        report = rehearsal.run()
        if remember:
            rows = np.array(rehearsal.sketching.rows, np.float16)
            Repertoire.of(config, decider.embedder.identity).keep(Sketch(remember, rows))
        return report
    except OSError as error:
        raise AudioError(f"{out}: cannot be written ({error}); choose another folder with --out") from error
    finally:
        source.close()


def limiter_report(lit: LitSong, standard: str) -> dict[str, Any]:
    """What would have flashed too often, when, and what for."""
    at = [{"start_s": round(one.start_s, 3), "end_s": round(one.end_s, 3), "what": one.what} for one in lit.steps]
    return {
        "standard": standard,
        "interventions": lit.limiter.interventions,
        "strobes_stopped": lit.limiter.strobes_stopped,
        "clamped_share": lit.limiter.clamped_share,
        "at": at,
    }


def _block_lift(heard: Float32Array, seen: Float32Array, rate_hz: float) -> float:
    """Lift of `block_correlation`; 0 where the song is too short for one."""
    found = lift(lambda light: block_correlation(heard, np.asarray(light, np.float32), rate_hz), seen, rate_hz)
    return 0.0 if np.isnan(found) else found


def _rows(patch: Patch) -> list[tuple[str, int]]:
    """Rows of the report's picture of the rig: name and head, role by role, left to right; hazers give no light."""
    order = {
        role: number
        for number, role in enumerate(("key", "wash", "back", "pixel", "beam", "mover", "blinder", "strobe"))
    }
    heads = [head for head in range(patch.heads) if patch.roles[head] in order]
    heads.sort(key=lambda head: (order[patch.roles[head]], float(patch.positions_m[head, 0]), head))
    return [(patch.head_name(head), head) for head in heads]


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:.0f} s of music"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=Console(file=sys.stderr),
        disable=not sys.stderr.isatty(),
    )
