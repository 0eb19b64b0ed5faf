// Renders every Markdown file of a directory to PNG, near enough to how GitHub shows it: tables,
// alerts, details, Mermaid. NAME.png is what a reader sees first, NAME-open.png what a click on
// every fold shows, NAME-dark.png the same on a dark page. Needs Chromium ($CHROMIUM, or `chromium`
// from the system).
import { readFile, readdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const require = createRequire(new URL("../target/lint/node/", import.meta.url));
const { marked } = await import(pathToFileURL(require.resolve("marked")).href);
const puppeteer = (await import(pathToFileURL(require.resolve("puppeteer-core")).href)).default;
const themes = {
  light: { background: "#ffffff", mermaid: "default" },
  dark: { background: "#0d1117", mermaid: "dark" },
};
for (const [name, theme] of Object.entries(themes)) {
  theme.style = await readFile(require.resolve(`github-markdown-css/github-markdown-${name}.css`), "utf8");
}
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

async function render(body, theme, open, picture) {
  const page = await browser.newPage();
  await page.setViewport({ width: 980, height: 200, deviceScaleFactor: 1.5 });
  const style = `body{margin:0;background:${theme.background}}.markdown-body{padding:24px}.mermaid{background:none!important;text-align:center}`;
  await page.setContent(`<!doctype html><style>${theme.style}</style><style>${style}</style><article class="markdown-body">${body}</article>`);
  // A chart that is folded away has no size to draw it in.
  const unfold = (always) =>
    document.querySelectorAll("details").forEach((each) => {
      each.dataset.was ??= each.open;
      each.open = always || each.dataset.was === "true";
    });
  await page.evaluate(unfold, true);
  if (body.includes('class="mermaid"')) {
    await page.addScriptTag({ path: mermaid });
    const error = await page.evaluate(async (theme) => {
      mermaid.initialize({ startOnLoad: false, theme });
      try {
        await mermaid.run();
      } catch (error) {
        return String(error.message ?? error);
      }
    }, theme.mermaid);
    if (error) {
      broken += 1;
      console.error(`${picture}: ${error}`);
    }
  }
  await page.evaluate(unfold, open);
  await (await page.$("article")).screenshot({ path: join(directory, picture) });
  await page.close();
}

for (const file of (await readdir(directory)).filter((name) => name.endsWith(".md")).sort()) {
  const markdown = await readFile(join(directory, file), "utf8");
  if (!markdown.trim()) continue;
  const body = alerts(marked.parse(markdown, { gfm: true })).replace(
    /<pre><code class="language-mermaid">([\s\S]*?)<\/code><\/pre>/g,
    '<pre class="mermaid">$1</pre>',
  );
  const name = file.replace(/\.md$/, "");
  await render(body, themes.light, false, `${name}.png`);
  if (body.includes("<details>")) await render(body, themes.light, true, `${name}-open.png`);
  await render(body, themes.dark, true, `${name}-dark.png`);
}
await browser.close();
process.exitCode = broken ? 1 : 0;
