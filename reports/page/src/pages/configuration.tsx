// Every option that the model knows, with Flink's default beside it, and the scenario as resolved.
import { useMemo } from "preact/hooks";
import { type Detail, Model, type RunResult } from "../data";
import { plural } from "../format";
import { setView, useView } from "../view";
import { Badge, Panel } from "../parts/small";
import { Table, type TableColumn } from "../parts/table";

type Entry = Detail["configuration"][0];

const columns: TableColumn<Entry>[] = [
  {
    key: "key",
    title: "Option",
    value: (e) => e.key,
    show: (e) => (
      <>
        <code>{e.key}</code>
        {e.help && <div class="muted small">{e.help}</div>}
      </>
    ),
  },
  {
    key: "value",
    title: "Value",
    value: (e) => e.value,
    show: (e) => (e.ignored ? <Badge of="not_checked" text="ignored" /> : <code class={e.set ? "changed" : ""}>{e.value || "(none)"}</code>),
  },
  { key: "fallback", title: "Flink's default", value: (e) => e.fallback, show: (e) => <code class="muted">{e.fallback || "(none)"}</code> },
  { key: "set", title: "Changed", value: (e) => (e.ignored ? 2 : e.set ? 0 : 1), show: (e) => (e.set ? <span class="mark-set">● changed</span> : e.ignored ? "not modelled" : "") },
];

export function Configuration(props: { model: Model; result: RunResult }) {
  const view = useView();
  const { model, result } = props;
  const all = model.detail.configuration;
  const query = (view.q ?? "").toLowerCase();
  const only = view.only === "1";
  const rows = useMemo(
    () => all.filter((e) => (!only || e.set || e.ignored) && (query === "" || (e.key + " " + e.help + " " + e.value).toLowerCase().includes(query))),
    [all, query, only],
  );
  const changed = all.filter((e) => e.set).length;
  const build = result.build ?? { version: "", commit: "", compiler: "", library: "" };
  return (
    <>
      <Panel title="Flink options" note={`${plural(all.length, "option")} known to the model, ${changed} unlike the default`} id="configuration">
        <div class="row wrap controls">
          <input type="search" placeholder="Search options" aria-label="Search options" value={view.q ?? ""} onInput={(e) => setView({ q: (e.currentTarget as HTMLInputElement).value })} />
          <label class="check">
            <input type="checkbox" checked={only} onChange={(e) => setView({ only: (e.currentTarget as HTMLInputElement).checked ? "1" : undefined })} /> only what was changed
          </label>
        </div>
        <Table id="options" rows={rows} columns={columns} caption="Flink options" first="set.asc" page={300} rowKey={(e) => e.key} empty="No option matches." />
      </Panel>
      <div class="columns">
        <Panel title="Scenario" note="as resolved, with every default filled in">
          <pre class="document">{model.detail.document}</pre>
        </Panel>
        <Panel title="Build and data">
          <dl class="pairs">
            <dt>drey</dt>
            <dd>
              {build.version} <code>{build.commit}</code>
            </dd>
            <dt>Compiler</dt>
            <dd>
              {build.compiler}, {build.library}
            </dd>
            <dt>Scenario file</dt>
            <dd>
              <code>{result.scenario}</code>
            </dd>
            {result.mutant && (
              <>
                <dt>Mutant</dt>
                <dd>
                  <code>{result.mutant}</code>
                </dd>
              </>
            )}
            <dt>Format of the result</dt>
            <dd>{result.version}</dd>
          </dl>
          <h3>What this page leaves out</h3>
          <ul class="plain" data-testid="thinned">
            {model.detail.thinned.map((line) => (
              <li key={line}>{line}</li>
            ))}
          </ul>
          <p class="muted">
            trace.json beside this file has the same run for <b>ui.perfetto.dev</b> (open the file there; nothing is sent anywhere by this page).
          </p>
        </Panel>
      </div>
    </>
  );
}
