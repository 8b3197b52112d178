"""What people do to a show: what is set, how it is asked for, looks kept by name."""
