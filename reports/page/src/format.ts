// Numbers as people read them. Exact values stay in titles and tables.

const thin = "\u202f";

export function count(n: number): string {
  return Math.round(n)
    .toString()
    .replace("-", "\u2212")
    .replace(/\B(?=(\d{3})+(?!\d))/g, thin);
}

export function short(n: number): string {
  const a = Math.abs(n);
  if (a >= 1e9) return trim(n / 1e9) + " G";
  if (a >= 1e6) return trim(n / 1e6) + " M";
  if (a >= 1e4) return trim(n / 1e3) + " k";
  if (a >= 1e3) return count(n);
  return trim(n);
}

function trim(n: number): string {
  const a = Math.abs(n);
  const text = a >= 100 ? n.toFixed(0) : a >= 10 ? n.toFixed(1) : n.toFixed(2);
  return (text.includes(".") ? text.replace(/\.?0+$/, "") : text).replace("-", "\u2212");
}

export function duration(ns: number): string {
  const a = Math.abs(ns);
  if (ns === 0) return "0 s";
  if (a < 1e3) return `${trim(ns)} ns`;
  if (a < 1e6) return `${trim(ns / 1e3)} µs`;
  if (a < 1e9) return `${trim(ns / 1e6)} ms`;
  if (a < 600e9) return `${trim(ns / 1e9)} s`;
  const seconds = ns / 1e9;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 120) return `${minutes} min ${trim(Math.round(seconds - 60 * minutes))} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export function percent(n: number): string {
  return `${trim(n)} %`;
}

// Up to so many steps of 1, 2 or 5 times a power of ten (of two, in bytes) that cover 0 .. most.
export function niceSteps(low: number, high: number, most: number, kind: "plain" | "binary" | "time"): number[] {
  const raw = (high - low) / most || 1;
  const binary = kind === "binary";
  let step = binary ? 2 ** Math.ceil(Math.log2(raw)) : 10 ** Math.floor(Math.log10(raw));
  if (!binary) step *= [1, 2, 5, 10].find((f) => f * step >= raw * 0.999) ?? 10;
  // From ten minutes on durations are shown in minutes.
  if (kind === "time" && high >= 600e9) step = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600].find((f) => 60e9 * f >= raw * 0.999)! * 60e9 || step;
  const steps: number[] = [];
  for (let at = Math.ceil(low / step - 1e-9); at * step <= high * (1 + 1e-9); ++at) steps.push(at * step);
  return steps;
}

// Distance of the ticks of a time axis, ns: each has at least 80 pixels.
export function timeStep(span: number, width: number): number {
  const rough = (span * 80) / Math.max(width, 1);
  for (const minutes of [1, 2, 5, 10, 20, 30, 60, 120, 300, 600]) if (rough > 30e9 && minutes * 60e9 >= rough) return minutes * 60e9;
  const power = 10 ** Math.floor(Math.log10(rough));
  for (const k of [1, 2, 5, 10]) if (k * power >= rough) return Math.min(k * power, rough > 20e9 && rough <= 30e9 ? 30e9 : Infinity);
  return 10 * power;
}

export function timeTick(ns: number, step: number): string {
  if (step >= 60e9) return `${Math.round(ns / 60e9)} min`;
  if (step >= 1e9) return `${Math.round(ns / 1e9)} s`;
  if (step >= 1e6 && ns >= 10e9) return `${(ns / 1e9).toFixed(step >= 1e8 ? 1 : 3)} s`;
  if (step >= 1e6) return `${Math.round(ns / 1e6)} ms`;
  if (ns >= 10e6) return `${(ns / 1e6).toFixed(3)} ms`;
  return `${Math.round(ns / 1e3)} µs`;
}

// A moment of simulated time, to the millisecond.
export function moment(ns: number): string {
  return `${(ns / 1e9).toFixed(3)} s`;
}

export function bytes(n: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let i = 0;
  let value = n;
  while (Math.abs(value) >= 1024 && i + 1 < units.length) {
    value /= 1024;
    ++i;
  }
  return `${trim(value)} ${units[i]}`;
}

export function plural(n: number, one: string, many = one + "s"): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}
