"""Pictures of the page for the guides: `python -m tools.docs.pictures [--stage|--rig|--patch] URL`, beside a page.

`python tests/fakes/demo_feed.py 8100` is a page that is lit; a show with its bundled song is another; `--patch` is for
`followspot patch draw`. The first picture has the numbers that docs/manual.md explains. Edge: a browser, files.
"""

import base64
import shutil
import sys
import time
from pathlib import Path
from typing import Any

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
DESKTOP, PHONE = (1280, 800, False), (390, 844, True)
SETTLED_S = 3.0
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--enable-unsafe-swiftshader",
    "--lang=en",
)
CALL_OUTS = [
    *(".tabs", "#health", "#stage", ".minute h2", ".song", ".moments", ".bias", ".colours", ".looks", ".extra"),
    *(".console", ".meter"),
]
NUMBERS = """
arguments[0].forEach((place, index) => {
  const box = document.querySelector(place).getBoundingClientRect();
  const note = document.createElement("b");
  note.textContent = index + 1;
  Object.assign(note.style, {
    position: "fixed", zIndex: 99, left: `${Math.max(2, box.left - 10)}px`, top: `${Math.max(2, box.top - 8)}px`,
    width: "26px", height: "26px", lineHeight: "26px", textAlign: "center", borderRadius: "50%",
    background: "#f4efe6", color: "#111", fontSize: "15px", boxShadow: "0 0 0 2px #111",
  });
  document.body.append(note);
});
"""
RIG_CALL_OUTS = [".plan", ".override", ".check"]
RIG = "document.getElementById('tab-rig').click()"
SONG = "const next = document.getElementById('next'); if (!next.disabled) next.click();"
WHY = "document.querySelector('#fixture-list [data-fixture^=spot]').click()"
PLAN = "document.getElementById('view-plan').click()"
FRONT = "document.getElementById('view-front').click()"
LOUD = """
return parseFloat(document.getElementById("meter-said").textContent) > -19
  && document.body.dataset.room === "live" && document.getElementById("banner").hidden;
"""
LONGEST_S = 60.0
PATCH = (
    ("return true", "return document.querySelectorAll('#plan .body').length > 3"),
    (
        "const search = document.getElementById('search'); search.value = 'chauvet slimpar';"
        "search.dispatchEvent(new Event('input'))",
        "return document.querySelector('#found .name')?.textContent.includes('SlimPAR')",
    ),
    (
        "document.querySelector('#found .name').click()",
        "return document.getElementById('chosen-name').textContent.includes('SlimPAR')"
        " && document.getElementById('mode').options.length > 0",
    ),
    ("document.querySelector('[data-marks=singer]').click()", "return document.querySelector('.place-mark')"),
    (
        "document.querySelector('[data-marks=drums]').click()",
        "return document.querySelectorAll('.place-mark').length === 2",
    ),
    (
        "document.getElementById('count').value = 5; document.getElementById('shape').value = 'arc';"
        "document.getElementById('put').click()",
        "return document.getElementById('counted').textContent.startsWith('5 of')",
    ),
)
"""What is done at the patch page, and when it is seen to be done."""
# A processor that plays a graphics card is good enough for a picture.
DRAWN = """
const named = WebGL2RenderingContext.prototype.getExtension;
WebGL2RenderingContext.prototype.getExtension = function (name) {
  return name === "WEBGL_debug_renderer_info" ? null : named.call(this, name);
};
"""


def browser() -> Any:  # noqa: ANN401 - selenium comes with the tests
    """A Chromium without a window."""
    from selenium import webdriver  # noqa: PLC0415

    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    for flag in FLAGS:
        options.add_argument(flag)
    return webdriver.Chrome(options=options, service=webdriver.ChromeService(shutil.which("chromedriver")))


def sized(driver: Any, url: str, size: tuple[int, int, bool]) -> None:  # noqa: ANN401
    """The page in a window of a size."""
    width, height, mobile = size
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    driver.get(url)


def awaited(driver: Any, condition: str) -> None:  # noqa: ANN401
    """Wait until a script says so, but not for ever."""
    until_s = time.monotonic() + LONGEST_S
    while time.monotonic() < until_s and not driver.execute_script(condition):
        time.sleep(0.1)  # noqa: TID251


def opened(driver: Any, url: str, size: tuple[int, int, bool], *scripts: str) -> None:  # noqa: ANN401
    """The page in a window of a size, lit, after some scripts."""
    sized(driver, url, size)
    awaited(driver, LOUD)
    time.sleep(SETTLED_S)  # noqa: TID251 - a real page takes real time
    for script in scripts:
        driver.execute_script(script)
        time.sleep(SETTLED_S / 3)  # noqa: TID251


def kept(driver: Any, name: str, place: str = "body", pad: float = 0.0) -> None:  # noqa: ANN401
    """A part of the page as a file."""
    box = driver.execute_script(f"return document.querySelector({place!r}).getBoundingClientRect().toJSON()")
    clip = {
        "x": box["x"] - pad,
        "y": box["y"] - pad,
        "width": box["width"] + 2 * pad,
        "height": box["height"] + 2 * pad,
    }
    kind = {"format": "jpeg", "quality": 86} if name.endswith(".jpg") else {"format": "png"}
    asked = kind if place == "body" else {**kind, "clip": {**clip, "scale": 1}}
    data = driver.execute_cdp_cmd("Page.captureScreenshot", asked)["data"]
    (PICTURES / name).write_bytes(base64.b64decode(data))
    print(PICTURES / name)


def of_the_page(driver: Any, url: str) -> None:  # noqa: ANN401
    """What the manual shows of controls and panels."""
    opened(driver, url, DESKTOP, FRONT, SONG, SONG)
    kept(driver, "page.jpg")
    driver.execute_script(NUMBERS, CALL_OUTS)
    kept(driver, "page-numbered.jpg")
    opened(driver, url, DESKTOP, "document.querySelector('[data-name=blue]').click()")
    kept(driver, "hands.png", ".right", 6.0)
    driver.execute_script("document.getElementById('free').click()")
    opened(driver, url, DESKTOP, WHY)
    kept(driver, "why.jpg")
    opened(driver, url, PHONE)
    kept(driver, "phone.jpg")


def of_the_rig(driver: Any, url: str) -> None:  # noqa: ANN401
    """The tab of the rig, for docs/first-hour.md; its numbers are said there."""
    opened(driver, url, DESKTOP, RIG)
    driver.execute_script(NUMBERS, RIG_CALL_OUTS)
    kept(driver, "rig-numbered.jpg")


def of_the_stage(driver: Any, url: str) -> None:  # noqa: ANN401
    """Both views of the stage; a processor that plays a graphics card needs most of a machine for them."""
    driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": DRAWN})
    opened(driver, url, DESKTOP, FRONT)
    kept(driver, "front.jpg", "#stage")
    driver.execute_script(PLAN)
    time.sleep(SETTLED_S / 3)  # noqa: TID251
    kept(driver, "plan.jpg", "#stage")
    driver.execute_script(FRONT)


def of_the_patch(driver: Any, url: str) -> None:  # noqa: ANN401
    """The patch page of docs/patching.md: five fixtures more, on an arc, and the marks of singer and drums."""
    sized(driver, url, DESKTOP)
    driver.execute_cdp_cmd("Emulation.setScrollbarsHidden", {"hidden": True})
    for script, done in PATCH:
        driver.execute_script(script)
        awaited(driver, done)
        if not driver.execute_script(done):
            raise SystemExit(f"the page did not come to: {done}")
    time.sleep(SETTLED_S / 3)  # noqa: TID251
    kept(driver, "patch-draw.png")


def main(url: str, what: str) -> None:
    driver = browser()
    try:
        {"stage": of_the_stage, "rig": of_the_rig, "page": of_the_page, "patch": of_the_patch}[what](driver, url)
    finally:
        driver.quit()


if __name__ == "__main__":
    words = sys.argv[1:]
    chosen = next((one.removeprefix("--") for one in words if one.startswith("--")), "page")
    main(next((one for one in words if not one.startswith("--")), "http://127.0.0.1:8100/"), chosen)
