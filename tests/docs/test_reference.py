"""The page about the configuration says what the types say."""

from controller.config import Config
from tools.docs import reference


def test_the_page_is_that_of_the_types():
    assert reference.PAGE.read_text(encoding="utf-8") == reference.page(), "run `python -m tools.docs.reference`"


def test_every_section_and_every_key_is_on_it():
    page = reference.page()
    schema = Config.model_json_schema()
    for section in (schema, *schema["$defs"].values()):
        for key in section.get("properties", {}):
            assert f"| `{key}` |" in page


def test_a_range_a_unit_and_a_default_are_told():
    row = next(line for line in reference.page().splitlines() if line.startswith("| `output_hz` |"))
    assert row == "| `output_hz` | number from 10 to 44 | Hz | `40.0` | cycles a second to the rig |"
