"""A mail server for tests, which keeps what it takes."""

from __future__ import annotations

import socket
import threading
from io import BufferedRWPair


class MailServer:
    """Speaks as much SMTP as a client needs, for one mail a connection."""

    def __init__(self, *, refuses: bool = False) -> None:
        self.mails: list[str] = []
        self._refuses = refuses
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"smtp://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection, connection.makefile("rwb") as spoken:
                self._speak(spoken)

    def _speak(self, spoken: BufferedRWPair) -> None:
        def say(line: str) -> None:
            spoken.write(line.encode() + b"\r\n")
            spoken.flush()

        say("220 here")
        for line in iter(spoken.readline, b""):
            verb = line[:4].upper()
            if verb == b"DATA":
                say("354 go on")
                body = b"".join(iter(spoken.readline, b".\r\n"))
                self.mails.append(body.decode())
                say("250 taken")
            elif verb == b"RCPT" and self._refuses:
                say("450 later")
            elif verb == b"QUIT":
                say("221 bye")
                return
            else:
                say("250 yes")

    def close(self) -> None:
        self._listener.close()
