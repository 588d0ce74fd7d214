/** What all emitters send, and what is to become of it. */
import { semanticConventions } from "../conventions.ts";
import { rules } from "../rules.ts";
import { claudeCode } from "./claude-code.ts";
import { codex } from "./codex.ts";
import { copilotChat } from "./copilot.ts";
import type { Fixture } from "./fixture.ts";
import { frameworks } from "./frameworks.ts";
import { geminiCli } from "./gemini-cli.ts";
import { genkit } from "./genkit.ts";
import { googleAdk } from "./google-adk.ts";
import { langfuse } from "./langfuse.ts";
import { langSmith } from "./langsmith.ts";
import { liteLlm } from "./litellm.ts";
import { liveKit } from "./livekit.ts";
import { logfire } from "./logfire.ts";
import { mastra } from "./mastra.ts";
import { mlflow } from "./mlflow.ts";
import { openCode } from "./opencode.ts";
import { openInference } from "./openinference.ts";
import { openLlmetry } from "./openllmetry.ts";
import { pydanticAi } from "./pydantic-ai.ts";
import { qwenCode } from "./qwen-code.ts";
import { strands } from "./strands.ts";
import { vercel } from "./vercel.ts";
import { voltAgent } from "./voltagent.ts";

export const fixtures: Fixture[] = [
  ...semanticConventions,
  ...openInference,
  ...openLlmetry,
  ...vercel,
  ...langSmith,
  ...pydanticAi,
  ...mastra,
  ...strands,
  ...liveKit,
  ...claudeCode,
  ...codex,
  ...geminiCli,
  ...qwenCode,
  ...copilotChat,
  ...openCode,
  ...langfuse,
  ...mlflow,
  ...genkit,
  ...googleAdk,
  ...liteLlm,
  ...logfire,
  ...voltAgent,
  ...frameworks,
  ...rules,
];
