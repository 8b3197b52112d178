"""What the page says of the room: one word and one sentence, and both are true."""

import time
from dataclasses import replace

import pytest
from page_in_browser import Desk
from window import resize

from controller.messages import Operator, Scene

PLAIN = Operator()


@pytest.fixture
def desk(chromium, served):
    return Desk(chromium, served.url)


@pytest.fixture
def running(feed):
    """The feed's clock goes, so that its news stay news."""
    feed.clock = time.monotonic


OF_THE_ROOM = (
    (replace(PLAIN, blackout=True), "live", "BLACKOUT", "All light is off"),
    (replace(PLAIN, blackout=True, hold=True), "house", "BLACKOUT", "All light is off"),
    (replace(PLAIN, hold=True), "live", "HOLD", "stays exactly as it is"),
    (replace(PLAIN, grand_master=0.0), "live", "MASTER AT 0", "The stage is dark"),
    (replace(PLAIN, quiet=True), "live", "QUIET", "Press Quiet again"),
    (replace(PLAIN, scene=Scene("Chorus", (0.5,))), "live", "LOOK", "“Chorus” is on stage"),
    (PLAIN, "fallback", "LEVEL ONLY", "brightness follows the sound"),
    (PLAIN, "talk", "TALK", "nothing flashes"),
    (PLAIN, "quiet", "QUIET", "check the sound input"),
    (PLAIN, "house", "SAFE LOOK", "steady warm light"),
    (replace(PLAIN, moment="changeover"), "live", "CHANGEOVER", "light to work in"),
    (replace(PLAIN, moment="walk_in"), "live", "WALK-IN", "light for doors"),
    (replace(PLAIN, moment="end"), "live", "END", "closing light"),
    (PLAIN, "live", "LIVE", "Whatever you do wins"),
)  # fmt: skip


def test_p33_the_pill_tells_what_the_room_has(running, desk, feed):
    for operator, health, word, sentence in OF_THE_ROOM:
        feed.operator, feed.health = PLAIN, "live"  # so that no row is what the one before it left
        desk.wait(lambda: desk.text("health") == "LIVE")
        feed.operator, feed.health = operator, health
        desk.wait(lambda word=word, sentence=sentence: desk.text("health") == word and sentence in desk.text("saying"))


def test_p32_a_listening_process_that_is_gone_is_said_in_a_sentence_on_a_phone_too(running, desk, feed):
    resize(desk.driver, 390, 844, mobile=True)
    feed.health, feed.processes = "house", {"listening": "down", "lighting": "up"}
    desk.wait(lambda: desk.text("health") == "SAFE LOOK")
    for words in ("has stopped", "steady warm light", "restarts automatically"):
        assert words in desk.text("saying")
    desk.wait(lambda: desk.script("return document.getElementById('traffic').dataset.colour") == "red")


def test_the_traffic_light_is_on_the_first_screen_and_says_why(running, desk, feed):
    def light():
        return desk.script("return document.getElementById('traffic').dataset.colour")

    desk.wait(lambda: light() == "green")
    feed.troubles = ["the show's log cannot be written"]
    desk.wait(lambda: light() == "amber")
    desk.tab("technician")
    assert desk.text("technician-said") == "the show's log cannot be written"


def test_p33_no_news_is_no_live(desk, clock):
    desk.wait(lambda: desk.text("health") == "NO NEWS")  # this clock stands still
    clock.now_s += 1.0
    desk.wait(lambda: desk.text("health") == "LIVE")


def test_p26_after_the_end_it_says_ended_until_there_is_a_show_again(desk, served, feed):
    port = served.page.address[1]

    def ended():
        """A page that had no time to hear the goodbye has lost its show instead; then another show ends."""
        served.stop()
        desk.wait(lambda: desk.text("health") not in ("LIVE", ""))
        if desk.text("health") == "ENDED":
            return True
        served.start(feed, port)
        desk.wait(lambda: desk.text("health") == "LIVE")
        return False

    desk.wait(ended)
    assert "The show has ended" in desk.text("banner")
    assert "keep running" not in desk.text("banner") + desk.text("saying")
    tried = []  # it tries again, in vain, more than once
    desk.wait(lambda: tried.extend(desk.driver.get_log("browser")) or len(tried) >= 2)
    assert desk.text("health") == "ENDED"
    served.start(feed, port)
    desk.wait(lambda: desk.text("health") == "LIVE")


def test_p26_a_page_s_process_that_dies_is_no_end_of_the_show(desk, served):
    served.loop.call_soon_threadsafe(lambda: [one.abort() for one in list(served.loop._transports.values())])
    desk.wait(lambda: desk.text("health") == "NO NEWS")
    assert "ended" not in desk.text("banner")


LEVEL = """
const done = arguments[arguments.length - 1];
import("/meter.js").then(({ MeterView }) => {
  const view = new MeterView();
  for (const [db, t_s] of arguments[0]) view.show(db === null ? null : [t_s, db], t_s);
  const meter = document.getElementById("meter");
  done([meter.dataset.state, document.getElementById("meter-said").textContent, Math.round(view.peak[0])]);
});
"""


def test_p41_the_meter_has_peak_clip_and_silence(desk, served):
    served.stop()  # nobody else shows a level meanwhile
    desk.wait(lambda: desk.text("health") != "LIVE")
    for levels, shown in (
        ([(-20, 1), (-12, 2), (-30, 3)], ["heard", "-30 dB", -12]),
        ([(-20, 1), (-1, 2), (-20, 3)], ["loud", "CLIP", -1]),
        ([(-1, 1), (-20, 4)], ["heard", "-20 dB", -20]),
        ([(-20, 1), (-80, 2), (-80, 5)], ["silent", "SILENT", -80]),
        ([(-20, 1), (None, 9)], ["silent", "SILENT", -120]),
    ):
        assert desk.driver.execute_async_script(LEVEL, levels) == shown, levels


MINUTE = """
const done = arguments[arguments.length - 1];
const [said] = arguments;
import("/minute.js").then(({ MinuteView }) => {
  const view = new MinuteView(document.createElement("canvas"));
  const point = (t) => [t, 60, 200, 1];
  for (const [what, ...rest] of said) {
    if (what === "hello") view.greet(rest[0].map(point), rest[0].map((t) => [t, -20, 0]), 60);
    else view.add(point(rest[0]), [rest[0], -20, 0], rest[1]);
  }
  done([view.tokens.map((one) => one[0]), view.breaks, view.now_s]);
});
"""


def minute(desk, *said):
    return desk.driver.execute_async_script(MINUTE, said)


def test_p39_the_last_minute_forgets_nothing(desk):
    """Of an output that lags behind; of a clock that goes back; of a page's process that comes back and knows less."""
    tokens, breaks, _ = minute(desk, ["hello", [10, 11, 12, 13]], ["live", 14, 11.0], ["live", 15, 11.5])
    assert tokens == [10, 11, 12, 13, 14, 15]
    assert breaks == []
    tokens, breaks, now_s = minute(desk, ["hello", [100, 101]], ["live", 102, 102.0], ["live", 3, 3.0])
    assert len(tokens) == 4
    assert tokens == sorted(tokens)
    assert tokens[-1] == now_s == 3
    assert len(breaks) == 1
    tokens, breaks, _ = minute(desk, ["hello", [10, 11]], ["live", 12, 12.0], ["hello", [13]], ["live", 14, 14.0])
    assert tokens == [10, 11, 12, 13, 14]
    assert breaks == []


SENTENCES = """
const done = arguments[arguments.length - 1];
Promise.all([import("/words.js"), import("/language.js")]).then(([{ WORDS }, { word }]) => {
  const [said, pill] = ["saying", "health"].map((id) => document.getElementById(id));
  const seen = Object.keys(WORDS).filter((key) => key.startsWith("say.")).map((key) => {
    said.textContent = word(key, { look: "Chorus, second half" });
    pill.textContent = word("pill." + ({ quiet_wished: "quiet", deaf: "safe", lost: "no_news", stale: "no_news",
      plan: "live" }[key.slice(4)] ?? key.slice(4)));
    const cut = said.scrollHeight > said.clientHeight + 2;
    return [key, document.querySelector("main").getBoundingClientRect().top, cut];
  });
  localStorage.clear();
  done([new Set(seen.map((one) => one[1])).size, seen.filter((one) => one[2]).map((one) => one[0])]);
});
"""


def test_no_state_moves_what_is_below_it_and_every_sentence_is_read_whole(desk):
    """Whatever the sentence: each of the table, in each language, on each screen, in its place."""
    for size in ((1280, 800), (820, 1180), (390, 844), (844, 390)):
        resize(desk.driver, *size, mobile=size[0] < 1000)
        desk.wait(lambda size=size: desk.script("return [innerWidth, innerHeight]") == list(size))
        for language in ("en", "de", "ja"):
            desk.find(f"language-{language}").click()
            assert desk.driver.execute_async_script(SENTENCES) == [1, []], (size, language)
