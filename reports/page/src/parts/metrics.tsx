// Every metric that expectations and sweeps can name, by what it measures: one row for a value, one row
// for all aggregates of a series.
import { useMemo, useState } from "preact/hooks";
import type { Dimension } from "../data";
import { bytes, count, duration, percent, short } from "../format";
import { Panel } from "./small";
import { Table, type TableColumn } from "./table";

type Value = number | string;

interface Row {
  name: string;
  dimension: Dimension;
  values: Map<string, Value>; // by aggregate; "" of a plain value
}

const aggregates = ["count", "min", "mean", "p50", "p95", "p99", "max", "last", "sum"];
const titles: Record<string, string> = { "": "Value", count: "Samples", min: "Least", mean: "Mean", p50: "p50", p95: "p95", p99: "p99", max: "Most" };
const shares = /\.(busy|back_pressured|idle|availability)$/;

function rowsOf(values: Record<string, Value>, dimensions: Record<string, Dimension>): Row[] {
  const rows = new Map<string, Row>();
  const known = (name: string): Dimension | undefined => dimensions[name.replace(/\(.*/, "")] ?? dimensions[name] ?? dimensions["vertex." + name.slice(name.lastIndexOf(".") + 1)];
  for (const [full, value] of Object.entries(values)) {
    const dot = full.lastIndexOf(".");
    const tail = full.slice(dot + 1);
    // "latency.p50" is a value of its own; "job.lag.p50" belongs to "job.lag".
    const series = aggregates.includes(tail) && full.slice(0, dot).includes(".");
    const name = series ? full.slice(0, dot) : full;
    let row = rows.get(name);
    if (!row) rows.set(name, (row = { name, dimension: known(name) ?? "count", values: new Map() }));
    row.values.set(series ? tail : "", value);
  }
  return [...rows.values()];
}

function Number_(props: { path: string; value: Value | undefined; dimension: Dimension; share: boolean }) {
  const { value } = props;
  if (value === undefined) return null;
  if (typeof value === "string") return <code data-result={props.path} data-kind="text">{value}</code>;
  if (props.share) return <span title={String(value)}>{percent(100 * value)}</span>;
  const whole = Number.isInteger(value);
  const [kind, text] =
    props.dimension === "duration" ? ["ns", duration(value)] : props.dimension === "bytes" ? ["bytes", bytes(value)] : whole ? ["count", count(value)] : ["decimal", short(value)];
  return (
    <span data-result={props.path} data-kind={kind} title={kind === "ns" ? `${value} ns` : kind === "bytes" ? `${value} bytes` : String(value)}>
      {text}
    </span>
  );
}

export function Metrics(props: { values: Record<string, Value>; dimensions: Record<string, Dimension>; base: string }) {
  const [search, setSearch] = useState("");
  const all = useMemo(() => rowsOf(props.values, props.dimensions), [props.values, props.dimensions]);
  const rows = useMemo(() => (search ? all.filter((row) => row.name.includes(search.trim())) : all), [all, search]);
  const columns = useMemo(
    (): TableColumn<Row>[] => [
      { key: "name", title: "Metric", value: (r) => r.name, show: (r) => <code>{r.name}</code> },
      ...["", "count", "min", "mean", "p50", "p95", "p99", "max"].map((aggregate): TableColumn<Row> => ({
        key: aggregate || "value",
        title: titles[aggregate],
        number: true,
        value: (r) => r.values.get(aggregate) ?? null,
        show: (r) => (
          <Number_
            path={`${props.base}/metrics/values/${r.name}${aggregate && "." + aggregate}`.replaceAll("~", "~0")}
            value={r.values.get(aggregate)}
            dimension={aggregate === "count" ? "count" : r.dimension}
            share={aggregate !== "count" && shares.test(r.name)}
          />
        ),
      })),
    ],
    [props.base],
  );
  return (
    <Panel
      title="Metrics"
      note="what expectations and sweeps can name; a series by its aggregates"
      id="metrics"
      side={<input type="search" placeholder="Search metrics" aria-label="Search metrics" value={search} onInput={(e) => setSearch((e.currentTarget as HTMLInputElement).value)} />}
    >
      <Table id="metrics" rows={rows} columns={columns} caption="Metrics" page={30} rowKey={(r) => r.name} empty="No metric has this in its name." />
    </Panel>
  );
}
