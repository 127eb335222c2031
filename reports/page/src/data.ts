// What drey embeds in the page (reports/write_json_report.h). Times are simulated nanoseconds.

export interface RunResult {
  version: number;
  verdict: string;
  hash: string;
  scenario: string;
  seed: number;
  mutant: string;
  sim_time_ns: number;
  events: number;
  limit: string;
  job_state: string;
  ledger: Record<string, number>;
  checkpoints: { completed: number; failed: number; restored: number };
  failovers: Failover[];
  faults: { id: string; landed: boolean; times: number; optional: boolean }[];
  violations: { oracle: string; at_ns: number; event: string; what: string; history: string[] }[];
  rocksdb: Record<string, number>;
  messages: Record<string, number>;
  oracles: { name: string; claim: string; judgement: string; examined: number; excuse: string }[];
  not_checked: string[];
  expectations: {
    id: string;
    text: string;
    outcome: string;
    left: string;
    right: string;
    because: string;
  }[];
  reproduce: string;
  build: { version: string; commit: string; compiler: string; library: string };
  [more: string]: unknown;
}

export interface Failover {
  cause: string;
  failed: string;
  at_ns: number;
  number: number;
  backoff_ns: number;
  restarted: string[];
  reason: Record<string, string>;
}

export type Span = [from: number, to: number];

export interface Vertex {
  id: string;
  operators: { id: string; kind: string }[];
  parallelism: number;
  max_parallelism: number;
  slot_sharing_group: string;
  first_subtask: number;
  regions: number[];
}

export interface Edge {
  from: string;
  to: string;
  ship: string;
  exchange: string;
  pointwise: boolean;
}

// [subtask, start delay, alignment, sync, async, bytes, acknowledged]; -1 = not reached
export type PhaseRow = [number, number, number, number, number, number, number];

export interface Checkpoint {
  id: number;
  triggered: number;
  ended: number;
  outcome: "completed" | "failed" | "pending";
  reason: string;
  bytes: number;
  restored: boolean;
  phases_kept: boolean;
  phases: PhaseRow[];
}

export interface Column {
  name: string;
  entity: string;
  gauge: boolean;
  values: (number | null)[];
}

export type Dimension = "count" | "duration" | "bytes" | "rate" | "byte_rate" | "word";

export interface Detail {
  name: string;
  about: string;
  end: number;
  graph: { mode: string; vertices: Vertex[]; edges: Edge[]; regions: number; subtasks: number };
  job_states: [number, string][];
  // [subtask, attempt, TaskManager, since, state, later by, state, ...], the last two by number
  attempts: { task_managers: string[]; states: string[]; rows: number[][] };
  processes: { name: string; down: Span[]; frozen: Span[] }[];
  faults: { id: string; text: string; spans: Span[] }[];
  failures: { at: number; subject: string; attempt: number; cause: string }[];
  restarts: { number: number; at: number; rescheduled: number; checkpoint: number }[];
  checkpoints: Checkpoint[];
  series: { width: number; buckets: number; columns: Column[] };
  records_in: number[];
  records_out: number[];
  activity?: number[][]; // src/activity.ts
  configuration: {
    key: string;
    value: string;
    fallback: string;
    help: string;
    set: boolean;
    ignored: boolean;
  }[];
  dimensions: Record<string, Dimension>; // of metrics, by scope.name; of functions, by name
  document: string;
  thinned: string[];
  focus: number; // derived: a little after the last that the job did; the end if that is near
}

export interface RunData {
  format: number;
  kind: "run";
  results: RunResult[];
  left_out: number;
  detail: Detail | null;
}

export interface SweepData {
  format: number;
  kind: "sweep";
  sweep: unknown;
}

export type ReportData = RunData | SweepData;

export function readData(): ReportData | null {
  const text = document.getElementById("drey-data")?.textContent ?? "";
  try {
    const data = JSON.parse(text) as ReportData;
    if (typeof data !== "object" || data === null) return null;
    if (data.kind === "run" && data.detail) data.detail.focus = focusOf(data.detail);
    return data;
  } catch {
    return null;
  }
}

// A run goes on for a while after the job's end, to see whether something is left; nobody wants to look
// at that first. Faults and checkpoints count, states of the job too.
function focusOf(detail: Detail): number {
  const last = detail.job_states[detail.job_states.length - 1];
  if (!last || !["FINISHED", "FAILED", "CANCELED"].includes(last[1])) return detail.end;
  const latest = Math.max(last[0], ...detail.faults.flatMap((f) => f.spans.map((span) => span[1])), ...detail.checkpoints.map((c) => c.ended));
  const focus = Math.round(latest * 1.04);
  return focus > 0.9 * detail.end ? detail.end : focus;
}

// The result whose details the page has: the first that did not pass, else the first.
export function shownResult(data: RunData): RunResult {
  return data.results.find((result) => result.verdict !== "pass") ?? data.results[0];
}

// ---- derived, once

export interface Attempt {
  subtask: number;
  attempt: number;
  taskManager: string;
  times: number[];
  states: string[];
  end: number; // of its last state, or of the run
}

const terminal = new Set(["FINISHED", "CANCELED", "FAILED"]);

export interface Subtask {
  index: number;
  name: string;
  vertex: Vertex;
  number: number; // in its vertex
  region: number;
  attempts: Attempt[];
}

export class Model {
  readonly subtasks: Subtask[] = [];
  readonly byName = new Map<string, Subtask>();
  readonly attempts: Attempt[] = [];
  readonly vertexById = new Map<string, Vertex>();

  constructor(readonly detail: Detail) {
    for (const vertex of detail.graph.vertices) {
      this.vertexById.set(vertex.id, vertex);
      for (let i = 0; i < vertex.parallelism; ++i) {
        const index = vertex.first_subtask + i;
        const subtask: Subtask = {
          index,
          name: `${vertex.id}/${i}`,
          vertex,
          number: i,
          region: vertex.regions[i],
          attempts: [],
        };
        this.subtasks[index] = subtask;
        this.byName.set(subtask.name, subtask);
      }
    }
    for (const row of detail.attempts.rows) {
      const attempt: Attempt = {
        subtask: row[0],
        attempt: row[1],
        taskManager: detail.attempts.task_managers[row[2]],
        times: [],
        states: [],
        end: detail.end,
      };
      let time = 0;
      for (let i = 3; i + 1 < row.length; i += 2) {
        attempt.times.push((time += row[i]));
        attempt.states.push(detail.attempts.states[row[i + 1]]);
      }
      if (attempt.states.length === 0) continue;
      const last = attempt.states.length - 1;
      if (terminal.has(attempt.states[last])) attempt.end = attempt.times[last];
      this.attempts.push(attempt);
      this.subtasks[attempt.subtask].attempts.push(attempt);
    }
    // An attempt ends where the next one of its subtask begins, whoever forgot to say so.
    for (const subtask of this.subtasks)
      for (let i = 0; i + 1 < subtask.attempts.length; ++i)
        subtask.attempts[i].end = Math.min(subtask.attempts[i].end, subtask.attempts[i + 1].times[0]);
  }

  // The attempt and state of a subtask at a time; a terminal state lasts until the next attempt.
  at(subtask: Subtask, time: number): { attempt: Attempt; state: string } | null {
    for (let i = subtask.attempts.length - 1; i >= 0; --i) {
      const attempt = subtask.attempts[i];
      if (attempt.times[0] > time) continue;
      let k = attempt.times.length - 1;
      while (attempt.times[k] > time) --k;
      return { attempt, state: attempt.states[k] };
    }
    return null;
  }

  // When everything that a failover restarted ran again; null: not before the end.
  recovered(failover: Failover): number | null {
    let latest = failover.at_ns;
    for (const name of failover.restarted) {
      const subtask = this.byName.get(name);
      if (!subtask) continue;
      let first: number | null = null;
      for (const attempt of subtask.attempts) {
        for (let i = 0; i < attempt.states.length && first === null; ++i)
          if (attempt.times[i] > failover.at_ns && (attempt.states[i] === "RUNNING" || attempt.states[i] === "FINISHED"))
            first = attempt.times[i];
        if (first !== null) break;
      }
      if (first === null) return null;
      latest = Math.max(latest, first);
    }
    return failover.restarted.length === 0 ? null : latest;
  }

  column(name: string, entity = ""): Column | undefined {
    return this.detail.series.columns.find((c) => c.name === name && c.entity === entity);
  }
}
