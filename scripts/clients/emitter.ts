/** What an emitter is, and what must come out of its run. */
import type { Call } from "./models/script.ts";

export type Protocol = "http/protobuf" | "http/json" | "grpc";

export interface Emitter {
  name: string;
  group: "python" | "exporters" | "agents";
  version: string;
  protocol: Protocol;
  /** Brings it into the cache. @throws where it cannot be installed. */
  install(cache: string): Promise<void>;
  command(cache: string, target: Target): string[];
  /** Beside the variables of OTLP and of the models' addresses. */
  env?(target: Target): Record<string, string>;
  /** Files of its home directory, by their path there. */
  files?(target: Target): Record<string, string>;
  expects: Expectation;
}

/** Where an emitter finds its models and its receiver. */
export interface Target {
  modelsUrl: string;
  /** Of OTLP, by the emitter's protocol. */
  otlpUrl: string;
  home: string;
}

/** How often a thing has to be there, each call once; agents may have others around them. */
export interface Counts {
  agent: number;
  llm: number;
  embedding: number;
  tool: number;
}

/** A text as it must stand, or a pattern where the emitter wraps it. */
export type Said = string | RegExp;

export interface ToolUse {
  name: string;
  args: Record<string, unknown> | RegExp;
  result: Said;
}

export type Lack = "input" | "cachedInput" | "cacheWrite" | "output" | "reasoning";

/** Absent: the emitter does not send it. */
export interface Expectation {
  counts: Partial<Counts>;
  /** What its calls counted, where it does not call the scripted models. */
  calls?: Call[];
  /** Counts that it leaves out. */
  lacks?: Lack[];
  /** The conversation stands on the agent or in events of the session, not on the model calls. */
  isElsewhere?: true;
  /** Its outputs have texts alone, not the calls of tools. */
  lacksCalls?: true;
  system?: Said;
  question?: Said;
  answer?: Said;
  tool?: ToolUse;
  /** What the tool's own span has, where it is not the same. */
  toolSpan?: { name?: string; args?: ToolUse["args"]; result?: Said };
  sessionId?: Said;
  agentName?: Said;
  /** Spans that failed, at least; none: no trace may be an error. */
  errors?: number;
}

export const system = "You are a weather assistant.";
export const question = "What is the weather in Oslo?";
export const result = "cloudless, 21 degrees";
export const sessionId = "session-1";
