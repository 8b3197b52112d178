"""The part of a feed that keeps set lists and tells other programs: the show's own code on a folder of its own."""

import tempfile
from dataclasses import asdict
from pathlib import Path

from controller.evening.set_lists import SetLists, set_list_from
from controller.watching.evening import EveningWatch, read_lines
from controller.watching.remembering import Remembering
from controller.watching.telling import Told, openapi, told_of


class DemoEvening:
    """Mixed into a feed that has `live()`. `folder`: where its set lists are."""

    @property
    def watch(self) -> EveningWatch:
        if not hasattr(self, "_watch"):
            self.folder = Path(tempfile.mkdtemp(prefix="followspot-demo-"))
            self._watch = EveningWatch(SetLists(self.folder / "setlists"), Remembering(self.folder / "tonight.json"))
        return self._watch

    def sound_file(self):
        return getattr(self, "song", None)

    def told(self):
        live = self.live()
        return None if live is None else told_of(Told(live, None, self.watch.set_list))

    def openapi(self):
        return openapi()

    def start_report(self):
        self._state = "working"

    def report(self):
        state = getattr(self, "_state", "none")
        return state, "<h1>The night</h1>" if state == "ready" else None

    def tonights_list(self):
        return None if self.watch.set_list is None else asdict(self.watch.set_list)

    def set_lists(self):
        return self.watch.names

    def read_sheet(self, sheet, *, pictured):
        return read_lines(sheet, pictured=pictured)

    def keep_set_list(self, plain):
        return str(self.watch.keep(set_list_from(plain)))

    def open_set_list(self, name):
        self.watch.open(name)
