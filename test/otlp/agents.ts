/**
 * Sessions of agents as they tell them: two turns, in the first a tool between two calls, in the second one
 * call. The same in log records and in spans, each agent in its own words.
 */
import type { Message } from "./second.ts";
import { attributes, nanos } from "./sender.ts";

export interface Record {
  signal: "traces" | "logs";
  record: Message;
  /** The record says what a span says, too. */
  resource: Message;
  scope: Message;
}

export interface Session {
  logs: Record[];
  spans: Record[];
  /** Of all model calls: input with its cache, output with its reasoning. */
  calls: { input: number; cached: number; output: number }[];
}

export const turnTrace = ["11111111111111111111111111111111", "22222222222222222222222222222222"];
export const sessionId = "5e551044-0000-4000-8000-000000000001";

type Values = { [key: string]: string | number | boolean | string[] };

/** With booleans, lists and fractions, too. */
function attrs(values: Values): Message[] {
  return Object.entries(values).map(([key, value]) => {
    if (typeof value === "boolean") return { key, value: { boolValue: value } };
    if (Array.isArray(value)) {
      return {
        key,
        value: { arrayValue: { values: value.map((stringValue) => ({ stringValue })) } },
      };
    }
    const isWhole = typeof value === "string" || Number.isInteger(value);
    return isWhole ? attributes({ [key]: value })[0]! : { key, value: { doubleValue: value } };
  });
}

interface Home {
  resource: Values;
  logScope: string;
  spanScope: string;
}

function logOf(home: Home, ms: number, fields: Message, values: Values): Record {
  return {
    signal: "logs",
    record: { timeUnixNano: nanos(ms), attributes: attrs(values), ...fields },
    resource: { attributes: attrs(home.resource) },
    scope: { name: home.logScope },
  };
}

function spanOf(
  home: Home,
  ids: [trace: string, span: number, parent?: number],
  name: string,
  times: [number, number],
  values: Values,
  more: Message = {},
): Record {
  const [traceId, id, parent] = ids;
  return {
    signal: "traces",
    record: {
      traceId,
      spanId: spanId(id),
      ...(parent !== undefined && { parentSpanId: spanId(parent) }),
      name,
      startTimeUnixNano: nanos(times[0]),
      endTimeUnixNano: nanos(times[1]),
      attributes: attrs(values),
      ...more,
    },
    resource: { attributes: attrs(home.resource) },
    scope: { name: home.spanScope },
  };
}

export function spanId(id: number): string {
  return id.toString(16).padStart(16, "a");
}

/** @param names whether the records name spans; the call ids and request ids that they carry. */
export function claudeCode(names = true, withIds = true): Session {
  const home = {
    resource: { "service.name": "claude-code", "service.version": "2.1.0" },
    logScope: "com.anthropic.claude_code.events",
    spanScope: "com.anthropic.claude_code.tracing",
  };
  let sequence = 0;
  const log = (turn: number, ms: number, name: string, values: Values, span = turn * 10 + 1) =>
    logOf(
      home,
      ms,
      {
        body: { stringValue: `claude_code.${name}` },
        ...(names && { traceId: turnTrace[turn]!, spanId: spanId(span) }),
      },
      {
        "session.id": sessionId,
        "user.id": "u-1",
        "event.name": name,
        "event.sequence": sequence++,
        "prompt.id": `prompt-${turn}`,
        ...values,
      },
    );
  const id = (request: string): Values => (withIds ? { request_id: request } : {});
  const usage = (output: number) => ({
    model: "claude-sonnet-4-5",
    input_tokens: 10,
    output_tokens: output,
    cache_read_tokens: 200,
    cache_creation_tokens: 30,
  });
  const call = (turn: number, ms: number, request: string, output: number, text: string) => [
    log(turn, ms, "api_request", {
      ...usage(output),
      cost_usd: 0.25,
      duration_ms: 300,
      ttft_ms: 120,
      ...id(request),
    }),
    log(turn, ms + 1, "assistant_response", {
      response: text,
      model: "claude-sonnet-4-5",
      ...id(request),
    }),
  ];
  const base = { "session.id": sessionId, "user.id": "u-1" };
  const callSpan = (turn: number, span: number, ms: number, request: string, output: number) =>
    spanOf(
      home,
      [turnTrace[turn]!, span, turn * 10 + 1],
      "claude_code.llm_request",
      [ms - 301, ms + 2],
      { ...base, "span.type": "llm_request", ...usage(output), ttft_ms: 120, ...id(request) },
    );
  const tool = { tool_name: "Bash", tool_use_id: "toolu_1" };
  return {
    logs: [
      log(0, 10_000, "user_prompt", { prompt: "List the files", prompt_length: "14" }),
      ...call(0, 10_400, "req_1", 40, "I will look."),
      log(0, 10_420, "tool_decision", { ...tool, decision: "accept", source: "config" }, 3),
      log(0, 10_600, "tool_result", {
        ...tool,
        success: "true",
        duration_ms: "150",
        tool_input: '{"command":"ls"}',
      }),
      ...call(0, 11_000, "req_2", 50, "There are two."),
      log(1, 20_000, "user_prompt", { prompt: "Thanks", prompt_length: "6" }),
      ...call(1, 20_500, "req_3", 60, "You are welcome."),
    ],
    spans: [
      callSpan(0, 2, 10_400, "req_1", 40),
      spanOf(home, [turnTrace[0]!, 3, 4], "claude_code.tool.blocked_on_user", [10_410, 10_420], {
        ...base,
        "span.type": "tool.blocked_on_user",
        decision: "accept",
      }),
      spanOf(home, [turnTrace[0]!, 4, 1], "claude_code.tool", [10_405, 10_600], {
        ...base,
        "span.type": "tool",
        "gen_ai.operation.name": "execute_tool",
        ...tool,
      }),
      callSpan(0, 5, 11_000, "req_2", 50),
      spanOf(home, [turnTrace[0]!, 1], "claude_code.interaction", [9_990, 11_010], {
        ...base,
        "span.type": "interaction",
        user_prompt: "List the files",
      }),
      callSpan(1, 12, 20_500, "req_3", 60),
      spanOf(home, [turnTrace[1]!, 11], "claude_code.interaction", [19_990, 20_510], {
        ...base,
        "span.type": "interaction",
        user_prompt: "Thanks",
      }),
    ],
    calls: [40, 50, 60].map((output) => ({ input: 240, cached: 200, output })),
  };
}

export function codex(names = true): Session {
  const home = {
    resource: { "service.name": "codex_cli_rs" },
    logScope: "codex_otel.log_only",
    spanScope: "codex_cli_rs",
  };
  const log = (turn: number, ms: number, name: string, values: Values, span?: number) =>
    logOf(
      home,
      ms,
      names && span !== undefined ? { traceId: turnTrace[turn]!, spanId: spanId(span) } : {},
      {
        "event.name": `codex.${name}`,
        "event.timestamp": `t${ms}`,
        "conversation.id": sessionId,
        model: "gpt-5-mini",
        ...values,
      },
    );
  const call = (turn: number, ms: number, output: number) => [
    log(
      turn,
      ms - 200,
      "api_request",
      {
        duration_ms: "20",
        "http.response.status_code": 200,
        attempt: 0,
        endpoint: "/responses",
      },
      turn * 10 + 6,
    ),
    // It tells that it ends, and then what it used.
    log(turn, ms, "sse_event", { "event.kind": "response.completed", duration_ms: "0" }),
    log(turn, ms + 1, "sse_event", {
      "event.kind": "response.completed",
      input_token_count: "1300",
      output_token_count: String(output),
      cached_token_count: 1000,
      reasoning_token_count: 20,
      tool_token_count: String(1300 + output),
      ttft_ms: 90,
    }),
  ];
  const callSpan = (turn: number, span: number, ms: number, output: number) =>
    spanOf(home, [turnTrace[turn]!, span, turn * 10 + 1], "handle_responses", [ms, ms + 2], {
      "gen_ai.usage.input_tokens": 1300,
      "gen_ai.usage.output_tokens": output,
      "gen_ai.usage.cache_read.input_tokens": 1000,
      "codex.usage.reasoning_output_tokens": 20,
      "codex.usage.total_tokens": 1300 + output,
    });
  const turnSpan = (turn: number, times: [number, number]) =>
    spanOf(home, [turnTrace[turn]!, turn * 10 + 1], "session_task.turn", times, {
      "thread.id": sessionId,
      model: "gpt-5-mini",
    });
  const tool = { tool_name: "exec_command", call_id: "call_1" };
  return {
    logs: [
      log(0, 10_000, "user_prompt", { prompt: "List the files", prompt_length: "14" }, 7),
      log(0, 10_000, "user_prompt", { prompt_length: "14" }, 7),
      ...call(0, 10_400, 40),
      log(0, 10_420, "tool_decision", { ...tool, decision: "approved" }, 4),
      log(
        0,
        10_600,
        "tool_result",
        {
          ...tool,
          duration_ms: "150",
          success: "true",
          arguments: '{"cmd":"ls"}',
          output: "a\nb",
        },
        4,
      ),
      ...call(0, 11_000, 50),
      log(1, 20_000, "user_prompt", { prompt: "Thanks", prompt_length: "6" }, 17),
      ...call(1, 20_500, 60),
    ],
    spans: [
      callSpan(0, 2, 10_400, 40),
      spanOf(home, [turnTrace[0]!, 3, 1], "exec_command", [10_450, 10_601], {
        ...tool,
        "conversation.id": sessionId,
        "codex.tool.phase": "dispatch",
      }),
      spanOf(home, [turnTrace[0]!, 4, 3], "dispatch_tool_call_with_state", [10_451, 10_600], {}),
      callSpan(0, 5, 11_000, 50),
      turnSpan(0, [9_990, 11_010]),
      callSpan(1, 12, 20_500, 60),
      turnSpan(1, [19_990, 20_510]),
    ],
    calls: [40, 50, 60].map((output) => ({ input: 1300, cached: 1000, output })),
  };
}

/** Each call and each tool's schedule is a trace of its own. */
export function geminiCli(names = true): Session {
  const home = {
    resource: { "service.name": "gemini-cli", "session.id": sessionId },
    logScope: "gemini-cli",
    spanScope: "gemini-cli",
  };
  const traceOf = (span: number) => span.toString(16).padStart(32, "3");
  const log = (turn: number, ms: number, name: string, values: Values, span?: number) =>
    logOf(
      home,
      ms,
      names && span !== undefined ? { traceId: traceOf(span), spanId: spanId(span) } : {},
      {
        "session.id": sessionId,
        "event.name": name,
        "event.timestamp": `t${ms}`,
        prompt_id: `prompt-${turn}`,
        ...values,
      },
    );
  const call = (turn: number, ms: number, output: number, text: string, span: number) => [
    log(
      turn,
      ms - 300,
      "gemini_cli.api_request",
      {
        model: "gemini-2.5-pro",
        request_text: '[{"role":"user","parts":[{"text":"hello"}]}]',
        role: "main",
      },
      span,
    ),
    log(turn, ms, "gemini_cli.api_response", {
      model: "gemini-2.5-pro",
      duration_ms: 299,
      input_token_count: 1500,
      output_token_count: output,
      cached_content_token_count: 1000,
      thoughts_token_count: 50,
      total_token_count: 1550 + output,
      role: "main",
      response_text: JSON.stringify(
        text.split(" ").map((word, i) => ({
          candidates: [
            { content: { role: "model", parts: [{ text: i > 0 ? ` ${word}` : word }] } },
          ],
        })),
      ),
    }),
    log(turn, ms + 1, "gen_ai.client.inference.operation.details", {
      "gen_ai.request.model": "gemini-2.5-pro",
      "gen_ai.response.id": `answer-${ms}`,
      "gen_ai.output.messages": JSON.stringify([
        { role: "system", parts: [{ type: "text", content: text }] },
      ]),
    }),
  ];
  const callSpan = (ms: number, output: number, span: number) =>
    spanOf(
      home,
      [traceOf(span), span],
      "llm_call",
      [ms - 301, ms + 3],
      {
        "gen_ai.operation.name": "llm_call",
        "gen_ai.conversation.id": sessionId,
        "gen_ai.request.model": "gemini-2.5-pro",
        "gen_ai.usage.input_tokens": 1500,
        "gen_ai.usage.output_tokens": output,
      },
      { status: { code: 1 } },
    );
  const tool = { function_name: "list_files", function_args: '{"path":"."}' };
  return {
    logs: [
      log(0, 10_000, "gemini_cli.user_prompt", { prompt: "List the files", prompt_length: 14 }),
      ...call(0, 10_400, 40, "I will look.", 2),
      log(
        0,
        10_600,
        "gemini_cli.tool_call",
        { ...tool, duration_ms: 150, success: true, decision: "accept" },
        3,
      ),
      ...call(0, 11_000, 50, "There are two.", 5),
      log(1, 20_000, "gemini_cli.user_prompt", { prompt: "Thanks", prompt_length: 6 }),
      ...call(1, 20_500, 60, "You are welcome.", 6),
    ],
    spans: [
      callSpan(10_400, 40, 2),
      spanOf(home, [traceOf(3), 4, 3], "tool_call", [10_470, 10_599], {
        "gen_ai.operation.name": "tool_call",
        "gen_ai.conversation.id": sessionId,
        "gen_ai.tool.name": "list_files",
        "gen_ai.input.messages": '{"path":"."}',
      }),
      spanOf(home, [traceOf(3), 3], "schedule_tool_calls", [10_450, 10_605], {
        "gen_ai.operation.name": "schedule_tool_calls",
        "gen_ai.conversation.id": sessionId,
      }),
      callSpan(11_000, 50, 5),
      callSpan(20_500, 60, 6),
    ],
    calls: [90, 100, 110].map((output) => ({ input: 1500, cached: 1000, output })),
  };
}

/** One trace for the session. */
export function qwenCode(names = true): Session {
  const home = {
    resource: { "service.name": "qwen-code", "session.id": sessionId },
    logScope: "qwen-code",
    spanScope: "qwen-code",
  };
  const log = (turn: number, ms: number, name: string, values: Values, span?: number) =>
    logOf(
      home,
      ms,
      names && span !== undefined ? { traceId: turnTrace[0]!, spanId: spanId(span) } : {},
      {
        "session.id": sessionId,
        "event.name": `qwen-code.${name}`,
        "event.timestamp": `t${ms}`,
        prompt_id: `prompt-${turn}`,
        ...values,
      },
    );
  const call = (turn: number, ms: number, output: number, text: string, span: number) => [
    log(
      turn,
      ms - 300,
      "api_request",
      {
        model: "qwen3-coder",
        request_text: '[{"role":"user","parts":[{"text":"hello"}]}]',
      },
      span,
    ),
    log(
      turn,
      ms,
      "api_response",
      {
        response_id: `chat-${ms}`,
        model: "qwen3-coder",
        duration_ms: 290,
        input_token_count: 1300,
        output_token_count: output,
        cached_content_token_count: 1000,
        thoughts_token_count: 5,
        total_token_count: 1300 + output,
        response_text: text,
      },
      span,
    ),
  ];
  const base = { "session.id": sessionId };
  const callSpan = (turn: number, ms: number, output: number, span: number) =>
    spanOf(
      home,
      [turnTrace[0]!, span, turn * 10 + 1],
      "qwen-code.llm_request",
      [ms - 301, ms + 3],
      {
        ...base,
        "gen_ai.operation.name": "chat",
        "qwen-code.prompt_id": `prompt-${turn}`,
        "gen_ai.request.model": "qwen3-coder",
        "gen_ai.usage.input_tokens": 1300,
        "gen_ai.usage.output_tokens": output,
        "gen_ai.usage.cache_read.input_tokens": 1000,
      },
    );
  const turnSpan = (turn: number, times: [number, number]) =>
    spanOf(home, [turnTrace[0]!, turn * 10 + 1], "qwen-code.interaction", times, {
      ...base,
      "gen_ai.operation.name": "invoke_agent",
      "qwen-code.prompt_id": `prompt-${turn}`,
    });
  return {
    logs: [
      log(0, 10_000, "user_prompt", { prompt: "List the files", prompt_length: 14 }, 1),
      ...call(0, 10_400, 40, "I will look.", 2),
      log(
        0,
        10_600,
        "tool_call",
        {
          function_name: "list_files",
          function_args: '{"path":"."}',
          duration_ms: 150,
          status: "success",
          success: true,
          decision: "auto_accept",
        },
        4,
      ),
      ...call(0, 11_000, 50, "There are two.", 5),
      log(1, 20_000, "user_prompt", { prompt: "Thanks", prompt_length: 6 }, 11),
      ...call(1, 20_500, 60, "You are welcome.", 12),
    ],
    spans: [
      callSpan(0, 10_400, 40, 2),
      spanOf(home, [turnTrace[0]!, 4, 1], "qwen-code.tool", [10_445, 10_601], {
        ...base,
        "gen_ai.operation.name": "execute_tool",
        "tool.name": "list_files",
        "tool.call_id": "call_1",
        "qwen-code.prompt_id": "prompt-0",
      }),
      callSpan(0, 11_000, 50, 5),
      turnSpan(0, [9_990, 11_010]),
      callSpan(1, 20_500, 60, 12),
      turnSpan(1, [19_990, 20_510]),
    ],
    calls: [40, 50, 60].map((output) => ({ input: 1300, cached: 1000, output })),
  };
}

/** Its records name their spans. */
export function copilot(): Session {
  const home = {
    resource: { "service.name": "copilot-chat", "session.id": "window" },
    logScope: "copilot-chat",
    spanScope: "copilot-chat",
  };
  const log = (turn: number, span: number, ms: number, name: string, values: Values) =>
    logOf(
      home,
      ms,
      { traceId: turnTrace[turn]!, spanId: spanId(span) },
      {
        "event.name": name,
        "gen_ai.conversation.id": sessionId,
        ...values,
      },
    );
  const usage = (output: number) => ({
    "gen_ai.operation.name": "chat",
    "gen_ai.request.model": "gpt-5-mini",
    "gen_ai.usage.input_tokens": 1300,
    "gen_ai.usage.output_tokens": output,
    "gen_ai.usage.cache_read.input_tokens": 1000,
  });
  const details = (turn: number, span: number, ms: number, output: number) =>
    log(turn, span, ms, "gen_ai.client.inference.operation.details", {
      ...usage(output),
      "gen_ai.response.id": `answer-${ms}`,
    });
  const chat = (turn: number, span: number, ms: number, output: number) =>
    spanOf(home, [turnTrace[turn]!, span, turn * 10 + 1], "chat gpt-5-mini", [ms - 300, ms], {
      ...usage(output),
      "gen_ai.response.id": `answer-${ms}`,
      "gen_ai.conversation.id": sessionId,
    });
  const agent = (turn: number, times: [number, number]) =>
    spanOf(home, [turnTrace[turn]!, turn * 10 + 1], "invoke_agent copilot", times, {
      "gen_ai.operation.name": "invoke_agent",
      "gen_ai.agent.name": "copilot",
      "gen_ai.conversation.id": sessionId,
    });
  return {
    logs: [
      details(0, 2, 10_400, 40),
      log(0, 3, 10_600, "copilot_chat.tool.call", {
        "gen_ai.tool.name": "list_files",
        duration_ms: 150,
        success: true,
      }),
      details(0, 5, 11_000, 50),
      details(1, 12, 20_500, 60),
    ],
    spans: [
      chat(0, 2, 10_400, 40),
      spanOf(home, [turnTrace[0]!, 3, 1], "execute_tool list_files", [10_450, 10_600], {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "list_files",
        "gen_ai.conversation.id": sessionId,
      }),
      chat(0, 5, 11_000, 50),
      agent(0, [9_990, 11_010]),
      chat(1, 12, 20_500, 60),
      agent(1, [19_990, 20_510]),
    ],
    calls: [40, 50, 60].map((output) => ({ input: 1300, cached: 1000, output })),
  };
}

/** One request of records of one signal. */
export function requestOf(records: Record[]): Message {
  const groups = records.map(({ signal, record, resource, scope }) =>
    signal === "traces"
      ? { resource, scopeSpans: [{ scope, spans: [record] }] }
      : { resource, scopeLogs: [{ scope, logRecords: [record] }] },
  );
  return { [records[0]!.signal === "traces" ? "resourceSpans" : "resourceLogs"]: groups };
}
