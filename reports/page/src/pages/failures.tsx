// What went wrong, as a tree: fault, failures that it caused, failover, regions, tasks by rule.
import { Model, type Failover, type RunResult } from "../data";
import { reasonLetter, reasonText, usePalette } from "../colours";
import { count, duration, moment, plural } from "../format";
import { seconds, setView } from "../view";
import { RecoverySegments } from "../parts/segments";
import { Badge, Empty, Exact, Panel } from "../parts/small";
import { Table, type TableColumn } from "../parts/table";

interface Story {
  failover: Failover;
  index: number;
  faults: string[]; // active or landed at most a minute before, latest first
  failures: { at: number; subject: string; attempt: number; cause: string }[];
  rescheduled: number | null;
  recovered: number | null;
  checkpoint: number;
}

function stories(model: Model, result: RunResult): Story[] {
  const { detail } = model;
  return result.failovers.map((failover, index) => {
    const before = index > 0 ? result.failovers[index - 1].at_ns : -1;
    const restart = detail.restarts.find((r) => r.number === failover.number && r.at === failover.at_ns);
    const faults = detail.faults.filter((fault) => fault.spans.some(([from, to]) => from <= failover.at_ns && (to >= failover.at_ns || failover.at_ns - from < 120e9))).map((fault) => fault.id);
    return {
      failover,
      index,
      faults,
      failures: detail.failures.filter((f) => f.at > before && f.at <= failover.at_ns),
      rescheduled: restart && restart.rescheduled >= 0 ? restart.rescheduled : null,
      recovered: model.recovered(failover),
      checkpoint: restart?.checkpoint ?? 0,
    };
  });
}

function Tasks(props: { model: Model; failover: Failover }) {
  const palette = usePalette();
  const { model, failover } = props;
  const regions = new Map<number, string[]>();
  for (const name of failover.restarted) {
    const region = model.byName.get(name)?.region ?? -1;
    regions.set(region, [...(regions.get(region) ?? []), name]);
  }
  const most = 60;
  return (
    <ul class="tree">
      {[...regions].slice(0, 50).map(([region, names]) => (
        <li key={region}>
          <b>region {region}</b> <span class="muted">{plural(names.length, "task")}</span>
          <div class="chips">
            {names.slice(0, most).map((name) => {
              const reason = failover.reason[name];
              return (
                <span class="task-chip" key={name} title={reasonText[reason] ?? reason}>
                  <i style={{ background: palette.reason[reason] ?? palette.muted }}>{reasonLetter[reason] ?? "?"}</i>
                  {name}
                </span>
              );
            })}
            {names.length > most && <span class="muted">and {count(names.length - most)} more</span>}
          </div>
        </li>
      ))}
      {regions.size > 50 && <li class="muted">and {count(regions.size - 50)} more regions</li>}
    </ul>
  );
}

function StoryView(props: { model: Model; story: Story; open: boolean; repeated: boolean }) {
  const { story, model } = props;
  const { failover } = story;
  const steps: [string, string][] = [["failed", moment(failover.at_ns)]];
  if (failover.backoff_ns > 0) steps.push(["back-off", duration(failover.backoff_ns)]);
  if (story.rescheduled !== null) steps.push(["rescheduled", "+" + duration(story.rescheduled - failover.at_ns)]);
  if (story.recovered !== null) steps.push(["all running", "+" + duration(story.recovered - failover.at_ns)]);
  return (
    <article class="story" data-testid={`failover-${story.index}`}>
      <header>
        <span class="story-number">{failover.number}</span>
        <div>
          <h3>
            {failover.cause.replaceAll("-", " ")} <span class="muted">of</span> {failover.failed}
          </h3>
          <p class="muted">
            {plural(failover.restarted.length, "task")} restarted{story.checkpoint > 0 ? ` from checkpoint ${story.checkpoint}` : ", from the beginning"}
          </p>
        </div>
        <span class="side">
          <button type="button" class="link" onClick={() => setView({ p: "graph", m: "restart", f: String(story.index), t: seconds(failover.at_ns) }, true)}>
            in the graph
          </button>
          <span class="muted"> · </span>
          <button
            type="button"
            class="link"
            onClick={() =>
              setView(
                {
                  p: "timeline",
                  t: seconds(failover.at_ns),
                  z: `${seconds(Math.max(0, failover.at_ns - 3e9))}-${seconds(Math.min(model.detail.end, (story.recovered ?? failover.at_ns + 10e9) + 3e9))}`,
                },
                true,
              )
            }
          >
            on the timeline
          </button>
        </span>
      </header>
      <ol class="steps">
        {steps.map(([label, value]) => (
          <li key={label}>
            <span class="muted">{label}</span> {value}
          </li>
        ))}
        {story.recovered === null && failover.restarted.length > 0 && (
          <li>
            <Badge of="violated" text="did not run again before the end" />
          </li>
        )}
      </ol>
      <details open={props.open}>
      <summary>regions and tasks</summary>
      <ul class="tree">
        {story.faults.length > 0 && !props.repeated && (
          <li>
            <b>injected faults before it</b>
            {": "}
            {story.faults.map((id) => (
              <code key={id} class="fault-chip" title={model.detail.faults.find((f) => f.id === id)?.text}>
                {id}
              </code>
            ))}
          </li>
        )}
        {story.failures.length > 0 && (
          <li>
            <b>{plural(story.failures.length, "failure")} seen by the JobMaster</b>
            <ul class="plain">
              {story.failures.slice(0, 12).map((f, i) => (
                <li key={i}>
                  <span class="muted">{moment(f.at)}</span> {f.subject} attempt {f.attempt}: {f.cause.replaceAll("-", " ")}
                </li>
              ))}
              {story.failures.length > 12 && <li class="muted">and {count(story.failures.length - 12)} concurrent ones</li>}
            </ul>
          </li>
        )}
        <li>
          <b>restarted</b>
          <Tasks model={model} failover={failover} />
        </li>
      </ul>
      </details>
    </article>
  );
}

export function Failures(props: { model: Model; result: RunResult; base: string }) {
  const palette = usePalette();
  const { model, result, base } = props;
  const all = stories(model, result);
  const columns: TableColumn<Story>[] = [
    { key: "n", title: "#", value: (s) => s.failover.number, number: true },
    { key: "at", title: "At", value: (s) => s.failover.at_ns, show: (s) => moment(s.failover.at_ns), number: true },
    { key: "cause", title: "Cause", value: (s) => s.failover.cause },
    { key: "failed", title: "Failed", value: (s) => s.failover.failed },
    { key: "tasks", title: "Tasks", value: (s) => s.failover.restarted.length, show: (s) => <span data-result={`${base}/failovers/${s.index}/restarted`} data-kind="length">{s.failover.restarted.length}</span>, number: true },
    { key: "regions", title: "Regions", value: (s) => new Set(s.failover.restarted.map((n) => model.byName.get(n)?.region)).size, number: true },
    { key: "backoff", title: "Back-off", value: (s) => s.failover.backoff_ns, show: (s) => <Exact path={`${base}/failovers/${s.index}/backoff_ns`} value={s.failover.backoff_ns} kind="ns" />, number: true },
    { key: "checkpoint", title: "From checkpoint", value: (s) => s.checkpoint || null, number: true },
    { key: "recovered", title: "All running after", value: (s) => (s.recovered === null ? null : s.recovered - s.failover.at_ns), show: (s) => (s.recovered === null ? "never" : duration(s.recovered - s.failover.at_ns)), number: true },
  ];
  const faults = model.detail.faults;
  return (
    <>
      <Panel title="Injected faults" note="what the scenario did to the cluster" id="faults">
        <Table
          id="faults"
          rows={faults}
          caption="Injected faults"
          rowKey={(f) => f.id}
          empty="The scenario injects no fault."
          columns={[
            { key: "id", title: "Fault", value: (f) => f.id, show: (f) => <code>{f.id}</code> },
            { key: "text", title: "What", value: (f) => f.text },
            { key: "landed", title: "Landed", value: (f) => result.faults.find((r) => r.id === f.id)?.times ?? 0, show: (f) => {
              const landed = result.faults.find((r) => r.id === f.id);
              return landed?.landed ? `${landed.times} ×` : <Badge of="vacuous" text={landed?.optional ? "no (optional)" : "did not land"} />;
            }, number: true },
            { key: "at", title: "First at", value: (f) => f.spans[0]?.[0] ?? null, show: (f) => (f.spans[0] ? moment(f.spans[0][0]) : "–"), number: true },
            { key: "for", title: "For", value: (f) => (f.spans[0] ? f.spans[0][1] - f.spans[0][0] : null), show: (f) => (f.spans[0] ? (f.spans[0][1] > f.spans[0][0] ? duration(f.spans[0][1] - f.spans[0][0]) : "a moment") : "–"), number: true },
          ]}
        />
      </Panel>
      {all.length > 0 && <RecoverySegments result={result} base={base} />}
      <Panel
        title="Failovers"
        id="failovers"
        note={all.length === 0 ? undefined : "cause, regions, tasks and the rule that restarts each"}
        side={
          all.length > 0 && (
            <span class="legend">
              {Object.keys(reasonText).map((reason) => (
                <span class="key still" key={reason}>
                  <i style={{ background: palette.reason[reason] }}>{reasonLetter[reason]}</i>
                  {reasonText[reason]}
                </span>
              ))}
            </span>
          )
        }
      >
        {all.length === 0 ? (
          <Empty title="Nothing failed over in this run." />
        ) : (
          <>
            {all.slice(0, 30).map((story) => (
              <StoryView
                key={story.index}
                model={model}
                story={story}
                open={all.length <= 3 || story.index === 0}
                repeated={story.index > 0 && all[story.index - 1].faults.join() === story.faults.join()}
              />
            ))}
            {all.length > 30 && <p class="more">The first 30 of {count(all.length)} failovers; the table has all.</p>}
          </>
        )}
      </Panel>
      {all.length > 0 && (
        <Panel title="Table of failovers">
          <Table id="failovers" rows={all} columns={columns} caption="Failovers" rowKey={(s) => String(s.index)} />
        </Panel>
      )}
      {model.detail.failures.length > 0 && (
        <Panel title="All failures" note="also those that no failover of their own followed">
          <Table
            id="failures"
            rows={model.detail.failures.map((f, i) => ({ ...f, i }))}
            caption="Failures"
            page={24}
            rowKey={(f) => String(f.i)}
            columns={[
              { key: "at", title: "At", value: (f) => f.at, show: (f) => moment(f.at), number: true },
              { key: "subject", title: "Subject", value: (f) => f.subject },
              { key: "attempt", title: "Attempt", value: (f) => f.attempt, number: true },
              { key: "cause", title: "Cause", value: (f) => f.cause },
            ]}
          />
        </Panel>
      )}
    </>
  );
}
