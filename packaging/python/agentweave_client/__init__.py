# SPDX-License-Identifier: Apache-2.0
"""The code of an agent that sits behind an agentweave sidecar: capabilities in, calls out, no cryptography.

    from agentweave_client import call, caller, capability, serve

    @capability("chat")
    async def chat(message: str) -> dict:
        return {"response": f"{caller().spiffe_id} said {message}"}

    serve()

The sidecar has verified who calls and asked policy before this code hears of it; `call` goes out through the sidecar's
outbound listener, where policy is asked again. Pure Python 3.10+, standard library only.
"""
from ._app import Caller, caller, capability, serve, server
from ._call import CallError, Denied, Unavailable, acall, call, stream

__all__ = ["CallError", "Caller", "Denied", "Unavailable", "acall", "call", "caller", "capability", "serve", "server", "stream"]
__version__ = "0.1.0"
