/** @file In the browser: the page as a whole. Runs come with the page, or from the server that it is from. */
type PageData = import('../../../../dist/lib/train/report/record').PageData;
type RunUpdate = import('../../../../dist/lib/train/report/record').RunUpdate;

const byId = (id: string): HTMLElement => document.getElementById(id)!;

/** A run in the list of runs. */
interface Item {
  box: HTMLInputElement;
  swatch: HTMLElement;
  name: HTMLButtonElement;
  status: HTMLElement;
}

/** The runs that are known, and those that are shown. */
class Page {
  private readonly runs = new Map<string, RunRecord>();
  private readonly items = new Map<string, Item>();
  private readonly chosen = new Set<string>();
  private current: string | undefined;
  // Shown for want of another.
  private newest: string | undefined;
  private drawing = false;
  private detailsOf: string | undefined;
  private readonly charts = new Charts(byId('charts'));

  /** Draws once, however much has changed. */
  changed(): void {
    if (this.drawing) return;
    this.drawing = true;
    // Also while nobody looks, unlike requestAnimationFrame.
    setTimeout(() => {
      this.drawing = false;
      this.draw();
    });
  }

  add(run: RunRecord): void {
    const isNew = !this.runs.has(run.id);
    this.runs.set(run.id, run);
    const active = run.status === 'running' || run.status === 'paused';
    // Without anybody's choice: all that were under way, or the newest.
    if (isNew && (active || this.current === undefined || this.current === this.newest)) {
      if (this.newest !== undefined) this.chosen.delete(this.newest);
      this.newest = active ? undefined : run.id;
      this.chosen.add(run.id);
      this.current = run.id;
    }
    this.changed();
  }

  update({ id, from, run }: RunUpdate): void {
    const known = this.runs.get(id);
    if (!known) return;
    const { steps, epochs, ...rest } = run;
    Object.assign(known, rest);
    if (epochs) known.epochs.splice(from.epochs, Infinity, ...epochs);
    if (steps) {
      const { at, values } = known.steps;
      at.splice(from.steps, Infinity, ...steps.at);
      for (const name of Object.keys(steps.values)) values[name] ??= [];
      for (const [name, list] of Object.entries(values)) {
        list.length = Math.min(list.length, from.steps);
        while (list.length < from.steps) list.push(null);
        list.push(...(steps.values[name] ?? steps.at.map(() => null)));
      }
      known.steps = { ...steps, at, values };
    }
    this.changed();
  }

  /** The run whose details are shown. */
  get run(): RunRecord | undefined {
    return this.current === undefined ? undefined : this.runs.get(this.current);
  }

  private colorOf(run: RunRecord): string {
    return palette[[...this.runs.keys()].indexOf(run.id) % palette.length]!;
  }

  // The title, with a number where others have the same.
  private nameOf(run: RunRecord): string {
    const namesakes = [...this.runs.values()].filter((r) => r.title === run.title);
    return namesakes.length > 1 ? `${run.title} ${namesakes.indexOf(run) + 1}` : run.title;
  }

  private draw(): void {
    const shown = [...this.runs.values()].filter((r) => this.chosen.has(r.id));
    this.drawList();
    this.charts.show(shown, {
      color: (run) => (shown.length > 1 ? this.colorOf(run) : palette[0]!),
      name: (run) => this.nameOf(run),
    });
    const { run } = this;
    byId('status').textContent = run ? statusOf(run) : 'There is no run yet.';
    if (!run) return;
    const controls = document.getElementById('controls');
    if (controls) controls.hidden = !(run.status === 'running' || run.status === 'paused');
    // Whoever reads or selects text there is not disturbed by what has not changed.
    const key = JSON.stringify([run.id, run.epochs.length, run.seen?.epoch, run.interventions, run.data, run.model]);
    if (key === this.detailsOf) return;
    this.detailsOf = key;
    // Where somebody has scrolled to in a table stays, too.
    const boxes = (): HTMLElement[] => [...byId('details').querySelectorAll<HTMLElement>('.scroll')];
    const places = new Map(boxes().map((b) => [b.closest('section')!.id, [b.scrollLeft, b.scrollTop] as const]));
    byId('details').replaceChildren(...runSections(run));
    for (const b of boxes()) b.scrollTo(...(places.get(b.closest('section')!.id) ?? [0, 0]));
  }

  private drawList(): void {
    byId('runs').hidden = this.runs.size < 2;
    for (const run of this.runs.values()) {
      const item = this.items.get(run.id) ?? this.addItem(run.id);
      item.box.checked = this.chosen.has(run.id);
      item.swatch.style.background = this.colorOf(run);
      item.name.className = run.id === this.current ? 'current' : '';
      item.name.textContent = this.nameOf(run);
      item.status.textContent = ` ${run.started.replace('T', ' ').slice(0, 19)}, ${statusOf(run)}`;
    }
  }

  // It stays, whatever changes: somebody may be about to click on it.
  private addItem(id: string): Item {
    const item = {
      box: make('input', ''),
      swatch: make('span', 'swatch'),
      name: make('button', ''),
      status: make('span', ''),
    };
    item.box.type = 'checkbox';
    item.box.addEventListener('change', () => {
      if (item.box.checked) this.chosen.add(id);
      else this.chosen.delete(id);
      this.newest = undefined;
      this.changed();
    });
    item.name.type = 'button';
    item.name.addEventListener('click', () => {
      this.current = id;
      this.newest = undefined;
      this.chosen.add(id);
      this.changed();
    });
    byId('runs').append(make('li', '', item.box, item.swatch, item.name, item.status));
    this.items.set(id, item);
    return item;
  }
}

function statusOf(run: RunRecord): string {
  const done = (run.epochs.at(-1)?.epoch ?? -1) + 1;
  const head = run.status === 'failed' ? `failed: ${run.error ?? ''}` : run.status;
  const steps = run.steps.count.toLocaleString('en-US');
  return `${head}, ${done} of ${run.plannedEpochs} epochs, ${steps} steps`;
}

/** Follows the server. It tells all it knows to whoever comes, then what is new. */
function follow(page: Page): void {
  const events = new EventSource('events');
  const says = (text: string): void => void (byId('connection').textContent = text);
  events.addEventListener('open', () => says(''));
  events.addEventListener('error', () => says('The connection is lost; trying again.'));
  events.addEventListener('run', (e) => page.add(JSON.parse(e.data as string) as RunRecord));
  events.addEventListener('update', (e) => page.update(JSON.parse(e.data as string) as RunUpdate));
  events.addEventListener('end', () => {
    events.close();
    says('The server has closed: this is the last that it told.');
  });
}

/** Pause, resume, stop and a learning rate, with the token that the program was given. */
function control(page: Page): void {
  const token = byId('token') as HTMLInputElement;
  const rate = byId('rate') as HTMLInputElement;
  // `#token=...` of an address is not sent to the server; for this tab it is kept over a reload.
  const given = new URLSearchParams(location.hash.slice(1)).get('token');
  if (given !== null) history.replaceState(null, '', location.pathname);
  token.value = given ?? sessionStorage.getItem('token') ?? '';
  const send = async (action: string, value?: number): Promise<void> => {
    sessionStorage.setItem('token', token.value);
    const answer = await fetch('control', {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token.value}` },
      body: JSON.stringify({ run: page.run?.id, action, value }),
    });
    byId('answer').textContent = await answer.text();
  };
  const on = (id: string, action: () => Promise<void>): void =>
    byId(id).addEventListener('click', () => {
      action().catch(() => (byId('answer').textContent = 'The server does not answer.'));
    });
  for (const id of ['pause', 'resume', 'stop']) on(id, () => send(id));
  on('set-rate', () => send('learningRate', rate.valueAsNumber));
}

{
  const data = JSON.parse(byId('data-of-page').textContent!) as PageData;
  const page = new Page();
  for (const run of data.runs) page.add(run);
  page.changed();
  if (data.live) follow(page);
  if (document.getElementById('controls')) control(page);
}
