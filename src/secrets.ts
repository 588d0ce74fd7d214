/** Keys and tokens: making them, comparing them without telling how close a guess was, proving them. */
import { timingSafeEqual } from "node:crypto";

/** A new key (`fl`) or token (`tl`): the prefix and 192 random bits. */
export function newSecret(prefix: "fl" | "tl"): string {
  return `${prefix}_${Buffer.from(crypto.getRandomValues(new Uint8Array(24))).toString("base64url")}`;
}

/** Whether a text is made as our keys and tokens are. */
export function isOurSecret(text: string): boolean {
  return /^[ft]l_[\w-]{32}$/.test(text);
}

export function sha256(text: string): Uint8Array {
  return new Bun.CryptoHasher("sha256").update(text).digest();
}

/** True where both are the same; takes the same time wherever they differ. */
export function isSameDigest(a: Uint8Array, b: Uint8Array): boolean {
  return a.byteLength === b.byteLength && timingSafeEqual(a, b);
}

/** Random enough that no answer to it was ever given. */
export function newNonce(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(24))).toString("base64url");
}

/**
 * What only a server that knows the token can answer to a nonce, and does not tell the token.
 *
 * @param host under which the server was asked, as the header has it. With it another server's answer,
 * asked for in between, does not fit.
 */
export function proofOf(token: string, host: string, nonce: string): string {
  const text = `tealight server\n${host.toLowerCase()}\n${nonce}`;
  return new Bun.CryptoHasher("sha256", token).update(text).digest("base64url");
}
