"""The rehearsal room in a browser: a timeline, the stage, and what can be done to a show. On this machine only.

Edge: the web, files, a thread.
"""

import asyncio
import base64
import json
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from aiohttp import web
from pydantic import ValidationError

from controller.arrays import Float32Array
from controller.colour import parse_colour
from controller.errors import ControllerError, first_line
from controller.listening.plan.plan import Notes, Plan, TimedCue, plan_file, song_title, write_plan
from controller.looks.pack import NO_FORM, pack_of
from controller.rehearsal.own_page import OwnPage, send_file
from controller.rehearsal.room.aside import Aside
from controller.rehearsal.room.export import export
from controller.rehearsal.room.history import RoomHistory, RoomStep
from controller.rehearsal.room.lists import RoomLists
from controller.rehearsal.room.studio import Studio
from controller.rig.patch.configured import patch_of
from controller.sound_format import HOP_S
from controller.state_folder import same_title
from controller.watching.page.access import HERE
from controller.watching.page.files import CONTENT_TYPES
from controller.watching.page.files import STATIC as PAGE
from controller.watching.page.set_lists import SetListRoutes
from controller.watching.snapshot import rig_heads

log = logging.getLogger(__name__)

STATIC = Path(__file__).parent / "static"
MOST_BYTES = 64_000
LINES = ("grand_master", "intensity", "energy", "pace", "spread")
MOST_SEED = 2**31
HEARD_DB, LEAST_DB = 50.0, 12.0
"""Below its loudest moment: what is silence, and how much the picture of a song shows at least."""
KEEP_S = 3.0
DOING = {
    "roll": "lighting the part", "dress": "choosing looks", "pin": "pinning the part", "unpin": "unpinning the part",
    "notes": "noting it",
    "undo": "undoing the last step", "redo": "doing it again", "save": "saving the plan", "export": "writing the file",
}  # fmt: skip
"""What the room is at, in words."""
EDITS = ("roll", "dress", "pin", "unpin", "notes")


class Overtaken(Exception):  # noqa: N818 - nothing went wrong
    """Somebody wants something else; the stage is made after that."""


class Room(OwnPage):
    """One song, worked on by whoever sits at this machine.

    Many attributes: the song, its files, its history, what is saved and kept aside, two threads and how far they are.

    Args:
        studio: the song. song: its file or folder. sound: what the browser plays. out: where things are saved.
        saved: what it was before work that was kept aside was taken up; None: nothing was. since: of that work.

    Attributes:
        lists: set lists of the venue.
    """

    def __init__(
        self, studio: Studio, song: Path, sound: Path, out: Path, *, saved: RoomStep | None = None, since: str = ""
    ) -> None:
        super().__init__("the room", MOST_BYTES)
        self._studio, self._song, self._sound, self._out = studio, song, sound, out
        self.lists = RoomLists(studio.config)
        now = RoomStep.of(studio)
        self._history = RoomHistory(saved or now)
        if saved is not None:
            self._history.add(now)
        self._saved, self._kept, self._since = saved or now, now, since
        self._aside = Aside.of(song)
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="room")
        self._keeper = ThreadPoolExecutor(1, thread_name_prefix="room-keeps")
        self._busy, self._share, self._version = "", 0.0, 1
        self._wishes = self._stages = 0
        self._staging = False

    def route(self, router: web.UrlDispatcher) -> None:
        """The song, its light, and what people do to them."""
        router.add_get("/song", self._tell_song)
        router.add_get("/state", self._tell_state)
        router.add_get("/rows", self._tell_rows)
        router.add_get("/audio", self._tell_sound)
        router.add_post("/do", self._do)
        for path in (*PAGE.iterdir(), *STATIC.iterdir()):
            if path.suffix in CONTENT_TYPES:
                router.add_get(f"/{path.name}", partial(send_file, path))
        router.add_get("/", partial(send_file, STATIC / "room.html"))
        router.add_get("/list", partial(send_file, STATIC / "list.html"))
        router.add_routes(SetListRoutes(self.lists, lambda _request: HERE).routes())

    async def serve(self, host: str, port: int) -> None:
        """Until cancelled; see `OwnPage`. Unsaved work is kept aside every few seconds, and at the end."""
        keeping = asyncio.create_task(self._keep_on())
        try:
            await super().serve(host, port)
        finally:
            keeping.cancel()
            self._wishes += 1
            self._worker.shutdown(wait=True)
            self._keeper.submit(self._keep)
            self._keeper.shutdown(wait=True)

    async def _keep_on(self) -> None:
        while True:
            await asyncio.sleep(KEEP_S)
            if not self._busy:
                await asyncio.get_running_loop().run_in_executor(self._keeper, self._keep)

    def _keep(self) -> None:
        """Keep aside what is not saved, if it is not kept yet."""
        now = self._history.now
        if now.light is self._saved.light and now.notes is self._saved.notes:
            self._aside.forget()
        elif now.light is self._kept.light and now.notes is self._kept.notes:
            return
        elif not self._aside.keep(Plan(now.notes, now.light, self._studio.sound.fingerprints)):
            return  # tried again
        self._kept = now

    async def _tell_song(self, _request: web.Request) -> web.Response:
        sound = self._studio.sound
        shapes = [_text(row) for row in _shape(sound.levels)]
        heads = [
            {"id": one.id, "fixture": one.fixture, "label": one.label, "role": one.role, "x": one.x, "y": one.y,
             "z": one.z, "universe": one.universe, "address": one.address, "footprint": one.footprint,
             "moves": one.moves, "emits": one.emits}
            for one in rig_heads(patch_of(self._studio.config))
        ]  # fmt: skip
        names = ["mix", *sound.stems]
        heard = sound.band.plain()
        return web.json_response(
            {"title": sound.title, "hops": sound.hops, "shapes": dict(zip(names, shapes, strict=True)), "heads": heads,
             "beats": heard["beats"], "kinds": heard["kinds"], "doing": DOING,
             "plan": str(plan_file(self._out, song_title(self._song))), **_wardrobe(self._studio)}
        )  # fmt: skip

    async def _tell_state(self, _request: web.Request) -> web.Response:
        return web.json_response(self._state())

    def _state(self, said: str = "") -> dict[str, Any]:
        studio = self._studio
        return {
            "version": self._version,
            "busy": self._busy,
            "share": round(self._share, 3),
            "staging": self._staging,
            "stages": self._stages,
            "said": said,
            "notes": studio.notes.model_dump(),
            "light": _text(studio.light.astype("<i2")),
            "limited": studio.limited,
            "undoes": self._history.undoes,
            "redoes": self._history.redoes,
            "since": self._since,
        }

    async def _tell_rows(self, _request: web.Request) -> web.Response:
        return web.Response(body=self._studio.rows.tobytes(), content_type="application/octet-stream")

    async def _tell_sound(self, _request: web.Request) -> web.StreamResponse:
        return web.FileResponse(self._sound)

    async def _do(self, request: web.Request) -> web.Response:
        """One verb; one at a time."""
        if self._busy:
            return web.json_response(self._state(f"still {self._busy}; try again when that is done"), status=409)
        try:
            wish = json.loads(await request.text())
            work = self._work(wish)
        except (ValueError, TypeError, KeyError, RecursionError, ControllerError) as error:
            return web.json_response(self._state(_first(error)), status=400)
        verb = str(wish["verb"])
        self._busy, self._share = DOING[verb], 0.0
        self._wishes += 1  # the stage that is being made stops at the next hop
        said, status = "", 200
        try:
            said = await asyncio.get_running_loop().run_in_executor(self._worker, work)
            self._version += 1
            if verb in EDITS:
                self._history.add(RoomStep.of(self._studio))
            if verb != "export":
                self._since = ""
        except (ControllerError, ValidationError, ValueError) as error:
            said, status = _first(error), 400
            self._history.now.put_back(self._studio)
        finally:
            self._busy = ""
            self._stage_soon()
        return web.json_response(self._state(said), status=status)

    def _stage_soon(self) -> None:
        """Make the stage beside what people do, where it shows another light."""
        self._staging = self._studio.stale
        if self._staging:
            self._share = 0.0
            self._worker.submit(self._stage, self._wishes)

    def _stage(self, number: int) -> None:
        """Make the stage, unless there is a newer wish than this one."""

        def tell(share: float) -> None:
            if self._wishes != number:
                raise Overtaken
            self._share = share

        try:
            self._make_stage(tell)
        except Overtaken:
            return
        except Exception:
            log.exception("the stage could not be made; the light is kept")
            self._staging = False
            raise
        self._staging = False

    def _make_stage(self, progress: Callable[[float], None]) -> None:
        self._studio.stage(progress)
        self._history.stage(self._studio)
        self._stages += 1

    def _work(self, wish: dict[str, Any]) -> Callable[[], str]:
        """What a wish asks for, its numbers checked."""
        match wish["verb"]:
            case "roll":
                palette = [str(one) for one in wish.get("palette", [])][:12]
                for one in palette:
                    parse_colour(one)
                seed = int(wish["seed"]) % MOST_SEED
                return partial(self._roll, *self._part(wish), seed, palette)
            case "dress" | "pin" | "unpin":
                return partial(self._change, wish["verb"], *self._part(wish))
            case "notes":
                return partial(self._note, Notes.model_validate(self._studio.notes.model_dump() | _notes(wish)))
            case "undo" | "redo":
                return partial(self._move, -1 if wish["verb"] == "undo" else 1)
            case "save":
                return self._save
            case "export":
                return partial(self._export, str(wish["what"]))
        raise ValueError("the room does not know this verb")

    def _part(self, wish: dict[str, Any]) -> tuple[float, float]:
        from_s, to_s = float(wish["from_s"]), float(wish["to_s"])
        if not 0.0 <= from_s < to_s <= self._studio.sound.hops * HOP_S + HOP_S:
            raise ValueError("choose a part of the song first")
        return from_s, to_s

    def _roll(self, from_s: float, to_s: float, seed: int, palette: list[str]) -> str:
        self._studio.roll(from_s, to_s, seed, palette=palette, progress=self._tell_share)
        return f"seed {seed}"

    def _change(self, verb: str, from_s: float, to_s: float) -> str:
        if verb == "dress":
            self._studio.dress(from_s, to_s, self._tell_share)
            return "looks chosen"
        self._studio.pin(from_s, to_s, keep=verb == "pin")
        return "pinned" if verb == "pin" else "free again"

    def _note(self, notes: Notes) -> str:
        self._studio.notes = notes
        return "noted"

    def _move(self, by: int) -> str:
        self._history.move(by).put_back(self._studio)
        return "undone" if by < 0 else "done again"

    def _tell_share(self, share: float) -> None:
        self._share = share

    def _save(self) -> str:
        file, notes = plan_file(self._out, song_title(self._song)), self._studio.notes
        self._studio.notes = notes.model_copy(update={"song": self._other_title(notes.title)})
        write_plan(self._studio.plan(), file)
        self._saved = self._history.now
        return f"saved: {file}"

    def _other_title(self, title: str) -> str:
        """The song's own title, where somebody gave it another."""
        own = song_title(self._song)
        return "" if same_title(own, title) else own

    def _export(self, what: str) -> str:
        place = plan_file(self._out, song_title(self._song)).with_suffix("")
        if self._studio.stale:
            self._make_stage(self._tell_share)
        return f"written: {export(self._studio, self._song, what, place, self._tell_share)}"


def _shape(levels: Float32Array) -> npt.NDArray[np.uint8]:
    """How loud a song and its stems are, 0..255 from its quiet moments to its loudest: a loud song has a shape, too."""
    level_db = 20.0 * np.log10(np.maximum(levels, 1e-5))
    top_db = float(level_db.max())
    heard = level_db[0][level_db[0] > top_db - HEARD_DB]
    low_db = min(top_db - LEAST_DB, float(np.percentile(heard, 5)) - LEAST_DB / 4.0)
    return np.rint(255.0 * np.clip((level_db - low_db) / (top_db - low_db), 0.0, 1.0)).astype(np.uint8)


def _wardrobe(studio: Studio) -> dict[str, Any]:
    """Looks and gels to choose among; none where nobody follows the form."""
    if studio.config.look.pack == NO_FORM or not studio.sound.bands:
        return {"looks": [], "gels": []}
    pack = pack_of(studio.config)
    looks = [
        {"name": one.name, "parts": one.parts, "blinder": one.blinder, "strobe": one.strobe}
        for one in pack.looks.values()
    ]
    return {"looks": looks, "gels": [asdict(gel) for gel in pack.gels]}


def _notes(wish: dict[str, Any]) -> dict[str, Any]:
    """The notes that a wish changes: marks, cues, looks, lines."""
    changed: dict[str, Any] = {
        name: wish[name] for name in ("marks", "cues", "looks", "lines", "title") if name in wish
    }
    if "cues" in changed:
        changed["cues"] = sorted((TimedCue.model_validate(one) for one in changed["cues"]), key=lambda one: one.t_s)
    if "marks" in changed:
        changed["marks"] = sorted((float(t_s), str(name)[:60]) for t_s, name in changed["marks"])
    if "lines" in changed:
        changed["lines"] = {name: sorted(line) for name, line in changed["lines"].items() if line}
    return changed


def _first(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"
    return first_line(error)


def _text(array: npt.NDArray[Any]) -> str:
    return base64.b64encode(array.tobytes()).decode()
