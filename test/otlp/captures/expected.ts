/**
 * What is right for each capture: from what the scripted models said, and from what the sender put
 * into the capture. What a sender leaves out, its entry leaves out.
 */
import { agents } from "./agents.ts";
import { chains } from "./chains.ts";
import { clients } from "./clients.ts";
import { frameworks } from "./frameworks.ts";

export const expected = new Map(
  [...clients, ...chains, ...frameworks, ...agents].map((one) => [one.capture, one]),
);
