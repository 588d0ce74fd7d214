"""An Agno agent, instrumented by OpenInference."""

import common
from openinference.instrumentation.agno import AgnoInstrumentor

provider = common.tracer_provider()
AgnoInstrumentor().instrument(tracer_provider=provider)

from agno.agent import Agent  # noqa: E402 (after the instrumentation)
from agno.models.openai import OpenAIChat  # noqa: E402

agent = Agent(
    name="forecaster",
    model=OpenAIChat(id=common.CHAT_MODEL),
    instructions=common.SYSTEM,
    tools=[common.get_weather],
    session_id=common.SESSION,
    user_id="user-1",
    telemetry=False,
)
agent.run(common.QUESTION)
provider.shutdown()
