/** What is right for the captures of coding agents: a run is a session, in one trace or several. */
import { anthropic, gemini, lines, responses, chat, type Expected } from "./scripted.ts";

const { ask, answer } = lines;
const shell = 'call run_shell_command {"command":"echo hello-from-tool"}';

export const agents: Expected[] = [
  {
    capture: "claude-code-2.1.332-beta",
    runs: [
      {
        trace: "2aaf35fc",
        sessionId: "ceaf009b-fe2a-4faf-bf5b-c59ab40f7bae",
        customerId: "d98d8f031b4180bd8ce9ba9270d4ca5227ecff01d43d185e485385002612a6ed",
        status: "ok",
        errorCount: 0,
        calls: [
          {
            model: "claude-sonnet-4-5",
            usage: anthropic(0),
            inputHas: [ask],
            offers: ["Bash"],
            output: [lines.look, '?call Bash {"command":"echo hello-from-tool"}'],
          },
          {
            model: "claude-sonnet-4-5",
            usage: anthropic(1),
            inputHas: ["result hello-from-tool"],
            output: [answer],
          },
        ],
        tools: [
          {
            name: "Bash",
            input: 'call Bash {"command":"echo hello-from-tool"}',
            output: "result hello-from-tool",
          },
        ],
      },
    ],
  },
  {
    capture: "codex",
    traceCount: null,
    runs: [
      {
        sessionId: "01a22c6d-71bd-7822-af8b-9dd1e9349a06",
        status: "ok",
        calls: [0, 1].map((n) => ({ model: "gpt-5-mini", usage: responses(n) })),
        // What the tool was given and gave is not in the capture.
        tools: [{ name: "exec_command" }],
        asks: "Weather in Paris?",
      },
    ],
  },
  {
    capture: "gemini-cli",
    traceCount: null,
    runs: [
      {
        sessionId: "01e367f7-fa93-4800-847f-7023d621d925",
        status: "ok",
        calls: [
          {
            model: "gemini-2.5-flash",
            usage: gemini(0),
            inputHas: [ask, "system You are"],
            output: [shell],
          },
          {
            model: "gemini-2.5-flash",
            usage: gemini(1),
            inputHas: [ask, shell, "hello-from-tool"],
            output: [answer],
          },
        ],
        tools: [{ name: "run_shell_command", input: shell, outputHas: "hello-from-tool" }],
      },
    ],
  },
  {
    // Log records alone.
    capture: "qwen-code",
    traceCount: null,
    runs: [
      {
        sessionId: "a257fdbe-92df-4466-9c6f-91b9d9d73593",
        status: "ok",
        calls: [
          { model: "gpt-4o", usage: chat(1), inputHas: ["Weather in Paris?"] },
          {
            model: "gpt-4o",
            usage: chat(2),
            inputHas: ["Weather in Paris?", "hello-from-tool"],
            output: [answer],
          },
        ],
        tools: [{ name: "run_shell_command", input: shell }],
        asks: "Weather in Paris?",
      },
    ],
  },
  // The capture ends before the first model call; nothing may be invented.
  { capture: "opencode", traceCount: 89, runs: [] },
];
