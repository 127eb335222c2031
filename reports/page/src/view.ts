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

// The window of time that all charts show, in ns.
export function zoomOf(v: View, end: number): [number, number] {
  const match = /^([\d.]+)-([\d.]+)$/.exec(v.z ?? "");
  if (!match) return [0, Math.max(end, 1)];
  const from = Number(match[1]) * 1e9;
  const to = Number(match[2]) * 1e9;
  return to > from ? [from, to] : [0, Math.max(end, 1)];
}

export function setZoom(from: number, to: number, end: number) {
  const a = Math.max(0, from);
  const b = Math.min(end, to);
  if (b - a < 1e3) return;
  const whole = a <= 0 && b >= end;
  setView({ z: whole ? undefined : `${seconds(a)}-${seconds(b)}` });
}

export function seconds(ns: number): string {
  return String(Math.round(ns / 1e3) / 1e6);
}

export function timeOf(v: View, fallback: number): number {
  const t = Number(v.t);
  return v.t === undefined || !Number.isFinite(t) ? fallback : t * 1e9;
}
