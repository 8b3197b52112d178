"""On and off, a code for each head, by which a film tells them apart although they shine together. Pure.

Half of each code is on, and at every moment about half of the heads are: an automatic exposure has nothing to follow.
The codes are drawn, and of many draws those are kept that look least like each other and like products of two others.
Products matter: a camera that saturates where two beams meet shows the product of their codes, and in families that
are closed under products (Hadamard, shifts of one m-sequence) that is a third fixture's code.
"""

import numpy as np

from controller.arrays import BoolArray, Float32Array

LEAST_CHIPS, MORE_CHIPS = 32, 8
LONGEST_RUN = 6
DRAWS = 24
PRODUCTS = 400
"""Of so many products of two codes a new one is to differ; more change nothing that could be measured."""


def chips_for(count: int) -> int:
    """How many steps so many codes take: twice as many as there are codes leave half of the film to judge by."""
    return max(LEAST_CHIPS, 2 * count + MORE_CHIPS)


def codes(count: int, rng: np.random.Generator) -> BoolArray:
    """(count, `chips_for(count)`) codes, each with as many steps on as off."""
    chips = chips_for(count)
    found = np.zeros((count, chips), np.float32)
    products = np.zeros((0, chips), np.float32)
    for number in range(count):
        drawn = np.stack([_drawn(chips, rng) for _ in range(DRAWS)])
        found[number] = drawn[int(np.argmin(_alike(drawn, found[:number], products)))]
        products = np.concatenate([products, found[:number] * found[number]])
        if len(products) > PRODUCTS:
            products = products[rng.choice(len(products), PRODUCTS, replace=False)]
    return np.asarray(found > 0.0)


def _drawn(chips: int, rng: np.random.Generator) -> Float32Array:
    half = np.concatenate([np.ones(chips // 2, np.float32), -np.ones(chips // 2, np.float32)])
    while True:
        drawn = rng.permutation(half)
        turns = np.flatnonzero(np.diff(drawn))
        runs = np.diff(np.concatenate([[-1], turns, [chips - 1]]))
        if runs.max() <= LONGEST_RUN:
            return drawn


def _alike(drawn: Float32Array, chosen: Float32Array, products: Float32Array) -> Float32Array:
    """How much each draw is like what is there, and how uneven it would make the rig's light."""
    chips = drawn.shape[1]
    cost = np.abs(drawn @ chosen.T).max(axis=1, initial=0.0) / chips
    cost = np.maximum(cost, 0.8 * np.abs(drawn @ products.T).max(axis=1, initial=0.0) / chips)
    uneven = np.abs(drawn + chosen.sum(axis=0)).mean(axis=1) / max(len(chosen), 1)
    return np.asarray(cost + 0.3 * uneven)
