"""The page on a weak computer: sixty fixtures, one core for the browser, and how much it draws, asks for and keeps."""

import contextlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from tools.bench.run.result import ROOT, Figures, Options, SkippedError
from tools.bench.run.staging import free_tcp_port, run_folder, staged_show
from tools.bench.run.waiting import pause
from tools.bench.run.wire import Wire

SECONDS, QUICK_SECONDS = 120, 20
SETTLE_S = 6
RIG = ROOT / "docs/rigs/sixty-fixtures.yaml"
FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1280,800", "--js-flags=--expose-gc",
         "--enable-precise-memory-info")  # fmt: skip
COUNT = """
window.counted = { drawn: 0, bytes: 0, began: performance.now() };
const put = CanvasRenderingContext2D.prototype.putImageData;
CanvasRenderingContext2D.prototype.putImageData = function (...all) {
  window.counted.drawn++;
  return put.apply(this, all);
};
const parse = JSON.parse;
JSON.parse = (text, ...rest) => {
  window.counted.bytes += text.length ?? 0;
  return parse(text, ...rest);
};
"""
READ = """
const { drawn, bytes, began } = window.counted;
gc(); gc();
const seconds = (performance.now() - began) / 1000;
return { drawn: drawn / seconds, bytes: bytes / seconds, heap: performance.memory.usedJSHeapSize };
"""
AIMS = {"frames_per_s": ">= 30", "kilobytes_per_s": "< 150", "heap_growth_mib": "none over 20 minutes"}


def measure(options: Options) -> Figures:
    """Frames a second, traffic and memory of the page in headless Chromium on one core."""
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not (chromium and driver):
        raise SkippedError("Chromium and its driver are not installed; apt-get install chromium chromium-driver")
    seconds = options.pick(SECONDS, QUICK_SECONDS)
    with tempfile.TemporaryDirectory(prefix="bench-") as name, contextlib.ExitStack() as stack:
        folder, wire, port = Path(name), Wire(), free_tcp_port()
        stack.callback(wire.close)
        web = ("--web", f"127.0.0.1:{port}", "--loop")
        show = stack.enter_context(staged_show(folder, wire.port, *web, base=RIG))
        run_folder(folder, show)
        browser = _browser(chromium, driver, folder)
        stack.callback(browser.quit)
        browser.get(f"http://127.0.0.1:{port}/")
        pause(SETTLE_S, "settling", wire.read)
        browser.execute_script("gc(); gc();")
        browser.execute_script(COUNT)
        first = browser.execute_script(READ)["heap"]
        pause(seconds, "watching", wire.read)
        found = browser.execute_script(READ)
    return {
        "seconds": seconds,
        "frames_per_s": round(found["drawn"], 1),
        "kilobytes_per_s": round(found["bytes"] / 1e3, 1),
        "heap_mib": round(found["heap"] / 2**20, 1),
        "heap_growth_mib": round((found["heap"] - first) / 2**20, 2),
    }


def _browser(chromium: str, driver: str, folder: Path) -> Any:  # noqa: ANN401 - selenium has no types
    """Chromium on the last core only."""
    from selenium import webdriver  # noqa: PLC0415 - only here

    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in (*FLAGS, f"--user-data-dir={folder / 'chromium'}"):
        options.add_argument(flag)
    mine = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(mine)})  # inherited by what is started now
    try:
        return webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    finally:
        os.sched_setaffinity(0, mine)
