/** Processes of the benchmark's own that do what they are asked, one thing at a time. */
import { join } from "node:path";

export interface Helper {
  ask<T>(method: string, argument?: unknown): Promise<T>;
  stop(): void;
}

type Call = [method: string, argument: unknown];
type Answer = { value: unknown } | { problem: string };

/** Starts `file` of this folder. */
export function startHelper(file: string, ...args: string[]): Helper {
  let waiting: { resolve: (value: any) => void; reject: (cause: Error) => void } | null = null;
  const child = Bun.spawn([process.execPath, join(import.meta.dir, file), ...args], {
    stdio: ["ignore", "inherit", "inherit"],
    ipc(answer: Answer) {
      if ("problem" in answer) waiting?.reject(new Error(`${file}: ${answer.problem}`));
      else waiting?.resolve(answer.value);
    },
    onExit: (_, code) => waiting?.reject(new Error(`${file} ended with ${code}`)),
  });
  return {
    ask(method, argument) {
      return new Promise((resolve, reject) => {
        waiting = { resolve, reject };
        child.send([method, argument] satisfies Call);
      });
    },
    stop: () => child.kill(),
  };
}

/** To be called once in a helper's file. */
export function serveHelper(methods: Record<string, (argument: any) => unknown>): void {
  process.on("message", async ([method, argument]: Call) => {
    try {
      process.send!({ value: await methods[method]!(argument) } satisfies Answer);
    } catch (cause) {
      process.send!({ problem: String(cause) } satisfies Answer);
    }
  });
  process.on("disconnect", () => process.exit());
}
