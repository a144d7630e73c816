# SPDX-License-Identifier: Apache-2.0
"""The official Python SDK 0.3: one walk through an agent. driver.py URL BINDING VERSION CERT KEY CA; prints each step."""
import asyncio
import ssl
import sys
import uuid

import httpx
from a2a.client import A2ACardResolver, ClientConfig, ClientFactory
from a2a.types import (Message, MessageSendConfiguration, Part, Role, Task, TaskIdParams, TaskQueryParams, TaskState, TextPart)


def text_message(text, task=None):
    return Message(message_id=str(uuid.uuid4()), role=Role.user, parts=[Part(root=TextPart(text=text))],
                   task_id=task.id if task else None, context_id=task.context_id if task else None)


def done(step):
    print("ok", step, flush=True)


def must(holds, what):
    if not holds:
        raise AssertionError(what)


async def whole(client, message, blocking=True):
    last = None
    async for event in client.send_message(message, configuration=MessageSendConfiguration(blocking=blocking)):
        last = event[0] if isinstance(event, tuple) else event
    must(isinstance(last, Task), last)
    return last


async def walk(url, binding, version, cert, key, ca):
    must(version == "0.3", "this SDK speaks 0.3 only")
    context = ssl.create_default_context(cafile=ca)
    context.load_cert_chain(cert, key)
    async with httpx.AsyncClient(verify=context, timeout=20) as http:
        card = await A2ACardResolver(http, url).get_agent_card()
        must(card.name == "workload" and card.skills[0].id == "talk", card)
        done("card")
        config = {"httpx_client": http, "supported_transports": [binding], "use_client_preference": True}
        if binding == "GRPC":
            import grpc
            read = lambda path: open(path, "rb").read()
            credentials = grpc.ssl_channel_credentials(read(ca), read(key), read(cert))
            config["grpc_channel_factory"] = lambda target: grpc.aio.secure_channel(target.removeprefix("https://"), credentials)
        plain = ClientFactory(ClientConfig(streaming=False, **config)).create(card)
        streaming = ClientFactory(ClientConfig(streaming=True, **config)).create(card)

        task = await whole(plain, text_message("hello"))
        must(task.status.state == TaskState.completed, task)
        done("send")

        updates, last = [], None
        async for event in streaming.send_message(text_message("count")):
            last, update = event
            updates.append(update.kind if update else "task")
        must(updates[0] == "task" and updates.count("artifact-update") >= 3, updates)
        must(last.status.state == TaskState.completed, last)
        done("stream")

        seen = await plain.get_task(TaskQueryParams(id=task.id, history_length=10))
        must(seen.id == task.id and seen.history and seen.artifacts, seen)
        done("get")

        slow = await whole(plain, text_message("wait"), blocking=False)
        must(slow.status.state in (TaskState.submitted, TaskState.working), slow)
        watcher = streaming.resubscribe(TaskIdParams(id=slow.id))
        first = await anext(watcher)
        must(first[0].id == slow.id, first)
        done("subscribe")
        ended = await plain.cancel_task(TaskIdParams(id=slow.id))
        must(ended.status.state == TaskState.canceled, ended)
        rest = [event async for event in watcher]
        must(rest and rest[-1][0].status.state == TaskState.canceled, rest)
        done("cancel")

        asked = await whole(plain, text_message("question"))
        must(asked.status.state == TaskState.input_required, asked)
        answered = await whole(plain, text_message("this one", asked))
        must(answered.id == asked.id and answered.status.state == TaskState.completed, answered)
        done("input-required")


asyncio.run(walk(*sys.argv[1:7]))
