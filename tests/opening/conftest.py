"""The running show that openings are played in."""

from running_show import venue, wire  # noqa: F401 - fixtures
