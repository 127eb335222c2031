// Rows of coloured stretches of time on one canvas: tasks, checkpoint phases. Only the rows in sight
// are drawn, so thousands stay smooth.
import { useEffect, useRef, useState } from "preact/hooks";
import type { Detail } from "../data";
import { type Palette, darkInkOn, usePalette } from "../colours";
import { moment, timeStep, timeTick } from "../format";
import { seconds, setView, setZoom, timeOf, unzoom, useView } from "../view";
import { drawFaults, gutter } from "./chart";

export interface Stretch {
  from: number;
  to: number;
  colour: string;
  text: string; // tooltip, and inside where it fits
  hatch?: boolean;
  letter?: string;
}

export interface Lane {
  key: string;
  label: string;
  note?: string;
  stretches: Stretch[];
  // A wide lane: shares of states over time, as drawn by its own function.
  draw?: (ctx: CanvasRenderingContext2D, x: (ns: number) => number, at: (px: number) => number, box: { left: number; top: number; width: number; height: number }) => void;
  tip?: (time: number) => string;
  height?: number;
  open?: boolean; // a lane that can be unfolded
  inner?: boolean; // belongs to the one above
}

interface Props {
  detail: Detail;
  lanes: Lane[];
  from: number;
  to: number;
  origin?: number; // time 0 of the axis
  label: string;
  most?: number; // pixels high
  faults?: boolean;
  zoomable?: boolean;
  onPick?: (lane: Lane) => void;
}

const labelWidth = gutter;
const axisHeight = 22;

export function hatch(ctx: CanvasRenderingContext2D, x: number, y: number, w: number, h: number, colour: string) {
  ctx.save();
  ctx.beginPath();
  ctx.rect(x, y, w, h);
  ctx.clip();
  ctx.strokeStyle = colour;
  ctx.lineWidth = 1.2;
  ctx.beginPath();
  for (let i = x - h; i < x + w; i += 6) {
    ctx.moveTo(i, y + h);
    ctx.lineTo(i + h, y);
  }
  ctx.stroke();
  ctx.restore();
}

export function Lanes(props: Props) {
  const view = useView();
  const palette = usePalette();
  const canvas = useRef<HTMLCanvasElement>(null);
  const scroller = useRef<HTMLDivElement>(null);
  const tip = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  const [top, setTop] = useState(0);
  const drag = useRef<{ from: number; to: number } | null>(null);
  const [, redraw] = useState(0);
  const heights = props.lanes.map((lane) => lane.height ?? 18);
  const total = heights.reduce((a, b) => a + b, 0);
  const shownHeight = Math.min(total, props.most ?? 420);
  const { from, to } = props;
  const cursor = timeOf(view, -1);

  useEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const plotWidth = Math.max(10, width - labelWidth - 8);
  const x = (ns: number) => labelWidth + ((ns - from) / (to - from)) * plotWidth;
  const at = (px: number) => from + ((px - labelWidth) / plotWidth) * (to - from);

  useEffect(() => {
    const element = canvas.current;
    if (!element || width < 100) return;
    const scale = devicePixelRatio || 1;
    element.width = width * scale;
    element.height = (shownHeight + axisHeight) * scale;
    const ctx = element.getContext("2d");
    if (!ctx) return;
    ctx.scale(scale, scale);
    paint(ctx, palette);
  });

  function paint(ctx: CanvasRenderingContext2D, colours: Palette) {
    ctx.clearRect(0, 0, width, shownHeight + axisHeight);
    const step = timeStep(to - from, plotWidth);
    const origin = props.origin ?? 0;
    ctx.font = "11px system-ui, sans-serif";
    ctx.textBaseline = "middle";
    for (let t = Math.ceil((from - origin) / step) * step; t <= to - origin; t += step) {
      const px = Math.round(x(t + origin)) + 0.5;
      ctx.strokeStyle = colours.grid;
      ctx.beginPath();
      ctx.moveTo(px, axisHeight);
      ctx.lineTo(px, axisHeight + shownHeight);
      ctx.stroke();
      ctx.fillStyle = colours.muted;
      const text = timeTick(t, step);
      const wide = ctx.measureText(text).width;
      ctx.fillText(text, Math.min(px - wide / 2, width - wide - 2), axisHeight / 2);
    }
    ctx.save();
    ctx.beginPath();
    ctx.rect(0, axisHeight, width, shownHeight);
    ctx.clip();
    let y = axisHeight - top;
    props.lanes.forEach((lane, i) => {
      const h = heights[i];
      if (y + h > axisHeight && y < axisHeight + shownHeight) paintLane(ctx, colours, lane, y, h);
      y += h;
    });
    ctx.restore();
    const box = { left: labelWidth, top: axisHeight, width: plotWidth, height: shownHeight };
    if (props.faults !== false) drawFaults(ctx, props.detail, x, box, colours, 1, false);
    if (cursor >= from && cursor <= to && props.origin === undefined) {
      ctx.fillStyle = colours.cursor;
      ctx.fillRect(Math.round(x(cursor)), axisHeight, 1, shownHeight);
    }
    if (drag.current) {
      ctx.fillStyle = colours.dark ? "rgba(255,255,255,0.12)" : "rgba(20,60,120,0.12)";
      const a = Math.min(drag.current.from, drag.current.to);
      ctx.fillRect(a, axisHeight, Math.abs(drag.current.to - drag.current.from), shownHeight);
    }
  }

  function paintLane(ctx: CanvasRenderingContext2D, colours: Palette, lane: Lane, y: number, h: number) {
    ctx.font = lane.draw ? "600 12px system-ui, sans-serif" : "11.5px system-ui, sans-serif";
    ctx.fillStyle = colours.ink;
    ctx.textBaseline = "middle";
    const indent = lane.draw || !lane.inner ? (lane.open === undefined ? 2 : 16) : 16;
    if (lane.open !== undefined) {
      ctx.fillStyle = colours.muted;
      ctx.fillText(lane.open ? "▾" : "▸", 2, y + h / 2);
      ctx.fillStyle = colours.ink;
    }
    const noteWidth = lane.note ? ctx.measureText(lane.note).width + 12 : 6;
    ctx.fillText(clip(ctx, lane.label, labelWidth - indent - noteWidth), indent, y + h / 2);
    if (lane.note) {
      ctx.font = "11px system-ui, sans-serif";
      ctx.fillStyle = colours.muted;
      const wide = ctx.measureText(lane.note).width;
      ctx.fillText(lane.note, labelWidth - wide - 8, y + h / 2);
    }
    const pad = h > 14 ? 2 : 1;
    const box = { left: labelWidth, top: y + pad, width: plotWidth, height: h - 2 * pad };
    ctx.save();
    ctx.beginPath();
    ctx.rect(box.left, box.top, box.width, box.height);
    ctx.clip();
    if (lane.draw) lane.draw(ctx, x, at, box);
    for (const stretch of lane.stretches) {
      if (stretch.to < from || stretch.from > to) continue;
      const a = Math.max(x(stretch.from), labelWidth - 2);
      const b = Math.min(x(stretch.to), labelWidth + plotWidth + 2);
      const wide = Math.max(1, b - a);
      ctx.fillStyle = stretch.colour;
      ctx.fillRect(a, box.top, wide, box.height);
      if (stretch.hatch && wide > 3) hatch(ctx, a, box.top, wide, box.height, colours.panel);
      const inside = stretch.letter ?? "";
      if (!inside || wide <= 9) continue;
      ctx.font = "10.5px system-ui, sans-serif";
      const needed = ctx.measureText(inside).width;
      if (needed > wide - 5) continue; // a word cut off says less than its colour
      if (stretch.hatch && wide > 3) {
        ctx.fillStyle = stretch.colour;
        ctx.fillRect(a, box.top, needed + 7, box.height);
      }
      ctx.fillStyle = darkInkOn(stretch.colour) ? "#17202b" : "#ffffff";
      ctx.fillText(inside, a + 3, y + h / 2);
    }
    ctx.restore();
  }

  function laneAt(py: number): Lane | null {
    let y = axisHeight - top;
    for (let i = 0; i < props.lanes.length; ++i) {
      if (py >= y && py < y + heights[i]) return props.lanes[i];
      y += heights[i];
    }
    return null;
  }

  function hover(e: PointerEvent) {
    const element = tip.current;
    if (!element) return;
    const rect = (e.currentTarget as HTMLElement).getBoundingClientRect();
    const px = e.clientX - rect.left;
    const py = e.clientY - rect.top;
    if (drag.current) {
      drag.current.to = px;
      redraw((n) => n + 1);
    }
    const lane = laneAt(py);
    const time = at(px);
    if (!lane || px < labelWidth || time > to) {
      element.hidden = true;
      return;
    }
    const near = ((to - from) / plotWidth) * 2;
    const stretch = lane.stretches.filter((s) => s.from <= time && s.to >= time - 0).pop() ??
      lane.stretches.find((s) => Math.abs(s.from - time) < near);
    const text = lane.tip ? lane.tip(time) : (stretch?.text ?? "");
    element.hidden = false;
    element.textContent = `${lane.label}\n${props.origin === undefined ? moment(time) : "+" + moment(time - props.origin)}${text ? "\n" + text : ""}`;
    const right = px > width - 260;
    element.style.left = right ? "" : `${px + 14}px`;
    element.style.right = right ? `${width - px + 14}px` : "";
    element.style.top = `${py + 12}px`;
  }

  return (
    <div class="lanes" role="img" aria-label={props.label}>
      <div
        class="lanes-scroll"
        ref={scroller}
        style={{ height: `${shownHeight + axisHeight}px` }}
        onScroll={(e) => setTop((e.currentTarget as HTMLElement).scrollTop)}
        onPointerMove={hover}
        onPointerLeave={() => {
          if (tip.current) tip.current.hidden = true;
        }}
        onPointerDown={(e) => {
          const rect = (e.currentTarget as HTMLElement).getBoundingClientRect();
          const px = e.clientX - rect.left;
          if (props.zoomable && px > labelWidth && px < width) drag.current = { from: px, to: px };
        }}
        onPointerUp={(e) => {
          const rect = (e.currentTarget as HTMLElement).getBoundingClientRect();
          const px = e.clientX - rect.left;
          const py = e.clientY - rect.top;
          const done = drag.current;
          drag.current = null;
          if (done && Math.abs(done.to - done.from) > 5) {
            setZoom(at(Math.min(done.from, done.to)), at(Math.max(done.from, done.to)), props.detail);
          } else if (px < labelWidth || !props.zoomable) {
            const lane = laneAt(py);
            if (lane) props.onPick?.(lane);
          } else {
            setView({ t: seconds(Math.max(0, at(px))) });
          }
          redraw((n) => n + 1);
        }}
        onDblClick={() => props.zoomable && unzoom(props.detail)}
      >
        <div style={{ height: `${total + axisHeight}px` }}>
          <canvas ref={canvas} style={{ width: `${width}px`, height: `${shownHeight + axisHeight}px` }} />
        </div>
      </div>
      <div class="tip" ref={tip} hidden />
    </div>
  );
}

function clip(ctx: CanvasRenderingContext2D, text: string, width: number): string {
  if (ctx.measureText(text).width <= width) return text;
  let n = text.length;
  while (n > 1 && ctx.measureText(text.slice(0, n) + "…").width > width) --n;
  return n > 1 ? text.slice(0, n) + "…" : "…";
}
