"""The orchestrator and the workers, by the name they are started with."""
import asyncio
import sys

from agentweave_client import acall, caller, capability, serve


async def process_batch(items: list) -> dict:
    workers = ("worker-1", "worker-2")
    done = await asyncio.gather(*(acall(workers[n % 2], "process_item", {"item": item}) for n, item in enumerate(items)))
    return {"results": [one["result"] for one in done], "by": sorted({one["worker"] for one in done})}


def process_item(item: str) -> dict:
    if caller().spiffe_id != "spiffe://shop.test/agent/orchestrator":  # the sidecar sees to that; a second look costs nothing
        raise ValueError("who are you?")
    return {"result": item.upper(), "worker": sys.argv[1]}


capability()(process_batch if sys.argv[1] == "orchestrator" else process_item)
serve()
