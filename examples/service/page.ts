/** @file The page that shows the jobs. What comes from jobs is put there as text, never as HTML. */
export const page = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Training jobs</title>
<link rel="icon" href="data:,">
<style>
  body { font: 16px system-ui; margin: 2rem auto; max-width: 60rem; padding: 0 1rem }
  table { border-collapse: collapse; width: 100% }
  th, td { border-bottom: 1px solid #ccc; padding: .4rem; text-align: left }
  .failed { color: #a00 } .done { color: #060 }
</style>
<h1>Training jobs</h1>
<table>
  <thead><tr><th>Job<th>Status<th>Epoch<th>Loss<th>Accuracy<th></tr></thead>
  <tbody></tbody>
</table>
<p id="note">Loading</p>
<script>
  const cell = (row, text, name) => {
    const td = row.insertCell();
    td.textContent = text;
    if (name) td.className = name;
    return td;
  };
  async function refresh() {
    const note = document.getElementById('note');
    try {
      const jobs = await (await fetch('/jobs')).json();
      const rows = document.createElement('tbody');
      for (const job of jobs.reverse()) {
        const { epoch = -1, logs = {} } = job.log[0] ?? {};
        const row = rows.insertRow();
        cell(row, job.id.slice(0, 8));
        cell(row, job.reason ? job.status + ': ' + job.reason : job.status, job.status);
        cell(row, epoch + 1 + ' of ' + job.epochs);
        cell(row, logs.loss?.toFixed(4) ?? '');
        cell(row, logs.accuracy === undefined ? '' : (100 * logs.accuracy).toFixed(1) + ' %');
        const last = cell(row, '');
        if (job.status === 'done') {
          const a = last.appendChild(document.createElement('a'));
          a.textContent = 'Weights';
          a.href = '/jobs/' + job.id + '/weights';
        } else if (job.status === 'queued' || job.status === 'running') {
          const b = last.appendChild(document.createElement('button'));
          b.textContent = 'Cancel';
          b.onclick = () => fetch('/jobs/' + job.id, { method: 'DELETE' }).then(refresh);
        }
      }
      document.querySelector('tbody').replaceWith(rows);
      note.textContent = jobs.length ? '' : 'No jobs yet';
    } catch {
      note.textContent = 'The service does not answer';
    }
  }
  refresh();
  setInterval(refresh, 1000);
</script>
`;
