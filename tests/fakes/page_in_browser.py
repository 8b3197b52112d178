"""What a test does with the page in a browser."""

from promise import HANG_S
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

HEALTH = "return document.getElementById('health')?.textContent"
PRESSED = "return document.getElementById(arguments[0]).getAttribute('aria-pressed')"
SUM_OF_CANVAS = """
const canvas = document.getElementById(arguments[0]);
const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
let sum = 0;
for (let at = 0; at < pixels.length; at += 4) sum += pixels[at] + pixels[at + 1] + pixels[at + 2];
return sum / (pixels.length / 4);
"""
POINT = """
const where = { clientX: arguments[0], clientY: arguments[1], pointerType: "mouse" };
document.getElementById("stage").dispatchEvent(new PointerEvent("pointermove", where));
const tip = document.getElementById("tip");
return tip.hidden ? "" : tip.textContent;
"""
FIND = """
const stage = document.getElementById("stage");
const tip = document.getElementById("tip");
const { left, top, width, height } = stage.getBoundingClientRect();
for (let y = 4; y < height; y += 6) for (let x = 4; x < width; x += 6) {
  stage.dispatchEvent(new PointerEvent("pointermove", { clientX: left + x, clientY: top + y, pointerType: "mouse" }));
  if (!tip.hidden && tip.textContent.startsWith(arguments[0])) return tip.textContent;
}
return "";
"""


class Desk:
    """What a test does with the page."""

    def __init__(self, driver, url: str) -> None:
        self.driver, self.url = driver, url
        driver.get(url)
        self.wait(lambda: self.script(HEALTH) == "LIVE")

    def wait(self, condition, seconds: float = HANG_S) -> None:
        WebDriverWait(self.driver, seconds, poll_frequency=0.03).until(lambda _driver: condition())

    def find(self, name: str):
        return self.driver.find_element(By.ID, name)

    def text(self, name: str) -> str:
        return self.find(name).text

    def pressed(self, name: str) -> bool:
        return self.script(PRESSED, name) == "true"

    def script(self, source: str, *arguments):
        return self.driver.execute_script(source, *arguments)

    def type(self, keys: str) -> None:
        self.driver.switch_to.active_element.send_keys(keys)

    def tab(self, name: str) -> None:
        """Show a part of the page: show, rig, list, technician."""
        self.find(f"tab-{name}").click()
        self.wait(lambda: self.find(f"panel-{name}").is_displayed())

    def pointed(self, begins: str = "") -> str:
        """Move the mouse over the stage until a label begins so; the label, which stays."""
        return self.script(FIND, begins)

    def point(self, x: float, y: float) -> str:
        """Put the mouse somewhere; what the label beside it says."""
        return self.script(POINT, x, y)

    def brightness(self, canvas: str) -> float:
        return self.script(SUM_OF_CANVAS, canvas)

    def complaints(self) -> list[str]:
        return [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] != "INFO"]
