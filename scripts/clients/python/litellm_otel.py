"""LiteLLM's `otel` callback: OpenAI and Claude through one interface, and an embedding."""

import json
import time

import common
import litellm

litellm.callbacks = ["otel"]
messages = [
    {"role": "system", "content": common.SYSTEM},
    {"role": "user", "content": common.QUESTION},
]
options = {"tools": [common.CHAT_TOOL], "user": "user-1", "metadata": {"session_id": common.SESSION}}
for model in (f"openai/{common.CHAT_MODEL}", f"anthropic/{common.CLAUDE_MODEL}"):
    said = list(messages)
    first = litellm.completion(model=model, messages=said, **options)
    call = first.choices[0].message.tool_calls[0]
    assert json.loads(call.function.arguments) == {"city": "Oslo"}
    said += [
        first.choices[0].message.model_dump(),
        {"role": "tool", "tool_call_id": call.id, "content": common.RESULT},
    ]
    litellm.completion(model=model, messages=said, **options)
litellm.embedding(model=f"openai/{common.EMBEDDING_MODEL}", input=common.TEXTS)
time.sleep(2)  # its callbacks run in threads that nothing waits for

from opentelemetry import trace  # noqa: E402 (LiteLLM set the provider)

provider = trace.get_tracer_provider()
if hasattr(provider, "force_flush"):
    provider.force_flush()
