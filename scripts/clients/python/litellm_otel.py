"""LiteLLM's `otel` callback: OpenAI and Claude through one interface, and an embedding."""

import json

import common
import litellm
from litellm.litellm_core_utils.thread_pool_executor import executor
from opentelemetry import trace

litellm.callbacks = ["otel"]
messages = [
    {"role": "system", "content": common.SYSTEM},
    {"role": "user", "content": common.QUESTION},
]


def complete(model: str, said: list) -> litellm.ModelResponse:
    # It keeps what it traced in the metadata that it is given.
    metadata = {"session_id": common.SESSION}
    return litellm.completion(
        model=model, messages=said, tools=[common.CHAT_TOOL], user="user-1", metadata=metadata
    )


for model in (f"openai/{common.CHAT_MODEL}", f"anthropic/{common.CLAUDE_MODEL}"):
    answer = complete(model, messages).choices[0].message
    call = answer.tool_calls[0]
    assert json.loads(call.function.arguments) == {"city": "Oslo"}
    result = {"role": "tool", "tool_call_id": call.id, "content": common.RESULT}
    complete(model, [*messages, answer.model_dump(), result])
litellm.embedding(model=f"openai/{common.EMBEDDING_MODEL}", input=common.TEXTS)
# Its callbacks run in threads that nothing else waits for.
executor.shutdown(wait=True)
trace.get_tracer_provider().force_flush()
