"""A name server and a platform that has a name, on loopback."""

import socket
import struct
import sys
import threading
from types import TracebackType

from engine import ROOT

sys.path[:0] = [str(ROOT / "tests" / "e2e"), str(ROOT / "tests" / "cloudsim")]

from certificate import make  # noqa: E402
from receiver import Receiver  # noqa: E402

NAME = "platform.test"  # the top-level domain that RFC 6761 keeps for tests
SERVER = ("127.0.0.77", 53)  # resolv.conf has no place for another port
HEADER = struct.Struct("!6H")
ANSWER, NO_SUCH_NAME = 0x8180, 0x8183
TYPE_A = 1


class Names:
    """with Names() as names: NAME is 127.0.0.1, and nothing else exists."""

    def __enter__(self) -> "Names":
        self.asked: list[str] = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(SERVER)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None,
                 trace: TracebackType | None) -> None:
        self._socket.sendto(b"", SERVER)
        self._thread.join(10)
        self._socket.close()

    def _serve(self) -> None:
        while True:
            query, client = self._socket.recvfrom(512)
            if not query:  # from ourselves
                return
            self._socket.sendto(self._answer(query), client)

    def _answer(self, query: bytes) -> bytes:
        number = HEADER.unpack_from(query)[0]
        labels, at = [], HEADER.size
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]].decode())
            at += 1 + query[at]
        question = query[HEADER.size:at + 5]
        name, kind = ".".join(labels), struct.unpack_from("!H", query, at + 1)[0]
        self.asked.append(name)
        has_address = name == NAME and kind == TYPE_A
        head = HEADER.pack(number, ANSWER if name == NAME else NO_SUCH_NAME, 1, has_address, 0, 0)
        address = struct.pack("!HHHIH4B", 0xC00C, TYPE_A, 1, 5, 4, 127, 0, 0, 1)
        return head + question + (address if has_address else b"")


class Platform(Receiver):
    """Its certificate is for its name too."""

    def start(self) -> None:
        make(self.folder, NAME)
        super().start()

    @property
    def url(self) -> str:
        return f"https://{NAME}:{self.port}/v1/events"
