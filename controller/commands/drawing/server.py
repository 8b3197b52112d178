"""The patch page in a browser: a library, a plan, and the fixtures themselves. Edge: the web, files, a thread."""

import asyncio
import ssl
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from aiohttp import web

from controller.clock import Clock
from controller.commands.drawing.catalogue import Catalogue
from controller.commands.drawing.drawn import MARKS, room_of
from controller.commands.drawing.file import PatchFile, next_universe
from controller.commands.drawing.lamp_check import LampCheck
from controller.commands.drawing.lit_lamps import LitLamps
from controller.commands.drawing.own_files import keep_own
from controller.commands.drawing.shapes import SHAPES
from controller.errors import ConfigError, ControllerError, first_line
from controller.rehearsal.own_page import OwnPage, send_file
from controller.rig.exchange.guessing import ROLES
from controller.rig.patch.configured import patch_of
from controller.watching.page.files import STATIC as PAGE

STATIC = Path(__file__).parent / "static"
SHARED = ("style.css", "icon.svg")
MOST_BYTES = 64_000_000
"""A GDTF file with its pictures and meshes has ten or twenty million."""
MOST_WISH_BYTES = 256_000
LEFT_S = 6.0
"""A page that has asked nothing for so long is gone: nobody sees the fixture that is lit."""
LOOK_S = 0.5
OF_LAMPS = ("identify", "check", "answer", "dark")
MOST_LETTERS = 100


class DrawPage(OwnPage):
    """One configuration, drawn by whoever sits at this machine.

    Args:
        drawing: the file; None: there is none yet, and `begin` brings it. clock: for the fixtures.
        key: what a browser of another machine must know; empty: this machine alone is served.
        tls: what it is served with; None: plain HTTP.
    """

    def __init__(
        self, drawing: PatchFile | None, clock: Clock, key: str = "", tls: ssl.SSLContext | None = None
    ) -> None:
        super().__init__("the patch page", MOST_BYTES, key, tls)
        self._clock = clock
        self._lamps = LitLamps(clock)
        self._check: LampCheck | None = None
        self._showing = ""
        self._seen_s = clock.now_s()
        self._version = 1
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="patch-page")
        self._drawing: PatchFile | None = None
        self._catalogue: Catalogue | None = None
        if drawing is not None:
            self.begin(drawing)

    def begin(self, drawing: PatchFile) -> None:
        """Draw this file from now on."""
        self._drawing, self._catalogue = drawing, Catalogue(drawing.library)

    @property
    def drawing(self) -> PatchFile:
        """What is drawn.

        Raises:
            ConfigError: there is no file yet.
        """
        if self._drawing is None:
            raise ConfigError("there is no configuration yet; answer the questions first")
        return self._drawing

    def route(self, router: web.UrlDispatcher) -> None:
        """The patch, the libraries, and what people do."""
        router.add_get("/state", self._tell_state)
        router.add_get("/search", self._search)
        router.add_get("/fixture", self._tell_fixture)
        router.add_get("/difference", self._tell_difference)
        router.add_post("/do", self._do)
        router.add_post("/own", self._take_own)
        for path in (*(PAGE / name for name in SHARED), *STATIC.iterdir()):
            router.add_get(f"/{path.name}", partial(send_file, path))
        router.add_get("/", partial(send_file, STATIC / "draw.html"))

    async def serve(self, host: str, port: int) -> None:
        """Until cancelled; see `OwnPage`. It ends dark."""
        watching = asyncio.create_task(self._watch())
        try:
            await super().serve(host, port)
        finally:
            watching.cancel()
            self._worker.submit(self._lamps.dark)
            self._worker.shutdown(wait=True)

    async def _watch(self) -> None:
        """Put fixtures out that nobody looks at any more."""
        while True:
            await asyncio.sleep(LOOK_S)
            if self._lamps.lit and self._clock.now_s() - self._seen_s > LEFT_S:
                await self._in_turn(self._stop)

    async def _in_turn(self, work: Callable[[], Any]) -> Any:  # noqa: ANN401 - whatever the work gives
        return await asyncio.get_running_loop().run_in_executor(self._worker, work)

    async def _tell_state(self, _request: web.Request) -> web.Response:
        self._seen_s = self._clock.now_s()
        return await self._answer(self.state)

    async def _search(self, request: web.Request) -> web.Response:
        written = request.query.get("q", "")[:MOST_LETTERS]

        def found() -> dict[str, Any]:
            catalogue = self._catalogue_here()
            return {"found": [asdict(one) for one in catalogue.search(written)], "of": len(catalogue)}

        return await self._answer(found)

    async def _tell_fixture(self, request: web.Request) -> web.Response:
        reference = request.query.get("reference", "")
        return await self._answer(lambda: self._catalogue_here().told(reference))

    async def _take_own(self, request: web.Request) -> web.Response:
        name, content = request.query.get("name", "")[:MOST_LETTERS], await request.read()

        def taken() -> dict[str, Any]:
            kept, reference = keep_own(self.drawing.config, name, content)
            self._catalogue = Catalogue(self.drawing.renewed_library())
            return {**asdict(self._catalogue.entry(reference)), "kept": str(kept)}

        return await self._answer(taken)

    async def _tell_difference(self, _request: web.Request) -> web.Response:
        return await self._answer(
            lambda: {"difference": self.drawing.difference(), "refusal": self.drawing.drawn.refusal()}
        )

    async def _do(self, request: web.Request) -> web.Response:
        self._seen_s = self._clock.now_s()
        if (request.content_length or 0) > MOST_WISH_BYTES:
            return web.json_response({"said": "that is too much at once"}, status=400)
        try:
            wish = await request.json()
            verb, *_ = str(wish["verb"]), wish.items()
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return web.json_response({"said": "not a wish"}, status=400)
        return await self._answer(lambda: self._done(verb, wish))

    async def _answer(self, work: Callable[[], dict[str, Any]]) -> web.Response:
        """JSON; where it cannot be, what is wrong and how everything stands."""
        try:
            return web.json_response(await self._in_turn(work))
        except ControllerError as error:
            said = first_line(error)
        except (ValueError, KeyError, TypeError, IndexError, OverflowError):
            said = "the page asked for something that nobody understands; load it again"
        return web.json_response({"said": said}, status=400)

    def state(self, said: str = "") -> dict[str, Any]:
        """Everything the page shows."""
        drawing = self.drawing
        drawn = drawing.drawn
        return {
            "said": said,
            "version": self._version,
            "file": str(drawing.file),
            "venue": drawing.config.venue,
            "fixtures": drawn.told(),
            "universes": [_universe(*one) for one in sorted(drawn.now.universes.items())],
            "room": room_of(drawn.now.rows),
            "marks": {name: drawn.now.marks.get(name) for name in MARKS},
            "roles": ROLES,
            "shapes": SHAPES,
            "undoable": drawn.undoable,
            "redoable": drawn.redoable,
            "changed": drawn.differs,
            "refusal": drawn.refusal(),
            "showing": self._showing if self._lamps.lit else "",
            "check": None if self._check is None else self._check.told(),
        }

    def _done(self, verb: str, wish: dict[str, Any]) -> dict[str, Any]:
        try:
            said = (
                self._lamp_wish(verb, wish)
                if verb in ("identify", "check", "answer", "dark")
                else self._draw(verb, wish)
            )
        finally:
            self._version += 1
        return self.state(said)

    def _draw(self, verb: str, wish: dict[str, Any]) -> str:
        drawn = self.drawing.drawn
        names = [str(one) for one in wish.get("names", [])]
        match verb:
            case "add":
                names = drawn.add(
                    str(wish["reference"]), str(wish["mode"]), int(wish.get("count", 1)),
                    str(wish.get("shape", "line")), wish.get("places", []),
                    role=str(wish.get("role") or ""), universe=wish.get("universe"),
                )  # fmt: skip
                return f"on the plan: {', '.join(names)}"
            case "shift":
                drawn.shift(names, wish["by"])
            case "arrange":
                drawn.arrange(names, str(wish["shape"]))
            case "set":
                drawn.set(names, dict(wish["values"]))
            case "address":
                drawn.address(names, int(wish["universe"]), int(wish["first"]))
            case "mark":
                drawn.mark(str(wish["name"]), wish.get("place"))
            case "remove":
                drawn.remove(names)
            case "universe":
                return f"universe {drawn.add_universe(next_universe)} is there"
            case "undo" | "redo":
                drawn.move(-1 if verb == "undo" else 1)
            case "write":
                self.drawing.write()
                return f"written: {self.drawing.file}"
            case _:
                raise ConfigError("the page does not know this verb")
        return ""

    def _lamp_wish(self, verb: str, wish: dict[str, Any]) -> str:
        if verb == "dark":
            self._stop()
            return "dark"
        if verb == "answer":
            return self._answered(str(wish["word"]))
        config = self.drawing.as_drawn()
        patch = patch_of(config)
        names = [str(one) for one in wish.get("names", [])] or [one.id for one in config.fixtures]
        check = LampCheck(patch, names, thorough=bool(wish.get("thorough")))
        self._lamps.light(config, patch, check.shown)
        self._check = check if verb == "check" else None
        self._showing = names[0] if verb == "identify" else ""
        return f"{names[0]} is lit, everything else is dark" if verb == "identify" else ""

    def _answered(self, word: str) -> str:
        if self._check is None:
            raise ConfigError("no check is going on")
        helped = self._check.answer(word)
        said = ""
        if helped is not None:
            self.drawing.drawn.rest(helped.fixture, helped.channel, helped.level)
            config = self.drawing.as_drawn()
            self._lamps.light(config, patch_of(config), self._check.shown)
            said = f"{helped.fixture}: {helped.channel} rests at {helped.level}; it is in the difference"
        if self._check.over:
            self._lamps.dark()
        else:
            self._lamps.show(self._check.shown)
        return said

    def _stop(self) -> None:
        self._lamps.dark()
        self._showing = ""
        self._check = None
        self._version += 1

    def _catalogue_here(self) -> Catalogue:
        if self._catalogue is None:
            raise ConfigError("there is no configuration yet; answer the questions first")
        return self._catalogue


def _universe(number: int, universe: dict[str, Any]) -> dict[str, Any]:
    outputs = universe.get("outputs", [])
    said = []
    for one in outputs:
        wire = next((f" {one[key]}" for key in ("port_address", "universe", "device") if key in one), "")
        said.append(f"{one.get('type')}{wire}{' at ' + one['host'] if one.get('host') else ''}")
    return {"number": number, "leaves": ", ".join(said)}
