"""An evening of bands, played through a whole show by what people have: the page in a browser, a pedal, OSC.

Two songs of one band here; `make evening` plays four bands with twelve real songs, recorded talk, three changeovers,
one wrong order and one power cut, prints what it measured, and holds it against what is promised.
"""

import contextlib
import os
import socket
import subprocess
import sys
import threading
import time
from collections import defaultdict
from urllib.parse import urlsplit

import numpy as np
import pytest
import yaml
from evening_sound import RECORDED_SPEECH, Part, evening_of, write_sound
from jack import installed, server
from osc_receiver import Receiver
from promise import HANG_S
from pythonosc.udp_client import SimpleUDPClient
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from controller.arrays import Float32Array
from controller.colour import apart_deg, to_encoded
from controller.config import read_config
from controller.evening.colours import COLOURS
from controller.evening.sheet import read_sheet
from controller.evening.taking import set_list_of
from controller.evening.tonight import PERSON_S
from controller.rig.observe import Observer
from controller.rig.patch.configured import patch_of
from controller.sound_format import SAMPLE_RATE_HZ
from tests.chaos.conftest import Running, Wire

LONG = "FOLLOWSPOT_EVENING" in os.environ
SONG_S, MOST_PRESSES = 52.0, 4
INSIDE_DEG, LIT, COLOURED = 22.0, 0.12, 0.5
SETTLES_S = 4.0
"""Between one song and the next the wish is still the last one's; and a look that hangs goes with a fade."""
WITHIN_S = 15.0
AGAIN_S = 10.0

SHORT_SHEET = """The Sectoids
1. Metal Madness - green, no strobe
MC
2) Escape: blau, ruhig
"""
LONG_SHEET = """MULDJORD
1. Armygeddon - red, no strobe
2. Chaos God - blue and magenta, wild
Talk
3. Internal Degeneration - green, no blinders
--- changeover 10 min ---
SECTOID
1) Metal Madness: nur rot und bernstein
2) Escape from Chaosland: blau, kein Strobo
3) Feelings: lila, ruhig
--- Umbau ---
ノイズ
1. Noiz - 赤、ストロボ禁止
MC
2. Stage Two - 青と紫
3. Titanion - 緑のみ、激しく
--- 転換 ---
OBSIDIAN
1. Starfall - magenta, no strobe, no blinder
2. Second Birth - cyan and blue
3. Farewell - amber, calm
"""


class State(Receiver):
    """What the show tells by OSC now, and the time of each change."""

    def __init__(self):
        self.now, self.changes = {}, defaultdict(list)
        super().__init__()

    def took(self, address, value):
        name = address.removeprefix("/followspot/")
        if self.now.get(name) != value:
            self.now[name] = value
            self.changes[name].append((self.times_s[-1], value))

    def stands(self, name, value, seconds):
        return self.comes(lambda: self.now.get(name) == value, seconds)

    def wait(self, name, value, seconds=HANG_S):
        assert self.stands(name, value, seconds), f"{name} is {self.now.get(name)!r} and not {value!r}"

    def at(self, name, t_s):
        """What it was at a moment."""
        said = [value for at_s, value in self.changes[name] if at_s <= t_s]
        return said[-1] if said else None


@pytest.fixture
def state():
    made = State()
    yield made
    made.close()


@pytest.fixture
def wire():
    made = Wire()
    yield made
    made.close()


@pytest.fixture
def jack(require_real):
    """MIDI without a sound card."""
    require_real("jackd", installed())
    with server("-m"):
        yield


@pytest.fixture
def pedal(jack):
    """A pedal that sends program changes, through the real python-rtmidi."""
    import rtmidi

    out = rtmidi.MidiOut(rtapi=rtmidi.API_UNIX_JACK, name="Pedal")
    out.open_virtual_port("pedal")
    yield out
    out.delete()


def free_port():
    import socket

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def spoken(tmp_path):
    """A file or folder of speech: what Debian has recorded, or a voice of this machine."""
    if RECORDED_SPEECH.is_dir():
        return RECORDED_SPEECH
    file = tmp_path / "speech.wav"
    words = (
        "Good evening, thank you for coming out tonight. This next song is about the rain. There is merch at the back."
    )
    subprocess.run(["espeak-ng", "-v", "en-gb", "-s", "140", "-w", str(file), words], check=True)
    return file


class Evening:
    """The show with everything around it."""

    def __init__(self, root, tmp_path, state, wire):
        self.root, self.folder, self.state, self.wire = root, tmp_path, state, wire
        self.osc_port = free_port()
        self.shows = []
        self.started_s, self.url = 0.0, ""
        self.path = self._configured()
        self.osc = SimpleUDPClient("127.0.0.1", self.osc_port)

    def _configured(self):
        root = self.root
        data = yaml.safe_load((root / "config.yaml").read_text())
        data["profiles"] = str(root / "fixtures")
        for part in ("embedder", "decoder"):
            data["model"][part] = str(root / data["model"][part])
        data["page"] |= {"port": free_port()}
        for universe in data["universes"].values():
            for output in universe["outputs"]:
                output |= {"host": "127.0.0.1", "port": self.wire.port}
        data["controls"] = {
            "midi": ["pedal"],
            "osc": {"host": "127.0.0.1", "port": self.osc_port},
            "osc_out": [f"127.0.0.1:{self.state.address[1]}"],
            "mapping": "controls.yaml",
        }
        data["audio"] |= {"source": "file:evening.wav", "loop": not LONG}  # a slow machine hears two songs again
        (self.folder / "controls.yaml").write_text(yaml.safe_dump([{"on": "program 0", "do": "next_song"}]))
        path = self.folder / "config.yaml"
        path.write_text(yaml.safe_dump(data, sort_keys=False))
        self.url = f"http://127.0.0.1:{data['page']['port']}/"
        return path

    def begin(self, samples):
        """Play this sound; `started_s` is when the show was started."""
        write_sound(samples, self.folder / "evening.wav")
        self.state.now.clear()
        self.started_s = time.monotonic()
        self.shows.append(Running(self.path, self.folder))
        self.until(lambda: self.state.now.get("running_s", 0) >= 1)
        self.until(self._answers)  # the page: the light does not wait for it
        return self.shows[-1]

    def _answers(self):
        with contextlib.suppress(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", urlsplit(self.url).port)).close()
            return True
        return False

    def until(self, condition, seconds=HANG_S):
        ticking, end_s = threading.Event(), time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end_s, self.shows[-1].said()[-3000:]
            assert self.shows[-1].process.poll() is None, self.shows[-1].said()[-3000:]
            ticking.wait(0.02)

    def close(self):
        self.osc._sock.close()
        for one in self.shows:
            if one.process.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    one.kill()


@pytest.fixture
def evening(root, tmp_path, state, wire, pedal):
    made = Evening(root, tmp_path, state, wire)
    yield made
    made.close()


def take_the_sheet(driver, url, sheet, name):
    """Paste a band's paper, look at every line, approve, take it as tonight's list."""

    def find(one):
        return driver.find_element(By.ID, one)

    def wait(condition):
        WebDriverWait(driver, HANG_S, poll_frequency=0.05).until(lambda _driver: condition())

    driver.get(url)
    wait(lambda: find("health").text not in ("", "WAITING"))
    find("tab-list").click()
    wait(lambda: find("paper-text").is_displayed())
    driver.execute_script("arguments[0].value = arguments[1]", find("paper-text"), sheet)

    def read():
        """Press; where the machine has no time the page may be told that nobody answers, and one presses again."""
        driver.execute_script(
            "const none = !document.querySelector('#lines > li'), button = document.getElementById('paper-read');"
            "if (none && !button.disabled) button.click();"
        )
        return driver.find_elements(By.CSS_SELECTOR, "#lines > li")

    wait(read)
    shown = driver.find_elements(By.CSS_SELECTOR, "#lines > li")
    find("list-name").clear()
    find("list-name").send_keys(name)
    for _ in range(5):  # where the machine has no time the page may say that nobody answers, and one presses again
        for one in driver.find_elements(By.CSS_SELECTOR, '#lines > li[data-state="waiting"] [data-part="approve"]'):
            one.click()
        driver.execute_script("arguments[0].textContent = ''", find("list-said"))
        find("list-save").click()
        wait(lambda: find("list-said").text)
        if "tonight" in find("list-said").text:
            break
    assert "tonight" in find("list-said").text
    find("tab-show").click()
    return len(shown)


def tap(driver, name):
    WebDriverWait(driver, HANG_S, poll_frequency=0.05).until(lambda _: driver.find_element(By.ID, name).is_displayed())
    driver.find_element(By.ID, name).click()


def darken(driver, state):
    """B, and once more where the page says that it came too late."""
    for _ in range(5):
        driver.find_element(By.TAG_NAME, "body").send_keys("b")
        if state.stands("blackout", 1.0, HANG_S / 5):
            return
    raise AssertionError(driver.find_element(By.ID, "banner").text)


def press(pedal, evening, at, to):
    """The pedal, again and again until its port is open, which takes a busy machine a while.

    Each time a person has just said where the night is: for so long it goes nowhere by itself.
    """
    for _ in range(10):
        evening.osc.send_message("/followspot/song", [at])
        evening.state.wait("song/now", at)
        pedal.send_message([0xC0, 0])
        if evening.state.stands("song/now", to, PERSON_S / 3):
            return
    raise AssertionError(f"the pedal does not lead from {at} to {to}")


class Seen:
    """The light of every head as it left, read back from the wire."""

    def __init__(self, evening):
        config = read_config(evening.path)
        self.patch = patch_of(config)
        self._observer = Observer(self.patch)
        self.packets = list(evening.wire.packets)

    def light(self, from_s, to_s):
        """(T, N, 3) linear, ten a second."""
        slots = {number: np.zeros(512, np.uint8) for number in self.patch.universes}
        found, due_s = [], from_s
        for t_s, packet in self.packets:
            if t_s > to_s:
                break
            if len(packet) < 18 or packet[8:10] != b"\x00\x50":
                continue
            universe = self.patch.universes[packet[14]] if packet[14] < len(self.patch.universes) else None
            if universe is None:
                continue
            slots[universe] = np.frombuffer(packet[18:530].ljust(512, b"\0"), np.uint8)
            if t_s >= due_s:
                due_s = t_s + 0.1
                found.append(self._observer.observe(slots).light.copy())
        return np.array(found)

    def heads(self, *roles):
        return np.array([role in roles for role in self.patch.roles])


def inside(light: Float32Array, colours):
    """Share of the coloured light that is within the wished colours; 1 where there is none."""
    encoded = to_encoded(light)
    most, least = encoded.max(axis=-1), encoded.min(axis=-1)
    saturation = (most - least) / np.maximum(most, 1e-6)
    weight = most**2 * (most > LIT) * (saturation > COLOURED)
    if weight.sum() == 0.0:
        return 1.0
    hue = hues_of(encoded)
    near = np.min([apart_deg(hue, COLOURS[one][0]) for one in colours], axis=0) <= INSIDE_DEG
    return float((weight * near).sum() / weight.sum())


def hues_of(encoded):
    red, green, blue = (encoded[..., at] for at in range(3))
    most, spread = encoded.max(axis=-1), np.maximum(np.ptp(encoded, axis=-1), 1e-6)
    turned = np.where(
        most == red,
        (green - blue) / spread % 6.0,
        np.where(most == green, (blue - red) / spread + 2.0, (red - green) / spread + 4.0),
    )
    return 60.0 * turned


def walk_in(evening):
    """The moment before the band, by OSC; said again where a machine without time refused it as late, as people do."""
    for _ in range(round(HANG_S / AGAIN_S)):
        evening.osc.send_message("/followspot/moment", ["walk_in", 1])
        if evening.state.stands("moment", "walk_in", AGAIN_S):
            return
    evening.state.wait("moment", "walk_in", 0.0)


def test_two_songs_of_a_band_by_page_pedal_and_osc(root, pedal, chromium, evening):
    state = evening.state
    parts = [Part("silence", 5.0), Part("song", 140.0, "Metal Madness", root / "controller/songs/metal_madness.opus")]
    evening.begin(evening_of(parts)[0])
    assert take_the_sheet(chromium, evening.url, SHORT_SHEET, "Friday") == 4
    walk_in(evening)
    press(pedal, evening, "MC", "Escape")
    tap(chromium, "songs-open")
    evening.osc.send_message("/followspot/previous_song", [])
    evening.osc.send_message("/followspot/song", ["Metal Madness"])
    state.wait("song/now", "Metal Madness")
    assert state.now["song/band"] == "The Sectoids"
    assert state.now["song/next"] == "MC"
    state.wait("kind", "band")
    from_s = time.monotonic() + SETTLES_S
    evening.until(lambda: time.monotonic() > from_s + 6.0)
    seen = Seen(evening)
    light = seen.light(from_s, from_s + 6.0)
    assert inside(light, ["green"]) > 0.95
    assert light[:, seen.heads("strobe")].max() == 0.0
    darken(chromium, state)
    dark_s = time.monotonic() + 0.5
    evening.until(lambda: time.monotonic() > dark_s + 0.5)
    assert Seen(evening).light(dark_s, dark_s + 0.5).max() == 0.0
    assert evening.shows[-1].end()


def four_bands(data, speech):
    """Twelve real songs with everything between them."""

    def song(title, file):
        return Part("song", SONG_S, title, data / "audio" / f"{file}.opus")

    def clap(seconds):
        return Part("applause", seconds)

    talk, change = Part("talk", 15.0, "talk", speech), [clap(16.0), Part("setting up", 35.0), Part("silence", 3.0)]
    return [
        Part("silence", 45.0),
        song("Armygeddon", "muldjord_armygeddon"), clap(8.0), song("Chaos God", "muldjord_chaos_god"), clap(7.0), talk,
        song("Internal Degeneration", "muldjord_internal_degeneration"), *change,
        song("Metal Madness", "sectoid_metal_madness"), clap(8.0), song("Feelings", "sectoid_feelings"), clap(8.0),
        song("Escape from Chaosland", "sectoid_escape_from_chaosland"), *change,
        song("Noiz", "noiz2sa_stg3"), clap(7.0), talk, song("Stage Two", "noiz2sa_stg2"), clap(8.0),
        song("Titanion", "titanion_ttn3"), *change,
        song("Starfall", "obsidian_shell_06_starfall"), clap(8.0),
        song("Second Birth", "obsidian_shell_08_second_birth"), clap(8.0),
        song("Farewell", "obsidian_shell_10_farewell"), clap(12.0), Part("silence", 20.0),
    ]  # fmt: skip


def rehearse(evening, placed, sound, titles):
    """These songs are known from a rehearsal: the whole of each, a little louder and with other noise."""
    rng = np.random.default_rng(3)
    for one in placed:
        if one.part.title in titles:
            file = evening.folder / f"{one.part.title}.wav"
            cut = sound[int(one.from_s * SAMPLE_RATE_HZ) : int(one.to_s * SAMPLE_RATE_HZ)]
            write_sound(1.2 * cut + 0.004 * rng.standard_normal(len(cut)), file)
            words = ["rehearse", str(file), "--config", str(evening.path), "--out", str(evening.folder / "rehearsed")]
            subprocess.run(
                [sys.executable, "-m", "controller", *words, "--remember", one.part.title],
                env={**os.environ, "XDG_STATE_HOME": str(evening.folder / "state")},
                capture_output=True,
                check=True,
            )


class Night:
    """The evening as it goes by: where in the sound it is now, and what people do at which moment of it."""

    def __init__(self, evening, sound, placed):
        self.evening, self.sound, self.placed = evening, sound, placed
        self.cuts = []
        self._zero_s = 0.0

    def begin(self, from_s=0.0):
        """Play on from a moment of the sound; a short tone in front says when it is heard."""
        tone = 0.2 * np.sin(2 * np.pi * 440.0 * np.arange(int(0.4 * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ)
        rest = self.sound[int(from_s * SAMPLE_RATE_HZ) :]
        known = len(self.evening.state.changes["level_db"])
        self.evening.begin(np.concatenate([np.zeros(2 * SAMPLE_RATE_HZ), tone, rest]).astype(np.float32))
        heard = self.evening.state.changes["level_db"]
        self.evening.until(lambda: any(level > -30.0 for _, level in heard[known:]))
        at_s = next(t_s for t_s, level in heard[known:] if level > -30.0)
        self._zero_s = at_s + 0.4 - from_s

    @property
    def at_s(self):
        """Seconds of the sound."""
        return time.monotonic() - self._zero_s

    def moment(self, at_s):
        """The time of a moment of the sound, on the machine's clock."""
        return self._zero_s + at_s

    def wait(self, at_s):
        self.evening.until(lambda: self.at_s >= at_s, 2000.0)

    def song(self, title):
        return next(one for one in self.placed if one.part.title == title)

    def power_cut(self, away_s=4.0):
        """Everything stops at once, and is started again; what was played meanwhile nobody heard."""
        cut_s, at_s = time.monotonic(), self.at_s
        self.evening.shows[-1].kill()
        self.begin(at_s + away_s)
        back_s = next(t_s for t_s, _ in self.evening.wire.packets if t_s > cut_s + 0.2)
        self.cuts.append((cut_s, back_s, self.evening.started_s))


@pytest.mark.skipif(not LONG, reason="make evening plays it: it takes twenty minutes")
def test_an_evening_of_four_bands(shared_data, tmp_path, pedal, chromium, evening):
    sound, placed = evening_of(four_bands(shared_data, spoken(tmp_path)))
    rehearse(evening, placed, sound, ("Metal Madness", "Feelings", "Escape from Chaosland"))
    night = Night(evening, sound, placed)
    night.begin()
    take_the_sheet(chromium, evening.url, LONG_SHEET, "Four bands")
    walk_in(evening)
    # a person helps where the next band begins: by page, by pedal, by OSC, until the page says the right song
    helps = {
        "Metal Madness": lambda: tap(chromium, "next"),
        "Noiz": lambda: pedal.send_message([0xC0, 0]),
        "Starfall": lambda: evening.osc.send_message("/followspot/next_song", []),
    }
    presses = defaultdict(int)
    spans, zero = {}, {}
    for one in placed:
        night.wait(one.from_s)
        zero[one.from_s] = night.moment(one.from_s)
        if one.part.title in helps:
            while evening.state.now["song/now"] != one.part.title and presses[one.part.title] < MOST_PRESSES:
                night.wait(night.at_s + 1.5)
                helps[one.part.title]()
                presses[one.part.title] += 1
                night.wait(night.at_s + 0.5)
        if one.part.title == "Stage Two":
            night.wait(one.from_s + 25.0)
            night.power_cut()
        if one.part.kind == "song":
            spans[one.part.title] = (night.moment(one.from_s), night.moment(one.to_s))
    night.wait(placed[-1].from_s + 5.0)
    darken(chromium, evening.state)
    evening.shows[-1].end()
    print(f"\npresses: {dict(presses)}")
    judge(evening, night, spans, zero)


def stands_since(changes, title, to_s):
    """Since when this title stood at a time, whatever was said before; a restart says it anew."""
    since_s = float("inf")
    for t_s, said in changes:
        if t_s >= to_s:
            break
        if said == title:
            since_s = min(since_s, t_s)
        elif said:
            since_s = float("inf")
    return since_s


def judge(evening, night, spans, zero):
    """The figures of the evening, printed and held against what is promised."""
    state, seen = evening.state, Seen(evening)
    entries = {one.title: one for one in set_list_of(read_sheet(LONG_SHEET), "").entries}
    right, insides, broken = [], [], []
    for title, (from_s, to_s) in spans.items():
        stood = [t_s for t_s, said in state.changes["song/now"] if said == title and t_s < to_s]
        late_s = stands_since(state.changes["song/now"], title, to_s) - from_s
        right.append(late_s <= WITHIN_S)
        entry, lit_s = entries[title], (max(from_s, stood[-1] if stood else from_s) + SETTLES_S, to_s - 1.0)
        light = seen.light(*lit_s)
        assert len(light), title
        share = inside(light, entry.asked) if entry.asked else 1.0
        insides.append(share)
        lamps = {name: float(light[:, seen.heads(name)].max(initial=0.0)) for name in ("strobe", "blinder")}
        forbidden = [name for name in lamps if getattr(entry, name) is False and lamps[name] > 0.0]
        print(f"{title:24s} stood after {late_s:6.1f} s, inside {entry.asked} {share:.3f}", forbidden or "")
        broken += [(title, one) for one in forbidden]
    named = [(round(t_s - min(zero.values()), 1), said) for t_s, said in state.changes["song/recognised"] if said]
    moments = [(round(t_s - min(zero.values()), 1), said) for t_s, said in state.changes["moment"]]
    cuts = [(cut_s, back_s) for cut_s, back_s, _ in night.cuts]
    edges = [min(zero.values()), *(edge for cut in cuts for edge in cut), max(zero.values())]
    gaps = [evening.wire.gap_s(edges[at], edges[at + 1], number) for at in (0, 2) for number in (0, 1)]
    print(f"songs that stood within {WITHIN_S:.0f} s: {sum(right)} of {len(right)}; least inside {min(insides):.3f}")
    print(f"named: {named}")
    print(f"moments: {moments}")
    back = [round(back_s - started_s, 1) for _, back_s, started_s in night.cuts]
    print(f"light again {back} s after the show was started again")
    print(f"longest gap on the wire besides: {1e3 * max(gaps):.0f} ms")
    known = {said for _, said in named}
    rehearsed = {"Metal Madness", "Feelings", "Escape from Chaosland"}
    assert broken == []
    assert known <= rehearsed, "no song gets another's name"
    assert known >= rehearsed - {"Metal Madness"}, "where a person was quicker, nothing has to be named"
    assert np.mean(right) >= 0.9
    assert min(insides) >= 0.95
    assert {"walk_in", "talk", "changeover", "band"} <= {said for _, said in moments}
