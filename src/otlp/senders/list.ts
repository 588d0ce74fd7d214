/**
 * All senders, in the order in which they are asked about a span. Agents and frameworks come before
 * the instrumentations that they use, since they know better what a span is for.
 */
import type { Sender } from "../sender.ts";
import { ag2 } from "./ag2.ts";
import { anthropicSdk } from "./anthropic-sdk.ts";
import { braintrust } from "./braintrust.ts";
import { claudeCode } from "./claude-code.ts";
import { codex } from "./codex.ts";
import { copilot } from "./copilot.ts";
import { geminiCli } from "./gemini-cli.ts";
import { genkit } from "./genkit.ts";
import { googleAdk } from "./google-adk.ts";
import { goose } from "./goose.ts";
import { haystack } from "./haystack.ts";
import { laminar } from "./laminar.ts";
import { langfuse } from "./langfuse.ts";
import { langSmith } from "./langsmith.ts";
import { langWatch } from "./langwatch.ts";
import { liteLlm } from "./litellm.ts";
import { liveKit } from "./livekit.ts";
import { logfire } from "./logfire.ts";
import { mastra } from "./mastra.ts";
import { mlflow } from "./mlflow.ts";
import { openCode } from "./opencode.ts";
import { openInference } from "./openinference.ts";
import { openLit } from "./openlit.ts";
import { openLlmetry } from "./openllmetry.ts";
import { pydanticAi } from "./pydantic-ai.ts";
import { qwenCode } from "./qwen-code.ts";
import { strands } from "./strands.ts";
import { vercel } from "./vercel.ts";
import { voltAgent } from "./voltagent.ts";

export const senders: readonly Sender[] = [
  claudeCode,
  codex,
  geminiCli,
  qwenCode,
  copilot,
  openCode,
  goose,
  langfuse,
  langWatch,
  braintrust,
  mlflow,
  genkit,
  googleAdk,
  voltAgent,
  haystack,
  ag2,
  openInference,
  langSmith,
  mastra,
  vercel,
  logfire,
  pydanticAi,
  strands,
  liveKit,
  laminar,
  liteLlm,
  openLit,
  anthropicSdk,
  openLlmetry,
];
