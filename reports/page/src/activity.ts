// Busy, back-pressured and idle time of subtasks, as the tasks themselves told it.
import type { Detail, Subtask, Vertex } from "./data";

export interface Activity {
  busy: number; // shares of the interval, together 1
  backPressured: number;
  idle: number;
}

// By subtask: [end of the interval, its length, thousandths back-pressured, thousandths idle, ...];
// the rest of an interval is busy.
function row(detail: Detail, subtask: number): number[] {
  return detail.activity?.[subtask] ?? [];
}

export function hasActivity(detail: Detail): boolean {
  return (detail.activity ?? []).some((values) => values.length > 0);
}

export function activityAt(detail: Detail, subtask: number, time: number): Activity | null {
  const values = row(detail, subtask);
  for (let i = 0; i + 3 < values.length; i += 4) {
    if (time > values[i]) continue;
    if (time < values[i] - values[i + 1]) return null;
    const backPressured = values[i + 2] / 1000;
    const idle = values[i + 3] / 1000;
    return { busy: Math.max(0, 1 - backPressured - idle), backPressured, idle };
  }
  return null;
}

// Flink's three words and limits.
export function activityClass(backPressured: number): "OK" | "LOW" | "HIGH" {
  return backPressured <= 0.1 ? "OK" : backPressured <= 0.5 ? "LOW" : "HIGH";
}

// The subtask of a vertex that is busiest at a moment: an average would hide it.
export function busiestAt(detail: Detail, subtasks: Subtask[], vertex: Vertex, time: number): { subtask: Subtask; activity: Activity } | null {
  let found: { subtask: Subtask; activity: Activity } | null = null;
  for (let i = 0; i < vertex.parallelism; ++i) {
    const subtask = subtasks[vertex.first_subtask + i];
    const activity = activityAt(detail, subtask.index, time);
    if (activity && (!found || activity.busy + activity.backPressured > found.activity.busy + found.activity.backPressured)) found = { subtask, activity };
  }
  return found;
}

// Of a vertex, on the grid of the series: the busiest subtask's share in each bucket, in thousandths.
export function activityLine(detail: Detail, vertex: Vertex, what: "busy" | "back_pressured"): (number | null)[] {
  const { width, buckets } = detail.series;
  const line: (number | null)[] = new Array(buckets).fill(null);
  for (let s = 0; s < vertex.parallelism; ++s) {
    const values = row(detail, vertex.first_subtask + s);
    for (let i = 0; i + 3 < values.length; i += 4) {
      const share = what === "busy" ? 1000 - values[i + 2] - values[i + 3] : values[i + 2];
      const first = Math.max(0, Math.floor((values[i] - values[i + 1]) / width));
      const last = Math.min(buckets - 1, Math.floor(values[i] / width));
      for (let k = first; k <= last; ++k) line[k] = Math.max(line[k] ?? 0, share);
    }
  }
  return line;
}
