// A recovery cut into segments, from the fault until the job has caught up: one bar of means, and a
// table with the longest. The cut itself is made by drey (reports/recovery_segments.h).
import type { RunResult } from "../data";
import { darkInkOn, usePalette } from "../colours";
import { duration, plural } from "../format";
import { Empty, Exact, Panel } from "./small";
import { Table, type TableColumn } from "./table";

const segments: [string, string, string][] = [
  ["detect", "D", "from the fault until the JobMaster handles the failure"],
  ["cancel", "C", "cancelling, and the restart's back-off"],
  ["slots", "S", "waiting for slots"],
  ["deploy", "Y", "until all tasks initialise"],
  ["restore", "R", "until all tasks run"],
  ["replay", "P", "until everything is read again that had been read"],
  ["catch_up", "U", "until records are read as they come"],
];

interface Row {
  name: string;
  letter: string;
  what: string;
  colour: string;
  mean: number;
  longest: number;
}

export function RecoverySegments(props: { result: RunResult; base: string }) {
  const palette = usePalette();
  const values = (props.result.metrics as { values?: Record<string, number> } | undefined)?.values ?? {};
  const recoveries = values["recovery.total.count"] ?? 0;
  const rows: Row[] = segments
    .map(([name, letter, what], i) => ({
      name,
      letter,
      what,
      colour: palette.series[i % palette.series.length],
      mean: values[`recovery.${name}.mean`] ?? 0,
      longest: values[`recovery.${name}.max`] ?? 0,
    }))
    .filter((row) => `recovery.${row.name}.mean` in values);
  const total = rows.reduce((sum, row) => sum + row.mean, 0);
  const path = (row: Row, aggregate: string) => `${props.base}/metrics/values/recovery.${row.name}.${aggregate}`;
  const columns: TableColumn<Row>[] = [
    {
      key: "segment",
      title: "Segment",
      value: (r) => rows.indexOf(r),
      show: (r) => (
        <span class="key still">
          <i style={{ background: r.colour, color: darkInkOn(r.colour) ? "#17202b" : "#fff" }}>{r.letter}</i>
          {r.name.replace("_", " ")}
        </span>
      ),
    },
    { key: "what", title: "What it is", value: (r) => r.what },
    { key: "mean", title: "Mean", value: (r) => r.mean, show: (r) => <Exact path={path(r, "mean")} value={r.mean} kind="ns" />, number: true },
    { key: "longest", title: "Longest", value: (r) => r.longest, show: (r) => <Exact path={path(r, "max")} value={r.longest} kind="ns" />, number: true },
    { key: "share", title: "Share", value: (r) => r.mean, show: (r) => (total > 0 ? `${((100 * r.mean) / total).toFixed(1)} %` : "–"), number: true },
  ];
  return (
    <Panel
      title="Recovery, cut into segments"
      id="segments"
      note={recoveries > 0 ? `${plural(recoveries, "recovery", "recoveries")} that ended, ${duration(total)} on average` : undefined}
    >
      {recoveries === 0 || rows.length === 0 ? (
        <Empty title="No recovery ended in this run." />
      ) : (
        <>
          <div class="segments" role="img" aria-label={rows.map((r) => `${r.name} ${duration(r.mean)}`).join(", ")} data-testid="segments-bar">
            {rows
              .filter((row) => row.mean > 0)
              .map((row) => (
                <div key={row.name} class="segment" style={{ flexGrow: row.mean / total, background: row.colour, color: darkInkOn(row.colour) ? "#17202b" : "#fff" }} title={`${row.name}: ${duration(row.mean)}`}>
                  {row.mean / total > 0.16 ? `${row.name.replace("_", " ")} ${duration(row.mean)}` : row.mean / total > 0.025 ? row.letter : ""}
                </div>
              ))}
          </div>
          <Table id="segments" rows={rows} columns={columns} caption="Segments of a recovery" rowKey={(r) => r.name} />
        </>
      )}
    </Panel>
  );
}
