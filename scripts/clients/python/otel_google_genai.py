"""OpenTelemetry's instrumentation of Google's GenAI SDK over gRPC, the second call a stream."""

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
config = types.GenerateContentConfig(
    system_instruction=common.SYSTEM,
    tools=[
        types.Tool(
            function_declarations=[
                types.FunctionDeclaration(
                    name="get_weather", parameters_json_schema=common.WEATHER_SCHEMA
                )
            ]
        )
    ],
)
contents = [types.Content(role="user", parts=[types.Part(text=common.QUESTION)])]
first = client.models.generate_content(
    model=common.GEMINI_MODEL, contents=contents, config=config
)
result = types.Part.from_function_response(
    name="get_weather", response={"result": common.RESULT}
)
contents += [first.candidates[0].content, types.Content(role="user", parts=[result])]
for _ in client.models.generate_content_stream(
    model=common.GEMINI_MODEL, contents=contents, config=config
):
    pass
provider.shutdown()
logs.shutdown()
