import { describe, expect, test } from "bun:test";
import type { Message } from "../../src/messages/model.ts";
import { withSystemPrompt } from "../../src/messages/system.ts";

const said = (role: string, ...texts: string[]): Message => ({
  role,
  parts: texts.map((text) => ({ type: "text", text })),
});

const question = said("user", "Be brief.");

describe("a system prompt", () => {
  test("stands before what was sent, as it is", () => {
    expect(withSystemPrompt([question], "Be brief.\n\nBe kind.")).toEqual([
      said("system", "Be brief.\n\nBe kind."),
      question,
    ]);
  });

  test("is not repeated where the messages say it, in one piece or several", () => {
    for (const sent of [
      [said("system", "Be brief. Be kind.")],
      [said("developer", "Be brief.\nBe kind.\n")],
      [said("system", "Be brief.", "Be kind.")],
      [said("system", "Be brief."), question, said("system", "Be kind.")],
      [said("system", "Something else."), said("system", "Be brief. Be kind.")],
    ])
      expect(withSystemPrompt(sent, "Be brief.\n\nBe kind.")).toEqual(sent);
  });

  test("is added where other instructions, or others than the system, say something like it", () => {
    const sent = [said("system", "Be brief."), said("user", "Be brief. Be kind.")];
    expect(withSystemPrompt(sent, "Be brief. Be kind.")).toHaveLength(3);
  });

  test("that is not there, or blank, is no message", () => {
    expect(withSystemPrompt([question], undefined)).toEqual([question]);
    expect(withSystemPrompt([question], " \n")).toEqual([question]);
  });
});
