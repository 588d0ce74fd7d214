"""OpenLIT's SDK with OpenAI and Claude."""

import os

import common
import openlit

openlit.init(
    application_name="clients",
    environment="test",
    otlp_endpoint=os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"],
    disable_metrics=True,
)

from anthropic import Anthropic  # noqa: E402 (after the instrumentation)
from openai import OpenAI  # noqa: E402

client = OpenAI()
common.ask_openai(client)
client.embeddings.create(model=common.EMBEDDING_MODEL, input=common.TEXTS)
common.ask_claude(Anthropic(), is_stream=False)

from opentelemetry import trace  # noqa: E402 (OpenLIT set the provider)

trace.get_tracer_provider().force_flush()
