import "uplot/dist/uPlot.min.css";
import { useEffect, useRef, useState } from "react";
import uPlot from "uplot";

export interface Series {
  name: string;
  /** Name of the token that colours it. */
  colour: string;
  values: number[];
}

interface Props {
  /** Begins of the buckets, in seconds. */
  times: number[];
  /** From the bottom up; each is drawn on top of those before it. */
  series: Series[];
  label: string;
  /** Called with the seconds that were brushed. */
  brush?: (from: number, to: number) => void;
}

/** Numbers over time as stacked bars. Dragging chooses a span. */
export default function Timechart({ times, series, label, brush }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const onBrush = useRef(brush);
  onBrush.current = brush;
  const [themed, setThemed] = useState(0);
  useEffect(() => {
    const changed = () => setThemed((count) => count + 1);
    addEventListener("theme", changed);
    return () => removeEventListener("theme", changed);
  }, []);
  useEffect(() => {
    const node = box.current;
    if (!node) return;
    const style = getComputedStyle(document.documentElement);
    const token = (name: string) => style.getPropertyValue(`--${name}`).trim();
    const stacked = stack(series.map((one) => one.values));
    const axis = {
      stroke: token("ink-3"),
      font: `11px ${getComputedStyle(node).fontFamily}`,
      grid: { stroke: token("line"), width: 1 },
      ticks: { show: false },
    };
    const bars = uPlot.paths.bars?.({ size: [0.8, 60], align: 1 });
    const plot = new uPlot(
      {
        width: node.clientWidth || 300,
        height: node.clientHeight || 170,
        legend: { show: false },
        cursor: { y: false, drag: { x: true, y: false, setScale: false }, points: { show: false } },
        scales: { y: { range: (_, __, max) => [0, Math.max(4, max * 1.1)] } },
        axes: [{ ...axis, space: 84, values: (_, ticks) => ticks.map((at) => tick(at, times)), grid: { show: false } }, { ...axis, size: 44, space: 34 }],
        series: [
          {},
          // The whole stack first, so that the lower parts are drawn over it.
          ...series.map((one) => ({ label: one.name, fill: token(one.colour), width: 0, paths: bars, points: { show: false } })).reverse(),
        ],
        hooks: {
          setSelect: [
            (self) => {
              if (self.select.width < 4) return;
              onBrush.current?.(self.posToVal(self.select.left, "x"), self.posToVal(self.select.left + self.select.width, "x"));
              self.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
            },
          ],
        },
      },
      [times, ...stacked.reverse()],
      node,
    );
    const observer = new ResizeObserver(() => plot.setSize({ width: node.clientWidth, height: node.clientHeight }));
    observer.observe(node);
    return () => {
      observer.disconnect();
      plot.destroy();
    };
  }, [times, series, themed]);
  const total = series.reduce((sum, one) => sum + one.values.reduce((a, b) => a + b, 0), 0);
  return <div ref={box} className="chart" role="img" aria-label={`${label}: ${total} in all`} />;
}

/** A tick: with seconds where the whole takes minutes, with the day where it takes days. */
function tick(at: number, times: number[]): string {
  const length = (times.at(-1) ?? 0) - (times[0] ?? 0);
  const text = new Date(at * 1000);
  const parts: Intl.DateTimeFormatOptions = length > 172_800 ? { month: "2-digit", day: "2-digit" } : { hour: "2-digit", minute: "2-digit" };
  if (length < 600) parts.second = "2-digit";
  return text.toLocaleString("en-GB", parts);
}

function stack(lines: number[][]): number[][] {
  let under: number[] = [];
  return lines.map((line) => {
    under = line.map((value, index) => value + (under[index] ?? 0));
    return under;
  });
}
