// Shows how far tagging is, and the reviews that are stored in this browser.
import type { TaggingView } from '../../lab/state/labState.ts';
import { LabError } from '../../util/labError.ts';
import { Button, Meter, RemoveButton } from '../parts/Button.tsx';
import { UnreadableList } from '../parts/StorageTable.tsx';
import { ActionsHead, TableBox } from '../parts/TableBox.tsx';
import { format } from '../shared/format.ts';
import { routeHref } from '../shared/route.ts';
import { useLab, useLabActions } from '../shared/useLab.ts';

/** Shows the progress of tagging with a button to cancel it, or why it stopped early. */
export function TaggingProgress({ tagging }: { readonly tagging: TaggingView }) {
  const lab = useLabActions();
  const { source, status, progress, documents, documentCount, problem } = tagging;
  const soFar = `${source}: ${format.count(documents.length)} of ${format.counted(documentCount, 'document')} tagged`;
  if (status === 'reading' || status === 'tagging') {
    return (
      <div className="tagging-progress" role="status">
        <Meter label="Tagging" done={progress?.done ?? 0} total={progress?.of ?? 0} />
        <span className="number">
          {status === 'reading' ? `Reading ${source}` : soFar}
          {progress !== null && progress.remainingMs !== null && `, ${format.duration(progress.remainingMs)} left`}
        </span>
        <Button onAct={() => lab.stopTagging()}>Cancel</Button>
      </div>
    );
  }
  if (status === 'done') return <p className="soft" role="status">{`${soFar}.`}</p>;
  return (
    <p className="problem boxed" role="alert">
      {status === 'stopped'
        ? 'Cancelled'
        : `Tagging stopped early. ${problem === null ? '' : LabError.describe(problem)}`}{' '}
      {`${soFar}.`}
    </p>
  );
}

/** Address of a review as it is first looked at. */
export function reviewAddress(reviewId: string): string {
  return routeHref({ page: 'review', reviewId, order: 'unsure', filter: 'all', sentence: null, threshold: 0 });
}

/** Lists the reviews that can be continued. */
export function StoredReviews() {
  const lab = useLabActions();
  const reviews = useLab((state) => state.reviews);
  return (
    <section aria-labelledby="reviews-title" className="stack">
      <UnreadableList kind="review" />
      {reviews.length > 0 && (
        <>
          <h2 id="reviews-title">Reviews in this browser</h2>
          <TableBox label="Reviews">
            <thead>
              <tr>
                <th scope="col">Text</th>
                <th scope="col">Tagger</th>
                <th scope="col" className="number wide-only">
                  Sentences
                </th>
                <th scope="col" className="wide-only">
                  Tagged
                </th>
                <ActionsHead />
              </tr>
            </thead>
            <tbody>
              {reviews.map(({ id, source, taggerName, sentences, taggedAt }) => (
                <tr key={id}>
                  <th scope="row">
                    <a href={reviewAddress(id)}>{source}</a>
                  </th>
                  <td>{taggerName}</td>
                  <td className="number wide-only">{format.count(sentences)}</td>
                  <td className="faint nowrap wide-only">{format.moment(taggedAt)}</td>
                  <td>
                    <RemoveButton
                      subject={`review of ${source}`}
                      loss={<p>The text and your corrections will be removed from this browser.</p>}
                      onRemove={() => lab.reviews.remove(id)}
                    />
                  </td>
                </tr>
              ))}
            </tbody>
          </TableBox>
        </>
      )}
    </section>
  );
}
