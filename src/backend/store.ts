/** What a store holds beside traces: projects, keys, views, prices, refused requests, and how it is. */
import { Type, type Static } from "@sinclair/typebox";
import { unknownObjects, type UnknownField } from "../contract/unknown.ts";
import { nullable, oneOf } from "../schemas.ts";

export interface Project {
  id: number;
  name: string;
  createdAt: number;
}

/** The project that exists from the first start, and that what names no other goes to. */
export const defaultProjectId = 1;

export interface Key {
  id: number;
  projectId: number;
  name: string;
  /** SHA-256 of the key. */
  hash: Uint8Array;
  createdAt: number;
  lastUsedAt: number | null;
  revokedAt: number | null;
}

export interface Accounts {
  projects: Project[];
  keys: Key[];
}

export interface NewView {
  name: string;
  /** Null for all projects. */
  projectId: number | null;
  filter: string;
  /** As the address has them: a time, or a time ago; empty for none. */
  since: string;
  until: string;
  sort: string;
  /** Those that are shown. */
  columns: string[];
}

export interface StoredView extends NewView {
  id: number;
}

/** A rule as it is stored; `prices` is JSON. */
export interface StoredRule {
  id: number;
  provider: string;
  model: string;
  prices: string;
  createdAt: number;
}

/** Who sent something, null where nobody says. */
export interface Client {
  keyName: string | null;
  userAgent: string | null;
}

export interface UnknownNote extends Client, UnknownField {
  lastSeenAt: number;
}

export interface Reject {
  receivedAt: number;
  route: string;
  /** The name of the key that sent it, null where none was recognised. */
  keyName: string | null;
  status: number;
  code: string;
  /** The first problem in words, and the path that leads to it. */
  message: string;
  path: (string | number)[] | null;
  /** Size of the body as declared or read, null where unknown. */
  bytes: number | null;
}

const RejectView = Type.Object({
  receivedAt: Type.Integer({ description: "Epoch ms" }),
  route: Type.String(),
  keyName: nullable(Type.String(), "Null where no key was recognised"),
  status: Type.Integer(),
  code: Type.String(),
  message: Type.String({ description: "The first problem in words" }),
  path: nullable(
    Type.Array(Type.Union([Type.String(), Type.Number()])),
    "What leads to it in the body",
  ),
  bytes: nullable(Type.Integer(), "Of the body, as declared"),
});
export const RejectPage = Type.Object({
  rejects: Type.Array(RejectView),
  nextCursor: nullable(Type.String(), "Null on the last page"),
});
export type RejectPage = Static<typeof RejectPage>;

const UnknownCount = Type.Object({
  keyName: nullable(Type.String(), "Of the key that it came with; null of an import"),
  userAgent: nullable(Type.String()),
  object: nullable(
    oneOf(unknownObjects),
    "What it is a field of; null of all fields beyond those that are counted one by one",
  ),
  field: nullable(Type.String(), "The path within that, as usage.audioTokens; null likewise"),
  meant: nullable(
    Type.String(),
    "The known field that differs from it only in case, underscores and dashes",
  ),
  count: Type.Integer({ description: "How often it came" }),
  lastSeenAt: Type.Integer({ description: "Epoch ms" }),
});

export const StoreCounts = Type.Object({
  traceCount: Type.Integer(),
  spanCount: Type.Integer(),
  rejects: Type.Record(Type.String(), Type.Integer(), {
    description: "Requests ever refused, by code",
  }),
  unknownFields: Type.Array(UnknownCount, {
    description:
      "What newer clients send and this version does not know, the last one seen first: it is kept as attributes",
  }),
});
export type StoreCounts = Static<typeof StoreCounts>;

/** `full`: spans are refused, all else goes on. `gone`: nothing can be changed. */
export type StorageState = "ok" | "full" | "gone";

export interface StorageKind {
  state: StorageState;
  /** Whether new spans are refused without trying. */
  isRefusing: boolean;
}

export interface StorageStatus extends StorageKind {
  /** Null where the system does not tell. */
  freeBytes: number | null;
  /** For the log: what happened and what to do. */
  message: string;
}

const Share = {
  bytes: Type.Integer({ description: "About; a text that several have counts for the first" }),
  spanCount: Type.Integer(),
};

export const Shares = Type.Object({
  projects: Type.Array(
    Type.Object({ project: Type.String(), traceCount: Type.Integer(), ...Share }),
  ),
  agents: Type.Array(Type.Object({ agent: Type.String(), traceCount: Type.Integer(), ...Share }), {
    description: "The largest, the largest first",
  }),
  traces: Type.Array(
    Type.Object({
      key: Type.Integer(),
      traceId: Type.String(),
      project: Type.String(),
      name: nullable(Type.String()),
      ...Share,
    }),
    { description: "Likewise" },
  ),
});
export type Shares = Static<typeof Shares>;

/** What space is taken for. */
export type SizePart = "texts" | "spans" | "summaries" | "refusals" | "other";

/** Something in the store that takes space by itself, and what it is kept for. */
export interface Area {
  name: string;
  part: SizePart;
}

/** Looks through the store, part by part, so that no look holds a moment of it for long. */
export interface Inspection {
  /** What can be looked through by itself. */
  parts(): string[];
  /** @returns what is wrong with a part, in words. */
  check(part: string): string[];
  areas(): Area[];
  /** Null where it cannot be told. */
  bytesOf(area: string): number | null;
  /** Of the whole store, and what of that is free to be used again. */
  totals(): { bytes: number; freeBytes: number };
  /** @param spanBytes what all spans take without their texts. */
  shares(spanBytes: number): Shares;
}
