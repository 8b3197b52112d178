"""The running show that several tests of this folder look at."""

from running_show import venue, wire  # noqa: F401 - fixtures
