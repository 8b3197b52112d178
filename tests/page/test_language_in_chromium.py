"""The page in German and Japanese: in the browser's language or the one that somebody chose, and all of it."""

import pytest
from page_in_browser import Desk
from page_words import WORDS
from promise import HANG_S
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

LEFT = """
return [...document.querySelectorAll("[data-word], [data-word-label], [data-word-title], [data-word-placeholder]")]
  .filter((node) => node.dataset.word ? !node.textContent.trim() : false)
  .map((node) => node.outerHTML.slice(0, 80));
"""


@pytest.fixture
def desk(chromium, served):
    yield Desk(chromium, served.url)
    chromium.execute_script("localStorage.clear()")


@pytest.mark.parametrize(("language", "column"), [("de", 1), ("ja", 2), ("en", 0)])
def test_the_language_that_is_chosen_is_spoken_and_remembered(desk, language, column):
    desk.find(f"language-{language}").click()
    for key, name in (("tab.rig", "tab-rig"), ("do.quiet", "quiet"), ("looks.keep", "keep"), ("pill.live", "health")):
        # a page that was given no time says for a moment that it has no news
        desk.wait(lambda key=key, name=name: WORDS[key][column] in desk.text(name))
    assert desk.script("return document.documentElement.lang") == language
    assert desk.script(LEFT) == []
    desk.driver.refresh()
    desk.wait(lambda: desk.text("health") == WORDS["pill.live"][column])
    assert desk.pressed(f"language-{language}")


def test_what_is_made_by_scripts_changes_its_language_too(desk, feed):
    desk.find("next").click()
    desk.wait(lambda: desk.text("song-now") == "Metal Madness")
    desk.find("language-de").click()
    assert desk.text("song-sub").startswith("Stück 1 von 4")
    assert "Rot" in desk.text("wishes")
    assert desk.text("moment-changeover") == "Umbau"
    desk.find("more").click()
    assert desk.text("chorus") == "Das ist der Refrain"
    assert desk.script("return document.querySelector('[data-name=red]').title") == "Rot: frei"
    desk.tab("technician")
    desk.wait(lambda: "Ausgabe" in desk.text("counters"))
    desk.tab("list")
    desk.find("line-add").click()
    assert "nicht gesagt" in desk.text("lines")


@pytest.mark.parametrize(("spoken", "word"), [("ja-JP", "ライブ"), ("de-AT", "Setliste"), ("fr-FR", "Set list")])
def test_the_browser_s_language_is_spoken_first(chromium, served, spoken, word):
    source = f"Object.defineProperty(navigator, 'languages', {{ get: () => ['{spoken}'] }})"
    script = chromium.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": source})["identifier"]
    try:
        chromium.get(served.url)
        chromium.execute_script("localStorage.clear()")
        chromium.refresh()
        WebDriverWait(chromium, HANG_S).until(lambda _: word in chromium.find_element(By.TAG_NAME, "body").text)
    finally:
        chromium.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", {"identifier": script})


def test_p65_the_question_mark_explains_the_words_of_the_page(desk):
    desk.find("language-de").click()
    desk.find("glossary-open").click()
    terms = [key.removeprefix("term.") for key in WORDS if key.startswith("term.")]
    assert len(terms) > 20
    shown = desk.text("glossary-terms")
    assert all(WORDS[f"{part}.{name}"][1] in shown for name in terms for part in ("term", "means"))
    desk.type(Keys.ESCAPE)
    assert not desk.find("glossary").is_displayed()
    assert desk.script("return document.activeElement.id") == "glossary-open"
