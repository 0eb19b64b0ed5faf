// Renders every Markdown file of a directory to PNG, near enough to how GitHub shows it: tables,
// alerts, details, Mermaid. Needs Chromium ($CHROMIUM, or `chromium` from the system).
import { readFile, readdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const require = createRequire(new URL("../target/lint/node/", import.meta.url));
const { marked } = await import(pathToFileURL(require.resolve("marked")).href);
const puppeteer = (await import(pathToFileURL(require.resolve("puppeteer-core")).href)).default;
const style = await readFile(require.resolve("github-markdown-css/github-markdown-light.css"), "utf8");
const mermaid = join(require.resolve("mermaid"), "../mermaid.min.js");

const alerts = (html) =>
  html.replace(
    /<blockquote>\s*<p>\[!(\w+)\](?:<br>)?\s*/g,
    (_, kind) =>
      `<blockquote class="markdown-alert markdown-alert-${kind.toLowerCase()}"><p class="markdown-alert-title">${kind[0]}${kind.slice(1).toLowerCase()}</p><p>`,
  );

const directory = resolve(process.argv[2]);
const browser = await puppeteer.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  // Chromium refuses to run as root, as in a container, with its own isolation on.
  args: ["--no-sandbox", "--disable-gpu"],
});
let broken = 0;
for (const file of (await readdir(directory)).filter((name) => name.endsWith(".md")).sort()) {
  const markdown = await readFile(join(directory, file), "utf8");
  if (!markdown.trim()) continue;
  const body = alerts(marked.parse(markdown, { gfm: true })).replace(
    /<pre><code class="language-mermaid">([\s\S]*?)<\/code><\/pre>/g,
    '<pre class="mermaid">$1</pre>',
  );
  // Opened, so that the picture shows what a click would.
  const page = await browser.newPage();
  await page.setViewport({ width: 980, height: 200, deviceScaleFactor: 1.5 });
  await page.setContent(
    `<style>${style}</style><style>body{margin:0;background:#fff}.markdown-body{padding:24px}.mermaid{background:none!important;text-align:center}</style><article class="markdown-body">${body}</article>`,
  );
  const hasCharts = body.includes('class="mermaid"');
  for (const [suffix, open] of [["", false], ["-open", true]]) {
    if (open) {
      if (!body.includes("<details>")) continue;
      await page.evaluate(() => document.querySelectorAll("details").forEach((each) => (each.open = true)));
    }
    if (hasCharts && !open) {
      await page.evaluate(() => document.querySelectorAll("details").forEach((each) => ((each.dataset.was = each.open), (each.open = true))));
      await page.addScriptTag({ path: mermaid });
      const error = await page.evaluate(async () => {
        mermaid.initialize({ startOnLoad: false });
        try {
          await mermaid.run();
        } catch (error) {
          return String(error.message ?? error);
        }
        document.querySelectorAll("details").forEach((each) => (each.open = each.dataset.was === "true"));
      });
      if (error) {
        broken += 1;
        console.error(`${file}: ${error}`);
      }
    }
    const picture = await (await page.$("article")).screenshot();
    await writeFile(join(directory, file.replace(/\.md$/, `${suffix}.png`)), picture);
  }
  await page.close();
}
await browser.close();
process.exitCode = broken ? 1 : 0;
