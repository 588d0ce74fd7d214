"""A DSPy prediction, instrumented by OpenInference."""

import common
from openinference.instrumentation.dspy import DSPyInstrumentor

provider = common.tracer_provider()
DSPyInstrumentor().instrument(tracer_provider=provider)

import dspy  # noqa: E402 (after the instrumentation)

dspy.configure(lm=dspy.LM(f"openai/{common.CHAT_MODEL}", cache=False))


class Forecaster(dspy.Module):
    def __init__(self):
        super().__init__()
        self.predict = dspy.Predict("question -> answer")
        self.weather = dspy.Tool(common.get_weather)

    def forward(self, question: str):
        self.predict(question=f"Which city is meant: {question}")
        self.weather(city="Oslo")
        return self.predict(question=question)


Forecaster()(question=common.QUESTION)
provider.shutdown()
