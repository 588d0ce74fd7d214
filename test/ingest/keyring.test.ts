import { describe, expect, test } from "bun:test";
import type { Accounts, Key } from "../../src/backend/store.ts";
import { createKeyring } from "../../src/ingest/keyring.ts";
import { sha256 } from "../../src/secrets.ts";

const project = (id: number) => ({ id, name: `project ${id}`, createdAt: 1 });
const key = (id: number, secret: string, more: Partial<Key> = {}): Key => ({
  id,
  projectId: 1,
  name: `key ${id}`,
  hash: sha256(secret),
  createdAt: 1,
  lastUsedAt: null,
  revokedAt: null,
  ...more,
});
const accounts = (...keys: Key[]): Accounts => ({ projects: [project(1), project(2)], keys });

describe("a keyring", () => {
  test("knows a key and its project, and nothing else", () => {
    const keyring = createKeyring(
      accounts(key(1, "first secret"), key(2, "other secret", { projectId: 2 })),
      null,
    );
    expect(keyring.identify("first secret")).toEqual({ keyId: 1, keyName: "key 1", projectId: 1 });
    expect(keyring.identify("other secret")).toEqual({ keyId: 2, keyName: "key 2", projectId: 2 });
    for (const wrong of [
      "",
      "first",
      "first secret ",
      "First secret",
      sha256("first secret").toString(),
    ])
      expect(keyring.identify(wrong)).toBeNull();
  });

  test("refuses a revoked key from the update on", () => {
    const keyring = createKeyring(accounts(key(1, "secret")), null);
    expect(keyring.isValid("secret")).toBe(true);
    keyring.update(accounts(key(1, "secret", { revokedAt: 5 })));
    expect(keyring.identify("secret")).toBeNull();
    expect(keyring.isValid("secret")).toBe(false);
  });

  test("takes a given key for the default project, beside the stored ones, and never marks it", () => {
    const keyring = createKeyring(accounts(key(1, "secret")), "a given secret");
    expect(keyring.identify("a given secret")).toEqual({
      keyId: 0,
      keyName: "given",
      projectId: 1,
    });
    expect(keyring.identify("secret")?.keyId).toBe(1);
    expect(keyring.takeUses().map(({ keyId }) => keyId)).toEqual([1]);
    expect(keyring.accounts().keys).toHaveLength(1);
  });

  test("hands over the uses since the last time, and shows the latest at once", () => {
    const keyring = createKeyring(accounts(key(1, "one"), key(2, "two")), null);
    const before = Date.now();
    for (let i = 0; i < 3; i++) keyring.identify("two");
    keyring.isValid("one");
    const uses = keyring.takeUses();
    expect(uses.map(({ keyId }) => keyId)).toEqual([2]);
    expect(uses[0]!.atMs).toBeGreaterThanOrEqual(before);
    expect(keyring.takeUses()).toEqual([]);
    expect(keyring.accounts().keys.map(({ lastUsedAt }) => lastUsedAt)).toEqual([
      null,
      uses[0]!.atMs,
    ]);
  });

  test("does not forget a use that the store has not heard of when it is updated", () => {
    const keyring = createKeyring(accounts(key(1, "one")), null);
    keyring.identify("one");
    const [use] = keyring.takeUses();
    keyring.update(accounts(key(1, "one"), key(2, "two")));
    expect(keyring.accounts().keys.map(({ lastUsedAt }) => lastUsedAt)).toEqual([use!.atMs, null]);
    keyring.identify("two");
    expect(keyring.takeUses().map(({ keyId }) => keyId)).toEqual([2]);
  });
});
