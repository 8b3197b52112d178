"""The page in a real browser, joined to a real running show: what the hand does is on the wire."""

import json
import re
import socket
import time

import numpy as np
import pytest
import yaml
from promise import HANG_S, kept
from real_chromium import installed, start_chromium
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
def chromium(require_real, tmp_path_factory):
    """One for these tests."""
    require_real("chromium", installed())
    folder = tmp_path_factory.mktemp("chromium")
    driver = start_chromium(folder, "--window-size=1280,900", logs=("browser", "performance"))
    yield driver
    driver.quit()


@pytest.fixture
def browser(chromium):
    """It, on an empty page and with empty logs."""
    chromium.get("about:blank")
    for log in ("browser", "performance"):  # Chromium's own start page is not ours
        chromium.get_log(log)
    yield chromium
    chromium.get("about:blank")


def power(wire, venue, since_s):
    """Mean power of the rig in the frames that came after `since_s`."""
    wire.listen(0.5)
    observer = Observer(patch_of(read_config(venue)))
    found = []
    for port_address in (0, 1):
        times_s, slots = wire.frames(port_address)
        found.append(slots[times_s > since_s])
    count = min(len(one) for one in found)
    assert count > 5
    return float(np.mean([observer.observe({1: found[0][i], 2: found[1][i]}).power.mean() for i in range(count)]))


def test_hands_on_the_page_reach_the_wire(browser, venue, wire: Wire):
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.ui import WebDriverWait

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    show = start(venue, "--web", f"127.0.0.1:{port}", "--loop")
    lit(show, wire)
    answers(port)
    browser.get(f"http://127.0.0.1:{port}/")
    soon = WebDriverWait(browser, HANG_S, poll_frequency=0.05)
    try:
        soon.until(lambda _: browser.find_element(By.ID, "health").text == "LIVE")
        wire.listen(2.0)
        before = browser.execute_script(BRIGHTNESS)
        assert before > 10
        assert power(wire, venue, time.monotonic()) > 0.005

        browser.find_element(By.ID, "blackout").click()
        soon.until(lambda _: browser.find_element(By.ID, "blackout").get_attribute("aria-pressed") == "true")
        wire.listen(0.3)
        assert power(wire, venue, time.monotonic()) == 0.0
        assert browser.execute_script(BRIGHTNESS) < before

        browser.find_element(By.ID, "blackout").click()
        soon.until(lambda _: browser.find_element(By.ID, "blackout").get_attribute("aria-pressed") == "false")
        browser.find_element(By.ID, "hold").click()
        soon.until(lambda _: browser.find_element(By.ID, "hold").get_attribute("aria-pressed") == "true")
        wire.listen(1.0)
        times_s, slots = wire.frames(0)
        held = slots[times_s > times_s[-1] - 0.5]
        assert (held == held[0]).all()

        browser.find_element(By.ID, "tab-technician").click()
        texts = browser.find_element(By.TAG_NAME, "body").text
        for said in ("The Basement", "metal_madness.opus", "embedder-small", "skipbart-small", "analysis"):
            assert said in texts
        severe = [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]
        assert not severe
        assert asked_hosts(browser) == {f"127.0.0.1:{port}"}
    finally:
        show.terminate()
        finish(show, wire)


SET = """
const input = document.getElementById(arguments[0]);
input.value = arguments[1];
input.dispatchEvent(new Event("input", { bubbles: true }));
"""
PRESS = "document.getElementById(arguments[0]).dispatchEvent(new PointerEvent(arguments[1], { bubbles: true }))"
WHY = "return [...document.querySelectorAll('#why-said dd')].map((one) => one.textContent).join(' | ')"


def test_every_hand_on_the_page_reaches_the_wire(browser, venue, wire: Wire, tmp_path, monkeypatch):
    """Lamps in hand, colours, looks, buttons and undo, each seen in the slots that nodes receive."""
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.ui import Select, WebDriverWait

    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    show = start(venue, "--web", f"127.0.0.1:{port}", "--loop")
    lit(show, wire)
    answers(port)
    browser.get(f"http://127.0.0.1:{port}/")
    patch = patch_of(read_config(venue))
    observer = Observer(patch)
    wash = np.array([role == "wash" for role in patch.roles])
    blinder = np.array([role == "blinder" for role in patch.roles])
    soon = WebDriverWait(browser, HANG_S, poll_frequency=0.1)

    def stage():
        wire.listen(0.25)
        wire.packets[:] = wire.packets[-40:]
        return observer.observe({1: wire.frames(0)[1][-1], 2: wire.frames(1)[1][-1]})

    def hue(heads):
        """Mean linear light (3,) of some heads, strongest part 1."""
        light = stage().light[heads].mean(axis=0)
        return light / max(light.max(), 1e-6)

    def run(script, *arguments):
        return browser.execute_script(script, *arguments)

    try:
        soon.until(lambda _: browser.find_element(By.ID, "health").text == "LIVE")
        browser.find_element(By.ID, "tab-rig").click()
        Select(browser.find_element(By.ID, "target")).select_by_value("wash")
        run(SET, "hand-intensity", 100)
        run(SET, "hand-hue", 120)
        soon.until(lambda _: stage().power[wash].min() > 0.2)
        soon.until(lambda _: np.allclose(hue(wash), [0, 1, 0], atol=0.1))
        browser.find_element(By.ID, "tab-show").click()
        browser.find_element(By.ID, "scene-name").send_keys("Green\n")
        soon.until(lambda _: run("return document.querySelectorAll('#scenes .chip').length") == 1)
        run("document.getElementById('back').click()")
        run("document.querySelector('[data-name=red]').click()")
        soon.until(lambda _: hue(wash)[0] == 1.0 and hue(wash)[1] < 0.5)
        run("document.querySelector('#scenes .chip').click()")
        soon.until(lambda _: np.allclose(hue(wash), [0, 1, 0], atol=0.1))
        run("document.getElementById('undo').click()")
        soon.until(lambda _: hue(wash)[0] == 1.0)
        run(PRESS, "blinder", "pointerdown")
        soon.until(lambda _: stage().power[blinder].min() > 0.5)
        run(PRESS, "blinder", "pointerup")
        soon.until(lambda _: stage().power[blinder].max() < 0.5)
        run("document.getElementById('quiet').click()")
        soon.until(lambda _: stage().power.mean() < 0.05)
        assert "quiet" in ask_why(run, soon)
    finally:
        show.terminate()
        finish(show, wire)


def test_every_button_that_is_held_and_every_fader_reaches_the_wire(browser, venue, wire: Wire, tmp_path, monkeypatch):
    """The master, the strobe, the haze with its dead-man, a mark and leaning, against the slots that nodes receive."""
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.ui import WebDriverWait

    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    room = yaml.safe_load(venue.read_text())
    hazer = next(fixture for fixture in room["fixtures"] if fixture["id"] == "hazer")
    hazer["armed"] = True
    venue.write_text(yaml.safe_dump(room, sort_keys=False))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    show = start(venue, "--web", f"127.0.0.1:{port}", "--loop")
    lit(show, wire)
    answers(port)
    browser.get(f"http://127.0.0.1:{port}/")
    patch = patch_of(read_config(venue))
    observer = Observer(patch)
    strobes = np.array([role == "strobe" for role in patch.roles])
    smoke = slice(hazer["address"] - 1, hazer["address"] + 1)
    soon = WebDriverWait(browser, HANG_S, poll_frequency=0.1)

    def run(script, *arguments):
        return browser.execute_script(script, *arguments)

    def lately(seconds=0.3):
        wire.listen(seconds)
        wire.packets[:] = wire.packets[-400:]
        return wire.frames(0)[1], wire.frames(1)[1]

    def mean_power(seconds=1.0):
        one, two = (slots[-int(40 * seconds) :] for slots in lately(seconds))
        count = min(len(one), len(two))
        return np.mean([observer.observe({1: one[at], 2: two[at]}).power.mean() for at in range(-count, 0)])

    def strobe_power():
        one, two = lately(0.2)
        return observer.observe({1: one[-1], 2: two[-1]}).power[strobes].max()

    try:
        soon.until(lambda _: browser.find_element(By.ID, "health").text == "LIVE")
        whole = mean_power(2.0)
        run(SET, "master", 0)
        soon.until(lambda _: mean_power(0.5) == 0.0)
        run(SET, "master", 50)
        soon.until(lambda _: 0.0 < mean_power(0.5) < 0.8 * whole)
        run(SET, "master", 100)
        soon.until(lambda _: mean_power(0.5) > 0.5 * whole)

        run(PRESS, "strobe", "pointerdown")
        seen = [strobe_power() for _ in range(12)]
        run(PRESS, "strobe", "pointerup")
        assert max(seen) > 0.3
        assert min(seen) < 0.1 * max(seen), "a strobe is dark in between"
        soon.until(lambda _: strobe_power() < 0.05)

        assert lately()[1][-1][smoke].max() == 0
        run(PRESS, "haze", "pointerdown")
        soon.until(lambda _: lately()[1][-1][smoke].max() > 0)
        run(PRESS, "haze", "pointerup")
        soon.until(lambda _: lately()[1][-1][smoke].max() == 0)
        run(PRESS, "haze", "pointerdown")
        soon.until(lambda _: lately()[1][-1][smoke].max() > 0)
        browser.get("about:blank")  # the page is gone with the button held: the dead-man lets go
        begun_s = time.monotonic()
        soon.until(lambda _: lately()[1][-1][smoke].max() == 0)
        kept("the dead-man lets go", time.monotonic() - begun_s, 4.0)

        browser.get(f"http://127.0.0.1:{port}/")
        soon.until(lambda _: browser.find_element(By.ID, "health").text == "LIVE")
        run("document.getElementById('mark-song').click()")
        run("document.getElementById('walk').click()")
        soon.until(lambda _: run("return document.getElementById('ask').open"))
        run("document.getElementById('ask-yes').click()")
        first = [head == patch.fixtures[0].first_head for head in range(patch.heads)]

        def alone():
            one, two = lately(0.2)
            power = observer.observe({1: one[-1], 2: two[-1]}).power
            return power[first].min() > 0.5 and power[~np.array(first)].max() == 0.0

        soon.until(lambda _: alone())
        run("document.getElementById('walk').click()")
        soon.until(lambda _: not alone())

        run(SET, "intensity", 100)
        soon.until(lambda _: mean_power(2.0) > 0.9 * whole)
        bright = mean_power(2.0)
        run(SET, "intensity", 0)  # acts on what the model chooses next
        soon.until(lambda _: mean_power(2.0) < 0.7 * bright)
    finally:
        show.terminate()
        finish(show, wire)


def ask_why(run, soon):
    """What the page says of the first lamp it finds on the stage."""
    run(
        """
        const box = document.getElementById("stage").getBoundingClientRect();
        for (let y = 10; y < box.height; y += 20) for (let x = 10; x < box.width; x += 20) {
          const where = { clientX: box.x + x, clientY: box.y + y, pointerType: "mouse" };
          document.getElementById("stage").dispatchEvent(new PointerEvent("pointermove", where));
          if (!document.getElementById("tip").hidden) return document.getElementById("stage").click();
        }
        """
    )
    soon.until(lambda _: "drawn with" in run(WHY))
    return run(WHY)


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
