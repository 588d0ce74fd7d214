"""OpenTelemetry's own instrumentation of the OpenAI SDK, spans and log records over gRPC."""

import common
from openai import OpenAI
from opentelemetry.instrumentation.openai_v2 import OpenAIInstrumentor

provider = common.tracer_provider()
logs = common.logger_provider()
OpenAIInstrumentor().instrument(tracer_provider=provider, logger_provider=logs)

client = OpenAI()
common.ask_openai(client)
client.embeddings.create(model=common.EMBEDDING_MODEL, input=common.TEXTS)
common.refused(
    lambda: client.chat.completions.create(
        model=common.CHAT_MODEL, messages=[{"role": "user", "content": common.REFUSED}]
    )
)
provider.shutdown()
logs.shutdown()
