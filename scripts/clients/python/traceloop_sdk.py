"""Traceloop's SDK (OpenLLMetry): a workflow with OpenAI, a tool and an embedding, then Claude."""

import os

import common
from anthropic import Anthropic
from openai import OpenAI
from traceloop.sdk import Traceloop
from traceloop.sdk.decorators import agent, tool

Traceloop.init(
    app_name="clients",
    api_endpoint=os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"],
    telemetry_enabled=False,
    should_enrich_metrics=True,
)


@tool(name="get_weather")
def call_tool(city: str) -> str:
    return common.RESULT


@agent(name="forecaster")
def run(question: str) -> str:
    Traceloop.set_association_properties({"session_id": common.SESSION})
    client = OpenAI()
    answer = common.ask_openai(client, call_tool)
    client.embeddings.create(model=common.EMBEDDING_MODEL, input=common.TEXTS)
    # Of a stream it adds up the counts of output, which grow.
    common.ask_claude(Anthropic(), is_stream=False)
    return answer


run(common.QUESTION)
from opentelemetry import trace  # noqa: E402 (Traceloop set the provider)

trace.get_tracer_provider().force_flush()
