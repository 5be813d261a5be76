"""Reads a stream of the hub, in one of the ways that clients have: fetch, push, ordered, get."""

import asyncio
import os
import sys

import nats


async def main(way: str) -> int:
    stream, count = os.environ["STREAM"], int(os.environ["COUNT"])
    inbox = {"inbox_prefix": os.environ["INBOX"].encode()} if way == "fetch" else {}
    connection = await nats.connect(os.environ["NATS_URL"], user_credentials=os.environ["NATS_CREDS"], **inbox)
    jetstream = connection.jetstream()
    read = 0
    if way == "fetch":
        subscription = await pull(jetstream, stream, os.environ["CONSUMER"])
        while read < count:
            for message in await subscription.fetch(25, timeout=2):
                read += "Nats-Stream-Source" in message.headers
                await message.ack()
    elif way == "get":
        for sequence in range(1, count + 1):
            read += "Nats-Stream-Source" in (await jetstream.get_msg(stream, sequence)).headers
    else:
        ordered = {"ordered_consumer": True} if way == "ordered" else {}
        subscription = await jetstream.subscribe(">", stream=stream, **ordered)
        while read < count:
            message = await subscription.next_msg(timeout=2)
            read += "Nats-Stream-Source" in message.headers
    await connection.close()
    return read


async def pull(jetstream, stream, consumer):
    # Up to 2.9 the prefix must be said here once more, with its dot.
    prefix = f"{os.environ['INBOX']}.".encode()
    return await jetstream.pull_subscribe_bind(consumer, stream, inbox_prefix=prefix)


print("read", asyncio.run(asyncio.wait_for(main(sys.argv[1]), 12)))
