// How many mentions of each type were found, above and below the threshold.
import { format } from '../format.ts';
import type { TypeCount } from '../confidentDocuments.ts';
import { TableBox } from './TableBox.tsx';
import { TypeLabel } from './TypeLabel.tsx';

export function TypeCounts({ counts }: { readonly counts: readonly TypeCount[] }) {
  const types = counts.map(({ type }) => type);
  return (
    <TableBox label="Mentions by type">
      <thead>
        <tr>
          <th scope="col">Type</th>
          <th scope="col" className="number">
            Mentions
          </th>
          <th scope="col" className="number">
            Below the threshold
          </th>
          <th scope="col" className="number">
            Mean confidence
          </th>
        </tr>
      </thead>
      <tbody>
        {counts.map(({ type, shown, hidden, meanConfidence }) => (
          <tr key={type}>
            <th scope="row">
              <TypeLabel type={type} types={types} />
            </th>
            <td className="number">{format.count(shown)}</td>
            <td className="number">{format.count(hidden)}</td>
            <td className="number">{format.confidence(meanConfidence)}</td>
          </tr>
        ))}
      </tbody>
    </TableBox>
  );
}
