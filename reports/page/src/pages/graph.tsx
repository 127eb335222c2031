// The job's graph at a moment: every subtask a cell, coloured by its state, its region, the rule by
// which a failover restarted it, its share of the records, or how busy it was.
import { useMemo } from "preact/hooks";
import dagre from "@dagrejs/dagre";
import { Model, type Edge, type Failover, type RunResult, type Subtask, type Vertex } from "../data";
import { type Palette, darkInkOn, heat, reasonLetter, reasonText, stateLetter, usePalette } from "../colours";
import { count, moment, plural, short } from "../format";
import { setView, timeOf, useView } from "../view";
import { Choice, Key, Panel } from "../parts/small";
import { firstMoment, Slider } from "../parts/slider";
import { Table, type TableColumn } from "../parts/table";
import { activityAt, activityClass, busiestAt, hasActivity } from "../activity";

const nodeWidth = 232;
const mostCells = 104; // of one vertex; beyond, a bar of shares

interface Placed {
  vertex: Vertex;
  x: number;
  y: number;
  height: number;
}

// Few subtasks get large cells.
function gridOf(vertex: Vertex): { size: number; perRow: number } {
  return vertex.parallelism <= 18 ? { size: 22, perRow: 9 } : { size: 15, perRow: 13 };
}

function cellsHeight(vertex: Vertex): number {
  if (vertex.parallelism > mostCells) return 26;
  const { size, perRow } = gridOf(vertex);
  return Math.ceil(vertex.parallelism / perRow) * (size + 2);
}

function layout(vertices: Vertex[], edges: Edge[]) {
  const heightOf = (vertex: Vertex) => 66 + cellsHeight(vertex);
  const placed: Placed[] = [];
  const routes: { edge: Edge; points: { x: number; y: number }[] }[] = [];
  if (vertices.length > 300) {
    // Layered by hand: dagre takes a second for so many.
    vertices.forEach((vertex, i) => placed.push({ vertex, x: 20 + nodeWidth / 2 + (i % 5) * (nodeWidth + 60), y: 80 + Math.floor(i / 5) * 150, height: heightOf(vertex) }));
    const width = 5 * (nodeWidth + 60);
    return { placed, routes, width, height: 160 + Math.ceil(vertices.length / 5) * 150 };
  }
  const graph = new dagre.graphlib.Graph({ multigraph: true });
  graph.setGraph({ rankdir: "LR", nodesep: 34, ranksep: 104, marginx: 14, marginy: 14 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const vertex of vertices) graph.setNode(vertex.id, { width: nodeWidth, height: heightOf(vertex) });
  edges.forEach((edge, i) => graph.setEdge(edge.from, edge.to, {}, String(i)));
  dagre.layout(graph);
  for (const vertex of vertices) {
    const node = graph.node(vertex.id);
    placed.push({ vertex, x: node.x, y: node.y, height: node.height });
  }
  edges.forEach((edge, i) => routes.push({ edge, points: graph.edge(edge.from, edge.to, String(i)).points }));
  const size = graph.graph();
  return { placed, routes, width: size.width ?? 600, height: size.height ?? 300 };
}

interface Cell {
  colour: string;
  letter: string;
  text: string;
  hatch?: boolean;
}

// Why a subtask is red, blue or grey: one function per way of looking.
function painter(mode: string, model: Model, palette: Palette, time: number, failover: Failover | undefined, active: boolean) {
  const { detail } = model;
  if (mode === "region")
    return (s: Subtask): Cell => ({
      colour: palette.region[s.region % palette.region.length],
      letter: detail.graph.regions > 1 ? String(s.region) : "",
      text: `region ${s.region}`,
    });
  if (mode === "restart")
    return (s: Subtask): Cell => {
      const reason = failover?.reason[s.name];
      return reason
        ? { colour: palette.reason[reason] ?? palette.muted, letter: reasonLetter[reason] ?? "?", text: reasonText[reason] ?? reason }
        : { colour: palette.state.CREATED, letter: "", text: "not restarted" };
    };
  if (mode === "records") {
    const highest = new Map<string, number>();
    for (const s of model.subtasks)
      highest.set(s.vertex.id, Math.max(highest.get(s.vertex.id) ?? 1, recordsOf(model, s)));
    return (s: Subtask): Cell => {
      const n = recordsOf(model, s);
      const share = n / (highest.get(s.vertex.id) ?? 1);
      return { colour: heat(palette, share), letter: "", text: `${count(n)} records, ${Math.round(100 * share)} % of the busiest of its vertex` };
    };
  }
  if (mode === "busy" && active)
    return (s: Subtask): Cell => {
      const a = activityAt(detail, s.index, time);
      if (!a) return { colour: palette.state.CREATED, letter: "", text: "not measured" };
      const c = activityClass(a.backPressured);
      return {
        colour: a.backPressured > 0.1 ? heatOf(palette, a.backPressured) : heat(palette, a.busy),
        letter: c === "OK" ? "" : c[0],
        text: `busy ${percent(a.busy)}, back-pressured ${percent(a.backPressured)} (${c}), idle ${percent(a.idle)}`,
      };
    };
  return (s: Subtask): Cell => {
    const at = model.at(s, time);
    if (!at) return { colour: palette.state.CREATED, letter: "", text: "not scheduled yet" };
    return {
      colour: palette.state[at.state] ?? palette.muted,
      letter: stateLetter[at.state] ?? "",
      text: `${at.state}, attempt ${at.attempt.attempt}${at.attempt.taskManager ? " on " + at.attempt.taskManager : ""}`,
      hatch: at.state === "FAILED" || at.state === "CANCELED",
    };
  };
}

function heatOf(palette: Palette, share: number): string {
  return share > 0.5 ? palette.phase.sync : palette.phase.alignment;
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}

function recordsOf(model: Model, s: Subtask): number {
  return Math.max(model.detail.records_in[s.index] ?? 0, model.detail.records_out[s.index] ?? 0);
}

function rateAt(model: Model, name: string, vertex: string, time: number): number {
  const column = model.column(name, vertex);
  if (!column) return 0;
  const { width, buckets } = model.detail.series;
  // Over half a second around the moment: buffers arrive in bursts.
  const reach = Math.max(1, Math.ceil(2.5e8 / width));
  const middle = Math.min(buckets - 1, Math.floor(time / width));
  let sum = 0;
  let n = 0;
  for (let i = Math.max(0, middle - reach); i <= Math.min(buckets - 1, middle + reach); ++i, ++n) sum += column.values[i] ?? 0;
  return n === 0 ? 0 : (sum / n) * (1e9 / width);
}

function Cells(props: { placed: Placed; model: Model; paint: (s: Subtask) => Cell; selected: string }) {
  const { placed, model, paint } = props;
  const { vertex } = placed;
  const left = placed.x - nodeWidth / 2 + 12;
  const top = placed.y - placed.height / 2 + 56;
  if (vertex.parallelism > mostCells) {
    // Shares of each colour in one bar, largest first.
    const groups = new Map<string, { cell: Cell; n: number }>();
    for (let i = 0; i < vertex.parallelism; ++i) {
      const cell = paint(model.subtasks[vertex.first_subtask + i]);
      const group = groups.get(cell.colour);
      if (group) ++group.n;
      else groups.set(cell.colour, { cell, n: 1 });
    }
    let x = left;
    const width = nodeWidth - 24;
    return (
      <g>
        {[...groups.values()]
          .sort((a, b) => b.n - a.n)
          .slice(0, 40)
          .map(({ cell, n }) => {
            const wide = (n / vertex.parallelism) * width;
            const part = (
              <g key={cell.colour}>
                <rect x={x} y={top} width={Math.max(1, wide)} height="18" fill={cell.colour}>
                  <title>{`${plural(n, "subtask")}: ${cell.text}`}</title>
                </rect>
                {wide > 26 && (
                  <text x={x + 5} y={top + 13} class="cell-letter" fill={darkInkOn(cell.colour) ? "#17202b" : "#fff"}>
                    {count(n)}
                  </text>
                )}
              </g>
            );
            x += wide;
            return part;
          })}
      </g>
    );
  }
  const cells = [];
  const { size: cellSize, perRow } = gridOf(vertex);
  for (let i = 0; i < vertex.parallelism; ++i) {
    const subtask = model.subtasks[vertex.first_subtask + i];
    const cell = paint(subtask);
    const x = left + (i % perRow) * (cellSize + 1);
    const y = top + Math.floor(i / perRow) * (cellSize + 2);
    cells.push(
      <g key={i}>
        <rect
          x={x}
          y={y}
          width={cellSize}
          height={cellSize}
          rx="3"
          fill={cell.colour}
          class={subtask.name === props.selected ? "cell chosen" : "cell"}
          data-subtask={subtask.name}
        >
          <title>{`${subtask.name}: ${cell.text}`}</title>
        </rect>
        {cell.hatch && <path d={`M${x + 2} ${y + cellSize - 2}L${x + cellSize - 2} ${y + 2}`} class="cell-hatch" />}
        {cell.letter && (
          <text x={x + cellSize / 2} y={y + cellSize / 2 + 3.5} text-anchor="middle" class="cell-letter" fill={darkInkOn(cell.colour) ? "#17202b" : "#fff"}>
            {cell.letter}
          </text>
        )}
      </g>,
    );
  }
  return <g>{cells}</g>;
}

const kindMark: Record<string, string> = { source: "◉", sink: "◎", keyed: "▦", window: "◫", filter: "▽", map: "→", flat_map: "⇉" };

function Node(props: { placed: Placed; model: Model; paint: (s: Subtask) => Cell; chosen: boolean; subtask: string; rate: number; onPick: () => void }) {
  const { placed } = props;
  const { vertex } = placed;
  const x = placed.x - nodeWidth / 2;
  const y = placed.y - placed.height / 2;
  const chain = vertex.operators.map((op) => `${kindMark[op.kind] ?? ""} ${op.id}`).join("  ");
  return (
    <g
      class={"node" + (props.chosen ? " chosen" : "")}
      role="button"
      tabIndex={0}
      aria-label={`${vertex.id}, parallelism ${vertex.parallelism}`}
      aria-pressed={props.chosen}
      data-testid={"node-" + vertex.id}
      onClick={props.onPick}
      onKeyDown={(e) => {
        if (e.key === "Enter" || e.key === " ") {
          e.preventDefault();
          props.onPick();
        }
      }}
    >
      <rect class="node-box" x={x} y={y} width={nodeWidth} height={placed.height} rx="10" />
      <text class="node-title" x={x + 12} y={y + 22}>
        {vertex.id.length > 18 ? vertex.id.slice(0, 17) + "…" : vertex.id}
      </text>
      <text class="node-side" x={x + nodeWidth - 12} y={y + 22} text-anchor="end">
        × {count(vertex.parallelism)}
      </text>
      <text class="node-sub" x={x + 12} y={y + 42}>
        {chain.length > 28 ? chain.slice(0, 27) + "…" : chain}
        <title>{vertex.operators.map((op) => `${op.id} (${op.kind})`).join(" → ")}</title>
      </text>
      <text class="node-sub" x={x + nodeWidth - 12} y={y + 42} text-anchor="end">
        {props.rate > 0.5 ? short(props.rate) + "/s" : ""}
      </text>
      <Cells placed={placed} model={props.model} paint={props.paint} selected={props.subtask} />
    </g>
  );
}

function path(points: { x: number; y: number }[]): string {
  const [first, ...rest] = points;
  let d = `M${first.x} ${first.y}`;
  for (let i = 0; i < rest.length; ++i) {
    const a = i === 0 ? first : rest[i - 1];
    const b = rest[i];
    const middle = (a.x + b.x) / 2;
    d += `C${middle} ${a.y} ${middle} ${b.y} ${b.x} ${b.y}`;
  }
  return d;
}

interface VertexRow {
  vertex: Vertex;
  rank: number;
  recordsIn: number;
  recordsOut: number;
  rateIn: number;
  rateOut: number;
  restarts: number;
  worst: Subtask;
  worstShare: number;
}

export function Graph(props: { model: Model; result: RunResult }) {
  const view = useView();
  const palette = usePalette();
  const { model, result } = props;
  const { detail } = model;
  const { vertices, edges } = detail.graph;
  const time = timeOf(view, firstMoment(detail, result.failovers));
  const active = hasActivity(detail);
  const failovers = result.failovers;
  const mode = view.m ?? (failovers.length > 0 ? "restart" : active ? "busy" : "state");
  const chosenFailover = Math.min(failovers.length - 1, Math.max(0, Number(view.f ?? 0)));
  const failover = failovers[chosenFailover];
  const drawn = useMemo(() => layout(vertices, edges), [vertices, edges]);
  const paint = useMemo(() => painter(mode, model, palette, time, failover, active), [mode, model, palette, time, failover, active]);
  const restarts = useMemo(() => {
    const n = new Map<string, number>();
    for (const f of failovers)
      for (const name of f.restarted) {
        const id = name.slice(0, name.lastIndexOf("/"));
        n.set(id, (n.get(id) ?? 0) + 1);
      }
    return n;
  }, [failovers]);
  const rows: VertexRow[] = vertices.map((vertex, rank) => {
    let recordsIn = 0;
    let recordsOut = 0;
    let worst = model.subtasks[vertex.first_subtask];
    for (let i = 0; i < vertex.parallelism; ++i) {
      const s = model.subtasks[vertex.first_subtask + i];
      recordsIn += detail.records_in[s.index] ?? 0;
      recordsOut += detail.records_out[s.index] ?? 0;
      if (recordsOf(model, s) > recordsOf(model, worst)) worst = s;
    }
    const all = Math.max(recordsIn, recordsOut);
    return {
      vertex,
      rank,
      recordsIn,
      recordsOut,
      rateIn: rateAt(model, "records_in", vertex.id, time),
      rateOut: rateAt(model, "records_out", vertex.id, time),
      restarts: restarts.get(vertex.id) ?? 0,
      worst,
      worstShare: all > 0 ? (recordsOf(model, worst) * vertex.parallelism) / all : 0,
    };
  });
  const columns: TableColumn<VertexRow>[] = [
    { key: "rank", title: "#", value: (r) => r.rank + 1, number: true, help: "topological order" },
    { key: "id", title: "Vertex", value: (r) => r.vertex.id, show: (r) => <b>{r.vertex.id}</b> },
    { key: "chain", title: "Operators", value: (r) => r.vertex.operators.map((o) => o.id).join(" → ") },
    { key: "p", title: "Parallelism", value: (r) => r.vertex.parallelism, number: true },
    { key: "regions", title: "Regions", value: (r) => new Set(r.vertex.regions).size, number: true },
    { key: "in", title: "Records in", value: (r) => r.recordsIn, show: (r) => count(r.recordsIn), number: true },
    { key: "out", title: "Records out", value: (r) => r.recordsOut, show: (r) => count(r.recordsOut), number: true },
    { key: "rin", title: "in/s now", value: (r) => r.rateIn, show: (r) => short(r.rateIn), number: true },
    { key: "rout", title: "out/s now", value: (r) => r.rateOut, show: (r) => short(r.rateOut), number: true },
    { key: "restarts", title: "Restarts", value: (r) => r.restarts, show: (r) => count(r.restarts), number: true, help: "of its subtasks, all failovers" },
    {
      key: "worst",
      title: "Busiest subtask",
      value: (r) => r.worstShare,
      show: (r) => (r.worstShare > 0 ? `${r.worst.name}, ${r.worstShare.toFixed(2)} × mean` : "–"),
      number: true,
    },
  ];
  if (active) {
    const at = (r: VertexRow) => busiestAt(detail, model.subtasks, r.vertex, time);
    columns.push(
      { key: "busy", title: "Busy now", number: true, help: "of its busiest subtask", value: (r) => at(r)?.activity.busy ?? null, show: (r) => { const a = at(r); return a ? `${percent(a.activity.busy)} (${a.subtask.name})` : "–"; } },
      { key: "bp", title: "Back-pressure now", number: true, value: (r) => at(r)?.activity.backPressured ?? null, show: (r) => { const a = at(r); return a ? `${percent(a.activity.backPressured)} ${activityClass(a.activity.backPressured)}` : "–"; } },
    );
  }
  const vertex = model.vertexById.get(view.v ?? "");
  const subtasks = useMemo(() => (vertex ? model.subtasks.slice(vertex.first_subtask, vertex.first_subtask + vertex.parallelism) : model.subtasks), [model, vertex]);
  const subtaskColumns: TableColumn<Subtask>[] = [
    { key: "name", title: "Subtask", value: (s) => s.name, show: (s) => <b>{s.name}</b> },
    { key: "state", title: "State now", value: (s) => model.at(s, time)?.state ?? "–" },
    { key: "attempt", title: "Attempt", value: (s) => model.at(s, time)?.attempt.attempt ?? null, number: true },
    { key: "tm", title: "TaskManager", value: (s) => model.at(s, time)?.attempt.taskManager || "–" },
    { key: "region", title: "Region", value: (s) => s.region, number: true },
    ...(failover
      ? [{ key: "reason", title: `Failover ${failover.number}`, value: (s: Subtask) => failover.reason[s.name] ?? null, show: (s: Subtask) => reasonText[failover.reason[s.name]] ?? "–" } as TableColumn<Subtask>]
      : []),
    { key: "in", title: "Records in", value: (s) => detail.records_in[s.index], show: (s) => count(detail.records_in[s.index]), number: true },
    { key: "out", title: "Records out", value: (s) => detail.records_out[s.index], show: (s) => count(detail.records_out[s.index]), number: true },
  ];
  const states = ["RUNNING", "FINISHED", "INITIALIZING", "DEPLOYING", "SCHEDULED", "CANCELING", "CANCELED", "FAILED"];
  const key =
    mode === "restart"
      ? Object.keys(reasonText).map((r) => ({ colour: palette.reason[r], letter: reasonLetter[r], text: reasonText[r] })).concat([{ colour: palette.state.CREATED, letter: "", text: "not restarted" }])
      : mode === "records"
        ? [0, 0.5, 1].map((share) => ({ colour: heat(palette, share), text: `${100 * share} % of the busiest` }))
        : mode === "busy"
          ? [
              ...[0, 0.5, 1].map((share) => ({ colour: heat(palette, share), text: `${100 * share} % busy` })),
              { colour: palette.phase.alignment, letter: "L", text: "back-pressure LOW (> 10 %)" },
              { colour: palette.phase.sync, letter: "H", text: "back-pressure HIGH (> 50 %)" },
            ]
          : mode === "region"
            ? [...new Set(model.subtasks.map((s) => s.region))].slice(0, 12).map((region) => ({ colour: palette.region[region % palette.region.length], text: `region ${region}`, letter: detail.graph.regions > 1 ? String(region) : "" }))
            : states.map((state) => ({ colour: palette.state[state], text: state, letter: stateLetter[state], hatch: state === "FAILED" || state === "CANCELED" }));
  return (
    <>
      <Panel
        title="Job graph"
        id="graph"
        note={`${detail.graph.mode}, ${plural(vertices.length, "vertex", "vertices")}, ${plural(detail.graph.subtasks, "subtask")}, ${plural(detail.graph.regions, "pipelined region")}`}
      >
        <div class="row wrap controls">
          <Choice
            label="Colour"
            value={mode}
            onChange={(m) => setView({ m })}
            options={[
              { value: "state", text: "state", help: "state of each subtask at the chosen moment" },
              ...(active ? [{ value: "busy", text: "busy and back-pressure", help: "OK up to 10 %, LOW up to 50 %, else HIGH" }] : []),
              ...(failovers.length > 0 ? [{ value: "restart", text: "restarts by rule", help: "what a failover restarted, and by which rule" }] : []),
              { value: "region", text: "regions", help: "what pipelined exchange ties together" },
              { value: "records", text: "records", help: "share of the busiest subtask of the vertex" },
            ]}
          />
          {mode === "restart" && failover && (
            <label class="choice">
              <span class="muted">Failover</span>
              <select value={chosenFailover} onChange={(e) => setView({ f: (e.currentTarget as HTMLSelectElement).value })}>
                {failovers.map((f, i) => (
                  <option value={i} key={i}>
                    {`${f.number} at ${moment(f.at_ns)}: ${f.cause}, ${plural(f.restarted.length, "task")}`}
                  </option>
                ))}
              </select>
            </label>
          )}
        </div>
        <div class="graph-box" tabIndex={0} aria-label="Job graph">
          <svg width={drawn.width} height={drawn.height} viewBox={`0 0 ${drawn.width} ${drawn.height}`} role="group" aria-label="Job graph">
            <defs>
              <marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
                <path d="M0 0L8 4L0 8z" class="edge-tip" />
              </marker>
            </defs>
            {drawn.routes.map(({ edge, points }, i) => {
              const middle = points[Math.floor(points.length / 2)];
              return (
                <g key={i} class={"edge " + edge.exchange.toLowerCase()}>
                  <path d={path(points)} marker-end="url(#tip)" />
                  <text x={middle.x} y={middle.y - 8} text-anchor="middle">
                    {edge.ship}
                  </text>
                  <text x={middle.x} y={middle.y + 16} text-anchor="middle" class="edge-kind">
                    {edge.exchange.toLowerCase().replace("_bounded", "").replaceAll("_", " ")}
                  </text>
                </g>
              );
            })}
            {drawn.placed.map((placed) => (
              <Node
                key={placed.vertex.id}
                placed={placed}
                model={model}
                paint={paint}
                chosen={view.v === placed.vertex.id}
                subtask={view.st ?? ""}
                rate={Math.max(rateAt(model, "records_in", placed.vertex.id, time), rateAt(model, "records_out", placed.vertex.id, time))}
                onPick={() => setView({ v: view.v === placed.vertex.id ? undefined : placed.vertex.id })}
              />
            ))}
          </svg>
        </div>
        <Key items={key} />
        <Slider detail={detail} failovers={failovers} />
      </Panel>
      <Panel title="Vertices" note="in topological order; rates at the chosen moment">
        <Table id="vertices" rows={rows} columns={columns} caption="Vertices" rowKey={(r) => r.vertex.id} selected={(r) => r.vertex.id === view.v} onSelect={(r) => setView({ v: view.v === r.vertex.id ? undefined : r.vertex.id })} />
      </Panel>
      <Panel
        title={vertex ? `Subtasks of ${vertex.id}` : "Subtasks"}
        note={vertex ? undefined : "choose a vertex to see only its subtasks"}
        side={vertex && <button type="button" class="link" onClick={() => setView({ v: undefined })}>all subtasks</button>}
      >
        <Table id="subtasks" rows={subtasks} columns={subtaskColumns} caption="Subtasks" page={40} rowKey={(s) => s.name} selected={(s) => s.name === view.st} onSelect={(s) => setView({ st: view.st === s.name ? undefined : s.name })} />
      </Panel>
    </>
  );
}
