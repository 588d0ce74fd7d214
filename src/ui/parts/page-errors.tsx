/** What is shown if a page fails to load or to render; the rest of the viewer keeps working. */
import { useQuery } from "@tanstack/react-query";
import { Component, useRef, type ComponentType, type ReactNode } from "react";
import { useLiveEvents } from "../data/live-context.tsx";
import { CopyButton } from "./controls.tsx";
import "./unloaded.css";

/** A React error boundary: renders a fallback after an error. */
export class Boundary extends Component<
  { children: ReactNode; fallback: (error: unknown, again: () => void) => ReactNode },
  { failure: { error: unknown } | null }
> {
  override state = { failure: null as { error: unknown } | null };

  static getDerivedStateFromError(error: unknown) {
    return { failure: { error } };
  }

  override render() {
    const { children, fallback } = this.props;
    const { failure } = this.state;
    return failure ? fallback(failure.error, () => this.setState({ failure: null })) : children;
  }
}

export function PageBoundary({ children }: { children: ReactNode }) {
  return (
    <Boundary fallback={(error, again) => <BrokenPage error={error} again={again} />}>
      {children}
    </Boundary>
  );
}

interface PageErrorProps {
  error: unknown;
  again: () => void;
}

function BrokenPage({ error, again }: PageErrorProps) {
  useLiveEvents(({ kind }) => {
    if (kind === "reset") again();
  });
  return <PageError error={error} again={again} />;
}

/** A bug in the viewer. */
export function PageError({ error, again }: PageErrorProps) {
  return (
    <Unloaded title="This page could not be shown" about="No stored data was lost.">
      <button type="button" className="button" onClick={again}>
        Try again
      </button>
      <CopyButton
        className="button is-quiet"
        label="Copy the error"
        text={() => (error instanceof Error && error.stack) || String(error)}
      >
        Copy details
      </CopyButton>
      <details className="label">
        <summary>Details</summary>
        <code className="mono">{String(error)}</code>
      </details>
    </Unloaded>
  );
}

/** The server answers, but the code of the page is missing, as after an update. */
class MissingCode extends Error {}

/**
 * A page whose code is loaded when it is first shown. Unlike React.lazy, it retries after a failure.
 *
 * @param name unique among all pages.
 */
export function lazyPage<Props extends object>(
  name: string,
  load: () => Promise<ComponentType<Props>>,
): ComponentType<Props> {
  return function LazyPage(props) {
    const { data, error, refetch, errorUpdateCount } = useQuery({
      queryKey: ["code", name],
      queryFn: () => codeOf(load),
      staleTime: Infinity,
      gcTime: Infinity,
    });
    // The error stays on the screen while the next attempt runs.
    const latest = useRef<Error | null>(null);
    if (error) latest.current = error;
    if (data) return <data.Page {...props} />;
    if (errorUpdateCount === 0) return null;
    return latest.current instanceof MissingCode ? (
      <Unloaded
        title="This page could not be loaded"
        about="The server answers, but the file that this page needs is missing. The server may have another version than this tab."
      >
        <button type="button" className="button" onClick={() => location.reload()}>
          Reload
        </button>
      </Unloaded>
    ) : (
      <Unloaded
        title="This page could not be loaded"
        about="The server does not answer. The page loads automatically as soon as it does."
      >
        <button type="button" className="button" onClick={() => void refetch()}>
          Try again
        </button>
      </Unloaded>
    );
  };
}

async function codeOf<Props>(load: () => Promise<ComponentType<Props>>) {
  try {
    return { Page: await load() };
  } catch (cause) {
    // A failed import does not tell whether the server or only the file is gone.
    await fetch("/health");
    throw new MissingCode("the code of the page is not there", { cause });
  }
}

function Unloaded({
  title,
  about,
  children,
}: {
  title: string;
  about: string;
  children: ReactNode;
}) {
  return (
    <div className="unloaded" role="alert">
      <h1>{title}</h1>
      <p>{about}</p>
      <div className="unloaded-end">{children}</div>
    </div>
  );
}
