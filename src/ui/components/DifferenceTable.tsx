// Judged differences of one task: how large, how sure, over what they spread, and what that means in words.
import { contenderName } from '../../lab/comparisonTables.ts';
import type { Spread } from '../../metrics/spread.ts';
import { VERDICT_WORDS, type JudgedDifference } from '../differenceRows.ts';
import { format } from '../format.ts';
import { TableBox } from './TableBox.tsx';

export interface DifferenceTableProps {
  readonly label: string;
  readonly baseline: string;
  readonly judged: readonly JudgedDifference[];
}

const GROUPS: readonly (readonly [group: string, columns: readonly string[]])[] = [
  ['Test F1', ['Mean', 'Baseline', 'Difference', '95 % interval']],
  ['Over sentences', ['p', 'Holm']],
  ['Over seeds', ['p']],
  ['Both', ['Holm']],
  ['Spread of the difference', ['± seeds', '± rounds', '± snapshots']],
];

export function DifferenceTable({ label, baseline, judged }: DifferenceTableProps) {
  return (
    <TableBox label={label} className="compared differences">
      <thead>
        <tr className="group-row">
          <td colSpan={2} />
          {GROUPS.map(([group, columns]) => (
            <th key={group} scope="colgroup" colSpan={columns.length} className="group">
              {group}
            </th>
          ))}
          <td />
        </tr>
        <tr>
          <th scope="col">Contender</th>
          <th scope="col" className="number">
            Pairs
          </th>
          {GROUPS.flatMap(([group, columns]) =>
            columns.map((name) => (
              <th key={`${group} ${name}`} scope="col" className="number">
                {name === 'Baseline' ? baseline : name}
              </th>
            )),
          )}
          <th scope="col">Verdict</th>
        </tr>
      </thead>
      <tbody>
        {judged.map(({ difference: { contender, asked }, found }) => (
          <tr key={contenderName(contender)}>
            <th scope="row">{contenderName(contender)}</th>
            <td className="number">{format.count(asked.trainings.length)}</td>
            <td className="number">{format.percent(found.a.mean)}</td>
            <td className="number">{format.percent(found.b.mean)}</td>
            <td className="number strong">{signed(found.difference.mean)}</td>
            <td className="number nowrap">
              {signed(found.difference.low)} to {signed(found.difference.high)}
            </td>
            <td className="number nowrap">{probability(found.sentences.p)}</td>
            <td className="number nowrap">{probability(found.sentences.adjusted)}</td>
            <td className="number nowrap">{found.seeds === null ? '–' : probability(found.seeds.p)}</td>
            <td className="number nowrap">{found.seeds === null ? '–' : probability(found.adjusted)}</td>
            <td className="number">{deviation(found.spread.seeds)}</td>
            <td className="number">{deviation(found.spread.rounds)}</td>
            <td className="number">{deviation(found.spread.snapshots)}</td>
            <td className={found.verdict === 'yes' ? 'verdict yes' : 'verdict'}>{VERDICT_WORDS[found.verdict]}</td>
          </tr>
        ))}
      </tbody>
    </TableBox>
  );
}

/** Two decimals with a sign; none for what is 0.00. */
function signed(value: number): string {
  const text = Math.abs(value).toFixed(2);
  return text === '0.00' ? text : `${value < 0 ? '−' : '+'}${text}`;
}

function probability(p: number): string {
  if (p < 0.0001) return '< 0.0001';
  return p.toFixed(p < 0.01 ? 4 : 3);
}

function deviation(spread: Spread | null): string {
  return spread?.deviation == null ? '–' : spread.deviation.toFixed(2);
}
