"""A real OSC server of python-osc, and what it heard."""

import threading
import time

from pythonosc.dispatcher import Dispatcher
from pythonosc.osc_server import ThreadingOSCUDPServer


class Receiver:
    """Listens on a port of this machine, in a thread.

    Attributes:
        address: host and port. heard: (address, *values) of every message, in order. times_s: when each came.
    """

    def __init__(self):
        self.heard, self.times_s = [], []
        self._came = threading.Condition()
        dispatcher = Dispatcher()
        dispatcher.set_default_handler(self._take)
        self._server = ThreadingOSCUDPServer(("127.0.0.1", 0), dispatcher)
        self.address = self._server.server_address
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def _take(self, address, *values):
        with self._came:
            self.heard.append((address, *values))
            self.times_s.append(time.monotonic())
            self.took(address, *values)
            self._came.notify_all()

    def took(self, address, *values):
        """For who wants to keep more of a message than that it came."""

    def comes(self, condition, seconds):
        """Whether this is so, as soon as it is or after so many seconds."""
        with self._came:
            return self._came.wait_for(condition, seconds)

    def close(self):
        self._server.shutdown()
        self._server.server_close()
