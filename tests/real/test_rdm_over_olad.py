"""`followspot rdm` with a real olad: its own responders are real RDM without a cable."""

import io
import json
import re
import shutil
import zipfile
from unittest import mock

import pytest
from called import called
from dummy_lamps import ACK_TIMER, SENSORS, SPOT, DummyLamps
from gdtf_file import packed
from small_gdtf import archive, channel

from controller.__main__ import main
from controller.clock import MonotonicClock
from controller.config import read_config
from controller.lighting.protocol.rdm import Parameter, Uid
from controller.lighting.rdm.olad import Olad
from controller.lighting.rdm.wire import Wire


@pytest.fixture
def lamps(require_real):
    require_real("olad", shutil.which("olad"))
    lamps = DummyLamps()
    yield lamps
    lamps.close()


@pytest.fixture
def told(lamps, tmp_path):
    """Runs `followspot rdm`: exit code and everything that was printed."""

    def tell(*words):
        done = called(main, "rdm", *words, "--olad", lamps.at, cwd=tmp_path)
        return done.returncode, done.stdout, done.stderr

    return tell


def listed(told):
    code, out, _ = told("list", "--json")
    assert code == 0
    return {
        one["uid"] + (f"/{one['sub_device']}" if one["sub_device"] else ""): one
        for one in map(json.loads, out.splitlines())
    }


def test_lamps_are_found_addressed_patched_and_compared(told, tmp_path):
    """The evening of a technician with seven lamps at address 1, in one go: olad takes a second to start."""
    code, out, _ = told("list")
    assert code == 0
    assert "OLA Moving Light" in out
    assert "1/4 Full" in out
    assert re.search(r"Fake Temperature \d+ °C", out)
    assert "7a70:ffffff00 (1-5) and 7a70:ffffff02, Open Lighting Project OLA Moving Light (1-17) share slots" in out
    assert "7 devices on olad's universe 4" in out

    code, out, _ = told("set", SPOT, "--mode", "basic", "--label", "Spot left", "--yes")
    assert (code, out.splitlines()[-1]) == (0, f"{SPOT}: Spot left: address 1-5, mode Basic")
    assert told("set", ACK_TIMER, "--mode", "3", "--yes")[0] == 0  # it puts us off, and is asked again
    code, out, _ = told("address", "--from", "101", "--yes")
    assert code == 0
    assert out.splitlines()[-1] == "every device is at its new address"
    now = listed(told)
    places = sorted((one["address"], one["info"]["slots"]) for one in now.values() if one["info"]["slots"])
    assert [address for address, _ in places] == [101 + sum(size for _, size in places[:at]) for at in range(8)]
    assert now[SPOT]["label"] == "Spot left"
    assert [one["kind"] for one in now[SENSORS]["readings"]][:2] == ["temperature", "voltage"]

    code, out, said = told(
        "patch", "--out", "found.yaml", "--yes", "--as", "OLA Dimmer=generic/dimmer", "--as",
        "OLA Moving Light=generic/rgbl-par",
    )  # fmt: skip
    assert code == 0, said
    assert "no profile for 'Open Lighting Project OLA E1.37-1 Dimmer'" in out
    made = read_config(tmp_path / "found.yaml")
    assert made.universes[5].outputs[0].universe == 4
    assert {one.address for one in made.fixtures} >= {
        now[f"7a70:ffffff01/{number}"]["address"] for number in range(1, 5)
    }

    # a GDTF file of another name that has the moving light's numbers, beside the configuration
    description = archived(
        '<Protocols><FTRDM ManufacturerID="0x7A70" DeviceModelID="0x5"><SoftwareVersionID Value="0x2">'
        '<DMXPersonality Value="0x2" DMXMode="Five"/></SoftwareVersionID></FTRDM></Protocols>'
    )  # fmt: skip
    (tmp_path / "profiles/gdtf").mkdir(parents=True)
    (tmp_path / "profiles/gdtf/Else@Thing.gdtf").write_bytes(description)
    code, _, said = told("patch", "--out", "known.yaml", "--yes")
    assert code == 0, said
    (spot,) = read_config(tmp_path / "known.yaml").fixtures
    assert (spot.id, spot.profile, spot.mode) == ("spot-left", "gdtf:Else@Thing", "Five")

    assert told("set", "7a70:ffffff01/2", "--address", "400", "--yes")[0] == 0
    code, out, _ = told("check", "--config", "found.yaml")
    assert code == 1
    assert "dummy-dimmer-2 (5.107): no device is at this address" in out
    assert "7a70:ffffff01/2, Open Lighting Project OLA Dimmer: at 5.400" in out


def archived(protocols):
    """A GDTF file with one mode of five dimmers, and these protocols."""
    channels = "".join(channel(number, "Dimmer") for number in range(1, 6))
    with zipfile.ZipFile(io.BytesIO(archive({"Five": channels}))) as made:
        text = made.read("description.xml").decode()
    return packed(text.replace("</FixtureType>", f"{protocols}</FixtureType>"))


REFUSED = (
    (("set", "7a70:00000009", "--address", "3"), "no device '7a70:00000009' on the wire; there are: 7a70:ffffff00"),
    (("set", SPOT, "--address", "510"), "takes 17 slots: address 510 does not fit, the highest is 496"),
    (("set", SPOT, "--mode", "huge"), "has no mode 'huge'; its modes are 1 Full (17 slots), 2 Basic (5 slots)"),
    (("set", SPOT), "nothing to set"),
    (("set", SENSORS, "--address", "3", "--yes"), "refused"),
    (("set", SPOT, "--label", "Spöt", "--yes"), "without accents"),
    (("list", "--universe", "9"), "universe 9 is not there, or has no port that does RDM; universes here: 4"),
)


def test_a_lamp_shows_itself_while_it_is_looked_for_and_no_longer(told, lamps):
    seen = []

    def asked(*words):
        with Olad(port=lamps.port) as olad:
            seen.append(Wire(olad, 4, MonotonicClock()).get(Uid.of(SPOT), Parameter.IDENTIFY_DEVICE))
        return "\n"

    with mock.patch("controller.commands.rdm_settings.typed", asked):
        code, _, said = told("identify", SPOT)
    assert (code, seen) == (0, [b"\1"]), said
    code, out, _ = told("identify", SPOT, "--seconds", "0.05")
    assert (code, "shows itself" in out) == (0, True)
    asked()
    assert seen[-1] == b"\0"


def test_what_cannot_be_is_refused_with_the_remedy_and_without_a_yes_nothing_is_set(told, lamps, monkeypatch):
    for words, remedy in REFUSED:
        code, _, error = told(*words)
        assert code == 1, words
        assert remedy in error
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    code, out, _ = told("set", SPOT, "--address", "33")
    assert (code, out.splitlines()[-1]) == (1, "Set this at 7a70:ffffff02? [y/N] nothing was set")
    assert listed(told)[SPOT]["address"] == 1
    lamps.close()
    code, _, error = told("list")
    assert code == 1
    assert f"no olad answers at {lamps.at} (Connection refused); start it" in error
