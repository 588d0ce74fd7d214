/** Queries used by several pages; queries of a single page are in that page's folder. */
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

/** Refused requests, newest first. */
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

/** The project selected for all pages; "" for all projects. */
export function useProject(): [project: string, set: (project: string) => void] {
  return useParam<string>("project", "");
}

/** The current time, updated at this interval. */
export function useNow(everyMs: number): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}
