/** Fields from clients newer than this version. They are stored, but Tealight may need an update. */
import type { Status } from "../../http/server.ts";
import { useNow, useStatus } from "../data/queries.ts";
import { count, exactTime, time } from "../format.ts";
import { Section } from "./section.tsx";

type Field = Status["unknownFields"][number];

export function UnknownFields() {
  const now = useNow(60_000);
  const { data: status } = useStatus();
  const fields = status?.unknownFields ?? [];
  return (
    <Section
      id="newer"
      title="Newer clients"
      about="Fields that this version does not know. They are stored as attributes and included in full exports."
    >
      {fields.length === 0 ? (
        <p className="nothing">Every client sends what this version knows.</p>
      ) : (
        <table className="settings-table">
          <thead>
            <tr>
              <th>A newer client sends</th>
              <th>Client</th>
              <th className="number">Times</th>
              <th>Last seen</th>
            </tr>
          </thead>
          <tbody>
            {fields.map((field) => (
              <tr key={JSON.stringify([senderOf(field), field.object, field.field])}>
                <td>
                  <Name field={field} />
                </td>
                <td>{senderOf(field)}</td>
                <td className="number">{count(field.count)}</td>
                <td title={exactTime(field.lastSeenAt)}>{time(field.lastSeenAt, now)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Section>
  );
}

function Name({ field: { object, field, meant } }: { field: Field }) {
  if (object === null) return <span className="dim">other fields</span>;
  return (
    <>
      <span className="mono">{`${object}.${field}`}</span>{" "}
      {meant !== null && (
        <span className="badge is-lost" title="Only the known name has a meaning here">
          did you mean {meant}?
        </span>
      )}
    </>
  );
}

function senderOf({ keyName, userAgent, object }: Field): string {
  const key = keyName === null ? null : `key ${keyName}`;
  const known = [userAgent, key].filter((name) => name !== null);
  return known.length > 0 ? known.join(", ") : object === null ? "several" : "an import";
}
