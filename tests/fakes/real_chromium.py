"""A real Chromium without a window, as the tests of every page start it."""

import shutil
from pathlib import Path

FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-unsafe-swiftshader",
    "--disable-features=BackForwardCache,SpareRendererForSitePerProcess",  # pages that a test left, and one in advance
)
PLAYS = "--autoplay-policy=no-user-gesture-required"
"""A flag: sound is played without a press."""


def installed() -> bool:
    """Whether the browser and what drives it are there."""
    return bool(shutil.which("chromium") and shutil.which("chromedriver"))


def start_chromium(profile: Path, *more: str, logs: tuple[str, ...] = ("browser",)):
    """Start one.

    Args:
        profile: a folder of its own. more: flags. logs: what is kept; `performance` is what it asks of the network.
    """
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    for flag in (*FLAGS, *more, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", dict.fromkeys(logs, "ALL"))
    return webdriver.Chrome(options=options, service=webdriver.ChromeService(shutil.which("chromedriver")))


def begin_with_plan(driver) -> None:
    """Have each page show the rig from above: a processor draws it in half the time that the front takes it."""
    chosen = "if (location.protocol === 'http:') localStorage.setItem('followspot.view', 'plan');"
    driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": chosen})
