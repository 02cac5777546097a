// Precision, recall and F1 of what was found against what came annotated, with the types that are compared.
import { useMemo, useState } from 'react';
import { matchTypes, scoreDocuments, type LabelledDocument } from '../../metrics/scoreDocuments.ts';
import { ownValue } from '../../util/ownValue.ts';
import { format } from '../format.ts';
import { ScoreTable } from './ScoreTable.tsx';

export interface GoldScoresProps {
  /** With the mentions that are shown. */
  readonly documents: readonly LabelledDocument[];
  readonly types: readonly string[];
  readonly goldTypes: readonly string[];
}

export function GoldScores({ documents, types, goldTypes }: GoldScoresProps) {
  const [chosen, setChosen] = useState<Readonly<Record<string, string | null>>>({});
  const matched = useMemo(() => ({ ...matchTypes(types, goldTypes), ...chosen }), [types, goldTypes, chosen]);
  const scores = useMemo(() => scoreDocuments(documents, matched), [documents, matched]);
  const compared = types.filter((type) => matched[type] !== null);
  return (
    <>
      <div className="filters">
        {types.map((type) => (
          <label key={type}>
            {type} is compared with{' '}
            <select
              value={matched[type] === null ? '' : `type:${matched[type]}`}
              onChange={(event) => {
                const { value } = event.target;
                setChosen({ ...chosen, [type]: value === '' ? null : value.slice('type:'.length) });
              }}
            >
              <option value="">nothing</option>
              {goldTypes.map((gold) => (
                <option key={gold} value={`type:${gold}`}>
                  {gold}
                </option>
              ))}
            </select>
          </label>
        ))}
      </div>
      {compared.length === 0 ? (
        <p className="soft">No type of the tagger is compared with an annotated one.</p>
      ) : (
        <ScoreTable
          label="Scores of the tagged documents"
          types={compared}
          cell={(reading, type, measure) => format.percent(scoreOf(scores[reading], type)?.[measure])}
          countsOf={(type) => scoreOf(scores.lenient, type)}
        />
      )}
    </>
  );
}

type Entities = ReturnType<typeof scoreDocuments>['lenient'];

function scoreOf({ overall, perType }: Entities, type: string | null): Entities['overall'] | undefined {
  return type === null ? overall : ownValue(perType, type);
}
