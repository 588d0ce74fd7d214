/**
 * All senders, in the order in which they are asked about a span. Agents and frameworks come before
 * the instrumentations that they use, since they know better what a span is for.
 */
import type { Sender } from "../sender.ts";
import { anthropicSdk } from "./anthropic-sdk.ts";
import { claudeCode } from "./claude-code.ts";
import { codex } from "./codex.ts";
import { copilot } from "./copilot.ts";
import { geminiCli } from "./gemini-cli.ts";
import { goose } from "./goose.ts";
import { langSmith } from "./langsmith.ts";
import { laminar } from "./laminar.ts";
import { langfuse } from "./langfuse.ts";
import { liveKit } from "./livekit.ts";
import { mastra } from "./mastra.ts";
import { openInference } from "./openinference.ts";
import { openLlmetry } from "./openllmetry.ts";
import { pydanticAi } from "./pydantic-ai.ts";
import { qwenCode } from "./qwen-code.ts";
import { strands } from "./strands.ts";
import { vercel } from "./vercel.ts";

export const senders: readonly Sender[] = [
  claudeCode,
  codex,
  geminiCli,
  qwenCode,
  copilot,
  goose,
  langfuse,
  openInference,
  langSmith,
  mastra,
  vercel,
  pydanticAi,
  strands,
  liveKit,
  laminar,
  anthropicSdk,
  openLlmetry,
];
