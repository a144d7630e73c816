# SPDX-License-Identifier: Apache-2.0
"""A stock gRPC client (grpcio), told nothing but the address: it learns the schema by reflection. Prints a line of JSON a step.

usage: grpc_client.py HOST:PORT CA CERT KEY"""
import json
import sys

import grpc
from google.protobuf import json_format, message_factory
from google.protobuf.descriptor_pool import DescriptorPool
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

target, ca, cert, key = sys.argv[1:5]


def read(name):
    with open(name, "rb") as file:
        return file.read()


BIG = [("grpc.max_receive_message_length", 64 << 20), ("grpc.max_send_message_length", 64 << 20)]
channel = grpc.secure_channel(target, grpc.ssl_channel_credentials(read(ca), read(key), read(cert)), options=BIG)
database = ProtoReflectionDescriptorDatabase(channel)
pool = DescriptorPool(database)


def say(step, **facts):
    print(json.dumps({"step": step, **facts}), flush=True)


class Service:
    def __init__(self, package):
        self.package = package
        self.methods = pool.FindServiceByName(package + ".A2AService").methods_by_name

    def call(self, name, request, timeout=20, metadata=()):
        method = self.methods[name]
        make = channel.unary_stream if method.server_streaming else channel.unary_unary
        rpc = make(f"/{self.package}.A2AService/{name}",
                   request_serializer=message_factory.GetMessageClass(method.input_type).SerializeToString,
                   response_deserializer=message_factory.GetMessageClass(method.output_type).FromString)
        sent = json_format.ParseDict(request, message_factory.GetMessageClass(method.input_type)())
        answer = rpc(sent, timeout=timeout, metadata=metadata)
        if method.server_streaming:
            return [json_format.MessageToDict(one) for one in answer]
        return json_format.MessageToDict(answer)

    def code(self, *args, **kwargs):
        try:
            self.call(*args, **kwargs)
        except grpc.RpcError as error:
            return error.code().name
        return "OK"


def message(parts_name, *parts):
    return {"message": {"messageId": "m", "role": "ROLE_USER", parts_name: list(parts), "metadata": {"skill": "echo"}}}


say("services", names=sorted(database.get_services()))
say("health", status=health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=10).status)
v1 = Service("lf.a2a.v1")
task = v1.call("SendMessage", message("parts", {"text": "hi"}))["task"]
say("send", state=task["status"]["state"])
say("get", same=v1.call("GetTask", {"id": task["id"]})["id"] == task["id"])
say("list", found=any(one["id"] == task["id"] for one in v1.call("ListTasks", {})["tasks"]))
events = v1.call("SendStreamingMessage", message("parts", {"text": "hi"}))
say("stream", first=list(events[0])[0], last=events[-1]["statusUpdate"]["status"]["state"])
say("card", name=v1.call("GetExtendedAgentCard", {})["name"])
say("refused", unknown=v1.code("GetTask", {"id": "nope"}), cancel=v1.code("CancelTask", {"id": task["id"]}),
    subscribe=v1.code("SubscribeToTask", {"id": task["id"]}), params=v1.code("SendMessage", {}),
    version=v1.code("GetTask", {"id": "x"}, metadata=(("a2a-version", "99.0"),)))
raw = "A" * (4 * (10 << 20) // 3 // 4 * 4)
big = v1.call("SendMessage", message("parts", {"raw": raw, "mediaType": "application/octet-stream"}), timeout=60)["task"]
say("big", same=big["history"][0]["parts"][0]["raw"] == raw)
v03 = Service("a2a.v1")
old = v03.call("SendMessage", {**message("content", {"text": "hi"}), "configuration": {"blocking": True}})["task"]
say("send03", state=old["status"]["state"], seen=v1.call("GetTask", {"id": old["id"]})["id"] == old["id"])
say("card03", version=v03.call("GetAgentCard", {})["protocolVersion"])
