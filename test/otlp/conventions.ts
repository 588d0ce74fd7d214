/** OpenTelemetry's GenAI conventions, from their first version to the latest. */
import type { Fixture } from "./senders/fixture.ts";

const resource = { "service.name": "weather-service", "service.version": "1.2.3" };
const scope = {
  name: "weather-service.agent",
  version: "0.4.2",
  attributes: { "scope.kind": "test" },
};

const question = "What is the weather in Oslo?";
const answer = "It is 21 degrees in Oslo.";
const userMessage = { role: "user", parts: [{ type: "text", content: question }] };
const instructions = [{ type: "text", content: "You are a weather assistant." }];
const systemMessage = { role: "system", parts: instructions };
const callMessage = {
  role: "assistant",
  parts: [
    { type: "reasoning", content: "They want the weather." },
    { type: "tool_call", id: "call-1", name: "weather", arguments: { city: "Oslo" } },
  ],
  finish_reason: "tool_call",
};
const resultMessage = {
  role: "tool",
  parts: [{ type: "tool_call_response", id: "call-1", response: { celsius: 21 } }],
};
const answerMessage = {
  role: "assistant",
  parts: [{ type: "text", content: answer }],
  finish_reason: "stop",
};
const tool = {
  type: "function",
  name: "weather",
  description: "Current weather of a city",
  parameters: { type: "object", properties: { city: { type: "string" } } },
};

export const semanticConventions: Fixture[] = [
  {
    title: "GenAI conventions up to 1.26: prompt and completion tokens, content as JSON",
    resource,
    scope,
    spans: [
      {
        id: 1,
        name: "chat gpt-4",
        kind: 3,
        at: [0, 800],
        attributes: {
          "gen_ai.system": "openai",
          "gen_ai.request.model": "gpt-4",
          "gen_ai.request.max_tokens": 200,
          "gen_ai.request.temperature": 0.5,
          "gen_ai.response.model": "gpt-4-0613",
          "gen_ai.response.id": "chatcmpl-1",
          "gen_ai.response.finish_reasons": ["stop"],
          "gen_ai.usage.prompt_tokens": 100,
          "gen_ai.usage.completion_tokens": 20,
          "gen_ai.prompt": JSON.stringify([{ role: "user", content: question }]),
          "gen_ai.completion": JSON.stringify([{ role: "assistant", content: answer }]),
        },
        becomes: {
          spanType: "llm",
          provider: "openai",
          modelId: "gpt-4-0613",
          usage: { inputTokens: 100, outputTokens: 20, totalTokens: 120 },
          input: '[{"role":"user","content":"What is the weather in Oslo?"}]',
          output: '[{"role":"assistant","content":"It is 21 degrees in Oslo."}]',
        },
      },
    ],
    trace: {
      traceName: "chat gpt-4",
      agentName: "weather-service",
      spanCount: 1,
      llmCount: 1,
      toolCount: 0,
      models: ["gpt-4-0613"],
      inputTokens: 100,
      outputTokens: 20,
      totalTokens: 120,
    },
  },
  {
    title: "GenAI conventions 1.27: an operation's name, input and output tokens",
    resource,
    scope,
    spans: [
      {
        id: 3,
        name: "pipeline",
        kind: 2,
        at: [0, 900],
        attributes: { "http.request.method": "POST", "app.ratio": 0.25, "app.none": null },
        becomes: { spanType: "other" },
      },
      {
        id: 1,
        parent: 3,
        name: "text_completion gemini-pro",
        kind: 3,
        at: [0, 800],
        attributes: {
          "gen_ai.operation.name": "text_completion",
          "gen_ai.system": "vertex_ai",
          "gen_ai.request.model": "gemini-pro",
          // Counts drift between integers, doubles and their text.
          "gen_ai.usage.input_tokens": "100",
          "gen_ai.usage.output_tokens": 20,
          "enduser.id": "user-1",
        },
        becomes: {
          spanType: "llm",
          provider: "gcp.vertex_ai",
          modelId: "gemini-pro",
          usage: { inputTokens: 100, outputTokens: 20, totalTokens: 120 },
        },
      },
      {
        id: 2,
        parent: 3,
        name: "embeddings text-embedding-005",
        kind: 3,
        at: [100, 200],
        status: { code: "STATUS_CODE_ERROR", message: "quota exceeded" },
        attributes: {
          "gen_ai.operation.name": "embeddings",
          "gen_ai.system": "gemini",
          "gen_ai.request.model": "text-embedding-005",
          "gen_ai.usage.input_tokens": 7,
          "error.type": "429",
        },
        becomes: {
          spanType: "embedding",
          status: "error",
          errorMessage: "quota exceeded",
          provider: "gcp.gemini",
          modelId: "text-embedding-005",
          usage: { inputTokens: 7 },
        },
      },
    ],
    trace: {
      traceName: "pipeline",
      agentName: "weather-service",
      customer: { id: "user-1" },
      spanCount: 3,
      llmCount: 1,
      toolCount: 0,
      errorCount: 1,
      models: ["gemini-pro", "text-embedding-005"],
      inputTokens: 107,
      outputTokens: 20,
      totalTokens: 120,
    },
  },
  {
    title: "GenAI conventions up to 1.36: content in events of the span",
    resource,
    scope,
    spans: [
      {
        id: 1,
        name: "chat gpt-4o",
        kind: 3,
        at: [0, 800],
        attributes: {
          "gen_ai.operation.name": "chat",
          "gen_ai.system": "az.ai.openai",
          "gen_ai.request.model": "gpt-4o",
          "gen_ai.conversation.id": "session-1",
          "gen_ai.usage.input_tokens": 100,
          "gen_ai.usage.output_tokens": 20,
        },
        events: [
          {
            name: "gen_ai.system.message",
            at: 1.000001,
            attributes: {
              "gen_ai.system": "az.ai.openai",
              content: "You are a weather assistant.",
            },
          },
          {
            name: "gen_ai.user.message",
            at: 2,
            attributes: { "gen_ai.system": "az.ai.openai", role: "user", content: question },
          },
          {
            name: "gen_ai.assistant.message",
            at: 3,
            attributes: {
              tool_calls: JSON.stringify([
                {
                  id: "call-1",
                  type: "function",
                  function: { name: "weather", arguments: '{"city":"Oslo"}' },
                },
              ]),
            },
          },
          {
            name: "gen_ai.tool.message",
            at: 4,
            attributes: {
              "gen_ai.system": "az.ai.openai",
              "gen_ai.event.content":
                '{"role":"tool","id":"call-1","content":"{\\"celsius\\":21}"}',
            },
          },
          { name: "first.token", at: 500.5, attributes: { "app.note": "not of the conventions" } },
          {
            name: "gen_ai.choice",
            at: 700,
            attributes: {
              "gen_ai.system": "az.ai.openai",
              index: 0,
              finish_reason: "stop",
              message: JSON.stringify({ role: "assistant", content: answer }),
            },
          },
          {
            name: "gen_ai.choice",
            at: 701,
            attributes: { index: 1, finish_reason: "length", message: "It is" },
          },
        ],
        becomes: {
          spanType: "llm",
          provider: "azure.ai.openai",
          modelId: "gpt-4o",
          usage: { inputTokens: 100, outputTokens: 20, totalTokens: 120 },
          input: [
            { role: "system", content: "You are a weather assistant." },
            { role: "user", content: question },
            {
              role: "assistant",
              tool_calls: [
                {
                  id: "call-1",
                  type: "function",
                  function: { name: "weather", arguments: '{"city":"Oslo"}' },
                },
              ],
            },
            { role: "tool", content: { celsius: 21 }, tool_call_id: "call-1" },
          ],
          output: [
            { role: "assistant", content: answer, finish_reason: "stop" },
            { role: "assistant", content: "It is", finish_reason: "length" },
          ],
        },
      },
    ],
    trace: {
      traceName: "chat gpt-4o",
      agentName: "weather-service",
      sessionId: "session-1",
      spanCount: 1,
      llmCount: 1,
      toolCount: 0,
      models: ["gpt-4o"],
      inputTokens: 100,
      outputTokens: 20,
      totalTokens: 120,
    },
  },
  {
    title: "GenAI conventions 1.37 and 1.38: messages, instructions, tools",
    resource,
    scope,
    spans: [
      {
        id: 1,
        name: "invoke_agent weather-agent",
        at: [0, 2000.000002],
        attributes: {
          "gen_ai.operation.name": "invoke_agent",
          "gen_ai.provider.name": "mistral_ai",
          "gen_ai.request.model": "mistral-large",
          "gen_ai.agent.name": "weather-agent",
          "gen_ai.agent.id": "agent-1",
          "gen_ai.conversation.id": "session-1",
          "user.id": "user-1",
        },
        links: [
          {
            traceId: "0af7651916cd43dd8448eb211c80319c",
            spanId: "b7ad6b7169203331",
            attributes: { "link.reason": "follows" },
          },
        ],
        becomes: { spanType: "agent", provider: "mistral_ai", modelId: "mistral-large" },
      },
      {
        // Structured, as SDKs that have such attributes send them.
        id: 2,
        parent: 1,
        name: "chat mistral-large",
        kind: 3,
        at: [10, 600],
        attributes: {
          "gen_ai.operation.name": "chat",
          "gen_ai.provider.name": "mistral_ai",
          "gen_ai.request.model": "mistral-large",
          "gen_ai.response.model": "mistral-large-2411",
          "gen_ai.response.finish_reasons": ["tool_call"],
          "gen_ai.system_instructions": instructions,
          "gen_ai.input.messages": [userMessage],
          "gen_ai.output.messages": [callMessage],
          "gen_ai.tool.definitions": [tool],
          "gen_ai.usage.input_tokens": 100,
          "gen_ai.usage.output_tokens": 20,
        },
        becomes: {
          spanType: "llm",
          provider: "mistral_ai",
          modelId: "mistral-large-2411",
          usage: { inputTokens: 100, outputTokens: 20, totalTokens: 120 },
          input: [systemMessage, userMessage],
          output: [callMessage],
          toolCatalog: [tool],
        },
      },
      {
        id: 3,
        parent: 1,
        name: "execute_tool weather",
        at: [610, 700],
        attributes: {
          "gen_ai.operation.name": "execute_tool",
          "gen_ai.tool.name": "weather",
          "gen_ai.tool.type": "function",
          "gen_ai.tool.call.id": "call-1",
          "gen_ai.tool.call.arguments": { city: "Oslo" },
          "gen_ai.tool.call.result": '{"celsius": 21}',
        },
        becomes: {
          spanType: "tool",
          name: "weather",
          input: { city: "Oslo" },
          output: '{"celsius": 21}',
        },
      },
      {
        // As JSON, as all others do.
        id: 4,
        parent: 1,
        name: "chat mistral-large",
        kind: 3,
        at: [710, 1900],
        attributes: {
          "gen_ai.operation.name": "chat",
          "gen_ai.provider.name": "mistral_ai",
          "gen_ai.request.model": "mistral-large",
          "gen_ai.system_instructions": JSON.stringify(instructions),
          "gen_ai.input.messages": JSON.stringify([userMessage, callMessage, resultMessage]),
          "gen_ai.output.messages": JSON.stringify([answerMessage]),
          "gen_ai.usage.input_tokens": 150,
          "gen_ai.usage.output_tokens": 30,
        },
        becomes: {
          spanType: "llm",
          provider: "mistral_ai",
          modelId: "mistral-large",
          usage: { inputTokens: 150, outputTokens: 30, totalTokens: 180 },
          input: [systemMessage, userMessage, callMessage, resultMessage],
          output:
            '[{"role":"assistant","parts":[{"type":"text","content":"It is 21 degrees in Oslo."}],"finish_reason":"stop"}]',
        },
      },
    ],
    trace: {
      traceName: "invoke_agent weather-agent",
      agentName: "weather-agent",
      sessionId: "session-1",
      customer: { id: "user-1" },
      spanCount: 4,
      llmCount: 2,
      toolCount: 1,
      models: ["mistral-large", "mistral-large-2411"],
      inputTokens: 250,
      outputTokens: 50,
      totalTokens: 300,
    },
  },
  {
    title:
      "GenAI conventions 1.40 and 1.41: caching, reasoning, time to the first chunk, workflows",
    resource,
    scope,
    spans: [
      {
        id: 1,
        name: "invoke_workflow forecast",
        at: [0, 2000],
        attributes: {
          "gen_ai.operation.name": "invoke_workflow",
          "gen_ai.workflow.name": "forecast",
          // Repeats what its calls used.
          "gen_ai.usage.input_tokens": 1000,
          "gen_ai.usage.output_tokens": 20,
        },
        becomes: {
          spanType: "agent",
          usage: { inputTokens: 1000, outputTokens: 20, totalTokens: 1020 },
        },
      },
      {
        id: 2,
        parent: 1,
        name: "chat claude-opus-4-7",
        kind: 3,
        at: [10, 600],
        attributes: {
          "gen_ai.operation.name": "chat",
          "gen_ai.provider.name": "anthropic",
          "gen_ai.request.model": "claude-opus-4-7",
          "gen_ai.usage.input_tokens": 1000,
          "gen_ai.usage.cache_read.input_tokens": 600,
          "gen_ai.usage.cache_creation.input_tokens": 300,
          "gen_ai.usage.output_tokens": 20,
          "gen_ai.usage.reasoning.output_tokens": 8,
          "gen_ai.response.time_to_first_chunk": 1.005,
        },
        becomes: {
          spanType: "llm",
          provider: "anthropic",
          modelId: "claude-opus-4-7",
          ttftMs: 1005,
          usage: {
            inputTokens: 1000,
            outputTokens: 20,
            totalTokens: 1020,
            reasoningTokens: 8,
            cachedInputTokens: 600,
            cacheWriteInputTokens: 300,
          },
        },
      },
      {
        id: 3,
        parent: 1,
        name: "plan",
        at: [610, 620],
        attributes: { "gen_ai.operation.name": "plan" },
        becomes: { spanType: "other" },
      },
      {
        id: 4,
        parent: 1,
        name: "retrieval weather-docs",
        at: [620, 630],
        attributes: {
          "gen_ai.operation.name": "retrieval",
          "gen_ai.data_source.id": "weather-docs",
          "gen_ai.request.model": "reranker-1",
          "gen_ai.retrieval.documents": [{ id: "doc-1", score: 0.75 }],
        },
        becomes: {
          spanType: "other",
          modelId: "reranker-1",
          output: [{ id: "doc-1", score: 0.75 }],
        },
      },
      {
        id: 5,
        parent: 1,
        name: "tools/call weather",
        kind: 3,
        at: [630, 640],
        status: { code: 2 },
        attributes: {
          "mcp.method.name": "tools/call",
          "mcp.session.id": "mcp-1",
          "gen_ai.tool.name": "weather",
          "error.type": "CancelledError",
        },
        becomes: {
          spanType: "tool",
          name: "weather",
          status: "aborted",
          errorMessage: "CancelledError",
        },
      },
    ],
    trace: {
      traceName: "invoke_workflow forecast",
      agentName: "weather-service",
      workflowName: "forecast",
      spanCount: 5,
      llmCount: 1,
      toolCount: 1,
      models: ["claude-opus-4-7"],
      inputTokens: 1000,
      outputTokens: 20,
      totalTokens: 1020,
      reasoningTokens: 8,
      cachedInputTokens: 600,
      cacheWriteInputTokens: 300,
    },
  },
  {
    title: "GenAI conventions of their own repository: cache writes and counts by modality",
    resource,
    scope,
    spans: [
      {
        id: 1,
        name: "chat grok-4",
        kind: 3,
        at: [0, 600],
        attributes: {
          "gen_ai.operation.name": "chat",
          "gen_ai.provider.name": "x_ai",
          "gen_ai.request.model": "grok-4",
          "gen_ai.request.top_k": 5,
          "gen_ai.usage.input_tokens": 100,
          "gen_ai.usage.text.input_tokens": 70,
          "gen_ai.usage.image.input_tokens": 30,
          "gen_ai.usage.cache_read.input_tokens": 60,
          "gen_ai.usage.cache_write.input_tokens": 10,
          "gen_ai.usage.output_tokens": 20,
          "gen_ai.usage.text.output_tokens": 20,
          "gen_ai.input.messages": [
            {
              role: "user",
              parts: [
                { type: "text", content: "What is this?" },
                { type: "blob", modality: "image", mime_type: "image/png", content: "iVBORw0=" },
                { type: "uri", modality: "image", uri: "https://example.com/a.png" },
              ],
            },
          ],
          "gen_ai.output.messages": [answerMessage],
        },
        becomes: {
          spanType: "llm",
          provider: "x_ai",
          modelId: "grok-4",
          usage: {
            inputTokens: 100,
            outputTokens: 20,
            totalTokens: 120,
            cachedInputTokens: 60,
            cacheWriteInputTokens: 10,
          },
          input: [
            {
              role: "user",
              parts: [
                { type: "text", content: "What is this?" },
                { type: "blob", modality: "image", mime_type: "image/png", content: "iVBORw0=" },
                { type: "uri", modality: "image", uri: "https://example.com/a.png" },
              ],
            },
          ],
          output: [answerMessage],
        },
      },
    ],
    trace: {
      traceName: "chat grok-4",
      agentName: "weather-service",
      spanCount: 1,
      llmCount: 1,
      toolCount: 0,
      models: ["grok-4"],
      inputTokens: 100,
      outputTokens: 20,
      totalTokens: 120,
      cachedInputTokens: 60,
      cacheWriteInputTokens: 10,
    },
  },
  {
    title: "GenAI conventions with content in log records alone",
    resource,
    scope,
    spans: [
      {
        id: 1,
        name: "chat gpt-4o",
        kind: 3,
        at: [0, 600],
        attributes: {
          "gen_ai.operation.name": "chat",
          "gen_ai.system": "openai",
          "gen_ai.request.model": "gpt-4o",
          "gen_ai.usage.input_tokens": 100,
          "gen_ai.usage.output_tokens": 20,
        },
        logs: [
          {
            eventName: "gen_ai.user.message",
            at: 1,
            attributes: { "gen_ai.system": "openai" },
            body: { role: "user", content: question },
          },
          {
            // Where the name has no field of its own.
            at: 2,
            attributes: { "gen_ai.system": "openai", "event.name": "gen_ai.assistant.message" },
            body: {
              tool_calls: [
                { id: "call-1", type: "function", function: { name: "weather", arguments: "{}" } },
              ],
            },
          },
          {
            eventName: "gen_ai.tool.message",
            at: 3,
            body: { id: "call-1", content: '{"celsius":21}' },
          },
          {
            eventName: "gen_ai.choice",
            at: 500,
            attributes: { "gen_ai.system": "openai" },
            body: {
              index: 0,
              finish_reason: "stop",
              message: { role: "assistant", content: answer },
            },
          },
        ],
        fromLogs: ["input", "output"],
        becomes: {
          spanType: "llm",
          provider: "openai",
          modelId: "gpt-4o",
          usage: { inputTokens: 100, outputTokens: 20, totalTokens: 120 },
          input: [
            { role: "user", content: question },
            {
              role: "assistant",
              tool_calls: [
                { id: "call-1", type: "function", function: { name: "weather", arguments: "{}" } },
              ],
            },
            { role: "tool", content: { celsius: 21 }, tool_call_id: "call-1" },
          ],
          output: [{ role: "assistant", content: answer, finish_reason: "stop" }],
        },
      },
      {
        id: 2,
        name: "chat gpt-5.2",
        parent: 1,
        kind: 3,
        at: [610, 900],
        attributes: {
          "gen_ai.operation.name": "chat",
          "gen_ai.provider.name": "openai",
          "gen_ai.request.model": "gpt-5.2",
        },
        logs: [
          {
            eventName: "gen_ai.client.inference.operation.details",
            at: 620,
            attributes: {
              "gen_ai.operation.name": "chat",
              "gen_ai.system_instructions": instructions,
              "gen_ai.input.messages": [userMessage],
              "gen_ai.tool.definitions": [tool],
              // Repeats what a span says and counts nowhere.
              "gen_ai.usage.input_tokens": 100,
            },
          },
          {
            eventName: "gen_ai.client.inference.operation.details",
            at: 890,
            attributes: { "gen_ai.output.messages": [answerMessage] },
          },
        ],
        fromLogs: ["input", "output", "toolCatalog"],
        becomes: {
          spanType: "llm",
          provider: "openai",
          modelId: "gpt-5.2",
          input: [systemMessage, userMessage],
          output: [answerMessage],
          toolCatalog: [tool],
        },
      },
    ],
    trace: {
      traceName: "chat gpt-4o",
      agentName: "weather-service",
      spanCount: 2,
      llmCount: 2,
      toolCount: 0,
      models: ["gpt-4o", "gpt-5.2"],
      inputTokens: 100,
      outputTokens: 20,
      totalTokens: 120,
    },
  },
  {
    title:
      "GenAI conventions 0.1.0: memory, retrieval, planning, and an operation that nobody knows",
    resource,
    scope,
    spans: [
      {
        id: 1,
        name: "invoke_agent guide",
        at: [0, 3000],
        attributes: { "gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "guide" },
        becomes: { spanType: "agent" },
      },
      {
        id: 2,
        parent: 1,
        name: "search_memory trips",
        at: [10, 20],
        attributes: {
          "gen_ai.operation.name": "search_memory",
          "gen_ai.memory.query.text": "favourite harbour",
          "gen_ai.memory.records": '[{"content":"Husum","score":0.9}]',
        },
        becomes: {
          spanType: "other",
          input: "favourite harbour",
          output: [{ content: "Husum", score: 0.9 }],
        },
      },
      {
        id: 3,
        parent: 1,
        name: "create_memory trips",
        at: [30, 40],
        attributes: {
          "gen_ai.operation.name": "create_memory",
          "gen_ai.memory.records": '[{"content":"prefers trains"}]',
        },
        becomes: { spanType: "other", input: [{ content: "prefers trains" }] },
      },
      {
        id: 4,
        parent: 1,
        name: "retrieval",
        at: [50, 60],
        attributes: {
          "gen_ai.operation.name": "retrieval",
          "gen_ai.retrieval.query.text": "tide tables",
          "gen_ai.retrieval.documents": '[{"id":"d1","score":0.5}]',
        },
        becomes: { spanType: "other", input: "tide tables", output: [{ id: "d1", score: 0.5 }] },
      },
      {
        id: 5,
        parent: 1,
        name: "plan",
        at: [70, 80],
        attributes: { "gen_ai.operation.name": "plan" },
        becomes: { spanType: "other" },
      },
      {
        id: 6,
        parent: 1,
        name: "aresponses",
        at: [90, 100],
        attributes: {
          "gen_ai.operation.name": "aresponses",
          "gen_ai.provider.name": "openai",
          "gen_ai.request.model": "gpt-5-mini",
          "gen_ai.response.model": "gpt-5-mini-2025-08-07",
          "gen_ai.usage.input_tokens": 100,
          "gen_ai.usage.output_tokens": 20,
          "gen_ai.response.id": "resp-1",
        },
        becomes: {
          spanType: "llm",
          provider: "openai",
          modelId: "gpt-5-mini-2025-08-07",
          usage: { inputTokens: 100, outputTokens: 20, totalTokens: 120 },
        },
      },
    ],
    trace: {
      traceName: "invoke_agent guide",
      agentName: "guide",
      spanCount: 6,
      llmCount: 1,
      toolCount: 0,
      models: ["gpt-5-mini-2025-08-07"],
      inputTokens: 100,
      outputTokens: 20,
      totalTokens: 120,
    },
  },
];
