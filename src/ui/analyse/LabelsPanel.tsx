// Doubtful labels of a category: likely missed ones in the test, texts that are labelled differently, and like sentences whose labels differ.
import { useState } from 'react';
import { taskOf } from '../../lab/analysableTasks.ts';
import type { EntitySetsQuery } from '../../schema/entitySetsQuery.ts';
import { Button } from '../components/Button.tsx';
import { format } from '../format.ts';
import type { PanelProps } from './subject.ts';
import { taskRefName } from '../runName.ts';
import { saveFile } from '../saveFile.ts';
import { useLab } from '../useLab.ts';
import { ConflictSection } from './ConflictSection.tsx';
import { MissedSection } from './MissedSection.tsx';
import { NoSnapshot } from './NoSnapshot.tsx';
import { PairSection } from './PairSection.tsx';
import { PredictionGate } from './PredictionGate.tsx';
import { reviewList } from './reviewList.ts';

export function LabelsPanel({ subject, place }: PanelProps) {
  const { lab } = useLab();
  const [near, setNear] = useState(true);
  const { task, prediction } = subject;
  const { tasks } = subject.category;
  const category = tasks.map(taskOf);
  const sets: EntitySetsQuery = { task: taskOf(task), category, prediction, trainOnly: false, lowerCase: false };
  const save = async (kind: 'csv' | 'json') => {
    // Predicted since this page was opened or not: the list takes what is there now.
    const states = prediction && (await lab.analyse('predictionStates', [prediction]).answer);
    const query = {
      category,
      names: tasks.map(taskRefName),
      near,
      sets: states === null || states[0] === 'none' ? null : sets,
    };
    saveFile(`review-${format.fileName(taskRefName(task))}.${kind}`, await reviewList(lab, query, kind));
  };
  const key = JSON.stringify(sets);
  return (
    <>
      <div className="title-row">
        <p className="soft lead">
          What may be wrong with the labels themselves, of {format.counted(tasks.length, 'task')}. The list for review
          has every row of this page.
        </p>
        <div className="actions">
          <Button label="Save the list for review as CSV" onAct={() => save('csv')}>
            Review list, CSV
          </Button>
          <Button label="Save the list for review as JSON" onAct={() => save('json')}>
            JSON
          </Button>
        </div>
      </div>
      <section aria-labelledby="missed-title">
        <h2 id="missed-title">Perhaps missed in the test</h2>
        <p className="soft lead">
          Predicted in the test as strings that training has and the test never annotates: region D, the most certain
          first.
        </p>
        {prediction === null ? (
          <NoSnapshot place={place} />
        ) : (
          <PredictionGate requests={[prediction]} need="confidences">
            <MissedSection key={key} sets={sets} task={task} />
          </PredictionGate>
        )}
      </section>
      <section aria-labelledby="conflicts-title">
        <h2 id="conflicts-title">Labelled differently</h2>
        <p className="soft lead">
          The same tokens, labelled in one place and not in another; those within longer mentions do not count.
        </p>
        <ConflictSection key={JSON.stringify(category)} category={category} tasks={tasks} />
      </section>
      <section aria-labelledby="pairs-title">
        <h2 id="pairs-title">Like sentences, other labels</h2>
        <div className="filters">
          <label className="check">
            <input type="checkbox" checked={near} onChange={(event) => setNear(event.target.checked)} />
            Nearly the same text too
          </label>
        </div>
        <PairSection key={JSON.stringify([category, near])} category={category} tasks={tasks} near={near} />
      </section>
    </>
  );
}
