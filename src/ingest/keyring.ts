/** Projects and ingest keys in memory, so that a request is known or refused without a read. */
import { defaultProjectId, type Accounts, type Key } from "../backend/store.ts";
import { isSameDigest, sha256 } from "../secrets.ts";

/** Who sends. `keyId` is 0 for the key given by flag or environment, which is never stored. */
export interface Sender {
  keyId: number;
  keyName: string;
  projectId: number;
}

export interface Keyring {
  /** The sender whose key this is; null where it is unknown or revoked. Marks the key as used. */
  identify(secret: string): Sender | null;
  /** Whether it is or was a key: a revoked one is known. */
  isKnown(secret: string): boolean;
  /** Whether the key would be taken, without marking it as used. */
  isValid(secret: string): boolean;
  /** Takes over what the store says now. Revoked keys are refused from here on. */
  update(accounts: Accounts): void;
  /** All of it, with `lastUsedAt` up to this moment. */
  accounts(): Accounts;
  /** Keys used since the last call. */
  takeUses(): { keyId: number; atMs: number }[];
}

/** @param givenKey a key of the default project that is valid as long as this process runs. */
export function createKeyring(initial: Accounts, givenKey: string | null): Keyring {
  let { projects, keys } = initial;
  let byHash = index(keys);
  const given = givenKey === null ? null : sha256(givenKey);
  const uses = new Map<number, number>();

  /** Found by digest, which says nothing of the key; compared in constant time all the same. */
  function find(hash: Uint8Array): Key | null {
    const key = byHash.get(Buffer.from(hash).toString("hex"));
    return key && key.revokedAt === null && isSameDigest(hash, key.hash) ? key : null;
  }

  return {
    identify(secret) {
      const hash = sha256(secret);
      if (given && isSameDigest(hash, given))
        return { keyId: 0, keyName: "given", projectId: defaultProjectId };
      const key = find(hash);
      if (!key) return null;
      key.lastUsedAt = Date.now();
      uses.set(key.id, key.lastUsedAt);
      return { keyId: key.id, keyName: key.name, projectId: key.projectId };
    },
    isKnown: (secret) => byHash.has(Buffer.from(sha256(secret)).toString("hex")),
    isValid: (secret) => find(sha256(secret)) !== null,
    update(accounts) {
      const lastUse = new Map(keys.map((key) => [key.id, key.lastUsedAt]));
      projects = accounts.projects;
      keys = accounts.keys.map((key) => ({
        ...key,
        lastUsedAt: lastUse.get(key.id) ?? key.lastUsedAt,
      }));
      byHash = index(keys);
    },
    accounts: () => ({ projects, keys }),
    takeUses() {
      const taken = [...uses].map(([keyId, atMs]) => ({ keyId, atMs }));
      uses.clear();
      return taken;
    },
  };
}

function index(keys: Key[]): Map<string, Key> {
  return new Map(keys.map((key) => [Buffer.from(key.hash).toString("hex"), key]));
}
