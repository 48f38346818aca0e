/** @file In the browser: what is known of one run beside its curves. Whatever a run says gets into the page as text. */
type Sample = import('../../../../dist/lib/train/report/record').Sample;
type Seen = import('../../../../dist/lib/train/report/record').Seen;
type Shown = import('../../../../dist/lib/train/report/record').Shown;

/** An element with what is in it: text, or elements. */
function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className: string,
  ...inside: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...inside);
  return element;
}

const row = (cells: readonly string[], tag: 'td' | 'th' = 'td'): HTMLTableRowElement =>
  make('tr', '', ...cells.map((c) => make(tag, '', c)));

function section(id: string, title: string, ...inside: (Node | string)[]): HTMLElement {
  const element = make('section', '', make('h2', '', title), ...inside);
  element.id = id;
  return element;
}

function epochsSection({ epochs }: RunRecord): HTMLElement {
  const names = [...new Set(epochs.flatMap((e) => Object.keys(e.logs)))];
  const body = epochs.map((e) => row([String(e.epoch + 1), ...names.map((n) => shortNumber(e.logs[n]))]));
  const table = make('table', 'numbers', row(['epoch', ...names], 'th'), ...body);
  return section('epochs', 'Epochs', make('div', 'scroll', table));
}

function confusionTable({ confusion, classes }: Seen): HTMLElement {
  const counts = confusion!;
  const name = (i: number): string => classes[i] ?? String(i);
  const most = Math.max(1, ...counts.flat());
  const rows = counts.map((list, i) => {
    const cells = list.map((n, j) => {
      const cell = make('td', '', String(n));
      const strength = n === 0 ? 0 : 0.15 + (0.85 * n) / most;
      cell.style.background = i === j ? `rgba(31, 119, 180, ${strength})` : `rgba(214, 39, 40, ${strength})`;
      if (strength > 0.6) cell.style.color = 'white';
      cell.title = `${name(i)} taken for ${name(j)}: ${n}`;
      return cell;
    });
    return make('tr', '', make('th', '', name(i)), ...cells);
  });
  const head = row(['', ...counts.map((_, j) => name(j))], 'th');
  return make(
    'table',
    'confusion',
    make('caption', '', 'rows: what they are; columns: what they were taken for'),
    head,
    ...rows,
  );
}

function inputShown(input: Shown): HTMLElement {
  if (!('picture' in input)) {
    const more = input.shape.reduce((a, b) => a * b, 1) > input.numbers.length ? ', ...' : '';
    return make('code', '', `[${input.shape.join(', ')}]: ${input.numbers.map(shortNumber).join(', ')}${more}`);
  }
  const image = make('img', '');
  // Of pictures only: a record is not a place for addresses.
  if (/^data:image\/png;base64,[A-Za-z0-9+/=]+$/.test(input.picture)) image.src = input.picture;
  const scale = Math.max(1, Math.floor(84 / Math.max(input.width, input.height)));
  image.width = input.width * scale;
  image.height = input.height * scale;
  image.alt = `${input.width} x ${input.height} pixels`;
  return image;
}

function sampleShown(s: Sample): HTMLElement {
  const kind = s.right === null ? '' : s.right ? 'right' : 'wrong';
  const text = make('figcaption', '', make('b', '', s.prediction), ' for ', make('span', 'truth', s.truth));
  return make('figure', `sample ${kind}`, ...s.inputs.map(inputShown), text);
}

function seenSections({ seen }: RunRecord): HTMLElement[] {
  if (!seen) return [];
  const of = `${seen.examples.toLocaleString('en-US')} examples, after epoch ${seen.epoch + 1}`;
  const list: HTMLElement[] = [];
  if (seen.confusion)
    list.push(section('confusion', `Confusion matrix (${of})`, make('div', 'scroll', confusionTable(seen))));
  if (seen.samples.length > 0)
    list.push(
      section(
        'samples',
        'Predictions, the wrong ones first',
        make('p', 'hint', 'prediction for truth'),
        make('div', 'samples', ...seen.samples.map(sampleShown)),
      ),
    );
  return list;
}

const pairs = (values: Readonly<Record<string, string>>): HTMLElement =>
  make('dl', '', ...Object.entries(values).flatMap(([k, v]) => [make('dt', '', k), make('dd', '', v)]));

/** All that is told of one run, in order. */
function runSections(run: RunRecord): HTMLElement[] {
  return [
    ...(run.epochs.length > 0 ? [epochsSection(run)] : []),
    ...seenSections(run),
    section('data', 'Data', make('ul', '', ...run.data.map((d) => make('li', '', d)))),
    section('model', 'Model', make('div', 'scroll', make('pre', '', run.model))),
    section('environment', 'Environment', pairs(run.environment)),
    section('reproduce', 'How to reproduce', pairs(run.reproduce)),
    ...(run.interventions.length > 0
      ? [
          section(
            'interventions',
            'What was done by hand',
            make('ul', '', ...run.interventions.map((i) => make('li', '', `after step ${i.step}: ${i.what}`))),
          ),
        ]
      : []),
  ];
}
