/** The frame around every page: navigation, live status, refused requests. */
import { useState, type ReactNode } from "react";
import { Link, useLocation } from "wouter";
import { useLiveStatus } from "../data/live-context.tsx";
import { useProject, useProjects, useRejects } from "../data/queries.ts";
import { count } from "../format.ts";
import { Imports } from "../import/panel.tsx";
import { hrefOf, isOfManual, pages, sectionOf } from "../pages.ts";
import { Key } from "../parts/controls.tsx";
import { Icon, Logo, ThemeIcon } from "../parts/icon.tsx";
import { Boundary } from "../parts/page-errors.tsx";
import { keyText, useShortcuts } from "../state/keys.ts";
import { toggleTheme } from "../state/prefs.ts";
import { Banner } from "./banner.tsx";
import { BottomNav } from "./bottom-nav.tsx";
import { More } from "./more.tsx";
import { Palette } from "./palette.tsx";
import { ShortcutSheet } from "./shortcut-sheet.tsx";
import "./shell.css";
import "./shell.dialogs.css";

type Overlay = "palette" | "keys" | "more" | null;

/** Fallback for parts that the shell can do without. */
const nothing = () => null;

export function Shell({ children }: { children: ReactNode }) {
  const [location, navigate] = useLocation();
  const section = sectionOf(location);
  const [project] = useProject();
  const { state, isPaused, setPaused } = useLiveStatus();
  const [overlay, setOverlay] = useState<Overlay>(null);
  const close = () => setOverlay(null);
  useShortcuts(
    [
      ...pages.map(({ page, name, key }) => ({
        keys: [key],
        label: name,
        group: "Go to",
        run: () => navigate(hrefOf(page, { query: { project } })),
      })),
      {
        keys: ["mod+k"],
        label: "Jump to a trace, span or page",
        group: "Everywhere",
        isGlobal: true,
        run: () => setOverlay("palette"),
      },
      {
        keys: [" "],
        label: "Pause or resume live updates",
        group: "Everywhere",
        run: ({ target }) => {
          if (target instanceof Element && target.closest("button, a, summary")) return false;
          setPaused(!isPaused);
        },
      },
      { keys: ["T"], label: "Light or dark", group: "Everywhere", run: toggleTheme },
      {
        keys: ["?"],
        label: "Keyboard shortcuts",
        group: "Everywhere",
        run: () => setOverlay("keys"),
      },
    ],
    "shell",
  );
  return (
    <>
      <a className="shell-skip" href="#page">
        Skip to the page
      </a>
      <div className="shell-head">
        <header className="shell-bar">
          <Link
            className="shell-brand"
            href={hrefOf("traces", { query: { project } })}
            aria-label="Tealight: traces"
          >
            <Logo />
            <span className="shell-name">tealight</span>
          </Link>
          <span className="shell-title" aria-hidden="true">
            {section?.name ?? (isOfManual(location) && "Manual")}
          </span>
          <Boundary fallback={nothing}>
            <ProjectPicker />
          </Boundary>
          <nav className="shell-nav" aria-label="Pages">
            {pages.map(({ page, name }) => (
              <Link
                key={page}
                href={hrefOf(page, { query: { project } })}
                aria-current={page === section?.page ? "page" : undefined}
              >
                {name}
              </Link>
            ))}
          </nav>
          <div className="shell-bar-end">
            <button
              type="button"
              className="shell-jump"
              aria-keyshortcuts="Control+K Meta+K"
              title={`Jump to trace, span, page (${keyText("mod+k")})`}
              onClick={() => setOverlay("palette")}
            >
              <Icon name="search" size="s" />
              <span>Jump to trace, span, page</span>
              <Key of="mod+k" />
            </button>
            <Boundary fallback={nothing}>
              <Refused project={project} />
            </Boundary>
            <LiveDot />
            <ThemeButton />
            <button
              type="button"
              className="button is-quiet is-square wide-only"
              aria-label="Keyboard shortcuts"
              title="Keyboard shortcuts (?)"
              onClick={() => setOverlay("keys")}
            >
              <Icon name="help" />
            </button>
          </div>
        </header>
        <Banner />
      </div>
      <main className={`page shell-page ${state === "lost" ? "is-stale" : ""}`} id="page">
        {children}
      </main>
      <BottomNav project={project} onMore={() => setOverlay("more")} />
      <Boundary fallback={nothing}>
        <Imports />
      </Boundary>
      <LiveAnnouncement />
      <Boundary key={overlay} fallback={nothing}>
        {overlay === "palette" && <Palette onClose={close} onKeys={() => setOverlay("keys")} />}
        {overlay === "keys" && <ShortcutSheet onClose={close} />}
        {overlay === "more" && (
          <More project={project} onClose={close} onPalette={() => setOverlay("palette")} />
        )}
      </Boundary>
    </>
  );
}

/** Announces to screen readers when updates stop and resume. */
function LiveAnnouncement() {
  const { state, isPaused } = useLiveStatus();
  const isStopped = isPaused || state === "lost";
  const [hasStopped, setHasStopped] = useState(false);
  if (isStopped && !hasStopped) setHasStopped(true);
  return (
    <p className="visually-hidden" role="status">
      {isPaused
        ? "Paused"
        : state === "lost"
          ? "Connection lost, trying again"
          : hasStopped && "Live again"}
    </p>
  );
}

/** Shown only with more than one project. */
function ProjectPicker() {
  const { data: projects = [] } = useProjects();
  const [project, setProject] = useProject();
  if (projects.length < 2 && project === "") {
    return projects[0] ? <span className="dim wide-only">{projects[0].name}</span> : null;
  }
  return (
    <select
      className="shell-project"
      aria-label="Project"
      value={project}
      onChange={({ target }) => setProject(target.value)}
    >
      <option value="">all projects</option>
      {projects.map(({ name }) => (
        <option key={name}>{name}</option>
      ))}
    </select>
  );
}

const recentlyMs = 3_600_000;

function Refused({ project }: { project: string }) {
  const { data: rejects = [] } = useRejects();
  const recent = rejects.filter(({ receivedAt }) => receivedAt > Date.now() - recentlyMs).length;
  if (recent === 0) return null;
  const many = recent === rejects.length && rejects.length >= 100 ? "100+" : count(recent);
  return (
    <Link
      className="shell-loss"
      href={hrefOf("settings", { query: { project }, hash: "refused" })}
      title={`${many} ${recent === 1 ? "request" : "requests"} refused in the last hour`}
    >
      <Icon name="warn" size="xs" />
      {many} <span>refused</span>
    </Link>
  );
}

function LiveDot() {
  const { state, lagMs, isPaused, setPaused } = useLiveStatus();
  const words = isPaused
    ? "Paused"
    : { connecting: "Connecting", connected: "Live", lost: "Lost connection" }[state];
  const detail =
    state === "lost"
      ? "retrying"
      : isPaused
        ? ""
        : lagMs === null
          ? ""
          : lagMs < 1000
            ? `${lagMs} ms`
            : `${(lagMs / 1000).toFixed(1)} s`;
  return (
    <button
      type="button"
      className={`shell-live ${state === "lost" ? "is-lost" : isPaused ? "is-paused" : ""}`}
      title={
        state === "lost"
          ? "The server does not answer; trying again"
          : isPaused
            ? "Paused; press space to resume"
            : "Live; press space to pause"
      }
      aria-pressed={isPaused}
      onClick={() => setPaused(!isPaused)}
    >
      <i className="live-dot" />
      <span>{words}</span>
      {detail && <span className="dim">{detail}</span>}
    </button>
  );
}

function ThemeButton() {
  return (
    <button
      type="button"
      className="button is-quiet is-square shell-theme"
      aria-label="Switch between light and dark"
      title="Light or dark"
      onClick={toggleTheme}
    >
      <ThemeIcon />
    </button>
  );
}
