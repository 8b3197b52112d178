"""Every control of the page by mouse, finger and key: what it asks for, and that it shows what the show says."""

import io
from dataclasses import replace

import pytest
from page_in_browser import Desk
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

from controller.messages import Command, Hand, Scene, Steering

SET = """
const input = document.getElementById(arguments[0]);
input.value = arguments[1];
input.dispatchEvent(new Event("input", { bubbles: true }));
"""


@pytest.fixture
def desk(chromium, served) -> Desk:
    return Desk(chromium, served.url)


def test_no_control_moves_when_figures_arrive(desk):
    """What is measured arrives half a second after the page; nothing may move away under a finger because of it."""
    places = """
        const controls = [...document.querySelectorAll("button, input, select")];
        return controls.map((one) => [one.id, one.getBoundingClientRect().top, one.getBoundingClientRect().left]);
    """
    empty = """
        for (const name of ["counters", "processes", "beats", "elapsed", "meter-said", "band-said", "tempo", "wishes"])
          document.getElementById(name).replaceChildren();
    """
    desk.find("next").click()
    desk.wait(lambda: desk.text("song-now") == "Metal Madness")
    with_figures = desk.script(places)
    assert desk.script(empty + places) == with_figures


def test_leaning(desk, feed):
    for name in ("intensity", "energy", "pace", "spread"):

        def stands_at(amount, name=name):
            desk.wait(lambda: getattr(feed.operator.steering, name) == amount)

        desk.script(SET, name, 80)
        stands_at(0.8)
        assert feed.commands[-1] == Command(name, 0.8)
        desk.find(name).send_keys(Keys.ARROW_LEFT * 3)
        stands_at(0.77)
        ActionChains(desk.driver).double_click(desk.find(name)).perform()
        stands_at(0.5)
        feed.operator = replace(feed.operator, steering=Steering(**{name: 0.2}))  # somebody else
        desk.wait(lambda name=name: desk.find(name).get_property("value") == "20")


def test_colours_that_are_wanted_and_those_that_are_not(desk, feed):
    def swatch(name):
        return desk.driver.find_element(By.CSS_SELECTOR, f'[data-name="{name}"]')

    def state(name):
        return swatch(name).get_attribute("aria-label")

    swatch("red").click()
    desk.wait(lambda: feed.operator.steering.hues == (0,))
    desk.wait(lambda: state("red") == "red: only")
    swatch("blue").click()
    desk.wait(lambda: state("blue") == "blue: only")
    swatch("blue").click()
    desk.wait(lambda: (feed.operator.steering.hues, feed.operator.steering.forbidden) == ((0,), (120,)))
    desk.wait(lambda: state("blue") == "blue: never")
    swatch("blue").click()
    desk.wait(lambda: state("blue") == "blue: free")
    desk.find("free").click()
    desk.wait(lambda: feed.operator.steering == Steering())


def test_colours_from_a_picture(desk, feed, tmp_path):
    import numpy as np

    rows = np.zeros((60, 90, 3), np.uint8)
    rows[:, :60] = (255, 20, 10)
    rows[:, 60:] = (10, 60, 255)
    picture = tmp_path / "stage.bmp"
    picture.write_bytes(bmp(rows))
    desk.find("image").send_keys(str(picture))
    desk.wait(lambda: len(feed.operator.steering.hues) == 2)
    red, blue = feed.operator.steering.hues
    assert min(red, 180 - red) <= 4
    assert abs(blue - 114) <= 4
    (tmp_path / "nothing.png").write_bytes(b"nothing")
    desk.find("image").send_keys(str(tmp_path / "nothing.png"))
    desk.wait(lambda: "no picture" in desk.text("image-said"))


def bmp(rows):
    """A 24-bit bitmap of (h, w, 3) uint8; w times 3 must be a multiple of 4 or is padded."""
    height, width, _ = rows.shape
    pad = -(3 * width) % 4
    body = b"".join(row[:, ::-1].tobytes() + b"\0" * pad for row in rows[::-1])
    out = io.BytesIO()
    out.write(b"BM" + (54 + len(body)).to_bytes(4, "little") + b"\0" * 4 + (54).to_bytes(4, "little"))
    out.write((40).to_bytes(4, "little") + width.to_bytes(4, "little") + height.to_bytes(4, "little"))
    out.write((1).to_bytes(2, "little") + (24).to_bytes(2, "little") + b"\0" * 24 + body)
    return out.getvalue()


CHIP = "return [...document.querySelectorAll('#scenes .chip')].find((one) => one.textContent === arguments[0])"


def test_looks(desk, feed):
    def click(name):
        desk.wait(lambda: desk.script(f"{CHIP} !== undefined", name))
        desk.script(f"({CHIP.removeprefix('return ')}).click()", name)

    click("Chorus")
    desk.wait(lambda: feed.commands and feed.commands[-1] == Command("scene", 1.0, "Chorus"))
    feed.operator = replace(feed.operator, scene=Scene("Chorus", (0.5,)))
    desk.wait(lambda: desk.script(f"{CHIP}.getAttribute('aria-pressed')", "Chorus") == "true")
    click("Chorus")
    desk.wait(lambda: feed.commands[-1] == Command("scene", 0.0, "Chorus"))
    desk.find("scene-name").send_keys("Last song, quiet", Keys.ENTER)
    desk.wait(lambda: feed.commands[-1] == Command("save_scene", 1.0, "Last song, quiet"))
    assert not any(one.name in ("quiet", "strobe", "blackout") for one in feed.commands)  # letters are letters here


def test_lamps_in_hand(desk, feed):
    desk.tab("rig")
    Select(desk.find("target")).select_by_value("wash")
    desk.script(SET, "hand-intensity", 60)
    desk.wait(lambda: feed.operator.hands == (Hand("wash", 0.6),))
    desk.script(SET, "hand-hue", 240)
    desk.wait(lambda: feed.operator.hands == (Hand("wash", 0.6, 240.0, 1.0),))
    desk.wait(lambda: desk.text("held") == "wash 60 %, colour ×")
    desk.find("held").find_element(By.TAG_NAME, "button").click()
    desk.wait(lambda: feed.operator.hands == ())
    feed.operator = replace(feed.operator, hands=(Hand("mover", 0.1), Hand("wash", 0.2)))
    desk.wait(lambda: desk.find("back").is_enabled())
    desk.find("back").click()
    desk.wait(lambda: feed.operator.hands == ())


def test_held_buttons(desk, feed):
    for name, key in (("blinder", "f"), ("strobe", "s"), ("haze", "")):

        def is_on(wanted, name=name):
            desk.wait(lambda: bool(getattr(feed.operator, name)) is wanted)

        ActionChains(desk.driver).click_and_hold(desk.find(name)).perform()
        is_on(True)
        desk.wait(lambda name=name: feed.commands.count(Command(name, 1.0)) >= 3)  # said again and again
        ActionChains(desk.driver).release().perform()
        is_on(False)
        if key:
            ActionChains(desk.driver).key_down(key).perform()
            is_on(True)
            ActionChains(desk.driver).key_up(key).perform()
            is_on(False)


def test_presses_and_their_keys(desk, feed):
    desk.find("quiet").click()
    desk.wait(lambda: desk.pressed("quiet"))
    desk.type("q")
    desk.wait(lambda: not desk.pressed("quiet"))
    desk.find("mark-song").click()
    desk.wait(lambda: feed.commands[-1].name == "mark" and feed.commands[-1].target)
    desk.type("z")
    desk.wait(lambda: feed.commands[-1] == Command("undo", 1.0))


def test_taps_show_their_tempo(desk, feed, clock):
    for beat in range(1, 5):
        desk.type("t")
        desk.wait(lambda beat=beat: len(feed.commands) == beat)
        clock.now_s += 0.5
    desk.wait(lambda: desk.text("tempo") == "120")


def test_why(desk, feed):
    assert desk.pointed("spot-1 ")
    desk.script('document.getElementById("stage").click()')
    desk.wait(lambda: desk.find("why").is_displayed())
    desk.wait(lambda: "is at 200 (78 %)" in desk.text("why-said"))
    assert "2.6 is at" in desk.text("why-said"), "of a mover its dimmer, not its pan"
    desk.find("why-slots").find_elements(By.TAG_NAME, "button")[2].click()
    desk.wait(lambda: "2.3 is at" in desk.text("why-said"))
    desk.type(Keys.ESCAPE)
    assert not desk.find("why").is_displayed()
    assert desk.pointed("spot-1 ")
    desk.script('document.getElementById("stage").click()')
    desk.find("why-take").click()
    assert desk.find("target").get_property("value") == "spot-1"
    assert not desk.find("why").is_displayed()
    assert desk.complaints() == []


def test_learning_names_a_control_instead_of_moving_it(desk, feed):
    desk.find("learn").click()
    desk.find("quiet").click()
    desk.wait(lambda: feed.commands[-1:] == [Command("learn", 1.0, "quiet")])
    assert not feed.operator.quiet
    desk.find("learn").click()
    desk.find("quiet").click()
    desk.wait(lambda: feed.operator.quiet)


def test_the_place_in_a_plan_is_shown(desk, feed):
    assert not desk.find("place").is_displayed()
    feed.plan = "Metal Madness 1:23"
    desk.wait(lambda: desk.text("place") == "Metal Madness 1:23")


def test_a_walk_along_the_rig_lights_each_fixture_alone_and_keeps_what_was_said(desk, feed):
    """From `init`: the page opens at #walk; the hazer is nobody's to walk by; at the end everything is given back."""
    desk.driver.get("about:blank")
    desk.driver.get(f"{desk.url}#walk")
    desk.wait(lambda: desk.find("ask-yes").is_displayed())  # the show is live
    assert not feed.operator.hands
    desk.find("ask-yes").click()
    desk.wait(lambda: "1 of 20" in desk.text("walk-said"))
    desk.wait(lambda: {hand.target for hand in feed.operator.hands} == {"all", "front-1"})
    everything, one = (next(hand for hand in feed.operator.hands if hand.target == name) for name in ("all", "front-1"))
    assert (everything.intensity, one.intensity, one.saturation) == (0.0, 1.0, 0.0)
    assert feed.operator.hands[-1] is one, "the newest hand is above the others"
    desk.find("walk-seen").click()
    desk.wait(lambda: {hand.target for hand in feed.operator.hands} == {"all", "front-2"})
    desk.find("walk-missing").click()
    desk.find("walk-before").click()
    desk.wait(lambda: {hand.target for hand in feed.operator.hands} == {"all", "front-2"})
    for _ in range(19):
        desk.find("walk-missing" if "front-2" in desk.text("walk-said") else "walk-seen").click()
    desk.wait(lambda: "Not seen: front-2" in desk.text("walk-said"))
    desk.wait(lambda: not feed.operator.hands)
    rows = desk.script("return [...document.querySelectorAll('#patch tr')].map((row) => row.innerText)")
    assert sum("✓ seen" in row for row in rows) == 19
    assert sum("✗ not seen" in row for row in rows) == 1
    assert desk.complaints() == []


def test_a_walk_may_ask_for_each_colour_and_says_how_to_put_a_lamp_right(desk, feed):
    desk.tab("rig")
    desk.find("walk-colours").click()
    desk.find("walk").click()
    desk.find("ask-yes").click()

    def mine():
        return next((hand for hand in feed.operator.hands if hand.target == "front-1"), None)

    for words, intensity, hue, saturation in (
        ("white", 1.0, 0.0, 0.0), ("dimmer", 0.35, 0.0, 0.0), ("red", 1.0, 0.0, 1.0), ("green", 1.0, 120.0, 1.0),
        ("blue", 1.0, 240.0, 1.0),
    ):  # fmt: skip
        desk.wait(lambda words=words: f"should be {words}" in desk.text("walk-said"))
        shown = (intensity, hue, saturation)
        desk.wait(lambda shown=shown: mine() and (mine().intensity, mine().hue_deg, mine().saturation) == shown)
        desk.find("walk-missing" if words == "blue" else "walk-seen").click()
    desk.wait(lambda: "2 of 20: front-2" in desk.text("walk-said"))
    desk.find("walk").click()  # enough
    desk.wait(lambda: "front-1: blue" in desk.text("walk-said"))
    assert "followspot patch test front-1" in desk.text("walk-said")
    desk.wait(lambda: not feed.operator.hands)
    rows = desk.script("return [...document.querySelectorAll('#patch tr')].map((row) => row.innerText)")
    assert sum("✗ blue" in row for row in rows) == 1
    assert desk.complaints() == []


def test_p34_a_check_asks_while_the_show_is_live_and_nothing_moves_under_the_pointer(desk, feed):
    places = """
        return [...document.querySelectorAll("#panel-rig button, #panel-rig input")]
          .filter((one) => !one.closest("#held")).map((one) => [one.id, one.getBoundingClientRect().top]);
    """
    desk.tab("rig")
    before = desk.script(places)
    desk.find("walk").click()
    desk.find("ask-no").click()
    desk.script("window.later = false; setTimeout(() => window.later = true, 300)")
    desk.wait(lambda: desk.script("return window.later"))
    assert feed.commands == []
    desk.find("walk").click()
    desk.find("ask-yes").click()
    desk.wait(lambda: len(feed.operator.hands) == 2)
    desk.wait(lambda: desk.text("held"))
    assert desk.script(places) == before


def test_p34_a_check_before_the_show_does_not_ask(desk, feed):
    feed.health = "house"
    desk.wait(lambda: desk.text("health") == "SAFE LOOK")
    desk.tab("rig")
    desk.find("walk").click()
    desk.wait(lambda: len(feed.operator.hands) == 2)


@pytest.mark.parametrize("away", ["reload", "gone"])
def test_p35_a_check_ends_with_its_page_and_leaves_alone_what_somebody_holds(desk, feed, away):
    feed.operator = replace(feed.operator, hands=(Hand("mover", 0.4),))
    desk.tab("rig")
    desk.find("walk").click()
    desk.find("ask-yes").click()
    desk.wait(lambda: len(feed.operator.hands) == 3)
    if away == "reload":
        desk.driver.refresh()
        desk.wait(lambda: desk.text("health") == "LIVE")
    else:
        desk.driver.get("about:blank")
    desk.wait(lambda: feed.operator.hands == (Hand("mover", 0.4),))


def test_a_look_is_forgotten_only_after_a_question(desk, feed):
    desk.driver.find_element(By.CSS_SELECTOR, '[aria-label="Forget the look Chorus"]').click()
    desk.find("ask-no").click()
    assert feed.commands == []
    desk.driver.find_element(By.CSS_SELECTOR, '[aria-label="Forget the look Chorus"]').click()
    desk.find("ask-yes").click()
    desk.wait(lambda: feed.commands == [Command("forget_scene", 1.0, "Chorus")])


def test_a_number_may_be_typed_for_every_fader(desk, feed):
    """Whoever cannot drag has another way (WCAG 2.5.7)."""
    for name in ("energy", "intensity", "pace", "spread"):
        number = desk.find(f"{name}-number")
        number.send_keys(Keys.CONTROL + "a", Keys.NULL, "80", Keys.ENTER)
        desk.wait(lambda name=name: getattr(feed.operator.steering, name) == 0.8)
