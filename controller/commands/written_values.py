"""Other values of fixtures, written into a configuration that stays as it was otherwise. Pure."""

from collections.abc import Mapping
from typing import Any

from ruamel.yaml.comments import CommentedSeq

from controller.commands.kept_yaml import changed


def with_values(text: str, values: Mapping[str, Mapping[str, Any]]) -> str:
    """A configuration's text with other values of its fixtures, by id and key; lists are written in one line."""

    def put(data: Any) -> None:  # noqa: ANN401 - YAML has no type
        for fixture in data["fixtures"]:
            for key, value in values.get(fixture["id"], {}).items():
                fixture[key] = _in_one_line(value) if isinstance(value, list) else value

    return changed(text, put)


def _in_one_line(values: list[Any]) -> CommentedSeq:
    written = CommentedSeq(values)
    written.fa.set_flow_style()
    return written
