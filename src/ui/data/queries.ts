/** What several pages ask for. A page's own questions stand in its own room. */
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useParam } from "../state/url.ts";
import { ask } from "./client.ts";

const slowly = 5_000;

export function useProjects() {
  return useQuery({
    queryKey: ["projects"],
    queryFn: ({ signal }) => ask("GET /api/projects", {}, signal),
    select: ({ projects }) => projects,
  });
}

/** What was refused, the newest first. */
export function useRejects(limit = 100) {
  return useQuery({
    queryKey: ["rejects", limit],
    queryFn: ({ signal }) => ask("GET /api/rejects", { query: { limit } }, signal),
    select: ({ rejects }) => rejects,
    refetchInterval: slowly,
  });
}

export function useStatus() {
  return useQuery({
    queryKey: ["status"],
    queryFn: ({ signal }) => ask("GET /api/status", {}, signal),
    refetchInterval: slowly,
  });
}

/** The project that all pages are about; "" is all of them. */
export function useProject(): [project: string, set: (project: string) => void] {
  return useParam<string>("project", "");
}

/** The time, so often anew as something on the screen changes with it. */
export function useNow(everyMs: number): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}
