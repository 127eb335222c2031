// A sortable table: the numbers beside every picture. The order is kept in the address.
import type { ComponentChildren } from "preact";
import { useMemo, useState } from "preact/hooks";
import { count } from "../format";
import { setView, useView } from "../view";

export interface TableColumn<Row> {
  key: string;
  title: string;
  value: (row: Row) => string | number | null; // to sort by
  show?: (row: Row) => ComponentChildren; // default: the value
  number?: boolean;
  help?: string;
}

interface Props<Row> {
  id: string;
  rows: Row[];
  columns: TableColumn<Row>[];
  caption: string;
  empty?: string;
  first?: string; // order at the beginning, "key.desc"
  selected?: (row: Row) => boolean;
  onSelect?: (row: Row) => void;
  rowKey: (row: Row) => string;
  page?: number;
}

function compare(a: string | number | null, b: string | number | null): number {
  if (a === b) return 0;
  if (a === null) return 1;
  if (b === null) return -1;
  if (typeof a === "number" && typeof b === "number") return a - b;
  return String(a).localeCompare(String(b), "en", { numeric: true });
}

export function Table<Row>(props: Props<Row>) {
  const view = useView();
  const [more, setMore] = useState(0);
  const order = view["s." + props.id] ?? props.first ?? "";
  const dot = order.lastIndexOf(".");
  const key = order.slice(0, dot);
  const down = order.slice(dot + 1) === "desc";
  const sorted = useMemo(() => {
    const column = props.columns.find((c) => c.key === key);
    if (!column) return props.rows;
    const rows = props.rows.slice();
    rows.sort((a, b) => {
      const x = column.value(a);
      const y = column.value(b);
      if (x === null || y === null) return compare(x, y);
      return down ? compare(y, x) : compare(x, y);
    });
    return rows;
  }, [props.rows, key, down, props.columns]);
  const size = props.page ?? 100;
  const shown = sorted.slice(0, size + more);
  const sortBy = (column: TableColumn<Row>) => {
    const next = key !== column.key ? (column.number ? "desc" : "asc") : down ? "asc" : "desc";
    setView({ ["s." + props.id]: `${column.key}.${next}` });
  };
  if (props.rows.length === 0) return <p class="empty">{props.empty ?? "Nothing to show."}</p>;
  return (
    <div class="table-box">
      <table data-testid={"table-" + props.id}>
        <caption class="visually-hidden">{props.caption}</caption>
        <thead>
          <tr>
            {props.columns.map((column) => (
              <th
                key={column.key}
                scope="col"
                class={column.number ? "number" : ""}
                title={column.help}
                aria-sort={key === column.key ? (down ? "descending" : "ascending") : "none"}
              >
                <button type="button" onClick={() => sortBy(column)}>
                  {column.title}
                  <span class="arrow" aria-hidden="true">
                    {key === column.key ? (down ? "▾" : "▴") : ""}
                  </span>
                </button>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.map((row) => (
            <tr
              key={props.rowKey(row)}
              data-key={props.rowKey(row)}
              class={(props.selected?.(row) ? "selected " : "") + (props.onSelect ? "selectable" : "")}
              tabIndex={props.onSelect ? 0 : undefined}
              onClick={() => props.onSelect?.(row)}
              onKeyDown={(e) => {
                if (props.onSelect && (e.key === "Enter" || e.key === " ")) {
                  e.preventDefault();
                  props.onSelect(row);
                }
              }}
            >
              {props.columns.map((column) => (
                <td key={column.key} class={column.number ? "number" : ""}>
                  {column.show ? column.show(row) : (column.value(row) ?? "–")}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {sorted.length > shown.length && (
        <p class="more">
          {count(shown.length)} of {count(sorted.length)} rows; sorting looks at all.{" "}
          <button type="button" class="link" onClick={() => setMore(more + 5 * size)}>
            Show more
          </button>
        </p>
      )}
    </div>
  );
}
