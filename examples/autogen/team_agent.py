"""An AutoGen team behind a sidecar. Its models replay what they say, so that the example needs no network; put any model client in
their place."""
import json
import re

from autogen_agentchat.agents import AssistantAgent
from autogen_agentchat.messages import BaseChatMessage
from autogen_agentchat.teams import RoundRobinGroupChat
from autogen_core import FunctionCall
from autogen_core.models import CreateResult, ModelFamily, RequestUsage
from autogen_ext.models.replay import ReplayChatCompletionClient

from agentweave_client import Denied, acall, caller, capability, serve

NO_USE = RequestUsage(prompt_tokens=0, completion_tokens=0)
INFO = {"vision": False, "function_calling": True, "json_output": False, "family": ModelFamily.UNKNOWN, "structured_output": False}


async def ask_chat(message: str) -> str:
    """Asks the chat agent, which lives behind another sidecar."""
    return (await acall("chat", "chat", {"message": message}))["response"]


async def ask_search(subject: str) -> str:
    """Asks the search agent, which policy keeps from this team."""
    try:
        return (await acall("search", "find", {"subject": subject}))["fact"]
    except Denied as no:
        return f"not allowed ({no.code})"


def uses(tool: str, **arguments: str) -> CreateResult:
    call = FunctionCall(id="1", name=tool, arguments=json.dumps(arguments))
    return CreateResult(finish_reason="function_calls", content=[call], usage=NO_USE, cached=False)


def team(task: str) -> RoundRobinGroupChat:
    subject = re.sub(r"\W", "", task.split()[-1])
    researcher = AssistantAgent("researcher", tools=[ask_chat], model_client=ReplayChatCompletionClient(
        [uses("ask_chat", message=f"what is {subject}")], model_info=INFO))
    impatient = AssistantAgent("impatient", tools=[ask_search], model_client=ReplayChatCompletionClient(
        [uses("ask_search", subject=subject)], model_info=INFO))
    writer = AssistantAgent("writer", model_client=ReplayChatCompletionClient([f"In short: {subject} is explained above."], model_info=INFO))
    return RoundRobinGroupChat([researcher, impatient, writer], max_turns=3)


@capability("collaborate")
async def collaborate(task: str):
    last = ""
    async for event in team(task).run_stream(task=task):
        if isinstance(event, BaseChatMessage) and event.source != "user":
            last = event.to_text()
            yield f"{event.source}: {last}\n"
    yield {"result": last, "asked_by": caller().spiffe_id}


serve()
