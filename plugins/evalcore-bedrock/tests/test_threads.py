"""Calls side by side, and calls that nobody awaits any more."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading

import pytest
from conftest import HELLO, settings_for
from endpoint import REGION, Reply, spoken

from evalcore_bedrock.model import Bedrock


@pytest.mark.parametrize("connections", [1, 3])
def test_no_more_calls_at_a_time_than_connections(endpoint, connections):
    async def ask_many() -> None:
        model = Bedrock(settings_for(endpoint, connections=connections))
        await model.open()
        await asyncio.gather(*(model.generate(HELLO) for _ in range(12)))
        await model.close()

    endpoint.reply = slowly
    asyncio.run(ask_many())
    assert len(endpoint.asked) == 12
    assert endpoint.most == connections


def slowly(_: object) -> Reply:
    threading.Event().wait(0.05)
    return spoken("So")


def test_calls_leave_the_event_loop_free(endpoint):
    async def ask_and_count() -> int:
        model = Bedrock(settings_for(endpoint))
        await model.open()
        call = asyncio.create_task(model.generate(HELLO))
        turns = 0
        while not call.done():
            await asyncio.sleep(0.001)
            turns += 1
            if turns == 20:
                endpoint.released.set()
        await model.close()
        return turns

    endpoint.reply = endpoint.hang
    assert asyncio.run(ask_and_count()) >= 20


def test_a_call_that_is_cancelled_ends_and_gives_back_its_place(endpoint):
    async def cancel_then_ask() -> str:
        model = Bedrock(settings_for(endpoint, connections=1, timeout=0.3))
        await model.open()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(model.generate(HELLO), 0.1)
        endpoint.reply = lambda _: spoken("next")
        answer = await model.generate(HELLO)
        await model.close()
        return answer.text

    before = set(threading.enumerate())
    endpoint.reply = endpoint.hang
    assert asyncio.run(cancel_then_ask()) == "next"
    for thread in set(threading.enumerate()) - before:
        if "_work" in thread.name:
            thread.join(30)
            assert not thread.is_alive()


def test_a_call_that_hangs_does_not_keep_the_process(endpoint):
    script = f"""
import asyncio
from evalcore.data import Message, Request
from evalcore_bedrock.model import Bedrock
from evalcore_bedrock.settings import BedrockSettings

async def main():
    settings = BedrockSettings(model="test.model", region="{REGION}", endpoint_url="{endpoint.url}")
    model = Bedrock(settings)
    await model.open()
    try:
        await asyncio.wait_for(model.generate(Request((Message("user", "Hello"),))), 0.5)
    except TimeoutError:
        print("given up")
    await model.close()

asyncio.run(main())
"""
    endpoint.reply = endpoint.hang
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "given up\n", "")
