"""Google's Agent Development Kit with Gemini, whose thoughts are counted beside the output."""

import asyncio

import common

provider = common.tracer_provider()

from google.adk.agents import Agent  # noqa: E402 (takes the provider that is set)
from google.adk.runners import InMemoryRunner  # noqa: E402
from google.genai import types  # noqa: E402

agent = Agent(
    name="forecaster",
    model=common.GEMINI_MODEL,
    instruction=common.SYSTEM,
    tools=[common.get_weather],
)


async def run() -> None:
    runner = InMemoryRunner(agent=agent, app_name="clients")
    session = await runner.session_service.create_session(
        app_name="clients", user_id="user-1", session_id=common.SESSION
    )
    question = types.Content(role="user", parts=[types.Part(text=common.QUESTION)])
    async for _ in runner.run_async(
        user_id="user-1", session_id=session.id, new_message=question
    ):
        pass


asyncio.run(run())
provider.shutdown()
