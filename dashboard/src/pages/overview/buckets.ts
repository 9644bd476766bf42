import type { Series } from "../../kit/Timechart";

/** Classes of events, from what matters least. */
export const CLASSES = ["noise", "scan", "interaction", "evidence"] as const;

const STEPS = [1, 5, 15, 60, 300, 900, 3600, 21_600, 86_400];
const MOST = 90;

/** Counts events by class in buckets of a round length, so that there are at most about ninety. */
export function buckets(events: { at: string; class: string }[]): { times: number[]; series: Series[] } {
  if (events.length === 0) return { times: [], series: [] };
  const at = events.map((event) => Date.parse(event.at) / 1000);
  const first = at.reduce((a, b) => Math.min(a, b));
  const last = at.reduce((a, b) => Math.max(a, b));
  const step = STEPS.find((one) => (last - first) / one <= MOST) ?? Math.ceil((last - first) / MOST);
  const begin = Math.floor(first / step) * step;
  const length = Math.max(12, Math.floor((last - begin) / step) + 1);
  const times = Array.from({ length }, (_, index) => begin + index * step);
  const series = CLASSES.map((name) => ({ name, colour: name, values: new Array<number>(length).fill(0) }));
  events.forEach((event, index) => {
    const values = series.find((one) => one.name === event.class)?.values;
    const place = Math.floor(((at[index] ?? begin) - begin) / step);
    if (values) values[place] = (values[place] ?? 0) + 1;
  });
  return { times, series };
}
