# SPDX-License-Identifier: Apache-2.0
"""A trace collector: reads each export with OpenTelemetry's own messages, appends its spans as JSON lines to a file.
otlp_receiver.py PORT FILE"""
import http.server
import json
import sys

from google.protobuf.json_format import MessageToDict, Parse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest, ExportTraceServiceResponse


class Receiver(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path != "/v1/traces":
            return self.answer(404, b"")
        if self.headers["Content-Type"] == "application/json":
            export = self.from_json(body)
        else:
            export = ExportTraceServiceRequest.FromString(body)
        with open(sys.argv[2], "a", encoding="utf-8") as out:
            for one in export.resource_spans:
                resource = {a.key: a.value.string_value for a in one.resource.attributes}
                for scope in one.scope_spans:
                    for span in scope.spans:
                        said = MessageToDict(span)
                        said.update(trace=span.trace_id.hex(), id=span.span_id.hex(), parent=span.parent_span_id.hex(),
                                    service=resource["service.name"], key=self.headers["x-key"],
                                    attributes={a.key: a.value.string_value or a.value.int_value for a in span.attributes})
                        out.write(json.dumps(said) + "\n")
        self.answer(200, ExportTraceServiceResponse().SerializeToString())

    def from_json(self, body):
        export = json.loads(body)
        spans = [s for r in export["resourceSpans"] for c in r["scopeSpans"] for s in c["spans"]]
        ids = [(bytes.fromhex(s.pop("traceId")), bytes.fromhex(s.pop("spanId")), bytes.fromhex(s.pop("parentSpanId", "")))
               for s in spans]  # OTLP writes ids in hexadecimal, protobuf's JSON in base64
        message = Parse(json.dumps(export), ExportTraceServiceRequest())
        for span, (trace, own, parent) in zip((s for r in message.resource_spans for c in r.scope_spans for s in c.spans), ids):
            span.trace_id, span.span_id, span.parent_span_id = trace, own, parent
        return message

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Type", "application/x-protobuf")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver).serve_forever()
