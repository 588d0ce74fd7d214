/** The settings: storage, keys, prices, and refused or unknown data. */
import { useEffect, useState } from "react";
import { Link } from "wouter";
import { useNow, useProject, useRejects, useStatus } from "../data/queries.ts";
import { bytes, count, duration, textOf } from "../format.ts";
import { hrefOf } from "../pages.ts";
import { useTitle } from "../state/title.ts";
import { Appearance } from "./appearance.tsx";
import { Keys } from "./keys.tsx";
import { Prices } from "./prices.tsx";
import { Projects } from "./projects.tsx";
import { Refused } from "./refused.tsx";
import { Section, SetRow } from "./section.tsx";
import { Storage } from "./storage.tsx";
import { UnknownFields } from "./unknown-fields.tsx";
import "./settings.css";

const sections = [
  { id: "storage", name: "Storage" },
  { id: "keys", name: "Keys" },
  { id: "projects", name: "Projects" },
  { id: "prices", name: "Prices" },
  { id: "refused", name: "Refused requests" },
  { id: "newer", name: "Newer clients" },
  { id: "look", name: "Appearance" },
  { id: "about", name: "About" },
] as const;

export function SettingsPage() {
  useTitle("Settings");
  const [current, setCurrent] = useState(() => location.hash.slice(1) || "storage");
  const { data: status } = useStatus();
  const { data: rejects = [] } = useRejects();
  const isReady = status !== undefined;
  useEffect(() => {
    const go = () => {
      const id = location.hash.slice(1);
      if (id === "") return;
      setCurrent(id);
      document.getElementById(id)?.scrollIntoView();
    };
    // Scrolls to the section once the sections above it are loaded.
    if (isReady) go();
    window.addEventListener("hashchange", go);
    return () => window.removeEventListener("hashchange", go);
  }, [isReady]);
  return (
    <div className="panes settings-panes">
      <h1 className="visually-hidden">Settings</h1>
      <nav className="pane settings-nav" aria-label="Settings">
        {sections.map(({ id, name }) => (
          <a key={id} href={`#${id}`} aria-current={id === current ? "true" : undefined}>
            {name}
            {id === "refused" && rejects.length > 0 && (
              <span className="number error-text">
                {rejects.length >= 100 ? "100+" : count(rejects.length)}
              </span>
            )}
          </a>
        ))}
      </nav>
      <div className="pane settings-pane">
        <div className="settings">
          <Storage />
          <Keys />
          <Projects />
          <Prices />
          <Refused />
          <UnknownFields />
          <Appearance />
          <About />
        </div>
      </div>
    </div>
  );
}

function About() {
  const [project] = useProject();
  const { data: status } = useStatus();
  const now = useNow(10_000);
  if (!status) return null;
  const { version, sqliteVersion, startedAt, memoryBytes, pid, durability } = status;
  return (
    <Section id="about" title="About" about="Tealight runs on this machine; no data leaves it.">
      <SetRow name="Version">
        {version}, with SQLite {sqliteVersion}
      </SetRow>
      <SetRow name="Running">
        for {textOf(duration(now - startedAt))}, process {pid}, {textOf(bytes(memoryBytes))} of
        memory
      </SetRow>
      <SetRow name="Durability">
        {durability === "full"
          ? "full: data is on the disk before it is acknowledged"
          : `${durability}: acknowledged data survives a crash of the process, with --durability full also a power cut`}
      </SetRow>
      <SetRow
        name="Manual"
        end={
          <Link className="button" href={hrefOf("docs", { query: { project } })}>
            Open
          </Link>
        }
      >
        How to send, filter, configure and repair; also <code>tealight help</code>.
      </SetRow>
      <SetRow
        name="API"
        end={
          <a className="button" href="/api/docs" target="_blank" rel="noreferrer">
            Open
          </a>
        }
      >
        Everything shown here, as an API.
      </SetRow>
    </Section>
  );
}
