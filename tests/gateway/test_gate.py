"""Long reads see nothing change; neither side starves."""

import asyncio

from gateway.gate import Gate, sliced


async def test_nothing_is_written_during_a_read() -> None:
    gate, board = Gate(), [0]

    async def write() -> None:
        async with gate.writing():
            board[0] += 1

    async with gate.reading():
        writing = asyncio.create_task(write())
        for _ in range(5):
            await asyncio.sleep(0)
            assert board[0] == 0
    await writing
    assert board[0] == 1


async def test_a_waiting_writer_goes_before_later_readers() -> None:
    gate = Gate()
    order: list[str] = []

    async def write() -> None:
        async with gate.writing():
            order.append("write")

    async def read() -> None:
        async with gate.reading():
            order.append("read")

    async with gate.reading():
        tasks = [asyncio.create_task(write())]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        tasks.append(asyncio.create_task(read()))
        await asyncio.sleep(0)
    await asyncio.gather(*tasks)
    assert order == ["write", "read"]


async def test_readers_share() -> None:
    gate = Gate()
    async with gate.reading():
        await asyncio.wait_for(_read_once(gate), 1)


async def _read_once(gate: Gate) -> None:
    async with gate.reading():
        pass


async def test_a_cancelled_writer_leaves_the_gate_open() -> None:
    gate = Gate()

    async def write() -> None:
        async with gate.writing():
            raise AssertionError("the reader is still there")

    async with gate.reading():
        writing = asyncio.create_task(write())
        await asyncio.sleep(0.01)
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
    await asyncio.wait_for(_read_once(gate), 1)


async def test_slices_keep_every_value_in_order() -> None:
    assert [n async for n in sliced(range(1000))] == list(range(1000))
