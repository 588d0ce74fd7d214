"""A smolagents agent that calls tools, instrumented by OpenInference."""

import os

import common
from openinference.instrumentation.smolagents import SmolagentsInstrumentor
from smolagents import OpenAIServerModel, ToolCallingAgent, tool

provider = common.tracer_provider()
SmolagentsInstrumentor().instrument(tracer_provider=provider)


@tool
def get_weather(city: str) -> str:
    """The current weather of a city.

    Args:
        city: The city.
    """
    return common.RESULT


model = OpenAIServerModel(
    model_id=common.CHAT_MODEL, api_base=os.environ["OPENAI_BASE_URL"], api_key="scripted"
)
ToolCallingAgent(tools=[get_weather], model=model, verbosity_level=0).run(common.QUESTION)
provider.shutdown()
