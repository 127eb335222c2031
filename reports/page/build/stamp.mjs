// After `vite build`: names the page report.html, adds the licences of what it contains, and writes two hashes into it, of the sources and of
// the page itself, which tools/page_sources.sh compares without Node.
import { createHash } from "node:crypto";
import { readFileSync, readdirSync, renameSync, statSync, writeFileSync } from "node:fs";

const parts = ["THIRD_PARTY.txt", "build", "index.html", "package-lock.json", "package.json", "src", "tsconfig.json", "vite.config.ts"];

function files(path) {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path).flatMap((name) => files(`${path}/${name}`));
}

const hash = (bytes) => createHash("sha256").update(bytes).digest("hex");
const bytewise = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

const listing = parts
  .flatMap(files)
  .sort(bytewise)
  .map((path) => `${hash(readFileSync(path))}  ${path}\n`)
  .join("");

renameSync("dist/index.html", "dist/report.html");
// Each stamp is a line of its own; the page's hash is that of all other lines.
const licences = `<!--\n${readFileSync("THIRD_PARTY.txt", "utf8")}-->\n`;
const page = readFileSync("dist/report.html", "utf8").trimEnd() + "\n" + licences;
const stamps = `<!-- page-sources ${hash(listing)} -->\n<!-- page-content ${hash(page)} -->\n`;
writeFileSync("dist/report.html", page + stamps);
console.log(`dist/report.html: ${Buffer.byteLength(page + stamps)} bytes`);
