"""Light tokens to the state of the stage: colour, roles, accents, fades."""
