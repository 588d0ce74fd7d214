"""What the Python emitters share: the conversation, and an OpenTelemetry SDK that exports to Tealight."""

import os

MODELS = os.environ["MODELS_URL"]
SYSTEM = "You are a weather assistant."
QUESTION = "What is the weather in Oslo?"
RESULT = "cloudless, 21 degrees"
REFUSED = "Refuse this, please."
SESSION = "session-1"
CHAT_MODEL = "gpt-4.1-mini"
CLAUDE_MODEL = "claude-sonnet-4-5"
GEMINI_MODEL = "gemini-2.5-flash"
EMBEDDING_MODEL = "text-embedding-3-small"
TEXTS = ["Oslo is in Norway.", "Bergen is in Norway."]

WEATHER_SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
}
CHAT_TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The current weather of a city.",
        "parameters": WEATHER_SCHEMA,
    },
}
CLAUDE_TOOL = {
    "name": "get_weather",
    "description": "The current weather of a city.",
    "input_schema": WEATHER_SCHEMA,
}


def get_weather(city: str) -> str:
    """The current weather of a city.

    Args:
        city: The city.
    """
    return RESULT


def is_grpc() -> bool:
    return os.environ["OTEL_EXPORTER_OTLP_PROTOCOL"] == "grpc"


def span_exporter():
    """The exporter of the protocol that the environment names, to the endpoint that it names."""
    if is_grpc():
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
    else:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    return OTLPSpanExporter()


def tracer_provider():
    """A provider with a batch processor, set as the global one; exports the rest at its shutdown."""
    from opentelemetry import trace
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(span_exporter()))
    trace.set_tracer_provider(provider)
    return provider


def logger_provider():
    """The same for log records, which some conventions put messages into."""
    from opentelemetry._logs import set_logger_provider
    from opentelemetry.sdk._logs import LoggerProvider
    from opentelemetry.sdk._logs.export import BatchLogRecordProcessor

    if is_grpc():
        from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter
    else:
        from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
    provider = LoggerProvider()
    provider.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter()))
    set_logger_provider(provider)
    return provider


def ask_openai(client, call_tool=get_weather) -> str:
    """Two chat calls around one call of the tool."""
    messages = [
        {"role": "system", "content": SYSTEM},
        {"role": "user", "content": QUESTION},
    ]
    first = client.chat.completions.create(
        model=CHAT_MODEL, messages=messages, tools=[CHAT_TOOL]
    )
    call = first.choices[0].message.tool_calls[0]
    messages += [
        {
            "role": "assistant",
            "tool_calls": [
                {
                    "id": call.id,
                    "type": "function",
                    "function": {
                        "name": call.function.name,
                        "arguments": call.function.arguments,
                    },
                }
            ],
        },
        {"role": "tool", "tool_call_id": call.id, "content": call_tool("Oslo")},
    ]
    second = client.chat.completions.create(
        model=CHAT_MODEL, messages=messages, tools=[CHAT_TOOL]
    )
    return second.choices[0].message.content


def ask_claude(client, is_stream=True) -> None:
    """The same with Anthropic's messages, the second call as a stream."""
    messages = [{"role": "user", "content": QUESTION}]
    options = {
        "model": CLAUDE_MODEL,
        "max_tokens": 500,
        "system": SYSTEM,
        "tools": [CLAUDE_TOOL],
    }
    first = client.messages.create(messages=messages, **options)
    use = first.content[0]
    result = {"type": "tool_result", "tool_use_id": use.id, "content": get_weather("Oslo")}
    said = {"type": "tool_use", "id": use.id, "name": use.name, "input": use.input}
    messages += [
        {"role": "assistant", "content": [said]},
        {"role": "user", "content": [result]},
    ]
    if not is_stream:
        client.messages.create(messages=messages, **options)
        return
    for _ in client.messages.create(messages=messages, stream=True, **options):
        pass


def refused(call) -> None:
    """A call that the model server refuses."""
    try:
        call()
    except Exception as error:  # each client has a class of its own
        assert "refuses" in str(error), error
    else:
        raise AssertionError("the call was not refused")
