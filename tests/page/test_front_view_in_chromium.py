"""The stage from the front on a graphics card, the plan in its place, and what stands where there is no such card.

The card of these tests is SwiftShader, a processor that plays one; the page would rather not use it, so some tests hide
its name.
"""

import pytest
from page_in_browser import Desk
from selenium.webdriver.common.keys import Keys
from window import resize

from controller.messages import Operator
from controller.watching.page.server import Page
from tests.page.conftest import before_each_page

NO_NAME = """
const named = WebGL2RenderingContext.prototype.getExtension;
WebGL2RenderingContext.prototype.getExtension = function (name) {
  return name === "WEBGL_debug_renderer_info" ? null : named.call(this, name);
};
"""
NO_CARD = """
const given = HTMLCanvasElement.prototype.getContext;
HTMLCanvasElement.prototype.getContext = function (kind, ...more) {
  return kind === "webgl2" ? null : given.call(this, kind, ...more);
};
"""
DRAW = (
    NO_NAME
    + """
const done = arguments[arguments.length - 1];
const [heads, shows, places] = arguments;
(async () => {
  const { FrontView } = await import("/front_view.js");
  const canvas = document.createElement("canvas");
  Object.defineProperty(canvas, "clientWidth", { value: 256 });
  const view = new FrontView(canvas);
  if (!view.works) return null;
  view.setRig(heads);
  const { gl, camera } = view;
  return shows.map((states) => {
    view.show(states);
    return places.map((place) => {
      const [x, y] = camera.pixel(...place, canvas.width);
      const pixel = new Uint8Array(4);
      gl.readPixels(Math.round(x), Math.round(canvas.height - y), 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, pixel);
      return [...pixel.slice(0, 3)];
    });
  });
})().then(done, (error) => done(String(error)));
"""
)


SLOW = (
    NO_NAME
    + """
const done = arguments[arguments.length - 1];
(async () => {
  const { FrontView } = await import("/front_view.js");
  const canvas = document.createElement("canvas");
  Object.defineProperty(canvas, "clientWidth", { value: 640 });
  const view = new FrontView(canvas);
  view.setRig([]);
  view.show([]);
  const { gl } = view;
  const finished = () => gl.getSyncParameter(view.done, gl.SYNC_STATUS) === gl.SIGNALED;
  for (let turn = 0; turn < 200 && !finished(); turn++) await new Promise((next) => setTimeout(next, 50));
  const said = finished();
  gl.getSyncParameter = () => gl.UNSIGNALED;
  const widths = [];
  for (let picture = 0; picture < 18; picture++) {
    view.drawn_ms -= 100;
    view.show([]);
    widths.push(canvas.width);
  }
  return [said, widths];
})().then(done, (error) => done(String(error)));
"""
)


def lamp(name, role, place, *, moves=False):
    at = dict(zip("xyz", place, strict=True))
    return at | {"id": name, "fixture": name, "label": "lamp", "role": role, "moves": moves, "emits": True}


def drawn(desk, heads, shows, places):
    """Colours (show, place, 3) of the picture at places of the room, metres."""
    return desk.driver.execute_async_script(DRAW, heads, shows, places)


@pytest.fixture
def desk(chromium, served):
    yield Desk(chromium, served.url)
    chromium.execute_script("localStorage.clear()")  # the next server may have the same port


@pytest.fixture
def card(chromium, served, feed):
    """A page that takes SwiftShader for a graphics card: few lamps and few snapshots, for a processor draws them."""
    served.stop()
    served.page, feed.rig = Page(4.0), feed.rig[:4]
    served.start(feed)
    resize(chromium, 400, 800)
    with before_each_page(chromium, NO_NAME):
        yield Desk(chromium, served.url)


def complaints(desk):
    """Without those about reading pictures back: a processor that draws them has to, and so have these tests."""
    return [one for one in desk.complaints() if "GL Driver Message" not in one and "willReadFrequently" not in one]


def hidden(desk, name):
    return desk.script("return getComputedStyle(document.getElementById(arguments[0])).display === 'none'", name)


def test_a_lamp_is_lit_where_the_perspective_says_and_dark_when_it_is_off(desk):
    heads = [lamp("left", "back", (-2.0, 3.0, 3.0)), lamp("right", "wash", (2.0, 1.0, 2.5))]
    places = [[-2.0, 3.0, 3.0], [2.0, 1.0, 2.5]]
    off, red, blue = [0.0] * 5, [1.0, 0.0, 0.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0, 0.0]
    dark, one, both = drawn(desk, heads, [[off, off], [red, off], [red, blue]], places)
    assert max(*dark[0], *dark[1]) < 60
    assert one[0][0] > 200
    assert one[0][0] > 2 * one[0][2]
    assert max(one[1]) < 60
    assert both[1][2] > 200
    assert both[1][2] > 2 * both[1][0]


def test_beams_go_where_their_heads_look(desk):
    heads = [lamp("spot", "beam", (0.0, 2.0, 4.0), moves=True)]
    places = [[-1.5, 2.0, 2.5], [1.5, 2.0, 2.5]]
    shows = [[[0.0, 1.0, 0.0, -90.0, 45.0]], [[0.0, 1.0, 0.0, 90.0, 45.0]]]
    left, right = drawn(desk, heads, shows, places)
    assert left[0][1] > left[1][1] + 80
    assert right[1][1] > right[0][1] + 80


def test_a_wash_lights_the_floor_before_it(desk):
    heads = [lamp("wash", "wash", (0.0, -2.0, 4.0))]
    (dark,), (lit,) = drawn(desk, heads, [[[0.0] * 5], [[0.0, 0.6, 0.0, 0.0, 0.0]]], [[0.0, 1.7, 0.0]])
    assert lit[1] > dark[1] + 60


def test_no_lamps_at_all_are_a_dark_room(desk):
    assert max(drawn(desk, [], [[]], [[0.0, 1.0, 0.0]])[0][0]) < 60


def test_a_card_that_is_always_late_gets_fewer_pixels(desk):
    said, widths = desk.driver.execute_async_script(SLOW)
    assert said
    assert widths[:4] == [640] * 4
    assert sorted(set(widths), reverse=True) == [640, 480, 448]
    assert widths[-1] == 448


@pytest.mark.front
def test_a_processor_that_plays_graphics_card_is_not_used(desk):
    assert desk.script("return document.getElementById('front').hidden")
    assert desk.brightness("light") > 1.0
    assert complaints(desk) == []


@pytest.mark.front
def test_without_webgl_everything_is_as_it_was(chromium, served):
    with before_each_page(chromium, NO_CARD):
        desk = Desk(chromium, served.url)
        assert desk.script("return document.getElementById('front').hidden")
        assert desk.brightness("light") > 1.0
        assert not desk.script("return document.getElementById('lamps').hidden")
        assert complaints(desk) == []


@pytest.mark.front
def test_a_graphics_card_draws_the_page_until_it_is_lost(card, feed):
    card.wait(lambda: not card.script("return document.getElementById('front').hidden"))
    assert complaints(card) == []
    card.script(
        "document.getElementById('front').getContext('webgl2').getExtension('WEBGL_lose_context').loseContext();"
    )
    card.wait(lambda: card.script("return document.getElementById('front').hidden"))
    full = card.brightness("light")
    assert full > 1.0
    feed.operator = Operator(blackout=True)
    card.wait(lambda: card.brightness("light") < 0.8 * full)


@pytest.mark.front
def test_the_plan_stands_in_its_place_and_is_remembered(desk):
    assert hidden(desk, "above")
    desk.find("view-plan").click()
    assert desk.pressed("view-plan")
    assert not desk.pressed("view-front")
    assert [hidden(desk, name) for name in ("light", "lamps", "above")] == [True, True, False]
    assert desk.brightness("above") > 1.0
    again = Desk(desk.driver, desk.url)
    assert again.pressed("view-plan")
    again.wait(lambda: again.brightness("above") > 1.0)
    again.find("view-front").click()
    again.wait(lambda: again.brightness("light") > 1.0)
    assert [hidden(again, name) for name in ("light", "lamps", "above")] == [False, False, True]
    assert complaints(again) == []


@pytest.mark.front
def test_the_switch_is_reached_by_keys_and_escape_leaves_it_alone(desk, feed):
    desk.script("document.getElementById('view-front').focus()")
    desk.type(Keys.TAB + Keys.ENTER)
    assert desk.pressed("view-plan")
    desk.type(Keys.ESCAPE)
    assert desk.pressed("view-plan")
    desk.type(Keys.SHIFT + Keys.TAB + Keys.NULL + Keys.SPACE)
    assert desk.pressed("view-front")
    assert feed.commands == []


TIPS = """
const stage = document.getElementById("stage");
const tip = document.getElementById("tip");
const { left, top, width, height } = stage.getBoundingClientRect();
const found = new Set();
for (let x = 0; x < width; x += 24) for (let y = 0; y < height; y += 24) {
  stage.dispatchEvent(new PointerEvent("pointermove", { clientX: left + x, clientY: top + y, pointerType: "mouse" }));
  if (!tip.hidden) found.add(tip.textContent);
}
return [...found];
"""


def test_lamps_can_be_pointed_at_in_the_plan(desk):
    desk.find("view-plan").click()
    tips = desk.script(TIPS)
    assert any(tip.startswith("front-1 · RGBW PAR · wash\n1.1–8\n#") for tip in tips)
    assert any(tip.startswith("back-3 · RGBAW+UV PAR · back\n1.117–124\n#") for tip in tips)
