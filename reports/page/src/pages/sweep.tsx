// A sweep: the answer first, then curve, heat map or small multiples of a measure, and the table.
import { useMemo } from "preact/hooks";
import { type Palette, darkInkOn, heat, usePalette } from "../colours";
import { bytes as bytesText, count, duration, niceSteps, plural, short } from "../format";
import { setView, useView } from "../view";
import { Badge, Choice, Empty, Panel } from "../parts/small";
import { Table, type TableColumn } from "../parts/table";

interface Axis {
  name: string;
  path: string;
  unit: string;
  values: string[];
  numbers: (number | null)[];
}

interface Metric {
  count?: number;
  mean?: number;
  least?: number;
  most?: number;
  half_width?: number | null;
  words?: Record<string, number>;
}

interface Point {
  index: number;
  params: Record<string, string>;
  runs: number;
  verdicts: Record<string, number>;
  seeds: (number | null)[];
  metrics: Record<string, Metric>;
}

interface Difference {
  axis: string;
  measure: string;
  from: Record<string, string>;
  to: Record<string, string>;
  paired: boolean;
  count: number;
  mean?: number;
  half_width?: number | null;
}

interface Answer {
  question: string;
  measure?: string; // what is made least or most
  text: string[];
  choices: { for: Record<string, string>; axis: string; value: string | null }[];
  marks?: { for: Record<string, string>; axis: string; name: string; at: number }[];
}

export interface Sweep {
  name: string;
  about: string;
  file: string;
  complete: boolean;
  left_out: number;
  common_random_numbers: boolean;
  axes: Axis[];
  measures: { text: string; dimension: string }[];
  points: Point[];
  plots: { title: string; x: string; y: string; line: string }[];
  differences: Difference[];
  answers: Answer[];
}

// Units of reports::Dimension: durations in ns.
export function formatOf(dimension: string): (n: number) => string {
  if (dimension === "duration") return duration;
  if (dimension === "bytes") return bytesText;
  if (dimension === "byte_rate") return (n) => bytesText(n) + "/s";
  if (dimension === "rate") return (n) => short(n) + "/s";
  return (n) => (Math.abs(n) >= 1000 && Math.abs(n) < 1e6 ? count(n) : Number.isInteger(n) && Math.abs(n) < 1e6 ? count(n) : short(n));
}

function stepsOf(dimension: string): "plain" | "binary" | "time" {
  return dimension.startsWith("byte") ? "binary" : dimension === "duration" ? "time" : "plain";
}

function meanOf(point: Point | undefined, measure: string): number | null {
  const mean = point?.metrics[measure]?.mean;
  return mean === undefined ? null : mean;
}

// Points of the sweep by their values on two axes, the other axes fixed.
function pointAt(sweep: Sweep, params: Record<string, string>): Point | undefined {
  return sweep.points.find((p) => Object.entries(params).every(([axis, value]) => p.params[axis] === value));
}

function numeric(axis: Axis): boolean {
  return axis.numbers.length > 1 && axis.numbers.every((n) => n !== null);
}

// Axes that go in lockstep show as one: each value of one comes with one value of the other.
function inStep(sweep: Sweep, a: Axis, b: Axis): boolean {
  if (a.values.length !== b.values.length) return false;
  const there = new Map<string, string>();
  const back = new Map<string, string>();
  return sweep.points.every((p) => {
    const [x, y] = [p.params[a.name], p.params[b.name]];
    if (!there.has(x)) there.set(x, y);
    if (!back.has(y)) back.set(y, x);
    return there.get(x) === y && back.get(y) === x;
  });
}

// The answer that a plot of this measure shows: the one about it, else the first.
function answerOf(sweep: Sweep, measure: string): Answer | undefined {
  const real = sweep.answers.filter((answer) => answer.choices.length > 0);
  return real.find((answer) => answer.measure === measure) ?? real[0];
}

function chosenValue(answer: Answer | undefined, axis: string, context: Record<string, string>): string | null {
  const choice = answer?.choices.find((c) => c.axis === axis && c.value !== null && fits(context, c.for));
  return choice?.value ?? null;
}

// A line of an answer: for what, the choice, why.
function AnswerLine(props: { text: string; context: boolean }) {
  const text = props.text.replaceAll("+-", "±");
  const colon = props.context ? text.indexOf(": ") + 2 : 0;
  const rest = text.slice(colon);
  const end = rest.search(/[:;]/);
  return (
    <p>
      {colon > 0 && <span class="muted">{text.slice(0, colon)}</span>}
      <b>{end < 0 ? rest : rest.slice(0, end)}</b>
      {end < 0 ? "" : rest.slice(end)}
    </p>
  );
}

interface Mark {
  name: string;
  at: number;
}

// Marks that would lie on each other are one.
function together(marks: Mark[], x: (mark: Mark) => number): Mark[][] {
  const groups: Mark[][] = [];
  for (const mark of marks) {
    const near = groups.find((group) => group.some((other) => Math.abs(x(other) - x(mark)) < 24));
    if (near) near.push(mark);
    else groups.push([mark]);
  }
  return groups;
}

function markText(axis: Axis, marks: Mark[]): string {
  return marks.map((mark) => `${mark.name} ${axis.unit === "s" ? duration(mark.at * 1e9) : short(mark.at)}`).join(", ");
}

function fits(context: Record<string, string>, wanted: Record<string, string>): boolean {
  return Object.entries(wanted).every(([k, v]) => context[k] === undefined || context[k] === v);
}

// What formulas give, in the unit of the axis.
function marksOf(sweep: Sweep, axis: string, context: Record<string, string>): Mark[] {
  return sweep.answers.flatMap((answer) => (answer.marks ?? []).filter((m) => m.axis === axis && fits(context, m.for)));
}

interface CurveLine {
  label: string;
  colour: string;
  points: { x: number; label: string; mean: number; low: number; high: number; point: Point }[];
  chosen: string | null;
  marks: Mark[];
}

// One measure over one axis, a line per value of another; the interval of the mean behind it.
function Curve(props: { axis: Axis; lines: CurveLine[]; format: (n: number) => string; palette: Palette; measure: string; width?: number; height?: number; small?: boolean; range?: [number, number]; steps: "plain" | "binary" | "time" }) {
  const { axis, lines, format, palette } = props;
  const width = props.width ?? 760;
  const height = props.height ?? 300;
  const left = props.small ? 52 : 74;
  const bottom = props.small ? 30 : 44;
  const top = 14;
  const right = 16;
  const real = numeric(axis);
  const positive = real && axis.numbers.every((n) => (n as number) > 0);
  const values = axis.numbers.map((n, i) => (real ? (n as number) : i));
  const span = Math.max(...values) / Math.min(...values);
  const steps = values.slice(1).map((x, i) => x / values[i]);
  const logarithmic = positive && (span > 30 || (values.length > 2 && steps.every((step) => step >= 1.7)));
  const scale = (x: number) => (logarithmic ? Math.log10(x) : x);
  const least = Math.min(...values.map(scale));
  const most = Math.max(...values.map(scale));
  const all = lines.flatMap((line) => line.points);
  if (all.length === 0) return <p class="empty">No run gave a value.</p>;
  // A band below zero says nothing of what cannot be negative.
  const low = props.range ? props.range[0] : Math.min(0, ...all.map((p) => p.mean));
  const high = props.range ? props.range[1] : Math.max(...all.map((p) => p.high)) * 1.06 || 1;
  const px = (x: number) => left + ((scale(x) - least) / (most - least || 1)) * (width - left - right);
  const py = (y: number) => top + (1 - (y - low) / (high - low || 1)) * (height - top - bottom);
  const ticks = niceSteps(low, high, props.small ? 4 : 6, props.steps);
  const clip = `clip-${props.measure}-${lines.map((line) => line.label).join()}-${width}`.replace(/[^A-Za-z0-9-]/g, "_");
  const texts = lines.map((line) => line.chosen);
  let lastLabel = -1e9;
  return (
    <svg class="curve" viewBox={`0 0 ${width} ${height}`} width={width} height={height} role="img" aria-label={`${props.measure} over ${axis.name}`}>
      <clipPath id={clip}>
        <rect x={left} y={top} width={width - left - right} height={height - top - bottom} />
      </clipPath>
      {ticks.map((t) => (
        <g key={t}>
          <line x1={left} x2={width - right} y1={py(t)} y2={py(t)} stroke={palette.grid} />
          <text x={left - 8} y={py(t) + 4} text-anchor="end" class="tick">
            {format(t)}
          </text>
        </g>
      ))}
      {axis.values.map((label, i) => {
        const x = px(values[i]);
        const wide = label.length * 6.4 + 10;
        if (x - lastLabel < wide) return null;
        lastLabel = x;
        return (
          <text key={label} x={x} y={height - bottom + 18} text-anchor="middle" class="tick">
            {label}
          </text>
        );
      })}
      {!props.small && (
        <text x={(left + width - right) / 2} y={height - 6} text-anchor="middle" class="tick strong">
          {axis.name}
          {logarithmic ? " (logarithmic)" : ""}
        </text>
      )}
      {lines.map((line, row) => {
        const points = line.points;
        const band = points.map((p) => `${px(p.x)},${py(p.high)}`).concat([...points].reverse().map((p) => `${px(p.x)},${py(p.low)}`));
        return (
          <g key={line.label}>
            <polygon points={band.join(" ")} fill={line.colour} opacity="0.16" clip-path={`url(#${clip})`} />
            <polyline points={points.map((p) => `${px(p.x)},${py(p.mean)}`).join(" ")} fill="none" stroke={line.colour} stroke-width="2" />
            {points.map((p) => (
              <circle key={p.label} cx={px(p.x)} cy={py(p.mean)} r={props.small ? 2.5 : 3.6} fill={palette.panel} stroke={line.colour} stroke-width="2">
                <title>{`${line.label ? line.label + ", " : ""}${axis.name} ${p.label}: ${format(p.mean)}${p.high > p.mean ? ` ± ${format(p.high - p.mean)}` : ""}, ${plural(p.point.runs, "run")}`}</title>
              </circle>
            ))}
            {together(line.marks, (mark) => px(mark.at))
              .filter((marks) => marks.every((mark) => scale(mark.at) >= least && scale(mark.at) <= most))
              .map((marks) => {
                const x = marks.reduce((sum, mark) => sum + px(mark.at), 0) / marks.length;
                const y = height - bottom;
                const text = markText(axis, marks);
                const flipped = x + text.length * 6.4 + 12 > width - right;
                return (
                  <g key={text} class="formula-mark" data-testid="formula-mark">
                    {marks.map((mark) => (
                      <line key={mark.name} x1={px(mark.at)} x2={px(mark.at)} y1={y} y2={y - 14} stroke={line.colour} stroke-width="2" />
                    ))}
                    <path d={`M ${x} ${y - 1} l -5 -9 h 10 z`} fill={line.colour} />
                    {!props.small && (
                      <text x={x + (flipped ? -8 : 8)} y={y - 8 - 16 * (lines.length - 1 - row)} text-anchor={flipped ? "end" : "start"} class="tick strong">
                        {text}
                      </text>
                    )}
                    <title>{`${line.label ? line.label + ": " : ""}${text}`}</title>
                  </g>
                );
              })}
            {points
              .filter((p) => p.label === line.chosen)
              .map((p) => {
                const text = `recommended: ${p.label}`;
                const wide = text.length * 6.8 + 14;
                const flipped = px(p.x) + wide > width - right;
                return (
                  <g key="chosen" class="chosen-mark">
                    <line x1={px(p.x)} x2={px(p.x)} y1={top} y2={height - bottom} stroke={line.colour} stroke-dasharray="4 4" stroke-dashoffset={4 * row} />
                    <circle cx={px(p.x)} cy={py(p.mean)} r={props.small ? 5 : 7} fill="none" stroke={line.colour} stroke-width="2.5" />
                    {!props.small && texts.indexOf(line.chosen) === row && (
                      <text x={px(p.x) + (flipped ? -10 : 10)} y={top + 10 + 18 * row} text-anchor={flipped ? "end" : "start"} class="tick strong" fill={line.colour}>
                        {text}
                      </text>
                    )}
                  </g>
                );
              })}
          </g>
        );
      })}
    </svg>
  );
}

// What the marks of a plot stand for.
function PlotNotes(props: { answer: Answer | undefined; curves: CurveLine[] }) {
  const { answer, curves } = props;
  const notes = [];
  if (answer && curves.some((line) => line.chosen !== null)) notes.push(`dashed: recommended${answer.question ? `, to “${answer.question}”` : ""}`);
  if (curves.some((line) => line.marks.length > 0))
    notes.push(`▼ on the axis: what ${[...new Set(curves.flatMap((line) => line.marks.map((mark) => mark.name)))].join(" and ")} give for it`);
  return notes.length === 0 ? null : <p class="more">{notes.join(" · ")}</p>;
}

function linesOf(sweep: Sweep, axis: Axis, line: Axis | undefined, measure: string, fixed: Record<string, string>, palette: Palette): CurveLine[] {
  const real = numeric(axis);
  return (line ? line.values : [""]).map((lineValue, k) => {
    const context = { ...fixed, ...(line ? { [line.name]: lineValue } : {}) };
    const points = axis.values.flatMap((label, i) => {
      const point = pointAt(sweep, { ...context, [axis.name]: label });
      const mean = meanOf(point, measure);
      if (!point || mean === null) return [];
      const half = point.metrics[measure].half_width ?? 0;
      return [{ x: real ? (axis.numbers[i] as number) : i, label, mean, low: mean - half, high: mean + half, point }];
    });
    return { label: line ? `${line.name} ${lineValue}` : "", colour: palette.series[k % palette.series.length], points, chosen: chosenValue(answerOf(sweep, measure), axis.name, context), marks: real ? marksOf(sweep, axis.name, context) : [] };
  });
}

function HeatMap(props: { sweep: Sweep; x: Axis; y: Axis; measure: string; fixed: Record<string, string>; palette: Palette; format: (n: number) => string; range: [number, number] }) {
  const { sweep, x, y, measure, fixed, palette, format } = props;
  const [low, high] = props.range;
  const answer = answerOf(sweep, measure);
  return (
    <div class="heat-box">
      <table class="heat" data-testid="heat">
        <caption class="visually-hidden">{`${measure} by ${x.name} and ${y.name}`}</caption>
        <thead>
          <tr>
            <th scope="col">
              {y.name} ╲ {x.name}
            </th>
            {x.values.map((v) => (
              <th scope="col" key={v}>
                {v}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {y.values.map((row) => (
            <tr key={row}>
              <th scope="row">{row}</th>
              {x.values.map((v) => {
                const point = pointAt(sweep, { ...fixed, [x.name]: v, [y.name]: row });
                const mean = meanOf(point, measure);
                if (mean === null) return <td key={v} class="hole" title="no value">–</td>;
                const colour = heat(palette, high > low ? (mean - low) / (high - low) : 0.5);
                const best = chosenValue(answer, x.name, { ...fixed, [y.name]: row }) === v || chosenValue(answer, y.name, { ...fixed, [x.name]: v }) === row;
                const bad = point && Object.entries(point.verdicts).some(([verdict, n]) => verdict !== "pass" && n > 0);
                return (
                  <td key={v} style={{ background: colour, color: darkInkOn(colour) ? "#17202b" : "#fff" }} class={best ? "best" : ""} title={`${x.name} ${v}, ${y.name} ${row}: ${mean}`}>
                    {format(mean)}
                    {bad ? " ✗" : ""}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

export function SweepPage(props: { sweep: Sweep }) {
  const view = useView();
  const palette = usePalette();
  const { sweep } = props;
  const real = sweep.measures.filter((m) => sweep.points.some((p) => p.metrics[m.text]?.mean !== undefined));
  const plot = sweep.plots[0];
  const wanted = view.y ?? plot?.y ?? real[0]?.text ?? "";
  const measure = real.find((m) => m.text === wanted) ?? real[0];
  const format = formatOf(measure?.dimension ?? "count");
  const named = (name: string | undefined) => sweep.axes.find((a) => a.name === name);
  const varied = sweep.axes.filter((a, i) => a.values.length > 1 && !sweep.axes.slice(0, i).some((b) => inStep(sweep, a, b)));
  const xAxis = named(view.ax) ?? named(plot?.x) ?? varied.find(numeric) ?? varied[0] ?? sweep.axes[0];
  const others = varied.filter((a) => a !== xAxis && !inStep(sweep, a, xAxis));
  const second = named(view.by) ?? named(plot?.line || undefined) ?? others[0];
  const lineAxis = second === xAxis ? others[0] : second;
  const rest = others.filter((a) => a !== lineAxis);
  const modes = lineAxis ? ["curve", "heat", "multiples"] : ["curve"];
  const mode = modes.includes(view.m ?? "") ? (view.m as string) : rest.length > 0 ? "multiples" : "curve";
  const fixed: Record<string, string> = {};
  for (const axis of rest) fixed[axis.name] = view["a." + axis.name] ?? axis.values[0];
  const range = useMemo((): [number, number] => {
    const all = sweep.points.map((p) => meanOf(p, measure?.text ?? "")).filter((n): n is number => n !== null);
    return all.length === 0 ? [0, 1] : [Math.min(...all), Math.max(...all)];
  }, [sweep, measure]);
  const curveRange: [number, number] = [Math.min(0, range[0]), range[1] * 1.06 || 1];
  const curves = measure && xAxis ? linesOf(sweep, xAxis, lineAxis, measure.text, fixed, palette) : [];
  const drawn = sweep.plots.find((p) => p.y === measure?.text && p.x === xAxis?.name);
  const columns: TableColumn<Point>[] = [
    ...sweep.axes.map((axis): TableColumn<Point> => ({
      key: "x." + axis.name,
      title: axis.name,
      value: (p) => {
        const i = axis.values.indexOf(p.params[axis.name]);
        return axis.numbers[i] ?? p.params[axis.name];
      },
      show: (p) => <span class="whole">{p.params[axis.name]}</span>,
    })),
    ...sweep.measures.map((m): TableColumn<Point> => {
      const f = formatOf(m.dimension);
      return {
        key: "m." + m.text,
        title: m.text,
        number: true,
        value: (p) => meanOf(p, m.text) ?? (p.metrics[m.text]?.words ? Object.keys(p.metrics[m.text].words!).join(", ") : null),
        show: (p) => {
          const metric = p.metrics[m.text];
          if (!metric) return "–";
          if (metric.words) return Object.entries(metric.words).map(([w, n]) => (Object.keys(metric.words!).length > 1 ? `${w} ${n}` : w)).join(", ");
          if (metric.mean === undefined) return "–";
          return (
            <span data-sweep={`${p.index}|${m.text}`} data-exact={String(metric.mean)} title={`mean ${metric.mean}, ${metric.least} to ${metric.most}, ${metric.count} runs`}>
              {f(metric.mean)}
              {metric.half_width ? <span class="muted"> ± {f(metric.half_width)}</span> : null}
            </span>
          );
        },
      };
    }),
    {
      key: "verdicts",
      title: "Runs",
      value: (p) => p.verdicts.pass ?? 0,
      show: (p) => (
        <>
          {Object.entries(p.verdicts).map(([verdict, n]) => (
            <Badge key={verdict} of={verdict} text={`${n} ${verdict}`} />
          ))}
        </>
      ),
    },
  ];
  const points = sweep.points;
  return (
    <>
      <section class="hero sweep" data-testid="hero">
        <div class="seal" aria-hidden="true">
          ≈
        </div>
        <div>
          <h1>{sweep.name || "Sweep"}</h1>
          {sweep.about && <p class="about">{sweep.about}</p>}
          {!sweep.complete && <p><Badge of="warned" text="not complete: runs are missing; the same command goes on" /></p>}
        </div>
        <dl class="facts">
          <div>
            <dt>Points</dt>
            <dd data-testid="points">{count(points.length)}</dd>
          </div>
          <div>
            <dt>Runs</dt>
            <dd>{count(points.reduce((n, p) => n + p.runs, 0))}</dd>
          </div>
          <div>
            <dt>Axes</dt>
            <dd>{sweep.axes.map((a) => a.name).join(", ")}</dd>
          </div>
          <div>
            <dt>Random numbers</dt>
            <dd>{sweep.common_random_numbers ? "common to all points" : "own for each point"}</dd>
          </div>
        </dl>
      </section>
      {sweep.answers.length > 0 && (
        <Panel title="Answer" id="answers">
          {sweep.answers.map((answer) => (
            <article class="answer" key={answer.question}>
              {answer.question && <h3>{answer.question}</h3>}
              {answer.text.map((line) => (
                <AnswerLine key={line} text={line} context={Object.keys([...answer.choices, ...(answer.marks ?? [])][0]?.for ?? {}).length > 0} />
              ))}
            </article>
          ))}
        </Panel>
      )}
      <Panel title={drawn?.title || measure?.text || "Measure"} note={xAxis ? `${drawn?.title ? measure?.text + " " : ""}over ${xAxis.name}; bands are 95 % intervals of the mean over seeds` : undefined} id="plot">
        {!measure || !xAxis ? (
          <Empty title="No measure of this sweep is a number." />
        ) : (
          <>
            {sweep.plots.length > 1 && (
              <div class="row wrap controls">
                <Choice
                  label="Plot"
                  value={drawn ? String(sweep.plots.indexOf(drawn)) : ""}
                  options={sweep.plots.map((p, i) => ({ value: String(i), text: p.title }))}
                  onChange={(i) => {
                    const p = sweep.plots[Number(i)];
                    setView({ y: p.y, ax: p.x, by: p.line || undefined, m: "curve" });
                  }}
                />
              </div>
            )}
            <div class="row wrap controls">
              <label class="choice">
                <span class="muted">Measure</span>
                <select value={measure.text} onChange={(e) => setView({ y: (e.currentTarget as HTMLSelectElement).value })}>
                  {real.map((m) => (
                    <option key={m.text} value={m.text}>
                      {m.text}
                    </option>
                  ))}
                </select>
              </label>
              {varied.length > 1 && <Choice label="Along" value={xAxis.name} options={varied.map((a) => ({ value: a.name, text: a.name }))} onChange={(ax) => setView({ ax, by: undefined })} />}
              {others.length > 1 && lineAxis && <Choice label="By" value={lineAxis.name} options={others.map((a) => ({ value: a.name, text: a.name }))} onChange={(by) => setView({ by })} />}
              {modes.length > 1 && <Choice label="As" value={mode} options={modes.map((m) => ({ value: m, text: { curve: "curve", heat: "heat map", multiples: "small multiples" }[m] ?? m }))} onChange={(m) => setView({ m })} />}
              {mode !== "multiples" &&
                rest.map((axis) => (
                  <label class="choice" key={axis.name}>
                    <span class="muted">{axis.name}</span>
                    <select value={fixed[axis.name]} onChange={(e) => setView({ ["a." + axis.name]: (e.currentTarget as HTMLSelectElement).value })}>
                      {axis.values.map((v) => (
                        <option key={v} value={v}>
                          {v}
                        </option>
                      ))}
                    </select>
                  </label>
                ))}
            </div>
            {mode === "curve" && (
              <>
                <div class="graph-box">
                  <Curve axis={xAxis} lines={curves} format={format} palette={palette} measure={measure.text} steps={stepsOf(measure.dimension)} width={980} height={340} />
                </div>
                {lineAxis && (
                  <div class="legend">
                    {curves.map((line) => (
                      <span class="key still" key={line.label}>
                        <i style={{ background: line.colour }} />
                        {line.label}
                      </span>
                    ))}
                  </div>
                )}
                <PlotNotes answer={answerOf(sweep, measure.text)} curves={curves} />
              </>
            )}
            {mode === "heat" && lineAxis && (
              <>
                <HeatMap sweep={sweep} x={xAxis} y={lineAxis} measure={measure.text} fixed={fixed} palette={palette} format={format} range={range} />
                <div class="legend">
                  {[0, 0.25, 0.5, 0.75, 1].map((share) => (
                    <span class="key still" key={share}>
                      <i style={{ background: heat(palette, share) }} />
                      {format(range[0] + share * (range[1] - range[0]))}
                    </span>
                  ))}
                  <span class="key still">framed: recommended · ✗ a run did not pass</span>
                </div>
              </>
            )}
            {mode === "multiples" && lineAxis && (
              <div class="multiples">
                {(rest.length > 0 ? rest[0].values : [""]).flatMap((outer) =>
                  lineAxis.values.map((value, k) => {
                    const context = { ...fixed, ...(rest.length > 0 ? { [rest[0].name]: outer } : {}), [lineAxis.name]: value };
                    const lines = linesOf(sweep, xAxis, undefined, measure.text, context, palette).map((line) => ({ ...line, colour: palette.series[k % palette.series.length] }));
                    return (
                      <figure key={outer + value}>
                        <figcaption>
                          {rest.length > 0 && `${rest[0].name} ${outer}, `}
                          {lineAxis.name} {value}
                        </figcaption>
                        <Curve axis={xAxis} lines={lines} format={format} palette={palette} measure={measure.text} steps={stepsOf(measure.dimension)} width={420} height={220} small range={curveRange} />
                      </figure>
                    );
                  }),
                )}
              </div>
            )}
          </>
        )}
      </Panel>
      <Panel title="Points" note={`mean over the seeds, ± half of the 95 % interval${sweep.left_out > 0 ? `; ${count(sweep.left_out)} points more are only in sweep.json` : ""}`}>
        <Table id="points" rows={points} columns={columns} caption="Points of the sweep" page={200} rowKey={(p) => String(p.index)} />
      </Panel>
      {sweep.differences.length > 0 && (
        <Panel title="Differences" note={sweep.common_random_numbers ? "between two values of an axis, paired by seed" : "between two values of an axis"}>
          <Table
            id="differences"
            rows={sweep.differences.map((d, i) => ({ ...d, i }))}
            caption="Differences between points"
            page={40}
            rowKey={(d) => String(d.i)}
            columns={[
              { key: "axis", title: "Axis", value: (d) => d.axis },
              { key: "from", title: "From", value: (d) => d.from[d.axis] },
              { key: "to", title: "To", value: (d) => d.to[d.axis] },
              { key: "at", title: "At", value: (d) => Object.entries(d.to).filter(([k]) => k !== d.axis).map(([k, v]) => `${k} ${v}`).join(", ") || "–" },
              { key: "measure", title: "Measure", value: (d) => d.measure },
              {
                key: "mean",
                title: "Difference",
                number: true,
                value: (d) => d.mean ?? null,
                show: (d) => {
                  const f = formatOf(sweep.measures.find((m) => m.text === d.measure)?.dimension ?? "count");
                  return d.mean === undefined ? "–" : `${d.mean > 0 ? "+" : ""}${f(d.mean)}${d.half_width ? ` ± ${f(d.half_width)}` : ""}`;
                },
              },
              { key: "sure", title: "Significance", value: (d) => (sure(d) ? 0 : 1), show: (d) => (sure(d) ? "beyond chance" : <span class="muted">may be chance</span>) },
            ]}
          />
        </Panel>
      )}
    </>
  );
}

function sure(d: Difference): boolean {
  return d.mean !== undefined && d.half_width !== null && d.half_width !== undefined && Math.abs(d.mean) > d.half_width;
}
