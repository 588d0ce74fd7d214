import { expect, test } from "bun:test";
import { plainLine } from "../../../src/ui/text/plain.ts";
import { cpuMs } from "../../helpers.ts";

test.each([
  ["# Fix the bug\n\nIn **all** files, _now_", "Fix the bug In all files, _now_"],
  ["- first\n- [x] second\n1. third", "first second third"],
  ["> said `git status` of [the repo](https://a.b/c)", "said git status of the repo"],
  ["```python\nprint(2 ** 3)\n```", "print(2 ** 3)"],
  ["*really* 2 * 3 * 4, __init__.py, a_b_c", "really 2 * 3 * 4, __init__.py, a_b_c"],
  ["cut **in the mid", "cut **in the mid"],
  ["---\ntext", "text"],
  ["#hashtag and -flag", "#hashtag and -flag"],
])("%j reads %j", (markdown, plain) => {
  expect(plainLine(markdown)).toBe(plain);
});

test("marks without an end take no time", () => {
  const start = cpuMs();
  plainLine("**a ".repeat(2_000) + "[".repeat(2_000) + "`".repeat(2_000) + "> ".repeat(2_000));
  expect(cpuMs() - start).toBeLessThan(2_000);
});
