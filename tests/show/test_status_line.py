"""The line on the terminal: what it says, and that it says nothing where there is no terminal."""

import dataclasses
import os
import pty

import pytest

from controller.bus.news import LightingStatus, PartnerStatus, StageNews, TakenOver, TakeoverStatus
from controller.messages import LightToken, Operator, Pulse
from controller.text_out import Drawing
from controller.watching.status_line import Seen, StatusLine, status_text

STAGE = StageNews(1.0, {}, "live", Operator(hold=True), LightingStatus(True, output_hz=40.2))
TOKEN = LightToken(1.0, 9, 60, 128, 0.5, 0.5)
PULSE = Pulse(1.0, 9, -30.0, 0.5, 0.0, 3, 0.9, 0.8, ())


def test_it_says_what_is_known():
    text = status_text(Seen(STAGE, TOKEN, PULSE), 75.0)
    assert text.plain.startswith("1:15  LIVE  HOLD  40.2 Hz")
    assert "█████ " in text.plain
    assert "BLACKOUT" not in text.plain
    assert text.plain.endswith("▮▮▮▮▮▮▮▮▮▮▯▯▯▯▯▯▯▯▯▯ -30.0 dBFS")
    assert "rgb(0,255,0)" in [str(span.style) for span in text.spans]


def test_it_says_little_when_little_is_known():
    assert status_text(Seen(), 3.0).plain == "0:03  "


class Out:
    """What was put."""

    waiting = 0

    def __init__(self):
        self.text = ""

    def put(self, text):
        self.text += text


@pytest.mark.parametrize(("opened", "drawn"), [(os.pipe, False), (pty.openpty, True)])
def test_it_draws_on_a_terminal_and_is_silent_elsewhere(tmp_path, opened, drawn):
    out, ends = Out(), opened()
    with StatusLine(tmp_path, Drawing(out, ends[1])) as line:
        line.update(1.0)
    for end in ends:
        os.close(end)
    assert ("0:01" in out.text, bool(out.text)) == (drawn, drawn)


def test_it_says_who_else_has_a_hand_on_the_rig():
    held = TakenOver("front-1", "intensity", 1.0, going_back=False)
    said = {
        None: "",
        "main": "  MAIN, NO BACKUP",
        "main followed": "  main, backup follows",
        "backup": "  BACKUP, in charge",
    }
    for role, words in said.items():
        partner = None if role is None else PartnerStatus(role.split()[0], 0, "followed" in role, "in charge")
        status = LightingStatus(True, output_hz=40.0, takeovers=TakeoverStatus((held, held)), standby=partner)
        text = status_text(Seen(dataclasses.replace(STAGE, operator=Operator(), status=status)), 0.0)
        assert text.plain == f"0:00  LIVE  2 IN HAND{words}  40.0 Hz  "
