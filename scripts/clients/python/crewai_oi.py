"""A CrewAI crew of one, instrumented by OpenInference, its model calls by the OpenAI instrumentation."""

import common
from openinference.instrumentation.crewai import CrewAIInstrumentor
from openinference.instrumentation.openai import OpenAIInstrumentor

provider = common.tracer_provider()
CrewAIInstrumentor().instrument(tracer_provider=provider)
OpenAIInstrumentor().instrument(tracer_provider=provider)

from crewai import LLM, Agent, Crew, Task  # noqa: E402 (after the instrumentation)
from crewai.tools import tool  # noqa: E402


@tool("get_weather")
def get_weather(city: str) -> str:
    """The current weather of a city."""
    return common.RESULT


forecaster = Agent(
    role="forecaster",
    goal="Tell the weather",
    backstory=common.SYSTEM,
    llm=LLM(model=f"openai/{common.CHAT_MODEL}"),
    tools=[get_weather],
)
task = Task(description=common.QUESTION, expected_output="One sentence", agent=forecaster)
Crew(agents=[forecaster], tasks=[task]).kickoff()
provider.shutdown()
