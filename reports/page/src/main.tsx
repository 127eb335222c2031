// The page: reads the data that drey put into it, shows one of its views, and listens to the keyboard.
import { render } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import "uplot/dist/uPlot.min.css";
import "./style.css";
import { Model, readData, type ReportData, type RunData, shownResult } from "./data";
import { themeOf } from "./colours";
import { seconds, settle, setView, setZoom, timeOf, unzoom, useSettled, useView, zoomOf } from "./view";
import { Badge } from "./parts/small";
import { Verdict } from "./pages/verdict";
import { Graph } from "./pages/graph";
import { Timeline } from "./pages/timeline";
import { Checkpoints } from "./pages/checkpoints";
import { Failures } from "./pages/failures";
import { Configuration } from "./pages/configuration";
import { type Sweep, SweepPage } from "./pages/sweep";
import { momentsOf } from "./parts/slider";

const pages: [string, string][] = [
  ["verdict", "Verdict"],
  ["graph", "Graph"],
  ["timeline", "Timeline"],
  ["checkpoints", "Checkpoints"],
  ["failures", "Failures"],
  ["configuration", "Configuration"],
];

function Nest() {
  return (
    <svg class="logo" viewBox="0 0 32 32" width="26" height="26" aria-hidden="true">
      <circle cx="16" cy="16" r="14" class="logo-ground" />
      <path d="M5 18c4 7 18 7 22 0M7 14c5 6 13 6 18 0M10 21c4 4 8 4 12 0" class="logo-twig" />
      <circle cx="16" cy="11.5" r="3.2" class="logo-nut" />
    </svg>
  );
}

function Help(props: { onClose: () => void }) {
  const keys: [string, string][] = [
    ["1 … 6", "pages"],
    ["← →", "move the moment by a hundredth of the window"],
    ["Shift ← →", "to the event before or after"],
    ["+ −", "zoom in and out around the moment"],
    ["0", "back to the job; once more: the whole run"],
    ["t", "light or dark"],
    ["?", "this help"],
    ["Esc", "close, or clear what is chosen"],
  ];
  return (
    <div class="overlay" role="dialog" aria-modal="true" aria-label="Keyboard" onClick={props.onClose}>
      <div class="sheet" onClick={(e) => e.stopPropagation()}>
        <h2>Keyboard</h2>
        <dl class="pairs">
          {keys.map(([key, text]) => (
            <>
              <dt>
                <kbd>{key}</kbd>
              </dt>
              <dd>{text}</dd>
            </>
          ))}
        </dl>
        <p class="muted">The address holds page, moment, window, choice and order: a copied link restores what you see.</p>
        <button type="button" onClick={props.onClose} autoFocus>
          Close
        </button>
      </div>
    </div>
  );
}

function Header(props: { title: string; verdict?: string; tabs: [string, string][]; page: string; onHelp: () => void }) {
  const view = useView();
  const theme = themeOf(view.theme);
  return (
    <header class="top">
      <div class="brand">
        <Nest />
        <span class="brand-name">drey</span>
      </div>
      <span class="run-name" title={props.title}>
        {props.title}
      </span>
      {props.verdict && <Badge of={props.verdict} />}
      <nav aria-label="Pages">
        {props.tabs.map(([id, name], i) => (
          <button type="button" key={id} aria-current={props.page === id ? "page" : undefined} data-testid={"tab-" + id} title={`${name} (${i + 1})`} onClick={() => setView({ p: id }, true)}>
            {name}
          </button>
        ))}
      </nav>
      <button type="button" class="icon" aria-label="Light or dark" title="Light or dark (t)" onClick={() => setView({ theme: theme === "dark" ? "light" : "dark" })}>
        {theme === "dark" ? "☀" : "☾"}
      </button>
      <button type="button" class="icon" aria-label="Keyboard help" title="Keyboard (?)" onClick={props.onHelp}>
        ?
      </button>
    </header>
  );
}

function useTheme() {
  const view = useView();
  useEffect(() => {
    const query = matchMedia("(prefers-color-scheme: dark)");
    const apply = () => {
      document.documentElement.dataset.theme = themeOf(view.theme);
    };
    apply();
    query.addEventListener("change", apply);
    return () => query.removeEventListener("change", apply);
  }, [view.theme]);
}

function useKeyboard(tabs: [string, string][], model: Model | null, data: ReportData, help: (open: boolean) => void) {
  const view = useView();
  useEffect(() => {
    const press = (e: KeyboardEvent) => {
      const target = e.target as HTMLElement;
      if (e.ctrlKey || e.metaKey || e.altKey || /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName)) return;
      const digit = Number(e.key);
      if (digit >= 1 && digit <= tabs.length) setView({ p: tabs[digit - 1][0] }, true);
      else if (e.key === "t") setView({ theme: themeOf(view.theme) === "dark" ? "light" : "dark" });
      else if (e.key === "?") help(true);
      else if (e.key === "Escape") {
        help(false);
        setView({ v: undefined, st: undefined });
      } else if (model && data.kind === "run") {
        const end = model.detail.end;
        const [from, to] = zoomOf(view, model.detail);
        const time = timeOf(view, end);
        if (e.key === "ArrowRight" || e.key === "ArrowLeft") {
          const direction = e.key === "ArrowRight" ? 1 : -1;
          let next = time + (direction * (to - from)) / 100;
          if (e.shiftKey) {
            const all = momentsOf(model.detail, shownResult(data).failovers);
            const found = direction > 0 ? all.find((m) => m > time + 1e6) : all.reverse().find((m) => m < time - 1e6);
            if (found === undefined) return;
            next = found;
          }
          setView({ t: seconds(Math.max(0, Math.min(end, next))) });
        } else if (e.key === "+" || e.key === "=" || e.key === "-") {
          const factor = e.key === "-" ? 2 : 0.5;
          const middle = time >= from && time <= to ? time : (from + to) / 2;
          setZoom(middle - (middle - from) * factor, middle + (to - middle) * factor, model.detail);
        } else if (e.key === "0") unzoom(model.detail);
        else return;
      } else return;
      e.preventDefault();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  });
}

function Run(props: { data: RunData; page: string; model: Model | null }) {
  const { data, model, page } = props;
  const result = shownResult(data);
  const at = data.results.indexOf(result);
  const base = data.results.length > 1 ? `/runs/${at}` : "";
  if (page === "verdict") return <Verdict data={data} model={model} />;
  if (!model) return <p class="empty">The details of this run were not kept.</p>;
  if (page === "graph") return <Graph model={model} result={result} />;
  if (page === "timeline") return <Timeline model={model} result={result} />;
  if (page === "checkpoints") return <Checkpoints model={model} result={result} base={base} />;
  if (page === "failures") return <Failures model={model} result={result} base={base} />;
  return <Configuration model={model} result={result} />;
}

function App(props: { data: ReportData }) {
  const view = useView();
  const [help, setHelp] = useState(false);
  const { data } = props;
  const model = useMemo(() => (data.kind === "run" && data.detail ? new Model(data.detail) : null), [data]);
  const settled = useSettled();
  const tabs: [string, string][] = data.kind === "sweep" ? [["sweep", "Sweep"]] : pages;
  const page = tabs.some(([id]) => id === view.p) ? view.p : tabs[0][0];
  useTheme();
  useKeyboard(tabs, model, data, setHelp);
  useEffect(() => scrollTo(0, 0), [page]);
  // How long it took from the click to the first page that can be read; the browser test asks.
  useEffect(() => {
    requestAnimationFrame(() => {
      document.documentElement.dataset.readyMs = performance.now().toFixed(1);
      setTimeout(settle);
    });
  }, []);
  const title = data.kind === "sweep" ? (data.sweep as Sweep).name || "sweep" : model?.detail.name || shownResult(data)?.scenario || "run";
  useEffect(() => {
    document.title = `${title} · drey`;
  }, [title]);
  return (
    <>
      <Header title={title} verdict={data.kind === "run" ? shownResult(data)?.verdict : undefined} tabs={tabs} page={page} onHelp={() => setHelp(true)} />
      <main data-page={page} data-ready={settled ? "yes" : undefined}>
        {data.kind === "sweep" ? <SweepPage sweep={data.sweep as Sweep} /> : data.results.length > 0 ? <Run data={data} page={page} model={model} /> : <p class="empty">This report holds no run.</p>}
      </main>
      <footer>
        {model && <span>{model.detail.thinned.join(" · ")}</span>}
        <span>Made by drey. This file is complete: it asks no server for anything.</span>
      </footer>
      {help && <Help onClose={() => setHelp(false)} />}
    </>
  );
}

const root = document.getElementById("app") as HTMLElement;
const data = readData();
root.textContent = "";
if (data && data.format === 1) render(<App data={data} />, root);
else root.innerHTML = '<p class="empty" style="margin:3rem">This is the empty page of drey\'s report: it has no data. <code>drey run FILE --out DIR</code> makes a report.</p>';
