// A chart over simulated time (uPlot): faults shaded, one cursor and one window for all charts,
// points gathered so that what is shown is what fits.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import type { Detail } from "../data";
import { type Palette, usePalette } from "../colours";
import { setView, setZoom, seconds, timeOf, unzoom, useView, zoomOf } from "../view";
import { duration, moment, niceSteps, short, timeStep, timeTick } from "../format";

export interface Line {
  label: string;
  values: (number | null)[]; // one per bucket of the series' grid
  gauge: boolean; // else sums, shown per second
  colour?: string;
  fill?: boolean;
  scale?: number; // multiplies
}

interface Props {
  detail: Detail;
  title: string;
  unit: string;
  lines: Line[];
  height?: number;
  format?: (n: number) => string;
  help?: string;
  least?: number; // the axis goes at least up to here
  binary?: boolean; // bytes: the axis' steps are powers of two
}

// What is wrong in the world, behind the curves.
export function faultSpans(detail: Detail): { id: string; from: number; to: number }[] {
  return detail.faults.flatMap((fault) =>
    fault.spans.map(([from, to]) => ({ id: fault.id, from, to })),
  );
}

export function drawFaults(
  ctx: CanvasRenderingContext2D,
  detail: Detail,
  x: (ns: number) => number,
  box: { left: number; top: number; width: number; height: number },
  palette: Palette,
  pixel: number,
  names: boolean,
) {
  ctx.save();
  ctx.beginPath();
  ctx.rect(box.left, box.top, box.width, box.height);
  ctx.clip();
  let free = -1e9;
  for (const span of faultSpans(detail)) {
    const a = x(span.from);
    const b = x(span.to);
    if (b < box.left || a > box.left + box.width) continue;
    ctx.fillStyle = palette.fault;
    if (b - a >= 1) ctx.fillRect(a, box.top, b - a, box.height);
    ctx.fillStyle = palette.faultLine;
    ctx.fillRect(Math.round(a), box.top, Math.max(1, pixel), box.height);
    if (!names) continue;
    ctx.font = `600 ${10.5 * pixel}px system-ui, sans-serif`;
    const width = ctx.measureText(span.id).width;
    const at = Math.max(a, box.left) + 4 * pixel;
    if (at < free) continue;
    free = at + width + 6 * pixel;
    ctx.textBaseline = "top";
    ctx.fillText(span.id, at, box.top + 3 * pixel);
  }
  ctx.restore();
}

// Buckets of the grid gathered into at most `most` points inside the window.
function gather(detail: Detail, lines: Line[], from: number, to: number, most: number) {
  const width = detail.series.width;
  const first = Math.max(0, Math.floor(from / width) - 1);
  const last = Math.min(detail.series.buckets - 1, Math.ceil(to / width));
  const step = Math.max(1, Math.ceil((last - first + 1) / most), Math.ceil(1e8 / width / 4));
  const start = first - (first % step);
  const xs: number[] = [];
  const ys: (number | null)[][] = lines.map(() => []);
  for (let i = start; i <= last; i += step) {
    const end = Math.min(i + step, detail.series.buckets);
    xs.push((end * width) / 1e9);
    const span = ((end - i) * width) / 1e9;
    lines.forEach((line, k) => {
      if (line.gauge) {
        const value = line.values[end - 1];
        ys[k].push(value === null ? null : value * (line.scale ?? 1));
      } else {
        let sum = 0;
        for (let j = i; j < end; ++j) sum += line.values[j] ?? 0;
        ys[k].push((sum / span) * (line.scale ?? 1));
      }
    });
  }
  return { data: [xs, ...ys] as uPlot.AlignedData, point: step * width };
}

function timeSplits(from: number, to: number, width: number): number[] {
  const step = timeStep((to - from) * 1e9, width) / 1e9;
  const ticks: number[] = [];
  for (let i = Math.ceil(from / step - 1e-9); i * step <= to * (1 + 1e-12); ++i) ticks.push(i * step);
  return ticks;
}

const sync = "drey";
// Where plots begin, in charts and lanes alike: one moment is one column of the page.
export const gutter = 168;

export function Chart(props: Props) {
  const view = useView();
  const palette = usePalette();
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const [width, setWidth] = useState(0);
  const [near, setNear] = useState(false);
  const [hidden, setHidden] = useState<Set<string>>(new Set());
  const { detail, lines } = props;
  const [from, to] = zoomOf(view, detail);
  const cursor = timeOf(view, -1);
  const gathered = useMemo(
    () => near && gather(detail, lines, from, to, Math.max(60, Math.min(240, Math.round(width / 5)))),
    [detail, lines, from, to, width, near],
  );
  const format = props.format ?? short;

  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    // Drawn when it comes near what is looked at, and for the printer.
    const seen = new IntersectionObserver((entries) => entries.some((entry) => entry.isIntersecting) && setNear(true), { rootMargin: "300px" });
    seen.observe(element);
    const draw = () => setNear(true);
    addEventListener("beforeprint", draw);
    return () => {
      observer.disconnect();
      seen.disconnect();
      removeEventListener("beforeprint", draw);
    };
  }, []);

  const colours = lines.map((line, i) => line.colour ?? palette.series[i % palette.series.length]);
  const live = useRef({ cursor, from, to });
  live.current = { cursor, from, to };

  useEffect(() => {
    if (!box.current || width < 80 || !gathered) return;
    const axis = {
      stroke: palette.muted,
      grid: { stroke: palette.grid, width: 1 },
      ticks: { stroke: palette.grid, width: 1, size: 4 },
      font: "11px system-ui, sans-serif",
    };
    const chart = new uPlot(
      {
        width,
        height: props.height ?? 190,
        padding: [8, 12, 0, 0],
        legend: { show: false },
        cursor: {
          sync: { key: sync, setSeries: false },
          drag: { x: true, y: false, setScale: false },
          points: { size: 6 },
        },
        scales: { x: { time: false, range: () => [live.current.from / 1e9, live.current.to / 1e9] }, y: { range: (_u, lo, hi) => [Math.min(0, lo ?? 0), Math.max(props.least ?? 0, hi > 0 ? hi * 1.08 : props.least ?? 1)] } },
        axes: [
          // The ticks of the lanes above: one moment has one label.
          { ...axis, size: 26, splits: (u, _i, lo, hi) => timeSplits(lo, hi, u.bbox.width / devicePixelRatio), values: (u, ticks) => ticks.map((t) => timeTick(t * 1e9, timeStep((live.current.to - live.current.from), u.bbox.width / devicePixelRatio))) },
          { ...axis, size: gutter, splits: (u, _i, lo, hi) => niceSteps(lo, hi, Math.max(2, Math.floor(u.bbox.height / devicePixelRatio / 32)), props.binary ? "binary" : "plain"), values: (_u, ticks) => ticks.map((t) => format(t)) },
        ],
        series: [
          {},
          ...lines.map((line, i) => ({
            label: line.label,
            show: !hidden.has(line.label),
            stroke: colours[i],
            width: 1.6,
            fill: line.fill ? colours[i] + (palette.dark ? "30" : "22") : undefined,
            points: { show: false },
            paths: line.gauge ? uPlot.paths.stepped!({ align: -1 }) : undefined,
          })),
        ],
        hooks: {
          drawClear: [
            (u) =>
              drawFaults(u.ctx, detail, (ns) => u.valToPos(ns / 1e9, "x", true), u.bbox, palette, devicePixelRatio, true),
          ],
          draw: [
            (u) => {
              if (live.current.cursor < 0) return;
              const x = u.valToPos(live.current.cursor / 1e9, "x", true);
              if (x < u.bbox.left || x > u.bbox.left + u.bbox.width) return;
              u.ctx.fillStyle = palette.cursor;
              u.ctx.fillRect(Math.round(x), u.bbox.top, Math.max(1, devicePixelRatio), u.bbox.height);
            },
          ],
          setCursor: [
            (u) => {
              const read = box.current?.parentElement?.querySelectorAll<HTMLElement>("[data-read]");
              const at = u.cursor.idx;
              read?.forEach((element, i) => {
                const value = at === null || at === undefined ? null : u.data[i + 1]?.[at];
                element.textContent = value === null || value === undefined ? "" : format(value);
              });
              const when = box.current?.parentElement?.querySelector<HTMLElement>("[data-when]");
              if (when) when.textContent = at === null || at === undefined ? "" : moment(u.data[0][at] * 1e9);
            },
          ],
          setSelect: [
            (u) => {
              if (u.select.width > 4)
                setZoom(u.posToVal(u.select.left, "x") * 1e9, u.posToVal(u.select.left + u.select.width, "x") * 1e9, detail);
              u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
            },
          ],
        },
      },
      gathered.data,
      box.current,
    );
    plot.current = chart;
    chart.over.addEventListener("click", (e) => {
      if (chart.select.width > 4) return;
      const t = chart.posToVal(e.offsetX, "x") * 1e9;
      setView({ t: seconds(Math.max(0, Math.min(detail.end, t))) });
    });
    chart.over.addEventListener("dblclick", () => unzoom(detail));
    return () => {
      chart.destroy();
      plot.current = null;
    };
  }, [width, palette, gathered, hidden]);

  useEffect(() => plot.current?.redraw(false, false), [cursor]);

  const toggle = (label: string) => {
    const next = new Set(hidden);
    if (!next.delete(label) && next.size + 1 < lines.length) next.add(label);
    setHidden(next);
  };

  return (
    <figure class="chart" aria-label={`${props.title}, ${props.unit}`}>
      <figcaption>
        <b>{props.title}</b> <span class="muted">{props.unit}</span>
        {props.help && <span class="muted help"> {props.help}</span>}
        {gathered && gathered.point > detail.series.width && <span class="muted help"> · a point: {duration(gathered.point)}</span>}
        <span class="when" data-when="" />
      </figcaption>
      <div class="legend">
        {lines.map((line, i) => (
          <button
            type="button"
            key={line.label}
            class={"key" + (hidden.has(line.label) ? " off" : "")}
            aria-pressed={!hidden.has(line.label)}
            disabled={lines.length === 1}
            onClick={() => toggle(line.label)}
          >
            <i style={{ background: colours[i] }} />
            <span>
              {line.label}
              <span class="read" data-read="" />
            </span>
          </button>
        ))}
      </div>
      <div ref={box} class="plot" style={{ minHeight: (props.height ?? 190) + "px" }} />
    </figure>
  );
}
