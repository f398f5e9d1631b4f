"""A connection to the letters: reading always, writing where something is to be sent."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from aiokafka.errors import KafkaError, UnknownTopicOrPartitionError

from cli.endings import fail
from config.settings import Settings
from gateway.keyring import Keyring
from gateway.letters.judging import Rules
from gateway.letters.letter import Address, Letter
from gateway.letters.log import LetterLog, open_letters
from gateway.letters.routes import OPERATOR
from gateway.letters.sending import WRITTEN_ROLES, Redriver
from gateway.log_reader import reason_of
from gateway.log_writer import LogWriter

CONNECT_LIMIT_S = 20.0
POLL_S = 0.05


@dataclass(frozen=True)
class Session:
    """The letters, whoever works with them, and the way to send them."""

    log: LetterLog
    redriver: Redriver
    rules: Rules

    async def letter(self, address: Address) -> Letter:
        """The letter at an address. Ends the command if there is none."""
        found = await self.log.get(address)
        if found is None:
            raise fail(f"there is no letter {address}")
        return found


@asynccontextmanager
async def opened(settings: Settings, *, writes: bool = False) -> AsyncIterator[Session]:
    """Connected, with every mark read. Ends the command with one line where Kafka can't be used."""
    # The client logs every attempt; the lines below say it once.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    signing_key = settings.signing_key.encode()
    writer = LogWriter(settings.kafka_brokers, {role: settings.topics.name_of(role) for role in WRITTEN_ROLES})
    redriver = Redriver(writer, signing_key)
    keyring = Keyring(settings.api_keys, allow_backfill=settings.allow_backfill)
    rules = Rules(OPERATOR, None, bool(signing_key), keyring.lets_backfill)
    log = open_letters(settings)
    writing = asyncio.create_task(writer.run(redriver.learn_partitions)) if writes else None
    try:
        await log.open()
        await log.read_marks()
        if writing is not None:
            await _until_open(writer, settings)
        yield Session(log, redriver, rules)
    except UnknownTopicOrPartitionError:
        raise fail(
            f"the topics of letters are not at {settings.kafka_brokers}; make them with `salespulse topics`"
        ) from None
    except BrokenPipeError:
        raise  # the reader of our output has gone, not Kafka
    except (KafkaError, OSError) as exc:
        raise fail(
            f"no letters can be read at {settings.kafka_brokers} ({reason_of(exc)}); start Kafka or set KAFKA_BROKERS"
        ) from None
    finally:
        if writing is not None:
            writing.cancel()
            with suppress(asyncio.CancelledError):
                await writing
        await log.close()


async def _until_open(writer: LogWriter, settings: Settings) -> None:
    limit_s = time.monotonic() + CONNECT_LIMIT_S
    while not writer.is_open:
        if time.monotonic() > limit_s:
            raise fail(f"Kafka at {settings.kafka_brokers} takes no records for {CONNECT_LIMIT_S:.0f} s; try again")
        await asyncio.sleep(POLL_S)


def now_ms() -> int:
    """The present, epoch milliseconds."""
    return time.time_ns() // 1_000_000
