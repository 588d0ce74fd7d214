"""A LlamaIndex agent, instrumented by OpenInference."""

import asyncio

import common
from openinference.instrumentation import using_session
from openinference.instrumentation.llama_index import LlamaIndexInstrumentor

provider = common.tracer_provider()
LlamaIndexInstrumentor().instrument(tracer_provider=provider)

from llama_index.core.agent.workflow import FunctionAgent  # noqa: E402 (after the instrumentation)
from llama_index.llms.openai import OpenAI  # noqa: E402


async def run() -> None:
    agent = FunctionAgent(
        name="forecaster",
        llm=OpenAI(model=common.CHAT_MODEL),
        system_prompt=common.SYSTEM,
        tools=[common.get_weather],
        streaming=False,
    )
    await agent.run(user_msg=common.QUESTION)


with using_session(common.SESSION):
    asyncio.run(run())
provider.shutdown()
