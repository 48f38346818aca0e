/**
 * @file Runs as one HTML page that needs no network: uPlot and the browser's scripts are in it. The page of a server is
 * the same, and gets its runs from there.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type PageData, type RunRecord } from './record';

const style = `
body { font: 14px/1.45 system-ui, sans-serif; margin: 0 auto; max-width: 1400px; padding: 1em 2em; color: #222; }
h1 { font-size: 1.5em; margin: 0.4em 0 0; } h2 { font-size: 1.1em; margin: 1.6em 0 0.4em; }
#charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(420px, 1fr)); gap: 1em; }
#charts figure { margin: 0; min-width: 0; } #charts figcaption { display: flex; justify-content: space-between; font-weight: 600; }
#charts label { font-weight: normal; color: #666; }
#runs { list-style: none; padding: 0; } #runs button { font: inherit; border: 0; background: none; cursor: pointer; }
#runs .current { font-weight: 600; text-decoration: underline; }
.swatch { display: inline-block; width: 0.8em; height: 0.8em; margin: 0 0.2em; }
#controls { margin: 0.8em 0; } #controls[hidden] { display: none; } #rate { width: 8em; }
.scroll { overflow: auto; max-height: 30em; } pre { margin: 0; font: 12px/1.1 ui-monospace, monospace; }
table { border-collapse: collapse; } td, th { padding: 0.15em 0.7em; text-align: right; }
.numbers tr:first-child { position: sticky; top: 0; background: white; } .confusion td { border: 1px solid #eee; }
caption { text-align: left; } .hint, .uplot + *, caption { color: #666; }
.samples { display: flex; flex-wrap: wrap; gap: 0.6em; } .sample { margin: 0; padding: 0.4em; border: 2px solid #ddd; max-width: 20em; }
.sample.wrong { border-color: #d62728; } .sample.right { border-color: #2ca02c; } .sample img { display: block; image-rendering: pixelated; }
dt { font-weight: 600; } dd { margin: 0 0 0.4em 1em; white-space: pre-wrap; overflow-wrap: anywhere; }
`;

// In this order: each knows what is before it.
const scripts = ['charts.js', 'sections.js', 'main.js'];

let assets: { style: string; scripts: readonly string[] } | undefined;
function loaded(): NonNullable<typeof assets> {
  if (assets) return assets;
  const plot = dirname(require.resolve('uplot/dist/uPlot.iife.min.js'));
  const text = (...path: string[]): string => readFileSync(join(...path), 'utf8');
  // One after the other in one scope.
  const own = scripts.map((name) => text(__dirname, 'browser', name)).join('\n');
  return (assets = {
    style: text(plot, 'uPlot.min.css') + style,
    scripts: [text(plot, 'uPlot.iife.min.js'), `'use strict';\n${own}`],
  });
}

const hash = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** What the page may do: run its own scripts, and, of a server, speak to that. */
export function contentPolicy(live: boolean): string {
  const { style: css, scripts: list } = loaded();
  return [
    `default-src 'none'`,
    `script-src ${list.map(hash).join(' ')}`,
    `style-src ${hash(css)}`,
    `img-src data:`,
    ...(live ? [`connect-src 'self'`] : []),
    `base-uri 'none'`,
    `form-action 'none'`,
  ].join('; ');
}

const escaped = (s: string): string => s.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

/** Plain data as JSON. What JSON has no word for (NaN, infinities) is text. */
export const recordJson = (v: unknown): string =>
  JSON.stringify(v, (_, e: unknown) => (typeof e === 'number' && !Number.isFinite(e) ? String(e) : e));

const controls = `<div id="controls" hidden>
<label>token <input id="token" type="password" autocomplete="off"></label>
<button id="pause" type="button">pause</button> <button id="resume" type="button">resume</button>
<button id="stop" type="button">stop</button>
<label>learning rate <input id="rate" type="number" min="0" step="any"></label>
<button id="set-rate" type="button">set</button>
<output id="answer"></output>
</div>
`;

/**
 * The page.
 * @param data - what it shows
 * @param controlled - whether it has the controls of a server
 */
export function page(data: PageData, controlled = false): string {
  const { style: css, scripts: list } = loaded();
  // Within a script element, `<` is all that could end it.
  const json = recordJson(data).replaceAll('<', '\\u003c');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="${escaped(contentPolicy(data.live))}">
<link rel="icon" href="data:,">
<title>${escaped(data.title)}</title>
<style>${css}</style>
</head>
<body>
<h1>${escaped(data.title)}</h1>
<p id="status"></p>
<p id="connection"></p>
<noscript>This page draws its curves with a script of its own.</noscript>
<ul id="runs" hidden></ul>
${controlled ? controls : ''}<div id="charts"></div>
<p class="hint">Drag over a chart to zoom, double-click to see all.</p>
<div id="details"></div>
<script type="application/json" id="data-of-page">${json}</script>
${list.map((text) => `<script>${text}</script>`).join('\n')}
</body>
</html>
`;
}

/** The page of one run, as a file. */
export const reportOf = (run: RunRecord): string => page({ title: run.title, runs: [run], live: false });
