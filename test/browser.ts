/** @file A browser for tests of pages: Chromium where the machine has one. */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, launch, type Page } from 'puppeteer-core';

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** Where it is: CHROMIUM_PATH, or the first that PATH has; undefined if there is none. */
export function browserPath(): string | undefined {
  const given = process.env['CHROMIUM_PATH'];
  if (given) return given;
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return names.flatMap((name) => folders.map((dir) => join(dir, name))).find((path) => existsSync(path));
}

/** A page, and what went wrong in it: errors that were thrown, and errors and warnings in the console. */
export interface Tab {
  page: Page;
  problems: string[];
}

/** `test` where there is a browser. Elsewhere a sentence says that it was skipped. */
export function browserTests(): { inBrowser: jest.It; open: (url: string) => Promise<Tab> } {
  const path = browserPath();
  if (path === undefined)
    console.warn('no browser was found (CHROMIUM_PATH, chromium, google-chrome): its tests are skipped');
  let browser: Promise<Browser> | undefined;
  afterAll(async () => (await browser)?.close());
  // As root, and in containers, Chromium has no sandbox. The pages are the tests' own.
  const launched = (): Promise<Browser> =>
    launch({ executablePath: path!, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
  return {
    inBrowser: path === undefined ? test.skip : test,
    async open(url) {
      const page = await (await (browser ??= launched())).newPage();
      const problems: string[] = [];
      page.on('pageerror', (e) => problems.push(String(e)));
      page.on('console', (m) => {
        if (['error', 'warn'].includes(m.type())) problems.push(m.text());
      });
      page.on('requestfailed', (r) => {
        // What the page itself breaks off, as a reload does, is no failure.
        const why = r.failure()?.errorText;
        if (why !== 'net::ERR_ABORTED') problems.push(`${r.url()}: ${why}`);
      });
      await page.setViewport({ width: 1300, height: 900 });
      await page.goto(url);
      return { page, problems };
    },
  };
}

interface Canvas {
  width: number;
  height: number;
  cloneNode(): Canvas;
  getContext(
    kind: '2d',
    options: { willReadFrequently: boolean },
  ): {
    drawImage(from: Canvas, x: number, y: number): void;
    getImageData(...at: number[]): { data: ArrayLike<number> };
  };
}
/** What is used of elements: the types of browsers are not known to Node.js's side. */
interface Drawn {
  plot: { scales: { x: { min: number; max: number } }; data: ArrayLike<number | null>[] };
  querySelector(selector: 'canvas'): Canvas;
  querySelectorAll(selector: string): Iterable<{ textContent: string }>;
}

/** What a chart shows now: `epoch:loss`, `step:gradientNorm`. */
export const chartOf = (page: Page, name: string) =>
  page.$eval(`[data-chart="${name}"]`, (element: unknown) => {
    const { plot } = element as Drawn;
    const texts = (selector: string): string[] =>
      [...(element as Drawn).querySelectorAll(selector)].map((e) => e.textContent);
    const canvas = (element as Drawn).querySelector('canvas');
    // Chromium warns of a canvas that is read twice, unless it was made for that.
    const copy = canvas.cloneNode().getContext('2d', { willReadFrequently: true });
    copy.drawImage(canvas, 0, 0);
    const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
    // Opaque and coloured: neither background nor axes.
    let coloured = 0;
    for (let i = 0; i < data.length; i += 4) {
      const rgb = [data[i]!, data[i + 1]!, data[i + 2]!];
      if (data[i + 3]! > 200 && Math.max(...rgb) - Math.min(...rgb) > 60) coloured++;
    }
    const { min, max } = plot.scales.x;
    const points = plot.data[0]!.length;
    return { labels: texts('.u-legend .u-label'), values: texts('.u-legend .u-value'), coloured, min, max, points };
  });

/** Drags over a chart, from a quarter of its width to the half. */
export async function dragOver(page: Page, name: string): Promise<void> {
  const over = (await page.$(`[data-chart="${name}"] .u-over`))!;
  await over.scrollIntoView();
  const { x, y, width, height } = (await over.boundingBox())!;
  await page.mouse.move(x + width / 4, y + height / 2);
  await page.mouse.down();
  await page.mouse.move(x + width / 2, y + height / 2, { steps: 4 });
  await page.mouse.up();
}
