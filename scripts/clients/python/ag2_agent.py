"""An AG2 agent with its telemetry middleware."""

import asyncio
import os

import common
from ag2 import Agent
from ag2.config import OpenAIConfig
from ag2.middleware.builtin.telemetry import TelemetryMiddleware

provider = common.tracer_provider()
telemetry = TelemetryMiddleware(
    tracer_provider=provider,
    agent_name="forecaster",
    provider_name="openai",
    model_name=common.CHAT_MODEL,
)
config = OpenAIConfig(
    common.CHAT_MODEL, api_key="scripted", base_url=os.environ["OPENAI_BASE_URL"]
)
agent = Agent(
    "forecaster",
    common.SYSTEM,
    config=config,
    tools=[common.get_weather],
    middleware=[telemetry],
)
asyncio.run(agent.ask(common.QUESTION))
provider.shutdown()
