import { formatsSoak } from '/work/wt/spans/soak/formatsSoak.ts';
const n = Number(process.argv[2] ?? 200);
const t = performance.now();
const rows = formatsSoak({ texts: n, seed: Number(process.argv[3] ?? 1) }, (l) => console.log(l.slice(0, 1500)));
for (const r of rows) if (r.lost > 0) console.log(r.injected, r.times, r.lost);
console.log(rows.length, 'rows', ((performance.now() - t) / 1000).toFixed(1), 's');
