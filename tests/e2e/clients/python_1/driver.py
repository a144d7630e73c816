# SPDX-License-Identifier: Apache-2.0
"""The official Python SDK 1.x: one walk through an agent. driver.py URL BINDING VERSION CERT KEY CA; prints each step."""
import asyncio
import ssl
import sys
import uuid

import httpx
from a2a.client import A2ACardResolver, ClientConfig, ClientFactory
from a2a.types import a2a_pb2 as pb


def text_message(text, task=None):
    message = pb.Message(message_id=str(uuid.uuid4()), role=pb.ROLE_USER, parts=[pb.Part(text=text)])
    if task is not None:
        message.task_id, message.context_id = task.id, task.context_id
    return message


def ask(text, task=None, at_once=False):
    return pb.SendMessageRequest(message=text_message(text, task),
                                 configuration=pb.SendMessageConfiguration(return_immediately=at_once))


def done(step):
    print("ok", step, flush=True)


def must(holds, what):
    if not holds:
        raise AssertionError(what)


async def events_of(stream):
    out = []
    async for event in stream:
        out.append(event)
    return out


def state_of(event):
    which = event.WhichOneof("payload")
    return event.task.status.state if which == "task" else event.status_update.status.state if which == "status_update" else None


async def whole(client, request):
    events = await events_of(client.send_message(request))
    must(len(events) == 1 and events[0].HasField("task"), events)
    return events[0].task


async def walk(url, binding, version, cert, key, ca):
    context = ssl.create_default_context(cafile=ca)
    context.load_cert_chain(cert, key)
    async with httpx.AsyncClient(verify=context, timeout=20) as http:
        card = await A2ACardResolver(http, url).get_agent_card()
        must(card.name == "workload" and card.skills[0].id == "talk", card)
        kept = [i for i in card.supported_interfaces if i.protocol_binding == binding and i.protocol_version == version]
        must(kept, f"the card offers no {binding} {version}: {card.supported_interfaces}")
        del card.supported_interfaces[:]
        card.supported_interfaces.extend(kept)
        done("card")
        config = {"httpx_client": http, "supported_protocol_bindings": [binding]}
        if binding == "GRPC":
            import grpc
            read = lambda path: open(path, "rb").read()
            credentials = grpc.ssl_channel_credentials(read(ca), read(key), read(cert))
            config["grpc_channel_factory"] = lambda target: grpc.aio.secure_channel(target.removeprefix("https://"), credentials)
        plain = ClientFactory(ClientConfig(streaming=False, **config)).create(card)
        streaming = ClientFactory(ClientConfig(streaming=True, **config)).create(card)

        task = await whole(plain, ask("hello"))
        must(task.status.state == pb.TASK_STATE_COMPLETED, task)
        done("send")

        events = await events_of(streaming.send_message(ask("count")))
        kinds = [e.WhichOneof("payload") for e in events]
        must(kinds[0] == "task" and kinds.count("artifact_update") >= 3, kinds)
        must(state_of(events[-1]) == pb.TASK_STATE_COMPLETED, events[-1])
        done("stream")

        seen = await plain.get_task(pb.GetTaskRequest(id=task.id, history_length=10))
        must(seen.id == task.id and seen.history and seen.artifacts, seen)
        done("get")

        if version == "1.0":
            page = await plain.list_tasks(pb.ListTasksRequest(page_size=1))
            must(len(page.tasks) == 1 and page.next_page_token and page.total_size >= 2, page)
            done("list")

        slow = await whole(plain, ask("wait", at_once=True))
        must(slow.status.state in (pb.TASK_STATE_SUBMITTED, pb.TASK_STATE_WORKING), slow)
        watcher = streaming.subscribe(pb.SubscribeToTaskRequest(id=slow.id))
        first = await anext(watcher)
        must(first.WhichOneof("payload") == "task" and first.task.id == slow.id, first)
        done("subscribe")
        ended = await plain.cancel_task(pb.CancelTaskRequest(id=slow.id))
        must(ended.status.state == pb.TASK_STATE_CANCELED, ended)
        rest = await events_of(watcher)
        must(rest and state_of(rest[-1]) == pb.TASK_STATE_CANCELED, rest)
        done("cancel")

        asked = await whole(plain, ask("question"))
        must(asked.status.state == pb.TASK_STATE_INPUT_REQUIRED, asked)
        must(asked.status.message.parts[0].text == "which one?", asked)
        answered = await whole(plain, ask("this one", asked))
        must(answered.id == asked.id and answered.status.state == pb.TASK_STATE_COMPLETED, answered)
        done("input-required")


asyncio.run(walk(*sys.argv[1:7]))
