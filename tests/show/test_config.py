"""config.yaml: the one in the repository is good; every mistake has its line."""

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.config import freeze, read_config, thaw, with_overrides
from controller.errors import ConfigError, ControllerError


def edited(root, tmp_path, old, new):
    text = (root / "config.yaml").read_text()
    assert old in text
    path = tmp_path / "config.yaml"
    path.write_text(text.replace(old, new, 1))
    return path, text[: text.index(old)].count("\n") + 1


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("output_hz: 40 ", "output_hz: 400 ", "rates.output_hz: must be at most 44 (found: 400)"),
        ("seed: 7", "seed: seven", "seed: must be a whole number"),
        ("venue: The Basement", "vanue: The Basement", "vanue: there is no such key; did you mean 'venue'?"),
        (
            "mode: 8ch, universe: 1, address: 9,",
            "mode: 8ch, universe: 1, address: 513,",
            "fixtures[1].address: must be at most 512",
        ),
        ("role: wash", "role: laser", "fixtures[0].role: must be 'key', 'wash'"),
        ("port_address: 1}", "port_address: 40000}", "universes[2].outputs[0].port_address: must be at most 32767"),
        ("#ff3a12", "red", "palette[0]: must be a colour such as"),
        ("source: file:", "source: tape:", "audio.source: must be device:NAME"),
        ("accent_gap_s: 0.36", "accent_gap_s: 0.1", "look.accent_gap_s: must be at least 0.34"),
        ("seed: 7", "seed: 7\nseed: 8", "'seed' stands here twice"),
        ("seed: 7", "seed: [7", "not valid YAML"),
    ],
)
def test_a_mistake_is_named_with_file_line_and_path(root, tmp_path, old, new, said):
    path, line = edited(root, tmp_path, old, new)
    with pytest.raises(ConfigError) as refused:
        read_config(path)
    message = str(refused.value)
    assert said in message
    assert message.startswith(f"{path}:")
    where = int(message.removeprefix(f"{path}:").split(":")[0])
    assert abs(where - line) <= (3 if "not valid" in said else new.count("\n") + 1)


def test_a_missing_or_monstrous_file_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="no such file; give one with --config"):
        read_config(tmp_path / "none.yaml")
    (tmp_path / "big.yaml").write_text("#" * 1_100_000)
    with pytest.raises(ConfigError, match="this is no configuration"):
        read_config(tmp_path / "big.yaml")
    bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join([f'*{chr(97 + i)}'] * 9)}]\n" for i in range(8)
    )
    (tmp_path / "bomb.yaml").write_text(bomb)
    with pytest.raises(ConfigError, match="more than 50000 values"):
        read_config(tmp_path / "bomb.yaml")


def test_no_configuration_runs_code(tmp_path):
    (tmp_path / "evil.yaml").write_text('venue: !!python/object/apply:os.system ["touch /tmp/owned"]')
    with pytest.raises(ConfigError):
        read_config(tmp_path / "evil.yaml")


@settings(max_examples=150, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
        max_leaves=8,
    ),
    st.sampled_from(["audio", "rates", "look", "universes", "fixtures", "page", "palette"]),
)
def test_nonsense_is_refused_and_never_crashes(root_text, value, section):
    data = yaml.safe_load(root_text)
    data[section] = value
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "config.yaml"
        path.write_text(yaml.safe_dump(data))
        said = ""
        try:
            read_config(path)
        except ControllerError as error:
            said = str(error)
        assert said == "" or str(path) in said


@pytest.fixture(scope="module")
def root_text():
    from pathlib import Path

    return (Path(__file__).parents[2] / "config.yaml").read_text()


def test_it_survives_the_way_to_another_process(config):
    again = thaw(freeze(config))
    assert again.model_dump() == config.model_dump()
    assert again.path("models") == config.file.resolve().parent / "models"


def test_options_override_and_are_checked(config):
    assert with_overrides(config, seed=3, page={"enabled": False}).seed == 3
    with pytest.raises(ConfigError, match=r"page.port"):
        with_overrides(config, page={"port": 99999})
