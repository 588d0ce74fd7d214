/** The totals of a session, and links to its turns. */
import type { Summary } from "../../backend/views.ts";
import { count, money, percent, plural, timeOfDay } from "../format.ts";
import { Duration, FigureText } from "../parts/figure.tsx";
import { StatusBadge, displayStatusOf, StatusMark } from "../parts/status-mark.tsx";

export interface SessionFactsProps {
  session: string;
  turns: readonly Summary[];
  hasMore: boolean;
  onJump: (number: number) => void;
  selected: number | null;
}

export function SessionFacts({ session, turns, hasMore, onJump, selected }: SessionFactsProps) {
  const first = turns[0];
  const last = turns.at(-1);
  if (!first || !last) return null;
  const displayStatus = displayStatusOf(last);
  const input = sum(turns, "inputTokens");
  const cached = sum(turns, "cachedInputTokens");
  const output = sum(turns, "outputTokens");
  const costs = turns.flatMap(({ costUsd }) => (costUsd === null ? [] : [Number(costUsd)]));
  const busyMs = turns.reduce((total, { durationMs }) => total + durationMs, 0);
  const wallMs = Math.max(...turns.map(({ endTime }) => endTime)) - first.startTime;
  return (
    <aside className="pane sessions-facts" aria-label="Session">
      <div className="sessions-facts-head">
        <h2 className="truncated" title={session}>
          {session}
        </h2>
        <div className="flex">
          <StatusBadge displayStatus={displayStatus} errorCount={last.errorCount} />
          <span className="dim truncated">
            since {timeOfDay(first.startTime)}
            {first.customer && `, ${first.customer.name ?? first.customer.id}`}
          </span>
        </div>
      </div>
      <section className="section">
        <dl className="facts">
          <dt>Turns</dt>
          <dd>
            {count(turns.length)}
            {hasMore && " or more"}
          </dd>
          <dt>Wall</dt>
          <dd>
            <Duration ms={wallMs} />
          </dd>
          <dt>Agent busy</dt>
          <dd>
            <Duration ms={busyMs} />
          </dd>
          <dt>Tokens in</dt>
          <dd>
            {input === null ? "not reported" : count(input)}{" "}
            {input !== null && cached !== null && input > 0 && (
              <span className="dim">
                <FigureText figure={percent(cached / input)} /> from cache
              </span>
            )}
          </dd>
          <dt>Tokens out</dt>
          <dd>{output === null ? "not reported" : count(output)}</dd>
          <dt>Cost</dt>
          <dd className="strong">
            {costs.length === 0 ? "unpriced" : money(costs.reduce((a, b) => a + b))}
            {displayStatus === "running" && <span className="dim"> so far</span>}
          </dd>
        </dl>
      </section>
      <TokensPerTurn turns={turns} />
      <section className="section">
        <h3>Turns</h3>
        <ul className="sessions-turns">
          {turns.slice(0, maxListed).map((trace, i) => (
            <li key={trace.key}>
              <button
                type="button"
                className={`sessions-turn-link ${selected === i + 1 ? "is-selected" : ""}`}
                onClick={() => onJump(i + 1)}
              >
                <StatusMark displayStatus={displayStatusOf(trace)} errorCount={trace.errorCount} />
                <span className="truncated grow">
                  {trace.inputPreview ?? trace.name ?? trace.traceId}
                </span>
                <span className="number dim">
                  <Duration ms={trace.durationMs} />
                </span>
              </button>
            </li>
          ))}
        </ul>
        {turns.length > maxListed && (
          <p className="note">And {plural(turns.length - maxListed, "more turn")}.</p>
        )}
      </section>
      <Models turns={turns} />
    </aside>
  );
}

/** With more turns than this, the list of links would be too long to use. */
const maxListed = 200;
const maxBars = 40;

/** Null if no turn reports the figure. */
function sum(
  turns: readonly Summary[],
  field: "inputTokens" | "outputTokens" | "cachedInputTokens",
): number | null {
  const known = turns.flatMap((turn) => (turn[field] === null ? [] : [Number(turn[field])]));
  return known.length === 0 ? null : known.reduce((a, b) => a + b);
}

function TokensPerTurn({ turns }: { turns: readonly Summary[] }) {
  const shown = turns.map((trace, i) => ({ trace, number: i + 1 })).slice(-maxBars);
  const most = Math.max(...shown.map(({ trace }) => Number(trace.inputTokens ?? 0)));
  if (!(most > 0)) return null;
  return (
    <section className="section">
      <h3>
        Tokens in per turn{" "}
        <span className="section-end">{shown.length < turns.length && `the last ${maxBars}`}</span>
      </h3>
      <ul>
        {shown.map(({ trace, number }) => {
          const input = Number(trace.inputTokens ?? 0);
          const cached = Math.min(input, Number(trace.cachedInputTokens ?? 0));
          return (
            <li className="sessions-bar" key={trace.key}>
              <span className="dim number">{number}</span>
              <span className="sessions-meter" aria-hidden="true">
                <i className="sessions-cached" style={{ width: `${(cached / most) * 100}%` }} />
                <i style={{ width: `${((input - cached) / most) * 100}%` }} />
              </span>
              <span className="number muted">
                {trace.inputTokens === null ? "not reported" : count(trace.inputTokens)}
              </span>
            </li>
          );
        })}
      </ul>
      <p className="note">Light came from the cache, solid did not.</p>
    </section>
  );
}

function Models({ turns }: { turns: readonly Summary[] }) {
  const models = [...Map.groupBy(turns, ({ models }) => models.join(", ") || "none")];
  return (
    <section className="section">
      <h3>Models</h3>
      <dl className="facts">
        {models.map(([name, of]) => {
          const costs = of.flatMap(({ costUsd }) => (costUsd === null ? [] : [Number(costUsd)]));
          return (
            <div key={name}>
              <dt className="truncated" title={name}>
                {name}
              </dt>
              <dd>
                {plural(of.length, "turn")}{" "}
                <span className="dim">
                  {costs.length === 0 ? "unpriced" : money(costs.reduce((a, b) => a + b))}
                </span>
              </dd>
            </div>
          );
        })}
      </dl>
    </section>
  );
}
