/** Gemini's generateContent: thoughts are counted beside the candidates. */
import { halvesOf, type Call, type Step } from "./script.ts";

function response(call: Call, parts: object[], isLast: boolean): object {
  const { input, cachedInput, output, reasoning } = call;
  const candidate = { index: 0, content: { role: "model", parts } };
  return {
    responseId: call.id,
    modelVersion: call.model,
    candidates: [{ ...candidate, ...(isLast && { finishReason: "STOP" }) }],
    usageMetadata: {
      promptTokenCount: input,
      cachedContentTokenCount: cachedInput,
      candidatesTokenCount: output - reasoning,
      thoughtsTokenCount: reasoning,
      totalTokenCount: input + output,
    },
  };
}

const partsOf = (step: Step): object[] =>
  "tool" in step ? [{ functionCall: { name: step.tool, args: step.args } }] : [{ text: step.text }];

export function gemini(call: Call, step: Step): object {
  return response(call, partsOf(step), true);
}

export function geminiEvents(call: Call, step: Step): object[] {
  if ("tool" in step) return [response(call, partsOf(step), true)];
  const [first, second] = halvesOf(step.text);
  return [response(call, [{ text: first }], false), response(call, [{ text: second }], true)];
}
