"""MLflow's tracing with OpenAI's autolog, exported by OTLP instead of to a tracking server."""

import common
import mlflow
from mlflow.entities import SpanType
from openai import OpenAI

mlflow.openai.autolog()
client = OpenAI()


@mlflow.trace(span_type=SpanType.TOOL, name="get_weather")
def call_tool(city: str) -> str:
    return common.RESULT


@mlflow.trace(span_type=SpanType.AGENT, name="forecaster")
def run(question: str) -> str:
    answer = common.ask_openai(client, lambda city: call_tool(city=city))
    client.embeddings.create(model=common.EMBEDDING_MODEL, input=common.TEXTS)
    return answer


run(common.QUESTION)
mlflow.flush_trace_async_logging()
