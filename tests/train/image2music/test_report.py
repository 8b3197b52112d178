"""The page about an opening in a real browser: it fits, asks nobody for anything, and its score follows the sound."""

import mido
import numpy as np
import pytest
from promise import HANG_S
from real_chromium import PLAYS, installed, start_chromium

from tools.train.image2music.__main__ import main


@pytest.fixture
def chromium(require_real, tmp_path):
    require_real("chromium", installed())
    driver = start_chromium(tmp_path / "chromium", PLAYS)
    yield driver
    driver.quit()


def sized(driver, width, height, scheme):
    driver.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    )
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)


def melody_s(folder):
    """(N,) when the notes of the melody begin, by the MIDI file."""
    tracks = {track.name: track for track in mido.MidiFile(folder / "tune.mid").tracks}
    head = next(one for track in tracks.values() for one in track if one.type == "set_tempo")
    at, found = 0, []
    for message in tracks["melody"]:
        at += message.time
        if message.type == "note_on" and message.velocity:
            found.append(at * head.tempo / 1e6 / 480)
    return np.array(found)


def test_the_page_fits_asks_nobody_and_its_score_follows_the_sound(built, photo, tmp_path, chromium):
    from selenium.webdriver.support.ui import WebDriverWait

    out = tmp_path / "opening"
    assert main(["compose", str(photo), "--out", str(out), "--bars", "8", "--synth", "sines", *built]) == 0
    page = (out / "report.html").as_uri()
    for width, height, scheme in ((390, 844, "dark"), (800, 1_000, "light"), (1_280, 900, "light")):
        sized(chromium, width, height, scheme)
        chromium.get(page)
        wide, notes = chromium.execute_script(
            "return [document.documentElement.scrollWidth, document.querySelectorAll('#score .abcjs-note').length]"
        )
        assert wide <= width, f"{width} wide: something sticks out"
        assert notes == len(melody_s(out))
    loaded = chromium.execute_script("return performance.getEntriesByType('resource').map((one) => one.name)")
    assert set(loaded) <= {(out / "tune.wav").as_uri()}
    drawn_s = chromium.execute_script(
        "return events.filter((one) => one.elements.length).map((one) => one.milliseconds / 1e3)"
    )
    assert np.allclose(drawn_s, melody_s(out), atol=0.005)
    assert chromium.execute_script("return document.querySelectorAll('.now').length") == 0
    chromium.execute_script("document.getElementById('sound').play()")
    WebDriverWait(chromium, HANG_S).until(lambda one: one.execute_script("return sound.currentTime") > 1.5)
    chromium.execute_script("sound.pause()")
    seen_s = []  # where it stands is known some time after it was told to stand
    WebDriverWait(chromium, HANG_S).until(
        lambda one: seen_s.append(one.execute_script("return sound.currentTime")) or seen_s[-3:-1] == [seen_s[-1]] * 2
    )
    now_s, lit, told = chromium.execute_script(
        "follow(); const lit = [];"
        "document.querySelectorAll('#score .abcjs-note').forEach("
        "  (one, at) => { if (one.classList.contains('now')) lit.push(at); });"
        "return [sound.currentTime, lit, lamps.firstChild.textContent]"
    )
    assert lit == [int(np.flatnonzero(melody_s(out) <= now_s + 1e-3)[-1])]
    assert told.startswith("A · bar ")
    assert [one for one in chromium.get_log("browser") if one["level"] == "SEVERE"] == []
