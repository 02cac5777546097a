// Lists the regions of T, L and P as numbers; each can be chosen.
import type { EntitySetDiagram } from '../../analysis/questions/entitySetsQuery.ts';
import type { EntityRegion } from '../../metrics/entitySets.ts';
import { Facts, type Fact } from '../parts/Facts.tsx';
import { TableBox } from '../parts/TableBox.tsx';
import { format } from '../shared/format.ts';
import { regionsShown, regionWords } from './regionWords.ts';

export interface RegionTableProps {
  readonly diagram: EntitySetDiagram;
  readonly chosen: EntityRegion | null;
  readonly onChoose: (region: EntityRegion) => void;
}

export function RegionTable({ diagram, chosen, onChoose }: RegionTableProps) {
  const { regions, T, L, P, shared } = diagram;
  const isPredicted = P !== null;
  const shown = regionsShown(isPredicted);
  const all = shown.reduce((sum, region) => sum + regions[region].strings, 0);
  const part = (region: EntityRegion, set: 'L' | 'P', whole: number) =>
    region.includes(set) ? format.shareOf(regions[region].strings, whole) : '';
  const facts: readonly Fact[] = [
    ['T, training', format.count(T.strings)],
    ['L, annotated', format.count(L.strings)],
    ...(P === null ? [] : [['P, predicted', format.count(P.strings)] as const]),
    ['T∩L of L', `${format.count(shared.strings)} = ${format.shareOf(shared.strings, L.strings)}`],
    ['its mentions', format.shareOf(shared.mentions, L.mentions)],
  ];
  return (
    <div className="stack">
      <Facts facts={facts} />
      <TableBox label="Regions" className="shares">
        <thead>
          <tr>
            <th scope="col">Region</th>
            <th scope="col" className="number">
              Strings
            </th>
            <th scope="col" className="number">
              Share
            </th>
            <th scope="col" className="number">
              of L
            </th>
            {isPredicted && (
              <th scope="col" className="number">
                of P
              </th>
            )}
            <th scope="col" className="number">
              Mentions
            </th>
          </tr>
        </thead>
        <tbody>
          {shown.map((region) => {
            const { sign, name } = regionWords(region, isPredicted);
            const { strings, mentions } = regions[region];
            return (
              <tr key={region} className={region === chosen ? 'chosen' : ''}>
                <th scope="row">
                  <button
                    type="button"
                    className="link"
                    aria-pressed={region === chosen}
                    disabled={strings === 0}
                    onClick={() => onChoose(region)}
                  >
                    {name}
                  </button>{' '}
                  <span className="set-sign">{sign}</span>
                </th>
                <td className="number">{format.count(strings)}</td>
                <td className="number">{format.shareOf(strings, all)}</td>
                <td className="number">{part(region, 'L', L.strings)}</td>
                {P !== null && <td className="number">{part(region, 'P', P.strings)}</td>}
                <td className="number">{format.count(mentions)}</td>
              </tr>
            );
          })}
        </tbody>
      </TableBox>
      <p className="soft small">
        Mentions are counted in the test annotations for regions within L, otherwise in the predictions, otherwise in
        training.
      </p>
    </div>
  );
}
