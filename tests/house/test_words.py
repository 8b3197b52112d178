"""One meaning a word: no public class is defined twice, and the words that were given up do not come back.

What the words mean is in docs/words.md.
"""

import ast
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import get_args

from controller.lighting.health import Health

ROOT = Path(__file__).parents[2]
GIVEN_UP = {"Desk", "Box", "Hands", "Standing", "Lead", "Person", "Network", "Feed", "Held"}
ARRAYS = {"FloatArray", "IntArray", "Float32Array", "Float64Array", "BoolArray", "ByteArray"}


@cache
def trees() -> dict[str, ast.Module]:
    return {
        str(path.relative_to(ROOT)): ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted((ROOT / "controller").rglob("*.py"))
    }


def classes() -> dict[str, list[str]]:
    """Where each public class of the controller is defined."""
    places = defaultdict(list)
    for place, tree in trees().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].append(place)
    return places


def test_no_public_class_is_defined_twice():
    assert {name: places for name, places in classes().items() if len(places) > 1} == {}


def test_the_words_that_were_given_up_stay_away():
    assert {name: places for name, places in classes().items() if name in GIVEN_UP} == {}
    assert classes()["Stage"] == ["controller/rig/observe.py"], "the page's is called Live"


def test_a_degraded_show_is_in_fallback():
    assert get_args(Health) == ("live", "fallback", "talk", "quiet", "house")


def test_names_of_arrays_are_defined_once():
    defined = defaultdict(list)
    for place, tree in trees().items():
        for node in ast.walk(tree):
            targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
            for target in targets:
                if isinstance(target, ast.Name) and target.id in ARRAYS:
                    defined[target.id].append(place)
    assert set(map(tuple, defined.values())) == {("controller/arrays.py",)}
    assert "FloatArray" not in defined, "say how wide it is"


def test_every_word_of_the_messages_is_explained():
    """Whoever meets a class of `messages.py` in an error finds it in the glossary."""
    words = (ROOT / "docs/words.md").read_text(encoding="utf-8")
    tree = trees()["controller/messages.py"]
    names = {node.name for node in tree.body if isinstance(node, ast.ClassDef)}
    assert {name for name in names if f"`{name}`" not in words} == set()
