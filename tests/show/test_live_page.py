"""The page in a real browser, joined to a real running show: what the hand does is on the wire."""

import json
import re
import socket
import time
from pathlib import Path

import numpy as np
import pytest
import yaml
from promise import HANG_S, kept
from real_chromium import begin_with_plan, installed, start_chromium
from running_show import Wire, finish, lit, start

from controller.config import read_config
from controller.rig.observe import Observer
from controller.rig.patch.configured import patch_of

BRIGHTNESS = """
const canvas = document.getElementById("light");
const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
let sum = 0;
for (let at = 0; at < pixels.length; at += 4) sum += pixels[at] + pixels[at + 1] + pixels[at + 2];
return sum / (pixels.length / 4);
"""


def answers(port):
    """Wait for the page: the light does not."""
    end_s = time.monotonic() + HANG_S
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            assert time.monotonic() < end_s, "no page"
            time.sleep(0.05)  # noqa: TID251 - a real process takes real time


@pytest.fixture(scope="module")
def browser(require_real, tmp_path_factory):
    """One for these tests."""
    require_real("chromium", installed())
    folder = tmp_path_factory.mktemp("chromium")
    driver = start_chromium(folder, "--window-size=1280,900", logs=("browser", "performance"))
    begin_with_plan(driver)
    yield driver
    driver.quit()


def write_room(root, folder, wire):
    """A configuration like that of `running_show`, with a hazer that may blow; and that hazer."""
    room = yaml.safe_load((root / "config.yaml").read_text())
    room["profiles"] = str(root / "fixtures")
    room["model"] |= {part: str(root / room["model"][part]) for part in ("embedder", "decoder")}
    room["audio"]["source"] = f"file:{root / 'controller/songs/metal_madness.opus'}"
    for universe in room["universes"].values():
        universe["outputs"][0]["port"] = wire.port
    hazer = next(fixture for fixture in room["fixtures"] if fixture["id"] == "hazer")
    hazer["armed"] = True
    path = folder / "config.yaml"
    path.write_text(yaml.safe_dump(room, sort_keys=False))
    return path, hazer


@pytest.fixture(scope="module")
def joined(browser, tmp_path_factory):
    """One show for these tests, which leave it as they found it, and its page."""
    folder, root = tmp_path_factory.mktemp("show"), Path(__file__).parents[2]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    wire = Wire()
    venue, hazer = write_room(root, folder, wire)
    state = {"XDG_STATE_HOME": str(folder / "state")}
    show = start(venue, "--web", f"127.0.0.1:{port}", "--loop", environment=state)
    try:
        lit(show, wire)
        answers(port)
        yield Joined(browser, show, wire, port, venue=venue, hazer=hazer)
        assert show.poll() is None
        show.terminate()
        finish(show, wire)
    finally:
        if show.poll() is None:
            show.kill()
            show.communicate()
        wire.socket.close()


class Joined:
    """A running show, what it sends, and its page in a browser."""

    def __init__(self, browser, show, wire, port, *, venue, hazer):
        self.browser, self.show, self.wire, self.port, self.hazer = browser, show, wire, port, hazer
        self.patch = patch_of(read_config(venue))
        self.observer = Observer(self.patch)

    def open(self):
        """A page that was never open before, of a show that nobody has touched; its logs hold nothing older."""
        self.wire.rest()
        self.wire.socket.settimeout(0.2)
        self.wire.packets.clear()
        self.browser.get("about:blank")
        for log in ("browser", "performance"):  # Chromium's own start page is not ours
            self.browser.get_log(log)
        self.browser.get(f"http://127.0.0.1:{self.port}/")
        self.until(lambda: self.run("return document.getElementById('health').textContent") == "LIVE")

    def until(self, condition):
        from selenium.webdriver.support.ui import WebDriverWait

        WebDriverWait(self.browser, HANG_S, poll_frequency=0.1).until(lambda _: condition())

    def run(self, script, *arguments):
        return self.browser.execute_script(script, *arguments)

    def click(self, what):
        self.run("document.querySelector(arguments[0]).click()", what)

    def pressed(self, name):
        return self.run(f"return document.getElementById('{name}').getAttribute('aria-pressed')") == "true"

    def leave(self):
        """Take everything back that a person did."""
        self.run(BACK)
        self.until(lambda: not self.run(HELD))
        self.browser.get("about:blank")

    def lately(self, seconds=0.3):
        """The slots of both universes that have come, the newest last."""
        self.wire.listen(seconds)
        self.wire.packets[:] = self.wire.packets[-400:]
        return self.wire.frames(0)[1], self.wire.frames(1)[1]

    def stage(self, seconds=0.2):
        one, two = self.lately(seconds)
        return self.observer.observe({1: one[-1], 2: two[-1]})

    def mean_power(self, seconds=1.0):
        """Of the rig, over the frames of so many seconds."""
        one, two = (slots[-int(40 * seconds) :] for slots in self.lately(seconds))
        count = min(len(one), len(two))
        assert count > 5
        return np.mean([self.observer.observe({1: one[at], 2: two[at]}).power.mean() for at in range(-count, 0)])


SET = """
const input = document.getElementById(arguments[0]);
input.value = arguments[1];
input.dispatchEvent(new Event("input", { bubbles: true }));
"""
PRESS = "document.getElementById(arguments[0]).dispatchEvent(new PointerEvent(arguments[1], { bubbles: true }))"
WHY = "return [...document.querySelectorAll('#why-said dd')].map((one) => one.textContent).join(' | ')"
SWITCHED = (
    "[...document.querySelectorAll('#blackout, #hold, #quiet, #scenes .chip')].filter(\n"
    "(one) => one.getAttribute('aria-pressed') === 'true')"
)
FADERS = """
const faders = { master: 100, intensity: 50 };
const off = Object.entries(faders).filter(([name, value]) => Number(document.getElementById(name).value) !== value);
"""
BACK = f"""
{FADERS}
for (const one of {SWITCHED}) one.click();
for (const name of ["back", "free"]) document.getElementById(name).click();
for (const [name, value] of off) {{
  const input = document.getElementById(name);
  input.value = value;
  input.dispatchEvent(new Event("input", {{ bubbles: true }}));
}}
"""
HELD = f"{FADERS} return {SWITCHED}.length + off.length + document.querySelectorAll('#held button').length"


@pytest.fixture
def page(joined):
    """The page of the show, open and untouched; and left so."""
    joined.open()
    yield joined
    joined.leave()


def test_hands_on_the_page_reach_the_wire(page):
    page.click("#view-front")
    page.wire.listen(1.0)
    before = page.run(BRIGHTNESS)
    assert before > 10
    assert page.mean_power(0.5) > 0.005
    page.click("#blackout")
    page.until(lambda: page.pressed("blackout"))
    page.wire.listen(0.3)
    assert page.mean_power(0.5) == 0.0
    assert page.run(BRIGHTNESS) < before
    page.click("#blackout")
    page.until(lambda: not page.pressed("blackout"))
    page.click("#hold")
    page.until(lambda: page.pressed("hold"))
    page.wire.listen(1.0)
    times_s, slots = page.wire.frames(0)
    held = slots[times_s > times_s[-1] - 0.5]
    assert len(held) > 5
    assert (held == held[0]).all()
    page.click("#tab-technician")
    texts = page.run("return document.body.innerText")
    for said in ("The Basement", "metal_madness.opus", "embedder-small", "skipbart-small", "analysis"):
        assert said in texts
    severe = [entry for entry in page.browser.get_log("browser") if entry["level"] == "SEVERE"]
    assert not severe
    assert asked_hosts(page.browser) == {f"127.0.0.1:{page.port}"}


def test_every_hand_on_the_page_reaches_the_wire(page):
    """Lamps in hand, colours, looks, buttons and undo, each seen in the slots that nodes receive."""
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.ui import Select

    wash = np.array([role == "wash" for role in page.patch.roles])
    blinder = np.array([role == "blinder" for role in page.patch.roles])

    def hue(heads):
        """Mean linear light (3,) of some heads, strongest part 1."""
        light = page.stage().light[heads].mean(axis=0)
        return light / max(light.max(), 1e-6)

    page.click("#tab-rig")
    Select(page.browser.find_element(By.ID, "target")).select_by_value("wash")
    page.run(SET, "hand-intensity", 100)
    page.run(SET, "hand-hue", 120)
    page.until(lambda: page.stage().power[wash].min() > 0.2)
    page.until(lambda: np.allclose(hue(wash), [0, 1, 0], atol=0.1))
    page.click("#tab-show")
    page.browser.find_element(By.ID, "scene-name").send_keys("Green\n")
    page.until(lambda: page.run("return document.querySelectorAll('#scenes .chip').length") == 1)
    page.click("#back")
    page.click("[data-name=red]")
    page.until(lambda: hue(wash)[0] == 1.0 and hue(wash)[1] < 0.5)
    page.click("#scenes .chip")
    page.until(lambda: np.allclose(hue(wash), [0, 1, 0], atol=0.1))
    page.click("#undo")
    page.until(lambda: hue(wash)[0] == 1.0)
    page.run(PRESS, "blinder", "pointerdown")
    page.until(lambda: page.stage().power[blinder].min() > 0.5)
    page.run(PRESS, "blinder", "pointerup")
    page.until(lambda: page.stage().power[blinder].max() < 0.5)
    page.click("#quiet")
    page.until(lambda: page.pressed("quiet") and page.stage().power.mean() < 0.05)
    assert "quiet" in ask_why(page)


def test_every_button_that_is_held_and_every_fader_reaches_the_wire(page):
    """The master, the strobe, the haze with its dead-man, a mark and leaning, against the slots that nodes receive."""
    strobes = np.array([role == "strobe" for role in page.patch.roles])
    smoke = slice(page.hazer["address"] - 1, page.hazer["address"] + 1)

    def haze():
        return page.lately()[1][-1][smoke].max()

    def strobe_power():
        return page.stage().power[strobes].max()

    whole = page.mean_power(2.0)
    page.run(SET, "master", 0)
    page.until(lambda: page.mean_power(0.5) == 0.0)
    page.run(SET, "master", 50)
    page.until(lambda: 0.0 < page.mean_power(0.5) < 0.8 * whole)
    page.run(SET, "master", 100)
    page.until(lambda: page.mean_power(0.5) > 0.5 * whole)

    page.run(PRESS, "strobe", "pointerdown")
    seen = [strobe_power() for _ in range(12)]
    page.run(PRESS, "strobe", "pointerup")
    assert max(seen) > 0.3
    assert min(seen) < 0.1 * max(seen), "a strobe is dark in between"
    page.until(lambda: strobe_power() < 0.05)

    assert haze() == 0
    page.run(PRESS, "haze", "pointerdown")
    page.until(lambda: haze() > 0)
    page.run(PRESS, "haze", "pointerup")
    page.until(lambda: haze() == 0)
    page.run(PRESS, "haze", "pointerdown")
    page.until(lambda: haze() > 0)
    page.browser.get("about:blank")  # the page is gone with the button held: the dead-man lets go
    begun_s = time.monotonic()
    page.until(lambda: haze() == 0)
    kept("the dead-man lets go", time.monotonic() - begun_s, 4.0)

    page.open()
    page.click("#mark-song")
    page.click("#walk")
    page.until(lambda: page.run("return document.getElementById('ask').open"))
    page.click("#ask-yes")
    first = np.arange(page.patch.heads) == page.patch.fixtures[0].first_head

    def alone():
        power = page.stage().power
        return power[first].min() > 0.5 and power[~first].max() == 0.0

    page.until(alone)
    page.click("#walk")
    page.until(lambda: not alone())

    page.run(SET, "intensity", 100)
    page.until(lambda: page.mean_power(2.0) > 0.9 * whole)
    bright = page.mean_power(2.0)
    page.run(SET, "intensity", 0)  # acts on what the model chooses next
    page.until(lambda: page.mean_power(2.0) < 0.7 * bright)


def ask_why(page):
    """What the page says of the first lamp it finds on the stage."""
    page.run(
        """
        const box = document.getElementById("stage").getBoundingClientRect();
        for (let y = 10; y < box.height; y += 20) for (let x = 10; x < box.width; x += 20) {
          const where = { clientX: box.x + x, clientY: box.y + y, pointerType: "mouse" };
          document.getElementById("stage").dispatchEvent(new PointerEvent("pointermove", where));
          if (!document.getElementById("tip").hidden) return document.getElementById("stage").click();
        }
        """
    )
    page.until(lambda: "drawn with" in page.run(WHY))
    return page.run(WHY)


def asked_hosts(browser):
    """Hosts of everything the page asked for."""
    hosts = set()
    for entry in browser.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        url = message.get("params", {}).get("request", {}).get("url", "") or message.get("params", {}).get("url", "")
        found = re.match(r"(?:https?|wss?)://([^/]+)/", url)
        if found:
            hosts.add(found[1])
    return hosts
