// Colours that stay apart under the common kinds of colour blindness (after Okabe and Ito), tuned
// for a light and a dark ground. Nothing is told by colour alone: states have letters or patterns.
import { useEffect, useState } from "preact/hooks";
import { useView } from "./view";

export interface Palette {
  dark: boolean;
  ink: string;
  muted: string;
  line: string;
  grid: string;
  panel: string;
  fault: string;
  faultLine: string;
  cursor: string;
  series: string[];
  state: Record<string, string>;
  reason: Record<string, string>;
  phase: Record<string, string>;
  outcome: Record<string, string>;
  region: string[];
  heat: [number, number, number][];
}

const light: Palette = {
  dark: false,
  ink: "#17202b",
  muted: "#5a6676",
  line: "#d9dee6",
  grid: "#e9edf2",
  panel: "#ffffff",
  fault: "rgba(197, 74, 33, 0.11)",
  faultLine: "rgba(190, 66, 24, 0.75)",
  cursor: "#17202b",
  series: ["#1668b0", "#d58a00", "#0a8f6c", "#b3588f", "#3f9bd4", "#c94f16", "#6d6a1f", "#6b5bb5"],
  state: {
    CREATED: "#dfe4ea",
    SCHEDULED: "#c3b5e2",
    DEPLOYING: "#9a86d0",
    INITIALIZING: "#efb73e",
    RUNNING: "#3f8fcb",
    FINISHED: "#0f8f70",
    CANCELING: "#e2a98a",
    CANCELED: "#9aa5b3",
    FAILED: "#c9451b",
    RECONCILING: "#777777",
  },
  reason: {
    "failed-region": "#c9451b",
    "lost-input": "#8a5fb0",
    consumer: "#2f7fc1",
    global: "#555f6d",
  },
  phase: { delay: "#b9c4d3", alignment: "#efb73e", sync: "#c9451b", async: "#3f8fcb" },
  outcome: { completed: "#3f8fcb", failed: "#c9451b", pending: "#b9c4d3" },
  region: ["#3f8fcb", "#e0a03a", "#0f9d7a", "#b86a9c", "#8a7bd1", "#cf6a3c", "#7f8a1f", "#4fb3c9"],
  heat: [
    [247, 250, 253],
    [190, 216, 236],
    [112, 172, 215],
    [45, 112, 176],
    [14, 56, 110],
  ],
};

const dark: Palette = {
  dark: true,
  ink: "#e7ebf1",
  muted: "#98a4b5",
  line: "#2c3644",
  grid: "#222b37",
  panel: "#161c25",
  fault: "rgba(255, 138, 92, 0.14)",
  faultLine: "rgba(255, 146, 102, 0.85)",
  cursor: "#e7ebf1",
  series: ["#64b1f2", "#f2b13c", "#3cc9a0", "#e093c0", "#9bd1f5", "#ff8f5e", "#c9c463", "#a99bf0"],
  state: {
    CREATED: "#333d4b",
    SCHEDULED: "#5d4f86",
    DEPLOYING: "#8470c4",
    INITIALIZING: "#d9a02e",
    RUNNING: "#3d86c2",
    FINISHED: "#1fa483",
    CANCELING: "#a36a4b",
    CANCELED: "#5e6a79",
    FAILED: "#e8643a",
    RECONCILING: "#888888",
  },
  reason: {
    "failed-region": "#e8643a",
    "lost-input": "#a97fd0",
    consumer: "#4f9fe0",
    global: "#8a95a5",
  },
  phase: { delay: "#4b5767", alignment: "#d9a02e", sync: "#e8643a", async: "#4a94d2" },
  outcome: { completed: "#4a94d2", failed: "#e8643a", pending: "#4b5767" },
  region: ["#4a94d2", "#d9a02e", "#1fa483", "#c77fae", "#9384dd", "#dd7f55", "#a5ad45", "#5cbdd1"],
  heat: [
    [24, 33, 45],
    [30, 66, 104],
    [44, 108, 166],
    [96, 166, 222],
    [205, 231, 250],
  ],
};

const query = matchMedia("(prefers-color-scheme: dark)");

export function usePalette(): Palette {
  const view = useView();
  const [, redraw] = useState(0);
  useEffect(() => {
    const listener = () => redraw((n) => n + 1);
    query.addEventListener("change", listener);
    return () => query.removeEventListener("change", listener);
  }, []);
  return themeOf(view.theme) === "dark" ? dark : light;
}

export function themeOf(chosen: string | undefined): "light" | "dark" {
  if (chosen === "light" || chosen === "dark") return chosen;
  return query.matches ? "dark" : "light";
}

export const reasonLetter: Record<string, string> = {
  "failed-region": "F",
  "lost-input": "L",
  consumer: "C",
  global: "G",
};

export const reasonText: Record<string, string> = {
  "failed-region": "in the region that failed",
  "lost-input": "produces an input that was lost",
  consumer: "consumes from a region that restarts",
  global: "the whole job restarts",
};

export const stateLetter: Record<string, string> = {
  CREATED: "·",
  SCHEDULED: "s",
  DEPLOYING: "d",
  INITIALIZING: "i",
  RUNNING: "",
  FINISHED: "✓",
  CANCELING: "c",
  CANCELED: "×",
  FAILED: "!",
};

// A colour of the heat scale, 0 to 1.
export function heat(palette: Palette, share: number): string {
  const stops = palette.heat;
  const x = Math.min(1, Math.max(0, share)) * (stops.length - 1);
  const i = Math.min(stops.length - 2, Math.floor(x));
  const f = x - i;
  const mix = stops[i].map((value, k) => Math.round(value + (stops[i + 1][k] - value) * f));
  return `rgb(${mix.join(",")})`;
}

// Whether dark text reads better on it.
export function darkInkOn(colour: string): boolean {
  const rgb = /^#/.test(colour)
    ? [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16))
    : (colour.match(/\d+/g) ?? ["0", "0", "0"]).map(Number);
  return 0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2] > 138;
}
