// Small parts that every page uses.
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { bytes, count, duration } from "../format";

// A number of result.json, shown; `path` is its JSON pointer, which the browser test follows.
export function Exact(props: { path: string; value: number | string; kind?: "count" | "ns" | "bytes" | "text" }) {
  const kind = props.kind ?? (typeof props.value === "number" ? "count" : "text");
  const text =
    kind === "count" ? count(Number(props.value)) : kind === "ns" ? duration(Number(props.value)) : kind === "bytes" ? bytes(Number(props.value)) : String(props.value);
  return (
    <span data-result={props.path} data-kind={kind} title={kind === "ns" ? `${props.value} ns` : kind === "bytes" ? `${props.value} bytes` : undefined}>
      {text}
    </span>
  );
}

export function Tile(props: { label: string; tone?: "good" | "bad" | "warn"; note?: ComponentChildren; children: ComponentChildren }) {
  return (
    <div class={"tile " + (props.tone ?? "")}>
      <div class="tile-label">{props.label}</div>
      <div class="tile-value">{props.children}</div>
      {props.note !== undefined && <div class="tile-note">{props.note}</div>}
    </div>
  );
}

const marks: Record<string, [string, string]> = {
  pass: ["good", "✓"],
  held: ["good", "✓"],
  completed: ["good", "✓"],
  fail: ["bad", "✗"],
  violated: ["bad", "✗"],
  failed: ["bad", "✗"],
  nondeterministic: ["bad", "≠"],
  error: ["bad", "!"],
  warned: ["warn", "!"],
  vacuous: ["warn", "○"],
  limit: ["warn", "◔"],
  no_value: ["warn", "○"],
  not_checked: ["quiet", "–"],
  pending: ["quiet", "…"],
};

const words: Record<string, string> = {
  not_checked: "not checked",
  no_value: "no value",
  nondeterministic: "not deterministic",
};

export function Badge(props: { of: string; text?: string }) {
  const [tone, mark] = marks[props.of] ?? ["quiet", "·"];
  return (
    <span class={"badge " + tone}>
      <span aria-hidden="true">{mark}</span> {props.text ?? words[props.of] ?? props.of}
    </span>
  );
}

export function Panel(props: {
  title: ComponentChildren;
  note?: ComponentChildren;
  side?: ComponentChildren;
  id?: string;
  children: ComponentChildren;
}) {
  return (
    <section class="panel" data-testid={props.id}>
      <header class="panel-head">
        <h2>{props.title}</h2>
        {props.note !== undefined && <span class="muted">{props.note}</span>}
        {props.side !== undefined && <span class="side">{props.side}</span>}
      </header>
      {props.children}
    </section>
  );
}

export function Copy(props: { text: string; label: string; path?: string }) {
  const [done, setDone] = useState(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(props.text);
    } catch {
      const area = document.createElement("textarea");
      area.value = props.text;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    setDone(true);
    setTimeout(() => setDone(false), 1200);
  };
  return (
    <div class="command">
      <code>
        <span class="prompt" aria-hidden="true">
          $
        </span>{" "}
        <span data-result={props.path} data-kind="text">
          {props.text}
        </span>
      </code>
      <button type="button" onClick={copy} aria-label={"Copy: " + props.label}>
        {done ? "copied" : "copy"}
      </button>
    </div>
  );
}

// One choice of several, as a row of buttons.
export function Choice(props: {
  label: string;
  value: string;
  options: { value: string; text: string; help?: string }[];
  onChange: (value: string) => void;
}) {
  return (
    <div class="choice" role="group" aria-label={props.label}>
      <span class="muted">{props.label}</span>
      {props.options.map((option) => (
        <button
          type="button"
          key={option.value}
          title={option.help}
          aria-pressed={props.value === option.value}
          onClick={() => props.onChange(option.value)}
        >
          {option.text}
        </button>
      ))}
    </div>
  );
}

export function Key(props: { items: { colour: string; text: string; hatch?: boolean; letter?: string }[] }) {
  return (
    <div class="legend">
      {props.items.map((item) => (
        <span class="key still" key={item.text}>
          <i class={item.hatch ? "hatched" : ""} style={{ background: item.colour }}>
            {item.letter}
          </i>
          {item.text}
        </span>
      ))}
    </div>
  );
}

export function Empty(props: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty-state">
      <svg viewBox="0 0 48 48" width="44" height="44" aria-hidden="true">
        <circle cx="24" cy="24" r="20" fill="none" stroke="currentColor" stroke-width="2" stroke-dasharray="3 5" />
        <path d="M16 24h16" fill="none" stroke="currentColor" stroke-width="2.5" stroke-linecap="round" />
      </svg>
      <p>
        <b>{props.title}</b>
      </p>
      {props.children}
    </div>
  );
}
