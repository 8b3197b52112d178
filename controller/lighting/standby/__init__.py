"""Two machines, one show: a backup follows the main and takes over when it must (docs/standby.md)."""
