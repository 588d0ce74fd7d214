/**
 * The lane for large bodies: each is parsed on a thread of its own and stored part by part, so that
 * a small request waits behind one part at the most.
 */
import type { AppError } from "../errors.ts";
import type { Delivery } from "../ingest/delivery.ts";
import { noteFresh, type Receipt, type Rules } from "../ingest/parse.ts";
import { hostThread, type Thread } from "./host.ts";
import type { LargeMethods } from "./large.ts";
import type { WriterMethods } from "./writing.ts";

export interface Lane {
  /** @param lateness an error once the sender was told to come again, and the work is for nothing. */
  deliver(delivery: Delivery, lateness: () => AppError | null): Promise<Receipt>;
  close(): Promise<void>;
}

export function createLane(
  writer: Thread<WriterMethods>,
  rules: Rules,
  onCrash: (cause: Error) => void,
): Lane {
  const url = new URL("./large.ts", import.meta.url);
  const thread = hostThread<LargeMethods>(url, () => [rules], { onCrash });
  // What is parsed takes many times the room that its body was admitted with. So one request is
  // parsed while one is stored, and the rest wait as bytes.
  let parsing: Promise<unknown> = Promise.resolve();
  let storing: Promise<unknown> = Promise.resolve();

  return {
    deliver({ body, compression, ...sender }, lateness) {
      const turn = parsing.then(async () => {
        const late = lateness();
        if (late) throw late;
        const call = thread.call("parse", [body, compression, sender.format], [body]);
        const { receipt, parts } = await call;
        await writer.call("charge", [sender, receipt.accepted]);
        await storing;
        const stored = (async () => {
          for (const part of parts)
            noteFresh(receipt, await writer.call("storePart", [sender, part], [part.json]));
          return receipt;
        })();
        storing = stored.catch(() => {});
        // In an object, or the next request's turn would wait for the last part.
        return { stored };
      });
      parsing = turn.catch(() => {});
      return turn.then(({ stored }) => stored);
    },
    close: thread.close,
  };
}
