// The moment that is looked at: a slider over the run with faults, failovers and checkpoints marked.
// Left and right step; with Shift from event to event.
import { useEffect, useRef, useState } from "preact/hooks";
import type { Detail, Failover } from "../data";
import { usePalette } from "../colours";
import { moment } from "../format";
import { seconds, setView, timeOf, useView } from "../view";
import { faultSpans } from "./chart";

export function momentsOf(detail: Detail, failovers: Failover[]): number[] {
  const all = [
    ...faultSpans(detail).flatMap((span) => [span.from, span.to]),
    ...failovers.map((failover) => failover.at_ns),
    ...detail.restarts.filter((restart) => restart.rescheduled >= 0).map((restart) => restart.rescheduled),
    ...detail.failures.map((failure) => failure.at),
  ];
  return [...new Set(all)].sort((a, b) => a - b);
}

function Step(props: { back?: boolean }) {
  return (
    <svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true" class={props.back ? "mirrored" : ""}>
      <path d="M3 3l7 5-7 5zM11 3h2v10h-2z" fill="currentColor" />
    </svg>
  );
}

function Play() {
  return (
    <svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">
      <path d="M4 2.5l9.5 5.5L4 13.5z" fill="currentColor" />
    </svg>
  );
}

function Pause() {
  return (
    <svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">
      <path d="M4 3h3v10H4zM9 3h3v10H9z" fill="currentColor" />
    </svg>
  );
}

// The moment shown when none was chosen: the first failover, else the middle of the run.
export function firstMoment(detail: Detail, failovers: Failover[]): number {
  return failovers.length > 0 ? failovers[0].at_ns : detail.end / 2;
}

export function Slider(props: { detail: Detail; failovers: Failover[] }) {
  const view = useView();
  const palette = usePalette();
  const { detail } = props;
  const time = timeOf(view, firstMoment(detail, props.failovers));
  const end = view.z === "all" ? detail.end : Math.max(detail.focus, time);
  const [playing, setPlaying] = useState(false);
  const frame = useRef(0);
  const latest = useRef(time);
  latest.current = time;
  const moments = momentsOf(detail, props.failovers);
  const go = (t: number) => setView({ t: seconds(Math.max(0, Math.min(detail.end, t))) });
  const next = (direction: number) => {
    const found =
      direction > 0 ? moments.find((m) => m > latest.current + 1e6) : [...moments].reverse().find((m) => m < latest.current - 1e6);
    if (found !== undefined) go(found);
  };
  useEffect(() => {
    if (!playing) return;
    let before = performance.now();
    const step = (now: number) => {
      const t = latest.current + ((now - before) / 20000) * end;
      before = now;
      if (t >= end) {
        go(end);
        setPlaying(false);
        return;
      }
      go(t);
      frame.current = requestAnimationFrame(step);
    };
    if (latest.current >= end) go(0);
    frame.current = requestAnimationFrame(step);
    return () => cancelAnimationFrame(frame.current);
  }, [playing]);
  const share = (ns: number) => `${Math.min(100, (100 * ns) / Math.max(1, end))}%`;
  return (
    <div class="slider">
      <button type="button" class="round" onClick={() => setPlaying(!playing)} aria-label={playing ? "Pause" : "Play the run"}>
        {playing ? <Pause /> : <Play />}
      </button>
      <button type="button" class="round" onClick={() => next(-1)} aria-label="Event before" disabled={moments.length === 0}>
        <Step back />
      </button>
      <div class="track">
        <div class="marks" aria-hidden="true">
          {faultSpans(detail).filter((span) => span.from <= end).map((span, i) => (
            <span
              key={i}
              class="mark-span"
              style={{ left: share(span.from), width: `max(2px, ${share(Math.min(span.to, end) - span.from)})`, background: palette.faultLine }}
              title={span.id}
            />
          ))}
          {detail.checkpoints.filter((c) => c.ended <= end).map((c) => (
            <span
              key={`${c.id}-${c.triggered}`}
              class="mark-tick"
              style={{ left: share(c.ended), background: palette.outcome[c.outcome] }}
            />
          ))}
          {props.failovers.map((f) => (
            <span key={`f${f.at_ns}`} class="mark-flag" style={{ left: share(f.at_ns), borderBottomColor: palette.reason["failed-region"] }} />
          ))}
        </div>
        <input
          type="range"
          min="0"
          max={end}
          step={Math.max(1, Math.round(end / 2000))}
          value={time}
          aria-label="Simulated time"
          aria-valuetext={moment(time)}
          data-testid="time"
          onInput={(e) => go(Number((e.currentTarget as HTMLInputElement).value))}
          onKeyDown={(e) => {
            if (e.shiftKey && (e.key === "ArrowRight" || e.key === "ArrowLeft")) {
              e.preventDefault();
              next(e.key === "ArrowRight" ? 1 : -1);
            }
          }}
        />
      </div>
      <button type="button" class="round" onClick={() => next(1)} aria-label="Event after" disabled={moments.length === 0}>
        <Step />
      </button>
      <output>{moment(time)}</output>
    </div>
  );
}
