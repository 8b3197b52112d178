"""The questions of `followspot init` in a browser, each checked when it is answered; then the patch page of the file.

Edge: the web, devices, files.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from aiohttp import web
from serial.tools import list_ports

from controller.commands.answers import NUMBERED, QUESTIONS, Answers, audio_inputs
from controller.commands.drawing.file import PatchFile
from controller.commands.drawing.server import STATIC, DrawPage
from controller.commands.node_search import find_nodes
from controller.errors import ConfigError
from controller.rehearsal.own_page import send_file

Given = dict[str, str]
BY_NAME = {one.name: one for one in QUESTIONS}
EXAMPLES = {
    "venue": [],
    "universe": [],
    "fixtures": ["4 generic/rgb-par-7ch", "6 generic/rgbw-par, 4 generic/rgb-par back, 1 generic/hazer @511"],
    "room": ["6x4x3.4", "8x6x4", "12x8x6"],
}
"""What may be answered by one press; outputs and inputs are looked for."""
NOTES = {
    "venue": "Looks, logs and what is learned are kept under this name.",
    "output": "Your node's address, or your USB interface. artnet 127.0.0.1 is this computer: nothing leaves it yet.",
    "universe": "The node's own number for its DMX line. Art-Net counts from 0, sACN from 1.",
    "fixtures": "A few are enough: on the next page they are found by maker and model and put on a plan.",
    "audio": "demo is the bundled song. Later: the sound interface that gets the mix of the sound desk.",
    "room": "Width, depth, and the height at which the fixtures hang.",
}
"""What somebody who does this for the first time needs to know, below each question."""


class QuestionsPage(DrawPage):
    """One configuration that is not there yet.

    Args:
        file: to write. given: answers by the question's name that the command line gave.
        write: writes the file, given all answers by the question's name. answers: for the check of each as it comes.
        key: see `DrawPage`.

    Attributes:
        written: whether the file is there.
    """

    def __init__(
        self, file: Path, given: Given, write: Callable[[Given], None], answers: Answers, key: str = ""
    ) -> None:
        super().__init__(None, answers.clock, key)
        self._file, self._given, self._write, self._answers = file, dict(given), write, answers
        self.written = False

    def route(self, router: web.UrlDispatcher) -> None:
        """The questions; the patch, as soon as there is one."""
        router.add_get("/questions", self._tell_questions)
        router.add_post("/answer", self._take)
        router.add_get("/", self._first)
        router.add_get("/draw", partial(send_file, STATIC / "draw.html"))
        super().route(router)

    async def _first(self, request: web.Request) -> web.Response:
        return await send_file(STATIC / ("draw.html" if self.written else "questions.html"), request)

    async def _tell_questions(self, _request: web.Request) -> web.Response:
        return await self._answer(self._questions)

    def _questions(self) -> dict[str, Any]:
        offers = {
            **EXAMPLES,
            "output": self._outputs(),
            "audio": ["demo", *(f"device:{one}" for one in audio_inputs())],
        }
        return {
            "file": str(self._file),
            "questions": [
                {
                    "name": one.name,
                    "text": one.text,
                    "usual": one.usual,
                    "given": self._given.get(one.name, ""),
                    "note": NOTES.get(one.name, ""),
                    "offers": list(dict.fromkeys(offers[one.name])),
                }
                for one in QUESTIONS
            ],
        }

    def _outputs(self) -> list[str]:
        """Ways out that are here: nodes that answer, ports that are plugged in, and what always may be."""
        nodes = [f"artnet {ip}" for ip, _ in find_nodes(self._clock) if not ip.startswith("127.")]
        ports = [f"enttec {one.device}" for one in list_ports.comports() if one.vid is not None]
        return [*nodes, *ports, "artnet 127.0.0.1", "artnet", "sacn", "ola"]

    async def _take(self, request: web.Request) -> web.Response:
        try:
            said = await request.json()
            answers = {str(name): str(text) for name, text in dict(said["answers"]).items()}
            only = said.get("only")
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return web.json_response({"said": "not an answer"}, status=400)
        return await self._answer(partial(self._try, answers, only) if only else partial(self._begin, answers))

    def _try(self, answers: Given, only: str) -> dict[str, Any]:
        """One answer, tried; those before it that it builds upon are known."""
        question = BY_NAME.get(str(only))
        if question is None:
            raise ConfigError("no such question")
        self._answers.remarks.clear()
        question.put(self._answers, answers.get(question.name, "").strip() or question.usual)
        return {
            "said": " ".join(self._answers.remarks),
            "universe": str(self._answers.output.get("type")) in NUMBERED,
        }

    def _begin(self, answers: Given) -> dict[str, Any]:
        """Write the file, and draw it from now on."""
        if self.written:
            raise ConfigError(f"{self._file} is written already; load the page again")
        given = {name: text.strip() for name, text in answers.items() if name in BY_NAME and text.strip()}
        self._write(given)
        self.begin(PatchFile(self._file))
        self.written = True
        return {"said": f"written: {self._file}"}
