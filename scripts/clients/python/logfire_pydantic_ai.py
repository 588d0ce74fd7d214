"""pydantic-ai agents with Logfire: OpenAI's Responses, Claude and Gemini, one run each."""

import os

import common
import logfire
from pydantic_ai import Agent
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.google import GoogleModel
from pydantic_ai.models.openai import OpenAIResponsesModel
from pydantic_ai.providers.google import GoogleProvider

logfire.configure(send_to_logfire=False, console=False)
logfire.instrument_pydantic_ai()

google = GoogleProvider(api_key="scripted", base_url=os.environ["MODELS_URL"])
for model in (
    OpenAIResponsesModel(common.CHAT_MODEL),
    AnthropicModel(common.CLAUDE_MODEL),
    GoogleModel(common.GEMINI_MODEL, provider=google),
):
    agent = Agent(
        model, name="forecaster", system_prompt=common.SYSTEM, tools=[common.get_weather]
    )
    agent.run_sync(common.QUESTION)
logfire.force_flush()
logfire.shutdown()
