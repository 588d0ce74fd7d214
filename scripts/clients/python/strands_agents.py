"""Strands Agents with Claude."""

import common
from strands import Agent, tool
from strands.models.anthropic import AnthropicModel
from strands.telemetry import StrandsTelemetry

telemetry = StrandsTelemetry()
telemetry.setup_otlp_exporter()


@tool
def get_weather(city: str) -> str:
    """The current weather of a city.

    Args:
        city: The city.
    """
    return common.RESULT


agent = Agent(
    name="forecaster",
    model=AnthropicModel(model_id=common.CLAUDE_MODEL, max_tokens=500),
    system_prompt=common.SYSTEM,
    tools=[get_weather],
    callback_handler=None,
    trace_attributes={"session.id": common.SESSION},
)
agent(common.QUESTION)
telemetry.tracer_provider.force_flush()
telemetry.tracer_provider.shutdown()
