/** `tealight open`: the viewer in the browser, with the operator's token in the link. */
import { readFileSync } from "node:fs";
import { commandFor, type Config } from "../config.ts";
import { AppError } from "../errors.ts";
import { findServer } from "./client.ts";
import { out } from "./output.ts";

/** The token is in the fragment, which a browser sends nowhere and the viewer takes from the address. */
export function viewerLink(url: string, token: string): string {
  return `${url}/#token=${encodeURIComponent(token)}`;
}

export interface OpenOptions {
  /** Only the link, and no browser. */
  print: boolean;
  json: boolean;
}

/** @throws AppError `not_found` where no server runs. */
export async function open(config: Config, { print, json }: OpenOptions): Promise<void> {
  const info = await findServer(config.dataDir);
  if (!info) {
    throw new AppError("not_found", `no server runs in ${config.dataDir}`, {
      hint: `start one with \`${commandFor("serve", config.dataDir)}\``,
    });
  }
  const link = viewerLink(info.url, readFileSync(info.tokenFile, "utf8").trim());
  const isOpened = !print && (await openInBrowser(link));
  if (json) out.write(JSON.stringify({ url: link, opened: isOpened }));
  else if (print) out.write(link);
  else if (isOpened) out.write(`opened ${info.url}`);
  else {
    throw new AppError("start_failed", "no browser could be opened", {
      hint: `\`${commandFor("open --print", config.dataDir)}\` prints the link, which lets in whoever has it`,
    });
  }
}

const openers: Partial<Record<NodeJS.Platform, string[]>> = {
  darwin: ["open"],
  win32: ["rundll32", "url.dll,FileProtocolHandler"],
};

/** @returns whether the platform's own opener took it. */
async function openInBrowser(link: string): Promise<boolean> {
  const [program, ...args] = openers[process.platform] ?? ["xdg-open"];
  const path = Bun.which(program!);
  if (!path) return false;
  const child = Bun.spawn([path, ...args, link], { stdio: ["ignore", "ignore", "ignore"] });
  return (await child.exited) === 0;
}
