"""Langfuse's SDK: an agent observation, its OpenAI wrapper, a tool, an embedding and a failed call."""

import common
from langfuse import get_client, observe, propagate_attributes
from langfuse.openai import OpenAI

client = OpenAI()


@observe(as_type="tool", name="get_weather")
def call_tool(city: str) -> str:
    return common.RESULT


@observe(as_type="agent", name="forecaster")
def run(question: str) -> str:
    return common.ask_openai(client, lambda city: call_tool(city=city))


with propagate_attributes(session_id=common.SESSION, user_id="user-1"):
    run(common.QUESTION)
    common.refused(
        lambda: client.chat.completions.create(
            model=common.CHAT_MODEL, messages=[{"role": "user", "content": common.REFUSED}]
        )
    )
get_client().flush()
get_client().shutdown()
