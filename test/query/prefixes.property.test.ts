/** What lists begin with alike, against a model that compares them one by one. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { emptyPrefix, LastVisits, Prefixes } from "../../src/query/prefixes.ts";

type Token = number | string;

const token = fc.constantFrom<Token>(1, 2, "1", "");
const lists = fc.array(fc.array(token, { maxLength: 20 }), { maxLength: 15 });

function put(prefixes: Prefixes<Token>, list: Token[]): number {
  return list.reduce<number>((node, token) => prefixes.append(node, token), emptyPrefix);
}

function sharedBy(a: Token[], b: Token[]): number {
  let count = 0;
  while (count < a.length && count < b.length && a[count] === b[count]) count++;
  return count;
}

describe("lists that begin alike", () => {
  test("are one node as far as they do", () => {
    fc.assert(
      fc.property(lists, fc.nat({ max: 20 }), (lists, depth) => {
        const prefixes = new Prefixes<Token>();
        for (const list of lists) {
          const node = put(prefixes, list);
          expect(prefixes.depthOf(node)).toBe(list.length);
          expect(prefixes.tokenOf(node)).toBe(list.at(-1) ?? null);
          expect(prefixes.first(node, depth)).toBe(put(prefixes, list.slice(0, depth)));
        }
      }),
    );
  });

  test("say which came last of those that share most", () => {
    fc.assert(
      fc.property(lists, (lists) => {
        const prefixes = new Prefixes<Token>();
        const nodes = lists.map((list) => put(prefixes, list));
        const visits = new LastVisits(prefixes);
        lists.forEach((list, i) => {
          const before = lists.slice(0, i).map((other) => sharedBy(other, list));
          const most = Math.max(0, ...before);
          const shared = visits.longestVisited(nodes[i]!);
          expect(prefixes.depthOf(shared)).toBe(most);
          expect(visits.lastOf(shared)).toBe(before.lastIndexOf(most));
          visits.visit(nodes[i]!, i);
        });
      }),
      { numRuns: 500 },
    );
  });
});
