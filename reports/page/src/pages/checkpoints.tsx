// Every checkpoint in a strip, and of the chosen one what each subtask spent its time with.
import { useMemo } from "preact/hooks";
import { Model, type Checkpoint, type PhaseRow, type RunResult } from "../data";
import { usePalette } from "../colours";
import { bytes, count, duration, moment } from "../format";
import { seconds, setView, useView } from "../view";
import { Lanes, type Lane, type Stretch } from "../parts/lanes";
import { Badge, Empty, Exact, Key, Panel, Tile } from "../parts/small";
import { Table, type TableColumn } from "../parts/table";

const phaseNames: [keyof typeof phaseText, number][] = [
  ["delay", 1],
  ["alignment", 2],
  ["sync", 3],
  ["async", 4],
];
const phaseText = { delay: "start delay", alignment: "alignment", sync: "sync", async: "async" };

export function keyOf(c: Checkpoint): string {
  return `${c.id}@${seconds(c.triggered)}`;
}

function lengthOf(row: PhaseRow): number {
  return Math.max(0, row[1]) + Math.max(0, row[2]) + Math.max(0, row[3]) + Math.max(0, row[4]);
}

function Strip(props: { checkpoints: Checkpoint[]; chosen: Checkpoint | undefined }) {
  const palette = usePalette();
  const all = props.checkpoints;
  const shown = all.slice(-240);
  const longest = Math.max(...shown.map((c) => c.ended - c.triggered), 1);
  const pick = (c: Checkpoint) => setView({ c: keyOf(c) });
  const move = (by: number) => {
    const i = props.chosen ? shown.indexOf(props.chosen) : 0;
    const next = shown[Math.min(shown.length - 1, Math.max(0, i + by))];
    if (next) pick(next);
  };
  return (
    <>
      <div
        class="strip"
        role="listbox"
        aria-label="Checkpoints"
        tabIndex={0}
        data-testid="strip"
        onKeyDown={(e) => {
          if (e.key === "ArrowRight") move(1);
          else if (e.key === "ArrowLeft") move(-1);
          else return;
          e.preventDefault();
          e.stopPropagation();
        }}
      >
        {shown.map((c) => {
          const height = 14 + 66 * ((c.ended - c.triggered) / longest);
          return (
            <div
              key={keyOf(c)}
              role="option"
              aria-selected={c === props.chosen}
              class={"bar " + c.outcome + (c === props.chosen ? " chosen" : "")}
              title={`checkpoint ${c.id}: ${c.outcome}, ${duration(c.ended - c.triggered)}, ${bytes(c.bytes)}${c.reason ? ", " + c.reason : ""}${c.restored ? ", a recovery used it" : ""}`}
              onClick={() => pick(c)}
            >
              <span class="bar-mark">{c.restored ? "↺" : ""}</span>
              <span class="bar-fill" style={{ height: `${height}px`, background: palette.outcome[c.outcome] }}>
                {c.outcome === "failed" ? "✗" : ""}
              </span>
              <span class="bar-id">{shown.length <= 60 || c.id % 10 === 0 ? c.id : ""}</span>
            </div>
          );
        })}
      </div>
      {shown.length < all.length && <p class="more">The last {count(shown.length)} of {count(all.length)}; the table has all.</p>}
    </>
  );
}

interface Row {
  checkpoint: Checkpoint;
  slowest: PhaseRow | null;
}

function Phases(props: { model: Model; checkpoint: Checkpoint }) {
  const palette = usePalette();
  const { model, checkpoint } = props;
  const rows = useMemo(() => checkpoint.phases.slice().sort((a, b) => lengthOf(b) - lengthOf(a)), [checkpoint]);
  // A checkpoint that waited long for one subtask must not make the others' phases vanish.
  const took = checkpoint.ended - checkpoint.triggered;
  const busiest = rows.reduce((most, row) => Math.max(most, lengthOf(row), row[6]), 1);
  const longest = took > 3 * busiest ? busiest : Math.max(busiest, took);
  const lastAnswer = rows.reduce((latest, row) => Math.max(latest, row[6]), 0);
  const completing = checkpoint.outcome === "completed" && took <= longest;
  const lanes = useMemo(
    () => [
      ...(completing
        ? [{ key: "coordinator", label: "coordinator", stretches: [{ from: checkpoint.triggered + lastAnswer, to: checkpoint.ended, colour: palette.state.FINISHED, text: `completing: ${duration(took - lastAnswer)}`, letter: "completing" }] } as Lane]
        : []),
      ...rows.map((row): Lane => {
        const stretches: Stretch[] = [];
        let at = checkpoint.triggered;
        for (const [phase, i] of phaseNames) {
          const length = row[i] as number;
          if (length < 0) continue;
          if (length > 0)
            stretches.push({ from: at, to: at + length, colour: palette.phase[phase], text: `${phaseText[phase]} ${duration(length)}`, letter: phase === "delay" ? undefined : phaseText[phase] });
          at += length;
        }
        if (row[6] >= 0)
          stretches.push({ from: checkpoint.triggered + row[6], to: checkpoint.triggered + row[6] + longest / 600, colour: palette.ink, text: `acknowledged after ${duration(row[6])}` });
        return {
          key: String(row[0]),
          label: model.subtasks[row[0]].name,
          note: row[6] < 0 ? "never" : "",
          stretches,
        };
      }),
    ],
    [rows, palette, checkpoint],
  );
  const columns: TableColumn<PhaseRow>[] = [
    { key: "subtask", title: "Subtask", value: (r) => model.subtasks[r[0]].name, show: (r) => <b>{model.subtasks[r[0]].name}</b> },
    ...phaseNames.map(([phase, i]): TableColumn<PhaseRow> => ({
      key: phase,
      title: phaseText[phase],
      value: (r) => (r[i] < 0 ? null : r[i]),
      show: (r) => (r[i] < 0 ? "–" : duration(r[i])),
      number: true,
    })),
    { key: "ack", title: "Acknowledged", value: (r) => (r[6] < 0 ? null : r[6]), show: (r) => (r[6] < 0 ? "never" : "+" + duration(r[6])), number: true },
    { key: "bytes", title: "Bytes", value: (r) => r[5], show: (r) => bytes(r[5]), number: true },
    { key: "tm", title: "TaskManager", value: (r) => model.at(model.subtasks[r[0]], checkpoint.triggered)?.attempt.taskManager || "–" },
  ];
  if (!checkpoint.phases_kept)
    return <p class="empty">The phases of this checkpoint were thinned away: only those of failed, the slowest and the latest checkpoints are kept.</p>;
  if (rows.length === 0) return <p class="empty">No subtask had begun when this checkpoint ended.</p>;
  return (
    <>
      <Lanes
        detail={model.detail}
        lanes={lanes}
        from={checkpoint.triggered}
        to={checkpoint.triggered + longest * 1.03}
        origin={checkpoint.triggered}
        most={420}
        label={`Phases of checkpoint ${checkpoint.id} by subtask`}
      />
      <Key
        items={[
          ...phaseNames.map(([phase]) => ({ colour: palette.phase[phase], text: phaseText[phase] })),
          { colour: palette.ink, text: "acknowledgement accepted" },
          ...(completing ? [{ colour: palette.state.FINISHED, text: "from the last acknowledgement until the metadata is written and the checkpoint is complete" }] : []),
        ]}
      />
      {took > longest && <p class="more">The picture ends with the last phase; the checkpoint itself went on until {duration(took)}.</p>}
      <Table id="phases" rows={rows} columns={columns} caption="Phases by subtask" page={24} rowKey={(r) => String(r[0])} />
    </>
  );
}

export function Checkpoints(props: { model: Model; result: RunResult; base: string }) {
  const view = useView();
  const { model, result, base } = props;
  const all = model.detail.checkpoints;
  const chosen = all.find((c) => keyOf(c) === view.c) ?? all.find((c) => c.outcome === "failed" && c.phases.length > 0) ?? [...all].sort((a, b) => b.ended - b.triggered - (a.ended - a.triggered)).find((c) => c.phases_kept) ?? all[0];
  const rows = useMemo(
    () => all.map((checkpoint): Row => ({ checkpoint, slowest: checkpoint.phases.length === 0 ? null : checkpoint.phases.reduce((a, b) => (lengthOf(b) > lengthOf(a) ? b : a)) })),
    [all],
  );
  if (all.length === 0)
    return (
      <Panel title="Checkpoints">
        <Empty title="This run triggered no checkpoint.">
          <p class="muted">execution.checkpointing.interval is not set, the job runs in batch mode, or it ended before the first one.</p>
        </Empty>
      </Panel>
    );
  const done = all.filter((c) => c.outcome === "completed");
  const lengths = done.map((c) => c.ended - c.triggered).sort((a, b) => a - b);
  const quantile = (q: number) => (lengths.length === 0 ? 0 : lengths[Math.min(lengths.length - 1, Math.ceil(q * lengths.length) - 1)]);
  const worst = all.filter((c) => c.outcome === "completed").sort((a, b) => b.ended - b.triggered - (a.ended - a.triggered))[0];
  const columns: TableColumn<Row>[] = [
    { key: "id", title: "Id", value: (r) => r.checkpoint.id, number: true },
    { key: "outcome", title: "Outcome", value: (r) => r.checkpoint.outcome, show: (r) => <Badge of={r.checkpoint.outcome} /> },
    { key: "at", title: "Triggered", value: (r) => r.checkpoint.triggered, show: (r) => moment(r.checkpoint.triggered), number: true },
    { key: "took", title: "Took", value: (r) => r.checkpoint.ended - r.checkpoint.triggered, show: (r) => duration(r.checkpoint.ended - r.checkpoint.triggered), number: true },
    { key: "bytes", title: "Bytes", value: (r) => r.checkpoint.bytes, show: (r) => bytes(r.checkpoint.bytes), number: true },
    { key: "slowest", title: "Slowest subtask", value: (r) => (r.slowest ? lengthOf(r.slowest) : null), show: (r) => (r.slowest ? `${model.subtasks[r.slowest[0]].name}, ${duration(lengthOf(r.slowest))}` : "–"), number: true },
    { key: "reason", title: "Note", value: (r) => r.checkpoint.reason, show: (r) => [r.checkpoint.reason, r.checkpoint.restored ? "a recovery used it" : ""].filter(Boolean).join("; ") || "–" },
  ];
  return (
    <>
      <div class="tiles">
        <Tile label="Completed" note={<><Exact path={`${base}/checkpoints/failed`} value={result.checkpoints.failed} /> failed</>}>
          <Exact path={`${base}/checkpoints/completed`} value={result.checkpoints.completed} />
        </Tile>
        <Tile label="Restored" note="used by recoveries">
          <Exact path={`${base}/checkpoints/restored`} value={result.checkpoints.restored} />
        </Tile>
        <Tile label="Duration, median" note="of completed ones">{duration(quantile(0.5))}</Tile>
        <Tile label="Duration, p95">{duration(quantile(0.95))}</Tile>
        <Tile label="Duration, longest" note={worst ? `checkpoint ${worst.id}` : undefined}>
          {duration(quantile(1))}
        </Tile>
        <Tile label="Largest">{bytes(Math.max(0, ...all.map((c) => c.bytes)))}</Tile>
      </div>
      <Panel title="Checkpoints" note="height: duration; ↺ a recovery used it; ✗ failed; left and right move" id="checkpoints">
        <Strip checkpoints={all} chosen={chosen} />
      </Panel>
      {chosen && (
        <Panel
          title={<>Checkpoint {chosen.id} <Badge of={chosen.outcome} /></>}
          note={`triggered at ${moment(chosen.triggered)}, ${chosen.outcome === "pending" ? "still pending after" : "took"} ${duration(chosen.ended - chosen.triggered)}${chosen.reason ? ", " + chosen.reason : ""}; slowest subtask first`}
          id="phases"
        >
          <Phases model={model} checkpoint={chosen} />
        </Panel>
      )}
      <Panel title="All checkpoints">
        <Table id="checkpoints" rows={rows} columns={columns} caption="Checkpoints" page={40} rowKey={(r) => keyOf(r.checkpoint)} selected={(r) => r.checkpoint === chosen} onSelect={(r) => setView({ c: keyOf(r.checkpoint) })} />
      </Panel>
    </>
  );
}
