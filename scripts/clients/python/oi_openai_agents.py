"""OpenInference's instrumentation of the OpenAI Agents SDK, which calls the Responses API."""

import common
from agents import Agent, Runner, function_tool, set_trace_processors
from openinference.instrumentation import using_session
from openinference.instrumentation.openai_agents import OpenAIAgentsInstrumentor

set_trace_processors([])
provider = common.tracer_provider()
OpenAIAgentsInstrumentor().instrument(tracer_provider=provider)

agent = Agent(
    name="forecaster",
    model=common.CHAT_MODEL,
    instructions=common.SYSTEM,
    tools=[function_tool(common.get_weather)],
)
with using_session(common.SESSION):
    Runner.run_sync(agent, common.QUESTION)
provider.shutdown()
