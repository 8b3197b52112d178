"""A real show follows a plan: the rehearsed light is on the wire, and a cue comes where it stands."""

import numpy as np
from promise import kept
from running_show import Wire, finish, start

from controller.config import read_config
from controller.listening.audio.file_source import FileSource
from controller.listening.plan.fingerprint import Fingerprints
from controller.listening.plan.plan import Notes, Plan, TimedCue, write_plan
from controller.rig.observe import Observer
from controller.rig.patch.configured import patch_of

HOP, SPAN, GREEN = 4_800, 9_600, 60


def test_the_rehearsed_light_is_on_the_wire(venue, wire: Wire, root, tmp_path):
    song = FileSource(root / "controller/songs/metal_madness.opus", loop=False).read(30 * 48_000)[:, 0]
    padded, prints = np.concatenate([np.zeros(SPAN, np.float32), song]), Fingerprints()
    heard = np.stack([prints.step(padded[k * HOP : k * HOP + SPAN + HOP]) for k in range(300)])
    light = np.tile((GREEN, 220), (300, 1))
    cues = (TimedCue(t_s=7.0, name="blackout"), TimedCue(t_s=8.0, name="blackout", amount=0.0))
    notes = Notes(title="Metal Madness", cues=cues)
    write_plan(Plan(notes, light, heard), tmp_path / "plans" / "song.plan")
    show = start(venue, "--plan", str(tmp_path / "plans"), "--seconds", "12")
    summary, logged = finish(show, wire)
    assert summary["listening"]["plan"]["title"] == "Metal Madness", logged
    patch = patch_of(read_config(venue))
    observer, wash = Observer(patch), np.array([role == "wash" for role in patch.roles])
    times_s, slots = wire.frames(0)
    light = [observer.observe({1: one}).light[wash].mean(axis=0) for one in slots]
    level = np.array([one.max() for one in light])
    dark = times_s[(level < 1e-4) & (times_s > times_s[0] + 3.0) & (times_s < times_s[-1] - 2.0)]
    assert dark[-1] - dark[0] > 0.5  # the cue and its end, a second later, and dark at no other time
    kept("a second of darkness", dark[-1] - dark[0], 1.5)
    shown = np.array(light)[(times_s > dark[0] - 3.0) & (times_s < dark[0] - 0.5)].mean(axis=0)
    assert shown[1] > 0.05
    assert shown[1] > 3 * max(shown[0], shown[2])
