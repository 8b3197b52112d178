"""A conversation with olad: a call, and the wait for its answer. Edge: the network.

For commands, which may wait. A running show streams its levels (`controller/lighting/output/ola_sink.py`) and never
waits.
"""

import contextlib
import socket

from controller.errors import RdmError
from controller.lighting.protocol.malformed import MalformedError
from controller.lighting.protocol.ola import HEADER, PORT, decode_answer, encode_call, size_of

CONNECT_S = 3.0
ANSWER_S = 10.0
"""One question to one device, with olad's own repetitions."""


class Olad:
    """One connection; closed by leaving it.

    Args:
        host, port: where olad listens.

    Raises:
        RdmError: nobody listens there; says how to start it.
    """

    def __init__(self, host: str = "127.0.0.1", port: int = PORT) -> None:
        self._name, self._calls = f"{host}:{port}", 0
        try:
            self._socket = socket.create_connection((host, port), CONNECT_S)
        except OSError as error:
            raise RdmError(
                f"no olad answers at {self._name} ({error.strerror or error}); start it (`olad`, or the service "
                "`olad`), or name another with --olad HOST:PORT"
            ) from error

    def __enter__(self) -> "Olad":
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._socket.close()

    def call(self, method: str, data: bytes, within_s: float = ANSWER_S) -> bytes:
        """The reply's message.

        Raises:
            RdmError: olad refuses, hangs up, says what nobody understands, or says nothing for so long.
        """
        self._calls += 1
        try:
            self._socket.settimeout(within_s)
            self._socket.sendall(encode_call(method, data, self._calls))
            while True:
                answer = decode_answer(self._exactly(size_of(self._exactly(HEADER.size))))
                if answer.call == self._calls:
                    break
        except (OSError, MalformedError) as error:
            said = "did not answer in time" if isinstance(error, TimeoutError) else str(error)
            raise RdmError(f"olad at {self._name}, {method}: {said}") from error
        if answer.failed:
            raise RdmError(f"olad at {self._name}, {method}: {answer.failed}")
        return answer.data

    def _exactly(self, size: int) -> bytes:
        found = bytearray()
        while len(found) < size:
            part = self._socket.recv(size - len(found))
            if not part:
                raise ConnectionResetError("it hung up")
            found += part
        return bytes(found)
