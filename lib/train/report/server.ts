/**
 * @file The page of runs under way, served by the process itself: the page, a stream of what is new, and, for those who
 * know the token, controls. Dashboards of one process that ask for one port share a server.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, isIP } from 'node:net';
import os from 'node:os';
import { NodegradError } from '../../core/errors';
import { contentPolicy, page, recordJson } from './page';
import { type RunRecord, type RunUpdate } from './record';

/** What somebody wants of a run. */
export interface Command {
  run: string;
  action: string;
  value: unknown;
}
/** What becomes of it: a status of HTTP and a sentence. */
export interface Answer {
  status: number;
  text: string;
}

/** Whose runs are served. */
export interface Source {
  readonly title: string;
  /** Whether it can be controlled at all. */
  readonly controlled: boolean;
  /** The runs that there are, the oldest first. */
  runs(): readonly RunRecord[];
  /** Does it, if `token` is the right one; undefined: the run is not one of these. */
  control(command: Command, token: string | undefined): Answer | undefined;
}

// Bytes of a command.
const mostBody = 4096;
// Bytes that a page may be behind; it then starts over.
const mostBehind = 16 * 2 ** 20;
// Milliseconds that pages have to take the last message.
const closeWithin = 1000;

const plain = 'text/plain; charset=utf-8';
const common = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
  // No connection is kept for a next request, so that closing waits for nobody.
  connection: 'close',
};

const lastWord = 'event: end\ndata:\n\n';

// Those that may be shared, by address.
const open = new Map<string, Promise<PageServer>>();

/** A server, as long as somebody holds it. */
export class PageServer {
  private readonly sources = new Set<Source>();
  private readonly pages = new Set<ServerResponse>();
  private holders = 0;

  private constructor(
    private readonly shared: string | undefined,
    private readonly host: string,
    private readonly server: Server,
    private readonly policy: string,
  ) {
    server.on('request', (request, response) => {
      this.answer(request, response).catch(() => response.destroy());
    });
  }

  /**
   * The server of this address, made if there is none. Give it back by {@link release}.
   * @param port - 0: any that is free, and a server of its own
   * @throws NodegradError ERR_PORT_IN_USE, ERR_LISTEN
   */
  static async hold(op: string, host: string, port: number, source: Source): Promise<PageServer> {
    const shared = port === 0 ? undefined : `${host} ${port}`;
    let made = shared === undefined ? undefined : open.get(shared);
    if (!made) {
      made = PageServer.listen(op, shared, host, port);
      if (shared !== undefined) {
        open.set(shared, made);
        // The next one may try again.
        made.catch(() => open.delete(shared));
      }
    }
    const server = await made;
    server.holders++;
    server.sources.add(source);
    for (const run of source.runs()) server.send('run', run);
    return server;
  }

  private static async listen(op: string, shared: string | undefined, host: string, port: number): Promise<PageServer> {
    const policy = `${contentPolicy(true)}; frame-ancestors 'none'`;
    const server = createServer({ requestTimeout: 10_000, headersTimeout: 10_000 });
    server.maxConnections = 64;
    await new Promise<void>((resolve, reject) => {
      server.once('error', (e: NodeJS.ErrnoException) => {
        const used = e.code === 'EADDRINUSE';
        const what = used
          ? `port ${port} of ${host} is in use; give another one, or 0 for any that is free`
          : `cannot serve on port ${port} of ${host}: ${e.message}`;
        reject(new NodegradError(used ? 'ERR_PORT_IN_USE' : 'ERR_LISTEN', `[${op}] ${what}`, { cause: e }));
      });
      server.listen({ host, port, exclusive: true }, resolve);
    });
    return new PageServer(shared, host, server, policy);
  }

  get url(): string {
    const { port } = this.server.address() as AddressInfo;
    return `http://${isIP(this.host) === 6 ? `[${this.host}]` : this.host}:${port}/`;
  }

  /** Tells all pages. */
  send(event: 'run', what: RunRecord): void;
  send(event: 'update', what: RunUpdate): void;
  send(event: 'run' | 'update', what: object): void {
    if (this.pages.size === 0) return;
    const text = `event: ${event}\ndata: ${recordJson(what)}\n\n`;
    for (const p of this.pages)
      if (p.writableLength > mostBehind) p.destroy();
      else p.write(text);
  }

  /** Gives the server back. The last one who does closes it, with all its connections. */
  async release(): Promise<void> {
    if (--this.holders > 0) return;
    if (this.shared !== undefined) open.delete(this.shared);
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    const told = [...this.pages].map((p) => new Promise<void>((resolve) => void p.end(lastWord, resolve)));
    let late: NodeJS.Timeout | undefined;
    await Promise.race([Promise.all(told), new Promise((resolve) => (late = setTimeout(resolve, closeWithin)))]);
    clearTimeout(late);
    // Browsers open connections that they do not use yet.
    this.server.closeAllConnections();
    await closed;
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const say = (status: number, text: string, more: Record<string, string> = {}): void => {
      response.writeHead(status, { ...common, 'content-type': plain, ...more }).end(text);
    };
    // A name that somebody else's server has turned into this address is no name of this one.
    if (!this.isOwn(request.headers.host)) return say(421, 'This server is not the one that was asked for.');
    const path = (request.url ?? '').split('?', 1)[0]!;
    const methods: Record<string, string> = { '/': 'GET', '/events': 'GET', '/control': 'POST' };
    const allowed = Object.hasOwn(methods, path) ? methods[path]! : undefined;
    if (allowed === undefined) return say(404, 'There is no such page.');
    if (request.method !== allowed) return say(405, `This is for ${allowed}.`, { allow: allowed });
    if (path === '/control') {
      const { status, text } = await this.controlled(request);
      return say(status, text);
    }
    if (path === '/events') return this.follow(response);
    const list = [...this.sources];
    const title = list[0]?.title ?? 'nodegrad';
    const html = page(
      { title, runs: [], live: true },
      list.some((s) => s.controlled),
    );
    const type = { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': this.policy };
    response.writeHead(200, { ...common, ...type }).end(html);
  }

  private follow(response: ServerResponse): void {
    response.writeHead(200, { ...common, 'content-type': 'text/event-stream' });
    this.pages.add(response);
    response.on('close', () => this.pages.delete(response));
    response.write('retry: 1000\n\n');
    for (const source of this.sources)
      for (const run of source.runs()) response.write(`event: run\ndata: ${recordJson(run)}\n\n`);
  }

  /** Numbers are addresses of machines; names must be this one's. */
  private isOwn(host: string | undefined): boolean {
    const name = /^(\[[0-9a-f:.]+\]|[^:]+)(:\d+)?$/i.exec(host ?? '')?.[1]?.toLowerCase();
    if (name === undefined) return false;
    if (isIP(name.replace(/^\[|\]$/g, ''))) return true;
    return [this.host.toLowerCase(), 'localhost', os.hostname().toLowerCase()].includes(name);
  }

  private async controlled(request: IncomingMessage): Promise<Answer> {
    // A page of another origin can send neither of these headers without being refused first.
    const { origin, host, authorization } = request.headers;
    if (origin !== undefined && origin !== `http://${host}`) return { status: 403, text: 'This page may not do that.' };
    if (!/^application\/json\b/.test(request.headers['content-type'] ?? ''))
      return { status: 415, text: 'A command is JSON.' };
    const body = await bodyOf(request);
    if (body === undefined) return { status: 413, text: 'The command is too long.' };
    const token = /^Bearer (.+)$/.exec(authorization ?? '')?.[1];
    let command: unknown;
    try {
      command = JSON.parse(body);
    } catch {
      return { status: 400, text: 'The command is no JSON.' };
    }
    const { run, action, value } = (command ?? {}) as Partial<Command>;
    if (typeof run !== 'string' || typeof action !== 'string')
      return { status: 400, text: 'A command has a run and an action.' };
    for (const source of this.sources) {
      const answer = source.control({ run, action, value }, token);
      if (answer) return answer;
    }
    return { status: 403, text: 'The token is not the one of this run.' };
  }
}

/** The text of a request; undefined if it is too long. */
function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let bytes = 0;
    request.on('data', (part: Buffer) => {
      bytes += part.length;
      if (bytes <= mostBody) parts.push(part);
      // What follows is not read: the connection ends with the answer.
      else resolve(undefined);
    });
    request.on('end', () => resolve(Buffer.concat(parts).toString('utf8')));
    request.on('error', reject);
  });
}
