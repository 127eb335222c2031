// Everything over time: the job's state, rates, levels, and every task as a lane.
import { useMemo } from "preact/hooks";
import { Model, type Attempt, type RunResult, type Vertex } from "../data";
import { type Palette, stateLetter, usePalette } from "../colours";
import { bytes, count, duration, moment, percent } from "../format";
import { setView, useView, zoomOf } from "../view";
import { Chart, type Line } from "../parts/chart";
import { Lanes, type Lane, type Stretch, hatch } from "../parts/lanes";
import { activityLine, hasActivity } from "../activity";
import { Key, Panel } from "../parts/small";
import { Table, type TableColumn } from "../parts/table";

const jobColours: Record<string, string> = {
  INITIALIZING: "SCHEDULED",
  CREATED: "SCHEDULED",
  RUNNING: "RUNNING",
  RESTARTING: "INITIALIZING",
  FAILING: "FAILED",
  FAILED: "FAILED",
  CANCELLING: "CANCELING",
  CANCELED: "CANCELED",
  FINISHED: "FINISHED",
  SUSPENDED: "CANCELED",
  RECONCILING: "RECONCILING",
};

function jobLane(model: Model, palette: Palette): Lane {
  const states = model.detail.job_states;
  const stretches: Stretch[] = states.map(([at, state], i) => ({
    from: at,
    to: i + 1 < states.length ? states[i + 1][0] : model.detail.end,
    colour: palette.state[jobColours[state] ?? "CREATED"],
    text: `job ${state}`,
    letter: state,
    hatch: state === "FAILED" || state === "FAILING",
  }));
  return { key: "job", label: "job", stretches, height: 22 };
}

function processLanes(model: Model, palette: Palette): Lane[] {
  return model.detail.processes.map((process) => ({
    key: "p:" + process.name,
    label: process.name,
    note: "process",
    height: 18,
    stretches: [
      ...process.down.map(([from, to]) => ({
        from,
        to,
        colour: palette.state.FAILED,
        hatch: true,
        text: `down for ${duration(to - from)}`,
        letter: "down",
      })),
      ...process.frozen.map(([from, to]) => ({
        from,
        to,
        colour: palette.state.CANCELED,
        text: `frozen for ${duration(to - from)}`,
        letter: "frozen",
      })),
    ],
  }));
}

function checkpointLane(model: Model, palette: Palette): Lane {
  return {
    key: "checkpoints",
    label: "checkpoints",
    height: 18,
    stretches: model.detail.checkpoints.map((c) => ({
      from: c.triggered,
      to: c.ended,
      colour: palette.outcome[c.outcome],
      hatch: c.outcome === "failed",
      text: `checkpoint ${c.id} ${c.outcome}, ${duration(c.ended - c.triggered)}${c.reason ? ", " + c.reason : ""}`,
      letter: String(c.id),
    })),
  };
}

// The way from a window to the whole run and back.
export function Whole(props: { model: Model }) {
  const view = useView();
  const { detail } = props.model;
  if (view.z !== undefined)
    return (
      <button type="button" class="link" onClick={() => setView({ z: undefined })}>
        {view.z === "all" && detail.focus < detail.end ? "until the job's end" : "back to the whole job"}
      </button>
    );
  if (detail.focus >= detail.end) return null;
  return (
    <button type="button" class="link" title="Double-click does the same" onClick={() => setView({ z: "all" })}>
      the run went on until {moment(detail.end)}: show all
    </button>
  );
}

// Job, processes and checkpoints: the run in three rows.
export function JobStrip(props: { model: Model; result: RunResult }) {
  const view = useView();
  const palette = usePalette();
  const { model } = props;
  const [from, to] = zoomOf(view, model.detail);
  const lanes = useMemo(
    () => [jobLane(model, palette), ...processLanes(model, palette).slice(0, 12), checkpointLane(model, palette)],
    [model, palette],
  );
  return <Lanes detail={model.detail} lanes={lanes} from={from} to={to} zoomable label="Job state, processes and checkpoints over time" />;
}

export function attemptStretches(attempt: Attempt, palette: Palette): Stretch[] {
  return attempt.states.map((state, i) => {
    const last = i + 1 === attempt.states.length;
    const to = last ? Math.max(attempt.end, attempt.times[i]) : attempt.times[i + 1];
    return {
      from: attempt.times[i],
      to,
      colour: palette.state[state] ?? palette.muted,
      hatch: state === "FAILED" || state === "CANCELED",
      letter: stateLetter[state],
      text: `${state} · attempt ${attempt.attempt}${attempt.taskManager ? " on " + attempt.taskManager : ""} · ${duration(to - attempt.times[i])}`,
    };
  });
}

const order = ["RUNNING", "FINISHED", "INITIALIZING", "DEPLOYING", "SCHEDULED", "CREATED", "CANCELING", "CANCELED", "FAILED", "RECONCILING"];

// How many subtasks of a vertex are in which state, as steps over time.
function shares(model: Model, vertex: Vertex): { times: number[]; counts: Map<string, number>[] } {
  const events: { at: number; subtask: number; state: string }[] = [];
  for (let i = 0; i < vertex.parallelism; ++i)
    for (const attempt of model.subtasks[vertex.first_subtask + i].attempts)
      attempt.states.forEach((state, k) => events.push({ at: attempt.times[k], subtask: i, state }));
  events.sort((a, b) => a.at - b.at);
  const now: string[] = [];
  const times: number[] = [0];
  const counts: Map<string, number>[] = [new Map()];
  const current = new Map<string, number>();
  for (const event of events) {
    const before = now[event.subtask];
    if (before) current.set(before, (current.get(before) ?? 1) - 1);
    now[event.subtask] = event.state;
    current.set(event.state, (current.get(event.state) ?? 0) + 1);
    if (times[times.length - 1] !== event.at) {
      times.push(event.at);
      counts.push(new Map(current));
    } else {
      counts[counts.length - 1] = new Map(current);
    }
  }
  return { times, counts };
}

function find(times: number[], at: number): number {
  let low = 0;
  let high = times.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (times[middle] <= at) low = middle;
    else high = middle - 1;
  }
  return low;
}

function vertexLane(model: Model, vertex: Vertex, palette: Palette, open: boolean): Lane {
  const steps = shares(model, vertex);
  return {
    key: "v:" + vertex.id,
    label: vertex.id,
    note: `× ${vertex.parallelism}`,
    open,
    height: 30,
    stretches: [],
    draw: (ctx, _x, at, box) => {
      for (let px = 0; px < box.width; ++px) {
        const from = at(box.left + px);
        const first = find(steps.times, from);
        const last = find(steps.times, at(box.left + px + 1));
        // What is rarest in this pixel must not vanish: a failure of a moment is seen.
        const counts = new Map(steps.counts[last]);
        for (let i = first; i < last; ++i)
          for (const [state, n] of steps.counts[i]) if (n > (counts.get(state) ?? 0)) counts.set(state, n);
        let total = 0;
        for (const n of counts.values()) total += n;
        let y = box.top + box.height;
        for (const state of order) {
          const n = counts.get(state) ?? 0;
          if (n === 0) continue;
          const h = (n / Math.max(total, vertex.parallelism)) * box.height;
          y -= h;
          ctx.fillStyle = palette.state[state];
          ctx.fillRect(box.left + px, y, 1, h + 0.5);
        }
      }
      for (const mark of ["FAILED"]) {
        steps.counts.forEach((counts, i) => {
          if (!counts.get(mark)) return;
          const a = _x(steps.times[i]);
          const b = i + 1 < steps.times.length ? _x(steps.times[i + 1]) : box.left + box.width;
          if (b - a > 3 && b > box.left) hatch(ctx, a, box.top, b - a, box.height * 0.3, palette.panel);
        });
      }
    },
    tip: (time) => {
      const counts = steps.counts[find(steps.times, time)];
      return order
        .filter((state) => counts.get(state))
        .map((state) => `${state} ${counts.get(state)}`)
        .join("\n");
    },
  };
}

const attemptColumns: TableColumn<{ name: string; attempt: Attempt }>[] = [
  { key: "subtask", title: "Subtask", value: (r) => r.name },
  { key: "attempt", title: "Attempt", value: (r) => r.attempt.attempt, number: true },
  { key: "tm", title: "TaskManager", value: (r) => r.attempt.taskManager || "–" },
  { key: "from", title: "From", value: (r) => r.attempt.times[0], show: (r) => moment(r.attempt.times[0]), number: true },
  {
    key: "running",
    title: "Running from",
    value: (r) => runningFrom(r.attempt),
    show: (r) => {
      const at = runningFrom(r.attempt);
      return at === null ? "–" : moment(at);
    },
    number: true,
  },
  { key: "to", title: "To", value: (r) => r.attempt.end, show: (r) => moment(r.attempt.end), number: true },
  { key: "last", title: "Last state", value: (r) => r.attempt.states[r.attempt.states.length - 1] },
];

function runningFrom(attempt: Attempt): number | null {
  const i = attempt.states.indexOf("RUNNING");
  return i < 0 ? null : attempt.times[i];
}

export function Timeline(props: { model: Model; result: RunResult }) {
  const view = useView();
  const palette = usePalette();
  const { model } = props;
  const { detail } = model;
  const [from, to] = zoomOf(view, detail);
  const opened = new Set((view.x ?? "").split(",").filter(Boolean));
  const lanes = useMemo(() => {
    const all: Lane[] = [jobLane(model, palette), ...processLanes(model, palette), checkpointLane(model, palette)];
    for (const vertex of detail.graph.vertices) {
      all.push(vertexLane(model, vertex, palette, opened.has(vertex.id)));
      if (!opened.has(vertex.id)) continue;
      for (let i = 0; i < vertex.parallelism; ++i) {
        const subtask = model.subtasks[vertex.first_subtask + i];
        all.push({
          key: subtask.name,
          label: subtask.name,
          inner: true,
          height: 16,
          stretches: subtask.attempts.flatMap((attempt) => attemptStretches(attempt, palette)),
        });
      }
    }
    return all;
  }, [model, palette, view.x]);
  const lines = (name: string, gauge = false): Line[] =>
    detail.series.columns
      .filter((c) => c.name === name && c.entity !== "")
      .map((c) => ({ label: c.entity, values: c.values, gauge }));
  const attempts = useMemo(
    () => model.attempts.map((attempt) => ({ name: model.subtasks[attempt.subtask].name, attempt })),
    [model],
  );
  const watermarks = useMemo(() => lines("watermark", true).filter((l) => l.values.some((v) => v !== null)), [model]);
  const active = hasActivity(detail);
  const busy = useMemo(
    () => (active ? detail.graph.vertices.map((v): Line => ({ label: v.id, values: activityLine(detail, v, "busy"), gauge: true, scale: 0.1 })) : []),
    [detail, active],
  );
  const pressed = useMemo(
    () => (active ? detail.graph.vertices.map((v): Line => ({ label: v.id, values: activityLine(detail, v, "back_pressured"), gauge: true, scale: 0.1 })) : []),
    [detail, active],
  );
  const used = ["SCHEDULED", "DEPLOYING", "INITIALIZING", "RUNNING", "FINISHED", "CANCELING", "CANCELED", "FAILED"];
  return (
    <>
      <Panel
        title="Tasks"
        id="tasks"
        note="click a vertex to see its subtasks; drag to zoom, double-click to go back"
        side={<Whole model={model} />}
      >
        <Lanes
          detail={detail}
          lanes={lanes}
          from={from}
          to={to}
          zoomable
          most={560}
          label="States of tasks over time"
          onPick={(lane) => {
            if (!lane.key.startsWith("v:")) return;
            const id = lane.key.slice(2);
            if (!opened.delete(id)) opened.add(id);
            setView({ x: [...opened].join(",") });
          }}
        />
        <div class="row wrap">
          <Key items={used.map((state) => ({ colour: palette.state[state], text: state, letter: stateLetter[state], hatch: state === "FAILED" || state === "CANCELED" }))} />
          <span class="grow" />
          {detail.graph.vertices.map((vertex) => (
            <button
              type="button"
              key={vertex.id}
              class="chip"
              aria-pressed={opened.has(vertex.id)}
              onClick={() => {
                if (!opened.delete(vertex.id)) opened.add(vertex.id);
                setView({ x: [...opened].join(",") });
              }}
            >
              {opened.has(vertex.id) ? "▾" : "▸"} {vertex.id}
            </button>
          ))}
        </div>
      </Panel>
      <Panel title="Rates and levels" note="one cursor, one window of time" id="rates">
        <Chart
          detail={detail}
          title="Throughput"
          unit="records per second"
          lines={[
            { label: "read by sources", values: model.column("read")?.values ?? [], gauge: false, fill: true },
            { label: "committed at sinks", values: model.column("committed")?.values ?? [], gauge: false },
          ]}
        />
        {model.column("lag")?.values.some((v) => v) && (
          <Chart
            detail={detail}
            title="Lag"
            unit="records that are there and not yet read"
            format={(n) => count(n)}
            lines={[{ label: "lag", values: model.column("lag")?.values ?? [], gauge: true, fill: true }]}
          />
        )}
        <Chart detail={detail} title="Emitted by vertex" unit="records per second" lines={lines("records_out")} />
        <Chart detail={detail} title="Received by vertex" unit="records per second" lines={lines("records_in")} />
        {active && <Chart detail={detail} title="Busy" unit="% of the time, busiest subtask of each vertex" least={10} format={percent} lines={busy} />}
        {active && <Chart detail={detail} title="Back-pressured" unit="% of the time, worst subtask of each vertex; LOW above 10 %, HIGH above 50 %" least={10} format={percent} lines={pressed} />}
        {watermarks.length > 0 && (
          <Chart
            detail={detail}
            title="Watermark"
            unit="event time, lowest of all subtasks"
            format={(n) => (n === 0 ? "0 s" : duration(1e6 * n))}
            lines={watermarks}
          />
        )}
        <Chart
          detail={detail}
          title="Running subtasks"
          unit={`of ${count(detail.graph.subtasks)}`}
          format={(n) => count(n)}
          height={130}
          lines={[{ label: "running", values: model.column("running")?.values ?? [], gauge: true, fill: true }]}
        />
        {model.column("network_bytes") && (
          <Chart
            detail={detail}
            title="Network"
            unit="bytes per second between processes, of all hosts"
            binary
            format={bytes}
            height={150}
            lines={[{ label: "sent", values: model.column("network_bytes")?.values ?? [], gauge: false, fill: true }]}
          />
        )}
        {["disk_written_bytes", "disk_read_bytes"].some((name) => model.column(name)?.values.some((v) => v)) && (
          <Chart
            detail={detail}
            title="Local disks"
            unit="bytes per second, of all hosts"
            binary
            format={bytes}
            height={150}
            lines={[
              { label: "written", values: model.column("disk_written_bytes")?.values ?? [], gauge: false },
              { label: "read", values: model.column("disk_read_bytes")?.values ?? [], gauge: false },
            ]}
          />
        )}
        {["stored_bytes", "loaded_bytes"].some((name) => model.column(name)?.values.some((v) => v)) && (
          <Chart
            detail={detail}
            title="Object store"
            unit="bytes per second"
            binary
            format={bytes}
            height={150}
            lines={[
              { label: "written", values: model.column("stored_bytes")?.values ?? [], gauge: false },
              { label: "read", values: model.column("loaded_bytes")?.values ?? [], gauge: false },
            ]}
          />
        )}
        <Chart
          detail={detail}
          title="Messages"
          unit="between processes, per second"
          height={150}
          lines={[{ label: "delivered", values: model.column("messages")?.values ?? [], gauge: false }]}
        />
      </Panel>
      <Panel title="Attempts" note="of every subtask">
        <Table id="attempts" rows={attempts} columns={attemptColumns} caption="Attempts of subtasks" page={40} rowKey={(r) => `${r.name}#${r.attempt.attempt}@${r.attempt.times[0]}`} empty="No task was ever scheduled." />
      </Panel>
    </>
  );
}
