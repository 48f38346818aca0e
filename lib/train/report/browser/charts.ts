/** @file In the browser: curves of the runs that are chosen, by uPlot. A script, not a module: page.ts puts these files into one page. */
type RunRecord = import('../../../../dist/lib/train/report/record').RunRecord;

/** One line of a chart. */
interface Line {
  label: string;
  color: string;
  dashed: boolean;
  x: number[];
  y: (number | null)[];
}

const palette = ['#1f77b4', '#d62728', '#2ca02c', '#9467bd', '#8c564b', '#e377c2', '#7f7f7f', '#17becf'];
const validationColor = '#ff7f0e';

/** `valLoss` of `loss`. */
const validationOf = (name: string): string => `val${name.charAt(0).toUpperCase()}${name.slice(1)}`;

// JSON has no NaN: those come as text, and are gaps.
const finite = (v: unknown): number | null => (typeof v === 'number' ? v : null);

/** Five digits. NaN and infinities come as text, and what is not there is empty. */
function shortNumber(v: unknown): string {
  if (typeof v !== 'number') return String(v ?? '');
  const plain = v === 0 || (Math.abs(v) >= 1e-3 && Math.abs(v) < 1e6);
  return plain ? String(Number(v.toPrecision(5))) : v.toExponential(3).replace(/\.?0+e/, 'e');
}

/** How the runs of a page are told apart. */
interface Look {
  color(run: RunRecord): string;
  /** What lines of it are called, if there are others. */
  name(run: RunRecord): string;
}

/** Of each name in the logs, its lines: training and validation of each run. */
function epochLines(runs: readonly RunRecord[], look: Look): Map<string, Line[]> {
  const charts = new Map<string, Line[]>();
  for (const run of runs) {
    const names = [...new Set(run.epochs.flatMap((e) => Object.keys(e.logs)))];
    const validations = new Set(names.map(validationOf).filter((n) => names.includes(n)));
    const x = run.epochs.map((e) => e.epoch + 1);
    const line = (name: string, dashed: boolean): Line => ({
      label: runs.length > 1 ? `${look.name(run)} ${name}` : name,
      color: dashed && runs.length === 1 ? validationColor : look.color(run),
      dashed: dashed && runs.length > 1,
      x,
      y: run.epochs.map((e) => finite(e.logs[name])),
    });
    for (const name of names.filter((n) => !validations.has(n))) {
      const lines = charts.get(name) ?? [];
      charts.set(name, lines);
      lines.push(line(name, false));
      if (validations.has(validationOf(name))) lines.push(line(validationOf(name), true));
    }
  }
  return charts;
}

/** Of each name in the values of steps, a line of each run. */
function stepLines(runs: readonly RunRecord[], look: Look): Map<string, Line[]> {
  const charts = new Map<string, Line[]>();
  for (const run of runs)
    for (const [name, values] of Object.entries(run.steps.values)) {
      const lines = charts.get(name) ?? [];
      charts.set(name, lines);
      const label = runs.length > 1 ? `${look.name(run)} ${name}` : name;
      lines.push({ label, color: look.color(run), dashed: false, x: run.steps.at, y: values.map(finite) });
    }
  return charts;
}

/** A chart that stays when its data changes, with the part that somebody has zoomed to. */
class Chart {
  private plot: uPlot | undefined;
  private shape = '';
  private zoomed = false;
  private logarithmic = false;
  private lines: readonly Line[] = [];
  private readonly box = document.createElement('div');
  readonly element = document.createElement('figure');

  constructor(
    title: string,
    private readonly unit: 'epoch' | 'step',
  ) {
    const caption = document.createElement('figcaption');
    const toggle = document.createElement('label');
    const logarithmic = document.createElement('input');
    logarithmic.type = 'checkbox';
    logarithmic.addEventListener('change', () => {
      this.logarithmic = logarithmic.checked;
      this.draw();
    });
    toggle.append(logarithmic, ' log');
    caption.append(`${title} by ${unit}`, toggle);
    this.element.dataset['chart'] = `${unit}:${title}`;
    this.element.append(caption, this.box);
    new ResizeObserver(() => this.plot?.setSize(this.size())).observe(this.box);
  }

  remove(): void {
    this.element.remove();
    // It would still hear where the pointer is over others.
    this.plot?.destroy();
  }

  show(lines: readonly Line[]): void {
    this.lines = lines;
    this.draw();
  }

  private size(): { width: number; height: number } {
    return { width: Math.max(this.box.clientWidth, 200), height: 240 };
  }

  private draw(): void {
    const { lines } = this;
    const tables = lines.map((l): uPlot.AlignedData => [l.x, l.y]);
    const all = lines.length === 1 ? tables[0]! : uPlot.join(tables);
    // A logarithm has no place for what is not above 0.
    const positive = this.logarithmic ? positiveOnly(all) : all;
    const logarithmic = this.logarithmic && positive.slice(1).some((list) => list.some((v) => typeof v === 'number'));
    const data = logarithmic ? positive : all;
    const shape = JSON.stringify([logarithmic, lines.map((l) => [l.label, l.color, l.dashed])]);
    if (this.plot && shape === this.shape) {
      this.plot.setData(data, !this.zoomed);
      if (this.zoomed) this.plot.redraw();
      return;
    }
    this.shape = shape;
    this.plot?.destroy();
    this.zoomed = false;
    const single = Math.max(0, ...lines.map((l) => l.x.length)) < 2;
    this.plot = new uPlot(
      {
        ...this.size(),
        scales: { x: { time: false }, y: logarithmic ? { distr: 3 } : {} },
        axes: [
          { label: this.unit, labelSize: 20, size: 36 },
          { size: 64, values: (_u, at) => at.map(shortNumber) },
        ],
        cursor: { drag: { x: true, y: false }, sync: { key: this.unit } },
        series: [
          { label: this.unit },
          ...lines.map((l) => ({
            label: l.label,
            stroke: l.color,
            width: 1.5,
            value: (_u: uPlot, v: number | null) => (v === null ? '--' : shortNumber(v)),
            ...(l.dashed ? { dash: [6, 4] } : {}),
            ...(single ? { points: { show: true } } : {}),
          })),
        ],
        hooks: {
          // Dragging selects, a double click shows all again.
          setSelect: [(u) => void (this.zoomed ||= u.select.width > 0)],
          ready: [(u) => u.over.addEventListener('dblclick', () => (this.zoomed = false))],
        },
      },
      data,
      this.box,
    );
    // For tests and for those who look with the console.
    Object.assign(this.element, { plot: this.plot });
  }
}

const positiveOnly = ([x, ...rest]: uPlot.AlignedData): uPlot.AlignedData => [
  x,
  ...rest.map((list) =>
    Array.from(list as (number | null | undefined)[], (v) => (typeof v === 'number' && v <= 0 ? null : v)),
  ),
];

/** The charts of a page, by what they show. */
class Charts {
  private readonly charts = new Map<string, Chart>();

  constructor(private readonly box: HTMLElement) {}

  show(runs: readonly RunRecord[], look: Look): void {
    const wanted = new Map<string, Line[]>([
      ...[...epochLines(runs, look)].map(([name, lines]) => [`epoch:${name}`, lines] as const),
      ...[...stepLines(runs, look)].map(([name, lines]) => [`step:${name}`, lines] as const),
    ]);
    for (const [key, chart] of this.charts)
      if (!wanted.has(key)) {
        chart.remove();
        this.charts.delete(key);
      }
    for (const [key, lines] of wanted) {
      let chart = this.charts.get(key);
      if (!chart) {
        const at = key.indexOf(':');
        this.charts.set(key, (chart = new Chart(key.slice(at + 1), key.slice(0, at) as 'epoch' | 'step')));
        this.box.append(chart.element);
      }
      chart.show(lines);
    }
  }
}
