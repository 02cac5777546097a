// The card of the tagger that comes with the lab: what it is for, its scores, its limits and its licence.
import type { ShippedTaggerCard } from '../../schema/taggerFiles.ts';
import { format } from '../shared/format.ts';
import { useLab } from '../shared/useLab.ts';
import { TableBox } from './TableBox.tsx';

/** The card where the tagger is chosen among others, folded; nothing until it is known. */
export function ShippedTaggerCard() {
  const shipped = useLab((state) => state.shipped);
  if (shipped.status !== 'known') return null;
  return (
    <details>
      <summary>What is this tagger?</summary>
      <TaggerCard card={shipped.card} />
    </details>
  );
}

export function TaggerCard({ card: { name, runId, licence, tests, files } }: { readonly card: ShippedTaggerCard }) {
  const sizeBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0);
  const types = [...new Set(tests.map(({ type }) => type))].sort();
  const corpora = [...new Set(tests.map(({ corpus }) => corpus))];
  return (
    <div className="stack tagger-card">
      <p>
        <strong>{name}</strong> comes with the lab ({format.bytes(sizeBytes)}). It is the small built-in XLNet with one
        CRF for {types.join(', ')}, trained in this lab on sentences of published corpora ({corpora.join(', ')}) by the
        plan in <code>results/shipped-tagger.plan.json</code>, run <code>{runId}</code>. The invented sample corpora had
        no part in it.
      </p>
      <TableBox label={`Scores of ${name}`}>
        <thead>
          <tr>
            <th scope="col">Type</th>
            <th scope="col">Test set</th>
            <th scope="col" className="number">
              Sentences
            </th>
            <th scope="col" className="number">
              Precision
            </th>
            <th scope="col" className="number">
              Recall
            </th>
            <th scope="col" className="number">
              F1
            </th>
          </tr>
        </thead>
        <tbody>
          {tests.map(({ type, corpus, sentences, precision, recall, f1 }) => (
            <tr key={`${type} ${corpus}`}>
              <th scope="row">{type}</th>
              <td>{corpus}</td>
              <td className="number">{format.count(sentences)}</td>
              <td className="number">{format.percent(precision)}</td>
              <td className="number">{format.percent(recall)}</td>
              <td className="number">{format.percent(f1)}</td>
            </tr>
          ))}
        </tbody>
      </TableBox>
      <p>
        Exact mentions in percent, as conlleval counts them, on test sets annotated by people. No corpus annotates all
        four types: what was missing in the training text was added by taggers of single corpora.
      </p>
      <p>
        It is small, keeps case, and knows text like abstracts and articles; its corpora were annotated by different
        rules. Its probabilities are not calibrated, and it is not for clinical use. For better scores, train a larger
        model. Licence: {licence}, with attribution to the corpora.
      </p>
    </div>
  );
}
