"""The three files of a show: how their names end, and what they begin with."""

LOG_SUFFIX = ".showlog"
LOG_MAGIC = b"FOLLOWSPOT SHOW LOG 1\n"
HEARD_SUFFIX = ".heard"
HEARD_MAGIC = b"FOLLOWSPOT HEARD LOG 1\n"
SOUND_SUFFIX = ".flac"
SOUND_MAGIC = b"fLaC"
