import { QueryClient, useQuery as useTanstackQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { type Given, get, Problem, type Readable } from "./client";
import { live } from "./live";

export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 2000,
      refetchOnWindowFocus: true,
      retry: (count, error) => count < 2 && !(error instanceof Problem && error.status < 500),
    },
  },
});

/** A GET whose answer is kept. With `live`, it is asked again as events come, at most every so many milliseconds. */
export function useQuery<P extends Readable>(path: P, given: Given, options: { live?: number; enabled?: boolean } = {}) {
  const result = useTanstackQuery({
    queryKey: [path, given.path, given.query],
    queryFn: ({ signal }) => get(path, { ...given, signal }),
    enabled: options.enabled ?? true,
  });
  const { refetch } = result;
  const every = options.live;
  useEffect(() => (every ? live.tick(() => void refetch(), every) : undefined), [every, refetch]);
  return result;
}
