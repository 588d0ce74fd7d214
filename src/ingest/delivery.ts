/** A request of spans on its way to the writer. */
import type { Client } from "../backend/store.ts";
import type { Format } from "./parse.ts";

/** Whose spans they are, in which protocol, and since when we have them. */
export interface Sent {
  /** Who is named where fields are unknown; absent where the protocol has none that could be. */
  client?: Client;
  projectId: number;
  keyId: number;
  receivedAt: number;
  format: Format;
}

export interface Delivery extends Sent {
  body: ArrayBuffer;
  /** As `Content-Encoding` has it. */
  compression: string | null;
}
