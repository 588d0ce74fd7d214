"""OpenTelemetry's instrumentation of Google's GenAI SDK, which runs the tool itself."""

import os

import common
from google import genai
from google.genai import types
from opentelemetry.instrumentation.google_genai import GoogleGenAiSdkInstrumentor

provider = common.tracer_provider()
logs = common.logger_provider()
GoogleGenAiSdkInstrumentor().instrument(tracer_provider=provider, logger_provider=logs)

client = genai.Client(
    api_key="scripted", http_options=types.HttpOptions(base_url=os.environ["MODELS_URL"])
)
client.models.generate_content(
    model=common.GEMINI_MODEL,
    contents=common.QUESTION,
    config=types.GenerateContentConfig(
        system_instruction=common.SYSTEM, tools=[common.get_weather]
    ),
)
provider.shutdown()
logs.shutdown()
