"""A Semantic Kernel agent with its experimental GenAI diagnostics, messages in log records."""

import asyncio
import logging

import common

provider = common.tracer_provider()
logs = common.logger_provider()

from opentelemetry.sdk._logs import LoggingHandler  # noqa: E402
from semantic_kernel.agents import ChatCompletionAgent  # noqa: E402
from semantic_kernel.connectors.ai.open_ai import OpenAIChatCompletion  # noqa: E402
from semantic_kernel.functions import kernel_function  # noqa: E402

handler = LoggingHandler(logger_provider=logs)
handler.addFilter(logging.Filter("semantic_kernel"))
logging.getLogger().addHandler(handler)
logging.getLogger().setLevel(logging.INFO)


class Weather:
    @kernel_function(name="get_weather", description="The current weather of a city.")
    def get_weather(self, city: str) -> str:
        return common.RESULT


async def run() -> None:
    agent = ChatCompletionAgent(
        name="forecaster",
        service=OpenAIChatCompletion(ai_model_id=common.CHAT_MODEL, api_key="scripted"),
        instructions=common.SYSTEM,
        plugins=[Weather()],
    )
    await agent.get_response(messages=common.QUESTION)


asyncio.run(run())
provider.shutdown()
logs.shutdown()
