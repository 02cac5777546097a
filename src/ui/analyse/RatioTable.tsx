// The five ratios of each task as numbers, with what each of them means; tasks of the radar are chosen here.
import { ENTITY_RATIOS } from '../../metrics/entitySets.ts';
import { TableBox } from '../components/TableBox.tsx';
import { format } from '../format.ts';
import { taskRefName } from '../runName.ts';
import type { RatioLine } from './RatioRadar.tsx';
import { RATIO_WORDS } from './regionWords.ts';

export interface RatioTableProps {
  readonly lines: readonly RatioLine[];
  readonly weight: 'strings' | 'mentions';
  readonly onToggle: (key: string) => void;
}

export function RatioTable({ lines, weight, onToggle }: RatioTableProps) {
  return (
    <div className="stack">
      <TableBox label="Ratios" className="shares">
        <thead>
          <tr>
            <th scope="col">Task</th>
            {ENTITY_RATIOS.map((ratio) => (
              <th key={ratio} scope="col" className="number">
                {ratio}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {lines.map(({ key, task, ratios, lack, isChosen, isSubject }) => (
            <tr key={key} className={isSubject ? 'overall' : ''}>
              <th scope="row">
                <label className="check ratio-task">
                  <input type="checkbox" checked={isChosen} disabled={lack !== null} onChange={() => onToggle(key)} />
                  <span>
                    {taskRefName(task)}
                    {lack !== null && <span className="meaning">{lack}</span>}
                  </span>
                </label>
              </th>
              {ENTITY_RATIOS.map((ratio) => (
                <td key={ratio} className="number">
                  {format.ratio(ratios?.[ratio][weight] ?? null)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </TableBox>
      <dl className="ratio-words">
        {ENTITY_RATIOS.map((ratio) => (
          <div key={ratio}>
            <dt>
              {ratio} {RATIO_WORDS[ratio].name}
            </dt>
            <dd>
              {RATIO_WORDS[ratio].meaning} <span className="set-sign">{RATIO_WORDS[ratio].formula}</span>
            </dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
