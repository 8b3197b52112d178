"""`followspot devices`: audio inputs, network cards, serial ports, Art-Net nodes that answer."""

import argparse

from controller.commands.arguments import with_config
from controller.commands.inventory import print_devices


def arguments(parser: argparse.ArgumentParser) -> None:
    """Its options."""
    with_config(parser)


def run(_options: argparse.Namespace) -> int:
    """Print what is here; returns the exit code."""
    print_devices()
    return 0
