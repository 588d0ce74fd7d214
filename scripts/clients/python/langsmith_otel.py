"""LangSmith's tracing of LangChain, sent by OpenTelemetry alone (LANGSMITH_OTEL_ONLY)."""

import common

provider = common.tracer_provider()

from langchain.agents import create_agent  # noqa: E402 (takes the provider that is set)
from langchain_core.tools import tool  # noqa: E402
from langchain_core.tracers.langchain import wait_for_all_tracers  # noqa: E402
from langchain_openai import ChatOpenAI  # noqa: E402


@tool
def get_weather(city: str) -> str:
    """The current weather of a city."""
    return common.RESULT


model = ChatOpenAI(model=common.CHAT_MODEL)
agent = create_agent(model, [get_weather], system_prompt=common.SYSTEM, name="forecaster")
agent.invoke(
    {"messages": [{"role": "user", "content": common.QUESTION}]},
    {"metadata": {"session_id": common.SESSION}},
)
wait_for_all_tracers()
provider.shutdown()
