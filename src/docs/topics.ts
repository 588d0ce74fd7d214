/** The topics of the manual, in the order in which they are listed. Each is a page beside this file. */
export interface Topic {
  /** In commands and addresses, and the name of the page's file. */
  name: string;
  /** The heading of the page. */
  title: string;
  /** What the page is for, in one line. */
  summary: string;
}

export const topics = [
  {
    name: "sending",
    title: "Sending traces",
    summary: "what to set for each agent and framework; containers and WSL",
  },
  {
    name: "viewer",
    title: "The viewer",
    summary: "its pages, keys and links",
  },
  {
    name: "filters",
    title: "Filters and search",
    summary: "every key of a filter; how words are found",
  },
  {
    name: "commands",
    title: "Commands",
    summary: "every command with its flags",
  },
  {
    name: "configuration",
    title: "Configuration",
    summary: "every setting as a flag, a variable and a line of config.toml",
  },
  {
    name: "api",
    title: "HTTP API",
    summary: "every route, live updates, errors",
  },
  {
    name: "costs",
    title: "Costs",
    summary: "where prices come from, prices of your own, receipts",
  },
  {
    name: "storage",
    title: "Storage and disk",
    summary: "where traces are kept, how they are deleted, a full disk, backups",
  },
  {
    name: "security",
    title: "Security",
    summary: "who may send, who may read, and what keeps others out",
  },
  {
    name: "upgrading",
    title: "Upgrading",
    summary: "from one version to the next, and back",
  },
  {
    name: "troubleshooting",
    title: "Troubleshooting",
    summary: "what to do when nothing arrives; every error code",
  },
  {
    name: "performance",
    title: "Performance",
    summary: "what was measured, and how to measure it",
  },
  {
    name: "internals",
    title: "Internals",
    summary: "how it works, and which file does what",
  },
] as const satisfies Topic[];

export type TopicName = (typeof topics)[number]["name"];
