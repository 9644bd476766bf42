import type { Series } from "../../kit/Timechart";

/** Classes of events, from what matters least. */
export const CLASSES = ["noise", "scan", "interaction", "evidence"] as const;

export interface Numbers {
  span: string;
  since: string;
  until: string;
  items: { at: string; name: string; events: number }[];
}

/** Numbers by class as series over all spans of the time, those without events too. */
export function buckets({ span, since, until, items }: Numbers): { times: number[]; series: Series[] } {
  const step = span === "minute" ? 60 : 3600;
  const begin = Math.floor(Date.parse(since) / 1000 / step) * step;
  const length = Math.max(1, Math.floor((Date.parse(until) / 1000 - begin) / step) + 1);
  const times = Array.from({ length }, (_, index) => begin + index * step);
  const series = CLASSES.map((name) => ({ name, colour: name, values: new Array<number>(length).fill(0) }));
  for (const item of items) {
    const values = series.find((one) => one.name === item.name)?.values;
    const place = Math.floor((Date.parse(item.at) / 1000 - begin) / step);
    if (values && values[place] !== undefined) values[place] += item.events;
  }
  return { times, series };
}
