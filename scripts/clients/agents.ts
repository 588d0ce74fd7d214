/** Coding agents from npm, headless, each told to run one command. */
import type { Emitter, Expectation, Protocol, Target } from "./emitter.ts";
import { installNpm, npmBinOf } from "./install.ts";
import { answer } from "./models/script.ts";

interface Definition {
  name: string;
  /** With its version. */
  npm: string;
  bin: string;
  protocol: Protocol;
  args: string[];
  env?(target: Target): Record<string, string>;
  files?(target: Target): Record<string, string>;
  expects?: { [K in keyof Expectation]?: Expectation[K] | undefined };
}

const prompt = "What is the weather in Oslo? Run the command for it.";

/** Their prompts and tools are their own: what was asked, run and answered has to be in them. */
const expected: Expectation = {
  counts: { tool: 1 },
  question: /What is the weather in Oslo/,
  answer,
  tool: { name: "Bash", args: /echo cloudless, 21 degrees/, result: /cloudless, 21 degrees/ },
  sessionId: /./,
};

function agent({ name, npm, bin, protocol, args, env, files, expects }: Definition): Emitter {
  return {
    name,
    group: "agents",
    version: npm.slice(npm.lastIndexOf("@") + 1),
    protocol,
    install: (cache) => installNpm(cache, bin, [npm]),
    command: (cache) => [npmBinOf(cache, bin, bin), ...args],
    ...(env && { env }),
    ...(files && { files }),
    expects: { ...expected, ...expects } as Expectation,
  };
}

const toolOf = (name: string) => ({ ...expected.tool!, name });

const claudeCode = {
  name: "claude-code",
  npm: "@anthropic-ai/claude-code@2.1.332",
  bin: "claude",
  protocol: "http/protobuf",
  args: ["-p", prompt, "--allowedTools", "Bash", "--model", "claude-sonnet-4-5"],
  env: () => ({
    CLAUDE_CODE_ENABLE_TELEMETRY: "1",
    CLAUDE_CODE_ENHANCED_TELEMETRY_BETA: "1",
    OTEL_TRACES_EXPORTER: "otlp",
    OTEL_LOGS_EXPORTER: "otlp",
    OTEL_METRICS_EXPORTER: "otlp",
    OTEL_LOG_USER_PROMPTS: "1",
    OTEL_LOG_TOOL_DETAILS: "1",
    OTEL_LOG_TOOL_CONTENT: "1",
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
    DISABLE_AUTOUPDATER: "1",
    DISABLE_ERROR_REPORTING: "1",
  }),
} satisfies Definition;

export const agentEmitters: Emitter[] = [
  agent({ ...claudeCode, expects: { lacks: ["reasoning"], isElsewhere: true } }),
  agent({
    ...claudeCode,
    name: "claude-code-beta",
    env: (target) => ({
      ...claudeCode.env(),
      ENABLE_BETA_TRACING_DETAILED: "1",
      BETA_TRACING_ENDPOINT: target.otlpUrl,
    }),
    expects: { lacks: ["reasoning"], lacksCalls: true },
  }),
  agent({
    name: "codex",
    npm: "@openai/codex@0.171.0",
    bin: "codex",
    protocol: "http/protobuf",
    args: ["exec", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox", prompt],
    files: ({ modelsUrl, otlpUrl }) => ({
      ".codex/config.toml": `
model = "gpt-5-codex"
model_provider = "scripted"
check_for_update_on_startup = false
[analytics]
enabled = false
[model_providers.scripted]
name = "scripted"
base_url = "${modelsUrl}/v1"
wire_api = "responses"
env_key = "OPENAI_API_KEY"
[otel]
log_user_prompt = true
exporter = { otlp-http = { endpoint = "${otlpUrl}/v1/logs", protocol = "binary" } }
trace_exporter = { otlp-http = { endpoint = "${otlpUrl}/v1/traces", protocol = "binary" } }
metrics_exporter = "none"
`,
    }),
    // Of what the model said it tells the tool's call alone.
    expects: { isElsewhere: true, answer: undefined, tool: toolOf("exec_command") },
  }),
  agent({
    name: "gemini-cli",
    npm: "@google/gemini-cli@0.61.0",
    bin: "gemini",
    protocol: "http/json",
    args: ["--prompt", prompt, "--yolo", "--model", "gemini-2.5-flash"],
    env: ({ otlpUrl }) => ({
      GEMINI_TELEMETRY_ENABLED: "true",
      GEMINI_TELEMETRY_TRACES_ENABLED: "true",
      GEMINI_TELEMETRY_TARGET: "local",
      GEMINI_TELEMETRY_OTLP_ENDPOINT: otlpUrl,
      GEMINI_TELEMETRY_OTLP_PROTOCOL: "http",
      GEMINI_TELEMETRY_LOG_PROMPTS: "true",
      GEMINI_CLI_TRUST_WORKSPACE: "true",
    }),
    files: () => ({
      ".gemini/settings.json": JSON.stringify({
        security: { auth: { selectedType: "gemini-api-key" } },
        privacy: { usageStatisticsEnabled: false },
        general: { disableAutoUpdate: true, disableUpdateNag: true },
      }),
    }),
    expects: { tool: toolOf("run_shell_command") },
  }),
  agent({
    name: "qwen-code",
    npm: "@qwen-code/qwen-code@0.24.4",
    bin: "qwen",
    protocol: "http/json",
    args: ["--prompt", prompt, "--yolo", "--auth-type", "openai"],
    env: () => ({ OPENAI_MODEL: "gpt-4.1-mini" }),
    files: ({ otlpUrl }) => ({
      ".qwen/settings.json": JSON.stringify({
        telemetry: {
          enabled: true,
          target: "local",
          otlpEndpoint: otlpUrl,
          otlpProtocol: "http",
          logPrompts: true,
          includeSensitiveSpanAttributes: true,
        },
        privacy: { usageStatisticsEnabled: false },
        general: { disableAutoUpdate: true },
      }),
    }),
    expects: { tool: toolOf("run_shell_command") },
  }),
  agent({
    name: "opencode",
    npm: "opencode-ai@1.18.33",
    bin: "opencode",
    protocol: "http/json",
    args: ["run", "--title", "Weather", "--model", "scripted/gpt-4.1-mini", prompt],
    env: () => ({
      OPENCODE_DISABLE_AUTOUPDATE: "1",
      OPENCODE_DISABLE_MODELS_FETCH: "1",
      // It does not wait for its last batch.
      OTEL_BSP_SCHEDULE_DELAY: "10",
    }),
    files: ({ modelsUrl }) => ({
      ".config/opencode/opencode.json": JSON.stringify({
        share: "disabled",
        autoupdate: false,
        experimental: { openTelemetry: true },
        permission: { bash: "allow" },
        provider: {
          scripted: {
            npm: "@ai-sdk/openai-compatible",
            options: { baseURL: `${modelsUrl}/v1`, apiKey: "scripted" },
            models: { "gpt-4.1-mini": { name: "scripted", tool_call: true } },
          },
        },
      }),
    }),
    expects: { tool: toolOf("bash") },
  }),
  agent({
    name: "copilot",
    npm: "@github/copilot@1.0.102",
    bin: "copilot",
    protocol: "http/json",
    args: ["--prompt", prompt, "--allow-all-tools", "--no-color"],
    env: ({ modelsUrl }) => ({
      COPILOT_OFFLINE: "true",
      COPILOT_PROVIDER_BASE_URL: `${modelsUrl}/v1`,
      COPILOT_PROVIDER_API_KEY: "scripted",
      COPILOT_MODEL: "gpt-4.1-mini",
      COPILOT_OTEL_ENABLED: "true",
      OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: "true",
    }),
    expects: { tool: toolOf("bash") },
  }),
];
