"""OpenInference's instrumentation of LangChain: an agent with a tool, and an embedding-free chain."""

import common
from langchain.agents import create_agent
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from openinference.instrumentation import using_session
from openinference.instrumentation.langchain import LangChainInstrumentor

provider = common.tracer_provider()
LangChainInstrumentor().instrument(tracer_provider=provider)


@tool
def get_weather(city: str) -> str:
    """The current weather of a city."""
    return common.RESULT


model = ChatOpenAI(model=common.CHAT_MODEL)
agent = create_agent(model, [get_weather], system_prompt=common.SYSTEM, name="forecaster")
with using_session(common.SESSION):
    agent.invoke({"messages": [{"role": "user", "content": common.QUESTION}]})
provider.shutdown()
