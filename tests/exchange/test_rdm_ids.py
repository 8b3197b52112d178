"""Models by RDM's numbers: what the Open Fixture Library says of them, and what damaged files may not do."""

import json

from controller.rig.exchange.rdm_ids import KnownModel, known_models
from controller.rig.profiles.library import Library


def test_numbers_of_the_open_fixture_library_and_damaged_files_are_passed_over(tmp_path):
    folder = tmp_path / "ofl"
    (folder / "robe").mkdir(parents=True)
    (folder / "other").mkdir()
    (folder / "manufacturers.json").write_text(json.dumps({"robe": {"name": "Robe", "rdmId": 21075}, "other": {}}))
    modes = [
        {"name": "Mode 1 - Standard", "shortName": "M1", "rdmPersonalityIndex": 1, "channels": []},
        {"name": "Two", "rdmPersonalityIndex": 2, "channels": []},
        {"name": "Three", "channels": []},
    ]
    (folder / "robe" / "spot.json").write_text(json.dumps({"name": "S", "rdm": {"modelId": 107}, "modes": modes}))
    (folder / "other" / "no-maker-id.json").write_text(json.dumps({"name": "S", "rdm": {"modelId": 1}, "modes": []}))
    (folder / "robe" / "broken.json").write_text('{"rdm": ')
    (folder / "robe" / "odd.json").write_text('{"rdm": {"modelId": "x"}, "modes": [3]}')
    (tmp_path / "gdtf").mkdir()
    (tmp_path / "gdtf" / "noise.gdtf").write_bytes(b"PK noise DeviceModelID")
    library = Library(tmp_path, {"ofl": [folder], "gdtf": [tmp_path / "gdtf"]})
    assert known_models(library) == {(21075, 107): KnownModel("ofl:robe/spot", {1: "M1", 2: "Two"})}
