// What held and what did not, the numbers of result.json, and how to get them again.
import { Model, type RunData, type RunResult, shownResult } from "../data";
import { count, duration, moment, plural } from "../format";
import { seconds, setView, useSettled } from "../view";
import { Chart } from "../parts/chart";
import { Badge, Copy, Exact, Panel, Tile } from "../parts/small";
import { Table, type TableColumn } from "../parts/table";
import { Metrics } from "../parts/metrics";
import { JobStrip, Whole } from "./timeline";

const sentences: Record<string, string> = {
  pass: "Every promise held",
  fail: "A promise was broken",
  vacuous: "No verdict: something was never put to the test",
  limit: "No verdict: the run was stopped by a limit",
  nondeterministic: "The same run gave two different hashes",
  error: "The run itself broke",
};

function summary(result: RunResult): string {
  const held = result.oracles.filter((oracle) => oracle.judgement === "held").length;
  const met = result.expectations.filter((expectation) => expectation.outcome === "held").length;
  const parts = [`${held} of ${plural(result.oracles.length, "oracle")} held`];
  if (result.expectations.length > 0)
    parts.push(`${met} of ${plural(result.expectations.length, "expectation")} met`);
  if (result.violations.length > 0) parts.push(plural(result.violations.length, "violation"));
  if (result.limit) parts.push(`stopped by the limit on ${result.limit}`);
  return parts.join(" · ");
}

const oracleColumns = (result: RunResult, base: string): TableColumn<RunResult["oracles"][0]>[] => [
  { key: "judgement", title: "Judged", value: (o) => o.judgement, show: (o) => <Badge of={o.judgement} /> },
  {
    key: "claim",
    title: "Claim",
    value: (o) => o.claim,
    show: (o) => (
      <>
        {o.claim}
        <div class="muted small">
          {o.name}
          {o.excuse && ` · ${o.excuse}`}
        </div>
      </>
    ),
  },
  { key: "examined", title: "Compared", value: (o) => o.examined, show: (o) => <Exact path={`${base}/oracles/${result.oracles.indexOf(o)}/examined`} value={o.examined} />, number: true },
];

const expectationColumns = (result: RunResult, base: string): TableColumn<RunResult["expectations"][0]>[] => [
  { key: "outcome", title: "Outcome", value: (e) => e.outcome, show: (e) => <Badge of={e.outcome} /> },
  {
    key: "text",
    title: "Expectation",
    value: (e) => e.text,
    show: (e) => (
      <>
        <code>{e.text}</code>
        {(e.because || e.id !== e.text) && (
          <div class="muted small">
            {e.id !== e.text && e.id}
            {e.because && (e.id !== e.text ? " · " : "") + e.because}
          </div>
        )}
      </>
    ),
  },
  { key: "left", title: "Observed", value: (e) => e.left, show: (e) => <code><Exact path={`${base}/expectations/${result.expectations.indexOf(e)}/left`} value={e.left || "–"} kind="text" /></code>, number: true },
  { key: "right", title: "Bound", value: (e) => e.right, show: (e) => <code><Exact path={`${base}/expectations/${result.expectations.indexOf(e)}/right`} value={e.right || "–"} kind="text" /></code>, number: true },
];

const runColumns: TableColumn<RunResult>[] = [
  { key: "verdict", title: "Verdict", value: (r) => r.verdict, show: (r) => <Badge of={r.verdict} /> },
  { key: "scenario", title: "Scenario", value: (r) => r.scenario, show: (r) => <code>{r.scenario}</code> },
  { key: "seed", title: "Seed", value: (r) => r.seed, number: true },
  { key: "sim", title: "Simulated", value: (r) => r.sim_time_ns, show: (r) => duration(r.sim_time_ns), number: true },
  { key: "restarts", title: "Failovers", value: (r) => r.failovers?.length ?? 0, number: true },
  { key: "hash", title: "Hash", value: (r) => r.hash, show: (r) => <code>{r.hash}</code> },
];

function Violations(props: { result: RunResult }) {
  return (
    <Panel title="Violations" note="the first names the event that broke the promise" id="violations">
      {props.result.violations.map((violation, i) => (
        <article class="violation" key={i}>
          <div>
            <Badge of="violated" text={violation.oracle} />{" "}
            <button type="button" class="link" onClick={() => setView({ p: "timeline", t: seconds(violation.at_ns) }, true)}>
              at {moment(violation.at_ns)}
            </button>
          </div>
          <p>{violation.what}</p>
          {violation.event && <pre>{violation.event}</pre>}
          {violation.history.length > 0 && (
            <details>
              <summary>History ({violation.history.length})</summary>
              <pre>{violation.history.join("\n")}</pre>
            </details>
          )}
        </article>
      ))}
    </Panel>
  );
}

function Messages(props: { messages: [string, number][]; base: string }) {
  return (
    <Panel title="Messages delivered" note="between processes, by kind">
      <Table
        id="messages"
        rows={props.messages}
        caption="Messages by kind"
        first="n.desc"
        page={12}
        rowKey={(m) => m[0]}
        columns={[
          { key: "kind", title: "Kind", value: (m) => m[0], show: (m) => <code>{m[0]}</code> },
          {
            key: "n",
            title: "Messages",
            number: true,
            value: (m) => m[1],
            show: (m) => <Exact path={`${props.base}/messages/${m[0].replaceAll("~", "~0").replaceAll("/", "~1")}`} value={m[1]} />,
          },
        ]}
        empty="No message crossed the network."
      />
    </Panel>
  );
}

// What the run moved, by where: sums of the whole run.
function Bytes(props: { metrics: Record<string, number | string>; base: string }) {
  const rows: [string, string | null, string | null, string][] = [
    ["network", "network.bytes", null, "between processes"],
    ["local disks", "disk.bytes_written", "disk.bytes_read", "the devices of all hosts"],
    ["page caches", null, "disk.bytes_cached", "of local files"],
    ["object store", "storage.bytes_written", "storage.bytes_read", "checkpoints"],
  ];
  const shown = rows.filter((row) => [row[1], row[2]].some((name) => name !== null && name in props.metrics));
  if (shown.length === 0) return null;
  const cell = (name: string | null) => (name !== null && name in props.metrics ? <Exact path={`${props.base}/metrics/values/${name}`} value={props.metrics[name]} kind="bytes" /> : "–");
  return (
    <Panel title="Bytes moved" note="in the whole run" id="bytes">
      <Table
        id="bytes"
        rows={shown}
        caption="Bytes moved"
        rowKey={(r) => r[0]}
        columns={[
          { key: "where", title: "Where", value: (r) => r[0], show: (r) => <>{r[0]} <span class="muted">{r[3]}</span></> },
          { key: "written", title: "Sent or written", number: true, value: (r) => Number(props.metrics[r[1] ?? ""] ?? 0), show: (r) => cell(r[1]) },
          { key: "read", title: "Read", number: true, value: (r) => Number(props.metrics[r[2] ?? ""] ?? 0), show: (r) => cell(r[2]) },
        ]}
      />
    </Panel>
  );
}

// What no oracle's row says already.
function NotChecked(props: { result: RunResult }) {
  const told = new Set(props.result.oracles?.map((o) => `${o.name}: ${o.excuse}`));
  const rest = (props.result.not_checked ?? []).filter((line) => !told.has(line));
  if (rest.length === 0) return null;
  return (
    <>
      <h3>Not checked</h3>
      <ul class="plain">
        {rest.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
    </>
  );
}

export function Verdict(props: { data: RunData; model: Model | null }) {
  const { data, model } = props;
  const result = shownResult(data);
  const ledger = result.ledger ?? {};
  const at = data.results.indexOf(result);
  const base = data.results.length > 1 ? `/runs/${at}` : "";
  const tone = (bad: number) => (bad > 0 ? "bad" : undefined);
  const metrics = (result.metrics as { values?: Record<string, number | string> } | undefined)?.values ?? {};
  const settled = useSettled();
  const messages = Object.entries(result.messages ?? {});
  return (
    <>
      <section class={"hero " + result.verdict} data-testid="hero">
        <div class="seal" aria-hidden="true">
          {result.verdict === "pass" ? "✓" : result.verdict === "fail" || result.verdict === "error" ? "✗" : result.verdict === "nondeterministic" ? "≠" : "○"}
        </div>
        <div>
          <h1>{sentences[result.verdict] ?? result.verdict}</h1>
          <p>{result.oracles ? summary(result) : ""}</p>
          {model?.detail.about && <p class="about">{model.detail.about}</p>}
        </div>
        <dl class="facts">
          <div>
            <dt>Verdict</dt>
            <dd>
              <Exact path={`${base}/verdict`} value={result.verdict} />
            </dd>
          </div>
          <div>
            <dt>Job</dt>
            <dd>
              <Exact path={`${base}/job_state`} value={result.job_state || "never submitted"} />
            </dd>
          </div>
          <div>
            <dt>Seed</dt>
            <dd>
              <Exact path={`${base}/seed`} value={result.seed} />
            </dd>
          </div>
          <div>
            <dt>Simulated</dt>
            <dd>
              <Exact path={`${base}/sim_time_ns`} value={result.sim_time_ns} kind="ns" />
            </dd>
          </div>
          <div>
            <dt>Hash</dt>
            <dd class="hash">
              <Exact path={`${base}/hash`} value={result.hash} />
            </dd>
          </div>
        </dl>
      </section>

      <div class="tiles">
        <Tile label="Records compared" note="at the sink, with the reference">
          <Exact path={`${base}/ledger/compared`} value={ledger.compared ?? 0} />
        </Tile>
        <Tile label="Lost" tone={tone(ledger.lost)}>
          <Exact path={`${base}/ledger/lost`} value={ledger.lost ?? 0} />
        </Tile>
        <Tile label="Doubled" tone={tone(ledger.doubled)}>
          <Exact path={`${base}/ledger/doubled`} value={ledger.doubled ?? 0} />
        </Tile>
        <Tile label="Reordered" tone={tone(ledger.reordered)}>
          <Exact path={`${base}/ledger/reordered`} value={ledger.reordered ?? 0} />
        </Tile>
        <Tile label="Checkpoints" note={<><Exact path={`${base}/checkpoints/failed`} value={result.checkpoints?.failed ?? 0} /> failed, <Exact path={`${base}/checkpoints/restored`} value={result.checkpoints?.restored ?? 0} /> restored</>}>
          <Exact path={`${base}/checkpoints/completed`} value={result.checkpoints?.completed ?? 0} />
        </Tile>
        <Tile label="Failovers" note={plural(result.faults?.filter((f) => f.landed).length ?? 0, "fault") + " landed"}>
          <span data-result={`${base}/failovers`} data-kind="length">
            {result.failovers?.length ?? 0}
          </span>
        </Tile>
        <Tile label="Events" note="of the simulation">
          <Exact path={`${base}/events`} value={result.events ?? 0} />
        </Tile>
      </div>

      <Panel title="Reproduce" note="the same scenario and seed give the same hash, everywhere">
        <Copy text={result.reproduce} label="command" path={`${base}/reproduce`} />
      </Panel>

      {result.violations?.length > 0 && <Violations result={result} />}

      {data.results.length > 1 && (
        <Panel title="Runs" note={`${plural(data.results.length, "run")}; shown in full: seed ${result.seed}${data.left_out > 0 ? `; ${count(data.left_out)} more are only in result.json` : ""}`}>
          <Table id="runs" rows={data.results} columns={runColumns} caption="Runs" rowKey={(r) => `${r.scenario}-${r.seed}`} selected={(r) => r === result} />
        </Panel>
      )}

      {model && (
        <Panel title="The run at a glance" note="drag to zoom, click to set the moment" side={<Whole model={model} />}>
          <JobStrip model={model} result={result} />
          <Chart
            detail={model.detail}
            title="Records"
            unit="per second"
            lines={[
              { label: "read by sources", values: model.column("read")?.values ?? [], gauge: false, fill: true },
              { label: "committed at sinks", values: model.column("committed")?.values ?? [], gauge: false },
            ]}
          />
        </Panel>
      )}

      {settled && (
        <>
          <div class="columns">
            <div class="stack">
              <Panel title="Expectations" note="written in the scenario">
                <Table
                  id="expectations"
                  rows={result.expectations ?? []}
                  columns={expectationColumns(result, base)}
                  caption="Expectations"
                  empty="The scenario expects nothing beyond the built-in oracles."
                  rowKey={(e) => e.id}
                />
              </Panel>
              <Bytes metrics={metrics} base={base} />
              <Messages messages={messages} base={base} />
            </div>
            <div class="stack">
              <Panel title="Oracles" note="on in every run; each says what it compared, or why it did not">
                <Table id="oracles" rows={result.oracles ?? []} columns={oracleColumns(result, base)} caption="Oracles" rowKey={(o) => o.name + o.claim} />
                <NotChecked result={result} />
              </Panel>
            </div>
          </div>
          {Object.keys(metrics).length > 0 && <Metrics values={metrics} dimensions={model?.detail.dimensions ?? {}} base={base} />}
        </>
      )}
    </>
  );
}
