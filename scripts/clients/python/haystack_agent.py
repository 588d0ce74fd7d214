"""A Haystack agent with its OpenTelemetry tracer and content tracing."""

import common

provider = common.tracer_provider()

from haystack import tracing  # noqa: E402
from haystack.components.agents import Agent  # noqa: E402
from haystack.components.generators.chat import OpenAIChatGenerator  # noqa: E402
from haystack.dataclasses import ChatMessage  # noqa: E402
from haystack.tools import Tool  # noqa: E402
from haystack_integrations.tracing.opentelemetry import OpenTelemetryTracer  # noqa: E402
from opentelemetry import trace  # noqa: E402

tracing.enable_tracing(OpenTelemetryTracer(trace.get_tracer("haystack")))
weather = Tool(
    name="get_weather",
    description="The current weather of a city.",
    parameters=common.WEATHER_SCHEMA,
    function=common.get_weather,
)
agent = Agent(
    chat_generator=OpenAIChatGenerator(model=common.CHAT_MODEL),
    tools=[weather],
    system_prompt=common.SYSTEM,
)
agent.run(messages=[ChatMessage.from_user(common.QUESTION)])
provider.shutdown()
