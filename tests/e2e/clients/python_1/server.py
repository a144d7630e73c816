# SPDX-License-Identifier: Apache-2.0
"""The official Python SDK 1.x as a server: gRPC in both packages, its card over HTTP, plain on loopback. server.py; prints its address."""
import asyncio
import http.server
import json
import threading

import grpc.aio
from a2a.compat.v0_3 import a2a_v0_3_pb2_grpc
from a2a.compat.v0_3.grpc_handler import CompatGrpcHandler
from a2a.server.agent_execution import AgentExecutor
from a2a.server.request_handlers import DefaultRequestHandler, GrpcHandler
from a2a.server.tasks import InMemoryTaskStore, TaskUpdater
from a2a.types import a2a_pb2 as pb
from a2a.types import a2a_pb2_grpc
from google.protobuf import json_format


class Talker(AgentExecutor):
    """Answers by the word it is sent."""

    async def execute(self, context, event_queue):
        if context.current_task is None:
            await event_queue.enqueue_event(pb.Task(id=context.task_id, context_id=context.context_id, history=[context.message],
                                                    status=pb.TaskStatus(state=pb.TASK_STATE_SUBMITTED)))
        updater = TaskUpdater(event_queue, context.task_id, context.context_id)
        words = context.get_user_input()
        await updater.start_work()
        if words == "ask":
            return await updater.requires_input(updater.new_agent_message([pb.Part(text="which one?")]))
        if words == "wait":
            await asyncio.sleep(60)
        for piece in ("heard ", words):
            await updater.add_artifact([pb.Part(text=piece)], artifact_id="answer", append=piece != "heard ", last_chunk=piece == words)
        await updater.complete()

    async def cancel(self, context, event_queue):
        await TaskUpdater(event_queue, context.task_id, context.context_id).cancel()


def card_of(port):
    return pb.AgentCard(
        name="official", description="the official server", version="1", capabilities=pb.AgentCapabilities(streaming=True),
        default_input_modes=["text/plain"], default_output_modes=["text/plain"],
        skills=[pb.AgentSkill(id="chat", name="chat", description="talks", tags=["chat"])],
        supported_interfaces=[pb.AgentInterface(url=f"127.0.0.1:{port}", protocol_binding="GRPC", protocol_version=version)
                              for version in ("1.0", "0.3")])


async def main():
    server = grpc.aio.server()
    port = server.add_insecure_port("127.0.0.1:0")
    card = card_of(port)
    handler = DefaultRequestHandler(agent_executor=Talker(), task_store=InMemoryTaskStore(), agent_card=card)
    a2a_pb2_grpc.add_A2AServiceServicer_to_server(GrpcHandler(handler), server)
    a2a_v0_3_pb2_grpc.add_A2AServiceServicer_to_server(CompatGrpcHandler(handler), server)
    await server.start()
    body = json.dumps(json_format.MessageToDict(card)).encode()

    class Card(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    site = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Card)
    threading.Thread(target=site.serve_forever, daemon=True).start()
    print(f"http://127.0.0.1:{site.server_port}", flush=True)
    await server.wait_for_termination()


asyncio.run(main())
