"""A person's desk and ours on one rig: who has which attribute of which fixture."""
