"""The line on the terminal: what it says, and that it says nothing where there is no terminal."""

import dataclasses

from controller.messages import LightToken, Operator, Pulse
from controller.people.operator import plain_operator
from controller.watching.status_line import StatusLine, status_text

STAGE = {"health": "live", "operator": plain_operator(Operator(hold=True)), "status": {"output_hz": 40.2}}
TOKEN = dataclasses.asdict(LightToken(1.0, 9, 60, 128, 0.5, 0.5))
PULSE = dataclasses.asdict(Pulse(1.0, 9, -30.0, 0.5, 0.0, 3, 0.9, 0.8, ()))


def test_it_says_what_is_known():
    text = status_text({"stage": STAGE, "tokens": TOKEN, "pulses": PULSE}, 75.0)
    assert text.plain.startswith("1:15  LIVE  HOLD  40.2 Hz")
    assert "█████ " in text.plain
    assert "BLACKOUT" not in text.plain
    assert text.plain.endswith("▮▮▮▮▮▮▮▮▮▮▯▯▯▯▯▯▯▯▯▯ -30.0 dBFS")
    assert "rgb(0,255,0)" in [str(span.style) for span in text.spans]


def test_it_says_little_when_little_is_known():
    assert status_text({}, 3.0).plain == "0:03  "
    assert status_text({"stage": None, "tokens": {"hue": 1}, "pulses": 7}, 3.0).plain == "0:03  "


def test_without_a_terminal_it_is_silent(tmp_path, capsys):
    with StatusLine(tmp_path) as line:
        line.update(1.0)
    assert capsys.readouterr().err == ""


def test_it_says_who_else_has_a_hand_on_the_rig():
    status = {"output_hz": 40.0, "takeovers": {"active": [{}, {}]}}
    said = {
        None: "",
        "main": "  MAIN, NO BACKUP",
        "main followed": "  main, backup follows",
        "backup": "  BACKUP, in charge",
    }
    for role, words in said.items():
        standby = (
            None if role is None else {"role": role.split()[0], "followed": "followed" in role, "state": "in charge"}
        )
        text = status_text({"stage": {**STAGE, "operator": None, "standby": standby, "status": status}}, 0.0)
        assert text.plain == f"0:00  LIVE  2 IN HAND{words}  40.0 Hz  "
