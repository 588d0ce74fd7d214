/**
 * The operator's token. It arrives in the fragment of the address, which browsers never send, is removed
 * from the address bar at once, and is kept for this tab only. A new tab asks other open tabs for it.
 */
const storageKey = "tealight.token";
const askMs = 400;

type Letter = { ask: true } | { token: string };

const channel = new BroadcastChannel("tealight.token");
channel.onmessage = ({ data }: MessageEvent<Letter>) => {
  const token = sessionStorage.getItem(storageKey);
  if ("ask" in data && token !== null) channel.postMessage({ token } satisfies Letter);
};

/** @returns null if neither the address, nor storage, nor another tab has one. */
export async function findToken(): Promise<string | null> {
  return takeFromAddress() ?? sessionStorage.getItem(storageKey) ?? (await askOtherTabs());
}

function takeFromAddress(): string | null {
  const fragment = new URLSearchParams(location.hash.slice(1));
  const token = fragment.get("token");
  if (token === null) return null;
  keepToken(token);
  fragment.delete("token");
  const rest = fragment.toString();
  history.replaceState(
    history.state,
    "",
    location.pathname + location.search + (rest && `#${rest}`),
  );
  return token;
}

function askOtherTabs(): Promise<string | null> {
  return new Promise((resolve) => {
    const finish = (token: string | null) => {
      clearTimeout(timer);
      channel.removeEventListener("message", hear);
      resolve(token);
    };
    const hear = ({ data }: MessageEvent<Letter>) => {
      if (!("token" in data)) return;
      keepToken(data.token);
      finish(data.token);
    };
    const timer = setTimeout(() => finish(null), askMs);
    channel.addEventListener("message", hear);
    channel.postMessage({ ask: true } satisfies Letter);
  });
}

/** Keeps the token until the tab is closed. */
export function keepToken(token: string): void {
  sessionStorage.setItem(storageKey, token);
}

/** @returns whether the server accepts the token; null if it does not answer. */
export async function isTokenValid(token: string): Promise<boolean | null> {
  try {
    const headers = { authorization: `Bearer ${token}` };
    return (await fetch("/api/projects", { headers })).status !== 401;
  } catch {
    return null;
  }
}

/** Called after the server has rejected the token. */
export function forgetToken(): void {
  sessionStorage.removeItem(storageKey);
}
