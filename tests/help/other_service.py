"""Something else where an XMPP server is looked for."""

import socketserver
import threading


class OtherService:
    """A web server on port 80 of `address` that knows one answer, and says it to whoever says anything."""

    def __init__(self, address: str) -> None:
        self._server = socketserver.ThreadingTCPServer((address, 80), _Refusal)

    def start(self) -> None:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def kill(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Refusal(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        self.request.recv(4096)
        self.request.sendall(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
