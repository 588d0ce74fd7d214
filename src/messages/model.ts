/**
 * The messages of a conversation, independent of the provider: the model that all interfaces show. The
 * static types and the API document are derived from these schemas.
 */
import { Type, type Static } from "@sinclair/typebox";
import { nullable, oneOf } from "../schemas.ts";

const text = (description: string) => Type.String({ description });
/** Present only if a text was clipped for an answer. */
const fullLength = Type.Optional(
  Type.Integer({ description: "The whole length in UTF-16 code units, where the text is clipped" }),
);

/** An incomplete text. */
export const Cut = Type.Object({
  by: oneOf(
    ["sender", "server"],
    "Who cut it: the sender, or this server at what it keeps of a text",
  ),
  wholeLength: nullable(
    Type.Integer({ description: "In UTF-16 code units; null where nobody says it" }),
  ),
});
const cut = Type.Optional({ ...Cut, description: "Where the text was cut before it was stored" });
const ends = { fullLength, cut };

const Text = Type.Object({ type: Type.Literal("text"), text: Type.String(), ...ends });

const Thinking = Type.Object({
  type: Type.Literal("thinking"),
  text: text("Empty where the provider keeps it to itself"),
  withheld: Type.Optional(
    oneOf(
      ["redacted", "encrypted"],
      "Why there is no text: what was sent is for the provider alone",
    ),
  ),
  ...ends,
});

const ToolCall = Type.Object({
  type: Type.Literal("toolCall"),
  id: nullable(Type.String(), "What its result names it by"),
  name: nullable(Type.String(), "The tool"),
  text: text("The arguments: JSON as it was sent, a bare text where it is none"),
  ...ends,
});

export const ToolResult = Type.Object({
  type: Type.Literal("toolResult"),
  id: nullable(Type.String(), "Of the call"),
  name: nullable(Type.String(), "The tool, where the result names it"),
  text: text("Texts as they are, one below the other, else JSON"),
  isError: Type.Boolean(),
  ...ends,
});

const Media = Type.Object({
  type: Type.Literal("media"),
  kind: oneOf(["image", "audio", "video", "file"], "What it is for"),
  mime: nullable(Type.String(), "The media type"),
  name: nullable(Type.String(), "Of a file"),
  bytes: Type.Union([Type.Integer(), Type.Null()], {
    description: "The size of what stands in the payload; null where it stands elsewhere",
  }),
  at: oneOf(
    ["inline", "url", "file"],
    "Where it is: in the payload, behind an URL, or with the provider",
  ),
  reference: nullable(
    Type.String(),
    "The URL or the provider's id; null for what stands in the payload",
  ),
  content: Type.Optional(
    text("Of what stands in the payload: what its bytes are asked for by, from the span"),
  ),
});

const Raw = Type.Object({
  type: Type.Literal("raw"),
  text: text("What is not understood, or what is left of a payload that was cut off"),
  ...ends,
});

export const Part = Type.Union([Text, Thinking, ToolCall, ToolResult, Media, Raw]);

export const Message = Type.Object({
  role: text("`system`, `user`, `assistant` or `tool`, else as it was sent"),
  name: Type.Optional(text("Of who speaks, where the message has one")),
  parts: Type.Array(Part),
});

/** A tool offered to the model. */
export const Tool = Type.Object({
  name: Type.String(),
  description: Type.Optional(Type.String()),
  parameters: Type.Optional(text("A JSON Schema, as JSON text")),
});

export type Cut = Static<typeof Cut>;
export type Part = Static<typeof Part>;
export type ToolResult = Static<typeof ToolResult>;
export type Media = Static<typeof Media>;
export type Message = Static<typeof Message>;
export type Tool = Static<typeof Tool>;
