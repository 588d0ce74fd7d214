/** Qwen Code. */
import { typeOfKind } from "../kind.ts";
import type { Sender } from "../sender.ts";

const prefix = "qwen-code.";

export const qwenCode: Sender = {
  signs: { scopes: ["qwen-code"], services: ["qwen-code"], names: [prefix] },
  spanType: ({ name }) =>
    name.startsWith(prefix) ? (typeOfKind(name.slice(prefix.length)) ?? "other") : undefined,
  status({ name, attributes }) {
    // Cancelled turns end with a status of OK.
    const turn = attributes["qwen-code.turn_status"];
    if (turn === "cancelled" || attributes["tool.failure_kind"] === "cancelled") return "aborted";
    if (name.startsWith(prefix) && attributes.decision === "reject") return "aborted";
    return turn === "error" ? "error" : undefined;
  },
  inputHasCache: () => true,
  outputHasReasoning: () => true,
  keys: { requestModel: ["gen_ai.request.model", "qwen-code.model"] },
};
