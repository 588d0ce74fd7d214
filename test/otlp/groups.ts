/** What was read of a request, for tests that expect good records. */
import { BadRecord, type Group } from "../../src/otlp/records.ts";

/** Throws a record that is bad. */
export function good<R>(record: R | BadRecord | undefined): R {
  if (record === undefined) throw new Error("there is no record");
  if (record instanceof BadRecord) throw record;
  return record;
}

export function recordsOf<R>(groups: Group<R | BadRecord>[]): R[] {
  return groups.flatMap(({ records }) => records.map((record) => good<R>(record)));
}

/** The groups without what stands for a request of which nothing was understood. */
export function understood<R>(groups: Group<R | BadRecord>[]): Group<R | BadRecord>[] {
  return groups.filter(({ records: [record] }) => {
    return !(record instanceof BadRecord && record.message.startsWith("rejected: "));
  });
}
