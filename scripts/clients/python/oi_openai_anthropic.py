"""OpenInference's instrumentations of the OpenAI and Anthropic SDKs in one process."""

import common
from anthropic import Anthropic
from openai import OpenAI
from openinference.instrumentation import using_session
from openinference.instrumentation.anthropic import AnthropicInstrumentor
from openinference.instrumentation.openai import OpenAIInstrumentor

provider = common.tracer_provider()
OpenAIInstrumentor().instrument(tracer_provider=provider)
AnthropicInstrumentor().instrument(tracer_provider=provider)

with using_session(common.SESSION):
    client = OpenAI()
    common.ask_openai(client)
    client.embeddings.create(model=common.EMBEDDING_MODEL, input=common.TEXTS)
    common.refused(
        lambda: client.chat.completions.create(
            model=common.CHAT_MODEL, messages=[{"role": "user", "content": common.REFUSED}]
        )
    )
    common.ask_claude(Anthropic())
provider.shutdown()
