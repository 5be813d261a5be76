"""Publishes the lines of its standard input, one message each, and says on its standard output which are stored:

    some-sensor | python3 publisher.py nats://127.0.0.1:4222 vehicle.speed trip-2026-11-26

A line is done when the device's stream has acknowledged it, and the next one waits for that: so they are stored in order,
and what cannot be stored yet holds back whoever writes the lines.
"""

import asyncio
import sys

import nats
from nats.errors import BadSubjectError, MaxPayloadError
from nats.js import JetStreamContext
from nats.js.errors import APIError


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


async def main(url: str, subject: str, run: str) -> None:
    nc = await nats.connect(
        url,
        max_reconnect_attempts=-1,  # the device's server may be away for as long as it likes
        reconnect_time_wait=0.25,
        pending_size=-1,  # what cannot be sent is kept here, and not in the library as well
        error_cb=quietly,  # store() says what a message waits for
    )
    js = nc.jetstream()
    read = asyncio.get_running_loop().run_in_executor
    n = 0
    while line := await read(None, sys.stdin.buffer.readline):
        n += 1
        await store(js, subject, line.rstrip(b"\n"), f"{run}-{n}")
        print(f"{run}-{n}", flush=True)
    await nc.close()


async def quietly(_: Exception) -> None:
    pass


async def store(js: JetStreamContext, subject: str, payload: bytes, id: str) -> None:
    """Returns when the stream has the message. The id makes it harmless to say it again when an acknowledgement was lost."""
    pause, said = 0.05, ""
    while True:
        try:
            await js.publish(subject, payload, timeout=2, headers={"Nats-Msg-Id": id})
            return
        except (nats.errors.Error, OSError) as error:
            if is_wrong(error):
                raise
            why = f"{type(error).__name__}: {error}"
        if why != said:
            say(f"{id} waits: {why}")
            said = why
        await asyncio.sleep(pause)
        pause = min(2 * pause, 1)


def is_wrong(error: Exception) -> bool:
    """
    Tells what is wrong with the message itself, and stays so, from a server that is away and a stream that is full
    (503, 10077), which have room again when the hub has taken what is there.
    """
    if isinstance(error, APIError):
        return error.code != 503
    return isinstance(error, (MaxPayloadError, BadSubjectError))


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit("usage: publisher.py URL SUBJECT RUN   (RUN names this input: it is the first part of each message's id)")
    asyncio.run(main(*sys.argv[1:]))
