"""A LangChain agent behind a sidecar. The model is a local one that follows rules, so that the example needs no network and says the
same every time; put any chat model in its place."""
import re

from langchain.agents import create_agent
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.tools import tool

from agentweave_client import Denied, call, caller, capability, serve


class RuleModel(BaseChatModel):
    """Asks a tool when it is asked "what is X" or told to "forget", and puts the tool's answer into words."""

    @property
    def _llm_type(self) -> str:
        return "rules"

    def bind_tools(self, tools, **kwargs):
        return self

    def _generate(self, messages, stop=None, run_manager=None, **kwargs):
        return ChatResult(generations=[ChatGeneration(message=self._reply(messages[-1]))])

    def _reply(self, last):
        if isinstance(last, ToolMessage):
            return AIMessage(content=f"I asked, and this is what I know: {last.content}")
        words = last.content if isinstance(last, HumanMessage) else ""
        asked = re.search(r"what is (\w+)", words, re.I)
        if asked:
            return AIMessage(content="", tool_calls=[{"name": "look_up", "args": {"subject": asked.group(1).lower()}, "id": "1"}])
        if "forget" in words.lower():
            return AIMessage(content="", tool_calls=[{"name": "forget_everything", "args": {}, "id": "2"}])
        return AIMessage(content="Hello! How can I help?")


@tool
def look_up(subject: str) -> str:
    """One fact about a subject, from the search agent."""
    return call("search", "find", {"subject": subject})["fact"]


@tool
def forget_everything() -> str:
    """Wipes the search agent's memory."""
    try:
        call("search", "wipe")
        return "everything is forgotten"
    except Denied as no:
        return f"not allowed ({no.code})"


agent = create_agent(RuleModel(), [look_up, forget_everything])


@capability("chat")
async def chat(message: str) -> dict:
    # LangChain runs tools in threads with this context, so that `call` knows whose request it works for.
    answer = await agent.ainvoke({"messages": [{"role": "user", "content": message}]})
    return {"response": answer["messages"][-1].content, "asked_by": caller().spiffe_id}


serve()
