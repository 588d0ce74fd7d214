/** GitHub Copilot, in VS Code and on the command line. */
import { attribute } from "../places.ts";
import type { Sender } from "../sender.ts";
import { isTrue } from "../values.ts";

export const copilot: Sender = {
  signs: {
    scopes: ["copilot", "github.copilot"],
    services: ["copilot", "github-copilot"],
    attributes: ["copilot_chat.", "github.copilot."],
  },
  status: ({ attributes }) => (isTrue(attributes["copilot_chat.canceled"]) ? "aborted" : undefined),
  inputHasCache: () => true,
  keys: {
    ttftMs: ["copilot_chat.time_to_first_token"],
    sessionId: ["gen_ai.conversation.id", "copilot_chat.chat_session_id"],
  },
  input: { rest: [attribute("copilot_chat.user_request")] },
};
