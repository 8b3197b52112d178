"""Whether a model that learnt became better: colours and levels each against themselves, and the worst one speaks.

A sum of unlike numbers hides that one of them got worse: a loss of levels is ten times one of colours. Pure.
"""

from collections.abc import Mapping

HEADS = {"hue": "colours", "value": "levels"}
DISTANCES = {"hue": "hue", "value": "level"}
SLACK = 1.02
"""A head's loss may be so many times what it was before, and the step still counts as better by the other."""
CLEARLY, CLEARLY_SHARE = 1.05, 0.05
"""What is clearly worse: a loss so many times as large, a share or a distance so much off."""

Scores = Mapping[str, float]


def standing(scores: Scores, before: Scores) -> float:
    """How good a step is, against the model before it learnt: 1 as good, less is better.

    The mean of what is left of each head's loss; above 2 where one of them is worse than it was.
    """
    left = [scores[f"{head}_loss"] / max(before[f"{head}_loss"], 1e-9) for head in HEADS if f"{head}_loss" in before]
    if not left:
        return 1.0
    return sum(left) / len(left) if max(left) <= SLACK else 1.0 + max(left)


def worse(losses: Mapping[str, Scores], away: Mapping[str, Mapping[str, float | None]]) -> list[str]:
    """What clearly got worse, in words; empty: nothing did.

    Args:
        losses: `before` and `after`, as `finetuning.judge` gives them. away: the same two, distances to the engineer
            in `hue` and `level`, None where unknown.
    """
    found = []
    for head, words in HEADS.items():
        before, after = ((losses[side].get(f"{head}_loss"), losses[side].get(f"{head}_accuracy")) for side in
                         ("before", "after"))  # fmt: skip
        apart = [away[side][DISTANCES[head]] for side in ("before", "after")]
        if before[0] is not None and after[0] is not None and after[0] > CLEARLY * before[0]:
            found.append(f"{words} surprise more ({before[0]:.2f} → {after[0]:.2f})")
        if before[1] is not None and after[1] is not None and after[1] < before[1] - CLEARLY_SHARE:
            found.append(f"{words} are told right less often ({before[1]:.0%} → {after[1]:.0%})")
        if apart[0] is not None and apart[1] is not None and apart[1] > apart[0] + CLEARLY_SHARE:
            found.append(f"{words} went away from the engineer's ({apart[0]:.0%} → {apart[1]:.0%} apart)")
    return found


def objections(losses: Mapping[str, Scores], away: Mapping[str, Mapping[str, float | None]]) -> list[str]:
    """Why a model should not be staged, in words: what got worse, or that nothing got better."""
    found = worse(losses, away)
    if not found and standing(losses["after"], losses["before"]) >= 1.0:
        found.append("it did not get better")
    return found


def table(losses: Mapping[str, Scores], away: Mapping[str, Mapping[str, float | None]]) -> list[tuple[str, ...]]:
    """Rows of what was found: a name, and a cell for each side of `losses`; the first row is the head."""
    sides = list(losses)
    rows: list[tuple[str, ...]] = [("", *sides)]
    for head, words in HEADS.items():
        rows.append((f"{words}: surprise", *(_cell(losses[side].get(f"{head}_loss"), "{:.2f}") for side in sides)))
        rows.append(
            (f"{words}: told right", *(_cell(losses[side].get(f"{head}_accuracy"), "{:.0%}") for side in sides))
        )
        rows.append((f"{words}: apart", *(_cell(away.get(side, {}).get(DISTANCES[head]), "{:.0%}") for side in sides)))
    return rows


def _cell(number: float | None, form: str) -> str:
    return "–" if number is None else form.format(number)
