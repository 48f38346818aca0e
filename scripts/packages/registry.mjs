// A registry for one test: it has the tarballs of packages/, and asks the registry of this machine for everything else.
// A platform that was not built here is there in name only, so that package managers choose as they will from the real one.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';

const manifestOf = (tarball) =>
  JSON.parse(execFileSync('tar', ['-xzOf', tarball, 'package/package.json'], { encoding: 'utf8' }));

/** A tarball of a package that says for which machine it is, and holds nothing. */
function standIn(dir, { name, os, cpu, libc }, version) {
  const folder = path.join(dir, 'stand-in', 'package');
  fs.mkdirSync(folder, { recursive: true });
  const manifest = { name, version, os: [os], cpu: [cpu], ...(libc && { libc: [libc] }) };
  fs.writeFileSync(path.join(folder, 'package.json'), JSON.stringify(manifest));
  const file = path.join(dir, `${name.replace(/[@/]/g, '-')}.tgz`);
  execFileSync('tar', ['-czf', file, '-C', path.dirname(folder), 'package']);
  return file;
}

/**
 * Starts it.
 * @param tarballs - the packages that it has
 * @param platforms - those that it has in name only, unless a tarball is of them
 * @param dir - a folder for the stand-ins
 * @returns its address, and a function that ends it
 */
export async function startRegistry(tarballs, platforms, dir) {
  const upstream = execFileSync('npm', ['config', 'get', 'registry'], { encoding: 'utf8' }).trim().replace(/\/$/, '');
  const has = new Map(tarballs.map((file) => [manifestOf(file).name, file]));
  const { version } = manifestOf(has.get('nodegrad'));
  for (const p of platforms) if (!has.has(p.name)) has.set(p.name, standIn(dir, p, version));

  const server = http.createServer((request, response) => {
    const name = decodeURIComponent(request.url.split('?')[0].slice(1));
    const tarball = name.startsWith('-/tarball/') && has.get(name.slice('-/tarball/'.length, -'.tgz'.length));
    if (tarball) return response.end(fs.readFileSync(tarball));
    if (!has.has(name)) return void ask(request.url, response);
    const bytes = fs.readFileSync(has.get(name));
    const manifest = manifestOf(has.get(name));
    const dist = {
      tarball: `${address()}/-/tarball/${encodeURIComponent(name)}.tgz`,
      integrity: `sha512-${createHash('sha512').update(bytes).digest('base64')}`,
      shasum: createHash('sha1').update(bytes).digest('hex'),
    };
    response.setHeader('content-type', 'application/json');
    return response.end(
      JSON.stringify({
        name,
        'dist-tags': { latest: version },
        versions: { [version]: { ...manifest, dist } },
        time: { [version]: '2020-01-01T00:00:00.000Z' },
      }),
    );
  });
  async function ask(url, response) {
    try {
      const answer = await fetch(upstream + url);
      const type = answer.headers.get('content-type') ?? '';
      response.writeHead(answer.status, { 'content-type': type });
      // Tarballs are asked for here too: nothing but this address has to be reachable, or trusted.
      if (type.includes('json')) response.end((await answer.text()).replaceAll(`"${upstream}/`, `"${address()}/`));
      else response.end(Buffer.from(await answer.arrayBuffer()));
    } catch (e) {
      response.writeHead(502).end(e.message);
    }
  }
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = () => `http://127.0.0.1:${server.address().port}`;
  return { address: address(), stop: () => server.close() };
}
