/** The texts of the manual. Import it only when someone asks for one: a start does without them. */
import api from "./api.md" with { type: "text" };
import commands from "./commands.md" with { type: "text" };
import configuration from "./configuration.md" with { type: "text" };
import costs from "./costs.md" with { type: "text" };
import filters from "./filters.md" with { type: "text" };
import internals from "./internals.md" with { type: "text" };
import performance from "./performance.md" with { type: "text" };
import security from "./security.md" with { type: "text" };
import sending from "./sending.md" with { type: "text" };
import storage from "./storage.md" with { type: "text" };
import { topics, type TopicName } from "./topics.ts";
import troubleshooting from "./troubleshooting.md" with { type: "text" };
import upgrading from "./upgrading.md" with { type: "text" };
import viewer from "./viewer.md" with { type: "text" };

const pages: Record<TopicName, string> = {
  api,
  commands,
  configuration,
  costs,
  filters,
  internals,
  performance,
  security,
  sending,
  storage,
  troubleshooting,
  upgrading,
  viewer,
};

/** @returns the page in Markdown; undefined where there is no such topic. */
export function pageOf(topic: string): string | undefined {
  return topics.some(({ name }) => name === topic) ? pages[topic as TopicName] : undefined;
}

/** The list of all pages, in the form that llmstxt.org defines. */
export function manualIndex(): string {
  const lines = topics.map(
    ({ name, title, summary }) => `- [${title}](/docs/${name}.md): ${summary}`,
  );
  return `# Tealight

> One executable that stores the traces of your agents, prices them and shows them. It takes OTLP and ingest API v1, and keeps everything on this machine.

## Manual

${lines.join("\n")}

## API

- [OpenAPI 3.1](/api/openapi.json): every route, with what it takes and answers
`;
}
