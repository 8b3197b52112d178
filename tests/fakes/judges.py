"""How tests judge what was made, apart from how the program does."""

from controller.metrics.craft import hue_changes, near


def changes_near(light, marks, hops: int = 2) -> float:
    """Share of hue changes of more than 20 degrees that fall within some hops of a mark (hop numbers)."""
    found = hue_changes(light)
    return float(near(found, marks, hops).mean()) if len(found) else 0.0
