// Numbers as people read them. Exact values stay in titles and tables.

const thin = "\u202f";

export function count(n: number): string {
  return Math.round(n)
    .toString()
    .replace(/\B(?=(\d{3})+(?!\d))/g, thin);
}

export function short(n: number): string {
  const a = Math.abs(n);
  if (a >= 1e9) return trim(n / 1e9) + " G";
  if (a >= 1e6) return trim(n / 1e6) + " M";
  if (a >= 1e4) return trim(n / 1e3) + " k";
  return trim(n);
}

function trim(n: number): string {
  const a = Math.abs(n);
  const text = a >= 100 ? n.toFixed(0) : a >= 10 ? n.toFixed(1) : n.toFixed(2);
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

export function duration(ns: number): string {
  const a = Math.abs(ns);
  if (ns === 0) return "0 s";
  if (a < 1e3) return `${ns} ns`;
  if (a < 1e6) return `${trim(ns / 1e3)} µs`;
  if (a < 1e9) return `${trim(ns / 1e6)} ms`;
  if (a < 120e9) return `${trim(ns / 1e9)} s`;
  const seconds = ns / 1e9;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 120) return `${minutes} min ${trim(Math.round(seconds - 60 * minutes))} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export function percent(n: number): string {
  return `${trim(n)} %`;
}

// Up to so many steps of 1, 2 or 5 times a power of ten (of two, in bytes) that cover 0 .. most.
export function niceSteps(low: number, high: number, most: number, binary: boolean): number[] {
  const raw = (high - low) / most || 1;
  let step = binary ? 2 ** Math.ceil(Math.log2(raw)) : 10 ** Math.floor(Math.log10(raw));
  if (!binary) step *= [1, 2, 5, 10].find((f) => f * step >= raw * 0.999) ?? 10;
  const steps: number[] = [];
  for (let at = Math.ceil(low / step - 1e-9); at * step <= high * (1 + 1e-9); ++at) steps.push(at * step);
  return steps;
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
