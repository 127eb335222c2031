// What is being looked at, kept in the address after '#', so that a link in a ticket restores it.
//   #p=graph&t=33.2&z=10-50&v=agg&c=20&m=state&s.subtasks=records_in.desc
import { useEffect, useState } from "preact/hooks";

export type View = Record<string, string>;

function parse(): View {
  const view: View = {};
  for (const [key, value] of new URLSearchParams(location.hash.slice(1))) view[key] = value;
  return view;
}

let view = parse();
const listeners = new Set<() => void>();

function tell() {
  for (const listener of [...listeners]) listener();
}

addEventListener("hashchange", () => {
  view = parse();
  tell();
});
addEventListener("popstate", () => {
  view = parse();
  tell();
});

export function getView(): View {
  return view;
}

// undefined removes the key. `step`: one that the back button goes back from.
export function setView(patch: Record<string, string | undefined>, step = false) {
  const next: View = { ...view };
  for (const [key, value] of Object.entries(patch)) {
    if (value === undefined || value === "") delete next[key];
    else next[key] = value;
  }
  view = next;
  const params = new URLSearchParams();
  for (const key of Object.keys(next).sort()) params.set(key, next[key]);
  const hash = "#" + params.toString();
  if (hash !== location.hash) {
    if (step) history.pushState(null, "", hash);
    else history.replaceState(null, "", hash);
  }
  tell();
}

export function useView(): View {
  const [, redraw] = useState(0);
  useEffect(() => {
    const listener = () => redraw((n) => n + 1);
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  }, []);
  return view;
}

// A run in time: `end` of all, `focus` a little after the last that the job did (data.ts).
interface Extent {
  end: number;
  focus: number;
}

// The window of time that all charts show, in ns: chosen, or "all", or until the focus.
export function zoomOf(v: View, run: Extent): [number, number] {
  const match = /^([\d.]+)-([\d.]+)$/.exec(v.z ?? "");
  const whole: [number, number] = [0, Math.max(v.z === "all" ? run.end : run.focus, 1)];
  if (!match) return whole;
  const from = Number(match[1]) * 1e9;
  const to = Number(match[2]) * 1e9;
  return to > from ? [from, to] : whole;
}

export function setZoom(from: number, to: number, run: Extent) {
  const a = Math.max(0, from);
  const b = Math.min(run.end, to);
  if (b - a < 1e3) return;
  const whole = a <= 0 && b >= run.end;
  setView({ z: whole ? "all" : `${seconds(a)}-${seconds(b)}` });
}

// Back to what is shown first; from there to the whole run with what follows the job's end.
export function unzoom(run: Extent) {
  setView({ z: getView().z === undefined && run.focus < run.end ? "all" : undefined });
}

// Whether the first picture is on the screen: what lies below it is drawn after that.
let settled = false;
export function settle() {
  settled = true;
  tell();
}

export function useSettled(): boolean {
  useView();
  return settled;
}

export function seconds(ns: number): string {
  return String(Math.round(ns / 1e3) / 1e6);
}

export function timeOf(v: View, fallback: number): number {
  const t = Number(v.t);
  return v.t === undefined || !Number.isFinite(t) ? fallback : t * 1e9;
}
