"""Ports that nobody listens on and no outgoing connection takes."""

import random
import socket

# Linux gives ports from 32768 up to outgoing connections; one of those may hold the very port a listener wants.
LOWEST, HIGHEST = 20_000, 32_000
TRIES = 200


def free_pair() -> int:
    """Return a port P such that P and P + 1 were free on 127.0.0.1 a moment ago. Raises OSError if none is found."""
    chooser = random.SystemRandom()
    for _ in range(TRIES):
        port = chooser.randrange(LOWEST, HIGHEST, 2)
        if is_free(port) and is_free(port + 1):
            return port
    raise OSError(f"no two free ports side by side between {LOWEST} and {HIGHEST} in {TRIES} tries")


def is_free(port: int) -> bool:
    """Whether a listener could be opened on 127.0.0.1 at `port`."""
    with socket.socket() as probe:
        # A connection closed a moment ago does not stop Kafka, which sets the same option.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
