"""The other agent: plain Python."""
from agentweave_client import caller, capability, serve

FACTS = {"spiffe": "a standard for the identity of workloads", "rego": "the language of OPA policies"}


@capability("find")
def find(subject: str) -> dict:
    if subject not in FACTS:
        raise ValueError(f"nothing is known of {subject}")
    return {"fact": FACTS[subject], "asked_by": caller().spiffe_id}


@capability("wipe")
def wipe() -> dict:
    FACTS.clear()
    return {}


serve()
